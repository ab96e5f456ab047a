/* core_check_maps.c - exp, log, the activations and their derivatives. */
#include "core_check.h"

#include <float.h>

/* ---- maps ----------------------------------------------------------------------------------- */

/* One of the table's loops, whichever of the two it is. */
typedef struct {
    void (*map)(ptrdiff_t n, const void *x, void *y);
    ffnn_value *value;
} loop;

static void apply(loop f, ptrdiff_t n, const void *x, void *y)
{
    if (f.map)
        f.map(n, x, y);
    else
        f.value(1, n, x, n, y, n);
}

static void try_map(const char *name, loop f, wide (*truth)(wide), double most, ptrdiff_t n)
{
    place("%s of %td", name, n);
    fresh();
    ffnn_view x = lay(PLAIN, 1, n, chosen);
    void *y = take(n), *in_place = (void *)plain_copy(x).data;
    apply(f, n, x.data, y);
    apply(f, n, in_place, in_place);
    for (ptrdiff_t i = 0; i < n; i++) {
        double from = at(x, 0, i), got = get(y, i), error = ulps(truth(from), got);
        CHECK(error <= most, "[%td]: %s(%a) is %a, not %La: %.3f ulp", i, name, from, got,
              truth(from), error);
        /* Of a subnormal number the truth is 0 where long double is emulated by double. */
        CHECK(truth(from) != 0 || got != 0 || (from != 0 && fabs(from) < DBL_MIN) ||
                  same(got, (double)truth(from)),
              "[%td]: sign of 0 of %a", i, from);
        CHECK(same(get(in_place, i), got), "[%td]: in place %a, not %a of %a", i, get(in_place, i),
              got, from);
        char alone[sizeof(double)];
        apply(f, 1, (const char *)x.data + i * k->element_bytes, alone);
        CHECK(same(get(alone, 0), got), "[%td]: %a, alone %a", i, got, get(alone, 0));
    }
    check_guards();
}

static wide true_log(wide x)
{
    return x == 0 ? -(wide)INFINITY : logl(x);
}

/* da g'(z), rounded as the type rounds, where that is known to the bit; else NaN. */
static double literal_slope(ffnn_activation g, double da, double z)
{
    if (g == FFNN_linear) return da;
    if (g == FFNN_relu) return z <= 0 ? 0 : da;
    if (g != FFNN_sigmoid) return NAN;
    char from[sizeof(double)], s[sizeof(double)];
    put(from, 0, z);
    k->activations[g].value(1, 1, from, 1, s, 1);
    return product(product(da, get(s, 0)), difference(1, get(s, 0)));
}

static void try_derivative(ffnn_activation g, ptrdiff_t n)
{
    const ffnn_activation_kernels *row = &k->activations[g];
    place("derivative of %s of %td", row->name, n);
    fresh();
    ffnn_view z = lay(PLAIN, 1, n, chosen), da = lay(PLAIN, 1, n, below(2) ? chosen : solid);
    const double tiny = is_double() ? DBL_TRUE_MIN : FLT_TRUE_MIN;
    void *dz = take(n), *kept = (void *)plain_copy(z).data, *over_z = (void *)plain_copy(z).data,
         *over_da = (void *)plain_copy(da).data, *of_saved = take(n);
    row->derivative(1, n, da.data, n, z.data, n, dz, n);
    row->derivative(1, n, da.data, n, over_z, n, over_z, n);
    row->derivative(1, n, over_da, n, z.data, n, over_da, n);
    if (!row->saves_input) row->value(1, n, kept, n, kept, n);
    row->run_derivative(1, n, da.data, n, kept, n, of_saved, n);
    for (ptrdiff_t i = 0; i < n; i++) {
        double a = at(da, 0, i), x = at(z, 0, i), got = get(dz, i), due = literal_slope(g, a, x);
        CHECK(isnan(due) || same(got, due), "[%td]: %a for da %a, z %a, not %a", i, got, a, x, due);
        CHECK(same(get(over_z, i), got) && same(get(over_da, i), got), "[%td]: in place differs",
              i);
        CHECK(same(get(of_saved, i), got), "[%td]: %a from what a run saves, not %a, z %a", i,
              get(of_saved, i), got, x);
        if (!isfinite(x)) continue;
        /* Slopes reach 1.13, but for exp's, to which the bound is relative then. */
        const wide slope = true_slope(g, x), size = fmaxl(1, fabsl(slope));
        const wide most = (is_double() ? DBL_MAX : FLT_MAX) / 2;
        if (fabs(a) <= most && fabsl(slope) <= most && fabsl(a * slope) <= most)
            CHECK(fabsl(got - a * slope) <= 16 * unit * fabsl(a) * (size > 2 ? size : 1) + 4 * tiny,
                  "[%td]: %a for da %a, z %a", i, got, a, x);
    }
    check_guards();
}

/* Each operand's rows touch or lie apart by themselves: the numbers of one long row all the same,
 * and nothing between the rows. */
static void try_rows(ffnn_activation g, ptrdiff_t rows, ptrdiff_t cols)
{
    const ffnn_activation_kernels *row = &k->activations[g];
    const ptrdiff_t n = rows * cols;
    for (int apart = 0; apart < 8; apart++) {
        place("%s of [%td, %td], rows apart: %d", row->name, rows, cols, apart);
        fresh();
        const ffnn_view z = lay(PLAIN, rows, cols, moderate), da = lay(PLAIN, rows, cols, solid);
        const ffnn_result value = take_result(rows, cols, 0), slope = take_result(rows, cols, 0),
                          of_z = take_result(rows, cols, apart & 1 ? 2 : 0),
                          of_da = take_result(rows, cols, apart & 2 ? 1 : 0),
                          a = take_result(rows, cols, apart & 4 ? 3 : 0),
                          dz = take_result(rows, cols, apart & 4 ? 3 : 0);
        for (ptrdiff_t i = 0; i < rows; i++)
            for (ptrdiff_t j = 0; j < cols; j++) {
                put(of_z.data, i * of_z.row + j, at(z, i, j));
                put(of_da.data, i * of_da.row + j, at(da, i, j));
            }
        row->value(1, n, z.data, n, value.data, n);
        row->derivative(1, n, da.data, n, z.data, n, slope.data, n);
        row->value(rows, cols, of_z.data, of_z.row, a.data, a.row);
        row->derivative(rows, cols, of_da.data, of_da.row, of_z.data, of_z.row, dz.data, dz.row);
        check_same_bits(a, value, rows, cols, "value");
        check_same_bits(dz, slope, rows, cols, "derivative");
        check_gaps(a, rows, cols);
        check_gaps(dz, rows, cols);
        check_guards();
    }
}

/* Columns that stand in other lanes, or alone, have the same bits. */
static void try_softmax(ptrdiff_t rows, ptrdiff_t cols)
{
    const ffnn_activation_kernels *row = &k->activations[FFNN_softmax];
    place("softmax of [%td, %td]", rows, cols);
    fresh();
    ffnn_view z = lay(FAR, rows, cols, moderate), da = lay(PLAIN, rows, cols, solid);
    ffnn_result a = take_result(rows, cols, 2), of_a = take_result(rows, cols, 1),
                of_z = take_result(rows, cols, 0), alone = take_result(rows, 1, 0);
    row->value(rows, cols, z.data, z.row, a.data, a.row);
    row->run_derivative(rows, cols, da.data, da.row, a.data, a.row, of_a.data, of_a.row);
    row->derivative(rows, cols, da.data, da.row, z.data, z.row, of_z.data, of_z.row);
    check_guards();
    check_gaps(a, rows, cols);
    check_gaps(of_a, rows, cols);
    for (ptrdiff_t j = 0; j < cols; j++) {
        row->value(rows, 1, (const char *)z.data + j * k->element_bytes, z.row, alone.data, 1);
        wide top = -INFINITY, total = 0, dot = 0, size = 0;
        for (ptrdiff_t i = 0; i < rows; i++) top = fmaxl(top, at(z, i, j));
        for (ptrdiff_t i = 0; i < rows; i++) total += expl(at(z, i, j) - top);
        for (ptrdiff_t i = 0; i < rows; i++) {
            wide due = expl(at(z, i, j) - top) / total;
            dot += due * at(da, i, j), size += due * fabs(at(da, i, j));
        }
        for (ptrdiff_t i = 0; i < rows; i++) {
            double got = get(a.data, i * a.row + j);
            wide due = expl(at(z, i, j) - top) / total, bound = (wide)(rows + 8) * unit;
            /* z - top is rounded once, which exp multiplies by its size. */
            wide of_exp = (bound + fabsl(at(z, i, j) - top) * unit) * due + 0x1p-149L;
            CHECK(fabsl(got - due) <= of_exp, "[%td, %td]: %.17g, not %.17Lg", i, j, got, due);
            CHECK(same(get(alone.data, i), got), "[%td, %td]: another alone", i, j);
            wide slope = due * (at(da, i, j) - dot), most = 64 * (wide)rows * unit * (1 + size);
            CHECK(fabsl(get(of_a.data, i * of_a.row + j) - slope) <= most,
                  "derivative [%td, %td]: %g, not %Lg", i, j, get(of_a.data, i * of_a.row + j),
                  slope);
            CHECK(fabsl(get(of_z.data, i * cols + j) - slope) <= most,
                  "derivative from z [%td, %td]: %g, not %Lg", i, j, get(of_z.data, i * cols + j),
                  slope);
        }
    }
}

void check_maps(void)
{
    const double more = is_double() && narrow ? 2 : 0; /* the truth itself errs */
    for (int round = 0; round < (quick ? 4 : 200); round++)
        for (ptrdiff_t n = 0; n <= 2 * k->lanes + 1; n++) {
            if (round && skipped(4)) continue;
            try_map("exp", (loop){k->exp, NULL}, expl, 1 + more, n);
            try_map("log", (loop){k->log, NULL}, true_log, 1 + more, n);
            for (int g = 0; g < FFNN_ACTIVATIONS; g++) {
                const ffnn_activation_kernels *row = &k->activations[g];
                if (row->by_columns) continue;
                const truth *t = truth_of((ffnn_activation)g);
                try_map(row->name, (loop){NULL, row->value}, t->value, allowed_ulps(t), n);
                try_derivative((ffnn_activation)g, n);
                if (n && round < 2) try_rows((ffnn_activation)g, 2 + round, n);
            }
            if (n) try_softmax(1 + round % 5, n);
        }
}
