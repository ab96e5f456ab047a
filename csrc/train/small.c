/* small.c - a step of a run whose layers are so small that setting up a product costs more than the
 * product.
 *
 * The batch is copied once, its columns padded with zeros to whole vectors, and so is every array
 * of the run: rows follow each other without a gap, and an activation is one call for all of a
 * layer. In the padding dZ is 0, so that no sum over the examples sees it.
 */
#include "parts.h"

static inline void pad(const ffnn_run *run, const slab *s, ptrdiff_t rows, void *data)
{
    const ptrdiff_t bytes = (s->row - s->X.cols) * run->k->element_bytes;
    if (bytes == 0) return;
    for (ptrdiff_t i = 0; i < rows; i++)
        memset(ffnn_element(run->k, data, i * s->row + s->X.cols), 0, (size_t)bytes);
}

static bool spend(const ffnn_run *run, interrupt_check *check)
{
    enum { TYPICAL_WORK = 8 * 1024 }; /* multiply-adds of a product */
    return ffnn_interrupt_check(check, 3 * run->layers, TYPICAL_WORK, 1);
}

/* Returns where the next layer's pairs begin. */
static ffnn_small_pair *pair_up(const layer *l, ptrdiff_t lanes, ffnn_small_pair *pairs)
{
    const ptrdiff_t all = l->n * l->n_prev, padded = ffnn_whole_vectors(all, lanes);
    ptrdiff_t i = 0, k = 0;
    for (ptrdiff_t at = 0; at < padded; at++) {
        pairs[at] = (ffnn_small_pair){(uint16_t)i, (uint16_t)k};
        if (at < all - 1 && ++k == l->n_prev) k = 0, i++;
    }
    return pairs + padded;
}

/* The kernels' A is g(Z); with dropout the layer above reads another array, the masked one. */
static void lay_out(const ffnn_run *run, const workspace *w, const slab *s)
{
    for (int i = 0; i < run->layers; i++) {
        const layer *l = &run->layer[i];
        layer_arrays *of = &w->layer[i];
        of->small = (ffnn_small_layer){
            .n = l->n,
            .n_prev = l->n_prev,
            .row = s->row,
            .W = l->W,
            .b = l->b,
            .dW = ffnn_within(run->gradients, l->W_at),
            .db = ffnn_within(run->gradients, l->b_at),
            .A_prev = i > 0 ? of[-1].A : s->X.data,
            .saved_prev = i > 0 ? of[-1].saved : NULL,
            .Z = ffnn_propagate_z(run, w, i, s).data,
            .A = run->k->activations[l->g].saves_input ? of->A : of->saved,
        };
    }
}

/* Inline, as backward is: where `is_plain` is known, many steps do not ask at each layer. */
static inline void forward(const ffnn_run *run, const workspace *w, const slab *s, bool is_plain)
{
    const ffnn_kernels *k = run->k;
    for (int i = 0; i < run->layers; i++) {
        const layer *l = &run->layer[i];
        const layer_arrays *of = &w->layer[i];
        k->activations[l->g].small_forward(&of->small);
        if (is_plain || l->keep_prob >= 1) continue;
        k->drop(l->n, s->X.cols, of->small.A, s->row, l->mask, run->mask_columns, l->keep_prob,
                of->A, s->row);
        pad(run, s, l->n, of->A);
    }
}

/* dZ of the layer below i, from the old W. */
static inline void backpropagate_layer(const ffnn_run *run, const workspace *w, const slab *s,
                                       int i, const void *dZ, void *dZ_below, bool is_plain)
{
    const ffnn_kernels *k = run->k;
    const layer *below = &run->layer[i - 1];
    const ffnn_small_layer *small = &w->layer[i].small;
    const ptrdiff_t row = s->row;
    if (is_plain || below->keep_prob >= 1) {
        k->activations[below->g].small_backward(small, dZ, dZ_below);
        return;
    }
    k->activations[FFNN_linear].small_backward(small, dZ, dZ_below); /* the mask comes first */
    k->drop(below->n, s->X.cols, dZ_below, row, below->mask, run->mask_columns, below->keep_prob,
            dZ_below, row);
    k->activations[below->g].run_derivative(below->n, row, dZ_below, row, small->saved_prev, row,
                                            dZ_below, row);
}

static void layer_gradients(const ffnn_run *run, const workspace *w, const slab *s, int i,
                            const void *dZ, bool has_update)
{
    const ffnn_kernels *k = run->k;
    const layer *l = &run->layer[i];
    const ffnn_small_layer *small = &w->layer[i].small;
    k->small_gradients(l->n, l->n_prev, s->row, dZ, s->row, small->A_prev, s->row, 1, small->dW);
    k->row_sums(l->n, s->row, dZ, s->row, small->db);
    if (!has_update) return;
    ffnn_update_part(run, &run->W_coefficients, l->W_at, l->n * l->n_prev);
    ffnn_update_part(run, &run->b_coefficients, l->b_at, l->n);
}

static inline void backward(const ffnn_run *run, const workspace *w, const slab *s, bool has_update,
                            bool is_plain)
{
    int turn = 0;
    ffnn_propagate_output_gradient(run, w, s);
    pad(run, s, run->layer[run->layers - 1].n, w->dZ[0]);
    for (int i = run->layers - 1; i >= 0; i--, turn = !turn) {
        const void *dZ = w->dZ[turn];
        if (i > 0) backpropagate_layer(run, w, s, i, dZ, w->dZ[!turn], is_plain);
        if (is_plain)
            run->k->small_update(&w->layer[i].small, dZ, run->W_coefficients.rate);
        else
            layer_gradients(run, w, s, i, dZ, has_update);
    }
}

/* ---- the ways in ---- */

bool ffnn_small_step(ffnn_run *run, const workspace *w, const slab *s, double *cost,
                     bool has_update, interrupt_check *check)
{
    lay_out(run, w, s);
    forward(run, w, s, false);
    if (cost) *cost += ffnn_propagate_cost(run, w, s);
    ffnn_run_record(run, cost);
    backward(run, w, s, has_update, false);
    return spend(run, check);
}

bool ffnn_small_is_plain(const ffnn_run *run)
{
    bool has_dropout = false;
    for (int i = 0; i < run->layers; i++) has_dropout |= run->layer[i].keep_prob < 1;
    return run->is_small && !has_dropout && ffnn_gram_fits(run->k, &run->hyperparameters);
}

bool ffnn_small_update(ffnn_run *run, const workspace *w, const slab *s, ptrdiff_t steps,
                       interrupt_check *check)
{
    lay_out(run, w, s);
    ffnn_small_pair *pairs = run->pairs;
    for (int i = 0; pairs && i < run->layers; i++) {
        w->layer[i].small.pairs = pairs;
        pairs = pair_up(&run->layer[i], run->k->lanes, pairs);
    }
    for (ptrdiff_t i = 0; i < steps; i++) {
        forward(run, w, s, true);
        backward(run, w, s, true, true);
        run->steps++;
        if (spend(run, check)) return true;
    }
    return false;
}
