/* small.inl.h - products so small that laying out tiles would cost more than the arithmetic. */

/* As a tile, of any number of rows and columns; it begins at the bias or at zero. */
static void FN(small_product)(const ffnn_tile *t)
{
    enum { WIDE = 4 }; /* sums side by side hide what a multiply-add takes */
    const ptrdiff_t cols = t->cols, depth = t->depth, right_row = t->right_row;
    const ptrdiff_t left_col = t->left_col;
    const real *l = t->left, *r = t->right, *b = t->bias;
    real *to = t->tile;
    for (ptrdiff_t i = 0; i < t->rows; i++, l += t->left_row, to += t->tile_row) {
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
        if (j == cols) continue;
        vec sum = start;
        for (ptrdiff_t k = 0; k < depth; k++)
            sum = v_fma(v_set1(l[k * left_col]), v_load_part(r + k * right_row + j, cols - j), sum);
        v_store_part(to + j, cols - j, sum);
    }
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
