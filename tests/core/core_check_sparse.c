/* core_check_sparse.c - products with sparse examples: the bits of the dense product with the same
 * numbers and zeros between them, in any order, with and without scratch.
 */
#include "core_check.h"

#include <stdlib.h>

typedef struct {
    ptrdiff_t units, features, m;
    int every; /* one number of so many is there */
} shape;

/* The same X twice; the examples of `sparse` stand in another order. */
typedef struct {
    ffnn_view dense;
    ffnn_sparse sparse;
    int32_t *numbers_features;
    ptrdiff_t *starts, *order;
} examples;

/* Where a number is, it may be a 0 as well; examples and features without any come, too. */
static double number_at(const shape *s, ptrdiff_t i, ptrdiff_t j, bool *is_there)
{
    *is_there = i % 7 != 3 && j % 11 != 5 && below(s->every) == 0;
    return *is_there && below(9) > 0 ? solid() : 0;
}

static examples make(const shape *s)
{
    const size_t most = (size_t)(s->features * s->m);
    examples x = {.numbers_features = malloc(most * sizeof(int32_t) + 1),
                  .starts = malloc((size_t)(s->m + 1) * sizeof(ptrdiff_t)),
                  .order = malloc((size_t)s->m * sizeof(ptrdiff_t) + 1)};
    void *dense = take(s->features * s->m), *values = take(s->features * s->m);
    ptrdiff_t count = 0;
    for (ptrdiff_t j = 0; j < s->m; j++) x.order[j] = s->m - 1 - j;
    for (ptrdiff_t example = 0; example < s->m; example++) {
        x.starts[example] = count;
        for (ptrdiff_t i = 0; i < s->features; i++) {
            bool is_there;
            const double number = number_at(s, i, example, &is_there);
            put(dense, i * s->m + x.order[example], number);
            if (!is_there) continue;
            put(values, count, number);
            x.numbers_features[count++] = (int32_t)i;
        }
    }
    x.starts[s->m] = count;
    x.dense = plain_view(dense, s->features, s->m, s->m);
    x.sparse = (ffnn_sparse){values, x.numbers_features, x.starts};
    return x;
}

static void forget(examples *x)
{
    free(x->numbers_features);
    free(x->starts);
    free(x->order);
}

/* How often finish was given each element. */
static void count(const ffnn_product *p, ptrdiff_t row, ptrdiff_t rows, ptrdiff_t col,
                  ptrdiff_t cols)
{
    int *times = p->context;
    for (ptrdiff_t i = row; i < row + rows; i++)
        for (ptrdiff_t j = col; j < col + cols; j++) times[i * p->right.cols + j]++;
}

typedef void sparse_product(const ffnn_product *p, const ffnn_sparse_columns *X);

/* The first chunk finds no scratch where all of it is held, and no memory. */
static void run(sparse_product *f, const ffnn_product *p, const ffnn_sparse_columns *X,
                bool has_scratch)
{
    enum { MANY = 256 };
    void *held[MANY];
    int holds = 0;
    for (bool is_given = !has_scratch; is_given && holds < MANY; holds += is_given) {
        ffnn_allocate_fail_at(1);
        is_given = (held[holds] = ffnn_scratch_take()) != NULL;
    }
    ffnn_allocate_fail_at(has_scratch ? 0 : 1);
    f(p, X);
    ffnn_allocate_fail_at(0);
    while (holds > 0) ffnn_scratch_give(held[--holds]);
}

static void check_forward(const shape *s, const examples *x, const ffnn_sparse_columns *X,
                          bool has_scratch)
{
    const ffnn_view W = lay(PLAIN, s->units, s->features, solid),
                    b = lay(PLAIN, s->units, 1, solid);
    const ffnn_result thin = take_result(s->units, s->m, 3), dense = take_result(s->units, s->m, 0);
    ffnn_product p = {.kernels = k,
                      .left = W,
                      .right = x->dense,
                      .out = dense.data,
                      .out_row = dense.row,
                      .start = FFNN_FROM_BIAS,
                      .bias = b.data,
                      .bias_row = b.row};
    ffnn_product_run(&p);
    p.out = thin.data, p.out_row = thin.row;
    run(ffnn_sparse_forward, &p, X, has_scratch);
    check_same_bits(thin, dense, s->units, s->m, "forward");
    check_gaps(thin, s->units, s->m);
    p.left = ffnn_transposed(plain_copy(ffnn_transposed(W)));
    run(ffnn_sparse_forward, &p, X, has_scratch);
    check_same_bits(thin, dense, s->units, s->m, "forward, W by columns");
}

static void check_gradients(const shape *s, const examples *x, const ffnn_sparse_columns *X,
                            ffnn_start start, bool has_scratch)
{
    const ffnn_view dZ = lay(PLAIN, s->units, s->m, solid);
    const ffnn_result thin = take_result(s->units, s->features, 2),
                      dense = take_result(s->units, s->features, 0);
    int *times = calloc((size_t)(s->units * s->features) + 1, sizeof(int));
    for (ptrdiff_t i = 0; i < s->units; i++)
        for (ptrdiff_t f = 0; f < s->features; f++) {
            const double before = solid();
            put(thin.data, i * thin.row + f, before);
            put(dense.data, i * dense.row + f, before);
        }
    ffnn_product p = {.kernels = k,
                      .left = dZ,
                      .right = ffnn_transposed(x->dense),
                      .out = dense.data,
                      .out_row = dense.row,
                      .start = start};
    ffnn_product_run(&p);
    p.out = thin.data, p.out_row = thin.row, p.finish = count, p.context = times;
    run(ffnn_sparse_gradients, &p, X, has_scratch);
    check_same_bits(thin, dense, s->units, s->features, "gradients");
    check_gaps(thin, s->units, s->features);
    for (ptrdiff_t i = 0; i < s->units * s->features; i++)
        CHECK(times[i] == 1, "element %td came to finish %d times", i, times[i]);
    free(times);
}

static void check_shape(const shape *s, bool has_scratch)
{
    place("sparse [%td, %td] x [%td, %td], one of %d%s", s->units, s->features, s->features, s->m,
          s->every, has_scratch ? "" : ", without scratch");
    fresh();
    examples x = make(s);
    const ffnn_sparse_columns X = {x.sparse, s->features, x.order, 0, s->m};
    CHECK(ffnn_sparse_count(&X) == x.starts[s->m], "%td numbers, not %td", ffnn_sparse_count(&X),
          x.starts[s->m]);
    check_forward(s, &x, &X, has_scratch);
    check_gradients(s, &x, &X, FFNN_FROM_ZERO, has_scratch);
    check_gradients(s, &x, &X, FFNN_FROM_TILE, has_scratch);
    check_guards();
    forget(&x);
}

void check_sparse(void)
{
    const ptrdiff_t V = k->lanes, NR = k->tile_cols;
    const ptrdiff_t units[] = {1, V - 1, V, NR, NR + 1, 2 * NR + V + 1};
    const ptrdiff_t features[] = {1, V - 1, V + 1, 300, 513};
    const ptrdiff_t examples_of[] = {1, V, V + 1, 65, 130};
    for (int i = 0; i < 6; i++)
        for (int f = 0; f < 5; f++)
            for (int m = 0; m < 5; m++) {
                if (skipped(7)) continue;
                check_shape(&(shape){units[i], features[f], examples_of[m], f < 3 ? 2 : 9}, true);
                if (units[i] <= NR)
                    check_shape(&(shape){units[i], features[f], examples_of[m], 4}, false);
            }
    /* More features than one panel has, more examples than it has sums, many threads. */
    const int before = ffnn_pool_threads();
    for (int threads = quick ? 3 : 1; threads <= 3; threads += 2) {
        ffnn_pool_set_threads(threads);
        check_shape(&(shape){quick ? 3 : NR + 3, 9000, quick ? 7 : 40, 100}, true);
        check_shape(&(shape){quick ? NR + 1 : 3 * NR, 700, 600, 50}, true);
    }
    ffnn_pool_set_threads(before);
}
