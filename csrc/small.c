/* small.c - a step of a run whose layers are so small that setting up a product costs more than the
 * product.
 *
 * The batch is copied once, its columns padded with zeros to whole vectors, and so is every array
 * of the run: rows follow each other without a gap, and an activation is one call for all of a
 * layer. In the padding dZ is 0, so that no sum over the examples sees it.
 */
#include "run_parts.h"

/* left [rows, depth], whose elements lie left_row and left_col apart, times padded rows. */
static void multiply(const ffnn_run *run, const slab *s, ptrdiff_t rows, ptrdiff_t depth,
                     const void *left, ptrdiff_t left_row, ptrdiff_t left_col, const void *bias,
                     const void *right, void *out)
{
    run->k->small_product(&(ffnn_tile){
        .rows = rows,
        .cols = s->row,
        .depth = depth,
        .left = left,
        .left_row = left_row,
        .left_col = left_col,
        .right = right,
        .right_row = s->row,
        .tile = out,
        .tile_row = s->row,
        .start = bias ? FFNN_FROM_BIAS : FFNN_FROM_ZERO,
        .bias = bias,
        .bias_row = 1,
    });
}

static void activate(const ffnn_run *run, const layer *l, const slab *s, ffnn_result Z)
{
    const bool keeps_input = run->k->activations[l->g].keeps_input;
    const ffnn_result A = {l->A, s->row}, V = keeps_input ? A : (ffnn_result){l->kept, s->row};
    const bool has_dropout = l->keep_prob < 1;
    const ffnn_dropout dropout = {has_dropout ? l->mask : NULL, run->mask_columns, l->keep_prob};
    ffnn_layer_activate(run->k, l->n, has_dropout ? s->X.cols : s->row, l->g, dropout, Z, V, A);
}

static void pad(const ffnn_run *run, const slab *s, ptrdiff_t rows, void *data)
{
    const ptrdiff_t bytes = run->k->element_bytes, from = s->X.cols * bytes;
    for (ptrdiff_t i = 0; i < rows; i++)
        memset((char *)data + i * s->row * bytes + from, 0, (size_t)(s->row * bytes - from));
}

static bool spend(const ffnn_run *run, patience *p)
{
    enum { TYPICAL_WORK = 8 * 1024 }; /* multiply-adds of a product */
    return ffnn_patience_spend(p, 3 * run->layers, TYPICAL_WORK, 1);
}

static void forward(const ffnn_run *run, const slab *s, double *cost)
{
    const void *A_prev = s->X.data;
    for (int i = 0; i < run->layers; i++) {
        const layer *l = &run->layer[i];
        const ffnn_result Z = ffnn_pass_z(run, i, s);
        multiply(run, s, l->n, l->n_prev, l->W, l->n_prev, 1, l->b, A_prev, Z.data);
        activate(run, l, s, Z);
        if (l->keep_prob < 1) pad(run, s, l->n, l->A);
        A_prev = l->A;
    }
    if (cost) *cost += ffnn_pass_cost(run, s);
}

static void backward(const ffnn_run *run, const slab *s)
{
    const ffnn_kernels *k = run->k;
    const ffnn_optimizer_kernels *optimizer = &k->optimizers[run->rule.optimizer];
    int turn = 0;
    ffnn_pass_start_backward(run, s);
    pad(run, s, run->layer[run->layers - 1].n, run->dZ[0]);
    for (int i = run->layers - 1; i >= 0; i--, turn = !turn) {
        const layer *l = &run->layer[i], *below = l - 1;
        void *dZ = run->dZ[turn], *dZ_below = run->dZ[!turn];
        const void *A_prev = i > 0 ? below->A : s->X.data;
        if (i > 0) {
            const ptrdiff_t row = s->row;
            multiply(run, s, l->n_prev, l->n, l->W, 1, l->n_prev, NULL, dZ, dZ_below);
            if (below->keep_prob < 1)
                k->drop(below->n, s->X.cols, dZ_below, row, below->mask, run->mask_columns,
                        below->keep_prob, dZ_below, row);
            k->activations[below->g].run_derivative(below->n, row, dZ_below, row, below->kept, row,
                                                    dZ_below, row);
        }
        k->small_gradients(l->n, l->n_prev, s->row, dZ, s->row, A_prev, s->row, 1, l->dW);
        k->row_sums(l->n, s->row, dZ, s->row, l->db);
        if (run->rule.clip_norm > 0) continue;
        optimizer->step(l->n * l->n_prev, &run->W_step, l->dW, l->W, l->W_moments);
        optimizer->step(l->n, &run->b_step, l->db, l->b, l->b_moments);
    }
}

/* ---- plain descent, many steps at once ---- */

bool ffnn_small_is_plain(const ffnn_run *run)
{
    bool has_dropout = false;
    for (int i = 0; i < run->layers; i++) has_dropout |= run->layer[i].keep_prob < 1;
    return run->is_small && !has_dropout && ffnn_gram_fits(&run->rule);
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
            .kept_prev = i > 0 ? l[-1].kept : NULL,
            .Z = ffnn_pass_z(run, i, s).data,
            .A = l->A,
        };
        if (s->row == run->k->lanes) pair_up(&l->small, run->k->lanes);
    }
}

bool ffnn_small_descend(ffnn_run *run, const slab *s, ptrdiff_t steps, patience *p)
{
    const ffnn_kernels *k = run->k;
    layer *first = run->layer, *output = first + run->layers - 1;
    lay_out(run, s);
    for (ptrdiff_t i = 0; i < steps; i++) {
        for (layer *l = first; l <= output; l++) k->activations[l->g].small_forward(&l->small);
        ffnn_pass_start_backward(run, s);
        pad(run, s, output->n, run->dZ[0]);
        int turn = 0;
        for (layer *l = output; l >= first; l--, turn = !turn) {
            const void *dZ = run->dZ[turn];
            if (l > first) k->activations[l[-1].g].small_backward(&l->small, dZ, run->dZ[!turn]);
            k->small_descent(&l->small, dZ, run->W_step.rate);
        }
        run->steps++;
        if (spend(run, p)) return true;
    }
    return false;
}

/* ---- any step ---- */

bool ffnn_small_pass(const ffnn_run *run, const slab *s, double *cost, patience *p)
{
    forward(run, s, cost);
    backward(run, s);
    return spend(run, p);
}
