/* small.inl.h - products so small that laying out tiles would cost more than the arithmetic, and
 * the layers of nets that have no others: forward, backward and a step of plain descent. */

/* The last columns, fewer than a vector of them, in so many rows at once. */
FFNN_INLINE void FN(small_rows)(const int rows, ptrdiff_t i, ptrdiff_t j, const ffnn_tile *t)
{
    enum { MOST_ROWS = 8 };
    const ptrdiff_t last = t->cols - j, left_row = t->left_row, left_col = t->left_col;
    const real *l = (const real *)t->left + i * left_row, *r = (const real *)t->right + j;
    real *to = (real *)t->tile + i * t->tile_row + j;
    vec sums[MOST_ROWS];
    FFNN_UNROLL
    for (int q = 0; q < rows; q++)
        sums[q] =
            v_set1(t->start == FFNN_FROM_BIAS ? ((const real *)t->bias)[(i + q) * t->bias_row] : 0);
    for (ptrdiff_t k = 0; k < t->depth; k++, l += left_col, r += t->right_row) {
        const vec right = v_load_part(r, last);
        FFNN_UNROLL
        for (int q = 0; q < rows; q++) sums[q] = v_fma(v_set1(l[q * left_row]), right, sums[q]);
    }
    FFNN_UNROLL
    for (int q = 0; q < rows; q++) v_store_part(to + q * t->tile_row, last, sums[q]);
}

/* As a tile, of any number of rows and columns; it begins at the bias or at zero. */
static void FN(small_product)(const ffnn_tile *t)
{
    enum { WIDE = 4 }; /* sums side by side hide what a multiply-add takes */
    const ptrdiff_t cols = t->cols, depth = t->depth, right_row = t->right_row;
    const ptrdiff_t left_col = t->left_col, whole = cols - cols % LANES;
    const real *l = t->left, *r = t->right, *b = t->bias;
    real *to = t->tile;
    ptrdiff_t i = 0;
    for (; whole > 0 && i < t->rows; i++, l += t->left_row, to += t->tile_row) {
        const vec start = v_set1(t->start == FFNN_FROM_BIAS ? b[i * t->bias_row] : 0);
        ptrdiff_t j = 0;
        for (; j + WIDE * LANES <= cols; j += WIDE * LANES) {
            vec sums[WIDE] = {start, start, start, start};
            for (ptrdiff_t k = 0; k < depth; k++) {
                const vec factor = v_set1(l[k * left_col]);
                FFNN_UNROLL
                for (int q = 0; q < WIDE; q++)
                    sums[q] = v_fma(factor, v_load(r + k * right_row + j + q * LANES), sums[q]);
            }
            FFNN_UNROLL
            for (int q = 0; q < WIDE; q++) v_store(to + j + q * LANES, sums[q]);
        }
        for (; j + LANES <= cols; j += LANES) {
            vec sum = start;
            for (ptrdiff_t k = 0; k < depth; k++)
                sum = v_fma(v_set1(l[k * left_col]), v_load(r + k * right_row + j), sum);
            v_store(to + j, sum);
        }
    }
    if (whole == cols) return;
    for (i = 0; i + 8 <= t->rows; i += 8) FN(small_rows)(8, i, whole, t);
    for (; i + 2 <= t->rows; i += 2) FN(small_rows)(2, i, whole, t);
    for (; i < t->rows; i++) FN(small_rows)(1, i, whole, t);
}

/* Lane q of the result is the sum of all lanes of x[q]. */
FFNN_INLINE vec FN(sums_of_lanes)(vec *x)
{
    FFNN_UNROLL
    for (int s = LANES / 2; s > 0; s /= 2) {
        FFNN_UNROLL
        for (int q = 0; q < s; q++)
            x[q] = v_exchange_low(x[q], x[q + s], s) + v_exchange_high(x[q], x[q + s], s);
    }
    return x[0];
}

/* dw[i, k] = the sum over the columns of dz[i, :] a[k, :], LANES of them at once. */
static void FN(small_gradients)(ptrdiff_t n, ptrdiff_t n_prev, ptrdiff_t cols, const void *dz,
                                ptrdiff_t dz_row, const void *a, ptrdiff_t a_row, ptrdiff_t a_col,
                                void *dw)
{
    real rows[FFNN_SMALL_COPY];
    if (a_col != 1 && n > 0) {
        for (ptrdiff_t i = 0; i < n_prev; i++)
            for (ptrdiff_t j = 0; j < cols; j++)
                rows[i * cols + j] = ((const real *)a)[i * a_row + j * a_col];
        a = rows, a_row = cols;
    }
    const real *x = dz, *y = a;
    const ptrdiff_t all = n * n_prev;
    ptrdiff_t i = 0, k = 0; /* strides may be 0 */
    for (ptrdiff_t first = 0; first < all; first += LANES) {
        const real *of_dz[LANES], *of_a[LANES];
        vec sums[LANES];
        FFNN_UNROLL
        for (int q = 0; q < LANES; q++) {
            of_dz[q] = x, of_a[q] = y, sums[q] = v_set1(0);
            y += a_row;
            if (++k < n_prev) continue;
            k = 0, y = a, x += dz_row;
            if (++i == n) i = 0, x = dz; /* what is computed beyond the last is thrown away */
        }
        ptrdiff_t j = 0;
        for (; j + LANES <= cols; j += LANES) {
            FFNN_UNROLL
            for (int q = 0; q < LANES; q++)
                sums[q] = v_fma(v_load(of_dz[q] + j), v_load(of_a[q] + j), sums[q]);
        }
        if (j < cols) {
            FFNN_UNROLL
            for (int q = 0; q < LANES; q++)
                sums[q] = v_fma(v_load_part(of_dz[q] + j, cols - j),
                                v_load_part(of_a[q] + j, cols - j), sums[q]);
        }
        FN(store_columns)
        ((real *)dw + first, all - first < LANES ? all - first : LANES, FN(sums_of_lanes)(sums));
    }
}

/* ---- a layer of a run ---- */

/* Rows of one vector stay in registers from the product through f. */
FFNN_INLINE void FN(small_forward)(const ffnn_small_layer *l, vec (*f)(vec), ffnn_value *loop)
{
    const ptrdiff_t n_prev = l->n_prev, row = l->row;
    if (row == LANES && f) {
        const real *w = l->W, *b = l->b, *a = l->A_prev;
        real *out = l->A, *z = l->Z;
        for (ptrdiff_t i = 0; i < l->n; i++, w += n_prev, out += LANES, z += LANES) {
            vec sum = v_set1(b[i]);
            for (ptrdiff_t k = 0; k < n_prev; k++)
                sum = v_fma(v_set1(w[k]), v_load(a + k * LANES), sum);
            v_store(z, sum);
            v_store(out, f(sum));
        }
        return;
    }
    FN(small_product)
    (&(ffnn_tile){
        .rows = l->n,
        .cols = row,
        .depth = n_prev,
        .left = l->W,
        .left_row = n_prev,
        .left_col = 1,
        .right = l->A_prev,
        .right_row = row,
        .tile = l->Z,
        .tile_row = row,
        .start = FFNN_FROM_BIAS,
        .bias = l->b,
        .bias_row = 1,
    });
    loop(l->n, row, l->Z, row, l->A, row);
}

FFNN_INLINE void FN(small_backward)(const ffnn_small_layer *l, const void *dz, void *dz_prev,
                                    vec (*f)(vec, vec), ffnn_derivative *loop)
{
    const ptrdiff_t n = l->n, n_prev = l->n_prev, row = l->row;
    if (row == LANES && f) {
        const real *d = dz, *v = l->saved_prev;
        real *out = dz_prev;
        for (ptrdiff_t k = 0; k < n_prev; k++, out += LANES, v += LANES) {
            const real *w = (const real *)l->W + k;
            vec sum = v_set1(0);
            for (ptrdiff_t i = 0; i < n; i++)
                sum = v_fma(v_set1(w[i * n_prev]), v_load(d + i * LANES), sum);
            v_store(out, f(sum, v_load(v)));
        }
        return;
    }
    FN(small_product)
    (&(ffnn_tile){
        .rows = n_prev,
        .cols = row,
        .depth = n,
        .left = l->W,
        .left_row = 1,
        .left_col = n_prev,
        .right = dz,
        .right_row = row,
        .tile = dz_prev,
        .tile_row = row,
        .start = FFNN_FROM_ZERO,
    });
    loop(n_prev, row, dz_prev, row, l->saved_prev, row, dz_prev, row);
}

/* clang-format off */
#define SMALL_FORWARD(name, f) static void FN(name##_small_forward)(const ffnn_small_layer *l) { FN(small_forward)(l, f, FN(name##_value_loop)); }
#define SMALL_BACKWARD(name, f) static void FN(name##_small_backward)(const ffnn_small_layer *l, const void *dz, void *dz_prev) { FN(small_backward)(l, dz, dz_prev, f, FN(name##_derivative_loop)); }
#define SMALL_OF_VALUE(name) SMALL_FORWARD(name, FN(name##_value)) SMALL_BACKWARD(name, FN(name##_derivative))
#define SMALL_OF_INPUT SMALL_OF_VALUE
#define SMALL_OF_COLUMNS(name) SMALL_FORWARD(name, NULL) SMALL_BACKWARD(name, NULL)
#define FFNN_ACTIVATION(name, of) SMALL_OF_##of(name)
/* clang-format on */
#include "../activations.def"
#undef FFNN_ACTIVATION
#undef SMALL_OF_VALUE
#undef SMALL_OF_INPUT
#undef SMALL_OF_COLUMNS
#undef SMALL_FORWARD
#undef SMALL_BACKWARD

/* x[j] -= rate * dx[j] for j < count. Where count < LANES the padding of x is written too, with the
 * values that it had: the next pass loads whole vectors, and store-to-load forwarding fails for a
 * load that is wider than the store before it. */
FFNN_INLINE void FN(update_lanes)(real *x, vec dx, vec rate, ptrdiff_t count)
{
    static const real numbers[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const vec before = v_load(x);
    vec after = before - rate * dx;
    if (count < LANES) after = v_select(v_lt(v_load(numbers), v_set1((real)count)), after, before);
    v_store(x, after);
}

/* As small_gradients, for rows of one vector. */
FFNN_INLINE void FN(update_one_vector)(const ffnn_small_layer *l, const real *dz, vec rate)
{
    const ptrdiff_t n = l->n, all = n * l->n_prev;
    const real *a = l->A_prev;
    const ffnn_small_pair *pair = l->pairs;
    vec sums[LANES];
    for (ptrdiff_t first = 0; first < all; first += LANES, pair += LANES) {
        FFNN_UNROLL
        for (int q = 0; q < LANES; q++)
            sums[q] =
                v_fma(v_load(dz + pair[q].i * LANES), v_load(a + pair[q].k * LANES), v_set1(0));
        FN(update_lanes)((real *)l->W + first, FN(sums_of_lanes)(sums), rate, all - first);
    }
    for (ptrdiff_t i = 0; i < n; i += LANES) {
        FFNN_UNROLL
        for (int q = 0; q < LANES; q++)
            sums[q] = v_set1(0) + v_load(dz + (i + q < n ? i + q : n - 1) * LANES);
        FN(update_lanes)((real *)l->b + i, FN(sums_of_lanes)(sums), rate, n - i);
    }
}

static void FN(small_update)(const ffnn_small_layer *l, const void *dz, double rate)
{
    const ptrdiff_t n = l->n, n_prev = l->n_prev, row = l->row;
    if (row == LANES) {
        FN(update_one_vector)(l, dz, v_set1((real)rate));
        return;
    }
    FN(small_gradients)(n, n_prev, row, dz, row, l->A_prev, row, 1, l->dW);
    FN(update)(n * n_prev, l->W, l->dW, rate, l->W);
    FN(row_sums)(n, row, dz, row, l->db);
    FN(update)(n, l->b, l->db, rate, l->b);
}
