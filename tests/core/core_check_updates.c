/* core_check_updates.c - steps of parameters, sums of rows, packing. */
#include "core_check.h"

#include <float.h>

static void try_update(ptrdiff_t n)
{
    place("updates of %td", n);
    fresh();
    const double rate = uniform(0.01, 2), divisor = (double)(1 + below(2000));
    ffnn_view x = lay(PLAIN, 1, n, below(4) ? solid : chosen), dx = lay(PLAIN, 1, n, solid);
    void *out = take(n), *over = (void *)plain_copy(x).data, *added = (void *)plain_copy(x).data,
         *divided = (void *)plain_copy(x).data, *scaled = (void *)plain_copy(x).data;
    k->update(n, x.data, dx.data, rate, out);
    k->update(n, over, dx.data, rate, over);
    k->add(n, dx.data, added);
    k->divide(n, divided, divisor);
    k->add_scaled(n, rate, dx.data, scaled);
    wide squares = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = at(x, 0, i), d = at(dx, 0, i);
        double due = difference(a, product(rounded(rate), d));
        CHECK(same(get(out, i), due) && same(get(over, i), due), "[%td]: %a - %a * %a is %a or %a",
              i, a, rate, d, get(out, i), get(over, i));
        CHECK(same(get(added, i), sum(a, d)), "[%td]: %a + %a is %a", i, a, d, get(added, i));
        CHECK(same(get(scaled, i), sum(a, product(rounded(rate), d))), "[%td]: scaled %a", i,
              get(scaled, i));
        squares += ((wide)rate * a + divisor * d) * (rate * a + divisor * d);
        CHECK(same(get(divided, i), quotient(a, divisor)), "[%td]: %a / %g is %a", i, a, divisor,
              get(divided, i));
    }
    const double got = k->square_sum(n, rate, x.data, divisor, dx.data);
    if (isfinite((double)squares))
        CHECK(fabsl(got - squares) <= squares * (wide)(n + 8) * DBL_EPSILON, "%g, not %Lg", got,
              squares);
    check_guards();
}

/* One element by the formulas of ffnn.optimizers(). */
static wide true_step(ffnn_optimizer o, const ffnn_coefficients *s, wide w, wide dw, wide *v,
                      wide *m)
{
    const wide g = s->scale * dw + s->l2 * w;
    switch (o) {
    case FFNN_gd:
        return w - s->rate * g;
    case FFNN_momentum:
        *v = s->beta * *v + (1 - s->beta) * g;
        return w - s->rate * *v;
    case FFNN_classical_momentum:
        *v = s->beta * *v + g;
        return w - s->rate * *v;
    case FFNN_nesterov:
        *v = s->beta * *v + g;
        return w - s->rate * (g + s->beta * *v);
    case FFNN_velocity:
        *v = s->beta * *v - s->rate * g;
        return w + *v;
    case FFNN_nesterov_velocity:
        *v = s->beta * *v - s->rate * g;
        return w + s->beta * *v - s->rate * g;
    case FFNN_rmsprop:
        *v = s->beta * *v + (1 - s->beta) * g * g;
        return w - s->rate * g / (sqrtl(*v) + s->epsilon);
    default:
        *v = s->beta1 * *v + (1 - s->beta1) * g;
        *m = s->beta2 * *m + (1 - s->beta2) * g * g;
        if (o == FFNN_adam_epsilon_hat)
            return w -
                   s->rate * sqrtl(s->correction2) / s->correction1 * *v / (sqrtl(*m) + s->epsilon);
        if (o == FFNN_adamw) w -= s->rate * s->weight_decay * w;
        return w - s->rate * (*v / s->correction1) / (sqrtl(*m / s->correction2) + s->epsilon);
    }
}

static double share(void)
{
    return uniform(0.1, 1);
}

static void try_optimizer(ffnn_optimizer o, ptrdiff_t n, double l2)
{
    const ffnn_optimizer_kernels *row = &k->optimizers[o];
    place("%s of %td", row->name, n);
    fresh();
    const ffnn_coefficients s = {.rate = 0.25,
                                 .beta = 0.75,
                                 .beta1 = 0.5,
                                 .beta2 = 0.875,
                                 .epsilon = 0x1p-20,
                                 .weight_decay = 0.125,
                                 .correction1 = 0.75,
                                 .correction2 = 0.5,
                                 .scale = 0.25,
                                 .l2 = l2};
    ffnn_view w = lay(PLAIN, 1, n, solid), dw = lay(PLAIN, 1, n, solid);
    ffnn_view v = lay(PLAIN, 1, n, share), m = lay(PLAIN, 1, n, share);
    void *new_w = (void *)plain_copy(w).data;
    void *moments[] = {(void *)plain_copy(v).data, (void *)plain_copy(m).data};
    row->step(n, &s, dw.data, new_w, moments);
    for (ptrdiff_t i = 0; i < n; i++) {
        wide of_v = at(v, 0, i), of_m = at(m, 0, i);
        wide due = true_step(o, &s, at(w, 0, i), at(dw, 0, i), &of_v, &of_m);
        CHECK(fabsl(get(new_w, i) - due) <= 16 * unit, "[%td]: w %.17g, not %.17Lg", i,
              get(new_w, i), due);
        CHECK(fabsl(get(moments[0], i) - of_v) <= 4 * unit, "[%td]: v %.17g, not %.17Lg", i,
              get(moments[0], i), of_v);
        CHECK(fabsl(get(moments[1], i) - of_m) <= 4 * unit, "[%td]: s %.17g, not %.17Lg", i,
              get(moments[1], i), of_m);
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
            for (int o = 0; o < FFNN_OPTIMIZERS; o++)
                if (k->optimizers[o].step) try_optimizer((ffnn_optimizer)o, n, round % 2 ? 0.5 : 0);
            try_row_sums(1 + round, n, round % 2 ? FAR : PLAIN);
        }
    try_row_sums(2, 1025, PLAIN);
    for (ptrdiff_t cols = 1; cols <= k->tile_cols; cols++)
        for (ptrdiff_t depth = 0; depth <= 2 * k->lanes + 1; depth++)
            for (int layout = 0; layout < LAYOUTS; layout++)
                if (!skipped(19)) try_pack(depth, cols, (enum layout)layout);
}
