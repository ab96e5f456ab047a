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
    const ptrdiff_t bytes = run->k->element_bytes, from = s->X.cols * bytes;
    for (ptrdiff_t i = 0; i < rows; i++)
        memset((char *)data + i * s->row * bytes + from, 0, (size_t)(s->row * bytes - from));
}

static bool spend(const ffnn_run *run, interrupt_check *check)
{
    enum { TYPICAL_WORK = 8 * 1024 }; /* multiply-adds of a product */
    return ffnn_interrupt_check(check, 3 * run->layers, TYPICAL_WORK, 1);
}

static void pair_up(const ffnn_small_layer *l, ptrdiff_t lanes)
{
    const ptrdiff_t all = l->n * l->n_prev, padded = ffnn_whole_vectors(all, lanes);
    ptrdiff_t i = 0, k = 0;
    for (ptrdiff_t at = 0; at < padded; at++) {
        l->pairs[at] = (ffnn_small_pair){(uint16_t)i, (uint16_t)k};
        if (at < all - 1 && ++k == l->n_prev) k = 0, i++;
    }
}

/* A kernel's A is g(Z), which with dropout is not yet what the layer above reads. */
static void lay_out(ffnn_run *run, const slab *s)
{
    for (int i = 0; i < run->layers; i++) {
        layer *l = &run->layer[i];
        l->small = (ffnn_small_layer){
            .n = l->n,
            .n_prev = l->n_prev,
            .row = s->row,
            .W = l->W,
            .b = l->b,
            .dW = l->dW,
            .A_prev = i > 0 ? l[-1].A : s->X.data,
            .saved_prev = i > 0 ? l[-1].saved : NULL,
            .Z = ffnn_pass_z(run, i, s).data,
            .A = run->k->activations[l->g].saves_input ? l->A : l->saved,
        };
    }
}

/* Inline, as backward is: where `is_plain` is known, many steps do not ask at each layer. */
static inline void forward(const ffnn_run *run, const slab *s, bool is_plain)
{
    const ffnn_kernels *k = run->k;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++) {
        k->activations[l->g].small_forward(&l->small);
        if (is_plain || l->keep_prob >= 1) continue;
        k->drop(l->n, s->X.cols, l->small.A, s->row, l->mask, run->mask_columns, l->keep_prob, l->A,
                s->row);
        pad(run, s, l->n, l->A);
    }
}

/* dZ of the layer below l, from the old W. */
static inline void backpropagate_layer(const ffnn_run *run, const slab *s, const layer *l,
                                       const void *dZ, void *dZ_below, bool is_plain)
{
    const ffnn_kernels *k = run->k;
    const layer *below = l - 1;
    const ptrdiff_t row = s->row;
    if (is_plain || below->keep_prob >= 1) {
        k->activations[below->g].small_backward(&l->small, dZ, dZ_below);
        return;
    }
    k->activations[FFNN_linear].small_backward(&l->small, dZ, dZ_below); /* the mask comes first */
    k->drop(below->n, s->X.cols, dZ_below, row, below->mask, run->mask_columns, below->keep_prob,
            dZ_below, row);
    k->activations[below->g].run_derivative(below->n, row, dZ_below, row, below->saved, row,
                                            dZ_below, row);
}

static void layer_gradients(const ffnn_run *run, const slab *s, const layer *l, const void *dZ)
{
    const ffnn_kernels *k = run->k;
    const ffnn_optimizer_kernels *optimizer = &k->optimizers[run->hyperparameters.optimizer];
    k->small_gradients(l->n, l->n_prev, s->row, dZ, s->row, l->small.A_prev, s->row, 1, l->dW);
    k->row_sums(l->n, s->row, dZ, s->row, l->db);
    if (run->hyperparameters.clip_norm > 0) return;
    optimizer->step(l->n * l->n_prev, &run->W_coefficients, l->dW, l->W, l->W_moments);
    optimizer->step(l->n, &run->b_coefficients, l->db, l->b, l->b_moments);
}

static inline void backward(const ffnn_run *run, const slab *s, bool is_plain)
{
    const layer *first = run->layer, *output = first + run->layers - 1;
    int turn = 0;
    ffnn_pass_start_backward(run, s);
    pad(run, s, output->n, run->dZ[0]);
    for (const layer *l = output; l >= first; l--, turn = !turn) {
        const void *dZ = run->dZ[turn];
        if (l > first) backpropagate_layer(run, s, l, dZ, run->dZ[!turn], is_plain);
        if (is_plain)
            run->k->small_update(&l->small, dZ, run->W_coefficients.rate);
        else
            layer_gradients(run, s, l, dZ);
    }
}

/* ---- the ways in ---- */

bool ffnn_small_pass(ffnn_run *run, const slab *s, double *cost, interrupt_check *check)
{
    lay_out(run, s);
    forward(run, s, false);
    if (cost) *cost += ffnn_pass_cost(run, s);
    backward(run, s, false);
    return spend(run, check);
}

bool ffnn_small_is_plain(const ffnn_run *run)
{
    bool has_dropout = false;
    for (int i = 0; i < run->layers; i++) has_dropout |= run->layer[i].keep_prob < 1;
    return run->is_small && !has_dropout && ffnn_gram_fits(&run->hyperparameters);
}

bool ffnn_small_update(ffnn_run *run, const slab *s, ptrdiff_t steps, interrupt_check *check)
{
    lay_out(run, s);
    for (const layer *l = run->layer; l < run->layer + run->layers; l++)
        if (s->row == run->k->lanes) pair_up(&l->small, run->k->lanes);
    for (ptrdiff_t i = 0; i < steps; i++) {
        forward(run, s, true);
        backward(run, s, true);
        run->steps++;
        if (spend(run, check)) return true;
    }
    return false;
}
