/* train/parts.h - what the files of a whole run share.
 *
 *   run.c     its memory, and the ways in
 *   batch.c   the examples of one step, slab by slab: where they stand, or gathered
 *   propagation.c  a slab forward and backward through all layers
 *   small.c   the same for nets so small that products are not worth setting up
 *   step.c    the step itself: the optimiser's numbers, L2, clipping, dropout's masks
 *   gram.c    the first layer without its X
 */
#ifndef FFNN_TRAIN_PARTS_H
#define FFNN_TRAIN_PARTS_H

#include "../product/product.h"
#include "train.h"

#include <string.h>

typedef struct {
    ptrdiff_t n, n_prev;
    ffnn_activation g;
    double keep_prob; /* 1: no dropout */
    void *W, *b, *dW, *db;
    void *W_moments[FFNN_MOST_MOMENTS], *b_moments[FFNN_MOST_MOMENTS];
    void *A;                /* what the layer above reads */
    void *saved;            /* what the derivative is taken from: A, or an array of its own */
    unsigned char *mask;    /* of the units that stay [n, batch], with dropout */
    ffnn_small_layer small; /* for the kernels that small.c calls */
} layer;

/* Work done since the signals were last looked at. */
typedef struct {
    ffnn_poll *poll;
    void *context;
    double work;
} interrupt_check;

/* Adds a product's work; true where the run is to stop. */
static inline bool ffnn_interrupt_check(interrupt_check *check, ptrdiff_t rows, ptrdiff_t depth,
                                        ptrdiff_t cols)
{
    enum {
        POLL_WORK = 200 * 1000 * 1000, /* multiply-adds between two looks: 2 to 40 ms */
        CALL_WORK = 2000, /* what a product costs beside its arithmetic, in multiply-adds */
    };
    check->work += (double)rows * (double)depth * (double)cols + CALL_WORK;
    if (check->work < POLL_WORK || !check->poll) return false;
    check->work = 0;
    return check->poll(check->context);
}

/* The Gram form's arrays: G [m, m], the others [n_1, m]; rows are `row` elements apart. */
typedef struct {
    ptrdiff_t m, row;
    void *G, *Z, *dZ;
    void *S;      /* the sum of rate * dZ so far */
    void *change; /* dZ G */
    bool is_ready;
    bool has_weights; /* W1 as it is stands in dW1 */
} gram_form;

bool ffnn_gram_start(gram_form *g, const ffnn_kernels *k, const layer *l, ffnn_view X,
                     interrupt_check *check);
bool ffnn_gram_step(gram_form *g, const ffnn_kernels *k, const layer *l, double rate,
                    interrupt_check *check);
void *ffnn_gram_weights(gram_form *g, const ffnn_kernels *k, const layer *l, ffnn_view X);

struct ffnn_run {
    const ffnn_kernels *k;
    ffnn_cost cost;
    bool is_fused; /* the cost with its output activation */
    ffnn_view X, Y;
    const void *weights;
    ffnn_hyperparameters hyperparameters;
    ffnn_random random;
    ptrdiff_t steps;
    ptrdiff_t widest; /* layer */
    ptrdiff_t most;   /* columns that a slab's arrays have room for */
    /* `block` begins with the first layer's W, of first_bytes, and all else that a step changes and
     * the next one reads, state_bytes together. `saved` is a copy of that from the last record
     * point; snapshot_gram: it was S that had changed then, and not W. */
    ptrdiff_t first_bytes, state_bytes;
    void *snapshot;
    ptrdiff_t snapshot_steps;
    bool snapshot_gram;
    void *dZ[2];            /* [widest, slab], of the layer in hand and of the one below, in turn */
    void *sums;             /* [widest], the row sums of one slab */
    void *block;            /* all that the run and its layers point to */
    void *gathered;         /* a block for X, Y and weights of a slab, from the first need on */
    bool is_small;          /* batches go through small.c */
    bool has_all;           /* `gathered` holds all examples in their own order, padded */
    unsigned char *masks;   /* a block for the layers' masks, likewise */
    ptrdiff_t mask_columns; /* that it has room for */
    ffnn_coefficients W_coefficients, b_coefficients; /* of the step in hand */
    bool is_gram;                                     /* from the step gram_from on */
    ptrdiff_t gram_from;
    gram_form gram;
    int layers;
    layer layer[]; /* layer[l - 1] is layer l */
};

static inline ffnn_view ffnn_contiguous(const void *data, ptrdiff_t rows, ptrdiff_t cols,
                                        ptrdiff_t row)
{
    return (ffnn_view){data, rows, cols, row, 1};
}

static inline ffnn_view ffnn_transposed(ffnn_view v)
{
    return (ffnn_view){v.data, v.cols, v.rows, v.col, v.row};
}

static inline ffnn_view ffnn_columns(const ffnn_kernels *k, ffnn_view v, ptrdiff_t first,
                                     ptrdiff_t count)
{
    v.data = (const char *)v.data + first * v.col * k->element_bytes;
    v.cols = count;
    return v;
}

/* So that rows begin on whole vectors. */
static inline ptrdiff_t ffnn_whole_vectors(ptrdiff_t n, ptrdiff_t lanes)
{
    return (n + lanes - 1) / lanes * lanes;
}

/* The examples of one step, `count` of them from `first` on, in `order` unless that is NULL. */
typedef struct {
    const ptrdiff_t *order;
    ptrdiff_t first, count;
} batch;

/* Some columns of a batch. */
typedef struct {
    ffnn_view X, Y;
    const void *weights;
    ptrdiff_t row;   /* of the layers' arrays */
    ptrdiff_t first; /* in the batch */
    bool is_first, is_last;
} slab;

/* What has to be there for batches of so many examples; false when there is no memory. */
bool ffnn_batch_prepare(ffnn_run *run, bool is_ordered, ptrdiff_t count);
/* The slab of `b` that begins at `first`. */
slab ffnn_batch_slab(ffnn_run *run, const batch *b, ptrdiff_t first);

/* Where Z of layer[i] stands. */
ffnn_result ffnn_pass_z(const ffnn_run *run, int i, const slab *s);
/* The sum of what the slab's examples cost, once they have passed forward. */
double ffnn_pass_cost(const ffnn_run *run, const slab *s);
/* dZ of the output layer, in dZ[0]. */
void ffnn_pass_start_backward(const ffnn_run *run, const slab *s);

/* All layers forward; adds the slab's cost to *cost, where wanted. True: stop. */
bool ffnn_pass_forward(const ffnn_run *run, const slab *s, double *cost, interrupt_check *check);
/* All layers backward: sums dW and db, and takes the step with the last slab. */
bool ffnn_pass_backward(const ffnn_run *run, const slab *s, interrupt_check *check);

/* Both ways, and the step, for a slab that is a whole batch, gathered and padded. */
bool ffnn_small_pass(ffnn_run *run, const slab *s, double *cost, interrupt_check *check);
/* Is a step of this run plain descent and no more? Then many that follow a first one, which has
 * prepared the rate, are the same bits in fewer instructions. */
bool ffnn_small_is_plain(const ffnn_run *run);
bool ffnn_small_update(ffnn_run *run, const slab *s, ptrdiff_t steps, interrupt_check *check);

/* One step with the examples of `b`; adds what they cost before it, L2 included, to *cost. */
bool ffnn_step_run(ffnn_run *run, const batch *b, double *cost, interrupt_check *check);

#endif
