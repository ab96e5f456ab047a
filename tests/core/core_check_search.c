/* core_check_search.c - the line search, each of its ends; and the Cholesky factor. */
#include "core_check.h"

#include "train/line_search.h"

#include <float.h>
#include <stdlib.h>

/* A cost along a line, and its slope. */
typedef double along(double step, double *slope);

static const double DECREASE = 1e-3, CURVATURE = 0.9, LARGEST = 1e10;

static ffnn_search_exit search(along *f, double first, double largest, ffnn_line_search *s,
                               double *highest)
{
    double slope, cost = f(0, &slope);
    ffnn_search_exit now = ffnn_search_begin(s, cost, slope, first, largest, DBL_EPSILON);
    *highest = 0;
    for (int i = 0; now == FFNN_SEARCH_GOES_ON && i < 100; i++) {
        *highest = fmax(*highest, s->step);
        cost = f(s->step, &slope);
        now = ffnn_search_next(s, cost, slope);
    }
    return now;
}

/* Moré and Thuente's first three functions, and the fourth's kind with a long flat way. */
static double first_of_theirs(double x, double *slope)
{
    const double beta = 2, below = x * x + beta;
    *slope = (x * x - beta) / (below * below);
    return -x / below;
}

static double second_of_theirs(double x, double *slope)
{
    const double beta = 0.004, t = x + beta;
    *slope = 5 * pow(t, 4) - 8 * pow(t, 3);
    return pow(t, 5) - 2 * pow(t, 4);
}

static double third_of_theirs(double x, double *slope)
{
    const double beta = 0.01, waves = 39, pi = 3.14159265358979323846;
    double smooth, turn;
    if (x <= 1 - beta)
        smooth = 1 - x, turn = -1;
    else if (x >= 1 + beta)
        smooth = x - 1, turn = 1;
    else
        smooth = (x - 1) * (x - 1) / (2 * beta) + beta / 2, turn = (x - 1) / beta;
    *slope = turn + (1 - beta) * cos(waves * pi / 2 * x);
    return smooth + 2 * (1 - beta) / (waves * pi) * sin(waves * pi / 2 * x);
}

/* Infinite from 1 on, and steep before: the minimum is at 1/2. */
static double with_a_wall(double x, double *slope)
{
    *slope = x < 1 ? -1 / (x + 1e-3) + 1 / (1 - x) : NAN;
    return x < 1 ? -log(x + 1e-3) - log(1 - x) : INFINITY;
}

static double falls_for_ever(double x, double *slope)
{
    *slope = -1;
    return -x;
}

/* No slope near the minimum is small. */
static double kink(double x, double *slope)
{
    *slope = x < 0.3 ? -1 : 1;
    return fabs(x - 0.3);
}

static double nowhere_finite(double x, double *slope)
{
    *slope = x == 0 ? -1 : NAN;
    return x == 0 ? 0 : NAN;
}

static void check_wolfe(along *f, double first, const char *name)
{
    ffnn_line_search s;
    double slope, slope_at_0, highest;
    const double at_0 = f(0, &slope_at_0);
    place("search along %s from %g", name, first);
    CHECK(search(f, first, LARGEST, &s, &highest) == FFNN_SEARCH_WOLFE, "another end");
    const double cost = f(s.step, &slope);
    CHECK(cost <= at_0 + DECREASE * s.step * slope_at_0, "%g is not lower than %g", cost, at_0);
    CHECK(fabs(slope) <= CURVATURE * fabs(slope_at_0), "the slope is %g", slope);
    CHECK(s.best.step == s.step && s.best.cost == cost, "it is not the best");
}

static void check_end(along *f, double largest, ffnn_search_exit due, double best)
{
    ffnn_line_search s;
    double highest;
    place("a search that ends by %d", (int)due);
    const ffnn_search_exit got = search(f, fmin(1, largest), largest, &s, &highest);
    CHECK(got == due, "it ends by %d", (int)got);
    CHECK(fabs(s.best.step - best) <= 1e-3, "the best is %g", s.best.step);
    CHECK(highest <= largest, "%g was tried", highest);
}

/* A minimum at 1 that no slope shows: the interval shrinks around it to nothing, by way of steps
 * that rounding lets fall on its end or beside it. */
static void check_rounding(double steep, ffnn_search_exit due)
{
    ffnn_line_search s;
    place("a search that rounding ends by %d", (int)due);
    ffnn_search_exit now = ffnn_search_begin(&s, 0, -1, 1, LARGEST, DBL_EPSILON);
    while (now == FFNN_SEARCH_GOES_ON)
        now = s.step > 1 ? ffnn_search_next(&s, -1 + steep * (s.step - 1), steep)
                         : ffnn_search_next(&s, -s.step, -1);
    CHECK(now == due, "it ends by %d", (int)now);
    CHECK(s.step == 1 && s.best.step == 1 && s.best.cost == -1, "at %g", s.step);
}

/* ---- Rosenbrock's valley, by searches alone ---- */

static double valley_x[2], valley_d[2];

static double valley(double step, double *slope)
{
    const double x = valley_x[0] + step * valley_d[0], y = valley_x[1] + step * valley_d[1];
    const double off = y - x * x;
    *slope = (-400 * x * off - 2 * (1 - x)) * valley_d[0] + 200 * off * valley_d[1];
    return 100 * off * off + (1 - x) * (1 - x);
}

/* Newton's direction where it goes down, else the gradient's: every search has to end well. */
static void check_valley(double x, double y)
{
    ffnn_line_search s;
    double highest, slope, cost = HUGE_VAL;
    valley_x[0] = x, valley_x[1] = y;
    for (int i = 0; i < 100 && cost > 1e-20; i++) {
        place("a valley, search %d", i);
        x = valley_x[0], y = valley_x[1];
        const double off = y - x * x, gx = -400 * x * off - 2 * (1 - x), gy = 200 * off;
        const double xx = 1200 * x * x - 400 * y + 2, xy = -400 * x, yy = 200;
        const double determinant = xx * yy - xy * xy;
        valley_d[0] = -(yy * gx - xy * gy) / determinant;
        valley_d[1] = -(xx * gy - xy * gx) / determinant;
        if (valley_d[0] * gx + valley_d[1] * gy >= 0) valley_d[0] = -gx, valley_d[1] = -gy;
        if (gx == 0 && gy == 0) break;
        CHECK(search(valley, 1, LARGEST, &s, &highest) == FFNN_SEARCH_WOLFE, "another end");
        valley_x[0] += s.step * valley_d[0], valley_x[1] += s.step * valley_d[1];
        valley_d[0] = valley_d[1] = 0;
        cost = valley(0, &slope);
    }
    CHECK(cost <= 1e-20, "its cost is %g at (%g, %g)", cost, valley_x[0], valley_x[1]);
}

/* ---- the Cholesky factor ---- */

/* L x = the rows that were given, but for the sign, where those above `from` are zeros. */
static void check_forward(ffnn_view L, ptrdiff_t from)
{
    enum { COLS = 11, X_ROW = COLS + 2 };
    const ptrdiff_t n = L.rows;
    const double *l = L.data;
    place("rows of [%td, %td] from %td on, %td apart", n, n, from, L.row);
    double *x = calloc((size_t)n * X_ROW, sizeof *x), *due = calloc((size_t)n * X_ROW, sizeof *due);
    for (ptrdiff_t i = from; i < n; i++)
        for (ptrdiff_t j = 0; j < COLS; j++) x[i * X_ROW + j] = due[i * X_ROW + j] = uniform(-1, 1);
    for (ptrdiff_t first = from; first < n; first += FFNN_CHOLESKY_BLOCK)
        ffnn_cholesky_forward(k, L, from, first, x, COLS, X_ROW);
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < X_ROW; j++) {
            double sum = 0;
            for (ptrdiff_t p = 0; p <= i; p++) sum -= l[i * L.row + p * L.col] * x[p * X_ROW + j];
            CHECK(fabs(sum - due[i * X_ROW + j]) <= 8 * (double)n * DBL_EPSILON,
                  "[%td, %td]: %g, not %g", i, j, sum, due[i * X_ROW + j]);
        }
    free(x), free(due);
}

/* Both triangles of a positive definite matrix, from a random factor. */
static void fill_definite(ptrdiff_t n, ptrdiff_t row, double *a, double *u)
{
    for (ptrdiff_t i = 0; i < n * row; i++) u[i] = uniform(-1, 1);
    for (ptrdiff_t i = 0; i < n; i++) {
        for (ptrdiff_t j = i; j < n; j++) {
            for (ptrdiff_t p = 0; p <= i; p++) a[i * row + j] += u[p * row + i] * u[p * row + j];
            a[j * row + i] = a[i * row + j];
        }
        a[i * row + i] += (double)n;
    }
}

/* u = the upper triangle of a, NaN below it. */
static void copy_upper(ptrdiff_t n, ptrdiff_t row, const double *a, double *u)
{
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < n; j++) u[i * row + j] = j >= i ? a[i * row + j] : NAN;
}

static bool factor(ptrdiff_t n, ptrdiff_t row, double *u, double *negated)
{
    for (ptrdiff_t first = 0; first < n; first += FFNN_CHOLESKY_BLOCK)
        if (!ffnn_cholesky_rows(k, n, u, row, first, negated)) return false;
    return true;
}

static void check_cholesky(ptrdiff_t n)
{
    place("the factor of [%td, %td]", n, n);
    const ptrdiff_t row = n + 3;
    double *a = calloc((size_t)(n * row), sizeof *a), *u = calloc((size_t)(n * row), sizeof *u);
    double *x = calloc((size_t)n, sizeof *x), *due = calloc((size_t)n, sizeof *due);
    double *negated = calloc((size_t)(FFNN_CHOLESKY_BLOCK * n), sizeof *negated);
    fill_definite(n, row, a, u);
    for (ptrdiff_t i = 0; i < n; i++) due[i] = uniform(-1, 1);
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < n; j++) x[i] += a[i * row + j] * due[j];
    copy_upper(n, row, a, u);
    CHECK(factor(n, row, u, negated), "it is not positive definite");
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = i; j < n; j++) {
            double sum = 0;
            for (ptrdiff_t p = 0; p <= i; p++) sum += u[p * row + i] * u[p * row + j];
            CHECK(fabs(sum - a[i * row + j]) <= 8 * (double)n * DBL_EPSILON * (double)n,
                  "[%td, %td]: %g, not %g", i, j, sum, a[i * row + j]);
        }
    ffnn_cholesky_solve(k, n, u, row, x);
    for (ptrdiff_t i = 0; i < n; i++)
        CHECK(fabs(x[i] - due[i]) <= 64 * (double)n * DBL_EPSILON, "x[%td] is off by %g", i,
              x[i] - due[i]);
    /* As it stands, and row by row of L. */
    const ffnn_view by_columns = {u, n, n, 1, row};
    check_forward(by_columns, 0);
    check_forward(by_columns, n / 2);
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < i; j++) u[i * row + j] = u[j * row + i], u[j * row + i] = NAN;
    check_forward((ffnn_view){u, n, n, row, 1}, 0);
    /* A matrix whose last pivot is none; 0 for certain where it is the only one. */
    const double pivots[] = {-1, -HUGE_VAL, HUGE_VAL, NAN, 0};
    for (int bad = 0; bad < (n == 1 ? 5 : 4); bad++) {
        copy_upper(n, row, a, u);
        u[(n - 1) * (row + 1)] = pivots[bad];
        CHECK(!factor(n, row, u, negated), "with a pivot of %g it has a factor", pivots[bad]);
    }
    free(a), free(u), free(x), free(due), free(negated);
}

static void check_kernels(ptrdiff_t n)
{
    place("dot and largest of %td", n);
    fresh();
    const ffnn_view x = lay(PLAIN, 1, n, solid), y = lay(PLAIN, 1, n, solid);
    wide sum = 0, scale = 0;
    double most = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        sum += (wide)at(x, 0, i) * at(y, 0, i);
        scale += fabsl((wide)at(x, 0, i) * at(y, 0, i));
        most = fmax(most, fabs(at(x, 0, i)));
    }
    CHECK(fabsl(k->dot(n, x.data, y.data) - sum) <= (wide)(n + 1) * DBL_EPSILON * scale, "dot");
    CHECK(k->largest(n, x.data) == most, "largest");
    if (n == 0) return;
    void *with = (void *)plain_copy(x).data;
    put(with, n / 2, -2);
    CHECK(k->largest(n, with) == 2, "a negative one is the largest");
    put(with, n / 2, NAN);
    CHECK(isnan(k->largest(n, with)), "a NaN is lost");
    check_guards();
}

void check_search(void)
{
    for (ptrdiff_t n = 0; n <= 2 * k->lanes + 9; n++) check_kernels(n);
    if (!is_double()) return;
    for (double first = 1e-3; first <= 1e3; first *= 100) {
        check_wolfe(first_of_theirs, first, "the first");
        check_wolfe(second_of_theirs, first, "the second");
        check_wolfe(third_of_theirs, first, "the third");
        check_wolfe(with_a_wall, first, "one with a wall");
    }
    check_end(falls_for_ever, 7, FFNN_SEARCH_LARGEST, 7);
    check_end(kink, LARGEST, FFNN_SEARCH_TRIALS, 0.3);
    check_end(nowhere_finite, LARGEST, FFNN_SEARCH_TRIALS, 0);
    check_rounding(2, FFNN_SEARCH_ROUNDING);
    check_rounding(3, FFNN_SEARCH_NARROW);
    ffnn_line_search s;
    place("a search that goes up");
    CHECK(ffnn_search_begin(&s, 1, 0, 1, 2, DBL_EPSILON) == FFNN_SEARCH_ASCENT,
          "a flat one goes on");
    CHECK(ffnn_search_begin(&s, 1, NAN, 1, 2, DBL_EPSILON) == FFNN_SEARCH_ASCENT, "a NaN goes on");
    check_valley(-1.2, 1);
    check_valley(3, -8);
    const ptrdiff_t sizes[] = {1, 2, 7, 16, 17, 63, 64, 65, 130, 200};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        if (!quick || sizes[i] < 100) check_cholesky(sizes[i]);
}
