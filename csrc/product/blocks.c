/* blocks.c - a product, or a chunk of one, in blocks that fit the caches.
 *
 *   for each COL_BYTES of columns of `out`
 *     for each DEPTH of the sum                   the right block stays in L2; it is packed if it
 *       for each ROWS rows                        must be and if several left blocks use it
 *         for each panel of tile_cols columns     the right panel stays in L1, packed if it must be
 *           for each tile of at most tile_rows rows
 *         finish: the block's sums are complete and still in the cache
 *
 * Where all of the right block fits into L1 the two innermost loops change places, so that `out` is
 * written row by row.
 *
 * While a tile computes it prefetches one line into L2 at each step of its depth. Which lines, the
 * prefetch functions say, each with its gain: the time of a product without it, over the time with
 * it. Gains here and in the other files of products are medians of one thread of a Xeon of the
 * Sapphire Rapids kind with AVX-512 (L1 48 KB, L2 2 MB). [n, n_prev] x [n_prev, m] is a layer's
 * forward product.
 */
#include "parts.h"

#include "../system/system.h"

/* A panel of DEPTH rows of 128 bytes takes 32 KB of a 48 KB L1; a deeper one would leave the left
 * operand too little. In L2 a left block of ROWS x DEPTH elements takes 240 KB in float and 480 KB
 * in double, a right block 512 KB, and their sums 480 KB. */
enum { DEPTH = 256, ROWS = 240, PANEL_BYTES = 256 * 128, FITS_L1 = 36 * 1024 };
_Static_assert(DEPTH *COL_BYTES <= FFNN_SCRATCH_BYTES, "a packed right block fits");

typedef struct {
    ptrdiff_t row, row_end, col, col_end, depth;
    char *right; /* the right block, packed panel by panel; or NULL */
} block;

/* Gives the tile its rows: from row i on, at most `most`. */
static void place_tile(const ffnn_product *p, ffnn_tile *t, ptrdiff_t i, ptrdiff_t end,
                       ptrdiff_t most)
{
    t->rows = part(end - i, most);
    t->bias = ffnn_element(p->kernels, p->bias, i * p->bias_row);
}

static void run_tile(const ffnn_product *p, ffnn_tile *t, ptrdiff_t i, ptrdiff_t j)
{
    t->tile = ffnn_element(p->kernels, p->out, i * p->out_row + j);
    p->kernels->tile(t);
}

/* Nothing: the tile prefetches, again and again, the left operand's line that it reads first. */
static ffnn_prefetch no_prefetch(const ffnn_tile *t)
{
    return (ffnn_prefetch){.first = t->left, .run = PTRDIFF_MAX};
}

/* The panel that is packed after the one at (b.depth, j): its rows, or its columns where these are
 * what memory holds together, are pieces too short for the hardware's prefetcher. The first tile of
 * a panel prefetches one half of the next panel, the second tile the other half. Half a row is
 * prefetched by its last byte: where rows begin within a line, the panel before has loaded the line
 * of the first byte. Rows whose lines conflict are not prefetched, which would cost 4 to 20 %.
 * Gain: columns 9 % on [20, 12288] x [12288, 209] in double and 22 % in float, X in F order; rows
 * 14 % on [32, 784] x [784, 5000]. */
static ffnn_prefetch panel_prefetch(const ffnn_product *p, const ffnn_tile *t, block b, ptrdiff_t i,
                                    ptrdiff_t j)
{
    const ffnn_kernels *k = p->kernels;
    const bool is_second = i > b.row, is_last = j + t->cols == b.col_end;
    const ptrdiff_t depth = is_last ? b.depth + t->depth : b.depth;
    const bool is_later = i >= b.row + 2 * t->rows; /* tiles differ by a row */
    if (depth == p->left.cols || is_later) return no_prefetch(t);
    const char *first = ffnn_view_element(k, p->right, depth, is_last ? b.col : j + t->cols);
    const ptrdiff_t row = p->right.row * k->element_bytes, col = p->right.col * k->element_bytes;
    if (p->right.col == 1) {
        const ptrdiff_t half = k->tile_cols * k->element_bytes / 2;
        if (has_conflicts(k, p->right.row)) return no_prefetch(t);
        return (ffnn_prefetch){first + (1 + is_second) * half - 1, .step = row, .run = PTRDIFF_MAX};
    }
    const ptrdiff_t run = (t->depth * k->element_bytes + LINE_BYTES - 1) / LINE_BYTES;
    first += is_second * k->tile_cols / 2 * col;
    return (ffnn_prefetch){first, .step = LINE_BYTES, .run = run, .jump = col - run * LINE_BYTES};
}

/* The rows of an unpacked right operand that all tiles read at the next depth: each tile prefetches
 * its share of them. Where a panel has one tile there is time for every other line only, and the
 * hardware fetches lines in pairs. Gain: 58 % on [20, 12288] x [12288, 209] in double, 10 % in
 * float, X in C order; every other line 10 to 15 % with 7 to 12 rows in float. */
static ffnn_prefetch depth_prefetch(const ffnn_product *p, const ffnn_tile *t, block b, ptrdiff_t i,
                                    ptrdiff_t j)
{
    const ffnn_kernels *k = p->kernels;
    const ptrdiff_t next = b.depth + t->depth, rows = least(t->depth, p->left.cols - next);
    if (rows == 0) return no_prefetch(t);
    const ptrdiff_t row_tiles = (b.row_end - b.row + k->tile_rows - 1) / k->tile_rows;
    const ptrdiff_t col_tiles = (b.col_end - b.col + k->tile_cols - 1) / k->tile_cols;
    const ptrdiff_t tile = (j - b.col) / k->tile_cols * row_tiles + (i - b.row) / k->tile_rows;
    const ptrdiff_t share = (rows + row_tiles * col_tiles - 1) / (row_tiles * col_tiles);
    const ptrdiff_t step = row_tiles == 1 ? 2 * LINE_BYTES : LINE_BYTES;
    const ptrdiff_t run = ((b.col_end - b.col) * k->element_bytes + step - 1) / step;
    const ptrdiff_t row = p->right.row * k->element_bytes;
    return (ffnn_prefetch){
        ffnn_view_element(k, p->right, next + least(tile * share, rows - 1), b.col), .step = step,
        .run = run, .jump = row - run * step};
}

/* The lines of `out` that the tiles of the next rows write, one after the other: a store into a
 * line that is in no cache waits for it. Gain: 28 % on the whole backward pass of [20, 12288], m =
 * 209, which is mostly dA0, in both types. */
static ffnn_prefetch rows_prefetch(const ffnn_product *p, const ffnn_tile *t, block b, ptrdiff_t i)
{
    if (i + t->rows == b.row_end) return no_prefetch(t);
    const ptrdiff_t next = (i + t->rows) * p->out_row + b.col;
    const char *first = ffnn_element(p->kernels, p->out, next);
    return (ffnn_prefetch){first, .step = LINE_BYTES, .run = PTRDIFF_MAX};
}

/* The sums of the next tile of a panel, or of the first tile of the next panel. Gain: 35 % on
 * [1000, 100] x [100, 4096], 4 to 10 % on a step of 784-512-256-10 with m = 1024 and on squares. */
static ffnn_prefetch sums_prefetch(const ffnn_product *p, const ffnn_tile *t, block b, ptrdiff_t i,
                                   ptrdiff_t j)
{
    const ffnn_kernels *k = p->kernels;
    const bool is_last = i + t->rows == b.row_end;
    if (is_last && j + t->cols == b.col_end) return no_prefetch(t);
    const ptrdiff_t next =
        is_last ? b.row * p->out_row + j + t->cols : (i + t->rows) * p->out_row + j;
    const ptrdiff_t row = p->out_row * k->element_bytes;
    const ptrdiff_t run = (k->tile_cols * k->element_bytes + LINE_BYTES - 1) / LINE_BYTES;
    return (ffnn_prefetch){ffnn_element(k, p->out, next), .step = LINE_BYTES, .run = run,
                           .jump = row - run * LINE_BYTES};
}

/* The next tile's rows of a left operand that is stored transposed, so that each step of the depth
 * is a line of its own; by the last row, since this tile has loaded the line of the first. It comes
 * before all but the packing of panels. Gain: 11 % on a backward pass of 784-512-256-10 with m = 64
 * and 128, 6 to 13 % with m = 256 to 1024. */
static ffnn_prefetch left_prefetch(const ffnn_product *p, const ffnn_tile *t, block b, ptrdiff_t i)
{
    const ffnn_kernels *k = p->kernels;
    if (i + t->rows == b.row_end) return no_prefetch(t);
    const ptrdiff_t last = least(i + 2 * t->rows, b.row_end) - 1;
    return (ffnn_prefetch){ffnn_view_element(k, p->left, last, b.depth),
                           .step = p->left.col * k->element_bytes, .run = PTRDIFF_MAX};
}

static ffnn_prefetch prefetch(const ffnn_product *p, const ffnn_tile *t, block b, bool packed,
                              ptrdiff_t i, ptrdiff_t j)
{
    if (packed && !b.right) return panel_prefetch(p, t, b, i, j);
    if (p->left.row == 1 && j == b.col) return left_prefetch(p, t, b, i);
    return b.right ? sums_prefetch(p, t, b, i, j) : depth_prefetch(p, t, b, i, j);
}

/* Panel by panel: the right panel stays in L1, packed if it must be, and the left block in L2. */
static void run_panels(const ffnn_product *p, ffnn_tile *t, block b, bool packed, char *panel)
{
    const ffnn_kernels *k = p->kernels;
    t->left_row = p->left.row;
    t->left_col = p->left.col;
    t->right_row = packed ? k->tile_cols : p->right.row;
    for (ptrdiff_t j = b.col; j < b.col_end; j += t->cols) {
        t->cols = least(b.col_end - j, k->tile_cols);
        const ptrdiff_t row_end = p->is_symmetric ? least(b.row_end, j + t->cols) : b.row_end;
        if (row_end <= b.row) continue;
        t->right = ffnn_view_element(k, p->right, b.depth, j);
        if (b.right) {
            t->right = ffnn_element(k, b.right, (j - b.col) * t->depth);
        } else if (packed) {
            k->pack(t->depth, t->cols, t->right, p->right.row, p->right.col, panel);
            t->right = panel;
        }
        for (ptrdiff_t i = b.row; i < row_end; i += t->rows) {
            place_tile(p, t, i, b.row_end, k->tile_rows);
            t->left = ffnn_view_element(k, p->left, i, b.depth);
            t->prefetch = prefetch(p, t, b, packed, i, j);
            run_tile(p, t, i, j);
        }
    }
}

/* Row of tiles by row of tiles. Gain over run_panels: 63 % on the whole backward pass of
 * [20, 12288], m = 209, in double, 34 % in float. The short columns of a left operand that is
 * stored transposed, each in a page of its own, are packed once for all panels: 4 to 7 % on that
 * pass in float. */
static void run_tile_rows(const ffnn_product *p, ffnn_tile *t, block b, char *panel)
{
    const ffnn_kernels *k = p->kernels;
    const bool gathered = p->left.row == 1 && is_beyond_page(k, p->left.col);
    t->left_row = gathered ? 1 : p->left.row;
    t->left_col = gathered ? k->tile_cols : p->left.col;
    t->right_row = p->right.row;
    for (ptrdiff_t i = b.row; i < b.row_end; i += t->rows) {
        place_tile(p, t, i, b.row_end, least(k->tile_rows, k->tile_cols)); /* a panel's width */
        t->left = ffnn_view_element(k, p->left, i, b.depth);
        if (gathered) {
            k->pack(t->depth, t->rows, t->left, p->left.col, p->left.row, panel);
            t->left = panel;
        }
        t->prefetch = rows_prefetch(p, t, b, i);
        for (ptrdiff_t j = b.col; j < b.col_end; j += t->cols) {
            t->cols = least(b.col_end - j, k->tile_cols);
            t->right = ffnn_view_element(k, p->right, b.depth, j);
            run_tile(p, t, i, j);
            t->prefetch.first += t->depth * t->prefetch.step;
        }
    }
}

/* Packs all panels of a right block at once. Gain over packing them anew for each left block: 11 to
 * 22 % on squares of 1024 and 2048 and on a step of 784-512-256-10 with m = 1024. */
static void pack_right(const ffnn_product *p, ptrdiff_t depth, block b)
{
    const ffnn_kernels *k = p->kernels;
    for (ptrdiff_t j = b.col; j < b.col_end; j += k->tile_cols)
        k->pack(depth, least(b.col_end - j, k->tile_cols),
                ffnn_view_element(k, p->right, b.depth, j), p->right.row, p->right.col,
                ffnn_element(k, b.right, (j - b.col) * depth));
}

void ffnn_blocks_run(const ffnn_product *p, area all)
{
    _Alignas(FFNN_ALIGNMENT) char panel[PANEL_BYTES];
    const ffnn_kernels *k = p->kernels;
    const ptrdiff_t depth = p->left.cols;
    const ptrdiff_t most_cols = COL_BYTES / (k->tile_cols * k->element_bytes) * k->tile_cols;
    const bool packed = packs_right(p), is_tall = all.row_end - all.row > ROWS;
    block b = {.right = packed && is_tall ? ffnn_scratch_take() : NULL}; /* or panel by panel */
    for (b.col = all.col; b.col < all.col_end; b.col = b.col_end) {
        b.col_end = least(all.col_end, b.col + most_cols);
        ffnn_tile t = {.tile_row = p->out_row, .bias_row = p->bias_row, .start = p->start};
        b.depth = 0;
        do {
            t.depth = b.depth < depth ? part(depth - b.depth, DEPTH) : 0;
            if (b.right) pack_right(p, t.depth, b);
            const ptrdiff_t right_bytes = t.depth * (b.col_end - b.col) * k->element_bytes;
            for (b.row = all.row; b.row < all.row_end; b.row = b.row_end) {
                b.row_end = least(all.row_end, b.row + ROWS);
                if (!packed && right_bytes <= FITS_L1)
                    run_tile_rows(p, &t, b, panel);
                else
                    run_panels(p, &t, b, packed, panel);
                if (p->finish && b.depth + t.depth == depth)
                    p->finish(p, b.row, b.row_end - b.row, b.col, b.col_end - b.col);
            }
            t.start = FFNN_FROM_TILE;
            b.depth += t.depth;
        } while (b.depth < depth);
    }
    ffnn_scratch_give(b.right);
}
