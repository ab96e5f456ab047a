/* product/product.h - matrix products, and a dense layer as three uses of one product. */
#ifndef FFNN_PRODUCT_H
#define FFNN_PRODUCT_H

#include "../ffnn.h"

/* ---- gemm.c: matrix products ---- */

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
    ffnn_start start;  /* FROM_TILE adds to what stands in `out` */
    bool is_symmetric; /* below its diagonal `out` may become anything */
    const void *bias;  /* one value for each row, for FFNN_FROM_BIAS */
    ptrdiff_t bias_row;
    ffnn_finish *finish; /* or NULL */
    void *context;       /* for finish */
};

/* out = start + left right, every element one chain of multiply-adds in the order of depth. */
void ffnn_product_run(const ffnn_product *p);
enum { FFNN_SMALL_WORK = 32 * 1024 }; /* multiply-adds: from here on panels and tiles pay */
/* Is it done before tiles would be laid out? In whatever order its three sizes come; m is padded to
 * whole vectors. */
bool ffnn_product_is_small(const ffnn_kernels *k, ptrdiff_t n, ptrdiff_t n_prev, ptrdiff_t m);

/* ---- sparse.c: products with sparse examples ---- */

/* Some of them, `count` from `first` on, in `order` unless that is NULL. */
typedef struct {
    ffnn_sparse of;
    ptrdiff_t features; /* that there are */
    const ptrdiff_t *order;
    ptrdiff_t first, count;
} ffnn_sparse_columns;

/* How many numbers they have. */
ptrdiff_t ffnn_sparse_count(const ffnn_sparse_columns *X);
/* out = bias + left X, where `right`, `start` and `finish` are not read. */
void ffnn_sparse_forward(const ffnn_product *p, const ffnn_sparse_columns *X);
/* out = left X^T, FROM_ZERO or FROM_TILE, where `right` is not read. */
void ffnn_sparse_gradients(const ffnn_product *p, const ffnn_sparse_columns *X);

/* ---- cholesky.c ---- */

enum { FFNN_CHOLESKY_BLOCK = 64 };

/* The upper triangle of `a` [n, n] becomes that of its factor U, a = U^T U, in the rows from
 * `first` on, FFNN_CHOLESKY_BLOCK of them, once those before are done. `negated` is room for n
 * times so many elements. False: `a` is not positive definite. k is of doubles. */
bool ffnn_cholesky_rows(const ffnn_kernels *k, ptrdiff_t n, double *a, ptrdiff_t row,
                        ptrdiff_t first, double *negated);
/* x [n, cols] becomes -L^-1 x in its rows from `first` on, FFNN_CHOLESKY_BLOCK of them, once those
 * before are done; rows above `from` are zeros. Rows are `x_row` elements apart. */
void ffnn_cholesky_forward(const ffnn_kernels *k, ffnn_view l, ptrdiff_t from, ptrdiff_t first,
                           double *x, ptrdiff_t cols, ptrdiff_t x_row);
/* x becomes the solution of U^T U x = x. */
void ffnn_cholesky_solve(const ffnn_kernels *k, ptrdiff_t n, const double *u, ptrdiff_t row,
                         double *x);

/* ---- layer.c: one dense layer ---- */

/* The results of a layer: row i begins at data + i * row, in elements; unit column stride. */
typedef struct {
    void *data;
    ptrdiff_t row;
} ffnn_result;

/* Which units of a layer stay, inverted dropout: 1 or 0 at mask[i * row + j]. */
typedef struct {
    const unsigned char *mask; /* NULL: all stay */
    ptrdiff_t row;
    double keep_prob;
} ffnn_dropout;

/* Z = W A_prev + b, V = g(Z), A = V * mask / keep_prob. `a.data` may be NULL (Z alone). V may stand
 * where Z stands (no Z kept), and stands where A does unless there is a mask. */
void ffnn_layer_forward(const ffnn_kernels *k, ffnn_view W, ffnn_view b, ffnn_view A_prev,
                        ffnn_activation g, ffnn_dropout dropout, ffnn_result z, ffnn_result v,
                        ffnn_result a);
/* The second half of it alone, for Z of `rows` by `cols`. */
void ffnn_layer_activate(const ffnn_kernels *k, ptrdiff_t rows, ptrdiff_t cols, ffnn_activation g,
                         ffnn_dropout dropout, ffnn_result z, ffnn_result v, ffnn_result a);

/* dW = dZ A_prev^T / m [n, n_prev] and db = the row means of dZ [n], both contiguous. dZ has unit
 * column stride. */
void ffnn_layer_gradients(const ffnn_kernels *k, ffnn_view dZ, ffnn_view A_prev, void *dw,
                          void *db);

/* dA_prev = W^T dZ * mask / keep_prob [n_prev, m], the mask that of the layer below. Where
 * `dz_prev.data` is not NULL, also dZ_prev = derivative(dA_prev, V_prev), V_prev with unit column
 * stride; dz_prev may then equal da_prev (no dA kept). */
void ffnn_layer_backward(const ffnn_kernels *k, ffnn_view dZ, ffnn_view W, ffnn_dropout dropout,
                         ffnn_result da_prev, ffnn_derivative *derivative, ffnn_view V_prev,
                         ffnn_result dz_prev);

/* ---- net.c: a whole net forward ---- */

/* A layer's own type is that of its kernels; float layers may come before double ones. */
typedef struct {
    const ffnn_kernels *kernels;
    ffnn_view W, b;
    ffnn_activation g;
} ffnn_net_layer;

/* AL of the net for X [n_x, m], m >= 1, in memory that does not grow with m; the same bits as layer
 * by layer. `sparse` is NULL, or X has a shape alone and these are its numbers. False: no memory.
 */
bool ffnn_net_forward(int layers, const ffnn_net_layer *net, ffnn_view X, const ffnn_sparse *sparse,
                      ffnn_result AL);

#endif
