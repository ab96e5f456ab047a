/* state.c - what a run holds between two steps: its vectors, and the snapshot of these at its last
 * record point.
 */
#include "parts.h"

#include <math.h>

/* ---- vectors ---- */

static void *part(const ffnn_run *run, void *vector, char kind, int l)
{
    const layer *of = &run->layer[l - 1];
    return ffnn_within(vector, kind == 'W' ? of->W_at : of->b_at);
}

void *ffnn_run_parameter(ffnn_run *run, char kind, int l)
{
    if (kind == 'W' && l == 1 && run->gram.is_running)
        return ffnn_gram_weights(&run->gram, run->k, run->layer, run->examples.X);
    return part(run, run->parameters, kind, l);
}

void *ffnn_run_recorded(const ffnn_run *run, const void *now)
{
    return ffnn_within(run->snapshot, (const char *)now - (const char *)run->parameters);
}

void *ffnn_run_recorded_parameter(ffnn_run *run, char kind, int l)
{
    if (kind == 'W' && l == 1 && run->snapshot_gram)
        return ffnn_gram_weights_of(&run->gram, run->k, run->layer, run->examples.X, run->snapshot,
                                    ffnn_run_recorded(run, run->gram.S));
    return ffnn_run_recorded(run, part(run, run->parameters, kind, l));
}

void *ffnn_run_recorded_moment(ffnn_run *run, int which, char kind, int l)
{
    return ffnn_run_recorded(run, part(run, run->moments[which], kind, l));
}

ptrdiff_t ffnn_run_recorded_steps(const ffnn_run *run)
{
    return run->snapshot_steps;
}

void *ffnn_run_gradient(ffnn_run *run, char kind, int l)
{
    return part(run, run->gradients, kind, l);
}

void *ffnn_run_moment(ffnn_run *run, int which, char kind, int l)
{
    return part(run, run->moments[which], kind, l);
}

bool ffnn_run_is_finite(ffnn_run *run)
{
    const ffnn_kernels *k = run->k;
    const void *W1 = ffnn_run_parameter(run, 'W', 1);
    const void *rest = ffnn_within(run->parameters, run->first_bytes);
    const ptrdiff_t first = run->layer[0].n * run->layer[0].n_prev;
    const ptrdiff_t others = (run->vector_bytes - run->first_bytes) / k->element_bytes;
    /* Squares of 0 * x are NaN with the first x that is infinite or NaN. */
    return k->square_sum(first, 0, W1, 0, W1) + k->square_sum(others, 0, rest, 0, rest) == 0;
}

double ffnn_run_squares(const ffnn_run *run)
{
    double squares = 0;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++) {
        squares += run->k->square_sum(l->n * l->n_prev, 1, l->W, 0, l->W);
        if (ffnn_run_is_bayesian(run)) squares += run->k->square_sum(l->n, 1, l->b, 0, l->b);
    }
    return squares;
}

double ffnn_run_l2_cost(const ffnn_run *run)
{
    const double lambd = ffnn_run_lambd(run);
    return lambd != 0 ? lambd / 2 * ffnn_run_squares(run) : 0;
}

void ffnn_run_means(ffnn_run *run, double total)
{
    const ffnn_kernels *k = run->k;
    const double lambd = run->hyperparameters.lambd;
    k->divide(run->vector_bytes / k->element_bytes, run->gradients, total);
    if (lambd != 0)
        k->add_scaled(run->biases_at / k->element_bytes, lambd / (double)run->examples.X.cols,
                      run->parameters, run->gradients);
}

/* W1 becomes what it is; the Gram form starts again with the next step. */
void ffnn_run_settle(ffnn_run *run)
{
    const layer *l = run->layer;
    if (run->gram.is_running)
        memcpy(l->W, ffnn_run_parameter(run, 'W', 1),
               (size_t)(l->n * l->n_prev * run->k->element_bytes));
    run->gram.is_running = false;
}

void ffnn_run_begin(ffnn_run *run)
{
    run->steps = 0;
    run->is_gram = run->gram.G != NULL;
    run->gram.is_running = run->snapshot_gram = false;
    memset(run->parameters, 0, (size_t)run->state_bytes);
    run->whole.evaluations = 0;
    run->whole.has_gradients = false;
    run->whole.ending = FFNN_GOES_ON;
}

/* While the Gram form runs it is S that changes, not W1. */
void ffnn_run_snapshot(ffnn_run *run)
{
    const ptrdiff_t from = run->snapshot_gram && run->gram.is_running ? run->first_bytes : 0;
    memcpy(ffnn_within(run->snapshot, from), ffnn_within(run->parameters, from),
           (size_t)(run->state_bytes - from));
    run->snapshot_gram = run->gram.is_running;
    run->snapshot_steps = run->steps;
}

void ffnn_run_record(ffnn_run *run, const double *cost)
{
    if (!run->wants_record) return;
    run->wants_record = false;
    /* Runs that nobody watches go on after such a cost, as the assignment's code does. */
    if (run->is_watched && !(cost && isfinite(*cost))) return;
    run->is_recorded = true;
    run->steps--;
    ffnn_run_snapshot(run);
    run->steps++;
}

/* With G that takes one product, S X^T, as reading the parameters does. */
void ffnn_run_restore(ffnn_run *run)
{
    memcpy(run->parameters, run->snapshot, (size_t)run->state_bytes);
    run->steps = run->snapshot_steps;
    run->gram.is_running = run->snapshot_gram;
    run->gram.has_weights = false;
    run->whole.has_gradients = false;
    run->whole.ending = FFNN_GOES_ON;
    ffnn_run_settle(run);
    if (run->snapshot_gram) ffnn_run_snapshot(run); /* S is gone, W settled: that copy, too */
}

ptrdiff_t *ffnn_run_steps(ffnn_run *run)
{
    return &run->steps;
}

bool *ffnn_run_watched(ffnn_run *run)
{
    return &run->is_watched;
}

void ffnn_run_ask_record(ffnn_run *run, bool is_wanted)
{
    run->wants_record = is_wanted;
    run->is_recorded = false;
}

bool ffnn_run_is_recorded(const ffnn_run *run)
{
    return run->is_recorded;
}

ptrdiff_t ffnn_run_done(const ffnn_run *run)
{
    return run->done;
}

double ffnn_run_l2_share(const ffnn_run *run)
{
    return run->l2_cost;
}

double *ffnn_run_rate(ffnn_run *run)
{
    return &run->hyperparameters.learning_rate;
}
