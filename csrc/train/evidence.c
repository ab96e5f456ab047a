/* evidence.c - Bayesian regularisation (MacKay, Neural Computation 4, 1992, 415-447; in the form of
 * Foresee and Hagan, Proceedings of the ICNN, 1997, 1930-1935), and the normal distribution of the
 * parameters that it leaves.
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
#include "levenberg_marquardt.h"

#include "../system/system.h"

#include <float.h>
#include <math.h>

const ffnn_lm_state *ffnn_run_first_lm_state(const ffnn_run *run)
{
    return &run->whole.recorded;
}

/* ---- what the parameters are determined by ---- */

/* Outputs of examples with a weight. */
static double errors_of(const ffnn_run *run)
{
    const ffnn_examples *of = &run->examples;
    ptrdiff_t count = of->X.cols;
    for (ptrdiff_t j = 0; of->weights && j < of->X.cols; j++)
        count -= ffnn_read(run->k, of->weights, j) == 0;
    return (double)count * (double)run->layer[run->layers - 1].n;
}

/* The factor of H + *ridge I, where *ridge may grow until that is positive definite. It is not
 * where H is not finite. True: stop. */
static bool factor(const ffnn_run *run, double *ridge, bool *is_definite, interrupt_check *check)
{
    const ffnn_lm_memory *lm = run->whole.lm;
    double trace = 0;
    for (ptrdiff_t i = 0; i < lm->count; i++) trace += lm->H[i * lm->row + i];
    *is_definite = false;
    while (!*is_definite && isfinite(trace + *ridge)) {
        if (ffnn_lm_factor(run, *ridge, is_definite, check)) return true;
        if (!*is_definite) *ridge = fmax(10 * *ridge, DBL_EPSILON * fmax(trace, DBL_EPSILON));
    }
    return false;
}

/* L^-1, a block of columns at a time, in the room of the Jacobian: the trace of (L L^T)^-1 is the
 * sum of its squares. True: stop. */
static bool find_trace(const ffnn_run *run, double *trace, interrupt_check *check)
{
    enum { COLUMNS = FFNN_CHOLESKY_BLOCK };
    const ffnn_lm_memory *lm = run->whole.lm;
    const ptrdiff_t n = lm->count, row = lm->jacobian.columns;
    *trace = 0;
    for (ptrdiff_t from = 0; from < n; from += COLUMNS) {
        const ptrdiff_t cols = n - from < COLUMNS ? n - from : COLUMNS;
        double *x = lm->jacobian.data;
        for (ptrdiff_t i = from; i < n; i++) {
            memset(x + i * row, 0, (size_t)cols * sizeof *x);
            if (i < from + cols) x[i * row + i - from] = 1;
        }
        for (ptrdiff_t first = from; first < n; first += COLUMNS) {
            ffnn_cholesky_rows(lm->k, n, lm->factor, lm->row, from, first, x, cols, row);
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
    const double free = errors_of(run) - effective, squares = ffnn_run_squares(run);
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
        set_variances(run, cost, fmin(count, errors_of(run) / 2));
    }
    double ridge = ffnn_run_lambd(run), trace;
    bool is_definite;
    if (factor(run, &ridge, &is_definite, check)) return true;
    if (!is_definite) return false;
    if (find_trace(run, &trace, check)) return true;
    set_variances(run, cost, fmin(fmax(count - ridge * trace, 0), count));
    return false;
}

/* ---- what they leave ---- */

/* By Laplace's approximation, from L. */
static double log_evidence_of(const ffnn_run *run, const double *L)
{
    static const double TWO_PI = 6.283185307179586;
    const ffnn_examples *of = &run->examples;
    const ptrdiff_t n = run->whole.lm->count;
    const double noise = run->whole.lm_state->noise_variance,
                 weight = run->whole.lm_state->weight_variance,
                 outputs = run->layer[run->layers - 1].n;
    const double cost = run->whole.cost * (double)of->X.cols - ffnn_run_l2_cost(run);
    double sum = errors_of(run) * log(TWO_PI * noise) + (double)n * log(weight / noise);
    if (noise == 0) return HUGE_VAL; /* exact targets */
    for (ptrdiff_t i = 0; i < n; i++) sum += 2 * log(L[i * n + i]);
    for (ptrdiff_t j = 0; of->weights && j < of->X.cols; j++) {
        const double w = ffnn_read(run->k, of->weights, j);
        if (w != 0) sum -= outputs * log(w);
    }
    return -(sum + cost / noise + ffnn_run_squares(run) / weight) / 2;
}

ffnn_status ffnn_run_posterior(ffnn_run *run, double *L, double *log_evidence, ffnn_poll *poll,
                               void *context)
{
    interrupt_check check = {poll, context, 0};
    const ffnn_lm_memory *lm = run->whole.lm;
    double ridge = 0;
    bool is_definite;
    if (!ffnn_batch_prepare(run, false, run->examples.X.cols)) return FFNN_NO_MEMORY;
    const ffnn_lm_state before = *run->whole.lm_state;
    if ((!run->whole.has_gradients && ffnn_lm_evaluate(run, &check)) ||
        factor(run, &ridge, &is_definite, &check)) {
        *run->whole.lm_state = before;
        run->whole.has_gradients = false;
        return FFNN_INTERRUPTED;
    }
    for (ptrdiff_t i = 0; i < lm->count; i++) {
        double *of = L + i * lm->count;
        for (ptrdiff_t j = 0; j < lm->count; j++)
            of[j] = !is_definite ? NAN : j <= i ? lm->factor[i * lm->row + j] / sqrt(2) : 0;
    }
    *log_evidence = log_evidence_of(run, L);
    return FFNN_OK;
}

/* Those of one output for a slab that has passed forward. True: stop. */
static bool find_variances(const ffnn_run *run, const slab *s, ptrdiff_t output,
                           const ffnn_jacobian *J, const double *L, double *out,
                           interrupt_check *check)
{
    const ffnn_kernels *k = ffnn_isa_kernels_as(run->k, FFNN_DOUBLE);
    const ptrdiff_t n = ffnn_run_count(run), m = s->X.cols;
    if (ffnn_jacobian_find(run, &run->work, s, output, J, check)) return true;
    for (ptrdiff_t first = 0; first < n; first += FFNN_CHOLESKY_BLOCK) {
        ffnn_cholesky_rows(k, n, L, n, 0, first, J->data, m, J->columns);
        if (ffnn_interrupt_check(check, FFNN_CHOLESKY_BLOCK, first + FFNN_CHOLESKY_BLOCK, m))
            return true;
    }
    memset(out, 0, (size_t)m * sizeof *out);
    for (ptrdiff_t i = 0; i < n; i++) {
        const double *x = J->data + i * J->columns;
        for (ptrdiff_t j = 0; j < m; j++) out[j] += x[j] * x[j];
    }
    return false;
}

ffnn_status ffnn_run_variances(ffnn_run *run, const double *L, double *variances, ffnn_poll *poll,
                               void *context)
{
    interrupt_check check = {poll, context, 0};
    const ptrdiff_t n = ffnn_run_count(run), columns = ffnn_jacobian_columns(run);
    const batch all = {&run->examples, NULL, 0, run->examples.X.cols};
    const size_t bytes = ffnn_bytes_with(0, n, columns, sizeof(double));
    bool is_stopped = false;
    if (!ffnn_batch_prepare(run, false, all.count)) return FFNN_NO_MEMORY;
    const ffnn_jacobian J = {bytes < SIZE_MAX ? ffnn_allocate(bytes) : NULL, columns, 1};
    if (!J.data) return FFNN_NO_MEMORY;
    for (ptrdiff_t first = 0; first < all.count && !is_stopped;) {
        const slab s = ffnn_batch_slab(run, &run->work, &all, first);
        is_stopped = s.is_lost || ffnn_propagate_forward(run, &run->work, &s, NULL, &check);
        for (ptrdiff_t output = 0; output < run->layer[run->layers - 1].n && !is_stopped; output++)
            is_stopped = find_variances(run, &s, output, &J, L,
                                        variances + output * all.count + first, &check);
        first += s.X.cols;
    }
    ffnn_free(J.data);
    return is_stopped ? FFNN_INTERRUPTED : FFNN_OK;
}
