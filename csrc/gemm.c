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

#include <stdint.h>

/* Sizes of blocks. A panel of DEPTH rows of 128 bytes is 32 KB, two thirds of a 48 KB L1; where a
 * panel is transposed from a source that streams by, shorter blocks leave that more room. ROWS x
 * DEPTH floats of the left operand are 240 KB and ROWS x COLS of `out` 480 KB: both stay in L2. */
enum { DEPTH = 256, DEPTH_TRANSPOSED = 96, ROWS = 240, COLS = 512, PANEL_BYTES = 256 * 128 };

/* Rows a multiple of FAR_BYTES apart share so few sets of L1 that their panel does not stay there,
 * and rows more than a page apart cost a page each. */
enum { FAR_BYTES = 1024, PAGE_BYTES = 4096, LINE_BYTES = 64 };

static ptrdiff_t least(ptrdiff_t a, ptrdiff_t b)
{
    return a < b ? a : b;
}

static ptrdiff_t greatest(ptrdiff_t a, ptrdiff_t b)
{
    return a > b ? a : b;
}

/* The size of the next of the equal parts, at most `most` each, into which `left_over` is cut. */
static ptrdiff_t part(ptrdiff_t left_over, ptrdiff_t most)
{
    if (left_over <= most) return left_over;
    ptrdiff_t parts = (left_over + most - 1) / most;
    return (left_over + parts - 1) / parts;
}

static const char *at(const ffnn_kernels *k, ffnn_view v, ptrdiff_t i, ptrdiff_t j)
{
    return (const char *)v.data + (i * v.row + j * v.col) * k->element_bytes;
}

/* The rows of one tile, from row i on, at most `most` of them. */
static void place_tile(const ffnn_product *p, ffnn_tile *t, ptrdiff_t i, ptrdiff_t end,
                       ptrdiff_t most)
{
    t->rows = part(end - i, most);
    t->bias = (const char *)p->bias + i * p->bias_row * p->kernels->element_bytes;
}

static void run_tile(const ffnn_product *p, ffnn_tile *t, ptrdiff_t i, ptrdiff_t j)
{
    t->tile = (char *)p->out + (i * p->out_row + j) * p->kernels->element_bytes;
    p->kernels->tile(t);
}

typedef struct {
    ptrdiff_t row, row_end, col, col_end, depth;
} block;

/* Nothing to ask for: the line of the left operand that is in use anyway. */
static ffnn_ahead nothing_ahead(const ffnn_tile *t)
{
    return (ffnn_ahead){.first = t->left, .run = PTRDIFF_MAX};
}

/* The panel to be packed after the one at (b.depth, j) lies in pieces that no hardware follows. The
 * first two tiles of a panel ask for it, each for a half; a lone tile for every other line. */
static ffnn_ahead panel_ahead(const ffnn_product *p, const ffnn_tile *t, block b, ptrdiff_t i,
                              ptrdiff_t j)
{
    const ffnn_kernels *k = p->kernels;
    const bool is_second = i > b.row, is_alone = t->rows == b.row_end - b.row;
    const bool is_last = j + t->cols == b.col_end;
    const ptrdiff_t depth = is_last ? b.depth + t->depth : b.depth;
    if (depth == p->left.cols || i > b.row + t->rows) return nothing_ahead(t);
    const char *first = at(k, p->right, depth, is_last ? b.col : j + t->cols);
    const ptrdiff_t row = p->right.row * k->element_bytes, col = p->right.col * k->element_bytes;
    if (p->right.col == 1)
        return (ffnn_ahead){first + is_second * LINE_BYTES, .step = row, .run = PTRDIFF_MAX};
    const ptrdiff_t step = is_alone ? 2 * LINE_BYTES : LINE_BYTES;
    const ptrdiff_t run = (t->depth * k->element_bytes + step - 1) / step;
    first += is_second * k->tile_cols / 2 * col;
    return (ffnn_ahead){first, .step = step, .run = run, .jump = col - run * step};
}

/* Where the tiles of the next rows write, which is one piece of memory: lines that are not in the
 * cache would be waited for. */
static ffnn_ahead rows_ahead(const ffnn_product *p, const ffnn_tile *t, block b, ptrdiff_t i)
{
    if (i + t->rows == b.row_end) return nothing_ahead(t);
    const ptrdiff_t next = (i + t->rows) * p->out_row + b.col;
    const char *first = (const char *)p->out + next * p->kernels->element_bytes;
    return (ffnn_ahead){first, .step = LINE_BYTES, .run = PTRDIFF_MAX};
}

/* Panel by panel: the right panel stays in L1, packed if it must be, and the left block in L2. */
static void run_panels(const ffnn_product *p, ffnn_tile *t, block b, bool packed, char *panel)
{
    const ffnn_kernels *k = p->kernels;
    t->left_row = p->left.row;
    t->left_col = p->left.col;
    for (ptrdiff_t j = b.col; j < b.col_end; j += t->cols) {
        t->cols = least(b.col_end - j, k->tile_cols);
        t->right = at(k, p->right, b.depth, j);
        t->right_row = p->right.row;
        if (packed) {
            k->pack(t->depth, t->cols, t->right, p->right.row, p->right.col, panel);
            t->right = panel;
            t->right_row = k->tile_cols;
        }
        for (ptrdiff_t i = b.row; i < b.row_end; i += t->rows) {
            place_tile(p, t, i, b.row_end, k->tile_rows);
            t->left = at(k, p->left, i, b.depth);
            t->ahead = packed ? panel_ahead(p, t, b, i, j) : nothing_ahead(t);
            run_tile(p, t, i, j);
        }
    }
}

/* Tile row by tile row, for a left operand that is stored transposed: its short columns, each in a
 * page of its own, are gathered once for all panels. */
static void run_tile_rows(const ffnn_product *p, ffnn_tile *t, block b, char *panel)
{
    const ffnn_kernels *k = p->kernels;
    t->left = panel;
    t->left_row = 1;
    t->left_col = k->tile_cols;
    t->right_row = p->right.row;
    for (ptrdiff_t i = b.row; i < b.row_end; i += t->rows) {
        place_tile(p, t, i, b.row_end, least(k->tile_rows, k->tile_cols)); /* a panel's width */
        k->pack(t->depth, t->rows, at(k, p->left, i, b.depth), p->left.col, p->left.row, panel);
        t->ahead = rows_ahead(p, t, b, i);
        for (ptrdiff_t j = b.col; j < b.col_end; j += t->cols) {
            t->cols = least(b.col_end - j, k->tile_cols);
            t->right = at(k, p->right, b.depth, j);
            run_tile(p, t, i, j);
            t->ahead.first += t->depth * t->ahead.step;
        }
    }
}

static void run_block(const ffnn_product *p, block b)
{
    _Alignas(FFNN_ALIGNMENT) char panel[PANEL_BYTES];
    const ptrdiff_t depth = p->left.cols, size = p->kernels->element_bytes;
    bool far = p->right.row * size % FAR_BYTES == 0 || p->right.row * size >= PAGE_BYTES ||
               p->right.row * size <= -PAGE_BYTES;
    bool packed = p->right.cols > 1 &&
                  (p->right.col != 1 || (far && p->left.rows > p->kernels->tile_rows / 2));
    bool by_rows =
        !packed && p->left.row == 1 && p->left.rows > 1 && p->right.cols > p->kernels->tile_cols;
    ptrdiff_t most = p->right.col != 1 && packed ? DEPTH_TRANSPOSED : DEPTH;
    ffnn_tile t = {.tile_row = p->out_row, .bias_row = p->bias_row, .start = p->start};
    b.depth = 0;
    do {
        t.depth = b.depth < depth ? part(depth - b.depth, most) : 0;
        if (by_rows)
            run_tile_rows(p, &t, b, panel);
        else
            run_panels(p, &t, b, packed, panel);
        t.start = FFNN_FROM_TILE;
        b.depth += t.depth;
    } while (b.depth < depth);
    if (p->finish) p->finish(p, b.row, b.row_end - b.row, b.col, b.col_end - b.col);
}

/* A part of `out` in blocks that fit the caches. */
static void run_blocks(const ffnn_product *p, block all)
{
    for (ptrdiff_t i = all.row; i < all.row_end; i += ROWS)
        for (ptrdiff_t j = all.col; j < all.col_end; j += COLS)
            run_block(p,
                      (block){i, least(all.row_end, i + ROWS), j, least(all.col_end, j + COLS), 0});
}

/* ---- small products ----------------------------------------------------------------------------
 */

bool ffnn_product_is_small(const ffnn_kernels *k, ptrdiff_t n, ptrdiff_t n_prev, ptrdiff_t m)
{
    enum { MOST_WORK = 32 * 1024 }; /* multiply-adds: from here on panels and tiles pay */
    const double vectors = (double)((m + k->lanes - 1) / k->lanes);
    return (double)n * (double)n_prev * vectors * (double)k->lanes <= MOST_WORK;
}

static void run_small(const ffnn_product *p)
{
    p->kernels->small_product(&(ffnn_tile){
        .rows = p->left.rows,
        .cols = p->right.cols,
        .depth = p->left.cols,
        .left = p->left.data,
        .left_row = p->left.row,
        .left_col = p->left.col,
        .right = p->right.data,
        .right_row = p->right.row,
        .tile = p->out,
        .tile_row = p->out_row,
        .start = p->start,
        .bias = p->bias,
        .bias_row = p->bias_row,
    });
    if (p->finish) p->finish(p, 0, p->left.rows, 0, p->right.cols);
}

/* ---- chunks for the pool ----------------------------------------------------------------------
 */

/* Below PARALLEL_WORK multiply-adds (10 to 20 us) a second thread gains less than it costs; a chunk
 * of CHUNK_WORK is short enough to wait for, and there are some for each thread, since none of them
 * can be relied upon. */
enum { PARALLEL_WORK = 1000 * 1000, CHUNK_WORK = 250 * 1000, CHUNKS_A_THREAD = 4 };

/* rows x cols of `out` in row_parts x col_parts chunks, whose edges are those of tiles. */
typedef struct {
    const ffnn_product *product;
    ptrdiff_t row_parts, col_parts;
} grid;

/* Where part `i` of `parts` begins, in units of `unit`. */
static ptrdiff_t edge(ptrdiff_t extent, ptrdiff_t unit, ptrdiff_t i, ptrdiff_t parts)
{
    const ptrdiff_t units = (extent + unit - 1) / unit;
    return least(units * i / parts * unit, extent);
}

static void run_chunk(void *context, int chunk)
{
    const grid *g = context;
    const ffnn_product *p = g->product;
    const ptrdiff_t i = chunk / g->col_parts, j = chunk % g->col_parts;
    const ptrdiff_t rows = p->left.rows, tile_rows = p->kernels->tile_rows;
    const ptrdiff_t cols = p->right.cols, tile_cols = p->kernels->tile_cols;
    run_blocks(p, (block){.row = edge(rows, tile_rows, i, g->row_parts),
                          .row_end = edge(rows, tile_rows, i + 1, g->row_parts),
                          .col = edge(cols, tile_cols, j, g->col_parts),
                          .col_end = edge(cols, tile_cols, j + 1, g->col_parts)});
}

/* Rows are cut first: the chunk that updates rows of W is then the one that reads them in the next
 * forward pass. Each chunk keeps ROW_TILES by COL_TILES tiles where there are so many, for what it
 * packs or streams to serve them all. */
static grid cut(const ffnn_product *p, ptrdiff_t wanted)
{
    enum { ROW_TILES = 10, COL_TILES = 3 };
    const ffnn_kernels *k = p->kernels;
    const ptrdiff_t row_tiles = (p->left.rows + k->tile_rows - 1) / k->tile_rows;
    const ptrdiff_t col_tiles = (p->right.cols + k->tile_cols - 1) / k->tile_cols;
    const ptrdiff_t row_parts = greatest(least(row_tiles / ROW_TILES, wanted), 1);
    const ptrdiff_t col_parts = greatest(least(col_tiles / COL_TILES, wanted / row_parts), 1);
    return (grid){p, row_parts, col_parts};
}

void ffnn_product_run(const ffnn_product *p)
{
    if (p->right.col == 1 && p->start != FFNN_FROM_TILE &&
        ffnn_product_is_small(p->kernels, p->left.rows, p->left.cols, p->right.cols)) {
        run_small(p);
        return;
    }
    const double work = (double)p->left.rows * (double)p->left.cols * (double)p->right.cols;
    ptrdiff_t wanted = 1;
    if (work >= PARALLEL_WORK && ffnn_pool_threads() > 1)
        wanted =
            least((ptrdiff_t)ffnn_pool_threads() * CHUNKS_A_THREAD, (ptrdiff_t)(work / CHUNK_WORK));
    if (wanted == 1) {
        run_blocks(p, (block){0, p->left.rows, 0, p->right.cols, 0});
        return;
    }
    grid g = cut(p, wanted);
    ffnn_pool_run((int)(g.row_parts * g.col_parts), run_chunk, &g);
}
