/* gemm.c - matrix products: small ones at once, others in chunks for the pool.
 *
 * Every element is one chain of multiply-adds in the order of depth, continued from block to block
 * through `out`, so no size of a block or a chunk can change a bit of the result.
 */
#include "parts.h"

#include "../system/system.h"

/* ---- small products ---- */

bool ffnn_product_is_small(const ffnn_kernels *k, ptrdiff_t n, ptrdiff_t n_prev, ptrdiff_t m)
{
    const double vectors = (double)((m + k->lanes - 1) / k->lanes);
    return (double)n * (double)n_prev * vectors * (double)k->lanes <= FFNN_SMALL_WORK;
}

/* One column, of rows or columns that stand side by side. It is read in pieces of 16 bytes, which
 * wider vectors would only collect: the narrow instruction set does as well. */
static bool is_column(const ffnn_product *p)
{
    enum { PIECE_BYTES = 16 };
    const ptrdiff_t row_bytes = p->left.cols * p->kernels->element_bytes;
    return p->right.cols == 1 && p->out_row == 1 &&
           (p->start != FFNN_FROM_BIAS || p->bias_row == 1) &&
           (p->left.row == 1 || (p->left.col == 1 && row_bytes >= PIECE_BYTES));
}

static void run_small(const ffnn_product *p)
{
    void (*product)(const ffnn_tile *t) = p->kernels->small_product;
    if (is_column(p)) product = ffnn_isa_kernels_for(p->kernels, 1)->column_product;
    product(&(ffnn_tile){
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

/* ---- chunks for the pool ---- */

/* Below PARALLEL_WORK multiply-adds (10 to 20 us) a second thread costs more than it gains. The
 * caller may have to wait for the last chunk of another thread: CHUNK_WORK keeps that short. Each
 * thread has CHUNKS_A_THREAD of them, so that the others go on where one loses its processor. */
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

static void run_area(const ffnn_product *p, area all)
{
    if (!ffnn_strips_run(p, all)) ffnn_blocks_run(p, all);
}

static void run_chunk(void *context, int chunk)
{
    const grid *g = context;
    const ffnn_product *p = g->product;
    const ptrdiff_t i = chunk / g->col_parts, j = chunk % g->col_parts;
    const ptrdiff_t rows = p->left.rows, tile_rows = p->kernels->tile_rows;
    const ptrdiff_t cols = p->right.cols, tile_cols = p->kernels->tile_cols;
    run_area(p, (area){.row = edge(rows, tile_rows, i, g->row_parts),
                       .row_end = edge(rows, tile_rows, i + 1, g->row_parts),
                       .col = edge(cols, tile_cols, j, g->col_parts),
                       .col_end = edge(cols, tile_cols, j + 1, g->col_parts)});
}

/* Columns are cut first, into a power of two of equal parts: a chunk packs its columns of the right
 * operand, and the more rows it has, the more tiles share that cost. No chunk has fewer than
 * ROW_TILES rows of tiles, nor fewer than COL_TILES columns of them, unless `out` has. */
static grid cut(const ffnn_product *p, ptrdiff_t wanted)
{
    enum { ROW_TILES = 10, COL_TILES = 3 };
    const ffnn_kernels *k = p->kernels;
    const ptrdiff_t row_tiles = (p->left.rows + k->tile_rows - 1) / k->tile_rows;
    const ptrdiff_t col_tiles = (p->right.cols + k->tile_cols - 1) / k->tile_cols;
    ptrdiff_t col_parts = 1;
    while (2 * col_parts <= least(col_tiles / COL_TILES, wanted)) col_parts *= 2;
    const ptrdiff_t row_parts = greatest(least(row_tiles / ROW_TILES, wanted / col_parts), 1);
    return (grid){p, row_parts, col_parts};
}

void ffnn_product_run(const ffnn_product *p)
{
    const double work = (double)p->left.rows * (double)p->left.cols * (double)p->right.cols;
    if (p->right.col == 1 && p->start != FFNN_FROM_TILE &&
        (ffnn_product_is_small(p->kernels, p->left.rows, p->left.cols, p->right.cols) ||
         (is_column(p) && work < PARALLEL_WORK))) {
        run_small(p);
        return;
    }
    ptrdiff_t wanted = 1;
    if (work >= PARALLEL_WORK && ffnn_pool_threads() > 1)
        wanted =
            least((ptrdiff_t)ffnn_pool_threads() * CHUNKS_A_THREAD, (ptrdiff_t)(work / CHUNK_WORK));
    if (wanted == 1) {
        run_area(p, (area){.row_end = p->left.rows, .col_end = p->right.cols});
        return;
    }
    grid g = cut(p, wanted);
    ffnn_pool_run((int)(g.row_parts * g.col_parts), run_chunk, &g);
}
