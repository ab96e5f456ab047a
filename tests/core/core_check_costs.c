/* core_check_costs.c - costs, from outputs and from logits, and their gradients. */
#include "core_check.h"

#include <float.h>

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

static double level = 0.5;

/* ---- costs ---------------------------------------------------------------------------------- */

static wide true_log(wide x)
{
    return x == 0 ? -(wide)INFINITY : logl(x);
}

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
    double got = cost->value(1, n, al.data, n, y.data, n, NULL, level, &flags);
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
    double got = cost->value_from_logits(1, n, z.data, n, y.data, n, NULL);
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
    k->activations[FFNN_sigmoid].value(1, n, z.data, n, s, n);
    for (ptrdiff_t i = 0; i < n; i++) put(al, i, below(3) ? get(s, i) : output());
    int flags = 0, due = 0;
    cost->literal_gradient(1, n, al, y.data, z.data, dz, &flags);
    cost->gradient(1, n, al, n, y.data, n, level, of_value, n);
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

/* ---- the plain costs, and the categorical one ------------------------------------------------ */

static wide plain_loss(ffnn_cost cost, wide a, wide y)
{
    const wide d = fabsl(a - y);
    if (cost == FFNN_mean_squared_error) return d * d;
    if (cost == FFNN_mean_absolute_error) return d;
    if (cost == FFNN_quantile) return a < y ? level * d : (1 - (wide)level) * d;
    if (cost == FFNN_poisson) return (y == 0 ? 0 : y * logl(y / a)) - y + a;
    return d > 1 && cost == FFNN_huber ? d - 0.5L : d * d / 2;
}

static wide plain_slope(ffnn_cost cost, wide a, wide y)
{
    const wide d = a - y, sign = d > 0 ? 1 : d < 0 ? -1 : 0;
    if (cost == FFNN_mean_squared_error) return 2 * d;
    if (cost == FFNN_quantile) return d < 0 ? -level : d > 0 ? 1 - (wide)level : 0;
    if (cost == FFNN_poisson) return 1 - y / a;
    if (cost == FFNN_half_squared_error) return d;
    return cost == FFNN_mean_absolute_error || fabsl(d) > 1 ? sign : d;
}

static double above_0(void)
{
    return fabs(solid());
}

static void try_plain(ffnn_cost cost, ptrdiff_t rows, ptrdiff_t cols, enum layout layout)
{
    const ffnn_cost_kernels *row = &k->costs[cost];
    place("%s of [%td, %td]", row->name, rows, cols);
    fresh();
    double (*of)(void) = cost == FFNN_poisson ? above_0 : solid;
    ffnn_view a = lay(layout, rows, cols, of), y = lay(PLAIN, rows, cols, of);
    ffnn_view weights = lay(PLAIN, 1, cols, solid);
    ffnn_result da = take_result(rows, cols, 3);
    int flags = 0;
    double got = row->value(rows, cols, a.data, a.row, y.data, y.row, NULL, level, &flags);
    double heavy =
        row->value(rows, cols, a.data, a.row, y.data, y.row, weights.data, level, &flags);
    row->gradient(rows, cols, a.data, a.row, y.data, y.row, level, da.data, da.row);
    wide exact = 0, weighed = 0;
    for (ptrdiff_t i = 0; i < rows; i++)
        for (ptrdiff_t j = 0; j < cols; j++) {
            wide loss = plain_loss(cost, at(a, i, j), at(y, i, j));
            wide slope = plain_slope(cost, at(a, i, j), at(y, i, j));
            exact += loss, weighed += loss * at(weights, 0, j);
            CHECK(fabsl(get(da.data, i * da.row + j) - slope) <= 4 * unit,
                  "[%td, %td]: slope %g, not %Lg", i, j, get(da.data, i * da.row + j), slope);
        }
    const wide bound = (wide)(rows * cols) * (narrow ? 64 : 16) * unit;
    CHECK(fabsl(got - exact) <= bound, "%.17g, not %.17Lg", got, exact);
    CHECK(fabsl(heavy - weighed) <= bound, "with weights %.17g, not %.17Lg", heavy, weighed);
    CHECK(flags == 0, "flags %d", flags);
    check_guards();
    check_gaps(da, rows, cols);
}

/* Labels are columns of 0 and one 1, or shares. */
static void try_categorical(ptrdiff_t rows, ptrdiff_t cols, enum layout layout)
{
    const ffnn_cost_kernels *row = &k->costs[FFNN_categorical_cross_entropy];
    place("%s of [%td, %td]", row->name, rows, cols);
    fresh();
    ffnn_view z = lay(layout, rows, cols, moderate), y = lay(PLAIN, rows, cols, whole);
    ffnn_view weights = lay(PLAIN, 1, cols, solid);
    void *a = take(rows * cols), *dz = take(rows * cols), *literal = take(rows * cols);
    for (ptrdiff_t j = 0; j < cols; j++) {
        const ptrdiff_t class = below(rows);
        for (ptrdiff_t i = 0; i < rows; i++)
            put((void *)y.data, i * cols + j,
                rows > 1 && j % 3 == 0 ? 1.0 / (double)rows : i == class);
    }
    k->activations[FFNN_softmax].value(rows, cols, z.data, z.row, a, cols);
    int flags = 0;
    double logits = row->value_from_logits(rows, cols, z.data, z.row, y.data, cols, NULL);
    double heavy = row->value_from_logits(rows, cols, z.data, z.row, y.data, cols, weights.data);
    double got = row->value(rows, cols, a, cols, y.data, cols, NULL, level, &flags);
    row->gradient(rows, cols, a, cols, y.data, cols, level, dz, cols);
    row->literal_gradient(rows, cols, a, y.data, plain_copy(z).data, literal, &flags);
    wide exact = 0, weighed = 0;
    const double normal = is_double() ? DBL_MIN : FLT_MIN;
    bool is_coarse = false; /* the logarithm of a subnormal output */
    for (ptrdiff_t j = 0; j < cols; j++) {
        wide top = -INFINITY, total = 0;
        for (ptrdiff_t i = 0; i < rows; i++) top = fmaxl(top, at(z, i, j));
        for (ptrdiff_t i = 0; i < rows; i++) total += expl(at(z, i, j) - top);
        for (ptrdiff_t i = 0; i < rows; i++) {
            wide loss = at(y, i, j) * (logl(total) - (at(z, i, j) - top));
            wide share = expl(at(z, i, j) - top) / total;
            exact += loss, weighed += loss * at(weights, 0, j);
            is_coarse |= at(y, i, j) > 0 && get(a, i * cols + j) < normal;
            CHECK(fabsl(get(dz, i * cols + j) - (share - at(y, i, j))) <= 160 * unit,
                  "[%td, %td]: dz %g, not %Lg", i, j, get(dz, i * cols + j), share - at(y, i, j));
            CHECK(same(get(literal, i * cols + j), get(dz, i * cols + j)),
                  "[%td, %td]: of its own softmax %a, not %a", i, j, get(literal, i * cols + j),
                  get(dz, i * cols + j));
        }
    }
    const wide bound = (wide)cols * 1000 * unit;
    CHECK(fabsl(logits - exact) <= bound, "from logits %.17g, not %.17Lg", logits, exact);
    CHECK(fabsl(heavy - weighed) <= bound, "with weights %.17g, not %.17Lg", heavy, weighed);
    CHECK(isinf(got) || is_coarse || fabsl(got - exact) <= bound, "%.17g, not %.17Lg", got, exact);
    check_guards();
}

static void check_other_costs(void)
{
    const ptrdiff_t V = k->lanes, widths[] = {1, V - 1, V, V + 1, 3 * V + 2, 511, 513};
    for (ptrdiff_t rows = 1; rows < 5; rows++)
        for (int w = 0; w < 7; w++) {
            const enum layout layout = w % 2 ? FAR : PLAIN;
            try_plain(FFNN_mean_squared_error, rows, widths[w], layout);
            try_plain(FFNN_mean_absolute_error, rows, widths[w], layout);
            try_plain(FFNN_huber, rows, widths[w], layout);
            try_plain(FFNN_half_squared_error, rows, widths[w], layout);
            try_plain(FFNN_poisson, rows, widths[w], layout);
            level = w % 2 ? 0.875 : 0.0625;
            try_plain(FFNN_quantile, rows, widths[w], layout);
            try_categorical(rows, widths[w], layout);
        }
}

void check_costs(void)
{
    check_other_costs();
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
    double none = cost->value_from_logits(1, 3, sure.data, 3, y.data, 3, NULL);
    CHECK(none == 0, "infinitely sure and right costs %g", none);
    double all = cost->value_from_logits(1, 3, wrong.data, 3, y.data, 3, NULL);
    CHECK(all == INFINITY, "infinitely sure and wrong costs %g", all);
}
