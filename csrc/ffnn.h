/* ffnn.h - the core's one header: types, tables and every prototype.
 *
 * The core knows no Python. It works on two-dimensional views whose elements are float or double;
 * everything that depends on the type or on the instruction set is reached through one table,
 * `ffnn_kernels`, of which isa/<name>.c makes two (float, double) from the files in templates/.
 * Examples are columns: A_prev [n_prev, m], W [n, n_prev], b [n, 1], Z and A [n, m].
 * Results have unit column stride. Extents and strides are counted in elements.
 */
#ifndef FFNN_H
#define FFNN_H

#include <stdbool.h>
#include <stddef.h>

typedef enum { FFNN_OK, FFNN_NO_MEMORY, FFNN_INTERRUPTED } ffnn_status;

typedef enum { FFNN_FLOAT, FFNN_DOUBLE, FFNN_REALS } ffnn_real;

/* What IEEE arithmetic would have flagged; ored together. */
enum { FFNN_DIVIDE_BY_ZERO = 1, FFNN_INVALID = 2 };

/* Element (i, j) stands at data + i * row + j * col. Read only; the strides may be 0 or negative.
 */
typedef struct {
    const void *data;
    ptrdiff_t rows, cols;
    ptrdiff_t row, col;
} ffnn_view;

/* ---- activations and costs: one row each in activations.def and costs.def ------------------- */

typedef enum {
#define FFNN_ACTIVATION(name) FFNN_##name,
#include "activations.def"
#undef FFNN_ACTIVATION
    FFNN_ACTIVATIONS
} ffnn_activation;

typedef enum {
#define FFNN_COST(name) FFNN_##name,
#include "costs.def"
#undef FFNN_COST
    FFNN_COSTS
} ffnn_cost;

typedef struct {
    const char *name;
    /* a = g(z), element by element; a may be z. */
    void (*value)(ptrdiff_t n, const void *z, void *a);
    /* dz = da * g'(z); dz may be da or z. */
    void (*derivative)(ptrdiff_t n, const void *da, const void *z, void *dz);
} ffnn_activation_kernels;

typedef struct {
    const char *name;
    /* Returns the sum over n of the cost of the output al against y, in the literal formula, and
     * ors FFNN_DIVIDE_BY_ZERO and FFNN_INVALID into *flags where NumPy's log would warn. */
    double (*value)(ptrdiff_t n, const void *al, const void *y, int *flags);
    /* The same sum taken from z = the output layer's Z: finite wherever z is. */
    double (*value_from_logits)(ptrdiff_t n, const void *z, const void *y);
    /* dz = al - y where al equals g(z) to the bit, the literal dAL * g'(z) elsewhere; flags as
     * above, for the literal elements alone. */
    void (*output_gradient)(ptrdiff_t n, const void *al, const void *y, const void *z, void *dz,
                            int *flags);
    /* dz = al - y: for callers that made al themselves. */
    void (*output_gradient_of_value)(ptrdiff_t n, const void *al, const void *y, void *dz);
} ffnn_cost_kernels;

/* ---- the kernel table ----------------------------------------------------------------------- */

/* How a tile's sums begin. A sum always runs over p in ascending order as one chain of
 * multiply-adds, so cutting depth into blocks (the first one FROM_BIAS or FROM_ZERO, the others
 * FROM_TILE) never changes a bit. */
typedef enum { FFNN_FROM_ZERO, FFNN_FROM_BIAS, FFNN_FROM_TILE } ffnn_start;

/* What a tile asks into L2 while it computes, one cache line at each step of its depth: `run` lines
 * `step` bytes apart, then on by `jump` bytes, and again. A step of 0 asks for nothing new. */
typedef struct {
    const char *first;
    ptrdiff_t step, run, jump;
} ffnn_ahead;

typedef struct {
    ptrdiff_t rows, cols, depth; /* 1..tile_rows, 1..tile_cols, 0.. */
    const void *left;            /* (i, p) at left + i * left_row + p * left_col */
    ptrdiff_t left_row, left_col;
    const void *right; /* (p, j) at right + p * right_row + j */
    ptrdiff_t right_row;
    void *tile; /* (i, j) at tile + i * tile_row + j */
    ptrdiff_t tile_row;
    ffnn_start start;
    const void *bias; /* bias[i * bias_row], for FFNN_FROM_BIAS */
    ptrdiff_t bias_row;
    ffnn_ahead ahead;
} ffnn_tile;

typedef struct ffnn_kernels {
    ffnn_real real;
    ptrdiff_t element_bytes;
    ptrdiff_t lanes;                /* elements of one vector */
    ptrdiff_t tile_rows, tile_cols; /* the tile whose sums stay in registers */

    /* tile[i, j] = start + sum over p of left[i, p] * right[p, j]. */
    void (*tile)(const ffnn_tile *t);
    /* panel[p * tile_cols + j] = source[p * row + j * col] for p < depth, j < cols; 0 for the other
     * j < tile_cols. */
    void (*pack)(ptrdiff_t depth, ptrdiff_t cols, const void *source, ptrdiff_t row, ptrdiff_t col,
                 void *panel);
    /* out[i] = the sum of the m elements of row i, for i < rows; elements of a row stand side by
     * side. Each sum is taken in `lanes` interleaved chains that are then folded, lane by lane, in
     * halves. */
    void (*row_sums)(ptrdiff_t rows, ptrdiff_t m, const void *a, ptrdiff_t row, void *out);
    /* x /= divisor. */
    void (*divide)(ptrdiff_t n, void *x, double divisor);
    /* out = x - rate * dx; out may be x. */
    void (*descend)(ptrdiff_t n, const void *x, const void *dx, double rate, void *out);
    /* x += dx. */
    void (*add)(ptrdiff_t n, const void *dx, void *x);

    ffnn_activation_kernels activations[FFNN_ACTIVATIONS];
    ffnn_cost_kernels costs[FFNN_COSTS];
    /* For tests and tools: y = exp(x), y = log(x). */
    void (*exp)(ptrdiff_t n, const void *x, void *y);
    void (*log)(ptrdiff_t n, const void *x, void *y);
} ffnn_kernels;

/* ---- dispatch.c: which instruction set runs ---------------------------------------------------
 */

typedef struct {
    const char *name;
    const ffnn_kernels *kernels[FFNN_REALS];
} ffnn_isa;

/* The first row of isa.def that this machine can run, or the row called `name`. Returns NULL, with
 * *why a sentence for the user, where `name` is unknown or can't run here. */
const ffnn_isa *ffnn_isa_choose(const char *name, const char **why);
/* The rows of isa.def that were built and that run on this machine, best first; NULL at the end. */
const ffnn_isa *ffnn_isa_available(int index);

/* ---- gemm.c: matrix products ------------------------------------------------------------------
 */

/* Called for each block of `out` as soon as its sums are complete and while it is in the cache. */
typedef struct ffnn_product ffnn_product;
typedef void ffnn_finish(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                         ptrdiff_t cols);

struct ffnn_product {
    const ffnn_kernels *kernels;
    ffnn_view left;  /* [rows, depth] */
    ffnn_view right; /* [depth, cols] */
    void *out;       /* [rows, cols] */
    ptrdiff_t out_row;
    ffnn_start start; /* FROM_TILE adds to what stands in `out` */
    const void *bias; /* one value for each row, for FFNN_FROM_BIAS */
    ptrdiff_t bias_row;
    ffnn_finish *finish; /* or NULL */
    void *context;       /* for finish */
};

/* out = start + left right, every element one chain of multiply-adds in the order of depth. */
void ffnn_product_run(const ffnn_product *p);

/* ---- layer.c: one dense layer -----------------------------------------------------------------
 */

/* The results of a layer: row i begins at data + i * row, in elements; unit column stride. */
typedef struct {
    void *data;
    ptrdiff_t row;
} ffnn_result;

/* Z = W A_prev + b, A = g(Z). `a.data` may be NULL (no activation), or equal `z.data` (no Z kept).
 */
void ffnn_layer_forward(const ffnn_kernels *k, ffnn_view W, ffnn_view b, ffnn_view A_prev,
                        ffnn_activation g, ffnn_result z, ffnn_result a);

/* dW = dZ A_prev^T / m [n, n_prev] and db = the row means of dZ [n], both contiguous. dZ has unit
 * column stride. */
void ffnn_layer_gradients(const ffnn_kernels *k, ffnn_view dZ, ffnn_view A_prev, void *dw,
                          void *db);

/* dA_prev = W^T dZ [n_prev, m]. Where `dz_prev.data` is not NULL, also dZ_prev = dA_prev *
 * g'(Z_prev), Z_prev with unit column stride; dz_prev may then equal da_prev (no dA kept). */
void ffnn_layer_backward(const ffnn_kernels *k, ffnn_view dZ, ffnn_view W, ffnn_result da_prev,
                         ffnn_activation g, ffnn_view Z_prev, ffnn_result dz_prev);

/* out = x - rate * dx, n elements, by as many threads as it is worth. */
void ffnn_layer_descend(const ffnn_kernels *k, ptrdiff_t n, const void *x, const void *dx,
                        double rate, void *out);

/* ---- train.c: a whole run ---------------------------------------------------------------------
 */

/* Asked every few milliseconds of work; true stops the run. */
typedef bool ffnn_poll(void *context);

typedef struct {
    const ffnn_kernels *kernels;
    int layers;            /* L */
    const ptrdiff_t *dims; /* L + 1 of them */
    ffnn_activation hidden, output;
    ffnn_cost cost;
    ffnn_view X, Y; /* X any strides; Y with unit column stride; both must outlive the run */
    double learning_rate;
    bool is_gram; /* the first layer by way of X^T X, see train.c */
} ffnn_run_options;

typedef struct ffnn_run ffnn_run;

/* Does the first layer of a run of these shapes pay by way of X^T X? Follows from them alone. */
bool ffnn_gram_pays(const ffnn_kernels *k, ptrdiff_t n_x, ptrdiff_t n_1, ptrdiff_t m);

/* NULL when there is no memory. dims is copied. */
ffnn_run *ffnn_run_new(const ffnn_run_options *options);
void ffnn_run_free(ffnn_run *run);
/* W (kind 'W', [n_l, n_{l-1}]) or b (kind 'b', [n_l, 1]) of layer l = 1..L, contiguous. Before the
 * first iteration this is where the run takes its start from; after it, a result to be read. */
void *ffnn_run_parameter(ffnn_run *run, char kind, int l);
/* `iterations` steps of full-batch gradient descent; *cost is that of the parameters before the
 * first. Only the parameters of a run that returns FFNN_OK mean anything. */
ffnn_status ffnn_run_iterate(ffnn_run *run, ptrdiff_t iterations, double *cost, ffnn_poll *poll,
                             void *context);

/* ---- pool.c: threads that help -----------------------------------------------------------------
 */

enum { FFNN_MOST_THREADS = 256 };

typedef void ffnn_task(void *context, int chunk);

/* task(context, i) for each i < chunks <= 65535, in any order and at the same time, by the caller
 * and by threads that are free. */
void ffnn_pool_run(int chunks, ffnn_task *task, void *context);
/* How many threads may work at once, the caller included; at first what affinity and the control
 * group grant. */
int ffnn_pool_threads(void);
void ffnn_pool_set_threads(int threads); /* 1..FFNN_MOST_THREADS */

/* ---- os.c --------------------------------------------------------------------------------------
 */

double ffnn_os_seconds(void); /* of a clock that only goes forward */
void ffnn_os_pause(void);     /* in a loop that waits for another processor */
/* How many processors this process may use, by affinity and control group. */
int ffnn_os_processors(void);

/* ---- memory.c ----------------------------------------------------------------------------------
 */

enum { FFNN_ALIGNMENT = 64 };

/* At least `bytes` bytes, aligned to FFNN_ALIGNMENT, or NULL; ffnn_free(NULL) does nothing. */
void *ffnn_allocate(size_t bytes);
void ffnn_free(void *memory);
/* For tests: the n-th allocation from now on fails (0: none does). */
void ffnn_allocate_fail_at(long n);

#endif
