/* layer.c - one dense layer forward and backward: three uses of one product.
 *
 *   forward   Z  = W A_prev + b       W [n, n_prev]     A_prev [n_prev, m]
 *   dA        dA_prev = W^T dZ        W with its strides swapped
 *   dW        dZ A_prev^T / m         A_prev with its strides swapped
 */
#include "product.h"

/* ---- forward ---- */

typedef struct {
    ffnn_activation g;
    ffnn_dropout dropout;
    ffnn_result v, a;
} forward_context;

/* A block of V and A, from Z while that is in the cache. */
static void activate(const ffnn_kernels *k, const forward_context *c, ffnn_result z, ptrdiff_t row,
                     ptrdiff_t rows, ptrdiff_t col, ptrdiff_t cols)
{
    void *v = ffnn_element(k, c->v.data, row * c->v.row + col);
    k->activations[c->g].value(rows, cols, ffnn_element(k, z.data, row * z.row + col), z.row, v,
                               c->v.row);
    if (c->dropout.mask)
        k->drop(rows, cols, v, c->v.row, c->dropout.mask + row * c->dropout.row + col,
                c->dropout.row, c->dropout.keep_prob,
                ffnn_element(k, c->a.data, row * c->a.row + col), c->a.row);
}

static void finish_forward(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                           ptrdiff_t cols)
{
    activate(p->kernels, p->context, (ffnn_result){p->out, p->out_row}, row, rows, col, cols);
}

void ffnn_layer_activate(const ffnn_kernels *k, ptrdiff_t rows, ptrdiff_t cols, ffnn_activation g,
                         ffnn_dropout dropout, ffnn_result z, ffnn_result v, ffnn_result a)
{
    activate(k, &(forward_context){g, dropout, v, a}, z, 0, rows, 0, cols);
}

void ffnn_layer_forward(const ffnn_kernels *k, ffnn_view W, ffnn_view b, ffnn_view A_prev,
                        ffnn_activation g, ffnn_dropout dropout, ffnn_result z, ffnn_result v,
                        ffnn_result a)
{
    forward_context context = {g, dropout, v, a};
    const bool by_columns = a.data && k->activations[g].by_columns;
    ffnn_product_run(&(ffnn_product){
        .kernels = k,
        .left = W,
        .right = A_prev,
        .out = z.data,
        .out_row = z.row,
        .start = FFNN_FROM_BIAS,
        .bias = b.data,
        .bias_row = b.row,
        .finish = a.data && !by_columns ? finish_forward : NULL,
        .context = &context,
    });
    if (by_columns) activate(k, &context, z, 0, W.rows, 0, A_prev.cols); /* blocks cut columns */
}

/* ---- backward ---- */

static void finish_gradient(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                            ptrdiff_t cols)
{
    const ffnn_kernels *k = p->kernels;
    for (ptrdiff_t i = row; i < row + rows; i++)
        k->divide(cols, ffnn_element(k, p->out, i * p->out_row + col), (double)p->left.cols);
}

/* dW of few elements, whose sums run over the examples as db's do. */
static void small_gradients(const ffnn_kernels *k, ffnn_view dZ, ffnn_view A_prev, void *dw)
{
    k->small_gradients(dZ.rows, A_prev.rows, dZ.cols, dZ.data, dZ.row, A_prev.data, A_prev.row,
                       A_prev.col, dw);
    k->divide(dZ.rows * A_prev.rows, dw, (double)dZ.cols);
}

static void large_gradients(const ffnn_kernels *k, ffnn_view dZ, ffnn_view A_prev, void *dw)
{
    ffnn_product_run(&(ffnn_product){
        .kernels = k,
        .left = dZ,
        .right = ffnn_transposed(A_prev),
        .out = dw,
        .out_row = A_prev.rows,
        .start = FFNN_FROM_ZERO,
        .finish = finish_gradient,
    });
}

void ffnn_layer_gradients(const ffnn_kernels *k, ffnn_view dZ, ffnn_view A_prev, void *dw, void *db)
{
    /* By the shapes alone, so that no stride changes a bit. */
    if ((double)A_prev.rows * (double)A_prev.cols <= FFNN_SMALL_COPY &&
        ffnn_product_is_small(k, dZ.rows, A_prev.rows, dZ.cols))
        small_gradients(k, dZ, A_prev, dw);
    else
        large_gradients(k, dZ, A_prev, dw);
    k->row_sums(dZ.rows, dZ.cols, dZ.data, dZ.row, db);
    k->divide(dZ.rows, db, (double)dZ.cols);
}

typedef struct {
    ffnn_dropout dropout;
    ffnn_derivative *derivative;
    ffnn_view V;
    ffnn_result dz;
} backward_context;

static void finish_backward(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                            ptrdiff_t cols)
{
    const ffnn_kernels *k = p->kernels;
    const backward_context *c = p->context;
    void *da = ffnn_element(k, p->out, row * p->out_row + col);
    if (c->dropout.mask)
        k->drop(rows, cols, da, p->out_row, c->dropout.mask + row * c->dropout.row + col,
                c->dropout.row, c->dropout.keep_prob, da, p->out_row);
    if (c->dz.data)
        c->derivative(rows, cols, da, p->out_row, ffnn_view_element(k, c->V, row, col), c->V.row,
                      ffnn_element(k, c->dz.data, row * c->dz.row + col), c->dz.row);
}

void ffnn_layer_backward(const ffnn_kernels *k, ffnn_view dZ, ffnn_view W, ffnn_dropout dropout,
                         ffnn_result da_prev, ffnn_derivative *derivative, ffnn_view V_prev,
                         ffnn_result dz_prev)
{
    backward_context context = {dropout, derivative, V_prev, dz_prev};
    ffnn_product_run(&(ffnn_product){
        .kernels = k,
        .left = ffnn_transposed(W),
        .right = dZ,
        .out = da_prev.data,
        .out_row = da_prev.row,
        .start = FFNN_FROM_ZERO,
        .finish = dz_prev.data || dropout.mask ? finish_backward : NULL,
        .context = &context,
    });
}
