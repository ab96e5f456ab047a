/* ulp.c - the errors of exp, log, the activations and their slopes in units of the last place, and
 * what they cost.
 *
 *   make -f tests/core/ulp.mk            every float (minutes) and 20 million chosen doubles
 *   make -f tests/core/ulp.mk STEP=997   every 997th float
 *   make -f tests/core/ulp.mk ONLY=gelu_slope ISA=avx512     one function, one instruction set
 *   make -f tests/core/ulp.mk STEP=9973 DOUBLES=99999 CC=aarch64-linux-gnu-gcc LDFLAGS=-static \
 *       RUN=qemu-aarch64            another host's, under an emulator
 *
 * Fails where an error is above its bound. Floats are held against the C library's double
 * functions, doubles against its long double ones (64 bits of significand on x86-64, 113 on 64-bit
 * Arm), which err by less than 0.002 ulp of the narrower type. An ulp is the distance of the type's
 * numbers at the true value, so half of one is the best there is. Where a slope is a difference of
 * two terms, it is their distance at the greater term.
 */
#include "../../csrc/system/system.h"

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

#include <tgmath.h> /* (exp) is the function, exp(x) that of the type of x */
#define wide double
#define T(name) name##_of_float
#include "ulp_truths.inl.h"
#undef wide
#undef T
#define wide long double
#define T(name) name##_of_double
#include "ulp_truths.inl.h"

typedef enum { EXP, LOG, VALUE, SLOPE } kind; /* SLOPE: the derivative taken from z, for da = 1 */

typedef struct {
    const char *name;
    kind kind;
    ffnn_activation activation;
    double bound;
    double (*of_float)(double x);
    long double (*of_double)(long double x);
    double (*terms_of_float)(double x); /* what an ulp is taken from, or NULL: from the value */
    long double (*terms_of_double)(long double x);
} function;

#define BOTH(f) f##_of_float, f##_of_double
#define ITSELF NULL, NULL

static const function functions[] = {
    {"exp", EXP, 0, 1.0, exp, expl, ITSELF},
    {"log", LOG, 0, 1.0, log, logl, ITSELF},
    {"sigmoid", VALUE, FFNN_sigmoid, 1.5, BOTH(sigmoid), ITSELF},
    {"tanh", VALUE, FFNN_tanh, 2.0, tanh, tanhl, ITSELF},
    {"leaky_relu", VALUE, FFNN_leaky_relu, 1.0, BOTH(leaky_relu), ITSELF},
    {"elu", VALUE, FFNN_elu, 2.0, BOTH(elu), ITSELF},
    {"gelu", VALUE, FFNN_gelu, 4.0, BOTH(gelu), ITSELF},
    {"silu", VALUE, FFNN_silu, 2.0, BOTH(silu), ITSELF},
    {"softplus", VALUE, FFNN_softplus, 2.0, BOTH(softplus), ITSELF},
    {"sigmoid_slope", SLOPE, FFNN_sigmoid, 2.5, BOTH(sigmoid_slope), BOTH(sigmoid_slope_terms)},
    {"tanh_slope", SLOPE, FFNN_tanh, 1.5, BOTH(tanh_slope), BOTH(tanh_slope_terms)},
    {"leaky_relu_slope", SLOPE, FFNN_leaky_relu, 0.5, BOTH(leaky_relu_slope), ITSELF},
    {"elu_slope", SLOPE, FFNN_elu, 1.0, BOTH(elu_slope), ITSELF},
    {"gelu_slope", SLOPE, FFNN_gelu, 4.0, BOTH(gelu_slope), BOTH(gelu_slope_terms)},
    {"silu_slope", SLOPE, FFNN_silu, 3.5, BOTH(silu_slope), BOTH(silu_slope_terms)},
    {"softplus_slope", SLOPE, FFNN_softplus, 1.5, BOTH(sigmoid), ITSELF},
};

static const ffnn_isa *isas[ISAS + 1]; /* those that are measured; NULL at the end */

static void apply(const ffnn_kernels *k, const function *f, ptrdiff_t n, const void *x, void *y)
{
    static float ones_float[BLOCK];
    static double ones_double[BLOCK];
    for (int i = 0; i < BLOCK && ones_double[BLOCK - 1] == 0; i++)
        ones_float[i] = 1, ones_double[i] = 1;
    const void *ones = k->real == FFNN_FLOAT ? (void *)ones_float : (void *)ones_double;
    const ffnn_activation_kernels *g = &k->activations[f->activation];
    if (f->kind == EXP) (k->exp)(n, x, y);
    if (f->kind == LOG) (k->log)(n, x, y);
    if (f->kind == VALUE) g->value(1, n, x, n, y, n);
    if (f->kind == SLOPE) g->derivative(1, n, ones, n, x, n, y, n);
}

typedef struct {
    double error, x;
} worst;

/* ---- measuring ------------------------------------------------------------------------------ */

/* The distance of `got` from `truth` in ulps at `size` of a type with `digits` bits and exponents
 * from `least` to `greatest`, as in 0.5 <= f < 1, x = f * 2^exponent. */
static double distance(long double truth, long double size, double got, int digits, int least,
                       int greatest)
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
    frexpl(size, &exponent);
    if (size == 0 || exponent < least) exponent = least;
    return (double)ldexpl(fabsl(truth - got), digits - exponent);
}

static void measure_floats(int n, const float *x, const float *got, const double *truth,
                           const double *size, worst *w)
{
    for (int i = 0; i < n; i++) {
        double error;
        uint64_t bits;
        memcpy(&bits, &size[i], sizeof bits);
        int exponent = (int)(bits >> 52 & 0x7ff) - 1022;
        /* The same, without library calls. */
        if (exponent <= FLT_MAX_EXP - 1 && isfinite(got[i]) && isfinite(truth[i])) {
            if (exponent < FLT_MIN_EXP) exponent = FLT_MIN_EXP;
            bits = (uint64_t)(1023 + FLT_MANT_DIG - exponent) << 52;
            double per_ulp;
            memcpy(&per_ulp, &bits, sizeof bits);
            error = fabs(truth[i] - got[i]) * per_ulp;
        } else {
            error = distance(truth[i], size[i], got[i], FLT_MANT_DIG, FLT_MIN_EXP, FLT_MAX_EXP);
        }
        if (error > w->error) *w = (worst){error, x[i]};
    }
}

static void measure_doubles(int n, const double *x, const double *got, const long double *truth,
                            const long double *size, worst *w)
{
    for (int i = 0; i < n; i++) {
        double error = distance(truth[i], size[i], got[i], DBL_MANT_DIG, DBL_MIN_EXP, DBL_MAX_EXP);
        if (error > w->error) *w = (worst){error, x[i]};
    }
}

/* ---- what is measured ----------------------------------------------------------------------- */

/* All floats, or every `step`-th by their bits. */
static void sweep_floats(const function *f, uint64_t step, worst *w)
{
    static float x[BLOCK], got[BLOCK];
    static double truth[BLOCK], size[BLOCK];
    for (uint64_t bits = 0; bits < UINT64_C(1) << 32;) {
        int n = 0;
        for (; n < BLOCK && bits < UINT64_C(1) << 32; n++, bits += step) {
            uint32_t low = (uint32_t)bits;
            memcpy(&x[n], &low, sizeof low);
            truth[n] = f->of_float(x[n]);
            size[n] = f->terms_of_float ? fmax(fabs(truth[n]), f->terms_of_float(x[n])) : truth[n];
        }
        for (int i = 0; isas[i]; i++) {
            apply(isas[i]->kernels[FFNN_FLOAT], f, n, x, got);
            measure_floats(n, x, got, truth, size, &w[i]);
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
    kind %= 11;
    if (kind == 0) return uniform(state, -760, 760);
    if (kind == 1) return uniform(state, -4, 4);
    if (kind == 2) return step * (1 + u * 0x1p-20);   /* n log(2) / 2: r at its ends */
    if (kind == 3) return uniform(state, -746, -707); /* subnormal results */
    if (kind == 4) return uniform(state, 709, 710);   /* the last finite ones */
    if (kind == 5) return ldexp(u, (int)uniform(state, -1080, 10));  /* all sizes */
    if (kind == 6) return 1 + ldexp(u, (int)uniform(state, -53, 0)); /* logs near 0 */
    if (kind == 7) return ldexp(sqrt(0.5) * (1 + u * 0x1p-10), (int)uniform(state, -1074, 1025));
    if (kind == 8) return uniform(state, 0, 0x1p-1022); /* subnormal arguments */
    if (kind == 9) return uniform(state, -39, 9);       /* the normal distribution's tails */
    uint64_t bits = random_bits(state);
    double x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

static void sample_doubles(const function *f, long doubles, worst *w)
{
    static double x[BLOCK], got[BLOCK];
    static long double truth[BLOCK], size[BLOCK];
    static const double special[] = {0.0,      -0.0,         INFINITY,     -INFINITY, NAN,
                                     1.0,      -1.0,         DBL_MAX,      -DBL_MAX,  DBL_MIN,
                                     -DBL_MIN, DBL_TRUE_MIN, -DBL_TRUE_MIN};
    enum { SPECIAL = sizeof special / sizeof *special };
    uint64_t state = 1;
    for (long done = 0; done < doubles; done += BLOCK) {
        for (int i = 0; i < BLOCK; i++) {
            x[i] = done == 0 && i < SPECIAL ? special[i] : chosen_double(&state, i);
            truth[i] = f->of_double(x[i]);
            size[i] =
                f->terms_of_double ? fmax(fabs(truth[i]), f->terms_of_double(x[i])) : truth[i];
        }
        for (int i = 0; isas[i]; i++) {
            apply(isas[i]->kernels[FFNN_DOUBLE], f, BLOCK, x, got);
            measure_doubles(BLOCK, x, got, truth, size, &w[i]);
        }
    }
}

/* Nanoseconds an element, the best of many runs over arguments in the first-level cache. */
static double cost(const ffnn_kernels *k, const function *f)
{
    enum { N = 1024, RUNS = 20, TRIES = 200 };
    static double x[N], y[N];
    for (int i = 0; i < N; i++) {
        double value = 12.0 * i / N + (f->kind == LOG ? 0.01 : -6);
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
    const char *only = argc > 3 ? argv[3] : "", *isa = argc > 4 ? argv[4] : "";
    if (step == 0) step = 1;
    int count = 0, failures = 0, measured = 0;
    for (int i = 0; ffnn_isa_available(i) && count < ISAS; i++)
        if (!*isa || strcmp(isa, ffnn_isa_available(i)->name) == 0)
            isas[count++] = ffnn_isa_available(i);
    printf("%-16s %-6s %-8s %8s  %-24s %s\n", "function", "type", "isa", "ulp", "at", "ns/element");
    for (size_t which = 0; which < sizeof functions / sizeof *functions; which++)
        for (ffnn_real real = FFNN_FLOAT; real < FFNN_REALS; real++) {
            const function *f = &functions[which];
            worst w[ISAS] = {{0}};
            if (*only && strcmp(only, f->name) != 0) continue;
            if (real == FFNN_FLOAT)
                sweep_floats(f, step, w);
            else
                sample_doubles(f, doubles, w);
            for (int i = 0; isas[i]; i++, measured++) {
                bool bad = !(w[i].error <= f->bound);
                failures += bad;
                printf("%-16s %-6s %-8s %8.4f  %-24a %.3f%s\n", f->name,
                       real == FFNN_FLOAT ? "float" : "double", isas[i]->name, w[i].error, w[i].x,
                       cost(isas[i]->kernels[real], f), bad ? "  ABOVE THE BOUND" : "");
                fflush(stdout);
            }
        }
    return failures != 0 || measured == 0;
}
