/* train.c - a whole run of full-batch gradient descent, without Python and without an allocation
 * inside.
 *
 * The examples pass in slabs of at most SLAB columns: forward and backward through all layers for
 * one slab while its activations are in L2, the gradients summed from slab to slab in the order of
 * the examples, one update at the end. So the workspace does not grow with m, and the geometry
 * follows from the shapes alone. Everything lives in one block:
 *
 *   for each layer   W  b  dW  db  A [n, slab]
 *   shared           dZ and dA [widest layer, slab], the sums of one slab's rows
 */
#include "ffnn.h"

#include <stdint.h>
#include <string.h>

enum {
    SLAB = 512,
    POLL_WORK = 200 * 1000 * 1000, /* multiply-adds between two looks at the signals: 2 to 40 ms */
    CALL_WORK = 2000, /* what a product costs beside its arithmetic, in multiply-adds */
};

typedef struct {
    ptrdiff_t n, n_prev;
    void *W, *b, *dW, *db;
    void *A;
} layer;

struct ffnn_run {
    const ffnn_kernels *k;
    ffnn_activation hidden, output;
    ffnn_cost cost;
    ffnn_view X, Y;
    double learning_rate;
    ptrdiff_t slab; /* columns of a slab, and the row stride of what belongs to one */
    void *dZ[2];    /* of the layer in hand and of the one below it, in turn */
    void *sums;
    void *block;
    int layers;
    layer layer[]; /* layer[l - 1] is layer l */
};

/* ---- memory -------------------------------------------------------------------------------------
 */

/* Adds rows * cols elements, rounded up to the alignment; SIZE_MAX once it no longer fits. */
static size_t grown(size_t bytes, ptrdiff_t rows, ptrdiff_t cols, ptrdiff_t element_bytes)
{
    size_t elements, more;
    if (__builtin_mul_overflow((size_t)rows, (size_t)cols, &elements) ||
        __builtin_mul_overflow(elements, (size_t)element_bytes, &more) || more > SIZE_MAX / 4 ||
        bytes > SIZE_MAX / 4)
        return SIZE_MAX;
    return bytes + (more + FFNN_ALIGNMENT - 1) / FFNN_ALIGNMENT * FFNN_ALIGNMENT;
}

/* Lays one array behind the last: *bytes is where it begins, and then where it ends. With no block
 * yet, only the size is counted. */
static void *lay(ffnn_run *run, size_t *bytes, ptrdiff_t rows, ptrdiff_t cols)
{
    void *here = run->block ? (char *)run->block + *bytes : NULL;
    *bytes = grown(*bytes, rows, cols, run->k->element_bytes);
    return here;
}

static size_t lay_out(ffnn_run *run, ptrdiff_t widest)
{
    size_t bytes = 0;
    for (layer *l = run->layer; l < run->layer + run->layers; l++) {
        l->W = lay(run, &bytes, l->n, l->n_prev);
        l->b = lay(run, &bytes, l->n, 1);
        l->dW = lay(run, &bytes, l->n, l->n_prev);
        l->db = lay(run, &bytes, l->n, 1);
        l->A = lay(run, &bytes, l->n, run->slab);
    }
    run->dZ[0] = lay(run, &bytes, widest, run->slab);
    run->dZ[1] = lay(run, &bytes, widest, run->slab);
    run->sums = lay(run, &bytes, widest, 1);
    return bytes;
}

static ptrdiff_t slab_for(ptrdiff_t m, ptrdiff_t lanes)
{
    ptrdiff_t slabs = (m + SLAB - 1) / SLAB;
    ptrdiff_t slab = (m + slabs - 1) / slabs;
    return (slab + lanes - 1) / lanes * lanes; /* rows begin on whole vectors */
}

ffnn_run *ffnn_run_new(const ffnn_run_options *o)
{
    ffnn_run *run = ffnn_allocate(sizeof *run + (size_t)o->layers * sizeof(layer));
    if (!run) return NULL;
    *run = (ffnn_run){
        .k = o->kernels,
        .hidden = o->hidden,
        .output = o->output,
        .cost = o->cost,
        .X = o->X,
        .Y = o->Y,
        .learning_rate = o->learning_rate,
        .slab = slab_for(o->X.cols, o->kernels->lanes),
        .layers = o->layers,
    };
    ptrdiff_t widest = 0;
    for (int l = 0; l < o->layers; l++) {
        run->layer[l] = (layer){.n = o->dims[l + 1], .n_prev = o->dims[l]};
        if (o->dims[l + 1] > widest) widest = o->dims[l + 1];
    }
    size_t bytes = lay_out(run, widest);
    run->block = bytes < SIZE_MAX ? ffnn_allocate(bytes) : NULL;
    if (!run->block) {
        ffnn_free(run);
        return NULL;
    }
    lay_out(run, widest);
    return run;
}

void ffnn_run_free(ffnn_run *run)
{
    if (!run) return;
    ffnn_free(run->block);
    ffnn_free(run);
}

void *ffnn_run_parameter(ffnn_run *run, char kind, int l)
{
    return kind == 'W' ? run->layer[l - 1].W : run->layer[l - 1].b;
}

/* ---- one iteration ------------------------------------------------------------------------------
 */

typedef struct {
    ffnn_poll *poll;
    void *context;
    double work; /* since the last poll */
} patience;

/* True where the run is to stop. */
static bool worked(patience *p, ptrdiff_t rows, ptrdiff_t depth, ptrdiff_t cols)
{
    p->work += (double)rows * (double)depth * (double)cols + CALL_WORK;
    if (p->work < POLL_WORK || !p->poll) return false;
    p->work = 0;
    return p->poll(p->context);
}

static ffnn_view columns(const ffnn_kernels *k, ffnn_view v, ptrdiff_t first, ptrdiff_t count)
{
    v.data = (const char *)v.data + first * v.col * k->element_bytes;
    v.cols = count;
    return v;
}

static ffnn_view contiguous(const void *data, ptrdiff_t rows, ptrdiff_t cols, ptrdiff_t row)
{
    return (ffnn_view){data, rows, cols, row, 1};
}

static const char *row_of(const ffnn_run *run, const void *data, ptrdiff_t row, ptrdiff_t i)
{
    return (const char *)data + i * row * run->k->element_bytes;
}

static ffnn_view input_of(const ffnn_run *run, int l, ffnn_view X)
{
    return l == 0 ? X : contiguous(run->layer[l - 1].A, run->layer[l].n_prev, X.cols, run->slab);
}

/* All layers forward; *cost, where wanted, takes this slab's sum from Z of the last layer. */
static bool forward(ffnn_run *run, ffnn_view X, ffnn_view Y, double *cost, patience *p)
{
    const ffnn_kernels *k = run->k;
    for (int i = 0; i < run->layers; i++) {
        const layer *l = &run->layer[i];
        bool last = i == run->layers - 1;
        ffnn_result A = {l->A, run->slab};
        ffnn_result Z = last ? (ffnn_result){run->dZ[0], run->slab} : A;
        ffnn_layer_forward(k, contiguous(l->W, l->n, l->n_prev, l->n_prev),
                           contiguous(l->b, l->n, 1, 1), input_of(run, i, X),
                           last ? run->output : run->hidden, Z, A);
        if (last && cost)
            for (ptrdiff_t row = 0; row < l->n; row++)
                *cost += k->costs[run->cost].value_from_logits(
                    X.cols, row_of(run, Z.data, run->slab, row), row_of(run, Y.data, Y.row, row));
        if (worked(p, l->n, l->n_prev, X.cols)) return true;
    }
    return false;
}

typedef struct {
    double rate; /* learning rate / m: what a sum of gradients is multiplied by */
    void *W;
} step_context;

/* The update while the sums of dW are in the cache: a row of dW is the same row of W. */
static void finish_step(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                        ptrdiff_t cols)
{
    const ffnn_kernels *k = p->kernels;
    const step_context *c = p->context;
    for (ptrdiff_t i = row; i < row + rows; i++) {
        ptrdiff_t at_bytes = (i * p->out_row + col) * k->element_bytes;
        char *w = (char *)c->W + at_bytes;
        k->descend(cols, w, (const char *)p->out + at_bytes, c->rate, w);
    }
}

/* All layers backward: sums dW and db; with the last slab comes the update. The layer below takes
 * its dZ from the old W first. */
static bool backward(ffnn_run *run, ffnn_view X, ffnn_view Y, bool first_slab, bool last_slab,
                     patience *p)
{
    const ffnn_kernels *k = run->k;
    const layer *output = &run->layer[run->layers - 1];
    int turn = 0;
    for (ptrdiff_t row = 0; row < output->n; row++)
        k->costs[run->cost].output_gradient_of_value(
            X.cols, row_of(run, output->A, run->slab, row), row_of(run, Y.data, Y.row, row),
            (void *)row_of(run, run->dZ[0], run->slab, row));

    const double rate = run->learning_rate / (double)run->X.cols;
    for (int i = run->layers - 1; i >= 0; i--, turn = !turn) {
        const layer *l = &run->layer[i];
        ffnn_view dZ = contiguous(run->dZ[turn], l->n, X.cols, run->slab);
        ffnn_view A_prev = input_of(run, i, X);
        if (i > 0) {
            /* A hidden activation's derivative is taken from its value. */
            ffnn_result below = {run->dZ[!turn], run->slab};
            ffnn_layer_backward(k, dZ, contiguous(l->W, l->n, l->n_prev, l->n_prev), below,
                                run->hidden, A_prev, below);
            if (worked(p, l->n_prev, l->n, X.cols)) return true;
        }
        step_context step = {rate, l->W};
        ffnn_product_run(&(ffnn_product){
            .kernels = k,
            .left = dZ,
            .right = {A_prev.data, A_prev.cols, A_prev.rows, A_prev.col, A_prev.row},
            .out = l->dW,
            .out_row = l->n_prev,
            .start = first_slab ? FFNN_FROM_ZERO : FFNN_FROM_TILE,
            .finish = last_slab ? finish_step : NULL,
            .context = &step,
        });
        void *sums = first_slab ? l->db : run->sums;
        k->row_sums(l->n, X.cols, dZ.data, dZ.row, sums);
        if (!first_slab) k->add(l->n, sums, l->db);
        if (last_slab) k->descend(l->n, l->b, l->db, rate, l->b);
        if (worked(p, l->n, X.cols, l->n_prev)) return true;
    }
    return false;
}

static bool iterate(ffnn_run *run, double *cost, patience *p)
{
    ptrdiff_t m = run->X.cols;
    for (ptrdiff_t first = 0; first < m; first += run->slab) {
        ptrdiff_t count = m - first < run->slab ? m - first : run->slab;
        ffnn_view X = columns(run->k, run->X, first, count);
        ffnn_view Y = columns(run->k, run->Y, first, count);
        if (forward(run, X, Y, cost, p)) return true;
        if (backward(run, X, Y, first == 0, first + count == m, p)) return true;
    }
    return false;
}

ffnn_status ffnn_run_iterate(ffnn_run *run, ptrdiff_t iterations, double *cost, ffnn_poll *poll,
                             void *context)
{
    patience p = {poll, context, 0};
    *cost = 0;
    for (ptrdiff_t i = 0; i < iterations; i++)
        if (iterate(run, i == 0 ? cost : NULL, &p)) return FFNN_INTERRUPTED;
    *cost /= (double)run->X.cols;
    return FFNN_OK;
}
