/* costs.inl.h - for each row of costs.def two sums and two gradients with respect to the last Z.
 *
 * Losses are made in blocks of BLOCK and added in double, in CHAINS interleaved chains folded in
 * halves: one order of addition for every instruction set, and sums of float losses can't overflow.
 */
#define BLOCK 512
#define CHAINS 8

static double FN(add_losses)(ptrdiff_t n, const real *loss)
{
    double chain[CHAINS] = {0};
    ptrdiff_t j = 0;
    for (; j + CHAINS <= n; j += CHAINS)
        for (int c = 0; c < CHAINS; c++) chain[c] += loss[j + c];
    for (; j < n; j++) chain[j % CHAINS] += loss[j];
    for (int half = CHAINS / 2; half > 0; half /= 2)
        for (int c = 0; c < half; c++) chain[c] += chain[c + half];
    return chain[0];
}

/* factor * log, where 0 * log(0) is its limit, 0. */
FFNN_INLINE vec FN(weighted_log)(vec factor, vec log)
{
    vmask limit = m_and(v_eq(factor, v_set1(0)), v_eq(v_abs(log), v_set1(INFINITY)));
    return v_select(limit, v_set1(0), factor * log);
}

/* ---- binary cross-entropy: -(y log(al) + (1 - y) log(1 - al)) -------------------------------- */

/* A lane of *of_zero becomes 1 where a log that counts takes 0, of *of_negative where any takes
 * a negative number. */
FFNN_INLINE vec FN(cross_entropy)(vec al, vec y, vec *of_zero, vec *of_negative)
{
    const vec zero = v_set1(0), one = v_set1(1);
    vec rest = one - al, y_rest = one - y;
    vmask lost = m_or(m_and(v_eq(al, zero), m_not(v_eq(y, zero))),
                      m_and(v_eq(rest, zero), m_not(v_eq(y_rest, zero))));
    *of_zero = v_select(lost, one, *of_zero);
    *of_negative = v_select(m_or(v_lt(al, zero), v_lt(rest, zero)), one, *of_negative);
    return -(FN(weighted_log)(y, FN(log)(al)) + FN(weighted_log)(y_rest, FN(log)(rest)));
}

static double FN(binary_cross_entropy_sum)(ptrdiff_t n, const void *al, const void *y, int *flags)
{
    const real *a = al, *t = y;
    vec of_zero = v_set1(0), of_negative = v_set1(0);
    real loss[BLOCK];
    double total = 0;
    for (ptrdiff_t first = 0; first < n; first += BLOCK, a += BLOCK, t += BLOCK) {
        ptrdiff_t count = n - first < BLOCK ? n - first : BLOCK, j = 0;
        for (; j + LANES <= count; j += LANES)
            v_store(loss + j,
                    FN(cross_entropy)(v_load(a + j), v_load(t + j), &of_zero, &of_negative));
        /* The lanes beyond the end hold al = 0 and y = 0, which raise nothing. */
        if (j < count)
            v_store_part(loss + j, count - j,
                         FN(cross_entropy)(v_load_part(a + j, count - j),
                                           v_load_part(t + j, count - j), &of_zero, &of_negative));
        total += FN(add_losses)(count, loss);
    }
    if (v_any(v_lt(v_set1(0), of_zero))) *flags |= FFNN_DIVIDE_BY_ZERO;
    if (v_any(v_lt(v_set1(0), of_negative))) *flags |= FFNN_INVALID;
    return total;
}

/* max(z, 0) - z y + log(1 + exp(-|z|)), without the difference of large numbers; an infinite z on
 * the right side of 0 costs nothing. */
FFNN_INLINE vec FN(cross_entropy_of_logit)(vec z, vec y)
{
    const vec zero = v_set1(0);
    vec magnitude = v_abs(z), wrong = v_select(v_lt(z, zero), y, v_set1(1) - y);
    vec linear = v_select(v_eq(wrong, zero), zero, magnitude * wrong);
    return linear + FN(log1p)(FN(exp)(-magnitude));
}

static double FN(binary_cross_entropy_logits)(ptrdiff_t n, const void *z, const void *y)
{
    const real *x = z, *t = y;
    real loss[BLOCK];
    double total = 0;
    for (ptrdiff_t first = 0; first < n; first += BLOCK, x += BLOCK, t += BLOCK) {
        ptrdiff_t count = n - first < BLOCK ? n - first : BLOCK, j = 0;
        for (; j + LANES <= count; j += LANES)
            v_store(loss + j, FN(cross_entropy_of_logit)(v_load(x + j), v_load(t + j)));
        if (j < count)
            v_store_part(loss + j, count - j,
                         FN(cross_entropy_of_logit)(v_load_part(x + j, count - j),
                                                    v_load_part(t + j, count - j)));
        total += FN(add_losses)(count, loss);
    }
    return total;
}

/* number / divisor; ors into *flags what the lanes of `live` raise. */
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

/* `live` holds 1 in the lanes that count. */
FFNN_INLINE vec FN(cross_entropy_gradient)(vec al, vec y, vec z, vec live, int *flags)
{
    const vec one = v_set1(1);
    vec s = FN(sigmoid)(z), limit = al - y;
    vmask literal = m_and(m_not(v_eq(al, s)), v_eq(live, one));
    if (!v_any(literal)) return limit;
    vec of_al = FN(flagged_quotient)(y, al, literal, flags);
    vec of_rest = FN(flagged_quotient)(one - y, one - al, literal, flags);
    return v_select(literal, -(of_al - of_rest) * s * (one - s), limit);
}

static void FN(binary_cross_entropy_gradient)(ptrdiff_t n, const void *al, const void *y,
                                              const void *z, void *dz, int *flags)
{
    const real *a = al, *t = y, *x = z;
    real *d = dz, ones[LANES];
    const vec one = v_set1(1);
    ptrdiff_t j = 0;
    for (; j + LANES <= n; j += LANES)
        v_store(d + j, FN(cross_entropy_gradient)(v_load(a + j), v_load(t + j), v_load(x + j), one,
                                                  flags));
    if (j == n) return;
    v_store(ones, one);
    ptrdiff_t rest = n - j;
    v_store_part(d + j, rest,
                 FN(cross_entropy_gradient)(v_load_part(a + j, rest), v_load_part(t + j, rest),
                                            v_load_part(x + j, rest), v_load_part(ones, rest),
                                            flags));
}

static void FN(binary_cross_entropy_output)(ptrdiff_t n, const void *al, const void *y,
                                                       void *dz)
{
    const real *a = al, *t = y;
    real *d = dz;
    ptrdiff_t j = 0;
    for (; j + LANES <= n; j += LANES) v_store(d + j, v_load(a + j) - v_load(t + j));
    if (j < n) v_store_part(d + j, n - j, v_load_part(a + j, n - j) - v_load_part(t + j, n - j));
}

#undef BLOCK
#undef CHAINS
