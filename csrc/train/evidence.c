/* evidence.c - Bayesian regularisation (MacKay, Neural Computation 4, 1992, 415-447; in the form of
 * Foresee and Hagan, Proceedings of the ICNN, 1997, 1930-1935): the variances.
 *
 * Targets are outputs plus normal noise; parameters, biases included, are normal around 0. The
 * evidence is greatest where
 *
 *   effective parameters = P - trace((I + weight variance / noise variance J^T J)^-1)
 *   noise variance       = sum of squared errors / (errors - effective parameters)
 *   weight variance      = sum of squared parameters / effective parameters
 *
 * which are taken once for each step, the first with the variances that stand. Their ratio is L2's
 * lambd / 2. The noise's variance is that of all outputs, and of an example with weight 1: an
 * example with weight w has variance / w, one with weight 0 is no example.
 */
#include "gauss_newton.h"

#include <float.h>
#include <math.h>

double ffnn_evidence_errors(const ffnn_run *run)
{
    const ffnn_examples *of = &run->examples;
    ptrdiff_t count = of->X.cols;
    for (ptrdiff_t j = 0; of->weights && j < of->X.cols; j++)
        count -= ffnn_read(run->k, of->weights, j) == 0;
    return (double)count * (double)run->layer[run->layers - 1].n;
}

/* L^-1, a block of columns at a time, in the room of the Jacobian: the trace of (L L^T)^-1 is the
 * sum of its squares. True: stop. */
static bool find_trace(const ffnn_run *run, double *trace, interrupt_check *check)
{
    enum { COLUMNS = FFNN_CHOLESKY_BLOCK };
    const ffnn_lm_memory *lm = run->whole.lm;
    const ptrdiff_t n = lm->count, row = lm->jacobian.columns;
    const ffnn_view L = {lm->factor, n, n, 1, lm->row};
    *trace = 0;
    for (ptrdiff_t from = 0; from < n; from += COLUMNS) {
        const ptrdiff_t cols = n - from < COLUMNS ? n - from : COLUMNS;
        double *x = lm->jacobian.data;
        for (ptrdiff_t i = from; i < n; i++) {
            memset(x + i * row, 0, (size_t)cols * sizeof *x);
            if (i < from + cols) x[i * row + i - from] = 1;
        }
        for (ptrdiff_t first = from; first < n; first += COLUMNS) {
            ffnn_cholesky_forward(lm->k, L, from, first, x, cols, row);
            if (ffnn_interrupt_check(check, COLUMNS, first - from + COLUMNS, cols)) return true;
        }
        for (ptrdiff_t i = from; i < n; i++)
            *trace += lm->k->square_sum(cols, 1, x + i * row, 0, x + i * row);
    }
    return false;
}

/* A variance that would be 0 / 0 stays what it is. */
static void set_variances(ffnn_run *run, double cost, double effective)
{
    ffnn_lm_state *s = run->whole.lm_state;
    const double free = ffnn_evidence_errors(run) - effective, squares = ffnn_run_squares(run);
    s->effective_parameters = effective;
    if (free > 0) s->noise_variance = cost / free;
    if (effective > 0 && squares > 0) s->weight_variance = fmax(squares / effective, DBL_MIN);
}

bool ffnn_evidence_estimate(ffnn_run *run, double cost, interrupt_check *check)
{
    ffnn_lm_state *s = run->whole.lm_state;
    const double count = (double)run->whole.lm->count;
    if (!isfinite(cost) || !isfinite(ffnn_run_squares(run))) return false;
    if (s->weight_variance == 0) {
        s->noise_variance = s->weight_variance = 1;
        set_variances(run, cost, fmin(count, ffnn_evidence_errors(run) / 2));
    }
    double ridge = ffnn_run_lambd(run), trace;
    bool is_definite;
    if (ffnn_curvature_factor_ridged(run, &ridge, &is_definite, check)) return true;
    if (!is_definite) return false;
    if (find_trace(run, &trace, check)) return true;
    set_variances(run, cost, fmin(fmax(count - ridge * trace, 0), count));
    return false;
}
