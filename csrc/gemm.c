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

/* Sizes of blocks. A panel of DEPTH rows of 128 bytes is 32 KB, two thirds of a 48 KB L1. ROWS x
 * DEPTH doubles of the left operand are 480 KB and ROWS x COLS of `out` 960 KB: both stay in a
 * 2 MB L2, and the sums of a tile are fetched and put back for every DEPTH only. */
enum { DEPTH = 256, ROWS = 240, COLS = 512, PANEL_BYTES = 256 * 128 };
_Static_assert(ROWS *DEPTH * sizeof(double) <= FFNN_SCRATCH_BYTES, "a gathered left block fits");

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

/* The rows of one tile, from row i on. */
static void place_tile(const ffnn_product *p, ffnn_tile *t, ptrdiff_t i, ptrdiff_t end)
{
    t->rows = part(end - i, p->kernels->tile_rows);
    t->bias = (const char *)p->bias + i * p->bias_row * p->kernels->element_bytes;
}

static void run_tile(const ffnn_product *p, ffnn_tile *t, ptrdiff_t i, ptrdiff_t j)
{
    t->tile = (char *)p->out + (i * p->out_row + j) * p->kernels->element_bytes;
    p->kernels->tile(t);
}

typedef struct {
    ptrdiff_t row, row_end, col, col_end, depth;
    char *gathered; /* memory for the left operand, one tile's rows after another's; or NULL */
} block;

/* Nothing to ask for: the line of the left operand that is in use anyway. */
static ffnn_ahead nothing_ahead(const ffnn_tile *t)
{
    return (ffnn_ahead){.first = t->left, .run = PTRDIFF_MAX};
}

/* The panel to be packed after the one at (b.depth, j) lies in pieces that no hardware follows. The
 * first two tiles of a panel ask for it, each for a half, by its last byte: where rows begin within
 * a line, the line of the first one is there since the panel before. A lone tile asks for every
 * other line. */
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
    if (p->right.col == 1) {
        const ptrdiff_t half = k->tile_cols * k->element_bytes / 2;
        return (ffnn_ahead){first + (1 + is_second) * half - 1, .step = row, .run = PTRDIFF_MAX};
    }
    const ptrdiff_t step = is_alone ? 2 * LINE_BYTES : LINE_BYTES;
    const ptrdiff_t run = (t->depth * k->element_bytes + step - 1) / step;
    first += is_second * k->tile_cols / 2 * col;
    return (ffnn_ahead){first, .step = step, .run = run, .jump = col - run * step};
}

/* What an unpacked panel's tiles read at the next depth, for the tile at (i, j) its share of the
 * rows: a wide operand that comes from far away is in L2 when it is needed. */
static ffnn_ahead depth_ahead(const ffnn_product *p, const ffnn_tile *t, block b, ptrdiff_t i,
                              ptrdiff_t j)
{
    const ffnn_kernels *k = p->kernels;
    const ptrdiff_t next = b.depth + t->depth, rows = least(t->depth, p->left.cols - next);
    if (rows == 0) return nothing_ahead(t);
    const ptrdiff_t row_tiles = (b.row_end - b.row + k->tile_rows - 1) / k->tile_rows;
    const ptrdiff_t col_tiles = (b.col_end - b.col + k->tile_cols - 1) / k->tile_cols;
    const ptrdiff_t tile = (j - b.col) / k->tile_cols * row_tiles + (i - b.row) / k->tile_rows;
    const ptrdiff_t share = (rows + row_tiles * col_tiles - 1) / (row_tiles * col_tiles);
    const ptrdiff_t step = row_tiles == 1 ? 2 * LINE_BYTES : LINE_BYTES;
    const ptrdiff_t run = ((b.col_end - b.col) * k->element_bytes + step - 1) / step;
    const ptrdiff_t row = p->right.row * k->element_bytes;
    return (ffnn_ahead){at(k, p->right, next + least(tile * share, rows - 1), b.col), .step = step,
                        .run = run, .jump = row - run * step};
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

/* The left block of a product whose left operand is stored transposed. */
static void gather_block(const ffnn_product *p, ptrdiff_t depth, block b)
{
    const ffnn_kernels *k = p->kernels;
    char *to = b.gathered;
    for (ptrdiff_t i = b.row; i < b.row_end;) {
        const ptrdiff_t rows = part(b.row_end - i, k->tile_rows);
        k->gather(depth, rows, at(k, p->left, i, b.depth), p->left.col, to);
        to += rows * depth * k->element_bytes;
        i += rows;
    }
}

/* Panel by panel: the right panel stays in L1, packed if it must be, and the left block in L2. */
static void run_panels(const ffnn_product *p, ffnn_tile *t, block b, bool packed, char *panel)
{
    const ffnn_kernels *k = p->kernels;
    t->left_row = p->left.row;
    t->left_col = p->left.col;
    if (b.gathered) gather_block(p, t->depth, b);
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
            place_tile(p, t, i, b.row_end);
            t->left = at(k, p->left, i, b.depth);
            if (b.gathered) {
                t->left = b.gathered + (i - b.row) * t->depth * k->element_bytes;
                t->left_col = t->rows;
            }
            t->ahead = packed ? panel_ahead(p, t, b, i, j) : depth_ahead(p, t, b, i, j);
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
    t->right_row = p->right.row;
    for (ptrdiff_t i = b.row; i < b.row_end; i += t->rows) {
        place_tile(p, t, i, b.row_end);
        k->gather(t->depth, t->rows, at(k, p->left, i, b.depth), p->left.col, panel);
        t->left_col = t->rows;
        t->ahead = rows_ahead(p, t, b, i);
        for (ptrdiff_t j = b.col; j < b.col_end; j += t->cols) {
            t->cols = least(b.col_end - j, k->tile_cols);
            t->right = at(k, p->right, b.depth, j);
            run_tile(p, t, i, j);
            t->ahead.first += t->depth * t->ahead.step;
        }
    }
}

/* Rows of the right operand that are far apart, or that are its columns in memory, are packed; the
 * former only if tiles enough share what that costs. */
static bool packs_right(const ffnn_product *p)
{
    const ptrdiff_t row_bytes = p->right.row * p->kernels->element_bytes;
    const bool is_far =
        row_bytes % FAR_BYTES == 0 || row_bytes >= PAGE_BYTES || row_bytes <= -PAGE_BYTES;
    return p->right.cols > 1 &&
           (p->right.col != 1 || (is_far && p->left.rows > p->kernels->tile_rows / 2));
}

static bool is_left_transposed(const ffnn_product *p)
{
    return p->left.row == 1 && p->left.rows > 1 && p->right.cols > p->kernels->tile_cols;
}

static void run_block(const ffnn_product *p, block b)
{
    _Alignas(FFNN_ALIGNMENT) char panel[PANEL_BYTES];
    const ptrdiff_t depth = p->left.cols;
    const bool packed = packs_right(p), by_rows = !packed && is_left_transposed(p);
    ffnn_tile t = {.tile_row = p->out_row, .bias_row = p->bias_row, .start = p->start};
    b.depth = 0;
    do {
        t.depth = b.depth < depth ? part(depth - b.depth, DEPTH) : 0;
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
    /* Without memory for it, the left operand is read where it stands. */
    char *gathered = packs_right(p) && is_left_transposed(p) ? ffnn_scratch_take() : NULL;
    for (ptrdiff_t i = all.row; i < all.row_end; i += ROWS)
        for (ptrdiff_t j = all.col; j < all.col_end; j += COLS)
            run_block(p, (block){i, least(all.row_end, i + ROWS), j, least(all.col_end, j + COLS),
                                 .gathered = gathered});
    ffnn_scratch_give(gathered);
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
        run_blocks(p, (block){0, p->left.rows, 0, p->right.cols, .gathered = NULL});
        return;
    }
    grid g = cut(p, wanted);
    ffnn_pool_run((int)(g.row_parts * g.col_parts), run_chunk, &g);
}
