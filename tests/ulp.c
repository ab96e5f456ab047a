/* ulp.c - the errors of exp, log and the activations in units of the last place, and their cost.
 *
 *   make -f tests/ulp.mk            every float (minutes) and 20 million chosen doubles
 *   make -f tests/ulp.mk STEP=997   every 997th float
 *   make -f tests/ulp.mk STEP=9973 DOUBLES=99999 CC=aarch64-linux-gnu-gcc LDFLAGS=-static \
 *       RUN=qemu-aarch64            another host's, under an emulator
 *
 * Fails where an error is above its bound. Floats are held against the C library's double
 * functions, doubles against its long double ones (64 bits of significand on x86-64, 113 on 64-bit
 * Arm), which err by less than 0.002 ulp of the narrower type. An ulp is the distance of the type's
 * numbers at the true value, so half of one is the best there is.
 */
#include "../csrc/ffnn.h"

#include <float.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#if LDBL_MANT_DIG < 64
#error "long double must be wider than double"
#endif

enum { BLOCK = 4096, ISAS = 8 };

typedef struct {
    const char *name;
    int activation; /* or -1: exp or log */
    double bound;
    double (*of_float)(double x);
    long double (*of_double)(long double x);
} function;

typedef struct {
    double error, x;
} worst;

static double sigmoid_of_float(double z)
{
    double e = exp(-fabs(z));
    return (z < 0 ? e : 1) / (1 + e);
}

static long double sigmoid_of_double(long double z)
{
    long double e = expl(-fabsl(z));
    return (z < 0 ? e : 1) / (1 + e);
}

static double elu_of_float(double z)
{
    return z < 0 ? expm1(z) : z;
}

static long double elu_of_double(long double z)
{
    return z < 0 ? expm1l(z) : z;
}

static double silu_of_float(double z)
{
    return z == -INFINITY ? 0 : z * sigmoid_of_float(z);
}

static long double silu_of_double(long double z)
{
    return z == -INFINITY ? 0 : z * sigmoid_of_double(z);
}

static double softplus_of_float(double z)
{
    return (z < 0 ? 0 : z) + log1p(exp(-fabs(z)));
}

static long double softplus_of_double(long double z)
{
    return (z < 0 ? 0 : z) + log1pl(expl(-fabsl(z)));
}

static double gelu_of_float(double z)
{
    return z == -INFINITY ? 0 : z * erfc(-z * 0.70710678118654752) / 2;
}

/* Far below 0 a rounding of the argument of erfc would count a thousandfold; it is made good. */
static long double gelu_of_double(long double z)
{
    const long double root = sqrtl(0.5L), root_low = (0.5L - root * root) / (2 * root);
    if (z == -INFINITY || isnan(z)) return isnan(z) ? z : 0;
    long double x = -z * root, x_low = fmal(-z, root, -x) - z * root_low;
    long double slope = 1.12837916709551257389615890312L * expl(-x * x);
    return z * (erfcl(x) - (isfinite(x) ? slope * x_low : 0)) / 2;
}

static const function functions[] = {
    {"exp", -1, 1.0, exp, expl},
    {"log", -1, 1.0, log, logl},
    {"sigmoid", FFNN_sigmoid, 1.5, sigmoid_of_float, sigmoid_of_double},
    {"tanh", FFNN_tanh, 2.0, tanh, tanhl},
    {"elu", FFNN_elu, 2.0, elu_of_float, elu_of_double},
    {"gelu", FFNN_gelu, 4.0, gelu_of_float, gelu_of_double},
    {"silu", FFNN_silu, 2.0, silu_of_float, silu_of_double},
    {"softplus", FFNN_softplus, 2.0, softplus_of_float, softplus_of_double}};

static void apply(const ffnn_kernels *k, const function *f, ptrdiff_t n, const void *x, void *y)
{
    if (f->activation >= 0)
        k->activations[f->activation].value(1, n, x, n, y, n);
    else if (f->of_float == exp)
        k->exp(n, x, y);
    else
        k->log(n, x, y);
}

/* ---- measuring ------------------------------------------------------------------------------ */

/* The distance of `got` from `truth` in ulps of a type with `digits` bits and exponents from
 * `least` to `greatest`, as in 0.5 <= f < 1, x = f * 2^exponent. */
static double distance(long double truth, double got, int digits, int least, int greatest)
{
    if (isnan(truth) || isnan(got)) return isnan(truth) && isnan(got) ? 0 : INFINITY;
    if (truth == got) return 0;
    long double limit = ldexpl(1, greatest); /* what infinity stands for */
    if (isinf(got)) {
        if (isinf(truth) || signbit(got) != signbit(truth)) return INFINITY;
        got = copysign(1, got);
        return fabsl(truth) >= limit ? 0 : (double)ldexpl(got * limit - truth, digits - greatest);
    }
    if (fabsl(truth) >= limit) return INFINITY;
    int exponent;
    frexpl(truth, &exponent);
    if (truth == 0 || exponent < least) exponent = least;
    return (double)ldexpl(fabsl(truth - got), digits - exponent);
}

static void measure_floats(int n, const float *x, const float *got, const double *truth, worst *w)
{
    for (int i = 0; i < n; i++) {
        double error;
        uint64_t bits;
        memcpy(&bits, &truth[i], sizeof bits);
        int exponent = (int)(bits >> 52 & 0x7ff) - 1022;
        if (exponent <= FLT_MAX_EXP - 1 && isfinite(got[i])) { /* the same, without library calls */
            if (exponent < FLT_MIN_EXP) exponent = FLT_MIN_EXP;
            bits = (uint64_t)(1023 + FLT_MANT_DIG - exponent) << 52;
            double per_ulp;
            memcpy(&per_ulp, &bits, sizeof bits);
            error = fabs(truth[i] - got[i]) * per_ulp;
        } else {
            error = distance(truth[i], got[i], FLT_MANT_DIG, FLT_MIN_EXP, FLT_MAX_EXP);
        }
        if (error > w->error) *w = (worst){error, x[i]};
    }
}

static void measure_doubles(int n, const double *x, const double *got, const long double *truth,
                            worst *w)
{
    for (int i = 0; i < n; i++) {
        double error = distance(truth[i], got[i], DBL_MANT_DIG, DBL_MIN_EXP, DBL_MAX_EXP);
        if (error > w->error) *w = (worst){error, x[i]};
    }
}

/* ---- what is measured ----------------------------------------------------------------------- */

/* All floats, or every `step`-th by their bits. */
static void sweep_floats(const function *f, uint64_t step, worst *w)
{
    static float x[BLOCK], got[BLOCK];
    static double truth[BLOCK];
    for (uint64_t bits = 0; bits < UINT64_C(1) << 32;) {
        int n = 0;
        for (; n < BLOCK && bits < UINT64_C(1) << 32; n++, bits += step) {
            uint32_t low = (uint32_t)bits;
            memcpy(&x[n], &low, sizeof low);
            truth[n] = f->of_float(x[n]);
        }
        for (int i = 0; ffnn_isa_available(i); i++) {
            apply(ffnn_isa_available(i)->kernels[FFNN_FLOAT], f, n, x, got);
            measure_floats(n, x, got, truth, &w[i]);
        }
    }
}

static uint64_t random_bits(uint64_t *state)
{
    uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

static double uniform(uint64_t *state, double low, double high)
{
    return low + (high - low) * (double)(random_bits(state) >> 11) * 0x1p-53;
}

/* Doubles where something changes: the ends of reduced ranges, of results, of exponents. */
static double chosen_double(uint64_t *state, int kind)
{
    double u = uniform(state, -1, 1);
    double step = floor(uniform(state, -2200, 2200)) * 0.34657359027997264;
    kind %= 10;
    if (kind == 0) return uniform(state, -760, 760);
    if (kind == 1) return uniform(state, -4, 4);
    if (kind == 2) return step * (1 + u * 0x1p-20);   /* n log(2) / 2: r at its ends */
    if (kind == 3) return uniform(state, -746, -707); /* subnormal results */
    if (kind == 4) return uniform(state, 709, 710);   /* the last finite ones */
    if (kind == 5) return ldexp(u, (int)uniform(state, -1080, 10));  /* all sizes */
    if (kind == 6) return 1 + ldexp(u, (int)uniform(state, -53, 0)); /* logs near 0 */
    if (kind == 7) return ldexp(sqrt(0.5) * (1 + u * 0x1p-10), (int)uniform(state, -1074, 1025));
    if (kind == 8) return uniform(state, 0, 0x1p-1022); /* subnormal arguments */
    uint64_t bits = random_bits(state);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void sample_doubles(const function *f, long doubles, worst *w)
{
    static double x[BLOCK], got[BLOCK];
    static long double truth[BLOCK];
    static const double special[] = {0.0,      -0.0,         INFINITY,     -INFINITY, NAN,
                                     1.0,      -1.0,         DBL_MAX,      -DBL_MAX,  DBL_MIN,
                                     -DBL_MIN, DBL_TRUE_MIN, -DBL_TRUE_MIN};
    enum { SPECIAL = sizeof special / sizeof *special };
    uint64_t state = 1;
    for (long done = 0; done < doubles; done += BLOCK) {
        for (int i = 0; i < BLOCK; i++) {
            x[i] = done == 0 && i < SPECIAL ? special[i] : chosen_double(&state, i);
            truth[i] = f->of_double(x[i]);
        }
        for (int i = 0; ffnn_isa_available(i); i++) {
            apply(ffnn_isa_available(i)->kernels[FFNN_DOUBLE], f, BLOCK, x, got);
            measure_doubles(BLOCK, x, got, truth, &w[i]);
        }
    }
}

/* Nanoseconds an element, the best of many runs over arguments in the first-level cache. */
static double cost(const ffnn_kernels *k, const function *f)
{
    enum { N = 1024, RUNS = 20, TRIES = 200 };
    static double x[N], y[N];
    for (int i = 0; i < N; i++) {
        double value = 12.0 * i / N + (f->of_float == log ? 0.01 : -6);
        if (k->real == FFNN_DOUBLE)
            x[i] = value;
        else
            ((float *)x)[i] = (float)value;
    }
    double best = INFINITY;
    for (int try = 0; try < TRIES; try++) {
        struct timespec a, b;
        clock_gettime(CLOCK_MONOTONIC, &a);
        for (int run = 0; run < RUNS; run++) apply(k, f, N, x, y);
        clock_gettime(CLOCK_MONOTONIC, &b);
        double ns = (double)(b.tv_sec - a.tv_sec) * 1e9 + (double)(b.tv_nsec - a.tv_nsec);
        best = fmin(best, ns / (N * RUNS));
    }
    return best;
}

int main(int argc, char **argv)
{
    uint64_t step = argc > 1 ? strtoull(argv[1], NULL, 10) : 1;
    long doubles = argc > 2 ? strtol(argv[2], NULL, 10) : 20000000;
    if (step == 0) step = 1;
    int failures = 0;
    printf("%-8s %-6s %-8s %8s  %-24s %s\n", "function", "type", "isa", "ulp", "at", "ns/element");
    for (size_t which = 0; which < sizeof functions / sizeof *functions; which++)
        for (ffnn_real real = FFNN_FLOAT; real < FFNN_REALS; real++) {
            const function *f = &functions[which];
            worst w[ISAS] = {{0}};
            if (real == FFNN_FLOAT)
                sweep_floats(f, step, w);
            else
                sample_doubles(f, doubles, w);
            for (int i = 0; ffnn_isa_available(i); i++) {
                const ffnn_isa *isa = ffnn_isa_available(i);
                bool bad = !(w[i].error <= f->bound);
                failures += bad;
                printf("%-8s %-6s %-8s %8.4f  %-24a %.3f%s\n", f->name,
                       real == FFNN_FLOAT ? "float" : "double", isa->name, w[i].error, w[i].x,
                       cost(isa->kernels[real], f), bad ? "  ABOVE THE BOUND" : "");
                fflush(stdout);
            }
        }
    return failures != 0;
}
