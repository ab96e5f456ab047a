/* product/parts.h - what the files of a product share.
 *
 *   gemm.c     small products at once; else chunks for the pool
 *   blocks.c   a chunk in blocks that fit the caches, their panels packed, their tiles
 *   strips.c   a chunk of few rows, whose right operand is read where it stands
 *   sparse.c   products with sparse examples, by panels of their own
 */
#ifndef FFNN_PRODUCT_PARTS_H
#define FFNN_PRODUCT_PARTS_H

#include "product.h"

/* Columns of `out` that are worked at together: 512 floats or 256 doubles. */
enum { COL_BYTES = 2048 };

enum { CONFLICT_BYTES = 1024, PAGE_BYTES = 4096, LINE_BYTES = 64 };

/* Rows and columns of `out`. */
typedef struct {
    ptrdiff_t row, row_end, col, col_end;
} area;

static inline ptrdiff_t least(ptrdiff_t a, ptrdiff_t b)
{
    return a < b ? a : b;
}

static inline ptrdiff_t greatest(ptrdiff_t a, ptrdiff_t b)
{
    return a > b ? a : b;
}

/* Cuts `left_over` into equal parts of at most `most` each: the size of the first. */
static inline ptrdiff_t part(ptrdiff_t left_over, ptrdiff_t most)
{
    if (left_over <= most) return left_over;
    ptrdiff_t parts = (left_over + most - 1) / most;
    return (left_over + parts - 1) / parts;
}

/* Rows this far apart fall into so few sets of L1 that a panel of them evicts itself. */
static inline bool has_conflicts(const ffnn_kernels *k, ptrdiff_t stride)
{
    return stride * k->element_bytes % CONFLICT_BYTES == 0;
}

/* Rows this far apart take an entry of the TLB each. */
static inline bool is_beyond_page(const ffnn_kernels *k, ptrdiff_t stride)
{
    const ptrdiff_t bytes = stride * k->element_bytes;
    return bytes >= PAGE_BYTES || bytes <= -PAGE_BYTES;
}

/* Tiles read rows of the right operand as vectors, so that columns which memory holds together are
 * packed; and so are rows that are far apart, if tiles enough share the cost. Gain of the latter:
 * 40 % on squares of 1024 and 2048, 50 % and more on [1000, 100] x [100, 4096]. */
static inline bool packs_right(const ffnn_product *p)
{
    const bool is_far =
        has_conflicts(p->kernels, p->right.row) || is_beyond_page(p->kernels, p->right.row);
    return p->right.cols > 1 &&
           (p->right.col != 1 || (is_far && p->left.rows > p->kernels->tile_rows / 2));
}

void ffnn_blocks_run(const ffnn_product *p, area all);
/* False: not for this product, or no memory. */
bool ffnn_strips_run(const ffnn_product *p, area all);

#endif
