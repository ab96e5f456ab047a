/* net.c - a whole net forward, slab by slab, with no array of hidden units for all examples.
 *
 * Two buffers change places from layer to layer. Where products are too small to share, threads
 * take whole slabs, each with a block of scratch for its buffers; else a slab comes after the other
 * and threads share its products. Few examples of a small net have their buffers on the stack. An
 * element's bits depend on none of this.
 */
#include "parts.h"

#include "../system/system.h"

/* SLAB columns keep activations in L2, LEAST_SLAB whole vectors and tiles busy. */
enum { SLAB = 512, LEAST_SLAB = 64, SHARED_WORK = 1000 * 1000, MOST_CHUNKS = 60000 };

typedef struct {
    int layers;
    const ffnn_net_layer *net;
    ffnn_view X;
    const ffnn_sparse *sparse;
    ffnn_result AL;
    ptrdiff_t columns, slabs, slabs_a_chunk;
    ptrdiff_t buffer_bytes;
    char *buffers; /* NULL: each chunk takes scratch */
    bool is_short; /* of memory; written by any thread */
} forward;

/* Floats become doubles, in another buffer. */
static ffnn_view widen(ffnn_view floats, void *to)
{
    const float *from = floats.data;
    double *doubles = to;
    for (ptrdiff_t i = 0; i < floats.rows; i++)
        for (ptrdiff_t j = 0; j < floats.cols; j++)
            doubles[i * floats.cols + j] = from[i * floats.row + j * floats.col];
    return (ffnn_view){to, floats.rows, floats.cols, floats.cols, 1};
}

/* The first layer of sparse examples. */
static void run_sparse(const forward *f, ptrdiff_t first, ptrdiff_t count, ffnn_result out)
{
    const ffnn_net_layer *l = f->net;
    ffnn_sparse_forward(&(ffnn_product){.kernels = l->kernels,
                                        .left = l->W,
                                        .out = out.data,
                                        .out_row = out.row,
                                        .bias = l->b.data,
                                        .bias_row = l->b.row},
                        &(ffnn_sparse_columns){*f->sparse, f->X.rows, NULL, first, count});
    ffnn_layer_activate(l->kernels, l->W.rows, count, l->g, (ffnn_dropout){0}, out, out, out);
}

static void run_slab(const forward *f, ptrdiff_t slab, char *buffers)
{
    const ptrdiff_t first = slab * f->columns;
    const ptrdiff_t count = least(f->columns, f->X.cols - first);
    const ffnn_net_layer *last = f->net + f->layers - 1;
    ffnn_view A = ffnn_columns(f->net->kernels, f->X, first, count);
    int turn = 0;
    for (const ffnn_net_layer *l = f->net; l <= last; l++) {
        if (l > f->net && l->kernels != l[-1].kernels) {
            A = widen(A, buffers + turn * f->buffer_bytes);
            turn = !turn;
        }
        ffnn_result out = {buffers + turn * f->buffer_bytes, count};
        if (l == last) out = (ffnn_result){ffnn_element(l->kernels, f->AL.data, first), f->AL.row};
        turn = !turn;
        if (l == f->net && f->sparse)
            run_sparse(f, first, count, out);
        else if (l->W.rows > 0)
            ffnn_layer_forward(l->kernels, l->W, l->b, A, l->g, (ffnn_dropout){0}, out, out, out);
        A = (ffnn_view){out.data, l->W.rows, count, out.row, 1};
    }
}

static void run_chunk(void *context, int chunk)
{
    forward *f = context;
    char *buffers = f->buffers ? f->buffers : ffnn_scratch_take();
    if (!buffers) {
        f->is_short = true;
        return;
    }
    const ptrdiff_t first = chunk * f->slabs_a_chunk;
    for (ptrdiff_t i = first; i < least(first + f->slabs_a_chunk, f->slabs); i++)
        run_slab(f, i, buffers);
    if (!f->buffers) ffnn_scratch_give(buffers);
}

/* All examples in one slab, whose buffers are small. */
enum { FEW_BYTES = 4096 };

static void run_few(forward *f)
{
    _Alignas(FFNN_ALIGNMENT) char buffers[2 * FEW_BYTES];
    f->buffer_bytes = FEW_BYTES;
    run_slab(f, 0, buffers);
}

bool ffnn_net_forward(int layers, const ffnn_net_layer *net, ffnn_view X, const ffnn_sparse *sparse,
                      ffnn_result AL)
{
    FFNN_UNTIL_THE_END const ffnn_float_mode mode = ffnn_flush_subnormals(net->kernels);
    double largest = 0;
    ptrdiff_t widest = 1;
    for (const ffnn_net_layer *l = net; l < net + layers; l++) {
        const double elements = (double)l->W.rows * (double)l->W.cols;
        if (elements > largest) largest = elements;
        if (l < net + layers - 1 && l->W.rows > widest) widest = l->W.rows;
    }
    forward f = {layers, net, X, sparse, AL, .columns = least(X.cols, SLAB)};
    const double bytes_a_column = 2.0 * (double)widest * sizeof(double);
    if (bytes_a_column * (double)X.cols <= 2 * FEW_BYTES) {
        run_few(&f);
        return true;
    }
    if (X.cols > LEAST_SLAB && bytes_a_column * LEAST_SLAB <= FFNN_SCRATCH_BYTES)
        while (bytes_a_column * (double)f.columns > FFNN_SCRATCH_BYTES) f.columns /= 2;
    const bool fits = bytes_a_column * (double)f.columns <= FFNN_SCRATCH_BYTES;
    const bool is_shared = fits && largest * SLAB < SHARED_WORK;
    f.slabs = (X.cols + f.columns - 1) / f.columns;
    f.slabs_a_chunk = is_shared ? (f.slabs + MOST_CHUNKS - 1) / MOST_CHUNKS : f.slabs;
    f.buffer_bytes = fits ? FFNN_SCRATCH_BYTES / 2 : 0;
    if (!fits) {
        const size_t bytes = ffnn_bytes_with(0, widest, f.columns, sizeof(double));
        f.buffer_bytes = (ptrdiff_t)bytes;
        f.buffers = bytes <= PTRDIFF_MAX / 2 ? ffnn_allocate(2 * bytes) : NULL;
        if (!f.buffers) return false;
    }
    ffnn_pool_run((int)((f.slabs + f.slabs_a_chunk - 1) / f.slabs_a_chunk), run_chunk, &f);
    ffnn_free(f.buffers);
    return !f.is_short;
}
