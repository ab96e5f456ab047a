/* special.inl.h - exp(x) - 1, tanh, z sigmoid(z) and the normal distribution, made of math.inl.h.
 *
 *   normal(-a) = exp(-a^2 / 2) R(t) / (1 + a),  t = (a - 4) / (a + 4), a >= 0
 *
 * R is a minimax polynomial of tests/core/minimax.py, lowest power first; NORMAL_R_LOW is the
 * rounding error of its constant. There are no branches.
 */

/* FAR_NORMAL: beyond -FAR_NORMAL, z normal(z) is 0. HALF_BITS: the last bits of a significand,
 * without which its square is exact. */
#if REAL_IS_DOUBLE
#define FAR_NORMAL 40.0
#define HALF_BITS 27
/* 0 <= a <= 40; the largest relative error is 2^-56.1. */
#define NORMAL_R_LOW 0x1.a6c4e3cf8981cp-57
static const double FN(normal_r)[] = {
    0x1.e361ea6fba141p-2,  -0x1.8c18f2086e34ep-4,  0x1.cabd72a60fa9cp-7,   0x1.d4969f10e06bfp-6,
    -0x1.07c3c2582d6efp-5, 0x1.25dd7205f363dp-6,   -0x1.47d5fc736f73bp-8,  -0x1.2b7f5dd12d8bap-12,
    0x1.6c5382b90340ap-11, -0x1.8c11b7270b0cp-14,  -0x1.707ba43fbd1adp-14, 0x1.64844fea4ed9p-16,
    0x1.c93e10eda1e4ap-17, -0x1.ccaa7fe696948p-19, -0x1.5eb4bbc94b62cp-19, 0x1.b25db929cb978p-22,
    0x1.286abb182f7f7p-21, 0x1.87a8e823403e6p-30,  -0x1.dd6dbf3d7cec6p-24, -0x1.56036bcfccdc1p-26,
    0x1.31255cdd06919p-26, 0x1.aebe35b78fb75p-28,  -0x1.b14514241344fp-30, -0x1.b8fb1261c21ebp-31};
#else
#define FAR_NORMAL 15.0f
#define HALF_BITS 12
/* 0 <= a <= 15; the largest relative error is 2^-28.9. */
#define NORMAL_R_LOW 0x1.d46e28p-28f
static const float FN(normal_r)[] = {0x1.e361eap-2f,   -0x1.8c18fp-4f,   0x1.cabd3p-7f,
                                     0x1.d49534p-6f,   -0x1.07c2c8p-5f,  0x1.25ed6cp-6f,
                                     -0x1.47f082p-8f,  -0x1.3d6ab8p-12f, 0x1.6b10fap-11f,
                                     -0x1.047dd4p-14f, -0x1.2f6042p-14f};
#endif

/* The rounding error of the product p = a b: by one multiply-add, or as Dekker computes it. */
FFNN_INLINE vec FN(product_low)(vec a, vec b, vec p)
{
#ifdef FFNN_HAS_FMA
    return v_fma(a, b, -p);
#else
    vec a_high = v_from(v_bits(a) >> HALF_BITS << HALF_BITS), a_low = a - a_high;
    vec b_high = v_from(v_bits(b) >> HALF_BITS << HALF_BITS), b_low = b - b_high;
    return ((a_high * b_high - p) + a_high * b_low + a_low * b_high) + a_low * b_low;
#endif
}

/* exp(x) - 1 = high + low for x <= 0, where |low| is at most half an ulp of high. */
FFNN_INLINE vec FN(expm1_parts)(vec x, vec *low)
{
    vec e_low, n;
    vec e = FN(exp_parts)(v_max(v_set1(EXP_LEAST), x), &e_low, &n);
    /* Below 2^-100, exp is lost in its difference from 1. */
    vec power = FN(power_of_2)(v_max(v_set1(-100), n));
    vec scaled = e * power, high = scaled - v_set1(1);
    vec rest = v_fma(e_low, power, scaled - (high + v_set1(1)));
    vec sum = high + rest;
    *low = rest - (sum - high);
    return sum;
}

/* tanh(z) = -m / (2 + m) with m = exp(-2 |z|) - 1, and the sign of z; roundings are carried along
 * as in sigmoid. */
FFNN_INLINE vec FN(tanh)(vec z)
{
    vec low, m = FN(expm1_parts)(v_set1(-2) * v_abs(z), &low);
    vec d = v_set1(2) + m, d_low = (m - (d - v_set1(2))) + low, t = -m / d;
    t = v_fma(v_fma(-t, d_low, -low), FN(rough_inverse)(d), t);
    const uvec sign = v_bits(v_set1((real)-0.0));
    return v_from(v_bits(v_abs(t)) | (v_bits(z) & sign));
}

/* z sigmoid(z); the rounding errors are carried along here, too. */
FFNN_INLINE vec FN(silu)(vec z)
{
    z = v_max(v_set1(-FAR), z);
    vec rest, d, n, s = FN(sigmoid_parts)(z, &rest, &d, &n);
    vec a = s * z, a_low = FN(product_low)(s, z, a) + rest * FN(rough_inverse)(d) * z;
    /* An infinite z makes a_low NaN, and adding 0 to -0.0 would change its sign. */
    vmask alone = m_or(v_eq(z, v_set1(INFINITY)), v_eq(z, v_set1(0)));
    return FN(scale)(v_select(alone, a, a + a_low), n);
}

/* t (1 - |z| (1 - t)) with t = sigmoid(-|z|) for z < 0; for z >= 0, 1 minus the slope at -z. */
FFNN_INLINE vec FN(silu_slope)(vec z)
{
    const vec one = v_set1(1);
    vec rest, d, n, a = v_min(v_set1(FAR), v_abs(z));
    vec t = FN(sigmoid_parts)(-a, &rest, &d, &n);
    t = v_fma(rest, FN(rough_inverse)(d), t);
    /* Below 2^-100, t is lost in its difference from 1. */
    vec other = v_fma(-t, FN(power_of_2)(v_max(v_set1(-100), n)), one);
    vec below = FN(scale)(t * v_fma(-a, other, one), n);
    return v_select(v_lt(z, v_set1(0)), below, one - below);
}

/* log(1 + exp(z)). */
FFNN_INLINE vec FN(softplus)(vec z)
{
    return v_max(v_set1(0), z) + FN(log1p)(FN(exp)(-v_abs(z)));
}

/* normal(-a) = tail 2^n and exp(-a^2 / 2) = e 2^n for 0 <= a <= FAR_NORMAL. */
FFNN_INLINE vec FN(normal_parts)(vec a, vec *e, vec *n)
{
    const vec one = v_set1(1);
    /* a^2 = square + square_low, to which exp is as sensitive as its argument is large. */
    vec high = v_from(v_bits(a) >> HALF_BITS << HALF_BITS), square = a * a;
    vec square_low = (high * high - square) + (a - high) * (a + high);
    vec e_low;
    *e = FN(exp_parts_of_sum)(v_set1(-0.5) * square, v_set1(-0.5) * square_low, &e_low, n);
    /* R varies little: the rounding of its last sum, with the constant, is the one that counts, and
     * its error is carried along as all others are. */
    vec t = (a - v_set1(4)) / (a + v_set1(4));
    vec r = FN(polynomial)(FN(normal_r) + 1, COUNT(FN(normal_r)) - 1, t, t * t);
    const vec constant = v_set1(FN(normal_r)[0]);
    vec varying = v_fma(r, t, v_set1(NORMAL_R_LOW)), r_low;
    r = constant + varying;
    r_low = varying - (r - constant);
    vec product = *e * r, product_low = FN(product_low)(*e, r, product);
    product_low = v_fma(*e, r_low, v_fma(e_low, r, product_low));
    vec d = one + a, larger = v_max(one, a), d_low = v_min(one, a) - (d - larger);
    vec inverse = one / d, tail = product * inverse, back = tail * d;
    vec rest = (product - back) - FN(product_low)(tail, d, back) + product_low;
    return v_fma(v_fma(-tail, d_low, rest), inverse, tail);
}

/* z normal(z). */
FFNN_INLINE vec FN(gelu)(vec z)
{
    vec e, n, a = v_min(v_set1(FAR_NORMAL), v_abs(z));
    vec tail = FN(normal_parts)(a, &e, &n);
    vec below = FN(scale)(-a * tail, n), above = z * (v_set1(1) - FN(scale)(tail, n));
    return v_select(v_lt(z, v_set1(0)), below, above);
}

/* normal(z) + z density(z) for z < 0; for z >= 0, 1 minus the slope at -z. The power of two comes
 * last, so that subnormal results are rounded once. */
FFNN_INLINE vec FN(gelu_slope)(vec z)
{
    const vec root = v_set1((real)0.39894228040143267794); /* 1 / sqrt(2 pi) */
    vec e, n, a = v_min(v_set1(FAR_NORMAL), v_abs(z));
    vec tail = FN(normal_parts)(a, &e, &n);
    vec below = FN(scale)(v_fma(-(a * root), e, tail), n);
    return v_select(v_lt(z, v_set1(0)), below, v_set1(1) - below);
}

#undef FAR_NORMAL
#undef NORMAL_R_LOW
#undef HALF_BITS
#undef FAR
/* Macros of math.inl.h, which end here. */
#undef MANTISSA_BITS
#undef EXPONENT_BIAS
#undef INTEGERS
#undef MAGIC
#undef SQRT_HALF
#undef LOG2_E
#undef LOG_2_HIGH
#undef LOG_2_LOW
#undef EXP_GREATEST
#undef EXP_LEAST
#undef COUNT
