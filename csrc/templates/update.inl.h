/* update.inl.h - whole-array steps that run over parameters and gradients, and the sums of rows. */

static void FN(row_sums)(ptrdiff_t rows, ptrdiff_t m, const void *a, ptrdiff_t row, void *out)
{
    for (ptrdiff_t i = 0; i < rows; i++) {
        const real *x = (const real *)a + i * row;
        vec sum = v_set1(0);
        ptrdiff_t j = 0;
        for (; j + LANES <= m; j += LANES) sum = sum + v_load(x + j);
        if (j < m) sum = sum + v_load_part(x + j, m - j);
        real lanes[LANES];
        v_store(lanes, sum);
        for (int half = LANES / 2; half > 0; half /= 2)
            for (int lane = 0; lane < half; lane++) lanes[lane] += lanes[lane + half];
        ((real *)out)[i] = lanes[0];
    }
}

static void FN(divide)(ptrdiff_t n, void *x, double divisor)
{
    real *a = x;
    const vec d = v_set1((real)divisor);
    ptrdiff_t j = 0;
    for (; j + LANES <= n; j += LANES) v_store(a + j, v_load(a + j) / d);
    if (j < n) v_store_part(a + j, n - j, v_load_part(a + j, n - j) / d);
}

/* The product is rounded before the difference, as NumPy does, so that a step is the same to the
 * bit. */
static void FN(update)(ptrdiff_t n, const void *x, const void *dx, double rate, void *out)
{
    const real *a = x, *d = dx;
    real *r = out;
    const vec step = v_set1((real)rate);
    ptrdiff_t j = 0;
    for (; j + LANES <= n; j += LANES) v_store(r + j, v_load(a + j) - step * v_load(d + j));
    if (j < n)
        v_store_part(r + j, n - j, v_load_part(a + j, n - j) - step * v_load_part(d + j, n - j));
}

static void FN(add)(ptrdiff_t n, const void *dx, void *x)
{
    const real *d = dx;
    real *a = x;
    ptrdiff_t j = 0;
    for (; j + LANES <= n; j += LANES) v_store(a + j, v_load(a + j) + v_load(d + j));
    if (j < n) v_store_part(a + j, n - j, v_load_part(a + j, n - j) + v_load_part(d + j, n - j));
}

static void FN(add_scaled)(ptrdiff_t n, double factor, const void *dx, void *x)
{
    const real *d = dx;
    real *a = x;
    const vec f = v_set1((real)factor);
    for (ptrdiff_t j = 0; j < n; j += LANES) {
        const ptrdiff_t left = n - j < LANES ? n - j : LANES;
        FN(store_columns)
        (a + j, left, FN(load_columns)(a + j, left) + f * FN(load_columns)(d + j, left));
    }
}

static double FN(dot)(ptrdiff_t n, const void *x, const void *y)
{
    enum { CHAINS_OF_DOT = 8 };
    const real *a = x, *b = y;
    double chain[CHAINS_OF_DOT] = {0};
    ptrdiff_t j = 0;
    for (; j + CHAINS_OF_DOT <= n; j += CHAINS_OF_DOT)
        for (int c = 0; c < CHAINS_OF_DOT; c++) chain[c] += (double)a[j + c] * b[j + c];
    for (int c = 0; j + c < n; c++) chain[c] += (double)a[j + c] * b[j + c];
    for (int half = CHAINS_OF_DOT / 2; half > 0; half /= 2)
        for (int c = 0; c < half; c++) chain[c] += chain[c + half];
    return chain[0];
}

static double FN(largest)(ptrdiff_t n, const void *x)
{
    const real *a = x;
    real found = 0;
    for (ptrdiff_t j = 0; j < n; j++) {
        const real magnitude = a[j] < 0 ? -a[j] : a[j];
        if (!(magnitude <= found)) found = magnitude;
        if (found != found) return (double)found;
    }
    return (double)found;
}

static double FN(square_sum)(ptrdiff_t n, double factor, const void *x, double other, const void *y)
{
    enum { CHAINS = 8 };
    typedef real reals __attribute__((vector_size(CHAINS * sizeof(real))));
    typedef double doubles __attribute__((vector_size(CHAINS * sizeof(double))));
    const real *a = x, *b = y;
    doubles sums = {0};
    ptrdiff_t j = 0;
    for (; j + CHAINS <= n; j += CHAINS) {
        reals a_j, b_j;
        memcpy(&a_j, a + j, sizeof a_j);
        doubles term = factor * __builtin_convertvector(a_j, doubles);
        if (other != 0) {
            memcpy(&b_j, b + j, sizeof b_j);
            term += other * __builtin_convertvector(b_j, doubles);
        }
        sums += term * term;
    }
    double chain[CHAINS];
    memcpy(chain, &sums, sizeof chain);
    for (int c = 0; j + c < n; c++) {
        const double term = factor * a[j + c] + (other != 0 ? other * b[j + c] : 0);
        chain[c] += term * term;
    }
    for (int half = CHAINS / 2; half > 0; half /= 2)
        for (int c = 0; c < half; c++) chain[c] += chain[c + half];
    return chain[0];
}

static void FN(drop)(ptrdiff_t rows, ptrdiff_t cols, const void *a, ptrdiff_t a_row,
                     const unsigned char *mask, ptrdiff_t mask_row, double keep_prob, void *out,
                     ptrdiff_t out_row)
{
    const real divisor = (real)keep_prob;
    for (ptrdiff_t i = 0; i < rows; i++) {
        const real *x = (const real *)a + i * a_row;
        const unsigned char *stays = mask + i * mask_row;
        real *r = (real *)out + i * out_row;
        for (ptrdiff_t j = 0; j < cols; j++) r[j] = x[j] * (real)stays[j] / divisor;
    }
}

static void FN(weigh)(ptrdiff_t rows, ptrdiff_t cols, const void *weights, void *a, ptrdiff_t a_row)
{
    const real *w = weights;
    for (ptrdiff_t i = 0; i < rows; i++) {
        real *x = (real *)a + i * a_row;
        for (ptrdiff_t j = 0; j < cols; j++) x[j] *= w[j];
    }
}
