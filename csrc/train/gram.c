/* gram.c - the first layer of a run without its X: the Gram form.
 *
 * In a full-batch run X never changes, so Z1 = W1 X + b1 can be kept up to date without W1:
 *
 *   W1 <- W1 - rate dZ1 X^T     b1 <- b1 - rate (row sums of dZ1)
 *   Z1 <- Z1 - rate dZ1 (X^T X + 1) = Z1 - rate dZ1 G        G [m, m], computed once
 *
 * and with S = the sum of all rate dZ1 so far, W1 = W1_0 - S X^T whenever somebody asks. The same
 * in real arithmetic; n_1 m^2 multiply-adds an iteration in place of 2 n_1 n_x m, and no byte of X.
 */
#include "parts.h"

enum { MOST_BYTES = 64 << 20 }; /* of G */

bool ffnn_gram_fits(const ffnn_kernels *k, const ffnn_hyperparameters *hyperparameters)
{
    return k->optimizers[hyperparameters->optimizer].form == FFNN_PLAIN &&
           hyperparameters->lambd == 0 && hyperparameters->clip_norm == 0;
}

/* The ski-rental rule: G costs as much as m / (2 n_1) plain steps, so a run that takes that many
 * plain steps first pays at most twice the least cost for any number of steps. */
bool ffnn_gram_pays(const ffnn_kernels *k, ptrdiff_t n_x, ptrdiff_t n_1, ptrdiff_t m,
                    ptrdiff_t *from)
{
    const double bytes = (double)m * (double)m * (double)k->element_bytes;
    *from = m / (2 * n_1);
    return m < n_x && bytes <= MOST_BYTES && !ffnn_product_is_small(k, n_1, n_x, m);
}

static ffnn_view square(const gram_form *g)
{
    return (ffnn_view){g->G, g->m, g->m, g->row, 1};
}

/* G, some rows at a time so that a run can be stopped meanwhile, and the first Z1. */
bool ffnn_gram_start(gram_form *g, const ffnn_kernels *k, const layer *l, ffnn_view X,
                     interrupt_check *check)
{
    enum { ROWS = 240 };
    const double one_double = 1;
    const float one_float = 1;
    for (ptrdiff_t i = 0; i < g->m && !g->has_G; i += ROWS) {
        const ptrdiff_t rows = g->m - i < ROWS ? g->m - i : ROWS;
        ffnn_product_run(&(ffnn_product){
            .kernels = k,
            .left = ffnn_transposed(ffnn_columns(k, X, i, rows)),
            .right = X,
            .out = ffnn_element(k, g->G, i * g->row),
            .out_row = g->row,
            .start = FFNN_FROM_BIAS,
            .bias = k->real == FFNN_FLOAT ? (const void *)&one_float : &one_double,
        });
        if (ffnn_interrupt_check(check, rows, l->n_prev, g->m)) return true;
    }
    g->has_G = true;
    ffnn_product_run(&(ffnn_product){
        .kernels = k,
        .left = {l->W, l->n, l->n_prev, l->n_prev, 1},
        .right = X,
        .out = g->Z,
        .out_row = g->row,
        .start = FFNN_FROM_BIAS,
        .bias = l->b,
        .bias_row = 1,
    });
    memset(g->S, 0, (size_t)(l->n * g->row * k->element_bytes));
    g->is_running = true;
    g->has_weights = false;
    return ffnn_interrupt_check(check, l->n, l->n_prev, g->m);
}

typedef struct {
    gram_form *g;
    double rate;
} step_context;

static void finish_step(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                        ptrdiff_t cols)
{
    const ffnn_kernels *k = p->kernels;
    const step_context *c = p->context;
    for (ptrdiff_t i = row; i < row + rows; i++) {
        const ptrdiff_t at = i * c->g->row + col;
        void *z = ffnn_element(k, c->g->Z, at);
        k->update(cols, z, ffnn_element(k, p->out, at), c->rate, z);
        k->add_scaled(cols, c->rate, ffnn_element(k, c->g->dZ, at), ffnn_element(k, c->g->S, at));
    }
}

/* Z1 and S after dZ1; b1 is the caller's. */
bool ffnn_gram_step(gram_form *g, const ffnn_kernels *k, const layer *l, double rate,
                    interrupt_check *check)
{
    step_context step = {g, rate};
    g->has_weights = false;
    ffnn_product_run(&(ffnn_product){
        .kernels = k,
        .left = {g->dZ, l->n, g->m, g->row, 1},
        .right = square(g),
        .out = g->change,
        .out_row = g->row,
        .start = FFNN_FROM_ZERO,
        .finish = finish_step,
        .context = &step,
    });
    return ffnn_interrupt_check(check, l->n, g->m, g->m);
}

static void finish_weights(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                           ptrdiff_t cols)
{
    const ffnn_kernels *k = p->kernels;
    const layer *l = p->context;
    for (ptrdiff_t i = row; i < row + rows; i++) {
        const ptrdiff_t at = i * p->out_row + col;
        void *out = ffnn_element(k, p->out, at);
        k->update(cols, ffnn_element(k, l->W, at), out, 1, out);
    }
}

void *ffnn_gram_weights_of(gram_form *g, const ffnn_kernels *k, const layer *l, ffnn_view X,
                           void *W1, const void *S)
{
    layer of = *l;
    of.W = W1;
    g->has_weights = false;
    ffnn_product_run(&(ffnn_product){
        .kernels = k,
        .left = {S, l->n, g->m, g->row, 1},
        .right = ffnn_transposed(X),
        .out = g->W,
        .out_row = l->n_prev,
        .start = FFNN_FROM_ZERO,
        .finish = finish_weights,
        .context = &of,
    });
    return g->W;
}

void *ffnn_gram_weights(gram_form *g, const ffnn_kernels *k, const layer *l, ffnn_view X)
{
    if (!g->has_weights) ffnn_gram_weights_of(g, k, l, X, l->W, g->S);
    g->has_weights = true;
    return g->W;
}
