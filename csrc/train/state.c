/* state.c - the state of a run: its memory, its vectors, the snapshot of its last record point.
 *
 * Everything that a step needs lives in one block, allocated once:
 *
 *   state      the vectors of parameters and of each moment; with the Gram form, S; what a method
 *              on whole vectors remembers
 *   snapshot   the state as it was at the last record point
 *   gradients  a vector
 *   workspace  A [n, slab] of each layer and, where the derivative needs another array, that; dZ of
 *              two layers [widest, slab]; the sums of one slab's rows
 *   whole.c    vectors and matrices of such a method
 *   with G     what gram.c needs for the first layer
 */
#include "parts.h"

#include "../system/system.h"

#include <stdint.h>

enum {
    SLAB = 512,
    LEAST_SLAB = 128,
    MOST_WORK = 1000 * 1000 * 1000, /* multiply-adds of one product: some 10 ms */
};

/* ---- memory ---- */

/* Lays one array behind the last: *bytes is where it begins, and then where it ends. With no block
 * yet, only the size is counted. */
static void *lay(ffnn_run *run, size_t *bytes, ptrdiff_t rows, ptrdiff_t cols)
{
    void *here = run->block ? (char *)run->block + *bytes : NULL;
    *bytes = ffnn_bytes_with(*bytes, rows, cols, run->k->element_bytes);
    return here;
}

/* Where each array begins in a vector; false where a vector does not fit into memory. */
static bool lay_out_vector(ffnn_run *run)
{
    const ptrdiff_t element_bytes = run->k->element_bytes;
    size_t bytes = 0;
    for (layer *l = run->layer; l < run->layer + run->layers; l++) {
        l->W_at = (ptrdiff_t)bytes;
        bytes = ffnn_bytes_with(bytes, l->n, l->n_prev, element_bytes);
        if (l == run->layer) run->first_bytes = (ptrdiff_t)bytes;
    }
    run->biases_at = (ptrdiff_t)bytes;
    for (layer *l = run->layer; l < run->layer + run->layers; l++) {
        l->b_at = (ptrdiff_t)bytes;
        bytes = ffnn_bytes_with(bytes, l->n, 1, element_bytes);
    }
    run->vector_bytes = (ptrdiff_t)bytes;
    return bytes < PTRDIFF_MAX;
}

static void *lay_vector(ffnn_run *run, size_t *bytes)
{
    return lay(run, bytes, run->vector_bytes / run->k->element_bytes, 1);
}

static size_t lay_out(ffnn_run *run)
{
    gram_form *g = &run->gram;
    const ptrdiff_t lanes = run->k->lanes, n = run->layer[0].n;
    size_t bytes = 0;
    run->parameters = lay_vector(run, &bytes);
    for (int i = 0; i < run->k->optimizers[run->hyperparameters.optimizer].moments; i++)
        run->moments[i] = lay_vector(run, &bytes);
    if (run->is_gram) g->S = lay(run, &bytes, n, g->row);
    bytes = ffnn_whole_lay_out_state(run, bytes);
    run->state_bytes = (ptrdiff_t)bytes;
    run->snapshot = lay(run, &bytes, run->state_bytes / run->k->element_bytes, 1);
    run->gradients = lay_vector(run, &bytes);
    bytes = ffnn_whole_lay_out(run, bytes);
    for (layer *l = run->layer; l < run->layer + run->layers; l++) {
        l->W = ffnn_within(run->parameters, l->W_at);
        l->b = ffnn_within(run->parameters, l->b_at);
    }
    bytes = ffnn_workspace_lay_out(run, &run->work, run->block, bytes, false);
    if (run->is_small && ffnn_whole_vectors(run->examples.X.cols, lanes) == lanes) {
        ptrdiff_t pairs = 0; /* each of at most an element's bytes */
        for (const layer *l = run->layer; l < run->layer + run->layers; l++)
            pairs += ffnn_whole_vectors(l->n * l->n_prev, lanes);
        run->pairs = lay(run, &bytes, pairs, 1);
    }
    if (run->is_gram) {
        g->G = lay(run, &bytes, g->m, g->row);
        g->Z = lay(run, &bytes, n, g->row);
        g->dZ = lay(run, &bytes, n, g->row);
        g->change = lay(run, &bytes, n, g->row);
        g->W = run->gradients;
    }
    return bytes;
}

/* So many columns that their activations stay in L2, and fewer where the product with a large W
 * would keep Ctrl-C waiting. */
static ptrdiff_t slab_for(const ffnn_run *run)
{
    double largest = 0;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++) {
        const double elements = (double)l->n * (double)l->n_prev;
        if (elements > largest) largest = elements;
    }
    ptrdiff_t most = SLAB;
    while (most > LEAST_SLAB && largest * (double)most > MOST_WORK) most /= 2;
    return most;
}

/* Nets whose examples fit into one short vector, and that are small for it. */
static const ffnn_kernels *kernels_for(const ffnn_run_options *o)
{
    const ptrdiff_t m = o->examples.X.cols;
    const ffnn_kernels *k = o->is_gram ? o->kernels : ffnn_isa_kernels_for(o->kernels, m);
    for (int l = 0; l < o->layers; l++)
        if (!ffnn_product_is_small(k, o->dims[l + 1], o->dims[l], m)) return o->kernels;
    return k;
}

ffnn_run *ffnn_run_new(const ffnn_run_options *o)
{
    const size_t layers = (size_t)o->layers;
    ffnn_run *run =
        ffnn_allocate(sizeof *run + layers * (sizeof *run->layer + sizeof *run->work.layer));
    if (!run) return NULL;
    const ffnn_kernels *k = kernels_for(o);
    const ptrdiff_t columns = ffnn_whole_vectors(o->examples.X.cols, k->lanes);
    *run = (ffnn_run){
        .k = k,
        .cost = o->cost,
        .is_fused = k->costs[o->cost].is_fused,
        .examples = o->examples,
        .hyperparameters = o->hyperparameters,
        .random = o->random,
        .sums = o->sums,
        .sums_context = o->sums_context,
        .is_weighted_mean = o->is_weighted_mean,
        .is_gram = o->is_gram,
        .gram_from = o->gram_from,
        .gram = {.m = o->examples.X.cols, .row = columns},
        .work.layer = (layer_arrays *)(run->layer + layers),
        .layers = o->layers,
    };
    for (int l = 0; l < o->layers; l++) {
        run->layer[l] = (layer){.n = o->dims[l + 1],
                                .n_prev = o->dims[l],
                                .g = o->activations[l],
                                .keep_prob = o->keep_prob[l]};
        if (o->dims[l + 1] > run->widest) run->widest = o->dims[l + 1];
    }
    run->most = slab_for(run);
    run->is_small = ffnn_batch_is_small(run, o->examples.X.cols);
    const size_t bytes = lay_out_vector(run) ? lay_out(run) : SIZE_MAX;
    run->block = bytes < SIZE_MAX ? ffnn_allocate(bytes) : NULL;
    if (!run->block) {
        ffnn_free(run);
        return NULL;
    }
    lay_out(run);
    memset(run->gradients, 0, (size_t)run->vector_bytes);
    ffnn_run_begin(run);
    return run;
}

void ffnn_run_free(ffnn_run *run)
{
    if (!run) return;
    ffnn_free(run->masks);
    ffnn_free(run->work.gathered);
    ffnn_shards_free(run->shards);
    ffnn_free(run->block);
    ffnn_free(run);
}

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
    ffnn_whole_begin(run);
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
