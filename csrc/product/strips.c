/* strips.c - a product of few rows: more than a tile has, and at most as many as there are
 * registers for sums of one vector.
 *
 * Two tiles would share packed panels of the right operand, and packing them takes a third as long
 * as the tiles. A strip has all rows: it reads the right operand once, where it stands, and the
 * left operand is packed instead. Gain over panels (blocks.c says of which processor): dW of [n,
 * 12288] with X in F order, m = 209, 8 to 28 % in double and 8 to 21 % in float for n = 24 to 13,
 * with m = 512 up to 53 %; forward, [16, 784] x [784, 1024] 51 % in double and 44 % in float, with
 * 20 rows 33 and 37 %.
 */
#include "parts.h"

#include "../system/system.h"

static bool runs_in_strips(const ffnn_product *p)
{
    return p->left.rows > p->kernels->tile_rows && p->left.rows <= p->kernels->strip_rows &&
           p->left.cols > 0 && p->right.col == 1 && packs_right(p);
}

/* Packs the left operand: one panel of as many rows as it holds, and another of the rest. */
static void pack_left(const ffnn_product *p, ptrdiff_t from, ptrdiff_t depth, char *to)
{
    const ffnn_kernels *k = p->kernels;
    for (ptrdiff_t i = 0; i < p->left.rows; i += k->tile_cols) {
        k->pack(depth, least(p->left.rows - i, k->tile_cols),
                ffnn_view_element(k, p->left, i, from), p->left.col, p->left.row, to);
        to = ffnn_element(k, to, depth * k->tile_cols);
    }
}

bool ffnn_strips_run(const ffnn_product *p, area all)
{
    /* Two panels of doubles stay in L1. */
    enum { STRIP_DEPTH = 128 };
    const ffnn_kernels *k = p->kernels;
    const ptrdiff_t depth = p->left.cols, cols = COL_BYTES / k->element_bytes;
    char *left = runs_in_strips(p) ? ffnn_scratch_take() : NULL;
    if (!left) return false;
    ffnn_tile t = {.rows = p->left.rows,
                   .left = left,
                   .right_row = p->right.row,
                   .tile_row = p->out_row,
                   .bias = p->bias,
                   .bias_row = p->bias_row};
    for (ptrdiff_t j = all.col, end; j < all.col_end; j = end) {
        end = least(j + cols, all.col_end);
        t.start = p->start;
        for (ptrdiff_t d = 0; d < depth; d += t.depth, t.start = FFNN_FROM_TILE) {
            t.depth = part(depth - d, STRIP_DEPTH);
            pack_left(p, d, t.depth, left);
            for (ptrdiff_t strip = j; strip < end; strip += t.cols) {
                t.cols = least(end - strip, k->lanes);
                t.right = ffnn_view_element(k, p->right, d, strip);
                t.tile = ffnn_element(k, p->out, strip);
                k->strip(&t);
            }
        }
        if (p->finish) p->finish(p, 0, p->left.rows, j, end - j);
    }
    ffnn_scratch_give(left);
    return true;
}
