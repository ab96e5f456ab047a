/* core_check_products.c - products and layers against naive loops, in every layout. */
#include "core_check.h"

typedef struct {
    ptrdiff_t rows, cols, depth;
    enum layout left, right;
    bool integers, naive;
} trial;

/* What `finish` was given: a copy of each block at that moment, and how often each element came. */
typedef struct {
    ffnn_result copy, times;
} finished;

static void record(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                   ptrdiff_t cols)
{
    const finished *f = p->context;
    for (ptrdiff_t i = row; i < row + rows; i++)
        for (ptrdiff_t j = col; j < col + cols; j++) {
            ptrdiff_t to = i * f->times.row + j;
            put(f->copy.data, to, get(p->out, i * p->out_row + j));
            double times = get(f->times.data, to);
            put(f->times.data, to, isnan(times) ? 1 : times + 1);
        }
}

/* The chain of an element of `depth` products from `start` on lies within what the roundings can
 * do; the least product must not, or one of them could be missing. */
static void check_element(ffnn_view left, ffnn_view right, ptrdiff_t i, ptrdiff_t j, double start,
                          bool integers, double got, const char *what)
{
    wide exact = start, size = fabs(start), least = INFINITY;
    for (ptrdiff_t p = 0; p < left.cols; p++) {
        wide term = (wide)at(left, i, p) * at(right, p, j);
        exact += term;
        size += fabsl(term);
        if (fabsl(term) < least) least = fabsl(term);
    }
    wide bound = (wide)(left.cols + 4) * (narrow ? 2 : 1) * unit * size;
    if (integers) {
        CHECK(got == (double)exact, "%s [%td, %td]: %a, not %La", what, i, j, got, exact);
        return;
    }
    CHECK(fabsl(got - exact) <= bound, "%s [%td, %td]: %.17g, not %.17Lg +- %.3Lg", what, i, j, got,
          exact, bound);
    CHECK(bound < least, "%s [%td, %td]: the bound %.3Lg lets a product be dropped", what, i, j,
          bound);
}

static void check_naively(const ffnn_product *p, ffnn_view before, bool integers)
{
    for (ptrdiff_t i = 0; i < p->left.rows; i++)
        for (ptrdiff_t j = 0; j < p->right.cols; j++) {
            double start = p->start == FFNN_FROM_ZERO   ? 0
                           : p->start == FFNN_FROM_BIAS ? get(p->bias, i * p->bias_row)
                                                        : at(before, i, j);
            check_element(p->left, p->right, i, j, start, integers, get(p->out, i * p->out_row + j),
                          "out");
        }
}

static void try_product(trial t)
{
    static const char *const starts[] = {"zero", "bias", "tile"};
    static int turn;
    ffnn_start start = (ffnn_start)(turn % 3);
    ptrdiff_t gap = turn / 3 % 2 * 5;
    enum layout bias_layout = turn / 6 % 2 ? REVERSED : turn / 12 % 2 ? SAME_ROWS : PLAIN;
    turn++;
    place("product [%td, %td] x [%td, %td], %s x %s, from %s, %s", t.rows, t.depth, t.depth, t.cols,
          layout_names[t.left], layout_names[t.right], starts[start],
          t.integers ? "integers" : "fractions");
    fresh();
    double (*number)(void) = t.integers ? whole : solid;
    ffnn_view left = lay(t.left, t.rows, t.depth, number);
    ffnn_view right = lay(t.right, t.depth, t.cols, number);
    ffnn_view bias = lay(bias_layout, t.rows, 1, number);
    ffnn_view before = lay(PLAIN, t.rows, t.cols, number);
    ffnn_result out = take_result(t.rows, t.cols, gap);
    finished seen = {take_result(t.rows, t.cols, 0), take_result(t.rows, t.cols, 0)};
    ffnn_product p = {
        .kernels = k,
        .left = left,
        .right = right,
        .out = out.data,
        .out_row = out.row,
        .start = start,
        .bias = bias.data,
        .bias_row = bias.row,
        .finish = record,
        .context = &seen,
    };
    for (ptrdiff_t i = 0; start == FFNN_FROM_TILE && i < t.rows; i++)
        for (ptrdiff_t j = 0; j < t.cols; j++) put(out.data, i * out.row + j, at(before, i, j));
    ffnn_product_run(&p);
    check_guards();
    check_gaps(out, t.rows, t.cols);
    if (t.naive) check_naively(&p, before, t.integers);
    check_same_bits(seen.copy, out, t.rows, t.cols, "what finish was given");
    for (ptrdiff_t i = 0; i < t.rows * t.cols; i++)
        CHECK(get(seen.times.data, i) == 1, "element %td came to finish %g times", i,
              get(seen.times.data, i));

    p.left = plain_copy(left);
    p.right = plain_copy(right);
    ffnn_result again = {(void *)before.data, t.cols};
    p.out = again.data;
    p.out_row = again.row;
    p.finish = NULL;
    ffnn_product_run(&p);
    check_same_bits(out, again, t.rows, t.cols, "against contiguous operands");
}

/* All shapes about the edges of tiles; layouts and starts take turns. */
static void check_edges(void)
{
    const ptrdiff_t MR = k->tile_rows, NR = k->tile_cols, V = k->lanes;
    const ptrdiff_t rows[] = {0, 1, MR - 1, MR, MR + 1, 2 * MR + 1};
    const ptrdiff_t cols[] = {0, 1, V - 1, V, V + 1, NR - 1, NR, NR + 1, 2 * NR + 1};
    const ptrdiff_t depths[] = {0, 1, V - 1, V + 1, 15, 17, 255, 256, 257};
    int layouts = 0;
    for (int i = 0; i < 6; i++)
        for (int j = 0; j < 9; j++)
            for (int d = 0; d < 9; d++) {
                layouts = (layouts + 41) % (LAYOUTS * LAYOUTS); /* 41 shares no factor with 81 */
                if (skipped(5)) continue;
                bool integers = layouts % 2;
                try_product((trial){rows[i], cols[j], depths[d], PLAIN, PLAIN, integers, true});
                try_product((trial){rows[i], cols[j], depths[d], layouts / LAYOUTS,
                                    layouts % LAYOUTS, !integers, false});
            }
}

/* A ragged last row and last vector for every number of them. */
static void check_every_size(void)
{
    for (ptrdiff_t cols = 1; cols <= 2 * k->tile_cols + 1; cols++)
        for (ptrdiff_t rows = 1; rows <= k->tile_rows + 2; rows++)
            if (!skipped(6))
                try_product((trial){rows, cols, 3 + (rows + cols) % 5, PLAIN, PLAIN, false, true});
}

static void check_layouts(void)
{
    const ptrdiff_t MR = k->tile_rows, NR = k->tile_cols;
    const ptrdiff_t shapes[][3] = {{MR + 1, 2 * NR + k->lanes - 1, 98},
                                   {2 * MR, NR, 257},
                                   {MR, 1, 300},
                                   {1, NR + 1, 5},
                                   {2 * MR + 1, 3 * NR + 1, k->lanes + 1}};
    for (int s = 0; s < 5; s++)
        for (int pair = 0; pair < LAYOUTS * LAYOUTS; pair++)
            if (!skipped(5))
                try_product((trial){shapes[s][0], shapes[s][1], shapes[s][2], pair / LAYOUTS,
                                    pair % LAYOUTS, pair % 5 == 0, true});
}

/* Rows that a strip has and a tile has not, and one more; right operands that lie far apart. */
static void check_strips(void)
{
    const ptrdiff_t V = k->lanes, depths[] = {0, 1, 127, 128, 129, 300};
    const ptrdiff_t cols[] = {2, V - 1, V, 2 * V + 1, 513};
    for (ptrdiff_t rows = k->tile_rows + 1; rows <= 25; rows++)
        for (int d = 0; d < 6; d++)
            for (int j = 0; j < 5; j++)
                if (!skipped(11))
                    try_product((trial){rows, cols[j], depths[d], (int)(rows + d + j) % LAYOUTS,
                                        FAR, (d + j) % 2, cols[j] < 513});
}

/* The edges of blocks: 240 rows, 512 columns, a depth of 256. */
static void check_blocks(void)
{
    const ptrdiff_t shapes[][3] = {{3, 511, 257}, {3, 512, 256}, {5, 513, 255}, {2, 1025, 513},
                                   {239, 33, 7},  {240, 9, 511}, {241, 40, 10}, {481, 3, 512},
                                   {241, 513, 4}, {7, 513, 600}};
    for (int s = 0; s < 10; s++)
        for (int turn = 0; turn < 4; turn++)
            if (!skipped(17))
                try_product((trial){shapes[s][0], shapes[s][1], shapes[s][2],
                                    turn & 1 ? TRANSPOSED : PLAIN, turn & 2 ? TRANSPOSED : PLAIN,
                                    (s + turn) % 2, true});
}

/* Panels packed one by one, since there is no memory for a block of them: the same bits. */
static void check_without_memory(void)
{
    enum { MANY = 70 }; /* more blocks of scratch than are kept */
    const int threads = ffnn_pool_threads();
    ffnn_pool_set_threads(1); /* chunks would have one block of rows each */
    place("a product without scratch");
    fresh();
    ffnn_product p = {
        .kernels = k,
        .left = lay(PLAIN, 241, 300, solid), /* two blocks of rows share a right block */
        .right = lay(TRANSPOSED, 300, 2 * k->tile_cols + 3, solid),
    };
    ffnn_result with = take_result(p.left.rows, p.right.cols, 0),
                without = take_result(p.left.rows, p.right.cols, 0);
    p.out_row = with.row;
    p.out = with.data;
    ffnn_product_run(&p);
    void *held[MANY];
    for (int i = 0; i < MANY; i++) held[i] = ffnn_scratch_take();
    p.out = without.data;
    ffnn_allocate_fail_at(1);
    ffnn_product_run(&p);
    void *block = ffnn_allocate(1);
    CHECK(block, "the product asked for no scratch"); /* whose failure is used up */
    ffnn_free(block);
    ffnn_allocate_fail_at(0);
    for (int i = 0; i < MANY; i++) ffnn_scratch_give(held[i]);
    ffnn_pool_set_threads(threads);
    check_same_bits(with, without, p.left.rows, p.right.cols, "without scratch");
}

void check_products(void)
{
    check_without_memory();
    check_edges();
    check_strips();
    check_every_size();
    check_layouts();
    check_blocks();
}

/* ---- layers --------------------------------------------------------------------------------- */

static const ffnn_dropout all_stay = {NULL, 0, 1};

static ffnn_dropout draw_mask(ptrdiff_t rows, ptrdiff_t cols)
{
    static unsigned char mask[512 * 1024];
    for (ptrdiff_t i = 0; i < rows * (cols + 3); i++) mask[i] = below(3) > 0;
    return (ffnn_dropout){mask, cols + 3, 0.625};
}

static void check_activation(ffnn_activation g, double z, double got, ptrdiff_t i, ptrdiff_t j)
{
    const truth *t = truth_of(g);
    CHECK(ulps(t->value(z), got) <= allowed_ulps(t), "A [%td, %td]: %a of %a", i, j, got, z);
}

static void try_forward(ffnn_view W, ffnn_view b, ffnn_view A_prev, ffnn_activation g)
{
    ptrdiff_t n = W.rows, m = A_prev.cols;
    ffnn_result z = take_result(n, m, 3), a = take_result(n, m, 0), alone = take_result(n, m, 1),
                in_place = take_result(n, m, 2), value = take_result(n, m, 0),
                dropped = take_result(n, m, 1);
    const ffnn_dropout some = draw_mask(n, m);
    const ffnn_result none = {NULL, 0};
    ffnn_layer_forward(k, W, b, A_prev, g, all_stay, z, a, a);
    ffnn_layer_forward(k, W, b, A_prev, g, all_stay, alone, none, none);
    ffnn_layer_forward(k, W, b, A_prev, g, all_stay, in_place, in_place, in_place);
    ffnn_layer_forward(k, W, b, A_prev, g, some, value, value, dropped);
    check_guards();
    check_gaps(z, n, m);
    check_gaps(in_place, n, m);
    for (ptrdiff_t i = 0; i < n; i++)
        for (ptrdiff_t j = 0; j < m; j++) {
            double of_z = get(z.data, i * z.row + j);
            check_element(W, A_prev, i, j, at(b, i, 0), false, of_z, "Z");
            double of_a = get(a.data, i * a.row + j), stay = some.mask[i * some.row + j];
            check_activation(g, of_z, of_a, i, j);
            double due = quotient(product(of_a, stay), some.keep_prob);
            CHECK(same(get(dropped.data, i * dropped.row + j), due), "dropped [%td, %td]", i, j);
        }
    check_same_bits(value, a, n, m, "the value before dropout");
    check_same_bits(alone, z, n, m, "Z without A");
    check_same_bits(in_place, a, n, m, "A in place of Z");
}

static void try_gradients(ffnn_view dZ, ffnn_view A_prev)
{
    ptrdiff_t n = dZ.rows, n_prev = A_prev.rows, m = dZ.cols;
    void *dw = take(n * n_prev), *db = take(n);
    ffnn_layer_gradients(k, dZ, A_prev, dw, db);
    check_guards();
    for (ptrdiff_t i = 0; i < n; i++) {
        wide row = 0, size = 0;
        for (ptrdiff_t j = 0; j < m; j++) row += at(dZ, i, j), size += fabs(at(dZ, i, j));
        wide bound = (wide)(m + 4) * unit * (1 + narrow) * size / m;
        CHECK(fabsl(get(db, i) - row / m) <= bound && bound < 0.5L / m,
              "db [%td]: %.17g, not %.17Lg", i, get(db, i), row / m);
        for (ptrdiff_t c = 0; c < n_prev; c++) {
            wide exact = 0;
            size = 0;
            for (ptrdiff_t j = 0; j < m; j++) {
                wide term = (wide)at(dZ, i, j) * at(A_prev, c, j);
                exact += term, size += fabsl(term);
            }
            double got = get(dw, i * n_prev + c);
            bound = (wide)(m + 4) * unit * (1 + narrow) * size / m;
            CHECK(fabsl(got - exact / m) <= bound && bound < 0.25L / m,
                  "dW [%td, %td]: %.17g, not %.17Lg", i, c, got, exact / m);
        }
    }
}

static void try_backward(ffnn_view dZ, ffnn_view W, ffnn_activation g)
{
    ptrdiff_t n_prev = W.cols, m = dZ.cols;
    ffnn_view turned = {W.data, W.cols, W.rows, W.col, W.row};
    ffnn_view Z_prev = lay(FAR, n_prev, m, solid);
    ffnn_result da = take_result(n_prev, m, 1), alone = take_result(n_prev, m, 0),
                dz = take_result(n_prev, m, 4), in_place = take_result(n_prev, m, 2),
                dropped = take_result(n_prev, m, 2);
    ffnn_derivative *slope = k->activations[g].derivative;
    const ffnn_result none = {NULL, 0};
    const ffnn_dropout some = draw_mask(n_prev, m);
    ffnn_layer_backward(k, dZ, W, all_stay, da, slope, Z_prev, dz);
    ffnn_layer_backward(k, dZ, W, all_stay, alone, slope, Z_prev, none);
    ffnn_layer_backward(k, dZ, W, all_stay, in_place, slope, Z_prev, in_place);
    ffnn_layer_backward(k, dZ, W, some, dropped, slope, Z_prev, none);
    check_guards();
    check_gaps(da, n_prev, m);
    check_gaps(dz, n_prev, m);
    for (ptrdiff_t i = 0; i < n_prev; i++)
        for (ptrdiff_t j = 0; j < m; j++) {
            double of_a = get(da.data, i * da.row + j), of_z = get(dz.data, i * dz.row + j);
            check_element(turned, dZ, i, j, 0, false, of_a, "dA");
            double z = at(Z_prev, i, j);
            wide due = of_a * true_slope(g, z);
            CHECK(fabsl(of_z - due) <= 16 * unit * fabs(of_a), "dZ [%td, %td]: %.17g, not %.17Lg",
                  i, j, of_z, due);
            double stay = some.mask[i * some.row + j];
            CHECK(same(get(dropped.data, i * dropped.row + j),
                       quotient(product(of_a, stay), some.keep_prob)),
                  "dropped dA [%td, %td]", i, j);
        }
    check_same_bits(alone, da, n_prev, m, "dA without dZ");
    check_same_bits(in_place, dz, n_prev, m, "dZ in place of dA");
}

void check_layers(void)
{
    const ptrdiff_t MR = k->tile_rows, NR = k->tile_cols;
    const ptrdiff_t shapes[][3] = {
        {1, 1, 1},    {1, 7, NR + 1}, {MR + 1, NR + 3, 2 * NR - 1}, {3, 300, k->lanes + 1},
        {MR, 5, 513}, {245, 3, NR}};
    for (int s = 0; s < 6; s++)
        for (int turn = 0; turn < LAYOUTS * FFNN_ACTIVATIONS; turn++) {
            if (k->activations[turn / LAYOUTS].by_columns || skipped(7)) continue;
            ptrdiff_t n = shapes[s][0], n_prev = shapes[s][1], m = shapes[s][2];
            enum layout of_w = turn % LAYOUTS, of_a = (turn * 4 + s) % LAYOUTS;
            ffnn_activation g = (ffnn_activation)(turn / LAYOUTS);
            place("layer %td <- %td, %td examples, W %s, A %s, %s", n, n_prev, m,
                  layout_names[of_w], layout_names[of_a], k->activations[g].name);
            fresh();
            ffnn_view W = lay(of_w, n, n_prev, solid),
                      b = lay(turn % 2 ? REVERSED : PLAIN, n, 1, solid);
            ffnn_view A_prev = lay(of_a, n_prev, m, solid);
            ffnn_view dZ = lay(turn % 2 ? FAR : PLAIN, n, m, solid);
            try_forward(W, b, A_prev, g);
            try_gradients(dZ, A_prev);
            try_backward(dZ, W, g);
        }
}
