/* train/train.h - a whole run of training: what it is made from, and the ways in. */
#ifndef FFNN_TRAIN_H
#define FFNN_TRAIN_H

#include "../ffnn.h"

/* ---- update.c: whole arrays, by as many threads as they are worth ---- */

/* out = x - rate * dx, n elements. */
void ffnn_update(const ffnn_kernels *k, ptrdiff_t n, const void *x, const void *dx, double rate,
                 void *out);
/* x += each of `count` arrays of n elements, which stand side by side, in their order. */
void ffnn_add_vectors(const ffnn_kernels *k, ptrdiff_t n, ptrdiff_t count, const void *vectors,
                      void *x);
/* One step of an optimiser for n parameters. */
void ffnn_optimize(const ffnn_kernels *k, ffnn_optimizer optimizer, ptrdiff_t n,
                   const ffnn_coefficients *s, const void *dw, void *w, void *const *moments);

/* ---- a whole run ---- */

/* Asked every few milliseconds of work; true stops the run. */
typedef bool ffnn_poll(void *context);

/* How parameters follow their gradients. */
typedef struct {
    ffnn_optimizer optimizer;
/* lambd is that of the L2 term lambd / (2 m) * the sum of all W^2; a clip_norm of 0 is none. */
#define FFNN_RUN_NUMBER(name, range, default) double name;
#define FFNN_OPTIMIZER_NUMBER(name, range, default, hint) double name;
#include "../options.def"
} ffnn_hyperparameters;

/* A generator of [0, 1), drawn unit by unit for each layer whose keep_prob is below 1, and of whole
 * numbers, drawn for the order of the examples. */
typedef struct {
    double (*next)(void *state);
    uint32_t (*next32)(void *state);
    uint64_t (*next64)(void *state);
    void *state;
} ffnn_random;

/* Reads X piece by piece: *columns become `count` columns of a pass through the examples, from
 * `first` on, in the order of the pass. They stay until the next call. A pass goes forward, and
 * begins anew at 0. False: stop. */
typedef struct {
    bool (*read)(void *context, ptrdiff_t first, ptrdiff_t count, ffnn_view *columns);
    void *context;
} ffnn_reader;

/* Columns of X [n_x, m], in any strides, and of Y [n_y, m], whose rows have unit column stride. */
typedef struct {
    ffnn_view X, Y;
    const void *weights;       /* m of them, or NULL */
    const ffnn_reader *reader; /* NULL, or X has a shape alone and is read in the calling thread */
    const ffnn_sparse *sparse; /* NULL, or X has a shape alone and these are its numbers */
} ffnn_examples;

/* Whoever computes a step's sums in the run's place: makes the run's gradients those of `count`
 * examples, in `order` unless that is NULL, from `first` on, and adds their costs to *cost, unless
 * that is NULL; both without L2, shard by shard, so that the bits are those of the run. True:
 * stop. */
typedef bool ffnn_sums(void *context, const ptrdiff_t *order, ptrdiff_t first, ptrdiff_t count,
                       double *cost);

typedef struct {
    const ffnn_kernels *kernels;
    int layers;                         /* L */
    const ptrdiff_t *dims;              /* L + 1 of them */
    const ffnn_activation *activations; /* L */
    const double *keep_prob;            /* L, 1 for the output */
    ffnn_cost cost;                     /* if fused, with its own output activation */
    /* Which must outlive the run; without data: so many at most come with each call. */
    ffnn_examples examples;
    ffnn_hyperparameters hyperparameters;
    ffnn_random random;
    /* Not NULL: the examples have no data, and no dropout; a method on whole vectors is one that
     * asks for sums alone. */
    ffnn_sums *sums;
    void *sums_context;
    /* A step takes the mean by the sum of its examples' weights, not by their number. */
    bool is_weighted_mean;
    /* No call brings other examples or an order: there is room for these alone. */
    bool is_fixed;
    bool is_gram; /* the first layer by way of X^T X, see gram.c, from the step `gram_from` on */
    ptrdiff_t gram_from;
} ffnn_run_options;

typedef struct ffnn_run ffnn_run;

/* Is the first layer by way of X^T X the same step in real arithmetic? */
bool ffnn_gram_fits(const ffnn_kernels *k, const ffnn_hyperparameters *hyperparameters);
/* Does a run of these shapes gain by it, and has it memory for it? Follows from them alone; *from
 * is then after how many plain steps. */
bool ffnn_gram_pays(const ffnn_kernels *k, ptrdiff_t n_x, ptrdiff_t n_1, ptrdiff_t m,
                    ptrdiff_t *from);

/* NULL when there is no memory. dims, activations and keep_prob are copied. */
ffnn_run *ffnn_run_new(const ffnn_run_options *options);
void ffnn_run_free(ffnn_run *run);
/* A run that is_fixed and small stands in one block, which is worth keeping for the next one. */
bool ffnn_run_is_spare(const ffnn_run *run);
/* Makes it a run of other examples, parameters still to be written; false where the options want
 * another layout. For gradients: neither moments nor steps begin anew. */
bool ffnn_run_renew(ffnn_run *run, const ffnn_run_options *options);
/* Why a method that works on whole vectors takes no more steps. */
typedef enum {
    FFNN_GOES_ON,
    FFNN_ENDED_BY_TOL,         /* no gradient is larger */
    FFNN_ENDED_BY_COST,        /* a step lowered the cost by no more than cost_tol */
    FFNN_ENDED_BY_EVALUATIONS, /* there were max_evaluations */
    FFNN_ENDED_BY_SEARCH,      /* no step along the gradient lowers the cost */
    FFNN_ENDED_BY_DAMPING,     /* nor does any damped step */
    FFNN_ENDED_BY_NAN,         /* the cost or a gradient is NaN or infinite at the beginning */
    FFNN_ENDINGS
} ffnn_ending;
ffnn_ending ffnn_run_ending(const ffnn_run *run);
/* The cost where such a method's last step has led. */
double ffnn_run_whole_cost(const ffnn_run *run);
/* Evaluations of the cost since the run began. */
ptrdiff_t ffnn_run_evaluations(const ffnn_run *run);
/* The pairs of L-BFGS, whose number may be set, at most history_size; and s (which 0) or y (1) of
 * pair i, the oldest first, the part of a parameter's shape: as they are or as the snapshot has
 * them. */
ptrdiff_t ffnn_run_pairs(const ffnn_run *run, bool is_recorded);
ptrdiff_t ffnn_run_pair_room(const ffnn_run *run);
void ffnn_run_set_pairs(ffnn_run *run, ptrdiff_t count);
void *ffnn_run_pair(ffnn_run *run, bool is_recorded, ptrdiff_t i, int which, char kind, int l);
/* What Levenberg-Marquardt goes on with, which may be set; zeros: with that of the beginning. */
typedef struct {
    double damping; /* of the next step */
    /* With Bayesian regularisation. The weights' variance is that of all parameters, and never 0
     * once there is one. */
    double noise_variance, weight_variance, effective_parameters;
} ffnn_lm_state;
ffnn_lm_state *ffnn_run_lm_state(ffnn_run *run, bool is_recorded);
/* As it was when the last call of ffnn_run_iterate began: it belongs to that cost. */
const ffnn_lm_state *ffnn_run_first_lm_state(const ffnn_run *run);
/* P, the number of parameters. */
ptrdiff_t ffnn_run_count(const ffnn_run *run);
/* To be called when pairs have been written. */
void ffnn_run_settle_pairs(ffnn_run *run);

/* Goes back to step 0: moments are 0, parameters wait to be written. */
void ffnn_run_begin(ffnn_run *run);
/* W (kind 'W', [n_l, n_{l-1}]) or b (kind 'b', [n_l, 1]) of layer l = 1..L, contiguous. Between
 * ffnn_run_begin and the first iteration this is where the run takes its start from; after it, a
 * result to be read. */
void *ffnn_run_parameter(ffnn_run *run, char kind, int l);
/* The optimiser's moment of that parameter, `which` below its number of moments; 0 at first. */
void *ffnn_run_moment(ffnn_run *run, int which, char kind, int l);
/* Steps done so far, which may be set, and what may change between two calls: the learning rate. */
ptrdiff_t *ffnn_run_steps(ffnn_run *run);
double *ffnn_run_rate(ffnn_run *run);
/* The gradient of that parameter as a sum over the examples of ffnn_run_gradients; may be written,
 * before ffnn_run_update say. */
void *ffnn_run_gradient(ffnn_run *run, char kind, int l);
/* Parameters and moments may be written after this. The Gram form starts again from them. */
void ffnn_run_settle(ffnn_run *run);

/* *cost is the sum of what the examples (NULL: the run's own) cost, and the gradients are sums,
 * both without L2: sums of parts add up to those of the whole. Masks are drawn. */
ffnn_status ffnn_run_gradients(ffnn_run *run, const ffnn_examples *examples, double *cost,
                               ffnn_poll *poll, void *context);
/* These sums become means, divided by `total`, and what L2 adds to those of W is in them. */
void ffnn_run_means(ffnn_run *run, double total);
/* The same sums of one shard: to the bit what batches of `size` examples add up. */
ffnn_status ffnn_run_shard(ffnn_run *run, const ffnn_examples *shard, ptrdiff_t size, double *cost,
                           ffnn_poll *poll, void *context);
/* So many examples has each shard of a batch of `count`, the last perhaps fewer. */
ptrdiff_t ffnn_run_shard_columns(const ffnn_run *run, ptrdiff_t count);
/* The optimiser's step with gradients that are sums over m examples, clipped, with L2. */
void ffnn_run_update(ffnn_run *run, double m);
/* Both in one, to the same bits; *cost is the mean before the step, L2 included. */
ffnn_status ffnn_run_step(ffnn_run *run, const ffnn_examples *examples, double *cost,
                          ffnn_poll *poll, void *context);
/* lambd / 2 times the sum of all W^2: what L2 adds to a sum of costs. */
double ffnn_run_l2_cost(const ffnn_run *run);

/* *cost is the sum of what the examples cost without L2 and dropout; nothing changes. */
ffnn_status ffnn_run_measure(ffnn_run *run, const ffnn_examples *examples, double *cost,
                             ffnn_poll *poll, void *context);

/* Of the three calls that follow: is a cost that is not finite to end them, *cost being that one?
 * How many epochs did the last one do, and what did L2 add to its *cost? */
bool *ffnn_run_watched(ffnn_run *run);
ptrdiff_t ffnn_run_done(const ffnn_run *run);
double ffnn_run_l2_share(const ffnn_run *run);
/* Asks the next of them for a snapshot of what the cost of its first step is of, where that is
 * finite, or takes the wish back; was it taken? */
void ffnn_run_ask_record(ffnn_run *run, bool is_wanted);
bool ffnn_run_is_recorded(const ffnn_run *run);
/* `iterations` steps with all examples; *cost is that of the parameters before the first. Only the
 * parameters of a run that returns FFNN_OK mean anything; after FFNN_NO_MEMORY nothing has changed.
 */
ffnn_status ffnn_run_iterate(ffnn_run *run, ptrdiff_t iterations, double *cost, ffnn_poll *poll,
                             void *context);
/* One step for each `batch` examples, the last perhaps with fewer, in the order of X or, where
 * `order` is not NULL, in that order. *cost is the mean over all examples of what each cost before
 * the step that it took part in. */
ffnn_status ffnn_run_epoch(ffnn_run *run, const ptrdiff_t *order, ptrdiff_t batch, double *cost,
                           ffnn_poll *poll, void *context);
/* `epochs` of them, each in an order drawn as NumPy's RandomState.permutation draws it, before the
 * masks. *cost is that of the last. */
ffnn_status ffnn_run_shuffled(ffnn_run *run, ptrdiff_t epochs, ptrdiff_t batch, double *cost,
                              ffnn_poll *poll, void *context);
/* The parameters' posterior distribution, near enough, once Bayesian regularisation has estimated
 * the variances: a normal one around them, its covariance the noise's variance times (L L^T)^-1.
 * L [P, P] is the lower factor of J^T J + (noise variance / weight variance) I. The evidence is the
 * density of the targets, given the variances. */
ffnn_status ffnn_run_posterior(ffnn_run *run, double *L, double *log_evidence, ffnn_poll *poll,
                               void *context);
/* |L^-1 g|^2 for the gradient g of each output of the run's examples, [n_y, m]: times the noise's
 * variance that of the output. Memory does not grow with m. */
ffnn_status ffnn_run_variances(ffnn_run *run, const double *L, double *variances, ffnn_poll *poll,
                               void *context);
/* Are all parameters finite? */
bool ffnn_run_is_finite(ffnn_run *run);
/* Remembers parameters, moments and steps as they are; the first time when they are filled in. And
 * goes back to them, after an interrupted step too. What was drawn from the generator stays drawn.
 */
void ffnn_run_snapshot(ffnn_run *run);
void ffnn_run_restore(ffnn_run *run);
/* What the snapshot holds, to be read. */
void *ffnn_run_recorded_parameter(ffnn_run *run, char kind, int l);
void *ffnn_run_recorded_moment(ffnn_run *run, int which, char kind, int l);
ptrdiff_t ffnn_run_recorded_steps(const ffnn_run *run);

#endif
