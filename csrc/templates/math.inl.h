/* math.inl.h - exp, log, log1p and sigmoid of a vector: in every lane the same bits.
 *
 *   exp(x) = 2^n (1 + r + r^2 P(r)),  n = x / log(2) to the nearest, r = x - n log(2)
 *   log(2^k (1 + f)) = k log(2) + f - (f^2 / 2 - s (f^2 / 2 + w Q(w))),  s = f / (2 + f), w = s^2
 *
 * Errors stay below 1 ulp for exp and log and below 1.5 ulp for sigmoid, in subnormal results and
 * where v_fma rounds twice, too; tests/core/ulp.c measures them. x is reduced as Cody and Waite do:
 * n times the greater part of log(2) is exact. P and Q are minimax polynomials of
 * tests/core/minimax.py, lowest power first. There are no branches.
 */

/* INTEGERS: numbers from here on have no fraction. */
#if REAL_IS_DOUBLE
#define MANTISSA_BITS 52
#define EXPONENT_BIAS 1023
#define INTEGERS 0x1p52
#define LEAST_NORMAL 0x1p-1022
#define SQRT_HALF 0x1.6a09e667f3bcdp-1
#define LOG2_E 0x1.71547652b82fep0
#define LOG_2_HIGH 0x1.62e42fefa4p-1 /* 41 bits: exact times any n, which has at most 11 */
#define LOG_2_LOW -0x1.8432a1b0e2634p-43
#define EXP_GREATEST 710.0 /* beyond it infinity */
#define EXP_LEAST -746.0   /* beyond it 0 */
#define FAR 760.0          /* beyond -FAR z exp(z) is 0, too */
/* |r| <= log(2) / 2; the largest relative error of exp is 2^-57.9. */
static const double FN(exp_p)[] = {
    0x1.000000000000ap-1,  0x1.5555555555503p-3,  0x1.5555555550609p-5,  0x1.1111111124cd2p-7,
    0x1.6c16c184b3baap-10, 0x1.a01a013d7a2d5p-13, 0x1.a01998959ec3fp-16, 0x1.71def3ef2e764p-19,
    0x1.28aecd1e560a4p-22, 0x1.add73e583afc1p-26};
/* sqrt(1/2) <= 1 + f <= sqrt(2); the largest relative error of log is 2^-59.5. */
static const double FN(log_q)[] = {0x1.5555555555592p-1, 0x1.999999997ff3ap-2, 0x1.24924941defd9p-2,
                                   0x1.c71c521636eb6p-3, 0x1.74663c94b7999p-3, 0x1.39a1f013e0c17p-3,
                                   0x1.2f038421ec52cp-3};
#else
#define MANTISSA_BITS 23
#define EXPONENT_BIAS 127
#define INTEGERS 0x1p23f
#define LEAST_NORMAL 0x1p-126f
#define SQRT_HALF 0x1.6a09e6p-1f
#define LOG2_E 0x1.715476p0f
#define LOG_2_HIGH 0x1.62e4p-1f /* 15 bits: exact times any n, which has at most 8 */
#define LOG_2_LOW 0x1.7f7d1cp-20f
#define EXP_GREATEST 89.0f
#define EXP_LEAST -104.0f
#define FAR 115.0f
/* |r| <= log(2) / 2; the largest relative error of exp is 2^-28.2. */
static const float FN(exp_p)[] = {0x1.fffffcp-2f, 0x1.55548cp-3f, 0x1.555858p-5f, 0x1.123dep-7f,
                                  0x1.6ac74ep-10f};
/* sqrt(1/2) <= 1 + f <= sqrt(2); the largest relative error of log is 2^-30.2. */
static const float FN(log_q)[] = {0x1.55557ap-1f, 0x1.995ed6p-2f, 0x1.31e096p-2f};
#endif

/* The sum with MAGIC is rounded to an integer, and its last bits are that integer's. */
#define MAGIC (INTEGERS + INTEGERS / 2)
#define COUNT(array) ((int)(sizeof(array) / sizeof *(array)))

/* c[0] + c[1] x + ... by Horner's rule in two chains, of the even and of the odd powers, which run
 * side by side. */
FFNN_INLINE vec FN(polynomial)(const real *c, int count, vec x, vec x_squared)
{
    int top = count - 1;
    vec last = v_set1(c[top]), before = v_set1(c[top - 1]);
    FFNN_UNROLL
    for (int i = top - 2; i > 0; i -= 2) {
        last = v_fma(last, x_squared, v_set1(c[i]));
        before = v_fma(before, x_squared, v_set1(c[i - 1]));
    }
    if (top % 2) return v_fma(last, x, before);
    return v_fma(before, x, v_fma(last, x_squared, v_set1(c[0])));
}

/* 2^n for an integral n with a normal result. */
FFNN_INLINE vec FN(power_of_2)(vec n)
{
    return v_from(v_bits(n + v_set1(MAGIC + EXPONENT_BIAS)) << MANTISSA_BITS);
}

/* x 2^n for an integral n and x near 1, rounded once: the first factor, half of the power, leaves x
 * a normal number. */
FFNN_INLINE vec FN(scale)(vec x, vec n)
{
#ifdef FFNN_HAS_SCALE
    return v_scale(x, n);
#else
    vec half = v_fma(n, v_set1(0.5), v_set1(MAGIC)) - v_set1(MAGIC);
    return x * FN(power_of_2)(half) * FN(power_of_2)(n - half);
#endif
}

/* exp(head + tail) = high + low for |head + tail| <= log(2) / 2. */
FFNN_INLINE vec FN(exp_of_rest)(vec head, vec tail, vec *low)
{
    vec r = head + tail, r_squared = r * r;
    vec p = FN(polynomial)(FN(exp_p), COUNT(FN(exp_p)), r, r_squared);
    tail = v_fma(r_squared, p, tail);
    vec high = v_set1(1) + (head + tail);
    *low = tail + (head - (high - v_set1(1)));
    return high;
}

/* exp(x) = (high + low) 2^n, where |low| is at most half an ulp of high; sigmoid, tanh and their
 * kin carry it along. x lies within EXP_LEAST .. EXP_GREATEST or is NaN. */
FFNN_INLINE vec FN(exp_parts)(vec x, vec *low, vec *n)
{
    *n = v_fma(x, v_set1(LOG2_E), v_set1(MAGIC)) - v_set1(MAGIC);
    /* x - n log(2) = head + tail; the head is exact, the tail waits for the other small terms. */
    return FN(exp_of_rest)(v_fma(*n, v_set1(-LOG_2_HIGH), x), *n * v_set1(-LOG_2_LOW), low);
}

/* exp(x + x_low), where |x_low| is about an ulp of x at most. */
FFNN_INLINE vec FN(exp_parts_of_sum)(vec x, vec x_low, vec *low, vec *n)
{
    *n = v_fma(x, v_set1(LOG2_E), v_set1(MAGIC)) - v_set1(MAGIC);
    return FN(exp_of_rest)(v_fma(*n, v_set1(-LOG_2_HIGH), x), v_fma(*n, v_set1(-LOG_2_LOW), x_low),
                           low);
}

FFNN_INLINE vec FN(exp)(vec x)
{
    vec low, n;
    x = v_min(v_set1(EXP_GREATEST), v_max(v_set1(EXP_LEAST), x));
    vec high = FN(exp_parts)(x, &low, &n);
    return FN(scale)(high, n);
}

/* 1 / d for 1 <= d <= 2 with an error of 1 %, which suffices for corrections below an ulp. */
FFNN_INLINE vec FN(rough_inverse)(vec d)
{
    vec inverse = v_fma(d, v_set1((real)32 / 99), v_set1((real)-144 / 99));
    return v_fma(d, inverse, v_set1((real)210 / 99));
}

/* sigmoid(z) = (s + s_rest / d) 2^n, where s = N / d with e = exp(-|z|), d = 1 + e, and N = 1 for
 * z >= 0, else e. s_rest carries the rounding errors of N and d along: that of 1 + e alone may cost
 * 1 ulp. The caller multiplies by the power of two of N, last, so that one rounding does. */
FFNN_INLINE vec FN(sigmoid_parts)(vec z, vec *s_rest, vec *d, vec *n)
{
    const vec one = v_set1(1);
    vec low;
    vec high = FN(exp_parts)(-v_min(v_set1(FAR), v_abs(z)), &low, n);
    /* Below 2^-100, e is lost in d and in its low part. */
    vec power = FN(power_of_2)(v_max(v_set1(-100), *n));
    *d = v_fma(high, power, one);
    vec d_low = v_fma(low, power, v_fma(high, power, one - *d));
    vmask negative = v_lt(z, v_set1(0));
    vec numerator = v_select(negative, high, one);
    vec numerator_low = v_select(negative, low, v_set1(0));
    vec s = numerator / *d;
    *n = v_select(negative, *n, v_set1(0));
    *s_rest = v_fma(-s, d_low, numerator_low);
    return s;
}

FFNN_INLINE vec FN(sigmoid)(vec z)
{
    vec rest, d, n, s = FN(sigmoid_parts)(z, &rest, &d, &n);
    return FN(scale)(v_fma(rest, FN(rough_inverse)(d), s), n);
}

/* log(2^k (1 + f)) for sqrt(1/2) <= 1 + f <= sqrt(2). */
FFNN_INLINE vec FN(log_parts)(vec f, vec k)
{
    vec s = f / (v_set1(2) + f), w = s * s;
    vec q = w * FN(polynomial)(FN(log_q), COUNT(FN(log_q)), w, w * w);
    vec half_square = v_set1(0.5) * f * f;
    vec small = v_fma(s, half_square + q, k * v_set1(LOG_2_LOW));
    return v_fma(k, v_set1(LOG_2_HIGH), f - (half_square - small));
}

FFNN_INLINE vec FN(log)(vec x)
{
    const vec zero = v_set1(0), integers = v_set1(INTEGERS);
    /* Subnormal numbers are made normal; their k is less by as much. */
    vmask subnormal = v_lt(x, v_set1(LEAST_NORMAL));
    uvec y = v_bits(v_select(subnormal, x * v_set1(2 * INTEGERS), x));
    vec bias = v_select(subnormal, v_set1(INTEGERS + EXPONENT_BIAS + MANTISSA_BITS + 1),
                        v_set1(INTEGERS + EXPONENT_BIAS));
    /* The shift makes the exponent field change at sqrt(1/2), where 1 + f begins. */
    const uvec sqrt_half = v_bits(v_set1(SQRT_HALF)), one = v_bits(v_set1(1));
    uvec shifted = y + (one - sqrt_half);
    vec k = v_from(shifted >> MANTISSA_BITS | v_bits(integers)) - bias;
    vec m = v_from((shifted & ~v_bits(v_set1(-INFINITY))) + sqrt_half);
    vec result = FN(log_parts)(m - v_set1(1), k);
    result = v_select(v_lt(x, v_set1(INFINITY)), result, x); /* infinity and NaN */
    result = v_select(v_lt(x, zero), v_set1(NAN), result);
    return v_select(v_eq(x, zero), v_set1(-INFINITY), result);
}

/* log(1 + e) for 0 <= e <= 1, without the rounded sum 1 + e. */
FFNN_INLINE vec FN(log1p)(vec e)
{
    vmask great = v_lt(v_set1(2 * SQRT_HALF - 1), e);
    vec half = v_set1(0.5) * (e - v_set1(1)); /* (1 + e) / 2 - 1 */
    return FN(log_parts)(v_select(great, half, e), v_select(great, v_set1(1), v_set1(0)));
}

/* y = f(x), element by element; y may be x. */
FFNN_INLINE void FN(map)(ptrdiff_t n, const real *x, real *y, vec (*f)(vec))
{
    ptrdiff_t j = 0;
    for (; j + LANES <= n; j += LANES) v_store(y + j, f(v_load(x + j)));
    if (j < n) v_store_part(y + j, n - j, f(v_load_part(x + j, n - j)));
}

static void FN(exp_loop)(ptrdiff_t n, const void *x, void *y)
{
    FN(map)(n, x, y, FN(exp));
}

static void FN(log_loop)(ptrdiff_t n, const void *x, void *y)
{
    FN(map)(n, x, y, FN(log));
}
