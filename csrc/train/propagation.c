/* propagation.c - a slab of examples forward and backward through all layers. */
#include "parts.h"

static void *row_of(const ffnn_run *run, void *data, ptrdiff_t row, ptrdiff_t i)
{
    return (char *)data + i * row * run->k->element_bytes;
}

static ffnn_view input_of(const ffnn_run *run, int i, const slab *s)
{
    return i == 0 ? s->X
                  : ffnn_contiguous(run->layer[i - 1].A, run->layer[i].n_prev, s->X.cols, s->row);
}

static ffnn_view weights_of(const layer *l)
{
    return ffnn_contiguous(l->W, l->n, l->n_prev, l->n_prev);
}

static ffnn_dropout dropout_of(const ffnn_run *run, int i, const slab *s)
{
    const layer *l = &run->layer[i];
    if (l->keep_prob >= 1) return (ffnn_dropout){NULL, 0, 1};
    return (ffnn_dropout){l->mask + s->first, run->mask_columns, l->keep_prob};
}

/* The columns of one of gram.c's arrays that belong to the slab. */
static ffnn_result gram_columns(const ffnn_run *run, void *data, const slab *s)
{
    return (ffnn_result){(char *)data + s->first * run->k->element_bytes, run->gram.row};
}

/* Where Z of a layer stands: in `saved`, which is also A's place unless the derivative needs it;
 * that of the output, which the cost is taken from, where dZ will stand. */
ffnn_result ffnn_pass_z(const ffnn_run *run, int i, const slab *s)
{
    const layer *l = &run->layer[i];
    if (i == 0 && run->gram.is_ready) return gram_columns(run, run->gram.Z, s);
    if (i == run->layers - 1 && l->saved == l->A) return (ffnn_result){run->dZ[0], s->row};
    return (ffnn_result){l->saved, s->row};
}

/* What the derivative of a layer is taken from. */
static ffnn_result saved_of(const ffnn_run *run, int i, const slab *s)
{
    const layer *l = &run->layer[i];
    if (run->k->activations[l->g].saves_input) return ffnn_pass_z(run, i, s);
    return (ffnn_result){l->saved, s->row};
}

double ffnn_pass_cost(const ffnn_run *run, const slab *s)
{
    const ffnn_cost_kernels *c = &run->k->costs[run->cost];
    const layer *output = &run->layer[run->layers - 1];
    const ffnn_result Z = ffnn_pass_z(run, run->layers - 1, s);
    int flags = 0;
    if (run->is_fused)
        return c->value_from_logits(output->n, s->X.cols, Z.data, Z.row, s->Y.data, s->Y.row,
                                    s->weights);
    return c->value(output->n, s->X.cols, output->A, s->row, s->Y.data, s->Y.row, s->weights,
                    &flags);
}

bool ffnn_pass_forward(const ffnn_run *run, const slab *s, double *cost, interrupt_check *check)
{
    const ffnn_kernels *k = run->k;
    for (int i = 0; i < run->layers; i++) {
        const layer *l = &run->layer[i];
        const bool saves_input = k->activations[l->g].saves_input;
        const ffnn_result A = {l->A, s->row}, Z = ffnn_pass_z(run, i, s);
        const ffnn_result V = saves_input ? A : (ffnn_result){l->saved, s->row};
        const ffnn_dropout dropout = dropout_of(run, i, s);
        if (i == 0 && run->gram.is_ready)
            ffnn_layer_activate(k, l->n, s->X.cols, l->g, dropout, Z, V, A);
        else
            ffnn_layer_forward(k, weights_of(l), ffnn_contiguous(l->b, l->n, 1, 1),
                               input_of(run, i, s), l->g, dropout, Z, V, A);
        if (ffnn_interrupt_check(check, l->n, l->n_prev, s->X.cols)) return true;
    }
    if (cost) *cost += ffnn_pass_cost(run, s);
    return false;
}

/* dZ of the output layer. */
void ffnn_pass_start_backward(const ffnn_run *run, const slab *s)
{
    const ffnn_kernels *k = run->k;
    const layer *l = &run->layer[run->layers - 1];
    const ptrdiff_t m = s->X.cols;
    k->costs[run->cost].gradient(l->n, m, l->A, s->row, s->Y.data, s->Y.row, run->dZ[0], s->row);
    if (!run->is_fused) {
        const ffnn_result saved = saved_of(run, run->layers - 1, s);
        k->activations[l->g].run_derivative(l->n, m, run->dZ[0], s->row, saved.data, saved.row,
                                            run->dZ[0], s->row);
    }
    if (s->weights) k->weigh(l->n, m, s->weights, run->dZ[0], s->row);
}

/* dZ of the layer below i, from the old W. */
static void backpropagate_layer(const ffnn_run *run, int i, const slab *s, void *dZ, void *dZ_below)
{
    const layer *l = &run->layer[i], *below = &run->layer[i - 1];
    const ffnn_result saved = saved_of(run, i - 1, s), dz = {dZ_below, s->row};
    ffnn_layer_backward(run->k, ffnn_contiguous(dZ, l->n, s->X.cols, s->row), weights_of(l),
                        dropout_of(run, i - 1, s), dz, run->k->activations[below->g].run_derivative,
                        ffnn_contiguous(saved.data, below->n, s->X.cols, saved.row), dz);
}

typedef struct {
    const ffnn_run *run;
    const layer *l;
} step_context;

/* The optimiser's step while the sums of dW are in the cache. */
static void finish_step(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                        ptrdiff_t cols)
{
    const ffnn_kernels *k = p->kernels;
    const step_context *c = p->context;
    const ffnn_optimizer_kernels *optimizer = &k->optimizers[c->run->hyperparameters.optimizer];
    for (ptrdiff_t i = row; i < row + rows; i++) {
        const ptrdiff_t at_bytes = (i * p->out_row + col) * k->element_bytes;
        void *moments[FFNN_MOST_MOMENTS];
        for (int j = 0; j < optimizer->moments; j++)
            moments[j] = (char *)c->l->W_moments[j] + at_bytes;
        optimizer->step(cols, &c->run->W_coefficients, (const char *)p->out + at_bytes,
                        (char *)c->l->W + at_bytes, moments);
    }
}

/* dW of a layer, and the step with it if there is one. Small ones that no other slab adds to are
 * summed as small.c does: packing A_prev's columns would cost more than the product. Not the first
 * layer's: X may have any strides, which small_gradients would have no room to copy. */
static void weight_gradients(const ffnn_run *run, int i, const slab *s, ffnn_view dZ, bool has_step)
{
    const ffnn_kernels *k = run->k;
    const layer *l = &run->layer[i];
    const ffnn_view A_prev = input_of(run, i, s);
    step_context step = {run, l};
    if (i > 0 && s->is_first && s->is_last &&
        ffnn_product_is_small(k, l->n, l->n_prev, s->X.cols)) {
        k->small_gradients(l->n, l->n_prev, s->X.cols, dZ.data, dZ.row, A_prev.data, A_prev.row,
                           A_prev.col, l->dW);
        if (has_step)
            k->optimizers[run->hyperparameters.optimizer].step(
                l->n * l->n_prev, &run->W_coefficients, l->dW, l->W, l->W_moments);
        return;
    }
    ffnn_product_run(&(ffnn_product){
        .kernels = k,
        .left = dZ,
        .right = ffnn_transposed(A_prev),
        .out = l->dW,
        .out_row = l->n_prev,
        .start = s->is_first ? FFNN_FROM_ZERO : FFNN_FROM_TILE,
        .finish = has_step ? finish_step : NULL,
        .context = &step,
    });
}

bool ffnn_pass_backward(const ffnn_run *run, const slab *s, interrupt_check *check)
{
    const ffnn_kernels *k = run->k;
    /* A norm to be clipped is known when all gradients are. */
    const bool has_step = s->is_last && run->hyperparameters.clip_norm == 0;
    int turn = 0;
    ffnn_pass_start_backward(run, s);
    for (int i = run->layers - 1; i >= 0; i--, turn = !turn) {
        const layer *l = &run->layer[i];
        const ffnn_view dZ = ffnn_contiguous(run->dZ[turn], l->n, s->X.cols, s->row);
        if (i > 0) {
            backpropagate_layer(run, i, s, run->dZ[turn], run->dZ[!turn]);
            if (ffnn_interrupt_check(check, l->n_prev, l->n, s->X.cols)) return true;
        }
        if (i == 0 && run->gram.is_ready) {
            ffnn_result saved = gram_columns(run, run->gram.dZ, s);
            for (ptrdiff_t row = 0; row < l->n; row++)
                memcpy(row_of(run, saved.data, saved.row, row),
                       row_of(run, run->dZ[turn], s->row, row),
                       (size_t)(s->X.cols * k->element_bytes));
        } else {
            weight_gradients(run, i, s, dZ, has_step);
        }
        k->row_sums(l->n, s->X.cols, dZ.data, dZ.row, s->is_first ? l->db : run->sums);
        if (!s->is_first) k->add(l->n, run->sums, l->db);
        if (has_step)
            k->optimizers[run->hyperparameters.optimizer].step(l->n, &run->b_coefficients, l->db,
                                                               l->b, l->b_moments);
        if (ffnn_interrupt_check(check, l->n, s->X.cols, l->n_prev)) return true;
    }
    return false;
}
