/* core_check_maps.c - what goes element by element: maps, costs, updates, sums of rows, packing. */
#include "core_check.h"

#include <float.h>

static bool is_double(void)
{
    return k->real == FFNN_DOUBLE;
}

/* Numbers where something happens: edges of the type, of reduced ranges, of results. */
static double chosen(void)
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

static double output(void) /* of a sigmoid, or of a user's own model */
{
    ptrdiff_t kind = below(12);
    return kind == 0 ? 0 : kind == 1 ? 1 : kind == 2 ? uniform(-1, 2) : uniform(0.001, 0.999);
}

static double label(void)
{
    ptrdiff_t kind = below(4);
    return kind == 0 ? uniform(0, 1) : kind < 3 ? 1 : 0;
}

static double moderate(void)
{
    return below(8) ? uniform(-6, 6) : uniform(-60, 60);
}

/* ---- maps ----------------------------------------------------------------------------------- */

typedef void map(ptrdiff_t n, const void *x, void *y);

static void try_map(const char *name, map *f, wide (*truth)(wide), double most, ptrdiff_t n)
{
    place("%s of %td", name, n);
    fresh();
    ffnn_view x = lay(PLAIN, 1, n, chosen);
    void *y = take(n), *in_place = (void *)plain_copy(x).data;
    f(n, x.data, y);
    f(n, in_place, in_place);
    for (ptrdiff_t i = 0; i < n; i++) {
        double from = at(x, 0, i), got = get(y, i), error = ulps(truth(from), got);
        CHECK(error <= most, "[%td]: %s(%a) is %a, not %La: %.3f ulp", i, name, from, got,
              truth(from), error);
        CHECK(truth(from) != 0 || got != 0 || same(got, (double)truth(from)),
              "[%td]: sign of 0 of %a", i, from);
        CHECK(same(get(in_place, i), got), "[%td]: in place %a, not %a of %a", i, get(in_place, i),
              got, from);
        char alone[sizeof(double)];
        f(1, (const char *)x.data + i * k->element_bytes, alone);
        CHECK(same(get(alone, 0), got), "[%td]: %a, alone %a", i, got, get(alone, 0));
    }
    check_guards();
}

static wide true_relu(wide z)
{
    return z < 0 ? 0 : z; /* NaN and -0.0 stay */
}

static wide true_log(wide x)
{
    return x == 0 ? -(wide)INFINITY : logl(x);
}

/* The literal da g'(z), rounded as the type rounds. */
static double literal_slope(ffnn_activation g, double da, double z)
{
    if (g == FFNN_relu) return z <= 0 ? 0 : da;
    double s[1];
    char from[sizeof(double)];
    put(from, 0, z);
    k->activations[FFNN_sigmoid].value(1, from, s);
    return product(product(da, get(s, 0)), difference(1, get(s, 0)));
}

static void try_derivative(ffnn_activation g, ptrdiff_t n)
{
    place("derivative of %s of %td", k->activations[g].name, n);
    fresh();
    ffnn_view z = lay(PLAIN, 1, n, chosen), da = lay(PLAIN, 1, n, below(2) ? chosen : solid);
    const double tiny = is_double() ? DBL_TRUE_MIN : FLT_TRUE_MIN;
    void *dz = take(n), *over_z = (void *)plain_copy(z).data,
         *over_da = (void *)plain_copy(da).data;
    k->activations[g].derivative(n, da.data, z.data, dz);
    k->activations[g].derivative(n, da.data, over_z, over_z);
    k->activations[g].derivative(n, over_da, z.data, over_da);
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = at(da, 0, i), x = at(z, 0, i), got = get(dz, i), due = literal_slope(g, a, x);
        CHECK(same(got, due), "[%td]: %a for da %a, z %a, not %a", i, got, a, x, due);
        CHECK(same(get(over_z, i), got) && same(get(over_da, i), got), "[%td]: in place differs",
              i);
        wide s = true_sigmoid(x), slope = g == FFNN_relu ? (wide)(x > 0) : s * (1 - s);
        if (isfinite(x) && isfinite(a))
            CHECK(fabsl(got - a * slope) <= 8 * unit * fabs(a) + 2 * tiny,
                  "[%td]: %a for da %a, z %a", i, got, a, x);
    }
    check_guards();
}

void check_maps(void)
{
    const double more = is_double() && narrow ? 2 : 0; /* the truth itself errs */
    for (int round = 0; round < (quick ? 4 : 200); round++)
        for (ptrdiff_t n = 0; n <= 2 * k->lanes + 1; n++) {
            if (round && skipped(4)) continue;
            try_map("exp", k->exp, expl, 1 + more, n);
            try_map("log", k->log, true_log, 1 + more, n);
            try_map("relu", k->activations[FFNN_relu].value, true_relu, 0, n);
            try_map("sigmoid", k->activations[FFNN_sigmoid].value, true_sigmoid, 1.5 + more, n);
            for (int g = 0; g < FFNN_ACTIVATIONS; g++) try_derivative((ffnn_activation)g, n);
        }
}

/* ---- costs ---------------------------------------------------------------------------------- */

static wide weighted(double factor, double x)
{
    return factor == 0 && x == 0 ? 0 : factor * true_log(x);
}

static void try_value(const ffnn_cost_kernels *cost, ptrdiff_t n, double (*number)(void))
{
    place("cost of %td", n);
    fresh();
    ffnn_view al = lay(PLAIN, 1, n, number), y = lay(PLAIN, 1, n, label);
    int flags = 0, due = 0;
    double got = cost->value(n, al.data, y.data, &flags);
    wide exact = 0, size = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = at(al, 0, i), t = at(y, 0, i), rest = difference(1, a),
               t_rest = difference(1, t);
        wide of_one = weighted(t, a), of_zero = weighted(t_rest, rest);
        exact -= of_one + of_zero;
        size += fabsl(of_one) + fabsl(of_zero);
        if ((a == 0 && t != 0) || (rest == 0 && t_rest != 0)) due |= FFNN_DIVIDE_BY_ZERO;
        if (a < 0 || rest < 0) due |= FFNN_INVALID;
    }
    CHECK(flags == due, "flags %d, not %d", flags, due);
    if (isfinite((double)exact)) /* valgrind's wide infinities are finite */
        CHECK(fabsl(got - exact) <= size * (8 * unit + (wide)n * DBL_EPSILON), "%.17g, not %.17Lg",
              got, exact);
    else
        CHECK(same((double)exact, got), "%g, not %Lg", got, exact);
    check_guards();
}

static void try_logits(const ffnn_cost_kernels *cost, ptrdiff_t n)
{
    place("cost of %td from logits", n);
    fresh();
    ffnn_view z = lay(PLAIN, 1, n, moderate), y = lay(PLAIN, 1, n, label);
    double got = cost->value_from_logits(n, z.data, y.data);
    wide exact = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        wide x = at(z, 0, i), t = at(y, 0, i);
        exact += fabsl(x) * (x < 0 ? t : 1 - t) + log1pl(expl(-fabsl(x)));
    }
    CHECK(fabsl(got - exact) <= exact * (8 * unit + (wide)n * DBL_EPSILON), "%.17g, not %.17Lg",
          got, exact);
    check_guards();
}

static void try_gradient(const ffnn_cost_kernels *cost, ptrdiff_t n)
{
    place("gradient of the cost of %td", n);
    fresh();
    ffnn_view z = lay(PLAIN, 1, n, moderate), y = lay(PLAIN, 1, n, label);
    void *s = take(n), *al = take(n), *dz = take(n), *of_value = take(n);
    k->activations[FFNN_sigmoid].value(n, z.data, s);
    for (ptrdiff_t i = 0; i < n; i++) put(al, i, below(3) ? get(s, i) : output());
    int flags = 0, due = 0;
    cost->output_gradient(n, al, y.data, z.data, dz, &flags);
    cost->output_gradient_of_value(n, al, y.data, of_value);
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = get(al, i), t = at(y, 0, i), got = get(dz, i), plain = difference(a, t);
        CHECK(same(get(of_value, i), plain), "[%td]: al - y is %a, not %a", i, get(of_value, i),
              plain);
        if (a == get(s, i)) {
            CHECK(same(got, plain), "[%td]: %a for al %a, y %a", i, got, a, t);
            continue;
        }
        double rest = difference(1, a), t_rest = difference(1, t);
        double of_a = quotient(t, a), of_rest = quotient(t_rest, rest);
        if ((a == 0 && t != 0) || (rest == 0 && t_rest != 0)) due |= FFNN_DIVIDE_BY_ZERO;
        if ((a == 0 && t == 0) || (rest == 0 && t_rest == 0)) due |= FFNN_INVALID;
        double slope = get(s, i), literal = product(-difference(of_a, of_rest), slope);
        literal = product(literal, difference(1, slope));
        CHECK(same(got, literal), "[%td]: %a for al %a, y %a, z %a, not %a", i, got, a, t,
              at(z, 0, i), literal);
    }
    CHECK(flags == due, "flags %d, not %d", flags, due);
    check_guards();
}

void check_costs(void)
{
    const ffnn_cost_kernels *cost = &k->costs[FFNN_binary_cross_entropy];
    for (int round = 0; round < (quick ? 3 : 100); round++)
        for (ptrdiff_t n = 0; n <= 2 * k->lanes + 1; n++) {
            if (round && skipped(4)) continue;
            try_value(cost, n, output);
            try_logits(cost, n);
            try_gradient(cost, n);
        }
    for (ptrdiff_t n = 511; n < 1030; n += n == 513 ? 510 : 1) { /* sums go by blocks of 512 */
        try_value(cost, n, output);
        try_logits(cost, n);
        try_gradient(cost, n);
    }
    place("cost of infinite logits");
    fresh();
    ffnn_view sure = lay(PLAIN, 1, 3, whole), wrong = plain_copy(sure), y = plain_copy(sure);
    for (int i = 0; i < 3; i++) {
        put((void *)y.data, i, i == 1);
        put((void *)sure.data, i, i == 1 ? INFINITY : -INFINITY);
        put((void *)wrong.data, i, i == 1 ? -INFINITY : -1);
    }
    double none = cost->value_from_logits(3, sure.data, y.data);
    CHECK(none == 0, "infinitely sure and right costs %g", none);
    double all = cost->value_from_logits(3, wrong.data, y.data);
    CHECK(all == INFINITY, "infinitely sure and wrong costs %g", all);
}

/* ---- updates, sums of rows, packing --------------------------------------------------------- */

static void try_update(ptrdiff_t n)
{
    place("updates of %td", n);
    fresh();
    const double rate = uniform(0.01, 2), divisor = (double)(1 + below(2000));
    ffnn_view x = lay(PLAIN, 1, n, below(4) ? solid : chosen), dx = lay(PLAIN, 1, n, solid);
    void *out = take(n), *over = (void *)plain_copy(x).data, *added = (void *)plain_copy(x).data,
         *divided = (void *)plain_copy(x).data;
    k->descend(n, x.data, dx.data, rate, out);
    k->descend(n, over, dx.data, rate, over);
    k->add(n, dx.data, added);
    k->divide(n, divided, divisor);
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = at(x, 0, i), d = at(dx, 0, i);
        double due = difference(a, product(rounded(rate), d));
        CHECK(same(get(out, i), due) && same(get(over, i), due), "[%td]: %a - %a * %a is %a or %a",
              i, a, rate, d, get(out, i), get(over, i));
        CHECK(same(get(added, i), sum(a, d)), "[%td]: %a + %a is %a", i, a, d, get(added, i));
        CHECK(same(get(divided, i), quotient(a, divisor)), "[%td]: %a / %g is %a", i, a, divisor,
              get(divided, i));
    }
    check_guards();
}

/* To the bit: interleaved chains, folded in halves. */
static void try_row_sums(ptrdiff_t rows, ptrdiff_t m, enum layout layout)
{
    place("sums of %td rows of %td, %s", rows, m, layout_names[layout]);
    fresh();
    ffnn_view a = lay(layout, rows, m, solid);
    void *out = take(rows);
    k->row_sums(rows, m, a.data, a.row, out);
    for (ptrdiff_t i = 0; i < rows; i++) {
        double chain[64] = {0};
        for (ptrdiff_t j = 0; j < m; j++)
            chain[j % k->lanes] = sum(chain[j % k->lanes], at(a, i, j));
        for (ptrdiff_t half = k->lanes / 2; half > 0; half /= 2)
            for (ptrdiff_t c = 0; c < half; c++) chain[c] = sum(chain[c], chain[c + half]);
        CHECK(get(out, i) == chain[0], "[%td]: %a, not %a", i, get(out, i), chain[0]);
    }
    check_guards();
}

static void try_pack(ptrdiff_t depth, ptrdiff_t cols, enum layout layout)
{
    place("pack [%td, %td], %s", depth, cols, layout_names[layout]);
    fresh();
    ffnn_view source = lay(layout, depth, cols, solid);
    void *panel = take(depth * k->tile_cols);
    k->pack(depth, cols, source.data, source.row, source.col, panel);
    for (ptrdiff_t p = 0; p < depth; p++)
        for (ptrdiff_t j = 0; j < k->tile_cols; j++) {
            double due = j < cols ? at(source, p, j) : 0, got = get(panel, p * k->tile_cols + j);
            CHECK(got == due, "[%td, %td]: %a, not %a", p, j, got, due);
        }
    check_guards();
}

void check_updates(void)
{
    for (ptrdiff_t n = 0; n <= 2 * k->lanes + 1; n++)
        for (int round = 0; round < 5; round++) {
            try_update(n);
            try_row_sums(1 + round, n, round % 2 ? FAR : PLAIN);
        }
    try_row_sums(2, 1025, PLAIN);
    for (ptrdiff_t cols = 1; cols <= k->tile_cols; cols++)
        for (ptrdiff_t depth = 0; depth <= 2 * k->lanes + 1; depth++)
            for (int layout = 0; layout < LAYOUTS; layout++)
                if (!skipped(19)) try_pack(depth, cols, (enum layout)layout);
}
