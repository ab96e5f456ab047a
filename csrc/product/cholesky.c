/* cholesky.c - the Cholesky factor U of a symmetric matrix of doubles, A = U^T U, in blocks of
 * rows.
 *
 * Left-looking: a block of rows takes away what those before it explain, in one product, whose
 * operands memory holds as tiles read them; and so does, within it, a panel of few rows, which are
 * then done one by one. What lies below the upper triangle takes no part: there may be anything
 * before, and is anything after.
 */
#include "product.h"

#include <math.h>

enum { PANEL = 16 }; /* rows done one by one, each in calls that a product would not repay */

static ptrdiff_t end_of(ptrdiff_t first, ptrdiff_t rows, ptrdiff_t end)
{
    return end - first < rows ? end : first + rows;
}

/* A[first..end, first..] -= U[from..first, first..end]^T U[from..first, first..]. */
static void take_away(const ffnn_kernels *k, ptrdiff_t n, double *a, ptrdiff_t row, ptrdiff_t from,
                      ptrdiff_t first, ptrdiff_t end, double *negated)
{
    const ptrdiff_t rows = end - first, depth = first - from;
    const double *above = a + from * row + first;
    if (depth == 0) return;
    for (ptrdiff_t j = 0; j < depth; j++)
        for (ptrdiff_t i = 0; i < rows; i++) negated[j * rows + i] = -above[j * row + i];
    ffnn_product_run(&(ffnn_product){
        .kernels = k,
        .left = {negated, rows, depth, 1, rows},
        .right = {above, depth, n - first, row, 1},
        .out = a + first * row + first,
        .out_row = row,
        .start = FFNN_FROM_TILE,
    });
}

bool ffnn_cholesky_rows(const ffnn_kernels *k, ptrdiff_t n, double *a, ptrdiff_t row,
                        ptrdiff_t first, double *negated)
{
    const ptrdiff_t end = end_of(first, FFNN_CHOLESKY_BLOCK, n);
    take_away(k, n, a, row, 0, first, end, negated);
    for (ptrdiff_t from = first, to; from < end; from = to) {
        to = end_of(from, PANEL, end);
        take_away(k, n, a, row, first, from, to, negated);
        for (ptrdiff_t i = from; i < to; i++) {
            double *of = a + i * row + i;
            for (ptrdiff_t j = from; j < i; j++)
                k->add_scaled(n - i, -a[j * row + i], a + j * row + i, of);
            if (!(*of > 0) || !isfinite(*of)) return false;
            k->divide(n - i, of, sqrt(*of));
        }
    }
    return true;
}

/* Minus, since a product adds: the rows that are done already stand with the sign it takes. */
static void take_away_solved(const ffnn_kernels *k, ffnn_view l, ptrdiff_t from, ptrdiff_t first,
                             ptrdiff_t end, double *x, ptrdiff_t cols, ptrdiff_t x_row)
{
    if (first == from) return;
    ffnn_product_run(&(ffnn_product){
        .kernels = k,
        .left = {ffnn_view_element(k, l, first, from), end - first, first - from, l.row, l.col},
        .right = {x + from * x_row, first - from, cols, x_row, 1},
        .out = x + first * x_row,
        .out_row = x_row,
        .start = FFNN_FROM_TILE,
    });
}

void ffnn_cholesky_forward(const ffnn_kernels *k, ffnn_view l, ptrdiff_t from, ptrdiff_t first,
                           double *x, ptrdiff_t cols, ptrdiff_t x_row)
{
    const double *of_l = l.data;
    const ptrdiff_t end = end_of(first, FFNN_CHOLESKY_BLOCK, l.rows);
    take_away_solved(k, l, from, first, end, x, cols, x_row);
    for (ptrdiff_t top = first, to; top < end; top = to) {
        to = end_of(top, PANEL, end);
        take_away_solved(k, l, first, top, to, x, cols, x_row);
        for (ptrdiff_t i = top; i < to; i++) {
            for (ptrdiff_t j = top; j < i; j++)
                k->add_scaled(cols, of_l[i * l.row + j * l.col], x + j * x_row, x + i * x_row);
            k->divide(cols, x + i * x_row, -of_l[i * (l.row + l.col)]);
        }
    }
}

void ffnn_cholesky_solve(const ffnn_kernels *k, ptrdiff_t n, const double *u, ptrdiff_t row,
                         double *x)
{
    for (ptrdiff_t i = 0; i < n; i++) {
        x[i] /= u[i * row + i];
        k->add_scaled(n - i - 1, -x[i], u + i * row + i + 1, x + i + 1);
    }
    for (ptrdiff_t i = n - 1; i >= 0; i--)
        x[i] = (x[i] - k->dot(n - i - 1, u + i * row + i + 1, x + i + 1)) / u[i * row + i];
}
