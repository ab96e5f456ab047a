/* curvature.c - H, the Gauss-Newton matrix of the summed cost, and its factor. */
#include "gauss_newton.h"

#include <float.h>
#include <math.h>

/* H += J^T J, or H = J^T J, block by block of rows of the upper triangle. True: stop. */
static bool add_products(const ffnn_lm_memory *lm, ptrdiff_t m, bool is_first,
                         interrupt_check *check)
{
    enum { ROWS = 192 };
    const ffnn_jacobian *J = &lm->jacobian;
    for (ptrdiff_t first = 0; first < lm->count; first += ROWS) {
        const ptrdiff_t end = first + ROWS < lm->count ? first + ROWS : lm->count;
        const double *rows = J->data + first * J->columns;
        ffnn_product_run(&(ffnn_product){
            .kernels = lm->k,
            .left = {rows, end - first, m, J->columns, 1},
            .right = {rows, m, lm->count - first, 1, J->columns},
            .out = lm->H + first * (lm->row + 1),
            .out_row = lm->row,
            .start = is_first ? FFNN_FROM_ZERO : FFNN_FROM_TILE,
            .is_symmetric = true,
        });
        if (ffnn_interrupt_check(check, end - first, m, lm->count - first)) return true;
    }
    return false;
}

bool ffnn_curvature_sums(ffnn_run *run, double *cost, interrupt_check *check)
{
    const workspace *w = &run->work;
    const ffnn_lm_memory *lm = run->whole.lm;
    const batch all = {&run->examples, NULL, 0, run->examples.X.cols};
    const ptrdiff_t outputs = ffnn_jacobian_count(run);
    *cost = 0;
    for (ptrdiff_t first = 0; first < all.count;) {
        const slab s = ffnn_batch_slab(run, &run->work, &all, first);
        if (s.is_lost || ffnn_propagate_forward(run, w, &s, cost, check) ||
            ffnn_propagate_backward(run, w, &s, (destination){.sums = run->gradients}, check))
            return true;
        for (ptrdiff_t output = 0; output < outputs; output++)
            if (ffnn_jacobian_find(run, w, &s, output, &lm->jacobian, check) ||
                add_products(lm, s.X.cols, first == 0 && output == 0, check))
                return true;
        first += s.X.cols;
    }
    return false;
}

bool ffnn_curvature_factor(const ffnn_run *run, double diagonal, bool *is_definite,
                           interrupt_check *check)
{
    const ffnn_lm_memory *lm = run->whole.lm;
    const ptrdiff_t n = lm->count;
    for (ptrdiff_t i = 0; i < n; i++) {
        double *of = lm->factor + i * (lm->row + 1);
        memcpy(of, lm->H + i * (lm->row + 1), (size_t)(n - i) * sizeof *of);
        *of += diagonal;
    }
    *is_definite = false;
    for (ptrdiff_t first = 0; first < n; first += FFNN_CHOLESKY_BLOCK) {
        if (!ffnn_cholesky_rows(lm->k, n, lm->factor, lm->row, first, lm->negated)) return false;
        if (ffnn_interrupt_check(check, n - first, first + FFNN_CHOLESKY_BLOCK,
                                 FFNN_CHOLESKY_BLOCK))
            return true;
    }
    *is_definite = true;
    return false;
}

bool ffnn_curvature_factor_ridged(const ffnn_run *run, double *ridge, bool *is_definite,
                                  interrupt_check *check)
{
    const ffnn_lm_memory *lm = run->whole.lm;
    double trace = 0;
    for (ptrdiff_t i = 0; i < lm->count; i++) trace += lm->H[i * lm->row + i];
    *is_definite = false;
    while (!*is_definite && isfinite(trace + *ridge)) {
        if (ffnn_curvature_factor(run, *ridge, is_definite, check)) return true;
        if (!*is_definite) *ridge = fmax(10 * *ridge, DBL_EPSILON * fmax(trace, DBL_EPSILON));
    }
    return false;
}
