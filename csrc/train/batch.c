/* batch.c - the examples of one step, slab by slab.
 *
 * A slab has at most SLAB columns, so that the activations of all its layers stay in L2 and the
 * workspace does not grow with m. Its geometry follows from the batch's size alone. Examples in
 * their own order are read where they stand; in another order a slab of them is gathered first. A
 * reader gives X in the order of the batches.
 */
#include "parts.h"

#include "../system/system.h"

#include <stdint.h>

ptrdiff_t ffnn_batch_columns(const ffnn_run *run, ptrdiff_t count)
{
    const ptrdiff_t slabs = (count + run->most - 1) / run->most;
    return ffnn_whole_vectors((count + slabs - 1) / slabs, run->k->lanes);
}

/* Where the gathered arrays of X [n_x, most], Y [n_y, most] and the weights begin. A sparse X is
 * gathered for small.c alone. */
typedef struct {
    size_t Y, weights, end;
} gathered_layout;

static gathered_layout lay_out_gathered(const ffnn_run *run)
{
    const ptrdiff_t bytes = run->k->element_bytes;
    gathered_layout at;
    at.Y = ffnn_bytes_with(0, run->layer[0].n_prev, run->room, bytes);
    if (run->examples.sparse && at.Y > FFNN_SMALL_WORK * (size_t)bytes)
        at.Y = FFNN_SMALL_WORK * (size_t)bytes;
    at.weights = ffnn_bytes_with(at.Y, run->layer[run->layers - 1].n, run->room, bytes);
    at.end = ffnn_bytes_with(at.weights, 1, run->room, bytes);
    return at;
}

/* Lays one array behind the last: *bytes is where it begins, and then where it ends. */
static void *lay(const ffnn_run *run, char *block, size_t *bytes, ptrdiff_t rows, ptrdiff_t cols)
{
    void *here = block ? block + *bytes : NULL;
    *bytes = ffnn_bytes_with(*bytes, rows, cols, run->k->element_bytes);
    return here;
}

size_t ffnn_workspace_lay_out(const ffnn_run *run, workspace *w, char *block, size_t bytes,
                              bool has_gathered)
{
    for (int i = 0; i < run->layers; i++) {
        const layer *l = &run->layer[i];
        layer_arrays of = {0};
        of.A = of.saved = lay(run, block, &bytes, l->n, run->room);
        if (run->k->activations[l->g].saves_input || l->keep_prob < 1)
            of.saved = lay(run, block, &bytes, l->n, run->room);
        if (block) w->layer[i] = of;
    }
    w->dZ[0] = lay(run, block, &bytes, run->widest, run->room);
    w->dZ[1] = lay(run, block, &bytes, run->widest, run->room);
    w->sums = lay(run, block, &bytes, run->widest, 1);
    if (has_gathered) {
        w->gathered = block ? block + bytes : NULL;
        const size_t end = lay_out_gathered(run).end;
        bytes = end < SIZE_MAX ? ffnn_bytes_with(bytes, (ptrdiff_t)end, 1, 1) : SIZE_MAX;
    }
    return bytes;
}

static bool prepare_masks(ffnn_run *run, ptrdiff_t count)
{
    if (count <= run->mask_columns) return true;
    ptrdiff_t units = 0;
    for (int i = 0; i < run->layers; i++)
        if (run->layer[i].keep_prob < 1) units += run->layer[i].n;
    if (units == 0) return true;
    const size_t bytes = ffnn_bytes_with(0, units, count, 1);
    unsigned char *masks = bytes < SIZE_MAX ? ffnn_allocate(bytes) : NULL;
    if (!masks) return false;
    ffnn_free(run->masks);
    run->masks = masks;
    run->mask_columns = count;
    for (int i = 0; i < run->layers; i++) {
        layer *l = &run->layer[i];
        if (l->keep_prob >= 1) continue;
        l->mask = masks;
        masks += l->n * count;
    }
    return true;
}

/* A run with the Gram form saves to the general way, which knows it. */
bool ffnn_batch_is_small(const ffnn_run *run, ptrdiff_t count)
{
    if (run->is_gram || count > run->most) return false;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++)
        if (!ffnn_product_is_small(run->k, l->n, l->n_prev, count)) return false;
    return true;
}

bool ffnn_batch_prepare(ffnn_run *run, bool is_ordered, ptrdiff_t count)
{
    run->is_small = !run->sums && ffnn_batch_is_small(run, count);
    if (run->sums) return true;
    if ((is_ordered || run->is_small) && !run->work.gathered) {
        const size_t bytes = lay_out_gathered(run).end;
        run->gathered = bytes < SIZE_MAX ? ffnn_allocate(bytes) : NULL;
        if (!run->gathered) return false;
        run->work.gathered = run->gathered;
    }
    return prepare_masks(run, count);
}

/* ---- gathering ---- */

/* The examples of `order`, or, where that is NULL, those from `first` on. */
static void copy_float(const float *from, ptrdiff_t step, const ptrdiff_t *order, ptrdiff_t first,
                       ptrdiff_t count, float *to)
{
    for (ptrdiff_t j = 0; j < count; j++) to[j] = from[(order ? order[j] : first + j) * step];
}

static void copy_double(const double *from, ptrdiff_t step, const ptrdiff_t *order, ptrdiff_t first,
                        ptrdiff_t count, double *to)
{
    for (ptrdiff_t j = 0; j < count; j++) to[j] = from[(order ? order[j] : first + j) * step];
}

/* Row by row, zeros behind. */
static ffnn_view gather_rows(const ffnn_kernels *k, ffnn_view v, const ptrdiff_t *order,
                             ptrdiff_t first, ptrdiff_t count, ptrdiff_t row, void *out)
{
    const size_t padding_bytes = (size_t)((row - count) * k->element_bytes);
    if (!order && v.col == 1 && v.row == count && count == row) {
        memcpy(out, ffnn_view_element(k, v, 0, first), (size_t)(v.rows * row * k->element_bytes));
        return ffnn_contiguous(out, v.rows, count, row);
    }
    for (ptrdiff_t i = 0; i < v.rows; i++) {
        const void *from = ffnn_view_element(k, v, i, 0);
        void *to = ffnn_element(k, out, i * row);
        if (k->real == FFNN_DOUBLE)
            copy_double(from, v.col, order, first, count, to);
        else
            copy_float(from, v.col, order, first, count, to);
        memset(ffnn_element(k, to, count), 0, padding_bytes);
    }
    return ffnn_contiguous(out, v.rows, count, row);
}

/* The columns `order` of v, whose examples stand one by one, or row by row. */
static ffnn_view gather(const ffnn_kernels *k, ffnn_view v, const ptrdiff_t *order, ptrdiff_t count,
                        ptrdiff_t row, void *out)
{
    if (v.row == 1 && v.rows > 1) {
        const size_t bytes = (size_t)(v.rows * k->element_bytes);
        for (ptrdiff_t j = 0; j < count; j++)
            memcpy(ffnn_element(k, out, j * v.rows), ffnn_view_element(k, v, 0, order[j]), bytes);
        return (ffnn_view){out, v.rows, count, 1, v.rows};
    }
    return gather_rows(k, v, order, 0, count, row, out);
}

/* Examples that stand one by one, brought into the cache of the thread that is about to read them:
 * another one has read them from the file. */
static ffnn_view copied(const ffnn_kernels *k, ffnn_view v, void *out)
{
    if (v.row != 1 || v.col != v.rows) return v;
    memcpy(out, v.data, (size_t)(v.rows * v.cols * k->element_bytes));
    return (ffnn_view){out, v.rows, v.cols, 1, v.rows};
}

/* X of a small batch in rows, which hold zeros too. */
static void spread(const ffnn_run *run, const ffnn_sparse_columns *X, ptrdiff_t row, char *out)
{
    const ptrdiff_t bytes = run->k->element_bytes;
    memset(out, 0, (size_t)(X->features * row * bytes));
    for (ptrdiff_t j = 0; j < X->count; j++) {
        const ptrdiff_t i = X->order ? X->order[X->first + j] : X->first + j;
        for (ptrdiff_t p = X->of.starts[i]; p < X->of.starts[i + 1]; p++)
            memcpy(out + (X->of.features[p] * row + j) * bytes,
                   (const char *)X->of.values + p * bytes, (size_t)bytes);
    }
}

static ffnn_sparse_columns sparse_columns(const ffnn_examples *of, const ptrdiff_t *order,
                                          ptrdiff_t first, ptrdiff_t count)
{
    return (ffnn_sparse_columns){*of->sparse, of->X.rows, order, first, count};
}

/* Columns of X in the order of the batch, of those that a reader gives. */
static bool read_columns(const batch *b, ptrdiff_t first, ptrdiff_t count, ffnn_view *X)
{
    const ffnn_reader *reader = b->of->reader;
    return reader->read(reader->context, b->first + first, count, X);
}

/* The whole batch, padded; all of the run's examples in their own order are copied once. */
static slab small_slab(const ffnn_run *run, workspace *w, const batch *b)
{
    const ffnn_kernels *k = run->k;
    const ffnn_examples *of = b->of;
    const ptrdiff_t row = ffnn_batch_columns(run, b->count), count = b->count;
    const ptrdiff_t *order = b->order ? b->order + b->first : NULL;
    const gathered_layout at = lay_out_gathered(run);
    const bool is_all = of == &run->examples && !b->order && count == of->X.cols;
    char *out = w->gathered;
    slab s = {.row = row, .is_first = true, .is_last = true};
    s.X = ffnn_contiguous(out, of->X.rows, count, row);
    s.Y = ffnn_contiguous(out + at.Y, of->Y.rows, count, row);
    if (of->weights) s.weights = out + at.weights;
    if (is_all && w->has_all) return s;
    w->has_all = false;
    ffnn_view X = of->X;
    if (of->reader && !read_columns(b, 0, count, &X)) {
        s.is_lost = true;
        return s;
    }
    if (of->sparse) {
        const ffnn_sparse_columns sparse = sparse_columns(of, b->order, b->first, count);
        spread(run, &sparse, row, out);
    } else {
        gather_rows(k, X, of->reader ? NULL : order, of->reader ? 0 : b->first, count, row, out);
    }
    gather_rows(k, of->Y, order, b->first, count, row, out + at.Y);
    const ffnn_view weights = {of->weights, 1, of->X.cols, 0, 1};
    if (of->weights) gather_rows(k, weights, order, b->first, count, row, out + at.weights);
    w->has_all = is_all;
    return s;
}

slab ffnn_batch_slab(const ffnn_run *run, workspace *w, const batch *b, ptrdiff_t first)
{
    if (run->is_small) return small_slab(run, w, b);
    const ffnn_kernels *k = run->k;
    const ffnn_examples *of = b->of;
    const ptrdiff_t row = ffnn_batch_columns(run, b->count), left = b->count - first;
    const ptrdiff_t count = left < row ? left : row, from = b->first + first;
    slab s = {.row = row, .first = first, .is_first = first == 0, .is_last = left <= row};
    if (of->reader && !read_columns(b, first, count, &s.X)) {
        s.is_lost = true;
        return s;
    }
    if (of->sparse) {
        s.X = (ffnn_view){NULL, of->X.rows, count, 0, 0};
        s.is_sparse = true;
        s.sparse = sparse_columns(of, b->order, from, count);
    }
    if (b->order) {
        w->has_all = false;
        const gathered_layout at = lay_out_gathered(run);
        char *out = w->gathered;
        const ptrdiff_t *order = b->order + from;
        if (of->reader)
            s.X = copied(k, s.X, out);
        else if (!of->sparse)
            s.X = gather(k, of->X, order, count, row, out);
        s.Y = gather(k, of->Y, order, count, row, out + at.Y);
        if (of->weights) {
            const ffnn_view weights = {of->weights, 1, of->X.cols, 0, 1};
            s.weights = gather(k, weights, order, count, row, out + at.weights).data;
        }
        return s;
    }
    if (!of->reader && !of->sparse) s.X = ffnn_columns(k, of->X, from, count);
    s.Y = ffnn_columns(k, of->Y, from, count);
    if (of->weights) s.weights = ffnn_element(k, of->weights, from);
    return s;
}
