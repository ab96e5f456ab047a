/* sparse.c - the two products of a layer that reads sparse examples: W X, and dZ X^T.
 *
 * Zeros are left out. Since fma(w, 0, sum) is sum, every element is the same chain of multiply-adds
 * as in the dense product, and has its bits, with three exceptions: an infinite w, or a NaN,
 * reaches only the examples that have its feature; a sum that is -0 stays so, where adding 0 makes
 * 0 of it; and a subnormal bias of an example without numbers stays that, where a run takes it as
 * 0.
 *
 * Units are worked at as many together as a tile has columns. Their part of W, or of dW, stands in
 * a panel, a row for each feature, so that a number of X is multiplied with whole vectors; a block
 * of features is as long as a panel in L2 allows.
 */
#include "parts.h"

#include "../system/system.h"

#include <string.h>

/* Examples whose sums stand beside a panel; features of dW that are finished together. */
enum { EXAMPLES = 512, FEW_EXAMPLES = 64, FINISHED = 512 };
/* Without memory for a block of scratch, as long as that lasts. */
enum { FEW_BYTES = 24 << 10 };
/* Multiply-adds, and elements of W, from which on threads share a product. */
enum { SHARED_WORK = 256 * 1024 };

typedef struct {
    const ffnn_product *p;
    const ffnn_sparse_columns *X;
    ptrdiff_t blocks; /* at least, of the features of dW */
} job;

/* Room for the sums of so many examples, and for a panel of so many features. */
typedef struct {
    ptrdiff_t examples, features;
    char *sums, *panel;
    void *scratch;
} room;

static room take_room(const ffnn_kernels *k, char *few)
{
    const ptrdiff_t row = k->tile_cols * k->element_bytes;
    room r = {.examples = EXAMPLES, .scratch = ffnn_scratch_take()};
    ptrdiff_t bytes = FFNN_SCRATCH_BYTES;
    if (!r.scratch) r.examples = FEW_EXAMPLES, bytes = FEW_BYTES;
    r.sums = r.scratch ? r.scratch : few;
    r.panel = r.sums + r.examples * row;
    r.features = bytes / row - r.examples;
    return r;
}

/* Where the numbers of example j begin whose features are not below `feature`. */
static ptrdiff_t position(const ffnn_sparse_columns *X, ptrdiff_t j, ptrdiff_t feature)
{
    const ptrdiff_t i = X->order ? X->order[X->first + j] : X->first + j;
    ptrdiff_t first = X->of.starts[i], end = X->of.starts[i + 1];
    if (feature == 0) return first;
    if (feature == X->features) return end;
    while (first < end) {
        const ptrdiff_t middle = first + (end - first) / 2;
        if (X->of.features[middle] < feature)
            first = middle + 1;
        else
            end = middle;
    }
    return first;
}

/* What of the features and of which examples a kernel is given, and where their numbers are. */
typedef struct {
    ptrdiff_t first, count, feature, end;
    ptrdiff_t begins[EXAMPLES], ends[EXAMPLES];
} span;

/* Moves to the features up to `end` of the examples from `first` on; it ended with those before at
 * `feature`, or is new. */
static void move_to(span *s, const ffnn_sparse_columns *X, ptrdiff_t first, ptrdiff_t count,
                    ptrdiff_t feature, ptrdiff_t end)
{
    const bool goes_on = first == s->first && count == s->count && feature == s->end;
    for (ptrdiff_t j = 0; j < count; j++) {
        s->begins[j] = goes_on ? s->ends[j] : position(X, first + j, feature);
        s->ends[j] = position(X, first + j, end);
    }
    s->first = first, s->count = count, s->feature = feature, s->end = end;
}

static ffnn_sparse_part part_of(const ffnn_sparse_columns *X, const span *s, const room *r)
{
    return (ffnn_sparse_part){s->count,  s->feature, X->of.values, X->of.features,
                              s->begins, s->ends,    r->panel,     r->sums};
}

/* ---- forward ---- */

static void begin_at_bias(const ffnn_product *p, const room *r, ptrdiff_t unit, ptrdiff_t units,
                          ptrdiff_t count)
{
    const ffnn_kernels *k = p->kernels;
    const ptrdiff_t row = k->tile_cols * k->element_bytes;
    k->pack(1, units, ffnn_element(k, p->bias, unit * p->bias_row), 0, p->bias_row, r->sums);
    for (ptrdiff_t j = 1; j < count; j++) memcpy(r->sums + j * row, r->sums, (size_t)row);
}

static void run_forward(void *context, int chunk)
{
    _Alignas(FFNN_ALIGNMENT) char few[FEW_BYTES];
    span s = {.count = 0};
    const job *d = context;
    const ffnn_product *p = d->p;
    const ffnn_kernels *k = p->kernels;
    const ptrdiff_t depth = p->left.cols, unit = chunk * k->tile_cols;
    const ptrdiff_t units = least(k->tile_cols, p->left.rows - unit);
    const room r = take_room(k, few);
    for (ptrdiff_t j = 0, count; j < d->X->count; j += count) {
        count = least(d->X->count - j, r.examples);
        begin_at_bias(p, &r, unit, units, count);
        for (ptrdiff_t f = 0, features; f < depth; f += features) {
            features = part(depth - f, r.features);
            k->pack(features, units, ffnn_view_element(k, p->left, unit, f), p->left.col,
                    p->left.row, r.panel);
            move_to(&s, d->X, j, count, f, f + features);
            const ffnn_sparse_part t = part_of(d->X, &s, &r);
            k->sparse_forward(&t);
        }
        k->unpack(count, units, r.sums, ffnn_element(k, p->out, unit * p->out_row + j), p->out_row);
    }
    ffnn_scratch_give(r.scratch);
}

/* ---- backward ---- */

/* The sums of a panel, row by row of dW, and what becomes of them while they are in the cache. */
static void finish_panel(const ffnn_product *p, const room *r, ptrdiff_t unit, ptrdiff_t units,
                         ptrdiff_t feature, ptrdiff_t features)
{
    const ffnn_kernels *k = p->kernels;
    for (ptrdiff_t f = 0; f < features; f += FINISHED) {
        const ptrdiff_t count = least(features - f, FINISHED);
        k->unpack(count, units, ffnn_element(k, r->panel, f * k->tile_cols),
                  ffnn_element(k, p->out, unit * p->out_row + feature + f), p->out_row);
        if (p->finish) p->finish(p, unit, units, feature + f, count);
    }
}

static void add_block(const job *d, const room *r, span *s, ptrdiff_t unit, ptrdiff_t feature,
                      ptrdiff_t features)
{
    const ffnn_product *p = d->p;
    const ffnn_kernels *k = p->kernels;
    const ptrdiff_t units = least(k->tile_cols, p->left.rows - unit);
    if (p->start == FFNN_FROM_TILE)
        k->pack(features, units, ffnn_element(k, p->out, unit * p->out_row + feature), 1,
                p->out_row, r->panel);
    else
        memset(r->panel, 0, (size_t)(features * k->tile_cols * k->element_bytes));
    for (ptrdiff_t j = 0, count; j < d->X->count; j += count) {
        count = least(d->X->count - j, r->examples);
        k->pack(count, units, ffnn_view_element(k, p->left, unit, j), p->left.col, p->left.row,
                r->sums);
        move_to(s, d->X, j, count, feature, feature + features);
        const ffnn_sparse_part t = part_of(d->X, s, r);
        k->sparse_backward(&t);
    }
    finish_panel(p, r, unit, units, feature, features);
}

static void run_gradients(void *context, int chunk)
{
    _Alignas(FFNN_ALIGNMENT) char few[FEW_BYTES];
    const job *d = context;
    const ffnn_kernels *k = d->p->kernels;
    const ptrdiff_t all = d->X->features, unit = chunk / d->blocks * k->tile_cols;
    const ptrdiff_t block = chunk % d->blocks, end = all * (block + 1) / d->blocks;
    const room r = take_room(k, few);
    span s = {.count = 0};
    for (ptrdiff_t f = all * block / d->blocks, features; f < end; f += features) {
        features = part(end - f, r.features);
        add_block(d, &r, &s, unit, f, features);
    }
    ffnn_scratch_give(r.scratch);
}

/* ---- chunks ---- */

ptrdiff_t ffnn_sparse_count(const ffnn_sparse_columns *X)
{
    ptrdiff_t numbers = 0;
    for (ptrdiff_t j = 0; j < X->count; j++)
        numbers += position(X, j, X->features) - position(X, j, 0);
    return numbers;
}

/* As many as chunks of it are worth. */
static ptrdiff_t threads_for(const ffnn_product *p, const ffnn_sparse_columns *X)
{
    const double elements = (double)X->features + (double)ffnn_sparse_count(X);
    return (double)p->left.rows * elements < SHARED_WORK ? 1 : ffnn_pool_threads();
}

static void run_chunks(const ffnn_product *p, ptrdiff_t chunks, ffnn_task *task, job *d,
                       ptrdiff_t threads)
{
    if (p->left.rows == 0) return;
    if (threads > 1)
        ffnn_pool_run((int)chunks, task, d);
    else
        for (ptrdiff_t i = 0; i < chunks; i++) task(d, (int)i);
}

static ptrdiff_t panels_of(const ffnn_product *p)
{
    return (p->left.rows + p->kernels->tile_cols - 1) / p->kernels->tile_cols;
}

void ffnn_sparse_forward(const ffnn_product *p, const ffnn_sparse_columns *X)
{
    job d = {p, X, 1};
    run_chunks(p, panels_of(p), run_forward, &d, threads_for(p, X));
}

void ffnn_sparse_gradients(const ffnn_product *p, const ffnn_sparse_columns *X)
{
    enum { CHUNKS_A_THREAD = 4 };
    const ptrdiff_t threads = threads_for(p, X), panels = panels_of(p);
    job d = {p, X, 1};
    if (threads > 1)
        d.blocks = least((threads * CHUNKS_A_THREAD + panels - 1) / panels,
                         greatest(X->features / FINISHED, 1));
    run_chunks(p, panels * d.blocks, run_gradients, &d, threads);
}
