/* run.c - a whole run of training, without Python inside: its memory and the ways in.
 *
 * A step's examples pass in slabs (batch.c): forward and backward through all layers for one slab,
 * the gradients summed from slab to slab in the order of the examples, the update with the last.
 * Everything that a step needs lives in one block, allocated once:
 *
 *   for each layer   W  b  and the optimiser's moments
 *   all of that again, as it was at the last record point
 *   for each layer   dW  db  A [n, slab] and, where the derivative needs another array, that
 *   shared           dZ of two layers [widest, slab], the sums of one slab's rows
 *   with G           what gram.c needs for the first layer
 */
#include "parts.h"

#include "../system/system.h"

#include <stdint.h>

enum {
    SLAB = 512,
    LEAST_SLAB = 128,
    MOST_WORK = 1000 * 1000 * 1000, /* multiply-adds of one product: some 10 ms */
};

/* ---- memory -------------------------------------------------------------------------------------
 */

/* Lays one array behind the last: *bytes is where it begins, and then where it ends. With no block
 * yet, only the size is counted. */
static void *lay(ffnn_run *run, size_t *bytes, ptrdiff_t rows, ptrdiff_t cols)
{
    void *here = run->block ? (char *)run->block + *bytes : NULL;
    *bytes = ffnn_bytes_with(*bytes, rows, cols, run->k->element_bytes);
    return here;
}

static size_t lay_out(ffnn_run *run)
{
    gram_form *g = &run->gram;
    size_t bytes = 0;
    for (layer *l = run->layer; l < run->layer + run->layers; l++) {
        l->W = lay(run, &bytes, l->n, l->n_prev);
        if (l == run->layer) run->first_bytes = (ptrdiff_t)bytes;
        l->b = lay(run, &bytes, l->n, 1);
        for (int i = 0; i < run->k->optimizers[run->hyperparameters.optimizer].moments; i++) {
            l->W_moments[i] = lay(run, &bytes, l->n, l->n_prev);
            l->b_moments[i] = lay(run, &bytes, l->n, 1);
        }
    }
    if (run->is_gram) g->S = lay(run, &bytes, run->layer[0].n, g->row);
    run->state_bytes = (ptrdiff_t)bytes;
    run->snapshot = lay(run, &bytes, run->state_bytes / run->k->element_bytes, 1);
    for (layer *l = run->layer; l < run->layer + run->layers; l++) {
        l->dW = lay(run, &bytes, l->n, l->n_prev);
        l->db = lay(run, &bytes, l->n, 1);
        l->A = l->saved = lay(run, &bytes, l->n, run->most);
        if (run->k->activations[l->g].saves_input || l->keep_prob < 1)
            l->saved = lay(run, &bytes, l->n, run->most);
    }
    run->dZ[0] = lay(run, &bytes, run->widest, run->most);
    run->dZ[1] = lay(run, &bytes, run->widest, run->most);
    run->sums = lay(run, &bytes, run->widest, 1);
    if (run->is_gram) {
        const ptrdiff_t n = run->layer[0].n;
        g->G = lay(run, &bytes, g->m, g->row);
        g->Z = lay(run, &bytes, n, g->row);
        g->dZ = lay(run, &bytes, n, g->row);
        g->change = lay(run, &bytes, n, g->row);
    }
    return bytes;
}

/* So many columns that their activations stay in L2, and fewer where the product with a large W
 * would keep Ctrl-C waiting. */
static ptrdiff_t slab_for(const ffnn_run *run, ptrdiff_t columns)
{
    double largest = 0;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++) {
        const double elements = (double)l->n * (double)l->n_prev;
        if (elements > largest) largest = elements;
    }
    ptrdiff_t most = SLAB;
    while (most > LEAST_SLAB && largest * (double)most > MOST_WORK) most /= 2;
    return columns < most ? columns : most;
}

static void clear_moments(ffnn_run *run)
{
    const ptrdiff_t bytes = run->k->element_bytes;
    for (layer *l = run->layer; l < run->layer + run->layers; l++)
        for (int i = 0; i < run->k->optimizers[run->hyperparameters.optimizer].moments; i++) {
            memset(l->W_moments[i], 0, (size_t)(l->n * l->n_prev * bytes));
            memset(l->b_moments[i], 0, (size_t)(l->n * bytes));
        }
}

/* Nets whose examples fit into one short vector, and that are small for it. */
static const ffnn_kernels *kernels_for(const ffnn_run_options *o)
{
    const ffnn_kernels *k = o->is_gram ? o->kernels : ffnn_isa_kernels_for(o->kernels, o->X.cols);
    for (int l = 0; l < o->layers; l++)
        if (!ffnn_product_is_small(k, o->dims[l + 1], o->dims[l], o->X.cols)) return o->kernels;
    return k;
}

ffnn_run *ffnn_run_new(const ffnn_run_options *o)
{
    ffnn_run *run = ffnn_allocate(sizeof *run + (size_t)o->layers * sizeof(layer));
    if (!run) return NULL;
    const ffnn_kernels *k = kernels_for(o);
    const ptrdiff_t columns = ffnn_whole_vectors(o->X.cols, k->lanes);
    *run = (ffnn_run){
        .k = k,
        .cost = o->cost,
        .is_fused = k->costs[o->cost].is_fused,
        .X = o->X,
        .Y = o->Y,
        .weights = o->weights,
        .hyperparameters = o->hyperparameters,
        .random = o->random,
        .is_gram = o->is_gram,
        .gram_from = o->gram_from,
        .gram = {.m = o->X.cols, .row = columns},
        .layers = o->layers,
    };
    for (int l = 0; l < o->layers; l++) {
        run->layer[l] = (layer){.n = o->dims[l + 1],
                                .n_prev = o->dims[l],
                                .g = o->activations[l],
                                .keep_prob = o->keep_prob[l]};
        if (o->dims[l + 1] > run->widest) run->widest = o->dims[l + 1];
    }
    run->most = slab_for(run, columns);
    const size_t bytes = lay_out(run);
    run->block = bytes < SIZE_MAX ? ffnn_allocate(bytes) : NULL;
    if (!run->block) {
        ffnn_free(run);
        return NULL;
    }
    lay_out(run);
    clear_moments(run);
    return run;
}

void ffnn_run_free(ffnn_run *run)
{
    if (!run) return;
    ffnn_free(run->masks);
    ffnn_free(run->gathered);
    ffnn_free(run->block);
    ffnn_free(run);
}

void *ffnn_run_parameter(ffnn_run *run, char kind, int l)
{
    const layer *of = &run->layer[l - 1];
    if (kind == 'W' && l == 1 && run->gram.is_ready)
        return ffnn_gram_weights(&run->gram, run->k, of, run->X);
    return kind == 'W' ? of->W : of->b;
}

bool ffnn_run_is_finite(ffnn_run *run)
{
    double sum = 0; /* of squares of 0 * x: NaN with the first x that is infinite or NaN */
    for (int l = 1; l <= run->layers; l++) {
        const layer *of = &run->layer[l - 1];
        const void *W = ffnn_run_parameter(run, 'W', l);
        sum += run->k->square_sum(of->n * of->n_prev, 0, W, 0, W) +
               run->k->square_sum(of->n, 0, of->b, 0, of->b);
    }
    return sum == 0;
}

/* W1 becomes what it is; the Gram form would have to start again. */
static void settle_weights(ffnn_run *run)
{
    const layer *l = run->layer;
    if (run->gram.is_ready)
        memcpy(l->W, ffnn_run_parameter(run, 'W', 1),
               (size_t)(l->n * l->n_prev * run->k->element_bytes));
    run->gram.is_ready = false;
}

/* While the Gram form runs it is S that changes, not W1. */
void ffnn_run_snapshot(ffnn_run *run)
{
    const ptrdiff_t from = run->snapshot_gram && run->gram.is_ready ? run->first_bytes : 0;
    memcpy((char *)run->snapshot + from, (char *)run->block + from,
           (size_t)(run->state_bytes - from));
    run->snapshot_gram = run->gram.is_ready;
    run->snapshot_steps = run->steps;
}

/* With G that takes one product, S X^T, as reading the parameters does. */
void ffnn_run_restore(ffnn_run *run)
{
    memcpy(run->block, run->snapshot, (size_t)run->state_bytes);
    run->steps = run->snapshot_steps;
    run->gram.is_ready = run->snapshot_gram;
    run->gram.has_weights = false;
    settle_weights(run);
    if (run->snapshot_gram) ffnn_run_snapshot(run); /* S is gone, W settled: that copy, too */
}

void *ffnn_run_moment(ffnn_run *run, int which, char kind, int l)
{
    const layer *of = &run->layer[l - 1];
    return kind == 'W' ? of->W_moments[which] : of->b_moments[which];
}

ptrdiff_t *ffnn_run_steps(ffnn_run *run)
{
    return &run->steps;
}

double *ffnn_run_rate(ffnn_run *run)
{
    return &run->hyperparameters.learning_rate;
}

/* ---- the ways in --------------------------------------------------------------------------------
 */

ffnn_status ffnn_run_iterate(ffnn_run *run, ptrdiff_t iterations, double *cost, ffnn_poll *poll,
                             void *context)
{
    interrupt_check check = {poll, context, 0};
    const batch all = {NULL, 0, run->X.cols};
    *cost = 0;
    if (!ffnn_batch_prepare(run, false, all.count)) return FFNN_NO_MEMORY;
    for (ptrdiff_t i = 0; i < iterations; i++) {
        if (run->is_gram && !run->gram.is_ready && run->steps >= run->gram_from &&
            ffnn_gram_start(&run->gram, run->k, run->layer, run->X, &check))
            return FFNN_INTERRUPTED;
        if (ffnn_step_run(run, &all, i == 0 ? cost : NULL, &check)) return FFNN_INTERRUPTED;
        if (i == 0 && iterations > 1 && ffnn_small_is_plain(run)) {
            const slab s = ffnn_batch_slab(run, &all, 0);
            if (ffnn_small_update(run, &s, iterations - 1, &check)) return FFNN_INTERRUPTED;
            break;
        }
    }
    *cost /= (double)all.count;
    return FFNN_OK;
}

/* Mini-batches read X. */
static void leave_gram(ffnn_run *run)
{
    settle_weights(run);
    run->is_gram = false;
}

/* True: stop. */
static bool step_all(ffnn_run *run, const ptrdiff_t *order, ptrdiff_t size, double *cost,
                     interrupt_check *check)
{
    const ptrdiff_t m = run->X.cols;
    *cost = 0;
    for (ptrdiff_t first = 0; first < m; first += size) {
        const batch b = {order, first, m - first < size ? m - first : size};
        if (ffnn_step_run(run, &b, cost, check)) return true;
    }
    *cost /= (double)m;
    return false;
}

ffnn_status ffnn_run_epoch(ffnn_run *run, const ptrdiff_t *order, ptrdiff_t size, double *cost,
                           ffnn_poll *poll, void *context)
{
    interrupt_check check = {poll, context, 0};
    if (size > run->X.cols) size = run->X.cols;
    if (!ffnn_batch_prepare(run, order != NULL, size)) return FFNN_NO_MEMORY;
    leave_gram(run);
    return step_all(run, order, size, cost, &check) ? FFNN_INTERRUPTED : FFNN_OK;
}

/* As NumPy's legacy generators shuffle: the i-th changes places with one of those up to it, and
 * numbers too large are thrown away. Such a one changes the i-th with itself here, since a branch
 * that nobody can foresee takes longer. */
static void draw_order(const ffnn_random *random, ptrdiff_t m, ptrdiff_t *order)
{
    for (ptrdiff_t i = 0; i < m; i++) order[i] = i;
    for (ptrdiff_t i = m - 1; i > 0;) {
        const ptrdiff_t mask = PTRDIFF_MAX >> (__builtin_clzll((unsigned long long)i) - 1);
        const ptrdiff_t drawn =
            mask & (i <= (ptrdiff_t)UINT32_MAX ? (ptrdiff_t)random->next32(random->state)
                                               : (ptrdiff_t)random->next64(random->state));
        const bool is_one = drawn <= i;
        const ptrdiff_t j = is_one ? drawn : i, moved = order[j];
        order[j] = order[i];
        order[i] = moved;
        i -= is_one;
    }
}

ffnn_status ffnn_run_shuffled(ffnn_run *run, ptrdiff_t epochs, ptrdiff_t size, double *cost,
                              ffnn_poll *poll, void *context)
{
    interrupt_check check = {poll, context, 0};
    const ptrdiff_t m = run->X.cols;
    if (size > m) size = m;
    const size_t bytes = ffnn_bytes_with(0, 1, m, sizeof(ptrdiff_t));
    ptrdiff_t *order = bytes < SIZE_MAX ? ffnn_allocate(bytes) : NULL;
    if (!order || !ffnn_batch_prepare(run, true, size)) {
        ffnn_free(order);
        return FFNN_NO_MEMORY;
    }
    leave_gram(run);
    bool is_stopped = false;
    for (ptrdiff_t i = 0; i < epochs && !is_stopped; i++) {
        draw_order(&run->random, m, order);
        is_stopped = step_all(run, order, size, cost, &check);
    }
    ffnn_free(order);
    return is_stopped ? FFNN_INTERRUPTED : FFNN_OK;
}
