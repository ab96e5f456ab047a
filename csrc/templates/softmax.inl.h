/* softmax.inl.h - a_i = exp(z_i) / sum over k of exp(z_k), for each column by itself.
 *
 * Neighbouring columns stand in the lanes of a vector, so no column's bits depend on the others.
 */

/* The greatest element of each column, which is subtracted from it, so that no exp overflows. */
FFNN_INLINE vec FN(column_top)(ptrdiff_t rows, ptrdiff_t n, const real *z, ptrdiff_t z_row)
{
    vec top = FN(load_columns)(z, n);
    for (ptrdiff_t i = 1; i < rows; i++) top = v_max(top, FN(load_columns)(z + i * z_row, n));
    return top;
}

FFNN_INLINE void FN(softmax_columns)(ptrdiff_t rows, ptrdiff_t n, const real *z, ptrdiff_t z_row,
                                     real *a, ptrdiff_t a_row)
{
    const vec top = FN(column_top)(rows, n, z, z_row);
    vec sum = v_set1(0);
    for (ptrdiff_t i = 0; i < rows; i++) {
        vec e = FN(exp)(FN(load_columns)(z + i * z_row, n) - top);
        sum = sum + e;
        FN(store_columns)(a + i * a_row, n, e);
    }
    for (ptrdiff_t i = 0; i < rows; i++)
        FN(store_columns)(a + i * a_row, n, FN(load_columns)(a + i * a_row, n) / sum);
}

/* One column whose elements stand side by side, in the lanes: the same bits, since each exp is an
 * element's own and they are added in the same order. What is added is stored as a whole vector:
 * loads of elements would wait for the store of a part. */
FFNN_INLINE void FN(softmax_column)(ptrdiff_t rows, const real *z, real *a)
{
    real sum = 0, lanes[LANES];
    vec e, top = v_set1(z[0]);
    ptrdiff_t i = 0, n = LANES;
    for (ptrdiff_t row = 1; row < rows; row++) top = v_max(top, v_set1(z[row]));
    for (;; i += LANES) {
        if (rows - i < LANES) n = rows - i;
        e = FN(exp)(FN(load_columns)(z + i, n) - top);
        v_store(lanes, e);
        for (ptrdiff_t q = 0; q < n; q++) sum = sum + lanes[q];
        if (i + LANES >= rows) break;
        v_store(a + i, e);
    }
    FN(store_columns)(a + i, n, e / v_set1(sum));
    while ((i -= LANES) >= 0) v_store(a + i, v_load(a + i) / v_set1(sum));
}

static void FN(softmax_value_loop)(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row,
                                   void *a, ptrdiff_t a_row)
{
    const real *x = z;
    real *r = a;
    ptrdiff_t j = 0;
    if (rows == 0) return;
    if (cols == 1 && z_row == 1 && a_row == 1) {
        FN(softmax_column)(rows, x, r);
        return;
    }
    for (; j + LANES <= cols; j += LANES)
        FN(softmax_columns)(rows, LANES, x + j, z_row, r + j, a_row);
    if (j < cols) FN(softmax_columns)(rows, cols - j, x + j, z_row, r + j, a_row);
}

/* dz = a (da - the sum over k of a_k da_k). */
FFNN_INLINE void FN(softmax_slopes)(ptrdiff_t rows, ptrdiff_t n, const real *da, ptrdiff_t da_row,
                                    const real *a, ptrdiff_t a_row, real *dz, ptrdiff_t dz_row)
{
    vec dot = v_set1(0);
    for (ptrdiff_t i = 0; i < rows; i++)
        dot = v_fma(FN(load_columns)(a + i * a_row, n), FN(load_columns)(da + i * da_row, n), dot);
    for (ptrdiff_t i = 0; i < rows; i++) {
        vec s = FN(load_columns)(a + i * a_row, n);
        FN(store_columns)(dz + i * dz_row, n, s * (FN(load_columns)(da + i * da_row, n) - dot));
    }
}

static void FN(softmax_derivative_loop)(ptrdiff_t rows, ptrdiff_t cols, const void *da,
                                        ptrdiff_t da_row, const void *a, ptrdiff_t a_row, void *dz,
                                        ptrdiff_t dz_row)
{
    const real *d = da, *v = a;
    real *r = dz;
    ptrdiff_t j = 0;
    for (; j + LANES <= cols; j += LANES)
        FN(softmax_slopes)(rows, LANES, d + j, da_row, v + j, a_row, r + j, dz_row);
    if (j < cols) FN(softmax_slopes)(rows, cols - j, d + j, da_row, v + j, a_row, r + j, dz_row);
}

/* The same from z: exp is computed twice, and no array is needed for it. */
FFNN_INLINE void FN(softmax_slopes_from_input)(ptrdiff_t rows, ptrdiff_t n, const real *da,
                                               ptrdiff_t da_row, const real *z, ptrdiff_t z_row,
                                               real *dz, ptrdiff_t dz_row)
{
    const vec top = FN(column_top)(rows, n, z, z_row);
    vec sum = v_set1(0), dot = v_set1(0);
    for (ptrdiff_t i = 0; i < rows; i++) {
        vec e = FN(exp)(FN(load_columns)(z + i * z_row, n) - top);
        sum = sum + e;
        dot = v_fma(e, FN(load_columns)(da + i * da_row, n), dot);
    }
    dot = dot / sum;
    for (ptrdiff_t i = 0; i < rows; i++) {
        vec a = FN(exp)(FN(load_columns)(z + i * z_row, n) - top) / sum;
        FN(store_columns)(dz + i * dz_row, n, a * (FN(load_columns)(da + i * da_row, n) - dot));
    }
}

static void FN(softmax_from_input_loop)(ptrdiff_t rows, ptrdiff_t cols, const void *da,
                                        ptrdiff_t da_row, const void *z, ptrdiff_t z_row, void *dz,
                                        ptrdiff_t dz_row)
{
    const real *d = da, *x = z;
    real *r = dz;
    ptrdiff_t j = 0;
    if (rows == 0) return;
    for (; j + LANES <= cols; j += LANES)
        FN(softmax_slopes_from_input)(rows, LANES, d + j, da_row, x + j, z_row, r + j, dz_row);
    if (j < cols)
        FN(softmax_slopes_from_input)(rows, cols - j, d + j, da_row, x + j, z_row, r + j, dz_row);
}
