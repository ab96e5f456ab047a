/* layer.c - one dense layer forward and backward: three uses of one product; and a step downhill.
 *
 *   forward   Z  = W A_prev + b       W [n, n_prev]     A_prev [n_prev, m]
 *   dA        dA_prev = W^T dZ        W with its strides swapped
 *   dW        dZ A_prev^T / m         A_prev with its strides swapped
 */
#include "ffnn.h"

static ffnn_view transposed(ffnn_view v)
{
    return (ffnn_view){v.data, v.cols, v.rows, v.col, v.row};
}

static void *element(const ffnn_kernels *k, void *data, ptrdiff_t row, ptrdiff_t i, ptrdiff_t j)
{
    return (char *)data + (i * row + j) * k->element_bytes;
}

typedef struct {
    ffnn_activation g;
    ffnn_result a;
} forward_context;

static void finish_forward(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                           ptrdiff_t cols)
{
    const ffnn_kernels *k = p->kernels;
    const forward_context *c = p->context;
    for (ptrdiff_t i = row; i < row + rows; i++)
        k->activations[c->g].value(cols, element(k, p->out, p->out_row, i, col),
                                   element(k, c->a.data, c->a.row, i, col));
}

void ffnn_layer_forward(const ffnn_kernels *k, ffnn_view W, ffnn_view b, ffnn_view A_prev,
                        ffnn_activation g, ffnn_result z, ffnn_result a)
{
    forward_context context = {g, a};
    ffnn_product_run(&(ffnn_product){
        .kernels = k,
        .left = W,
        .right = A_prev,
        .out = z.data,
        .out_row = z.row,
        .start = FFNN_FROM_BIAS,
        .bias = b.data,
        .bias_row = b.row,
        .finish = a.data ? finish_forward : NULL,
        .context = &context,
    });
}

static void finish_gradient(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                            ptrdiff_t cols)
{
    const ffnn_kernels *k = p->kernels;
    for (ptrdiff_t i = row; i < row + rows; i++)
        k->divide(cols, element(k, p->out, p->out_row, i, col), (double)p->left.cols);
}

void ffnn_layer_gradients(const ffnn_kernels *k, ffnn_view dZ, ffnn_view A_prev, void *dw, void *db)
{
    ffnn_product_run(&(ffnn_product){
        .kernels = k,
        .left = dZ,
        .right = transposed(A_prev),
        .out = dw,
        .out_row = A_prev.rows,
        .start = FFNN_FROM_ZERO,
        .finish = finish_gradient,
    });
    k->row_sums(dZ.rows, dZ.cols, dZ.data, dZ.row, db);
    k->divide(dZ.rows, db, (double)dZ.cols);
}

typedef struct {
    ffnn_activation g;
    ffnn_view Z;
    ffnn_result dz;
} backward_context;

static void finish_backward(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                            ptrdiff_t cols)
{
    const ffnn_kernels *k = p->kernels;
    const backward_context *c = p->context;
    for (ptrdiff_t i = row; i < row + rows; i++)
        k->activations[c->g].derivative(cols, element(k, p->out, p->out_row, i, col),
                                        (const char *)c->Z.data +
                                            (i * c->Z.row + col) * k->element_bytes,
                                        element(k, c->dz.data, c->dz.row, i, col));
}

void ffnn_layer_backward(const ffnn_kernels *k, ffnn_view dZ, ffnn_view W, ffnn_result da_prev,
                         ffnn_activation g, ffnn_view Z_prev, ffnn_result dz_prev)
{
    backward_context context = {g, Z_prev, dz_prev};
    ffnn_product_run(&(ffnn_product){
        .kernels = k,
        .left = transposed(W),
        .right = dZ,
        .out = da_prev.data,
        .out_row = da_prev.row,
        .start = FFNN_FROM_ZERO,
        .finish = dz_prev.data ? finish_backward : NULL,
        .context = &context,
    });
}

/* 256 KB of each array: some 20 us, most of it waiting for memory. */
enum { DESCEND_CHUNK = 32 * 1024, MOST_CHUNKS = 1024 };

typedef struct {
    const ffnn_kernels *k;
    ptrdiff_t n, chunk;
    const char *x, *dx;
    double rate;
    char *out;
} descent;

static void descend_chunk(void *context, int chunk)
{
    const descent *d = context;
    const ptrdiff_t first = chunk * d->chunk, left = d->n - first;
    const ptrdiff_t bytes = first * d->k->element_bytes;
    d->k->descend(left < d->chunk ? left : d->chunk, d->x + bytes, d->dx + bytes, d->rate,
                  d->out + bytes);
}

void ffnn_layer_descend(const ffnn_kernels *k, ptrdiff_t n, const void *x, const void *dx,
                        double rate, void *out)
{
    if (n < 2 * DESCEND_CHUNK) {
        k->descend(n, x, dx, rate, out);
        return;
    }
    descent d = {k, n, DESCEND_CHUNK, x, dx, rate, out};
    while (n > d.chunk * MOST_CHUNKS) d.chunk *= 2;
    ffnn_pool_run((int)((n + d.chunk - 1) / d.chunk), descend_chunk, &d);
}
