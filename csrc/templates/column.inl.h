/* column.inl.h - a product whose right operand is one column: rows stand in the lanes of vectors,
 * so that each sum is taken in the order of depth, as all others are.
 *
 * Several vectors at a time hide each other's latency. Where rows do not fill the last of them, it
 * begins further up and takes some rows a second time.
 */

/* The elements of a piece of 16 bytes, of which a vector has one or more. */
#define PIECE ((int)(16 / sizeof(real)))

/* What a sum of the n <= LANES rows from i on begins with. */
FFNN_INLINE vec FN(column_start)(const ffnn_tile *t, ptrdiff_t i, ptrdiff_t n)
{
    return t->start == FFNN_FROM_BIAS ? FN(load_columns)((const real *)t->bias + i, n) : v_set1(0);
}

/* Where each of the vectors begins that hold the rows from i on. */
FFNN_INLINE void FN(column_places)(ptrdiff_t rows, ptrdiff_t i, int vectors, ptrdiff_t *at)
{
    FFNN_UNROLL
    for (int v = 0; v < vectors; v++) at[v] = i + v * LANES;
    if (rows >= LANES && at[vectors - 1] > rows - LANES) at[vectors - 1] = rows - LANES;
}

/* x[p] becomes column p of n <= LANES rows that begin at l; a row that is missing is the last. Each
 * piece is read into the lanes of its row, and then transposed. */
FFNN_INLINE void FN(column_pieces)(const real *l, ptrdiff_t row, ptrdiff_t n, vec *x)
{
    FFNN_UNROLL
    for (int q = 0; q < PIECE; q++) {
        const ptrdiff_t one = q < n ? q : n - 1, other = q + PIECE < n ? q + PIECE : n - 1;
        x[q] = v_load_pieces(l + one * row, (other - one) * row);
    }
#if !REAL_IS_DOUBLE
    const vec low = v_exchange_low(x[0], x[1], 2), high = v_exchange_high(x[0], x[1], 2);
    const vec low_2 = v_exchange_low(x[2], x[3], 2), high_2 = v_exchange_high(x[2], x[3], 2);
    x[0] = low, x[1] = low_2;
    x[2] = v_evens(high, high_2), x[3] = v_odds(high, high_2);
#endif
    const vec evens = v_evens(x[0], x[1]), odds = v_odds(x[0], x[1]);
    x[0] = evens, x[1] = odds;
}

/* Adds the products of PIECE columns from k on, less the first `skip` of them. */
FFNN_INLINE void FN(column_step)(const ffnn_tile *t, const ptrdiff_t *at, ptrdiff_t n, int vectors,
                                 ptrdiff_t k, ptrdiff_t skip, vec *sums)
{
    const real *l = (const real *)t->left + k, *r = (const real *)t->right + k * t->right_row;
    FFNN_UNROLL
    for (int v = 0; v < vectors; v++) {
        vec x[PIECE];
        FN(column_pieces)(l + at[v] * t->left_row, t->left_row, n, x);
        FFNN_UNROLL
        for (int p = 0; p < PIECE; p++)
            if (p >= skip) sums[v] = v_fma(x[p], v_set1(r[p * t->right_row]), sums[v]);
    }
}

/* `vectors` of n <= LANES rows from i on, each of which stands side by side. */
FFNN_INLINE void FN(column_of_rows)(const ffnn_tile *t, ptrdiff_t i, ptrdiff_t n, int vectors)
{
    ptrdiff_t at[4], k = 0;
    vec sums[4];
    FN(column_places)(t->rows, i, vectors, at);
    FFNN_UNROLL
    for (int v = 0; v < vectors; v++) sums[v] = FN(column_start)(t, at[v], n);
    for (; k + PIECE <= t->depth; k += PIECE) FN(column_step)(t, at, n, vectors, k, 0, sums);
    const ptrdiff_t last = t->depth - PIECE;
    if (k < t->depth) FN(column_step)(t, at, n, vectors, last, k - last, sums);
    FFNN_UNROLL
    for (int v = 0; v < vectors; v++) FN(store_columns)((real *)t->tile + at[v], n, sums[v]);
}

/* The same where the rows of each column stand side by side. */
FFNN_INLINE void FN(column_of_columns)(const ffnn_tile *t, ptrdiff_t i, ptrdiff_t n, int vectors)
{
    const real *l = t->left, *r = t->right;
    ptrdiff_t at[4];
    vec sums[4];
    FN(column_places)(t->rows, i, vectors, at);
    FFNN_UNROLL
    for (int v = 0; v < vectors; v++) sums[v] = FN(column_start)(t, at[v], n);
    for (ptrdiff_t k = 0; k < t->depth; k++, l += t->left_col, r += t->right_row) {
        const vec factor = v_set1(*r);
        FFNN_UNROLL
        for (int v = 0; v < vectors; v++)
            sums[v] = v_fma(FN(load_columns)(l + at[v], n), factor, sums[v]);
    }
    FFNN_UNROLL
    for (int v = 0; v < vectors; v++) FN(store_columns)((real *)t->tile + at[v], n, sums[v]);
}

static void FN(column_product)(const ffnn_tile *t)
{
    enum { MOST = REAL_IS_DOUBLE ? 4 : 3 }; /* with a piece's columns, what registers hold */
    const bool by_rows = t->left_col == 1 && t->depth >= PIECE;
    const ptrdiff_t rows = t->rows;
    if (rows < LANES) {
        if (by_rows && rows > 0)
            FN(column_of_rows)(t, 0, rows, 1);
        else if (rows > 0)
            FN(column_of_columns)(t, 0, rows, 1);
        return;
    }
    ptrdiff_t left = (rows + LANES - 1) / LANES, i = 0;
    while (by_rows && left > 0) {
        /* One vector alone would wait for itself. */
        const int vectors = left == MOST + 1 ? 2 : (int)(left < MOST ? left : MOST);
        if (vectors == MOST)
            FN(column_of_rows)(t, i, LANES, MOST);
        else if (vectors == 2)
            FN(column_of_rows)(t, i, LANES, 2);
        else if (MOST > 3 && vectors == 3)
            FN(column_of_rows)(t, i, LANES, 3);
        else
            FN(column_of_rows)(t, i, LANES, 1);
        left -= vectors;
        i += vectors * LANES;
    }
    for (; left > 3; left -= 4, i += 4 * LANES) FN(column_of_columns)(t, i, LANES, 4);
    for (; left > 1; left -= 2, i += 2 * LANES) FN(column_of_columns)(t, i, LANES, 2);
    if (left > 0) FN(column_of_columns)(t, i, LANES, 1);
}
#undef PIECE
