/* core_check_truths.c - the numbers to try, and what activations and slopes really are there. */
#include "core_check.h"

#include <float.h>
#include <string.h>

bool is_double(void)
{
    return k->real == FFNN_DOUBLE;
}

double chosen(void)
{
    const double tiny = is_double() ? DBL_TRUE_MIN : FLT_TRUE_MIN;
    const double least = is_double() ? DBL_MIN : FLT_MIN, most = is_double() ? DBL_MAX : FLT_MAX;
    const double special[] = {0.0,    -0.0, INFINITY, -INFINITY, NAN,   1,   -1, least,
                              -least, tiny, -tiny,    most,      -most, 0.5, 2,  37};
    const double ends = is_double() ? 746 : 104; /* beyond, exp is 0; from 0.95 of it on infinite */
    double u = uniform(-1, 1);
    switch (below(9)) {
    case 0:
        return special[below(16)];
    case 1:
        return u * ends;
    case 2:
        return u * 4;
    case 3:
        return (double)below(200) * 0.34657359027997264 * (1 + u * 0x1p-18);
    case 4:
        return -ends + (1 + u) * ends * 0.03;
    case 5:
        return 1 + ldexp(u, -(int)below(is_double() ? 53 : 24));
    case 6:
        return ldexp(sqrt(0.5) * (1 + u * 0x1p-9), (int)below(200) - 100);
    case 7:
        return (u + 1) * least;
    default:
        return ldexp(u, (int)below(is_double() ? 2090 : 270) - (is_double() ? 1073 : 148));
    }
}

double moderate(void)
{
    return below(8) ? uniform(-6, 6) : uniform(-60, 60);
}

/* ---- truths ---- */

wide true_sigmoid(wide z)
{
    wide e = expl(-fabsl(z));
    return (z < 0 ? e : 1) / (1 + e);
}

static wide true_relu(wide z)
{
    return z < 0 ? 0 : z; /* NaN and -0.0 stay */
}

static wide relu_slope(wide z)
{
    return z > 0;
}

static wide sigmoid_slope(wide z)
{
    return true_sigmoid(z) * true_sigmoid(-z);
}

/* valgrind's tanhl loses the sign of 0. */
static wide true_tanh(wide z)
{
    return z == 0 ? z : tanhl(z);
}

static wide tanh_slope(wide z)
{
    return 1 / (coshl(z) * coshl(z));
}

static wide linear(wide z)
{
    return z;
}

static wide one(wide z)
{
    (void)z;
    return 1;
}

static wide leaky_relu(wide z)
{
    return z < 0 ? rounded(0.01) * z : z;
}

static wide leaky_relu_slope(wide z)
{
    return z > 0 ? 1 : rounded(0.01);
}

static wide elu(wide z)
{
    return z < 0 ? expm1l(z) : z;
}

static wide elu_slope(wide z)
{
    return z < 0 ? expl(z) : 1;
}

/* The normal distribution function. */
static wide normal(wide z)
{
    return erfcl(-z * sqrtl(0.5L)) / 2;
}

/* valgrind's wide infinities are finite. */
static bool is_minus_infinity(wide z)
{
    return (double)z == -INFINITY;
}

static wide gelu(wide z)
{
    return is_minus_infinity(z) ? -0.0L : z * normal(z);
}

static wide gelu_slope(wide z)
{
    return normal(z) + z * expl(-z * z / 2) * 0.398942280401432677939946059934L;
}

/* By halves, so that no factor is subnormal where the result is not. */
static wide silu(wide z)
{
    if (is_minus_infinity(z) || z >= 0) return z >= 0 ? z * true_sigmoid(z) : -0.0L;
    wide half = expl(z / 2);
    return z * half * half / (1 + half * half);
}

static wide silu_slope(wide z)
{
    return true_sigmoid(z) * (1 + z * true_sigmoid(-z));
}

static wide softplus(wide z)
{
    return (z > 0 ? z : 0) + log1pl(expl(-fabsl(z)));
}

static const truth truths[] = {
    {"relu", 0, true_relu, relu_slope},
    {"sigmoid", 1.5, true_sigmoid, sigmoid_slope},
    {"tanh", 2, true_tanh, tanh_slope},
    {"linear", 0, linear, one},
    {"leaky_relu", 0.5, leaky_relu, leaky_relu_slope},
    {"elu", 2, elu, elu_slope},
    {"gelu", 4, gelu, gelu_slope},
    {"silu", 2, silu, silu_slope},
    {"softplus", 2, softplus, true_sigmoid},
    {"exp", 1, expl, expl},
};

const truth *truth_of(ffnn_activation g)
{
    static const truth unknown = {"?", 0, linear, one};
    for (size_t i = 0; i < sizeof truths / sizeof *truths; i++)
        if (strcmp(truths[i].name, k->activations[g].name) == 0) return &truths[i];
    fail("nobody knows the truth about %s", k->activations[g].name);
    return &unknown;
}

wide true_slope(ffnn_activation g, wide z)
{
    return truth_of(g)->slope(z);
}

double allowed_ulps(const truth *t)
{
    if (!narrow || !is_double()) return t->ulps;
    return t->value == gelu ? 1e5 : t->ulps + 2; /* erfc is worth nothing far below 0 */
}
