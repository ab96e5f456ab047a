/* gemm.c - matrix products: blocks, packing, the loop over tiles.
 *
 *   for each block of ROWS rows and COLS columns of `out`
 *     for each DEPTH of the sum                   the left block stays in L2
 *       for each panel of tile_cols columns       the right panel stays in L1, packed if it must be
 *         for each tile of at most tile_rows rows
 *     finish: the block's sums are complete and still in the cache
 *
 * Every element is one chain of multiply-adds in the order of depth, continued from block to block
 * through `out`, so none of the sizes below can change a bit of the result.
 */
#include "ffnn.h"

enum {
    DEPTH = 256, /* a panel of 128-byte rows is 32 KB, two thirds of a 48 KB L1 */
    DEPTH_PACKED =
        96,     /* packing streams the source; short blocks keep what it pushes out of L1 small */
    ROWS = 240, /* 240 x 256 floats of the left operand are 240 KB: L2 holds them and `out` */
    COLS = 512, /* 240 x 512 floats of `out` are 480 KB */
    PANEL_BYTES = 256 * 128,
};

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b)
{
    return a < b ? a : b;
}

/* The size of the next of the equal parts, at most `most` each, into which `left_over` is cut. */
static ptrdiff_t part(ptrdiff_t left_over, ptrdiff_t most)
{
    ptrdiff_t parts = (left_over + most - 1) / most;
    return (left_over + parts - 1) / parts;
}

static const char *at(const ffnn_kernels *k, ffnn_view v, ptrdiff_t i, ptrdiff_t j)
{
    return (const char *)v.data + (i * v.row + j * v.col) * k->element_bytes;
}

/* One panel of columns: all tiles below each other. */
static void run_panel(const ffnn_product *p, ffnn_tile *t, ptrdiff_t row, ptrdiff_t rows,
                      ptrdiff_t col, ptrdiff_t first_depth)
{
    const ffnn_kernels *k = p->kernels;
    ptrdiff_t size = k->element_bytes;
    for (ptrdiff_t i = row, end = row + rows; i < end; i += t->rows) {
        t->rows = part(end - i, k->tile_rows);
        t->left = at(k, p->left, i, first_depth);
        t->tile = (char *)p->out + (i * p->out_row + col) * size;
        t->bias = (const char *)p->bias + i * p->bias_row * size;
        k->tile(t);
    }
}

static void run_block(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                      ptrdiff_t cols)
{
    const ffnn_kernels *k = p->kernels;
    _Alignas(FFNN_ALIGNMENT) char panel[PANEL_BYTES];
    bool packed = p->right.col != 1 && p->right.cols > 1;
    ptrdiff_t most = packed ? DEPTH_PACKED : DEPTH;
    ffnn_tile t = {
        .left_row = p->left.row,
        .left_col = p->left.col,
        .tile_row = p->out_row,
        .bias_row = p->bias_row,
        .start = p->start,
    };
    ptrdiff_t depth = 0;
    do {
        t.depth = depth < p->left.cols ? part(p->left.cols - depth, most) : 0;
        for (ptrdiff_t j = col, end = col + cols; j < end; j += t.cols) {
            t.cols = least(end - j, k->tile_cols);
            t.right = at(k, p->right, depth, j);
            t.right_row = p->right.row;
            if (packed) {
                k->pack(t.depth, t.cols, t.right, p->right.row, p->right.col, panel);
                t.right = panel;
                t.right_row = k->tile_cols;
            }
            run_panel(p, &t, row, rows, j, depth);
        }
        t.start = FFNN_FROM_TILE;
        depth += t.depth;
    } while (depth < p->left.cols);
    if (p->finish) p->finish(p, row, rows, col, cols);
}

void ffnn_product_run(const ffnn_product *p)
{
    ptrdiff_t rows = p->left.rows, cols = p->right.cols;
    for (ptrdiff_t i = 0; i < rows; i += ROWS)
        for (ptrdiff_t j = 0; j < cols; j += COLS)
            run_block(p, i, least(rows - i, ROWS), j, least(cols - j, COLS));
}
