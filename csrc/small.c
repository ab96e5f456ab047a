/* small.c - a step of a run whose layers are so small that setting up a product costs more than the
 * product.
 *
 * The batch is copied once, its columns padded with zeros to whole vectors, and so is every array
 * of the run: rows follow each other without a gap, and an activation is one call for all of a
 * layer. In the padding dZ is 0, so that no sum over the examples sees it.
 */
#include "run_parts.h"

/* Where panels and tiles begin to pay, in multiply-adds of one product. */
enum { MOST_WORK = 32 * 1024 };

bool ffnn_small_fits(const ffnn_kernels *k, ptrdiff_t n, ptrdiff_t n_prev, ptrdiff_t m)
{
    const double cols = (double)ffnn_whole_vectors(m, k->lanes);
    return (double)n * (double)n_prev * cols <= MOST_WORK;
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

static void forward(const ffnn_run *run, const slab *s, double *cost)
{
    const ffnn_kernels *k = run->k;
    const void *A_prev = s->X.data;
    for (int i = 0; i < run->layers; i++) {
        const layer *l = &run->layer[i];
        const ffnn_result Z = ffnn_pass_z(run, i, s);
        k->small_product(l->n, l->n_prev, s->row, l->W, l->n_prev, 1, l->b, A_prev, Z.data);
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
            k->small_product(l->n_prev, l->n, row, l->W, 1, l->n_prev, NULL, dZ, dZ_below);
            if (below->keep_prob < 1)
                k->drop(below->n, s->X.cols, dZ_below, row, below->mask, run->mask_columns,
                        below->keep_prob, dZ_below, row);
            k->activations[below->g].run_derivative(below->n, row, dZ_below, row, below->kept, row,
                                                    dZ_below, row);
        }
        k->small_gradients(l->n, l->n_prev, s->row, dZ, A_prev, l->dW);
        k->row_sums(l->n, s->row, dZ, s->row, l->db);
        if (run->rule.clip_norm > 0) continue;
        optimizer->step(l->n * l->n_prev, &run->W_step, l->dW, l->W, l->W_moments);
        optimizer->step(l->n, &run->b_step, l->db, l->b, l->b_moments);
    }
}

bool ffnn_small_pass(const ffnn_run *run, const slab *s, double *cost, patience *p)
{
    forward(run, s, cost);
    backward(run, s);
    return ffnn_patience_spend(p, 3 * run->layers, MOST_WORK / 4, 1);
}
