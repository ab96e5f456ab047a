/* levenberg_marquardt.c - steps that solve (H + damping I) d = g (Marquardt 1963; Hagan and Menhaj,
 * IEEE Transactions on Neural Networks 5, 1994, 989-993). The damping follows the share of the
 * promised gain that a step brings (Fletcher, Harwell report R 6799, 1971): steps that are refused
 * become rare.
 *
 * H is the Gauss-Newton matrix of the summed cost, the sum of J^T J by jacobian.c. L2 adds lambd
 * for each weight, and Bayesian regularisation (evidence.c) for each parameter the lambd of the
 * moment. All of it is in double: float32 would square the condition number away.
 */
#include "gauss_newton.h"

#include "../system/system.h"

#include <math.h>

static const double FIRST_DAMPING = 1e-3, LEAST_DAMPING = 1e-20, MOST_DAMPING = 1e10;
static const double DAMPING_FALLS = 0.1, DAMPING_RISES = 10;
/* Shares of the gain that the parabola promises, between which the damping stays. */
static const double MOST_OF_IT = 0.75, LITTLE_OF_IT = 0.25;

/* ---- memory ---- */

size_t ffnn_lm_lay_out_state(ffnn_run *run, size_t bytes)
{
    run->whole.lm_state = run->block ? (void *)((char *)run->block + bytes) : NULL;
    return ffnn_bytes_with(bytes, 1, 1, sizeof(ffnn_lm_state));
}

static void *lay(const ffnn_run *run, size_t *bytes, ptrdiff_t rows, ptrdiff_t row_bytes)
{
    void *here = run->block ? (char *)run->block + *bytes : NULL;
    *bytes = ffnn_bytes_with(*bytes, rows, row_bytes, 1);
    return here;
}

size_t ffnn_lm_lay_out(ffnn_run *run, size_t bytes)
{
    const ptrdiff_t element = (ptrdiff_t)sizeof(double), count = ffnn_run_count(run);
    const ptrdiff_t row = ffnn_whole_vectors(count, FFNN_ALIGNMENT / element);
    const ptrdiff_t columns = ffnn_jacobian_columns(run);
    run->whole.start = lay(run, &bytes, run->vector_bytes, 1);
    ffnn_lm_memory *lm = lay(run, &bytes, 1, sizeof *lm);
    const ffnn_lm_memory filled = {
        .k = ffnn_isa_kernels_as(run->k, FFNN_DOUBLE),
        .count = count,
        .row = row,
        .H = lay(run, &bytes, count, row * element),
        .factor = lay(run, &bytes, count, row * element),
        .step = lay(run, &bytes, 1, row * element),
        .jacobian = {lay(run, &bytes, count, columns * element), columns, sqrt(2)},
        .negated = lay(run, &bytes, FFNN_CHOLESKY_BLOCK, row * element),
    };
    if (lm) *lm = filled;
    run->whole.lm = lm;
    return bytes;
}

ffnn_lm_state *ffnn_run_lm_state(ffnn_run *run, bool is_recorded)
{
    return is_recorded ? ffnn_run_recorded(run, run->whole.lm_state) : run->whole.lm_state;
}

const ffnn_lm_state *ffnn_run_first_lm_state(const ffnn_run *run)
{
    return &run->whole.recorded;
}

/* ---- the cost, its gradient and H ---- */

static batch all_of(const ffnn_run *run)
{
    return (batch){&run->examples, NULL, 0, run->examples.X.cols};
}

/* The cost of the parameters, L2 included. True: stop. */
static bool find_cost(ffnn_run *run, double *cost, interrupt_check *check)
{
    const batch all = all_of(run);
    *cost = 0;
    for (ptrdiff_t first = 0; first < all.count;) {
        const slab s = ffnn_batch_slab(run, &run->work, &all, first);
        if (s.is_lost || ffnn_propagate_forward(run, &run->work, &s, cost, check)) return true;
        first += s.X.cols;
    }
    *cost = (*cost + ffnn_run_l2_cost(run)) / (double)all.count;
    return false;
}

static void add_l2(ffnn_run *run)
{
    const ffnn_lm_memory *lm = run->whole.lm;
    const double lambd = ffnn_run_lambd(run);
    const bool has_biases = ffnn_run_is_bayesian(run);
    ptrdiff_t at = 0;
    if (lambd == 0) return;
    run->k->add_scaled(ffnn_run_l2_count(run), lambd, run->parameters, run->gradients);
    for (const layer *l = run->layer; l < run->layer + run->layers; l++) {
        const ptrdiff_t weights = at + l->n * l->n_prev, end = weights + l->n;
        for (; at < (has_biases ? end : weights); at++) lm->H[at * lm->row + at] += lambd;
        at = end;
    }
}

/* With the variances estimated anew where `is_new`, and where there are none yet. True: stop. */
static bool evaluate(ffnn_run *run, bool is_new, interrupt_check *check)
{
    const double m = (double)run->examples.X.cols;
    double cost;
    run->whole.has_gradients = false;
    if (ffnn_curvature_sums(run, &cost, check)) return true;
    if (ffnn_run_is_bayesian(run) && (is_new || run->whole.lm_state->weight_variance == 0) &&
        ffnn_evidence_estimate(run, cost, check))
        return true;
    add_l2(run);
    run->k->divide(run->vector_bytes / run->k->element_bytes, run->gradients, m);
    run->whole.cost = (cost + ffnn_run_l2_cost(run)) / m;
    run->whole.has_gradients = true;
    if (run->whole.evaluations == 0) run->whole.evaluations = 1;
    return false;
}

bool ffnn_lm_evaluate(ffnn_run *run, interrupt_check *check)
{
    return evaluate(run, false, check);
}

/* ---- a step ---- */

/* step = (H + damping I)^-1 g, from the factor of that matrix. */
static void solve(const ffnn_run *run)
{
    const ffnn_lm_memory *lm = run->whole.lm;
    const double m = (double)run->examples.X.cols;
    double *out = lm->step;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++) {
        for (ptrdiff_t i = 0; i < l->n * l->n_prev; i++)
            *out++ = m * ffnn_read(run->k, ffnn_within(run->gradients, l->W_at), i);
        for (ptrdiff_t i = 0; i < l->n; i++)
            *out++ = m * ffnn_read(run->k, ffnn_within(run->gradients, l->b_at), i);
    }
    ffnn_cholesky_solve(lm->k, lm->count, lm->factor, lm->row, lm->step);
}

/* n parameters, which stand `at` bytes behind a vector's beginning, become start - d; the part of
 * move() that they have. */
static double move_part(const ffnn_run *run, double damping, ptrdiff_t at, ptrdiff_t n,
                        const double *d)
{
    const ffnn_kernels *k = run->k;
    const void *start = ffnn_within(run->whole.start, at), *g = ffnn_within(run->gradients, at);
    void *to = ffnn_within(run->parameters, at);
    const double m = (double)run->examples.X.cols;
    double promised = 0;
    for (ptrdiff_t i = 0; i < n; i++) {
        promised += d[i] * (ffnn_read(k, g, i) + damping / m * d[i]) / 2;
        ffnn_write(k, to, i, ffnn_read(k, start, i) - d[i]);
    }
    return promised;
}

/* parameters = start - step. By how much the cost would fall, were it the parabola of g and H. */
static double move(const ffnn_run *run, double damping)
{
    const double *d = run->whole.lm->step;
    double promised = 0;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++) {
        const ptrdiff_t weights = l->n * l->n_prev;
        promised += move_part(run, damping, l->W_at, weights, d);
        promised += move_part(run, damping, l->b_at, l->n, d + weights);
        d += weights + l->n;
    }
    return promised;
}

/* What the damping is multiplied with after a step that gains `gain`. */
static double damping_factor(double gain, double promised)
{
    if (gain > MOST_OF_IT * promised) return DAMPING_FALLS;
    return gain < LITTLE_OF_IT * promised ? DAMPING_RISES : 1;
}

bool ffnn_lm_step(ffnn_run *run, interrupt_check *check)
{
    whole_method *whole = &run->whole;
    double *damping = &whole->lm_state->damping;
    if (*damping == 0) *damping = FIRST_DAMPING;
    memcpy(whole->start, run->parameters, (size_t)run->vector_bytes);
    while (ffnn_may_evaluate(run)) {
        bool is_definite;
        if (ffnn_curvature_factor(run, *damping, &is_definite, check)) return true;
        if (is_definite) {
            double cost;
            solve(run);
            const double promised = move(run, *damping);
            whole->evaluations++;
            if (find_cost(run, &cost, check)) return true;
            if (cost < whole->cost) {
                *damping *= damping_factor(whole->cost - cost, promised);
                *damping = fmin(fmax(*damping, LEAST_DAMPING), MOST_DAMPING);
                whole->cost = cost;
                whole->has_gradients = false;
                run->steps++;
                return ffnn_run_is_bayesian(run) && evaluate(run, true, check);
            }
        }
        if (*damping * DAMPING_RISES > MOST_DAMPING) {
            whole->ending = FFNN_ENDED_BY_DAMPING;
            break;
        }
        *damping *= DAMPING_RISES;
    }
    memcpy(run->parameters, whole->start, (size_t)run->vector_bytes);
    return false;
}
