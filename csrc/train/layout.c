/* layout.c - the memory of a run, and its life.
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
    BLOCK_BEHIND = 4096,            /* bytes: the block of a net as small as 5-4-3-1 */
};

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
    bytes = ffnn_workspace_lay_out(run, &run->work, run->block, bytes, run->is_small);
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

/* Allocates the run's block, unless the room behind the run will do; false when there is no memory.
 */
static bool make_block(ffnn_run *run)
{
    if (!lay_out_vector(run)) return false;
    run->block = run->behind;
    const size_t bytes = lay_out(run);
    if (run->behind && bytes <= BLOCK_BEHIND) return true;
    run->block = bytes < SIZE_MAX ? ffnn_allocate(bytes) : NULL;
    if (run->block) lay_out(run);
    return run->block != NULL;
}

ffnn_run *ffnn_run_new(const ffnn_run_options *o)
{
    const size_t layers = (size_t)o->layers;
    const size_t own = ffnn_bytes_with(
        0, 1, 1, (ptrdiff_t)(sizeof(ffnn_run) + layers * (sizeof(layer) + sizeof(layer_arrays))));
    ffnn_run *run = ffnn_allocate(own + (o->is_fixed ? BLOCK_BEHIND : 0));
    if (!run) return NULL;
    const ffnn_kernels *k = kernels_for(o);
    const ptrdiff_t columns = ffnn_whole_vectors(o->examples.X.cols, k->lanes);
    *run = (ffnn_run){
        .k = k,
        .asked = o->kernels,
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
    run->room = o->is_fixed && columns < run->most ? columns : run->most;
    run->is_small = ffnn_batch_is_small(run, o->examples.X.cols);
    /* A method on whole vectors writes into its block while that is laid out. */
    run->behind = o->is_fixed && !ffnn_run_is_whole(run) ? (char *)run + own : NULL;
    if (!make_block(run)) {
        ffnn_free(run);
        return NULL;
    }
    memset(run->gradients, 0, (size_t)run->vector_bytes);
    ffnn_run_begin(run);
    return run;
}

bool ffnn_run_is_spare(const ffnn_run *run)
{
    return run->block == run->behind && !run->masks && !run->gathered && !run->shards &&
           !run->examples.sparse;
}

bool ffnn_run_renew(ffnn_run *run, const ffnn_run_options *o)
{
    bool is_same = o->is_fixed && !o->examples.sparse && run->asked == o->kernels &&
                   run->layers == o->layers && run->examples.X.cols == o->examples.X.cols &&
                   run->hyperparameters.optimizer == o->hyperparameters.optimizer;
    for (int i = 0; is_same && i < o->layers; i++) {
        const layer *l = &run->layer[i];
        is_same = l->n == o->dims[i + 1] && l->n_prev == o->dims[i] && l->g == o->activations[i] &&
                  l->keep_prob == o->keep_prob[i];
    }
    if (!is_same) return false;
    run->cost = o->cost;
    run->is_fused = run->k->costs[o->cost].is_fused;
    run->examples = o->examples;
    run->hyperparameters = o->hyperparameters;
    run->work.has_all = false;
    return true;
}

void ffnn_run_free(ffnn_run *run)
{
    if (!run) return;
    ffnn_free(run->masks);
    ffnn_free(run->gathered);
    ffnn_shards_free(run->shards);
    if (run->block != run->behind) ffnn_free(run->block);
    ffnn_free(run);
}
