/* small.inl.h - products of nets so small that laying out tiles would cost more than the
 * arithmetic.
 *
 * Rows have `cols` columns, whole vectors, and follow each other without a gap.
 */

/* out[i, :] = bias[i] + the sum over k of left[i, k] right[k, :]; bias may be NULL. */
static void FN(small_product)(ptrdiff_t rows, ptrdiff_t depth, ptrdiff_t cols, const void *left,
                              ptrdiff_t left_row, ptrdiff_t left_col, const void *bias,
                              const void *right, void *out)
{
    enum { WIDE = 4 }; /* sums side by side hide what a multiply-add takes */
    const real *l = left, *r = right, *b = bias;
    real *to = out;
    for (ptrdiff_t i = 0; i < rows; i++, l += left_row, to += cols) {
        const vec start = v_set1(b ? b[i] : 0);
        ptrdiff_t j = 0;
        for (; j + WIDE * LANES <= cols; j += WIDE * LANES) {
            vec sums[WIDE] = {start, start, start, start};
            for (ptrdiff_t k = 0; k < depth; k++) {
                const vec factor = v_set1(l[k * left_col]);
                FFNN_UNROLL
                for (int q = 0; q < WIDE; q++)
                    sums[q] = v_fma(factor, v_load(r + k * cols + j + q * LANES), sums[q]);
            }
            FFNN_UNROLL
            for (int q = 0; q < WIDE; q++) v_store(to + j + q * LANES, sums[q]);
        }
        for (; j < cols; j += LANES) {
            vec sum = start;
            for (ptrdiff_t k = 0; k < depth; k++)
                sum = v_fma(v_set1(l[k * left_col]), v_load(r + k * cols + j), sum);
            v_store(to + j, sum);
        }
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
                                const void *a, void *dw)
{
    const real *x = dz, *x_end = x + n * cols, *y = a, *y_end = y + n_prev * cols;
    const ptrdiff_t all = n * n_prev;
    for (ptrdiff_t first = 0; first < all; first += LANES) {
        const real *of_dz[LANES], *of_a[LANES];
        vec sums[LANES];
        FFNN_UNROLL
        for (int q = 0; q < LANES; q++) {
            of_dz[q] = x, of_a[q] = y, sums[q] = v_set1(0);
            y += cols;
            if (y != y_end) continue;
            y = a, x += cols;
            if (x == x_end) x = dz; /* what is computed beyond the last is thrown away */
        }
        for (ptrdiff_t j = 0; j < cols; j += LANES) {
            FFNN_UNROLL
            for (int q = 0; q < LANES; q++)
                sums[q] = v_fma(v_load(of_dz[q] + j), v_load(of_a[q] + j), sums[q]);
        }
        FN(store_columns)
        ((real *)dw + first, all - first < LANES ? all - first : LANES, FN(sums_of_lanes)(sums));
    }
}
