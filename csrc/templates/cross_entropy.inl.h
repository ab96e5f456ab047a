/* cross_entropy.inl.h - the fused costs: cross-entropies with their sigmoid or softmax. */

/* The floating-point errors of which NumPy's log would warn. */
static int FN(flags_of)(FN(marks) marks)
{
    return (v_any(v_lt(v_set1(0), marks.of_zero)) ? FFNN_DIVIDE_BY_ZERO : 0) |
           (v_any(v_lt(v_set1(0), marks.of_negative)) ? FFNN_INVALID : 0);
}

/* factor * log; 0 * log(0) is its limit, 0. */
FFNN_INLINE vec FN(weighted_log)(vec factor, vec log)
{
    vmask limit = m_and(v_eq(factor, v_set1(0)), v_eq(v_abs(log), v_set1(INFINITY)));
    return v_select(limit, v_set1(0), factor * log);
}

/* number / divisor; ors the floating-point errors of the lanes of `live` into *flags. */
FFNN_INLINE vec FN(flagged_quotient)(vec number, vec divisor, vmask live, int *flags)
{
    vec quotient = number / divisor, size = v_abs(number);
    vmask poles =
        m_and(v_eq(divisor, v_set1(0)), m_and(v_lt(v_set1(0), size), v_lt(size, v_set1(INFINITY))));
    vmask undefined =
        m_and(m_not(v_eq(quotient, quotient)), m_and(v_eq(number, number), v_eq(divisor, divisor)));
    if (v_any(m_and(live, poles))) *flags |= FFNN_DIVIDE_BY_ZERO;
    if (v_any(m_and(live, undefined))) *flags |= FFNN_INVALID;
    return quotient;
}

/* ---- binary: -(y log(al) + (1 - y) log(1 - al)) ---- */

FFNN_INLINE vec FN(binary_loss)(vec al, vec y, FN(marks) * marks)
{
    const vec zero = v_set1(0), one = v_set1(1);
    vec rest = one - al, y_rest = one - y;
    vmask lost = m_or(m_and(v_eq(al, zero), m_not(v_eq(y, zero))),
                      m_and(v_eq(rest, zero), m_not(v_eq(y_rest, zero))));
    marks->of_zero = v_select(lost, one, marks->of_zero);
    marks->of_negative = v_select(m_or(v_lt(al, zero), v_lt(rest, zero)), one, marks->of_negative);
    return -(FN(weighted_log)(y, FN(log)(al)) + FN(weighted_log)(y_rest, FN(log)(rest)));
}

static double FN(binary_cross_entropy_sum)(ptrdiff_t rows, ptrdiff_t cols, const void *al,
                                           ptrdiff_t al_row, const void *y, ptrdiff_t y_row,
                                           const void *weights, double level, int *flags)
{
    (void)level;
    FN(marks) marks = {.of_zero = v_set1(0), .of_negative = v_set1(0)};
    const double sum =
        FN(sum_losses)(rows, cols, al, al_row, y, y_row, weights, &marks, FN(binary_loss));
    *flags |= FN(flags_of)(marks);
    return sum;
}

/* max(z, 0) - z y + log(1 + exp(-|z|)), without a difference of large numbers: the first two terms
 * are |z| times the weight of the wrong label. An infinite z of the right sign costs 0. */
FFNN_INLINE vec FN(binary_loss_of_logit)(vec z, vec y, FN(marks) * marks)
{
    (void)marks;
    const vec zero = v_set1(0);
    vec magnitude = v_abs(z), wrong = v_select(v_lt(z, zero), y, v_set1(1) - y);
    vec linear = v_select(v_eq(wrong, zero), zero, magnitude * wrong);
    return linear + FN(log1p)(FN(exp)(-magnitude));
}

static double FN(binary_cross_entropy_logits)(ptrdiff_t rows, ptrdiff_t cols, const void *z,
                                              ptrdiff_t z_row, const void *y, ptrdiff_t y_row,
                                              const void *weights)
{
    return FN(sum_losses)(rows, cols, z, z_row, y, y_row, weights, NULL, FN(binary_loss_of_logit));
}

FFNN_INLINE vec FN(difference)(vec al, vec y)
{
    return al - y;
}

static void FN(binary_cross_entropy_gradient)(ptrdiff_t rows, ptrdiff_t cols, const void *al,
                                              ptrdiff_t al_row, const void *y, ptrdiff_t y_row,
                                              double level, void *dz, ptrdiff_t dz_row)
{
    (void)level;
    FN(map_block_2)(rows, cols, al, al_row, y, y_row, dz, dz_row, FN(difference));
}

/* `live` holds 1 in the lanes that count. */
FFNN_INLINE vec FN(binary_literal)(vec al, vec y, vec z, vec live, int *flags)
{
    const vec one = v_set1(1);
    vec s = FN(sigmoid)(z), limit = al - y;
    vmask literal = m_and(m_not(v_eq(al, s)), v_eq(live, one));
    if (!v_any(literal)) return limit;
    vec of_al = FN(flagged_quotient)(y, al, literal, flags);
    vec of_rest = FN(flagged_quotient)(one - y, one - al, literal, flags);
    return v_select(literal, -(of_al - of_rest) * s * (one - s), limit);
}

static void FN(binary_cross_entropy_literal)(ptrdiff_t rows, ptrdiff_t cols, const void *al,
                                             const void *y, const void *z, void *dz, int *flags)
{
    const real *a = al, *t = y, *x = z;
    const ptrdiff_t n = rows * cols;
    real *d = dz, ones[LANES];
    ptrdiff_t j = 0, rest;
    v_store(ones, v_set1(1));
    for (; j + LANES <= n; j += LANES)
        v_store(d + j,
                FN(binary_literal)(v_load(a + j), v_load(t + j), v_load(x + j), v_set1(1), flags));
    if ((rest = n - j) > 0)
        v_store_part(d + j, rest,
                     FN(binary_literal)(v_load_part(a + j, rest), v_load_part(t + j, rest),
                                        v_load_part(x + j, rest), v_load_part(ones, rest), flags));
}

/* ---- categorical: -(the sum over the units of y log(al)) ---- */

FFNN_INLINE vec FN(categorical_loss)(vec al, vec y, FN(marks) * marks)
{
    const vec zero = v_set1(0), one = v_set1(1);
    vmask lost = m_and(v_eq(al, zero), m_not(v_eq(y, zero)));
    marks->of_zero = v_select(lost, one, marks->of_zero);
    marks->of_negative = v_select(v_lt(al, zero), one, marks->of_negative);
    return -FN(weighted_log)(y, FN(log)(al));
}

static double FN(categorical_cross_entropy_sum)(ptrdiff_t rows, ptrdiff_t cols, const void *al,
                                                ptrdiff_t al_row, const void *y, ptrdiff_t y_row,
                                                const void *weights, double level, int *flags)
{
    (void)level;
    FN(marks) marks = {.of_zero = v_set1(0), .of_negative = v_set1(0)};
    const double sum =
        FN(sum_losses)(rows, cols, al, al_row, y, y_row, weights, &marks, FN(categorical_loss));
    *flags |= FN(flags_of)(marks);
    return sum;
}

/* The sum over i of y_i (log(sum over k of exp(z_k - top)) - (z_i - top)) for n columns, where top
 * is the greatest z; a y of 0 costs nothing, whatever its z. */
FFNN_INLINE vec FN(categorical_loss_of_logits)(ptrdiff_t rows, ptrdiff_t n, const real *z,
                                               ptrdiff_t z_row, const real *y, ptrdiff_t y_row)
{
    const vec zero = v_set1(0);
    vec top = FN(column_top)(rows, n, z, z_row), sum = zero, loss = zero;
    for (ptrdiff_t i = 0; i < rows; i++)
        sum = sum + FN(exp)(FN(load_columns)(z + i * z_row, n) - top);
    const vec log_sum = FN(log)(sum);
    for (ptrdiff_t i = 0; i < rows; i++) {
        vec t = FN(load_columns)(y + i * y_row, n);
        vec distance = log_sum - (FN(load_columns)(z + i * z_row, n) - top);
        loss = loss + v_select(v_eq(t, zero), zero, t * distance);
    }
    return loss;
}

static double FN(categorical_cross_entropy_logits)(ptrdiff_t rows, ptrdiff_t cols, const void *z,
                                                   ptrdiff_t z_row, const void *y, ptrdiff_t y_row,
                                                   const void *weights)
{
    const real *x = z, *t = y, *w = weights;
    real loss[BLOCK];
    double total = 0;
    for (ptrdiff_t first = 0; first < cols; first += BLOCK) {
        ptrdiff_t count = cols - first < BLOCK ? cols - first : BLOCK, j = 0;
        for (; j + LANES <= count; j += LANES)
            v_store(loss + j, FN(categorical_loss_of_logits)(rows, LANES, x + first + j, z_row,
                                                             t + first + j, y_row));
        if (j < count)
            v_store_part(loss + j, count - j,
                         FN(categorical_loss_of_logits)(rows, count - j, x + first + j, z_row,
                                                        t + first + j, y_row));
        for (j = 0; w && j < count; j++) loss[j] *= w[first + j];
        total += FN(add_losses)(count, loss);
    }
    return total;
}

/* dz = al (the sum of y) - y: al - y for labels that sum to 1. */
FFNN_INLINE void FN(categorical_columns)(ptrdiff_t rows, ptrdiff_t n, const real *al,
                                         ptrdiff_t al_row, const real *y, ptrdiff_t y_row, real *dz,
                                         ptrdiff_t dz_row)
{
    vec sum = v_set1(0);
    for (ptrdiff_t i = 0; i < rows; i++) sum = sum + FN(load_columns)(y + i * y_row, n);
    for (ptrdiff_t i = 0; i < rows; i++) {
        vec a = FN(load_columns)(al + i * al_row, n);
        FN(store_columns)(dz + i * dz_row, n, a * sum - FN(load_columns)(y + i * y_row, n));
    }
}

static void FN(categorical_cross_entropy_gradient)(ptrdiff_t rows, ptrdiff_t cols, const void *al,
                                                   ptrdiff_t al_row, const void *y, ptrdiff_t y_row,
                                                   double level, void *dz, ptrdiff_t dz_row)
{
    (void)level;
    const real *a = al, *t = y;
    real *d = dz;
    ptrdiff_t j = 0;
    for (; j + LANES <= cols; j += LANES)
        FN(categorical_columns)(rows, LANES, a + j, al_row, t + j, y_row, d + j, dz_row);
    if (j < cols)
        FN(categorical_columns)(rows, cols - j, a + j, al_row, t + j, y_row, d + j, dz_row);
}

/* The literal dZ for n columns: with s = softmax(Z) and dAL = -Y / AL, s (dAL - sum of s dAL). */
FFNN_INLINE void FN(categorical_literal)(ptrdiff_t rows, ptrdiff_t n, ptrdiff_t row, const real *al,
                                         const real *y, const real *z, real *dz, int *flags)
{
    const vec one = v_set1(1), top = FN(column_top)(rows, n, z, row);
    real ones[LANES];
    v_store(ones, one);
    const vmask live = v_eq(FN(load_columns)(ones, n), one);
    vec sum = v_set1(0), labels = v_set1(0), dot = v_set1(0);
    for (ptrdiff_t i = 0; i < rows; i++)
        sum = sum + FN(exp)(FN(load_columns)(z + i * row, n) - top);
    vmask literal = m_and(live, m_not(live));
    for (ptrdiff_t i = 0; i < rows; i++) {
        vec s = FN(exp)(FN(load_columns)(z + i * row, n) - top) / sum;
        literal = m_or(literal, m_and(live, m_not(v_eq(s, FN(load_columns)(al + i * row, n)))));
        labels = labels + FN(load_columns)(y + i * row, n);
    }
    for (ptrdiff_t i = 0; v_any(literal) && i < rows; i++) {
        vec s = FN(exp)(FN(load_columns)(z + i * row, n) - top) / sum;
        dot = dot - s * FN(flagged_quotient)(FN(load_columns)(y + i * row, n),
                                             FN(load_columns)(al + i * row, n), literal, flags);
    }
    for (ptrdiff_t i = 0; i < rows; i++) {
        vec s = FN(exp)(FN(load_columns)(z + i * row, n) - top) / sum;
        vec a = FN(load_columns)(al + i * row, n), t = FN(load_columns)(y + i * row, n);
        FN(store_columns)(dz + i * row, n, v_select(literal, s * (-(t / a) - dot), a * labels - t));
    }
}

static void FN(categorical_cross_entropy_literal)(ptrdiff_t rows, ptrdiff_t cols, const void *al,
                                                  const void *y, const void *z, void *dz,
                                                  int *flags)
{
    const real *a = al, *t = y, *x = z;
    real *d = dz;
    ptrdiff_t j = 0;
    for (; j + LANES <= cols; j += LANES)
        FN(categorical_literal)(rows, LANES, cols, a + j, t + j, x + j, d + j, flags);
    if (j < cols) FN(categorical_literal)(rows, cols - j, cols, a + j, t + j, x + j, d + j, flags);
}

#undef BLOCK
#undef CHAINS
#undef LEAST_MEAN
