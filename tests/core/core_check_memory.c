/* core_check_memory.c - memory: the allocator, sizes that overflow, scratch that comes back, and
 * work where there is none.
 */
#include "core_check.h"

#include "system/os.h"

#include <stdatomic.h>
#include <string.h>
#ifdef __GLIBC__
#include <malloc.h>
#endif

static double feature(void)
{
    return uniform(-1, 1);
}

/* ---- the allocator ---- */

static void check_allocator(void)
{
    place("the allocator");
    for (size_t bytes = 0; bytes < 200; bytes++) {
        char *block = ffnn_allocate(bytes);
        CHECK(block && (uintptr_t)block % FFNN_ALIGNMENT == 0, "%zu bytes at %p", bytes,
              (void *)block);
        if (block) memset(block, 1, bytes);
        ffnn_free(block);
    }
    ffnn_free(NULL);
    for (size_t less = 0; less < 100; less++)
        CHECK(!ffnn_allocate(SIZE_MAX - less), "all of the address space but %zu", less);
    CHECK(!ffnn_allocate(PTRDIFF_MAX), "half of the address space");

    place("blocks that are moved");
    const size_t sizes[] = {0, 1, 63, 64, 200, 5 << 20, 100};
    unsigned char *moved = ffnn_reallocate(NULL, 1);
    size_t before = 0;
    for (int i = 0; i < 7; i++) {
        ffnn_allocate_fail_at(1);
        CHECK(!ffnn_reallocate(moved, sizes[i]), "moved without memory");
        moved = ffnn_reallocate(moved, sizes[i]);
        for (size_t j = 0; j < (before < sizes[i] ? before : sizes[i]); j++)
            CHECK(moved[j] == (unsigned char)(j + before), "byte %zu of %zu", j, before);
        before = sizes[i];
        for (size_t j = 0; j < before; j++) moved[j] = (unsigned char)(j + before);
    }
    ffnn_free(moved);
}

/* Of arrays that lie one behind the other; SIZE_MAX where no memory holds them. */
static void check_sizes(void)
{
    const ptrdiff_t half = (ptrdiff_t)1 << (sizeof(ptrdiff_t) * 4); /* whose square is 0 */
    const ptrdiff_t most = PTRDIFF_MAX / 4 + 1;                     /* eight of which are 0 bytes */
    const struct {
        size_t bytes;
        ptrdiff_t rows, cols, element;
        size_t due;
    } rows[] = {{0, 0, 0, 8, 0},
                {0, 1, 1, 1, 64},
                {64, 3, 5, 8, 192},
                {64, 8, 1, 8, 128},
                {64, 9, 1, 8, 192},
                {0, half, half, 8, SIZE_MAX},
                {0, half, half + 1, 8, SIZE_MAX},
                {0, most, 1, 8, SIZE_MAX},
                {0, most + 1, 1, 8, SIZE_MAX},
                {0, half / 2, half / 2, 4, SIZE_MAX},
                {0, PTRDIFF_MAX, PTRDIFF_MAX, 8, SIZE_MAX},
                {0, PTRDIFF_MAX, 1, 1, SIZE_MAX},
                {SIZE_MAX, 1, 1, 8, SIZE_MAX},
                {SIZE_MAX - 64, 0, 0, 8, SIZE_MAX},
                {SIZE_MAX / 2, 1, 1, 1, SIZE_MAX},
                {0, 0, PTRDIFF_MAX, 8, 0}};
    place("sizes");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const size_t got =
            ffnn_bytes_with(rows[i].bytes, rows[i].rows, rows[i].cols, rows[i].element);
        CHECK(got == rows[i].due, "%zu and %td x %td of %td: %zu, not %zu", rows[i].bytes,
              rows[i].rows, rows[i].cols, rows[i].element, got, rows[i].due);
    }
}

/* ---- scratch ---- */

enum { MANY = 70, GIVERS = 3, EACH = 20, ROUNDS = 200 }; /* blocks: more than are kept */

static void *held[MANY];

static void hold_all(void)
{
    for (int i = 0; i < MANY; i++) held[i] = ffnn_scratch_take();
}

static void give_all(void)
{
    for (int i = 0; i < MANY; i++) ffnn_scratch_give(held[i]);
}

/* Bytes that were not given back, or 0 where nobody counts them. */
static size_t given_by_malloc(void)
{
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
    const struct mallinfo2 found = mallinfo2();
    return found.uordblks + found.hblkhd;
#else
    return 0;
#endif
}

static void check_scratch(void)
{
    place("scratch");
    hold_all();
    for (int i = 0; i < MANY; i++) {
        memset(held[i], i, FFNN_SCRATCH_BYTES);
        for (int j = 0; j < i; j++) CHECK(held[j] != held[i], "a block was given twice");
    }
    ffnn_allocate_fail_at(1);
    CHECK(!ffnn_scratch_take(), "scratch without memory");
    give_all();
    ffnn_scratch_give(NULL);
    ffnn_allocate_fail_at(1);
    void *kept = ffnn_scratch_take();
    CHECK(kept, "a block that was given back is gone");
    ffnn_scratch_give(kept);
    ffnn_allocate_fail_at(0);
    const size_t before = given_by_malloc();
    hold_all();
    give_all();
    const size_t after = given_by_malloc();
    CHECK(after <= before, "%zu bytes more, of blocks beyond those that are kept", after - before);
}

static atomic_int round_begun, given;

static void give_each_round(void *index)
{
    for (int i = 1; i <= ROUNDS; i++) {
        while (atomic_load(&round_begun) < i) ffnn_os_yield();
        for (intptr_t j = 0; j < EACH; j++) ffnn_scratch_give(held[(intptr_t)index * EACH + j]);
        atomic_fetch_add(&given, 1);
    }
}

/* Threads that give back at the same moment: none of their blocks is lost, whoever meets whom. */
static void check_givers(void)
{
    ffnn_thread threads[GIVERS];
    int count = 0, lost = 0;
    place("scratch from %d threads", GIVERS);
    round_begun = given = 0;
    while (count < GIVERS &&
           ffnn_thread_start(&threads[count], give_each_round, (void *)(intptr_t)count))
        count++;
    const int blocks = count * EACH;
    for (int i = 0; i < blocks; i++) held[i] = ffnn_scratch_take();
    for (int i = 1; i <= ROUNDS; i++) {
        atomic_store(&round_begun, i);
        while (atomic_load(&given) < i * count) ffnn_os_yield();
        for (int j = 0; j < blocks; j++) {
            ffnn_allocate_fail_at(1);
            held[j] = ffnn_scratch_take();
            ffnn_allocate_fail_at(0);
            if (!held[j]) lost++, held[j] = ffnn_scratch_take();
        }
    }
    for (int i = 0; i < count; i++) ffnn_thread_join(&threads[i]);
    CHECK(lost == 0, "%d blocks were lost", lost);
    for (int i = 0; i < blocks; i++) ffnn_scratch_give(held[i]);
}

enum { FEW = 4 }; /* as many as any work needs at once */

/* All spare blocks but a few are held, and the next allocation fails. */
static void leave_few(void)
{
    hold_all();
    for (int i = 0; i < FEW; i++) ffnn_scratch_give(held[i]);
    ffnn_allocate_fail_at(1);
}

/* Nothing was allocated since, so that the failure is still to come, and the few are there. */
static void check_few(void)
{
    for (int i = 0; i < FEW; i++) {
        held[i] = ffnn_scratch_take();
        CHECK(held[i], "a block was not given back");
    }
    void *more = ffnn_allocate(1);
    CHECK(!more, "something was allocated");
    ffnn_free(more);
    ffnn_allocate_fail_at(0);
}

/* Work that finds its scratch ready allocates nothing, however often; it does the same where there
 * is no scratch. */
static void check_product_scratch(const char *name, ptrdiff_t rows, ptrdiff_t cols,
                                  enum layout layout)
{
    const ptrdiff_t depth = 300;
    fresh();
    ffnn_product p = {.kernels = k,
                      .left = lay(PLAIN, rows, depth, solid),
                      .right = lay(layout, depth, cols, solid),
                      .start = FFNN_FROM_ZERO};
    const ffnn_result first = take_result(rows, cols, 3), other = take_result(rows, cols, 3);
    place("scratch of %s", name);
    p.out = first.data, p.out_row = first.row;
    leave_few();
    for (int i = 0; i <= FEW; i++) ffnn_product_run(&p);
    check_few();
    ffnn_allocate_fail_at(1);
    p.out = other.data, p.out_row = other.row;
    ffnn_product_run(&p);
    ffnn_allocate_fail_at(0);
    give_all();
    check_same_bits(first, other, rows, cols, "without scratch");
    check_guards();
}

static void check_net(ptrdiff_t widest, bool is_wide)
{
    const ptrdiff_t dims[] = {5, widest, 3}, m = 130;
    ffnn_net_layer net[2];
    fresh();
    for (int l = 0; l < 2; l++)
        net[l] = (ffnn_net_layer){k, lay(PLAIN, dims[l + 1], dims[l], solid),
                                  lay(PLAIN, dims[l + 1], 1, solid), FFNN_tanh};
    const ffnn_view X = lay(TRANSPOSED, 5, m, feature);
    const ffnn_result first = take_result(3, m, 0), other = take_result(3, m, 0);
    place("scratch of a net with %td units", widest);
    leave_few();
    if (is_wide) ffnn_allocate_fail_at(0);
    for (int i = 0; i <= FEW; i++) CHECK(ffnn_net_forward(2, net, X, NULL, first), "no memory");
    if (is_wide) ffnn_allocate_fail_at(1);
    check_few();
    ffnn_allocate_fail_at(1);
    CHECK(!ffnn_net_forward(2, net, X, NULL, other), "an output without memory");
    ffnn_allocate_fail_at(0);
    give_all();
    CHECK(ffnn_net_forward(2, net, X, NULL, other), "no memory");
    check_same_bits(first, other, 3, m, "after a failure");
    check_guards();
}

/* ---- runs without memory ---- */

/* A leak is for the sanitizer or valgrind to see: every block of a failed start must be free. */
static void check_runs_without_memory(void)
{
    const ptrdiff_t dims[] = {4, 3, 1}, m = 40;
    const ffnn_activation activations[] = {FFNN_relu, FFNN_sigmoid};
    const double keep[] = {1, 1};
    ffnn_run_options options = {.kernels = k,
                                .layers = 2,
                                .dims = dims,
                                .activations = activations,
                                .keep_prob = keep,
                                .hyperparameters.learning_rate = 1};
    place("a run without memory");
    fresh();
    options.examples =
        (ffnn_examples){.X = lay(PLAIN, 4, m, feature), .Y = lay(PLAIN, 1, m, feature)};
    long n = 1;
    for (;; n++) {
        ffnn_allocate_fail_at(n);
        ffnn_run *run = ffnn_run_new(&options);
        ffnn_allocate_fail_at(0);
        if (!run) continue;
        double cost = 0;
        CHECK(ffnn_run_iterate(run, 1, &cost, NULL, NULL) == FFNN_OK, "it does not run");
        ffnn_run_free(run);
        break;
    }
    CHECK(n > 1 && n < 100, "a run starts without memory, or never");
    const ptrdiff_t huge = PTRDIFF_MAX / 2;
    const ptrdiff_t absurd[][2] = {{huge, huge}, {1, huge}, {huge, 1}, {1, huge / 8}};
    for (size_t i = 0; i < sizeof absurd / sizeof *absurd; i++) {
        options.layers = 1, options.dims = absurd[i], options.activations = activations + 1;
        options.examples.X.cols = 3;
        place("a run with layers of %td and %td", absurd[i][0], absurd[i][1]);
        CHECK(!ffnn_run_new(&options), "it starts");
    }
}

void check_memory(void)
{
    const int threads = ffnn_pool_threads();
    ffnn_pool_set_threads(1);
    check_allocator();
    check_sizes();
    check_scratch();
    check_givers();
    check_product_scratch("a tall product", 260, 70, TRANSPOSED);
    check_product_scratch("a product of few rows", k->tile_rows + 1, 70, FAR);
    check_net(40, false);
    check_net(20000, true);
    ffnn_pool_set_threads(threads);
    check_runs_without_memory();
}
