/* activations.inl.h - for each row of activations.def a pair of functions, and their loops.
 *
 * FN(name_value)(z) is a = g(z), FN(name_derivative)(da, v) is da * g'(z), taken from a or from z
 * as the row says. The loops follow from the row. A ragged end runs through the same vector code:
 * no element's bits depend on its place.
 */

/* NaN and -0.0 stay what they are. */
FFNN_INLINE vec FN(relu_value)(vec z)
{
    return v_select(v_lt(z, v_set1(0)), v_set1(0), z);
}

/* 0 at z = 0 and below, whatever da is; a NaN in z lets da through. */
FFNN_INLINE vec FN(relu_derivative)(vec da, vec a)
{
    return v_select(v_le(a, v_set1(0)), v_set1(0), da);
}

FFNN_INLINE vec FN(sigmoid_value)(vec z)
{
    return FN(sigmoid)(z);
}

FFNN_INLINE vec FN(sigmoid_derivative)(vec da, vec a)
{
    return da * a * (v_set1(1) - a);
}

FFNN_INLINE vec FN(tanh_value)(vec z)
{
    return FN(tanh)(z);
}

FFNN_INLINE vec FN(tanh_derivative)(vec da, vec a)
{
    return da * (v_set1(1) - a * a);
}

FFNN_INLINE vec FN(linear_value)(vec z)
{
    return z;
}

FFNN_INLINE vec FN(linear_derivative)(vec da, vec a)
{
    (void)a;
    return da;
}

/* 0.01 is the slope below 0; at 0, too. */
FFNN_INLINE vec FN(leaky_relu_value)(vec z)
{
    return v_select(v_lt(z, v_set1(0)), v_set1((real)0.01) * z, z);
}

FFNN_INLINE vec FN(leaky_relu_derivative)(vec da, vec a)
{
    return v_select(v_le(a, v_set1(0)), v_set1((real)0.01) * da, da);
}

/* z, and exp(z) - 1 below 0. */
FFNN_INLINE vec FN(elu_value)(vec z)
{
    vec low, high = FN(expm1_parts)(v_min(v_set1(0), z), &low);
    return v_select(v_lt(z, v_set1(0)), high, z);
}

FFNN_INLINE vec FN(elu_derivative)(vec da, vec z)
{
    return da * FN(exp)(v_min(v_set1(0), z));
}

FFNN_INLINE vec FN(gelu_value)(vec z)
{
    return FN(gelu)(z);
}

FFNN_INLINE vec FN(gelu_derivative)(vec da, vec z)
{
    return da * FN(gelu_slope)(z);
}

FFNN_INLINE vec FN(silu_value)(vec z)
{
    return FN(silu)(z);
}

FFNN_INLINE vec FN(silu_derivative)(vec da, vec z)
{
    return da * FN(silu_slope)(z);
}

FFNN_INLINE vec FN(softplus_value)(vec z)
{
    return FN(softplus)(z);
}

FFNN_INLINE vec FN(softplus_derivative)(vec da, vec z)
{
    return da * FN(sigmoid)(z);
}

FFNN_INLINE vec FN(exp_value)(vec z)
{
    return FN(exp)(z);
}

FFNN_INLINE vec FN(exp_derivative)(vec da, vec a)
{
    return da * a;
}

/* a = f(z) over a block. Rows that touch are one. */
FFNN_INLINE void FN(map_block)(ptrdiff_t rows, ptrdiff_t cols, const real *z, ptrdiff_t z_row,
                               real *a, ptrdiff_t a_row, vec (*f)(vec))
{
    if (z_row == cols && a_row == cols) cols *= rows, rows = 1;
    for (ptrdiff_t i = 0; i < rows; i++) FN(map)(cols, z + i * z_row, a + i * a_row, f);
}

/* dz = f(da, v) over a block. */
FFNN_INLINE void FN(map_block_2)(ptrdiff_t rows, ptrdiff_t cols, const real *da, ptrdiff_t da_row,
                                 const real *v, ptrdiff_t v_row, real *dz, ptrdiff_t dz_row,
                                 vec (*f)(vec, vec))
{
    if (da_row == cols && v_row == cols && dz_row == cols) cols *= rows, rows = 1;
    for (ptrdiff_t i = 0; i < rows; i++, da += da_row, v += v_row, dz += dz_row) {
        ptrdiff_t j = 0, n;
        for (; j + LANES <= cols; j += LANES) v_store(dz + j, f(v_load(da + j), v_load(v + j)));
        if ((n = cols - j) > 0)
            v_store_part(dz + j, n, f(v_load_part(da + j, n), v_load_part(v + j, n)));
    }
}

/* The formatter would break each of these bodies into many lines. */
/* clang-format off */
#define VALUE_ARGUMENTS ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a, ptrdiff_t a_row
#define SLOPE_ARGUMENTS ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row, const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row
#define VALUE_LOOP(loop, f) static void loop(VALUE_ARGUMENTS) { FN(map_block)(rows, cols, z, z_row, a, a_row, f); }
#define SLOPE_LOOP(loop, f) static void loop(SLOPE_ARGUMENTS) { FN(map_block_2)(rows, cols, da, da_row, v, v_row, dz, dz_row, f); }
#define FROM_INPUT(f, value, slope) FFNN_INLINE vec f(vec da, vec z) { return slope(da, value(z)); }
#define LOOPS(name) VALUE_LOOP(FN(name##_value_loop), FN(name##_value)) SLOPE_LOOP(FN(name##_derivative_loop), FN(name##_derivative))
#define LOOPS_OF_INPUT(name) LOOPS(name)
#define LOOPS_OF_VALUE(name) LOOPS(name) FROM_INPUT(FN(name##_from_input), FN(name##_value), FN(name##_derivative)) SLOPE_LOOP(FN(name##_from_input_loop), FN(name##_from_input))
#define LOOPS_OF_COLUMNS(name)
#define FFNN_ACTIVATION(name, of) LOOPS_OF_##of(name)
/* clang-format on */
#include "../activations.def"
#undef FFNN_ACTIVATION
#undef LOOPS_OF_INPUT
#undef LOOPS_OF_VALUE
#undef LOOPS_OF_COLUMNS
#undef LOOPS
#undef FROM_INPUT
#undef SLOPE_LOOP
#undef VALUE_LOOP
#undef SLOPE_ARGUMENTS
#undef VALUE_ARGUMENTS
