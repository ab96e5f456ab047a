/* column.inl.h - a product whose right operand is one column: rows stand in the lanes of a vector.
 *
 * A matrix that has its rows side by side is transposed in registers, in blocks of LANES x LANES,
 * so that each sum is taken in the order of depth, as all others are.
 */

/* Row q and lane p change places. */
FFNN_INLINE void FN(transpose)(vec *x)
{
    FFNN_UNROLL
    for (int s = LANES / 2; s > 0; s /= 2) {
        FFNN_UNROLL
        for (int q = 0; q < LANES; q++) {
            if (q & s) continue;
            vec low = v_exchange_low(x[q], x[q + s], s);
            x[q + s] = v_exchange_high(x[q], x[q + s], s);
            x[q] = low;
        }
    }
}

/* What a sum of n rows begins with. */
FFNN_INLINE vec FN(column_start)(const ffnn_tile *t, ptrdiff_t i, ptrdiff_t n)
{
    const real *b = t->bias;
    real starts[LANES] = {0};
    if (t->start != FFNN_FROM_BIAS) return v_set1(0);
    if (t->bias_row == 1) return FN(load_columns)(b + i, n);
    for (ptrdiff_t q = 0; q < n; q++) starts[q] = b[(i + q) * t->bias_row];
    return v_load(starts);
}

FFNN_INLINE void FN(column_end)(const ffnn_tile *t, ptrdiff_t i, ptrdiff_t n, vec sum)
{
    real *to = (real *)t->tile + i * t->tile_row, sums[LANES];
    if (t->tile_row == 1) {
        FN(store_columns)(to, n, sum);
        return;
    }
    v_store(sums, sum);
    for (ptrdiff_t q = 0; q < n; q++) to[q * t->tile_row] = sums[q];
}

/* Adds `count` <= LANES products to each of n <= LANES rows that begin at l. */
FFNN_INLINE vec FN(column_block)(const ffnn_tile *t, const real *l, ptrdiff_t n, ptrdiff_t count,
                                 const real *r, vec sum)
{
    vec x[LANES];
    FFNN_UNROLL
    for (int q = 0; q < LANES; q++) /* a row that is missing is the last one, and thrown away */
        x[q] = FN(load_columns)(l + (q < n ? q : n - 1) * t->left_row, count);
    FN(transpose)(x);
    FFNN_UNROLL
    for (int p = 0; p < LANES; p++)
        if (p < count) sum = v_fma(x[p], v_set1(r[p * t->right_row]), sum);
    return sum;
}

/* Two vectors of rows, whose chains of multiply-adds hide each other's latency. */
FFNN_INLINE void FN(column_of_rows)(const ffnn_tile *t, ptrdiff_t i, ptrdiff_t n, ptrdiff_t others)
{
    const real *l = (const real *)t->left + i * t->left_row, *r = t->right;
    const real *l_others = l + n * t->left_row;
    vec sum = FN(column_start)(t, i, n), sum_others = FN(column_start)(t, i + n, others);
    ptrdiff_t k = 0;
    for (; k + LANES <= t->depth; k += LANES, r += LANES * t->right_row) {
        sum = FN(column_block)(t, l + k, n, LANES, r, sum);
        if (others) sum_others = FN(column_block)(t, l_others + k, others, LANES, r, sum_others);
    }
    if (k < t->depth) {
        sum = FN(column_block)(t, l + k, n, t->depth - k, r, sum);
        if (others)
            sum_others = FN(column_block)(t, l_others + k, others, t->depth - k, r, sum_others);
    }
    FN(column_end)(t, i, n, sum);
    if (others) FN(column_end)(t, i + n, others, sum_others);
}

/* The rows of a column of the left operand stand side by side. */
FFNN_INLINE void FN(column_of_columns)(const ffnn_tile *t, ptrdiff_t i, ptrdiff_t n)
{
    enum { WIDE = 4 };
    const real *l = (const real *)t->left + i, *r = t->right;
    if (n == WIDE * LANES) {
        vec sums[WIDE];
        FFNN_UNROLL
        for (int q = 0; q < WIDE; q++) sums[q] = FN(column_start)(t, i + q * LANES, LANES);
        for (ptrdiff_t k = 0; k < t->depth; k++) {
            const vec factor = v_set1(r[k * t->right_row]);
            FFNN_UNROLL
            for (int q = 0; q < WIDE; q++)
                sums[q] = v_fma(v_load(l + k * t->left_col + q * LANES), factor, sums[q]);
        }
        FFNN_UNROLL
        for (int q = 0; q < WIDE; q++) FN(column_end)(t, i + q * LANES, LANES, sums[q]);
        return;
    }
    vec sum = FN(column_start)(t, i, n);
    for (ptrdiff_t k = 0; k < t->depth; k++)
        sum = v_fma(FN(load_columns)(l + k * t->left_col, n), v_set1(r[k * t->right_row]), sum);
    FN(column_end)(t, i, n, sum);
}

static void FN(column_product)(const ffnn_tile *t)
{
    const ptrdiff_t rows = t->rows;
    ptrdiff_t i = 0;
    if (t->left_col == 1) {
        for (; i + 2 * LANES <= rows; i += 2 * LANES) FN(column_of_rows)(t, i, LANES, LANES);
        if (i + LANES < rows)
            FN(column_of_rows)(t, i, LANES, rows - i - LANES);
        else if (i < rows)
            FN(column_of_rows)(t, i, rows - i, 0);
        return;
    }
    for (; i + 4 * LANES <= rows; i += 4 * LANES) FN(column_of_columns)(t, i, 4 * LANES);
    for (; i + LANES <= rows; i += LANES) FN(column_of_columns)(t, i, LANES);
    if (i < rows) FN(column_of_columns)(t, i, rows - i);
}
