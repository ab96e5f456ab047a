/* propagation.c - a slab of examples forward and backward through all layers. */
#include "parts.h"

ffnn_view ffnn_propagate_input(const ffnn_run *run, const workspace *w, int i, const slab *s)
{
    if (i == 0) return s->X;
    return ffnn_contiguous(w->layer[i - 1].A, run->layer[i].n_prev, s->X.cols, s->row);
}

static ffnn_view weights_of(const layer *l)
{
    return ffnn_contiguous(l->W, l->n, l->n_prev, l->n_prev);
}

static ffnn_dropout dropout_of(const ffnn_run *run, int i, const slab *s)
{
    const layer *l = &run->layer[i];
    if (l->keep_prob >= 1 || run->is_measuring) return (ffnn_dropout){NULL, 0, 1};
    return (ffnn_dropout){l->mask + s->first, run->mask_columns, l->keep_prob};
}

/* The columns of one of gram.c's arrays that belong to the slab. */
static ffnn_result gram_columns(const ffnn_run *run, void *data, const slab *s)
{
    return (ffnn_result){ffnn_element(run->k, data, s->first), run->gram.row};
}

/* Z of a hidden layer stands in `saved`. That array is A's too, which overwrites Z, unless the
 * derivative is taken from Z. Z of the output, from which the cost is taken, stands in dZ[0] until
 * dZ overwrites it. */
ffnn_result ffnn_propagate_z(const ffnn_run *run, const workspace *w, int i, const slab *s)
{
    const layer_arrays *l = &w->layer[i];
    if (i == 0 && run->gram.is_running) return gram_columns(run, run->gram.Z, s);
    if (i == run->layers - 1 && l->saved == l->A) return (ffnn_result){w->dZ[0], s->row};
    return (ffnn_result){l->saved, s->row};
}

/* What the derivative of a layer is taken from. */
static ffnn_result saved_of(const ffnn_run *run, const workspace *w, int i, const slab *s)
{
    if (run->k->activations[run->layer[i].g].saves_input) return ffnn_propagate_z(run, w, i, s);
    return (ffnn_result){w->layer[i].saved, s->row};
}

double ffnn_propagate_cost(const ffnn_run *run, const workspace *w, const slab *s)
{
    const ffnn_cost_kernels *c = &run->k->costs[run->cost];
    const ptrdiff_t n_y = run->layer[run->layers - 1].n;
    const ffnn_result Z = ffnn_propagate_z(run, w, run->layers - 1, s);
    int flags = 0;
    if (run->is_fused)
        return c->value_from_logits(n_y, s->X.cols, Z.data, Z.row, s->Y.data, s->Y.row, s->weights);
    return c->value(n_y, s->X.cols, w->layer[run->layers - 1].A, s->row, s->Y.data, s->Y.row,
                    s->weights, run->hyperparameters.quantile, &flags);
}

/* Z of the first layer, from sparse examples. */
static void sparse_z(const ffnn_run *run, const slab *s, ffnn_result Z)
{
    const layer *l = run->layer;
    ffnn_sparse_forward(&(ffnn_product){.kernels = run->k,
                                        .left = weights_of(l),
                                        .out = Z.data,
                                        .out_row = Z.row,
                                        .bias = l->b,
                                        .bias_row = 1},
                        &s->sparse);
}

/* Adds the work of layer i's products; true where the run is to stop. */
static bool check_layer(const ffnn_run *run, int i, const slab *s, interrupt_check *check)
{
    const layer *l = &run->layer[i];
    if (i > 0 || !s->is_sparse) return ffnn_interrupt_check(check, l->n, l->n_prev, s->X.cols);
    return ffnn_interrupt_check(check, l->n, 1, l->n_prev + ffnn_sparse_count(&s->sparse));
}

bool ffnn_propagate_forward(const ffnn_run *run, const workspace *w, const slab *s, double *cost,
                            interrupt_check *check)
{
    const ffnn_kernels *k = run->k;
    for (int i = 0; i < run->layers; i++) {
        const layer *l = &run->layer[i];
        const ffnn_result A = {w->layer[i].A, s->row}, Z = ffnn_propagate_z(run, w, i, s);
        const bool is_A = k->activations[l->g].saves_input || run->is_measuring;
        const ffnn_result V = is_A ? A : (ffnn_result){w->layer[i].saved, s->row};
        const ffnn_dropout dropout = dropout_of(run, i, s);
        if (i == 0 && run->gram.is_running) {
            ffnn_layer_activate(k, l->n, s->X.cols, l->g, dropout, Z, V, A);
        } else if (i == 0 && s->is_sparse) {
            sparse_z(run, s, Z);
            ffnn_layer_activate(k, l->n, s->X.cols, l->g, dropout, Z, V, A);
        } else {
            ffnn_layer_forward(k, weights_of(l), ffnn_contiguous(l->b, l->n, 1, 1),
                               ffnn_propagate_input(run, w, i, s), l->g, dropout, Z, V, A);
        }
        if (check_layer(run, i, s, check)) return true;
    }
    if (cost) *cost += ffnn_propagate_cost(run, w, s);
    return false;
}

void ffnn_propagate_output_derivative(const ffnn_run *run, const workspace *w, const slab *s)
{
    const int i = run->layers - 1;
    const layer *l = &run->layer[i];
    const ffnn_result saved = saved_of(run, w, i, s);
    run->k->activations[l->g].run_derivative(l->n, s->X.cols, w->dZ[0], s->row, saved.data,
                                             saved.row, w->dZ[0], s->row);
}

void ffnn_propagate_output_gradient(const ffnn_run *run, const workspace *w, const slab *s)
{
    const ffnn_kernels *k = run->k;
    const int i = run->layers - 1;
    const layer *l = &run->layer[i];
    const ptrdiff_t m = s->X.cols;
    k->costs[run->cost].gradient(l->n, m, w->layer[i].A, s->row, s->Y.data, s->Y.row,
                                 run->hyperparameters.quantile, w->dZ[0], s->row);
    if (!run->is_fused) ffnn_propagate_output_derivative(run, w, s);
    if (s->weights) k->weigh(l->n, m, s->weights, w->dZ[0], s->row);
}

/* dZ of the layer below i, from the old W. */
void ffnn_propagate_layer_back(const ffnn_run *run, const workspace *w, int i, const slab *s,
                               void *dZ, void *dZ_below)
{
    const layer *l = &run->layer[i], *below = &run->layer[i - 1];
    const ffnn_result saved = saved_of(run, w, i - 1, s), dz = {dZ_below, s->row};
    ffnn_layer_backward(run->k, ffnn_contiguous(dZ, l->n, s->X.cols, s->row), weights_of(l),
                        dropout_of(run, i - 1, s), dz, run->k->activations[below->g].run_derivative,
                        ffnn_contiguous(saved.data, below->n, s->X.cols, saved.row), dz);
}

/* What becomes of the sums of n gradients that stand `at` bytes behind the vectors' beginning. */
static void finish_sums(const ffnn_run *run, destination to, const ffnn_coefficients *c,
                        ptrdiff_t at, ptrdiff_t n)
{
    if (to.is_added) run->k->add(n, ffnn_within(to.sums, at), ffnn_within(run->gradients, at));
    if (to.has_update) ffnn_update_part(run, c, at, n);
}

typedef struct {
    const ffnn_run *run;
    ptrdiff_t W_at;
    destination to;
} weight_context;

/* While the sums of dW are in the cache. */
static void finish_weights(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                           ptrdiff_t cols)
{
    const weight_context *c = p->context;
    for (ptrdiff_t i = row; i < row + rows; i++)
        finish_sums(c->run, c->to, &c->run->W_coefficients,
                    c->W_at + (i * p->out_row + col) * p->kernels->element_bytes, cols);
}

/* dW of a layer. Small ones that no other slab adds to are summed as small.c does: packing A_prev's
 * columns would cost more than the product. Not the first layer's: X may have any strides, which
 * small_gradients would have no room to copy. */
static void weight_gradients(const ffnn_run *run, const workspace *w, int i, const slab *s,
                             ffnn_view dZ, destination to)
{
    const ffnn_kernels *k = run->k;
    const layer *l = &run->layer[i];
    const ffnn_view A_prev = ffnn_propagate_input(run, w, i, s);
    void *dW = ffnn_within(to.sums, l->W_at);
    weight_context context = {run, l->W_at, to};
    if (i > 0 && s->is_first && s->is_last &&
        ffnn_product_is_small(k, l->n, l->n_prev, s->X.cols)) {
        k->small_gradients(l->n, l->n_prev, s->X.cols, dZ.data, dZ.row, A_prev.data, A_prev.row,
                           A_prev.col, dW);
        finish_sums(run, to, &run->W_coefficients, l->W_at, l->n * l->n_prev);
        return;
    }
    const ffnn_product product = {
        .kernels = k,
        .left = dZ,
        .right = ffnn_transposed(A_prev),
        .out = dW,
        .out_row = l->n_prev,
        .start = s->is_first ? FFNN_FROM_ZERO : FFNN_FROM_TILE,
        .finish = to.is_added || to.has_update ? finish_weights : NULL,
        .context = &context,
    };
    if (i == 0 && s->is_sparse)
        ffnn_sparse_gradients(&product, &s->sparse);
    else
        ffnn_product_run(&product);
}

bool ffnn_propagate_backward(const ffnn_run *run, const workspace *w, const slab *s, destination to,
                             interrupt_check *check)
{
    const ffnn_kernels *k = run->k;
    int turn = 0;
    to.has_update = to.has_update && s->is_last;
    ffnn_propagate_output_gradient(run, w, s);
    for (int i = run->layers - 1; i >= 0; i--, turn = !turn) {
        const layer *l = &run->layer[i];
        const ffnn_view dZ = ffnn_contiguous(w->dZ[turn], l->n, s->X.cols, s->row);
        void *db = ffnn_within(to.sums, l->b_at);
        if (i > 0) {
            ffnn_propagate_layer_back(run, w, i, s, w->dZ[turn], w->dZ[!turn]);
            if (ffnn_interrupt_check(check, l->n_prev, l->n, s->X.cols)) return true;
        }
        if (i == 0 && run->gram.is_running) {
            ffnn_result dZ_all = gram_columns(run, run->gram.dZ, s);
            for (ptrdiff_t row = 0; row < l->n; row++)
                memcpy(ffnn_element(run->k, dZ_all.data, row * dZ_all.row),
                       ffnn_element(run->k, w->dZ[turn], row * s->row),
                       (size_t)(s->X.cols * k->element_bytes));
        } else {
            weight_gradients(run, w, i, s, dZ, to);
        }
        k->row_sums(l->n, s->X.cols, dZ.data, dZ.row, s->is_first ? db : w->sums);
        if (!s->is_first) k->add(l->n, w->sums, db);
        finish_sums(run, to, &run->b_coefficients, l->b_at, l->n);
        if (check_layer(run, i, s, check)) return true;
    }
    return false;
}
