/* ulp_truths.inl.h - what ulp.c holds the library's results against, in the type `wide`, whose
 * functions <tgmath.h> finds. Included once for floats and once for doubles; T(name) says which.
 */

static wide T(sigmoid)(wide z)
{
    wide e = exp(-fabs(z));
    return (z < 0 ? e : 1) / (1 + e);
}

static wide T(sigmoid_slope)(wide z)
{
    return T(sigmoid)(z) * T(sigmoid)(-z);
}

static wide T(tanh_slope)(wide z)
{
    return 1 / (cosh(z) * cosh(z));
}

static wide T(leaky_relu)(wide z)
{
    return z < 0 ? (wide)0.01L * z : z;
}

static wide T(leaky_relu_slope)(wide z)
{
    return z <= 0 ? (wide)0.01L : 1; /* 1 for NaN, too, as relu's */
}

static wide T(elu)(wide z)
{
    return z < 0 ? expm1(z) : z;
}

static wide T(elu_slope)(wide z)
{
    return z > 0 ? 1 : exp(z);
}

/* The normal distribution function. Far below 0 a rounding of the argument of erfc would count a
 * thousandfold; it is made good. */
static wide T(normal)(wide z)
{
    const wide half = 0.5L, two_by_root_pi = 1.12837916709551257389615890312L;
    const wide root = sqrt(half), root_low = fma(-root, root, half) / (2 * root);
    wide x = -z * root, x_low = fma(-z, root, -x) - z * root_low;
    wide low = isfinite(x) ? two_by_root_pi * exp(-x * x) * x_low : 0;
    return (erfc(x) - low) / 2;
}

/* Its derivative, with the square made good. */
static wide T(normal_slope)(wide z)
{
    const wide half = 0.5L, by_root_two_pi = 0.398942280401432677939946059934L;
    wide square = z * z, low = isfinite(square) ? fma(z, z, -square) : 0;
    return by_root_two_pi * exp(-half * square) * (1 - half * low);
}

static wide T(gelu)(wide z)
{
    return z == -(wide)INFINITY ? 0 : z * T(normal)(z);
}

static wide T(gelu_slope)(wide z)
{
    return T(normal)(z) + (isinf(z) ? 0 : z * T(normal_slope)(z));
}

static wide T(silu)(wide z)
{
    return z == -(wide)INFINITY ? 0 : z * T(sigmoid)(z);
}

static wide T(silu_slope)(wide z)
{
    return T(sigmoid)(z) + (isinf(z) ? 0 : z * T(sigmoid_slope)(z));
}

static wide T(softplus)(wide z)
{
    return (z < 0 ? 0 : z) + log1p(exp(-fabs(z)));
}

/* The size of the terms of a slope that is a difference. */

/* a (1 - a) and 1 - a^2 are made from a, which has lost what the differences need. */
static wide T(sigmoid_slope_terms)(wide z)
{
    return T(sigmoid)(z);
}

static wide T(tanh_slope_terms)(wide z)
{
    (void)z;
    return 1;
}

static wide T(gelu_slope_terms)(wide z)
{
    return fmax(T(normal)(z), isinf(z) ? 0 : fabs(z) * T(normal_slope)(z));
}

static wide T(silu_slope_terms)(wide z)
{
    return fmax(T(sigmoid)(z), isinf(z) ? 0 : fabs(z) * T(sigmoid_slope)(z));
}
