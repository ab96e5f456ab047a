/* train/parts.h - what the files of a whole run share, from the top down, as CONTRIBUTING draws it.
 *
 *   run.c          the ways in: steps, epochs, gradients
 *   layout.c       its memory
 *   whole.c        methods that take the whole vector of gradients
 *   lbfgs.c        limited-memory BFGS
 *   line_search.c  its step
 *   levenberg_marquardt.c posterior.c evidence.c curvature.c jacobian.c  damped Gauss-Newton, see
 *                  gauss_newton.h
 *   evaluate.c     the cost and the gradients of all examples
 *   step.c         a step: masks, forward and backward, the update
 *   shards.c       a batch of many examples in shards, which threads share
 *   small.c        a batch of a net so small that products are not worth setting up
 *   batch.c        the examples of a step: in slabs, read where they stand or gathered
 *   propagation.c  a slab forward and backward through all layers
 *   state.c        the run's vectors, the snapshot of its last record point
 *   update.c       the update: coefficients, clipping, the optimiser's step
 *   gram.c         the first layer without its X
 */
#ifndef FFNN_TRAIN_PARTS_H
#define FFNN_TRAIN_PARTS_H

#include "../product/product.h"
#include "train.h"

#include <string.h>

/* Where the arrays of a layer begin in each vector, in bytes. */
typedef struct {
    ptrdiff_t n, n_prev;
    ffnn_activation g;
    double keep_prob; /* 1: no dropout */
    ptrdiff_t W_at, b_at;
    void *W, *b;         /* of the vector of parameters */
    unsigned char *mask; /* of the units that stay [n, batch], with dropout */
} layer;

/* What a layer leaves in a workspace. */
typedef struct {
    void *A;                /* what the layer above reads */
    void *saved;            /* what the derivative is taken from: A, or an array of its own */
    ffnn_small_layer small; /* for the kernels that small.c calls */
} layer_arrays;

/* What propagating one slab writes, but for the gradients. */
typedef struct {
    void *dZ[2];         /* [widest, slab], of the layer in hand and of the one below, in turn */
    void *sums;          /* [widest], the row sums of one slab */
    void *gathered;      /* a block for X, Y and weights of a slab, from the first need on */
    bool has_all;        /* `gathered` holds all of the run's examples in their order, padded */
    layer_arrays *layer; /* layer[l - 1] is that of layer l */
} workspace;

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
    void *S;          /* the sum of rate * dZ so far */
    void *change;     /* dZ G */
    void *W;          /* room for W1 as it is: dW1, which the form does not need */
    bool has_G;       /* which no parameter changes */
    bool is_running;  /* Z and S are those of the parameters; W1 stays behind */
    bool has_weights; /* W1 as it is stands in W */
} gram_form;

bool ffnn_gram_start(gram_form *g, const ffnn_kernels *k, const layer *l, ffnn_view X,
                     interrupt_check *check);
bool ffnn_gram_step(gram_form *g, const ffnn_kernels *k, const layer *l, double rate,
                    interrupt_check *check);
/* W1 as it is, W1_0 - S X^T, apart from the W1_0 of the beginning: to ask changes nothing. The
 * second is that of another W1_0 and S. */
void *ffnn_gram_weights(gram_form *g, const ffnn_kernels *k, const layer *l, ffnn_view X);
void *ffnn_gram_weights_of(gram_form *g, const ffnn_kernels *k, const layer *l, ffnn_view X,
                           void *W1, const void *S);

/* The newest pairs of a change of the parameters, s, and of the gradients, y, in a ring, the newest
 * at `newest`. It stands in the run's state: a vector for each s, a vector for each y and s y
 * follow it. */
typedef struct {
    ptrdiff_t count, newest;
} lbfgs_memory;

/* What levenberg_marquardt.c needs. */
typedef struct ffnn_lm_memory ffnn_lm_memory;

/* A method that takes the whole vector of gradients, and how far it has come. */
typedef struct {
    double cost;           /* of the parameters, L2 included */
    bool has_gradients;    /* `gradients` are those of that cost, not sums */
    ptrdiff_t evaluations; /* since the run began */
    ffnn_ending ending;
    ptrdiff_t pair_count;                      /* that there is room for */
    void *start, *direction, *start_gradients; /* vectors */
    double *shares;                            /* of each pair in a direction */
    lbfgs_memory *lbfgs;
    ffnn_lm_state *lm_state, recorded; /* in the run's state; and when a call began */
    ffnn_lm_memory *lm;
} whole_method;

/* What shards.c needs for batches of more than one shard. */
typedef struct ffnn_shard_memory ffnn_shard_memory;

struct ffnn_run {
    const ffnn_kernels *k, *asked; /* those of the options, of which k may be a shorter kind */
    ffnn_cost cost;
    bool is_fused; /* the cost with its output activation */
    ffnn_examples examples;
    ffnn_hyperparameters hyperparameters;
    ffnn_random random;
    ffnn_sums *sums; /* who computes a step's sums elsewhere, or NULL */
    void *sums_context;
    ptrdiff_t steps;
    ptrdiff_t widest; /* layer */
    ptrdiff_t most;   /* columns of a slab */
    ptrdiff_t room;   /* that its arrays have: fewer where no slab will have so many */
    /* Vectors of `vector_bytes`: an array of each parameter's shape for each, all W in the order of
     * the layers up to `biases_at`, then all b. Each array begins at a cache line; what pads it is
     * 0. */
    ptrdiff_t vector_bytes, biases_at;
    void *parameters, *gradients, *moments[FFNN_MOST_MOMENTS];
    /* What a step changes and the next one reads, state_bytes from the parameters on, of which
     * first_bytes are W1. `snapshot` is a copy from the last record point; snapshot_gram: it was S
     * that had changed then, and not W1. */
    ptrdiff_t first_bytes, state_bytes;
    void *snapshot;
    ptrdiff_t snapshot_steps;
    bool snapshot_gram;
    bool is_watched;        /* a cost that is not finite ends a call */
    bool is_recorded;       /* the last call took a snapshot of its own */
    bool is_measuring;      /* forward without dropout */
    ptrdiff_t done;         /* epochs of the last call */
    double l2_sum, l2_cost; /* of the steps of an epoch, and its mean over the examples */
    bool wants_record;      /* of the step in hand, see ffnn_run_record */
    void *block;            /* all that the run and its first workspace point to */
    void *behind;           /* room for a small block, behind the run itself, or NULL */
    bool is_weighted_mean;  /* a step is divided by the sum of its weights */
    bool is_small;          /* batches go through small.c */
    ffnn_small_pair *pairs; /* of all layers, where a row is one vector */
    void *gathered;         /* a block for the workspace's, where that is not in `block` */
    unsigned char *masks;   /* a block for the layers' masks, from the first need on */
    ptrdiff_t mask_columns; /* that it has room for */
    ffnn_coefficients W_coefficients, b_coefficients; /* of the step in hand */
    bool is_gram;                                     /* from the step gram_from on */
    ptrdiff_t gram_from;
    gram_form gram;
    whole_method whole;
    workspace work;
    ffnn_shard_memory *shards; /* from the first need on */
    int layers;
    layer layer[]; /* layer[l - 1] is layer l */
};

static inline ffnn_view ffnn_contiguous(const void *data, ptrdiff_t rows, ptrdiff_t cols,
                                        ptrdiff_t row)
{
    return (ffnn_view){data, rows, cols, row, 1};
}

/* So that rows begin on whole vectors. */
static inline ptrdiff_t ffnn_whole_vectors(ptrdiff_t n, ptrdiff_t lanes)
{
    return (n + lanes - 1) / lanes * lanes;
}

/* What stands `at` bytes behind the beginning of a vector. */
static inline void *ffnn_within(void *vector, ptrdiff_t at)
{
    return (char *)vector + at;
}

/* ---- state.c ---- */

static inline bool ffnn_run_is_whole(const ffnn_run *run)
{
    return run->k->optimizers[run->hyperparameters.optimizer].form == FFNN_WHOLE;
}

/* Does it estimate the variances of the noise and of the parameters? */
static inline bool ffnn_run_is_bayesian(const ffnn_run *run)
{
    return run->hyperparameters.bayesian != 0;
}

/* Of the L2 term, which is given, or that of the variances that stand; and of how many elements of
 * a vector: those of all W, or of all parameters. */
static inline double ffnn_run_lambd(const ffnn_run *run)
{
    if (!ffnn_run_is_bayesian(run)) return run->hyperparameters.lambd;
    const ffnn_lm_state *s = run->whole.lm_state;
    return s->weight_variance > 0 ? 2 * s->noise_variance / s->weight_variance : 0;
}

static inline ptrdiff_t ffnn_run_l2_count(const ffnn_run *run)
{
    return (ffnn_run_is_bayesian(run) ? run->vector_bytes : run->biases_at) / run->k->element_bytes;
}

/* The sum of the squares of that. */
double ffnn_run_squares(const ffnn_run *run);

/* What stands in the snapshot where `now` stands in the state. */
void *ffnn_run_recorded(const ffnn_run *run, const void *now);
/* Takes a snapshot, where one is wanted, once the cost of a step is known, if it is finite, and
 * before anything changes. */
void ffnn_run_record(ffnn_run *run, const double *cost);

/* ---- update.c ---- */

/* Sets the coefficients of one more step, whose gradients are sums over m examples. */
void ffnn_update_prepare(ffnn_run *run, double m);
/* Clips, where wanted, and takes the step with the coefficients of the step in hand. */
void ffnn_update_all(ffnn_run *run);
/* The optimiser's step for n parameters that stand `at` bytes behind the vectors' beginning. */
static inline void ffnn_update_part(const ffnn_run *run, const ffnn_coefficients *c, ptrdiff_t at,
                                    ptrdiff_t n)
{
    const ffnn_optimizer_kernels *optimizer = &run->k->optimizers[run->hyperparameters.optimizer];
    void *moments[FFNN_MOST_MOMENTS];
    for (int i = 0; i < optimizer->moments; i++) moments[i] = ffnn_within(run->moments[i], at);
    optimizer->step(n, c, ffnn_within(run->gradients, at), ffnn_within(run->parameters, at),
                    moments);
}

/* ---- batch.c ---- */

/* The examples of one step, `count` of them from `first` on, in `order` unless that is NULL. */
typedef struct {
    const ffnn_examples *of;
    const ptrdiff_t *order;
    ptrdiff_t first, count;
} batch;

/* Some columns of a batch. */
typedef struct {
    ffnn_view X, Y;
    ffnn_sparse_columns sparse; /* where X has a shape alone: its numbers */
    const void *weights;
    ptrdiff_t row;   /* of the layers' arrays */
    ptrdiff_t first; /* in the batch */
    bool is_first, is_last;
    bool is_lost;   /* X could not be read: stop */
    bool is_sparse; /* X has a shape alone */
} slab;

/* Do batches of so many examples go through small.c? */
bool ffnn_batch_is_small(const ffnn_run *run, ptrdiff_t count);
/* Columns of each slab, or shard, of a batch; rows begin on whole vectors. */
ptrdiff_t ffnn_batch_columns(const ffnn_run *run, ptrdiff_t count);
/* Lays a workspace's arrays behind `bytes` of the block, with `gathered` where wanted; the bytes
 * behind them. Without a block only these are counted, and w->layer is not needed. */
size_t ffnn_workspace_lay_out(const ffnn_run *run, workspace *w, char *block, size_t bytes,
                              bool has_gathered);
/* Allocates the arrays that slabs of `count` examples need and that are not there yet: `gathered`,
 * masks. False when there is no memory. */
bool ffnn_batch_prepare(ffnn_run *run, bool is_ordered, ptrdiff_t count);
/* The slab of `b` that begins at `first`. */
slab ffnn_batch_slab(const ffnn_run *run, workspace *w, const batch *b, ptrdiff_t first);

/* ---- propagation.c ---- */

/* Where Z of layer[i] stands. */
ffnn_result ffnn_propagate_z(const ffnn_run *run, const workspace *w, int i, const slab *s);
/* The sum of what the slab's examples cost, once they have passed forward. */
double ffnn_propagate_cost(const ffnn_run *run, const workspace *w, const slab *s);
/* What a layer reads. */
ffnn_view ffnn_propagate_input(const ffnn_run *run, const workspace *w, int i, const slab *s);
/* dZ of the layer below i, from the old W. */
void ffnn_propagate_layer_back(const ffnn_run *run, const workspace *w, int i, const slab *s,
                               void *dZ, void *dZ_below);
/* dZ[0], which holds dA of the output layer, becomes its dZ. */
void ffnn_propagate_output_derivative(const ffnn_run *run, const workspace *w, const slab *s);
/* dZ of the output layer, in dZ[0]. */
void ffnn_propagate_output_gradient(const ffnn_run *run, const workspace *w, const slab *s);

/* All layers forward; adds the slab's cost to *cost, where wanted. True: stop. */
bool ffnn_propagate_forward(const ffnn_run *run, const workspace *w, const slab *s, double *cost,
                            interrupt_check *check);
/* Where the gradients of a shard go. */
typedef struct {
    void *sums;      /* a vector: the sums over the slabs of this shard alone */
    bool is_added;   /* these are then added to the run's gradients */
    bool has_update; /* with the last slab the step is taken with the run's gradients */
} destination;

/* All layers backward: sums dW and db. */
bool ffnn_propagate_backward(const ffnn_run *run, const workspace *w, const slab *s, destination to,
                             interrupt_check *check);

/* ---- shards.c ---- */

/* Into how many shards a batch is cut. */
ptrdiff_t ffnn_shards_count(const ffnn_run *run, ptrdiff_t count);
/* What more than one shard needs; false when there is no memory. */
bool ffnn_shards_prepare(ffnn_run *run, ptrdiff_t count);
void ffnn_shards_free(ffnn_shard_memory *memory);
/* Forward and backward, and the update where wanted, for a batch of more than one shard. */
bool ffnn_shards_propagate(ffnn_run *run, const batch *b, bool has_update, double *cost,
                           interrupt_check *check);

/* ---- small.c ---- */

/* Both ways, and the update where wanted, for a slab that is a whole batch, gathered and padded. */
bool ffnn_small_step(ffnn_run *run, const workspace *w, const slab *s, double *cost,
                     bool has_update, interrupt_check *check);
/* Is a step of this run plain descent and no more? Then many that follow a first one, which has
 * prepared the rate, are the same bits in fewer instructions. */
bool ffnn_small_is_plain(const ffnn_run *run);
bool ffnn_small_update(ffnn_run *run, const workspace *w, const slab *s, ptrdiff_t steps,
                       interrupt_check *check);

/* ---- step.c ---- */

/* What batches of `count` examples need and what is not there yet, that of shards included. False
 * when there is no memory. */
bool ffnn_step_prepare(ffnn_run *run, bool is_ordered, ptrdiff_t count);
/* One step with the examples of `b`; adds what they cost before it, L2 included, to *cost. */
bool ffnn_step_run(ffnn_run *run, const batch *b, double *cost, interrupt_check *check);
/* Its first half: the sums of gradients and of costs, L2 left out of both. */
bool ffnn_step_gradients(ffnn_run *run, const batch *b, double *cost, interrupt_check *check);

/* ---- evaluate.c ---- */

/* The cost of the parameters and its gradient, both with L2 and divided by m. True: stop. */
bool ffnn_evaluate(ffnn_run *run, interrupt_check *check);
/* May there be one more evaluation? Where not, that is the ending. */
bool ffnn_may_evaluate(ffnn_run *run);

/* ---- whole.c ---- */

/* Lays what is part of the state, and all else, behind `bytes` of the run's block; the bytes behind
 * them. */
size_t ffnn_whole_lay_out_state(ffnn_run *run, size_t bytes);
size_t ffnn_whole_lay_out(ffnn_run *run, size_t bytes);
/* Steps as ffnn_run_iterate takes them, until the ending. True: stop. */
bool ffnn_whole_iterate(ffnn_run *run, ptrdiff_t iterations, double *cost, interrupt_check *check);

/* ---- lbfgs.c ---- */

size_t ffnn_lbfgs_lay_out_state(ffnn_run *run, size_t bytes);
size_t ffnn_lbfgs_lay_out(ffnn_run *run, size_t bytes);
/* One step from parameters whose gradients are there and are no zeros. True: stop. */
bool ffnn_lbfgs_step(ffnn_run *run, interrupt_check *check);

/* ---- levenberg_marquardt.c, see gauss_newton.h ---- */

size_t ffnn_lm_lay_out_state(ffnn_run *run, size_t bytes);
size_t ffnn_lm_lay_out(ffnn_run *run, size_t bytes);
/* The cost of the parameters, its gradient and the matrix of the next step. True: stop. */
bool ffnn_lm_evaluate(ffnn_run *run, interrupt_check *check);
bool ffnn_lm_step(ffnn_run *run, interrupt_check *check);

#endif
