/* sparse.inl.h - sums over the numbers of sparse examples. Units stand side by side in a panel as
 * wide as a tile; a feature is a row of it. */

/* Square by square; whole ones are told apart, for which the compiler drops every test. */
static void FN(unpack)(ptrdiff_t depth, ptrdiff_t cols, const void *panel, void *out, ptrdiff_t row)
{
    const real *from = panel;
    real *to = out;
    for (ptrdiff_t i = 0; i < cols; i += LANES) {
        const ptrdiff_t count = cols - i < LANES ? cols - i : LANES;
        for (ptrdiff_t p = 0; p < depth; p += LANES) {
            const real *square = from + p * NR + i;
            const ptrdiff_t present = depth - p;
            vec rows[LANES];
            if (present >= LANES)
                FN(transposed_square)(LANES, LANES, square, NR, rows);
            else
                FN(transposed_square)(LANES, present, square, NR, rows);
            FFNN_UNROLL
            for (int q = 0; q < LANES; q++)
                if (q < count) FN(store_columns)
            (to + (i + q) * row + p, present < LANES ? present : LANES, rows[q]);
        }
    }
}

static void FN(sparse_forward)(const ffnn_sparse_part *t)
{
    const real *values = t->values, *panel = t->panel;
    const int32_t *features = t->features;
    const ptrdiff_t first = t->first;
    real *sums = t->sums;
    for (ptrdiff_t j = 0; j < t->count; j++, sums += NR) {
        vec sum[NV];
        FFNN_UNROLL
        for (int v = 0; v < NV; v++) sum[v] = v_load(sums + v * LANES);
        for (ptrdiff_t p = t->begins[j], end = t->ends[j]; p < end; p++) {
            const real *w = panel + (features[p] - first) * NR;
            const vec x = v_set1(values[p]);
            FFNN_UNROLL
            for (int v = 0; v < NV; v++) sum[v] = v_fma(v_load(w + v * LANES), x, sum[v]);
        }
        FFNN_UNROLL
        for (int v = 0; v < NV; v++) v_store(sums + v * LANES, sum[v]);
    }
}

static void FN(sparse_backward)(const ffnn_sparse_part *t)
{
    const real *values = t->values, *dz = t->sums;
    const int32_t *features = t->features;
    const ptrdiff_t first = t->first;
    real *panel = t->panel;
    for (ptrdiff_t j = 0; j < t->count; j++, dz += NR) {
        vec d[NV];
        FFNN_UNROLL
        for (int v = 0; v < NV; v++) d[v] = v_load(dz + v * LANES);
        for (ptrdiff_t p = t->begins[j], end = t->ends[j]; p < end; p++) {
            real *dw = panel + (features[p] - first) * NR;
            const vec x = v_set1(values[p]);
            FFNN_UNROLL
            for (int v = 0; v < NV; v++)
                v_store(dw + v * LANES, v_fma(d[v], x, v_load(dw + v * LANES)));
        }
    }
}
