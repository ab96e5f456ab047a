/* cholesky.c - the Cholesky factor of a symmetric matrix of doubles, in blocks of columns.
 *
 * Left-looking: a block of columns takes away what those before it explain, in one product, and is
 * then factored by itself. Only the lower triangle is read and written.
 */
#include "product.h"

#include <math.h>

/* The sum of x y. */
static double dot(const ffnn_kernels *k, ptrdiff_t n, const double *x, const double *y)
{
    return n > 0 ? k->dot(n, x, y) : 0;
}

/* A[first.., first..end] -= L[first.., ..first] L[first..end, ..first]^T. */
static void take_away(const ffnn_kernels *k, ptrdiff_t n, double *a, ptrdiff_t row, ptrdiff_t first,
                      ptrdiff_t end, double *negated)
{
    for (ptrdiff_t i = first; i < end; i++)
        for (ptrdiff_t j = 0; j < first; j++) negated[(i - first) * row + j] = -a[i * row + j];
    ffnn_product_run(&(ffnn_product){
        .kernels = k,
        .left = {a + first * row, n - first, first, row, 1},
        .right = {negated, first, end - first, 1, row},
        .out = a + first * row + first,
        .out_row = row,
        .start = FFNN_FROM_TILE,
    });
}

bool ffnn_cholesky_columns(const ffnn_kernels *k, ptrdiff_t n, double *a, ptrdiff_t row,
                           ptrdiff_t first, double *negated)
{
    const ptrdiff_t left = n - first;
    const ptrdiff_t end = first + (left < FFNN_CHOLESKY_BLOCK ? left : FFNN_CHOLESKY_BLOCK);
    if (first > 0) take_away(k, n, a, row, first, end, negated);
    for (ptrdiff_t i = first; i < n; i++) {
        double *of = a + i * row + first;
        const ptrdiff_t columns = i < end ? i : end;
        for (ptrdiff_t j = first; j < columns; j++) {
            const double *above = a + j * row + first;
            of[j - first] = (of[j - first] - dot(k, j - first, of, above)) / above[j - first];
        }
        if (i >= end) continue;
        const double square = of[i - first] - dot(k, i - first, of, of);
        if (!(square > 0) || !isfinite(square)) return false;
        of[i - first] = sqrt(square);
    }
    return true;
}

/* Minus, since a product adds: the rows that are done already stand with the sign it takes. */
void ffnn_cholesky_rows(const ffnn_kernels *k, ptrdiff_t n, const double *l, ptrdiff_t row,
                        ptrdiff_t from, ptrdiff_t first, double *x, ptrdiff_t cols, ptrdiff_t x_row)
{
    const ptrdiff_t left = n - first;
    const ptrdiff_t end = first + (left < FFNN_CHOLESKY_BLOCK ? left : FFNN_CHOLESKY_BLOCK);
    if (first > from)
        ffnn_product_run(&(ffnn_product){
            .kernels = k,
            .left = {l + first * row + from, end - first, first - from, row, 1},
            .right = {x + from * x_row, first - from, cols, x_row, 1},
            .out = x + first * x_row,
            .out_row = x_row,
            .start = FFNN_FROM_TILE,
        });
    for (ptrdiff_t i = first; i < end; i++) {
        for (ptrdiff_t j = first; j < i; j++)
            k->add_scaled(cols, l[i * row + j], x + j * x_row, x + i * x_row);
        k->divide(cols, x + i * x_row, -l[i * row + i]);
    }
}

void ffnn_cholesky_solve(const ffnn_kernels *k, ptrdiff_t n, const double *l, ptrdiff_t row,
                         double *x)
{
    for (ptrdiff_t i = 0; i < n; i++) x[i] = (x[i] - dot(k, i, l + i * row, x)) / l[i * row + i];
    for (ptrdiff_t i = n - 1; i >= 0; i--) {
        x[i] /= l[i * row + i];
        k->add_scaled(i, -x[i], l + i * row, x);
    }
}
