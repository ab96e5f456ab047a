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
 *   with G           what gram.c needs for the first layer
 */
#include "run.h"

#include <stdint.h>

enum {
    SLAB = 512,
    POLL_WORK = 200 * 1000 * 1000, /* multiply-adds between two looks at the signals: 2 to 40 ms */
    CALL_WORK = 2000, /* what a product costs beside its arithmetic, in multiply-adds */
};

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
    bool is_gram;
    gram_form gram;
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
    if (run->is_gram) {
        gram_form *g = &run->gram;
        const ptrdiff_t n = run->layer[0].n;
        g->G = lay(run, &bytes, g->m, g->row);
        g->Z = lay(run, &bytes, n, g->row);
        g->dZ = lay(run, &bytes, n, g->row);
        g->S = lay(run, &bytes, n, g->row);
        g->change = lay(run, &bytes, n, g->row);
    }
    return bytes;
}

/* So that rows begin on whole vectors. */
static ptrdiff_t whole_vectors(ptrdiff_t n, ptrdiff_t lanes)
{
    return (n + lanes - 1) / lanes * lanes;
}

static ptrdiff_t slab_for(ptrdiff_t m, ptrdiff_t lanes)
{
    ptrdiff_t slabs = (m + SLAB - 1) / SLAB;
    return whole_vectors((m + slabs - 1) / slabs, lanes);
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
        .is_gram = o->is_gram,
        .gram = {.m = o->X.cols, .row = whole_vectors(o->X.cols, o->kernels->lanes)},
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

/* What a sum of gradients is multiplied by. */
static double rate_of(const ffnn_run *run)
{
    return run->learning_rate / (double)run->X.cols;
}

void *ffnn_run_parameter(ffnn_run *run, char kind, int l)
{
    const layer *of = &run->layer[l - 1];
    if (kind == 'W' && l == 1 && run->is_gram && run->gram.is_ready)
        return ffnn_gram_weights(&run->gram, run->k, of, run->X, rate_of(run));
    return kind == 'W' ? of->W : of->b;
}

/* ---- one iteration ------------------------------------------------------------------------------
 */

bool ffnn_patience_spend(patience *p, ptrdiff_t rows, ptrdiff_t depth, ptrdiff_t cols)
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

/* The columns of one of gram.c's arrays that belong to the slab which begins at `first`. */
static ffnn_result gram_columns(const ffnn_run *run, void *data, ptrdiff_t first)
{
    return (ffnn_result){(char *)data + first * run->k->element_bytes, run->gram.row};
}

/* All layers forward for the slab X, Y that begins at example `first`; *cost, where wanted, takes
 * its sum from Z of the last layer. */
static bool forward(ffnn_run *run, ffnn_view X, ffnn_view Y, ptrdiff_t first, double *cost,
                    patience *p)
{
    const ffnn_kernels *k = run->k;
    for (int i = 0; i < run->layers; i++) {
        const layer *l = &run->layer[i];
        bool last = i == run->layers - 1;
        ffnn_activation g = last ? run->output : run->hidden;
        ffnn_result A = {l->A, run->slab};
        ffnn_result Z = last ? (ffnn_result){run->dZ[0], run->slab} : A;
        if (i == 0 && run->is_gram) {
            Z = gram_columns(run, run->gram.Z, first);
            for (ptrdiff_t row = 0; row < l->n; row++)
                k->activations[g].value(X.cols, row_of(run, Z.data, Z.row, row),
                                        (void *)row_of(run, A.data, A.row, row));
        } else {
            ffnn_layer_forward(k, contiguous(l->W, l->n, l->n_prev, l->n_prev),
                               contiguous(l->b, l->n, 1, 1), input_of(run, i, X), g, Z, A);
        }
        if (last && cost)
            for (ptrdiff_t row = 0; row < l->n; row++)
                *cost += k->costs[run->cost].value_from_logits(
                    X.cols, row_of(run, Z.data, Z.row, row), row_of(run, Y.data, Y.row, row));
        if (ffnn_patience_spend(p, l->n, l->n_prev, X.cols)) return true;
    }
    return false;
}

typedef struct {
    double rate;
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
static bool backward(ffnn_run *run, ffnn_view X, ffnn_view Y, ptrdiff_t first, patience *p)
{
    const bool first_slab = first == 0, last_slab = first + X.cols == run->X.cols;
    const ffnn_kernels *k = run->k;
    const layer *output = &run->layer[run->layers - 1];
    int turn = 0;
    for (ptrdiff_t row = 0; row < output->n; row++)
        k->costs[run->cost].output_gradient_of_value(
            X.cols, row_of(run, output->A, run->slab, row), row_of(run, Y.data, Y.row, row),
            (void *)row_of(run, run->dZ[0], run->slab, row));

    const double rate = rate_of(run);
    for (int i = run->layers - 1; i >= 0; i--, turn = !turn) {
        const layer *l = &run->layer[i];
        ffnn_view dZ = contiguous(run->dZ[turn], l->n, X.cols, run->slab);
        ffnn_view A_prev = input_of(run, i, X);
        if (i > 0) {
            /* A hidden activation's derivative is taken from its value. */
            ffnn_result below = {run->dZ[!turn], run->slab};
            ffnn_layer_backward(k, dZ, contiguous(l->W, l->n, l->n_prev, l->n_prev), below,
                                run->hidden, A_prev, below);
            if (ffnn_patience_spend(p, l->n_prev, l->n, X.cols)) return true;
        }
        if (i == 0 && run->is_gram) {
            ffnn_result kept = gram_columns(run, run->gram.dZ, first);
            for (ptrdiff_t row = 0; row < l->n; row++)
                memcpy((void *)row_of(run, kept.data, kept.row, row),
                       row_of(run, dZ.data, dZ.row, row), (size_t)(X.cols * k->element_bytes));
        } else {
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
        }
        void *sums = first_slab ? l->db : run->sums;
        k->row_sums(l->n, X.cols, dZ.data, dZ.row, sums);
        if (!first_slab) k->add(l->n, sums, l->db);
        if (last_slab) k->descend(l->n, l->b, l->db, rate, l->b);
        if (ffnn_patience_spend(p, l->n, X.cols, l->n_prev)) return true;
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
        if (forward(run, X, Y, first, cost, p) || backward(run, X, Y, first, p)) return true;
    }
    return run->is_gram && ffnn_gram_step(&run->gram, run->k, run->layer, rate_of(run), p);
}

ffnn_status ffnn_run_iterate(ffnn_run *run, ptrdiff_t iterations, double *cost, ffnn_poll *poll,
                             void *context)
{
    patience p = {poll, context, 0};
    *cost = 0;
    if (run->is_gram && !run->gram.is_ready &&
        ffnn_gram_start(&run->gram, run->k, run->layer, run->X, &p))
        return FFNN_INTERRUPTED;
    for (ptrdiff_t i = 0; i < iterations; i++)
        if (iterate(run, i == 0 ? cost : NULL, &p)) return FFNN_INTERRUPTED;
    *cost /= (double)run->X.cols;
    return FFNN_OK;
}
