/* posterior.c - the normal distribution of the parameters that Bayesian regularisation leaves, by
 * Laplace's approximation; the evidence; the variances of outputs.
 */
#include "gauss_newton.h"

#include "../system/system.h"

#include <math.h>
#include <stdint.h>

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
    double sum = ffnn_evidence_errors(run) * log(TWO_PI * noise) + (double)n * log(weight / noise);
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
        ffnn_curvature_factor_ridged(run, &ridge, &is_definite, &check)) {
        *run->whole.lm_state = before;
        run->whole.has_gradients = false;
        return FFNN_INTERRUPTED;
    }
    for (ptrdiff_t i = 0; i < lm->count; i++) {
        double *of = L + i * lm->count;
        for (ptrdiff_t j = 0; j < lm->count; j++)
            of[j] = !is_definite ? NAN : j <= i ? lm->factor[j * lm->row + i] / sqrt(2) : 0;
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
        ffnn_cholesky_forward(k, (ffnn_view){L, n, n, n, 1}, 0, first, J->data, m, J->columns);
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
        for (ptrdiff_t output = 0; output < ffnn_jacobian_count(run) && !is_stopped; output++)
            is_stopped = find_variances(run, &s, output, &J, L,
                                        variances + output * all.count + first, &check);
        first += s.X.cols;
    }
    ffnn_free(J.data);
    return is_stopped ? FFNN_INTERRUPTED : FFNN_OK;
}
