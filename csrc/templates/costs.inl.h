/* costs.inl.h - for each plain row of costs.def a loss and its slope; how losses are added.
 *
 * Losses are made in blocks of BLOCK and added in double, in CHAINS interleaved chains folded in
 * halves: one order of addition for every instruction set, and sums of float losses can't overflow.
 */
#define BLOCK 512
#define CHAINS 8
/* The least a that Poisson's slope divides by: y / a is finite. */
#define LEAST_MEAN ((real)(REAL_IS_DOUBLE ? 1e-300 : 1e-30f))

static double FN(add_losses)(ptrdiff_t n, const real *loss)
{
    double chain[CHAINS] = {0};
    ptrdiff_t j = 0;
    for (; j + CHAINS <= n; j += CHAINS)
        for (int c = 0; c < CHAINS; c++) chain[c] += loss[j + c];
    for (; j < n; j++) chain[j % CHAINS] += loss[j];
    for (int half = CHAINS / 2; half > 0; half /= 2)
        for (int c = 0; c < half; c++) chain[c] += chain[c + half];
    return chain[0];
}

/* Logarithms outside their domain that a literal formula has taken: a lane of `of_zero` is 1 where
 * a log with a factor other than 0 took 0, one of `of_negative` where any log took a negative
 * number. `level` and `rest`, 1 - level, are read, by the costs that have one.
 */
typedef struct {
    vec of_zero, of_negative, level, rest;
} FN(marks);

/* The sum of f(a, y) over a block, each column times its weight: row by row, so that no bit depends
 * on the strides. */
FFNN_INLINE double FN(sum_losses)(ptrdiff_t rows, ptrdiff_t cols, const real *a, ptrdiff_t a_row,
                                  const real *y, ptrdiff_t y_row, const real *weights,
                                  FN(marks) * marks, vec (*f)(vec, vec, FN(marks) *))
{
    real loss[BLOCK];
    double total = 0;
    for (ptrdiff_t i = 0; i < rows; i++, a += a_row, y += y_row) {
        for (ptrdiff_t first = 0; first < cols; first += BLOCK) {
            const real *x = a + first, *t = y + first;
            ptrdiff_t count = cols - first < BLOCK ? cols - first : BLOCK, j = 0, n;
            for (; j + LANES <= count; j += LANES)
                v_store(loss + j, f(v_load(x + j), v_load(t + j), marks));
            /* The lanes beyond the end hold a = 0 and y = 0, which mark nothing. */
            if ((n = count - j) > 0)
                v_store_part(loss + j, n, f(v_load_part(x + j, n), v_load_part(t + j, n), marks));
            for (j = 0; weights && j < count; j++)
                loss[j] = weights[first + j] == 0 ? 0 : loss[j] * weights[first + j];
            total += FN(add_losses)(count, loss);
        }
    }
    return total;
}

/* ---- mean squared error: (a - y)^2 ---- */

FFNN_INLINE vec FN(mean_squared_error_loss)(vec a, vec y)
{
    return (a - y) * (a - y);
}

FFNN_INLINE vec FN(mean_squared_error_slope)(vec a, vec y)
{
    return v_set1(2) * (a - y);
}

/* ---- mean absolute error: |a - y|, whose slope is 0 where they are equal ---- */

FFNN_INLINE vec FN(mean_absolute_error_loss)(vec a, vec y)
{
    return v_abs(a - y);
}

/* -1, 0 or 1; NaN stays NaN. */
FFNN_INLINE vec FN(sign)(vec x)
{
    const vec zero = v_set1(0);
    return v_select(v_lt(zero, x), v_set1(1), v_select(v_lt(x, zero), v_set1(-1), x));
}

FFNN_INLINE vec FN(mean_absolute_error_slope)(vec a, vec y)
{
    return FN(sign)(a - y);
}

/* ---- Huber's: (a - y)^2 / 2 up to a distance of 1, |a - y| - 1/2 beyond ---- */

FFNN_INLINE vec FN(huber_loss)(vec a, vec y)
{
    const vec half = v_set1(0.5);
    vec distance = v_abs(a - y);
    return v_select(v_lt(v_set1(1), distance), distance - half, half * distance * distance);
}

FFNN_INLINE vec FN(huber_slope)(vec a, vec y)
{
    vec error = a - y;
    return v_select(v_lt(v_set1(1), v_abs(error)), FN(sign)(error), error);
}

/* ---- half of the squared error: (a - y)^2 / 2, whose slope is a - y ---- */

FFNN_INLINE vec FN(half_squared_error_loss)(vec a, vec y)
{
    return v_set1(0.5) * (a - y) * (a - y);
}

FFNN_INLINE vec FN(half_squared_error_slope)(vec a, vec y)
{
    return a - y;
}

/* ---- half of Poisson's deviance: y log(y / a) - y + a ---- */

/* y log(y / a) is 0 at y = 0, its limit, and at a = 0 with it. */
FFNN_INLINE vec FN(poisson_loss)(vec a, vec y)
{
    const vec zero = v_set1(0);
    vec information = v_select(v_eq(y, zero), zero, y * FN(log)(y / a));
    return information - y + a;
}

/* 1 - y / a, the difference before the quotient: where a is 0, times exp's slope a this is 0. */
FFNN_INLINE vec FN(poisson_slope)(vec a, vec y)
{
    return (a - y) / v_max(v_set1(LEAST_MEAN), a);
}

/* ---- the quantile's, or pinball: level (y - a) below the label, (1 - level) (a - y) above ---- */

FFNN_INLINE vec FN(quantile_loss)(vec a, vec y, vec level, vec rest)
{
    vec error = a - y;
    return v_select(v_lt(error, v_set1(0)), -level * error, rest * error);
}

/* 0 where they are equal, as that of the absolute error. */
FFNN_INLINE vec FN(quantile_slope)(vec a, vec y, vec level, vec rest)
{
    const vec zero = v_set1(0);
    vec error = a - y, below = v_select(v_lt(error, zero), -level, error);
    return v_select(v_lt(zero, error), rest, below);
}

/* ---- the loops of the plain rows, and of those with a level ---- */

FFNN_INLINE void FN(map_slope)(ptrdiff_t rows, ptrdiff_t cols, const real *a, ptrdiff_t a_row,
                               const real *y, ptrdiff_t y_row, double level, real *out,
                               ptrdiff_t out_row, vec (*f)(vec, vec, vec, vec))
{
    const vec own = v_set1((real)level), rest = v_set1((real)(1 - level));
    for (ptrdiff_t i = 0; i < rows; i++, a += a_row, y += y_row, out += out_row) {
        ptrdiff_t j = 0, n;
        for (; j + LANES <= cols; j += LANES)
            v_store(out + j, f(v_load(a + j), v_load(y + j), own, rest));
        if ((n = cols - j) > 0)
            v_store_part(out + j, n, f(v_load_part(a + j, n), v_load_part(y + j, n), own, rest));
    }
}

/* clang-format off */
#define SUM_ARGUMENTS ptrdiff_t rows, ptrdiff_t cols, const void *al, ptrdiff_t al_row, const void *y, ptrdiff_t y_row, const void *weights, double level, int *flags
#define SLOPE_ARGUMENTS ptrdiff_t rows, ptrdiff_t cols, const void *al, ptrdiff_t al_row, const void *y, ptrdiff_t y_row, double level, void *out, ptrdiff_t out_row
#define UNMARKED(f, loss) FFNN_INLINE vec f(vec a, vec y, FN(marks) *marks) { (void)marks; return loss(a, y); }
#define AT_LEVEL(f, loss) FFNN_INLINE vec f(vec a, vec y, FN(marks) *marks) { return loss(a, y, marks->level, marks->rest); }
#define SUM_LOOP(loop, f) static double loop(SUM_ARGUMENTS) { FN(marks) marks = {.level = v_set1((real)level), .rest = v_set1((real)(1 - level))}; (void)flags; return FN(sum_losses)(rows, cols, al, al_row, y, y_row, weights, &marks, f); }
#define SLOPE_LOOP(loop, f) static void loop(SLOPE_ARGUMENTS) { (void)level; FN(map_block_2)(rows, cols, al, al_row, y, y_row, out, out_row, f); }
#define SLOPE_LOOP_AT_LEVEL(loop, f) static void loop(SLOPE_ARGUMENTS) { FN(map_slope)(rows, cols, al, al_row, y, y_row, level, out, out_row, f); }
#define LOOPS_OF_PLAIN(name) UNMARKED(FN(name##_unmarked), FN(name##_loss)) SUM_LOOP(FN(name##_sum), FN(name##_unmarked)) SLOPE_LOOP(FN(name##_gradient), FN(name##_slope))
#define LOOPS_OF_LEVEL(name) AT_LEVEL(FN(name##_at_level), FN(name##_loss)) SUM_LOOP(FN(name##_sum), FN(name##_at_level)) SLOPE_LOOP_AT_LEVEL(FN(name##_gradient), FN(name##_slope))
#define LOOPS_OF_FUSED(name)
#define FFNN_COST(name, output, kind) LOOPS_OF_##kind(name)
/* clang-format on */
#include "../costs.def"
#undef FFNN_COST
#undef LOOPS_OF_PLAIN
#undef LOOPS_OF_LEVEL
#undef LOOPS_OF_FUSED
#undef SLOPE_LOOP
#undef SLOPE_LOOP_AT_LEVEL
#undef SUM_LOOP
#undef AT_LEVEL
#undef UNMARKED
#undef SLOPE_ARGUMENTS
#undef SUM_ARGUMENTS
