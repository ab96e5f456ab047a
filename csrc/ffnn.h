/* ffnn.h - the core's vocabulary: views, activations, costs, optimisers, the table of kernels.
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
#include <stdint.h>

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

/* Examples of which most features are 0. Those of example j that are not, a few of value 0 perhaps,
 * stand from starts[j] up to starts[j + 1], features rising. */
typedef struct {
    const void *values;
    const int32_t *features;
    const ptrdiff_t *starts; /* one more than there are examples */
} ffnn_sparse;

/* ---- activations, costs, optimisers: one row each in the .def file of that name ------------- */

typedef enum {
#define FFNN_ACTIVATION(name, of) FFNN_##name,
#include "activations.def"
#undef FFNN_ACTIVATION
    FFNN_ACTIVATIONS
} ffnn_activation;

typedef enum {
#define FFNN_COST(name, output, kind) FFNN_##name,
#include "costs.def"
#undef FFNN_COST
    FFNN_COSTS
} ffnn_cost;

typedef enum {
#define FFNN_OPTIMIZER(name, form, moments, corrects_bias, reads) FFNN_##name,
#include "optimizers.def"
#undef FFNN_OPTIMIZER
    FFNN_OPTIMIZERS
} ffnn_optimizer;

/* The numbers that an optimiser may read, and a bit for each. */
enum {
#define FFNN_OPTIMIZER_NUMBER(name, range, default, hint) FFNN_NUMBER_##name,
#include "options.def"
    FFNN_NUMBERS
};
enum {
#define FFNN_OPTIMIZER_NUMBER(name, range, default, hint)                                          \
    FFNN_READS_##name = 1 << FFNN_NUMBER_##name,
#include "options.def"
};

/* Kernels over a block [rows, cols]: rows have unit column stride and are `..._row` elements apart.
 * A result may stand where an operand stands. */

/* a = g(z). */
typedef void ffnn_value(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a,
                        ptrdiff_t a_row);
/* dz = da * g'(z), taken from v, which is z or what a run saves. */
typedef void ffnn_derivative(ptrdiff_t rows, ptrdiff_t cols, const void *da, ptrdiff_t da_row,
                             const void *v, ptrdiff_t v_row, void *dz, ptrdiff_t dz_row);

/* The rows of dZ and of A_prev whose product an element of dW is. Listed once for many steps, they
 * spare each step the counting. Gain on a Xeon of the Sapphire Rapids kind: with vectors of 16
 * elements 17 % on a step of 5-4-3-1 and 23 % on 10-10-10-1; with 8 elements 3 to 8 % and 5 to 17
 * %; with 4 elements nothing on the former, while the latter loses 8 %. */
typedef struct {
    uint16_t i, k;
} ffnn_small_pair;

/* A layer of a small net within a run. Every array has rows of `row` elements without a gap, whole
 * vectors; in what pads them dZ is 0. The arrays of parameters are padded to cache lines. */
typedef struct {
    ptrdiff_t n, n_prev, row;
    void *W, *b, *dW, *db;
    const ffnn_small_pair *pairs;    /* where a row is one vector; padded to whole vectors */
    const void *A_prev, *saved_prev; /* the layer below, and what its derivative is taken from */
    void *Z, *A;                     /* A may be Z */
} ffnn_small_layer;

typedef struct {
    const char *name;
    ffnn_value *value;
    ffnn_derivative *derivative;     /* from z */
    ffnn_derivative *run_derivative; /* from what a run saves: a = g(z), or z */
    bool saves_input;                /* it is z */
    bool by_columns;                 /* an element depends on its whole column */
    /* A = g(W A_prev + b). What is in Z then is Z only where the derivative is taken from it. */
    void (*small_forward)(const ffnn_small_layer *l);
    /* dZ_prev = W^T dZ g'(Z_prev), where g is that of the layer below. */
    void (*small_backward)(const ffnn_small_layer *l, const void *dz, void *dz_prev);
} ffnn_activation_kernels;

/* y [rows, cols] are the labels; `weights`, cols of them or NULL, multiply each column's cost. The
 * sums are not divided by anything. `level` is read by the costs that have one. */
typedef struct {
    const char *name;
    ffnn_activation output; /* the activation it goes with by default */
    bool is_fused;          /* with that one alone: computed from logits, dz = al - y */
    /* The sum of the costs of the output al, in the literal formula; ors FFNN_DIVIDE_BY_ZERO and
     * FFNN_INVALID into *flags where NumPy's log would warn. */
    double (*value)(ptrdiff_t rows, ptrdiff_t cols, const void *al, ptrdiff_t al_row, const void *y,
                    ptrdiff_t y_row, const void *weights, double level, int *flags);
    /* The same sum taken from z = the output layer's Z: finite wherever z is. Fused costs alone. */
    double (*value_from_logits)(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row,
                                const void *y, ptrdiff_t y_row, const void *weights);
    /* dz for a fused cost, for callers that made al themselves; dal for the others. */
    void (*gradient)(ptrdiff_t rows, ptrdiff_t cols, const void *al, ptrdiff_t al_row,
                     const void *y, ptrdiff_t y_row, double level, void *out, ptrdiff_t out_row);
    /* dz = al - y where al equals g(z) to the bit, the literal formula elsewhere, which alone sets
     * flags; all contiguous. Fused costs alone. */
    void (*literal_gradient)(ptrdiff_t rows, ptrdiff_t cols, const void *al, const void *y,
                             const void *z, void *dz, int *flags);
} ffnn_cost_kernels;

/* What a step of an optimiser needs beside the arrays. */
typedef struct {
    double rate;
/* Its numbers by name; weight_decay is 0 for biases. */
#define FFNN_OPTIMIZER_NUMBER(name, range, default, hint) double name;
#define FFNN_WHOLE_NUMBER(name, range, default, hint)
#include "options.def"
    double correction1, correction2; /* 1 - beta1^t, 1 - beta2^t, or 1 */
    double scale, l2;                /* g = scale dw + l2 w; l2 is 0 for biases */
} ffnn_coefficients;

enum { FFNN_MOST_MOMENTS = 2 };

typedef enum { FFNN_PLAIN, FFNN_ELEMENT, FFNN_WHOLE } ffnn_form;

typedef struct {
    const char *name; /* and what else its row says */
    ffnn_form form;
    int moments;
    bool corrects_bias;
    int reads; /* FFNN_READS_name, ored together */
    /* One step of n parameters w with the gradient g; moments[i] are updated. NULL for a WHOLE. */
    void (*step)(ptrdiff_t n, const ffnn_coefficients *s, const void *dw, void *w,
                 void *const *moments);
} ffnn_optimizer_kernels;

/* ---- the kernel table ----------------------------------------------------------------------- */

/* How a tile's sums begin. A sum always runs over p in ascending order as one chain of
 * multiply-adds, so cutting depth into blocks (the first one FROM_BIAS or FROM_ZERO, the others
 * FROM_TILE) never changes a bit. */
typedef enum { FFNN_FROM_ZERO, FFNN_FROM_BIAS, FFNN_FROM_TILE } ffnn_start;

/* The lines that a tile prefetches into L2, one at each step of its depth: `run` lines `step` bytes
 * apart, then a jump of `jump` bytes, and so on. A step of 0 prefetches the same line again. */
typedef struct {
    const char *first;
    ptrdiff_t step, run, jump;
} ffnn_prefetch;

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
    ffnn_prefetch prefetch;
} ffnn_tile;

/* What `count` sparse examples have of some features, from `first` on: of example j the numbers
 * from begins[j] up to ends[j]. Feature first + p has the row of tile_cols units, panel + p *
 * tile_cols, and example j the row sums + j * tile_cols. */
typedef struct {
    ptrdiff_t count, first;
    const void *values;
    const int32_t *features;
    const ptrdiff_t *begins, *ends;
    void *panel, *sums;
} ffnn_sparse_part;

enum { FFNN_SMALL_COPY = 4096 };

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
    /* The way back: out[j * row + p] = panel[p * tile_cols + j] for p < depth, j < cols. */
    void (*unpack)(ptrdiff_t depth, ptrdiff_t cols, const void *panel, void *out, ptrdiff_t row);
    /* The row of each example += value * the row of its feature, number by number. */
    void (*sparse_forward)(const ffnn_sparse_part *t);
    /* The row of each feature += value * the row of its example, example by example. */
    void (*sparse_backward)(const ffnn_sparse_part *t);
    /* As tile, for tile_rows < rows <= strip_rows and cols <= lanes. The left operand stands in one
     * or two panels of `depth` rows, one behind the other, as `pack` leaves them; its strides and
     * `prefetch` are not read. NULL, and strip_rows 0, where there are too few registers. */
    void (*strip)(const ffnn_tile *t);
    ptrdiff_t strip_rows;
    /* out[i] = the sum of the m elements of row i, for i < rows; elements of a row stand side by
     * side. Each sum is taken in `lanes` interleaved chains that are then folded, lane by lane, in
     * halves. */
    void (*row_sums)(ptrdiff_t rows, ptrdiff_t m, const void *a, ptrdiff_t row, void *out);
    /* x /= divisor. */
    void (*divide)(ptrdiff_t n, void *x, double divisor);
    /* out = x - rate * dx; out may be x. */
    void (*update)(ptrdiff_t n, const void *x, const void *dx, double rate, void *out);
    /* x += dx. */
    void (*add)(ptrdiff_t n, const void *dx, void *x);
    /* x += factor dx. */
    void (*add_scaled)(ptrdiff_t n, double factor, const void *dx, void *x);
    /* The sum of x y, in double. */
    double (*dot)(ptrdiff_t n, const void *x, const void *y);
    /* The greatest magnitude; NaN where there is one. */
    double (*largest)(ptrdiff_t n, const void *x);
    /* The sum of (factor x + other y)^2, in double. */
    double (*square_sum)(ptrdiff_t n, double factor, const void *x, double other, const void *y);
    /* out[i, j] = a[i, j] * mask[i, j] / keep_prob; out may be a. */
    void (*drop)(ptrdiff_t rows, ptrdiff_t cols, const void *a, ptrdiff_t a_row,
                 const unsigned char *mask, ptrdiff_t mask_row, double keep_prob, void *out,
                 ptrdiff_t out_row);
    /* a[i, j] *= weights[j]. */
    void (*weigh)(ptrdiff_t rows, ptrdiff_t cols, const void *weights, void *a, ptrdiff_t a_row);

    /* For products that ffnn_product_is_small calls small. The same sums as tile's, for any number
     * of rows and columns, not FROM_TILE. */
    void (*small_product)(const ffnn_tile *t);
    /* The same sums for cols = 1, where rows stand side by side in the bias, the tile and either
     * each column of the left operand, or its columns in each row, 16 bytes or more of them. NULL
     * where `narrow` has it. */
    void (*column_product)(const ffnn_tile *t);
    /* dw[i, k] = the sum over the columns of dz[i, :] a[k, :], contiguous; taken as row_sums are.
     * dz has unit column stride, and so has a with more than FFNN_SMALL_COPY elements. */
    void (*small_gradients)(ptrdiff_t n, ptrdiff_t n_prev, ptrdiff_t cols, const void *dz,
                            ptrdiff_t dz_row, const void *a, ptrdiff_t a_row, ptrdiff_t a_col,
                            void *dw);
    /* W -= rate dZ A_prev^T and b -= rate (the row sums of dZ): the same bits as small_gradients,
     * row_sums and a step of gd give. */
    void (*small_update)(const ffnn_small_layer *l, const void *dz, double rate);

    ffnn_activation_kernels activations[FFNN_ACTIVATIONS];
    ffnn_cost_kernels costs[FFNN_COSTS];
    ffnn_optimizer_kernels optimizers[FFNN_OPTIMIZERS];
    /* For tests and tools: y = exp(x), y = log(x). */
    void (*exp)(ptrdiff_t n, const void *x, void *y);
    void (*log)(ptrdiff_t n, const void *x, void *y);
} ffnn_kernels;

/* The address of the element that stands `offset` elements behind `data`; in an array with unit
 * column stride, i * row + j elements lead to (i, j). As memchr's, the result is writable where
 * `data` is. */
static inline void *ffnn_element(const ffnn_kernels *k, const void *data, ptrdiff_t offset)
{
    return (char *)data + offset * k->element_bytes;
}

static inline const void *ffnn_view_element(const ffnn_kernels *k, ffnn_view v, ptrdiff_t i,
                                            ptrdiff_t j)
{
    return ffnn_element(k, v.data, i * v.row + j * v.col);
}

static inline ffnn_view ffnn_transposed(ffnn_view v)
{
    return (ffnn_view){v.data, v.cols, v.rows, v.col, v.row};
}

/* `count` columns of v, from `first` on. */
static inline ffnn_view ffnn_columns(const ffnn_kernels *k, ffnn_view v, ptrdiff_t first,
                                     ptrdiff_t count)
{
    return (ffnn_view){ffnn_view_element(k, v, 0, first), v.rows, count, v.row, v.col};
}

typedef struct ffnn_isa {
    const char *name;
    const ffnn_kernels *kernels[FFNN_REALS];
    const struct ffnn_isa *narrow; /* runs wherever this one does, with shorter vectors; or NULL */
} ffnn_isa;

#endif
