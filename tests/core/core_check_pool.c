/* core_check_pool.c - the pool: each chunk done once whoever calls, and no bit of a product changed
 * by the number of threads. Under a thread sanitizer this is where races show. */
#include "core_check.h"

#include "system/os.h"

#include <stdatomic.h>

enum { CALLERS = 4, JOBS = 200, MOST_CHUNKS = 70 };

static atomic_int wrong_jobs;

typedef struct {
    int done[MOST_CHUNKS]; /* by whoever took the chunk; read when the job is over */
} tally;

static void count_chunk(void *context, int chunk)
{
    ((tally *)context)->done[chunk]++;
}

static void call_often(void *seed)
{
    for (int job = 0; job < (quick ? JOBS / 10 : JOBS); job++) {
        const int chunks = (int)((uintptr_t)seed * 7 + (uintptr_t)job * 13) % MOST_CHUNKS;
        tally t = {{0}};
        if (job % 50 == 0) ffnn_pool_set_threads(1 + (int)((uintptr_t)seed + (uintptr_t)job) % 5);
        ffnn_pool_run(chunks, count_chunk, &t);
        for (int i = 0; i < MOST_CHUNKS; i++)
            if (t.done[i] != (i < chunks)) atomic_fetch_add(&wrong_jobs, 1);
    }
}

static void check_jobs(void)
{
    ffnn_thread callers[CALLERS];
    place("jobs of the pool from %d threads", CALLERS);
    wrong_jobs = 0;
    bool is_thread[CALLERS];
    for (uintptr_t i = 0; i < CALLERS; i++) {
        void *seed = (void *)(i + 1);
        is_thread[i] = ffnn_thread_start(&callers[i], call_often, seed);
        if (!is_thread[i]) call_often(seed);
    }
    for (int i = 0; i < CALLERS; i++)
        if (is_thread[i]) ffnn_thread_join(&callers[i]);
    CHECK(wrong_jobs == 0, "%d chunks were not done just once", wrong_jobs);
}

/* ---- a worker without a processor ---- */

static _Thread_local char here; /* a thread is where its own one lies */

typedef struct {
    const char *caller;
    bool is_slow;
    atomic_int helped; /* chunks that others took */
    double alone;      /* seconds that the caller waited for a worker in its own chunk */
} visit;

static void visit_chunk(void *context, int chunk)
{
    visit *v = context;
    const double began = ffnn_os_seconds();
    (void)chunk;
    if (&here == v->caller) {
        while (v->is_slow && !atomic_load(&v->helped) && ffnn_os_seconds() < began + 0.05)
            ffnn_os_yield(); /* under valgrind one thread runs at a time */
        v->alone = ffnn_os_seconds() - began;
        return;
    }
    atomic_fetch_add(&v->helped, 1);
    while (v->is_slow && ffnn_os_seconds() < began + 0.03) ffnn_os_yield();
}

/* A worker that keeps the caller waiting is not asked again for a while, and then it is. */
static void check_rest(void)
{
    place("jobs after a worker that had no processor");
    ffnn_pool_set_threads(2);
    for (int trial = 0; trial < 20; trial++) {
        visit slow = {.caller = &here, .is_slow = true}, quickly = {.caller = &here};
        ffnn_pool_run(2, visit_chunk, &slow);
        /* It came too late to be told from a chunk that takes its time. */
        if (!slow.helped || slow.alone > 0.005) continue;
        /* It rests ten times the 30 ms less what the caller waited in its own chunk. */
        const double began = ffnn_os_seconds();
        int helped = 0;
        for (double now = began; now < began + 0.05; now = ffnn_os_seconds()) {
            ffnn_pool_run(MOST_CHUNKS, visit_chunk, &quickly);
            if (ffnn_os_seconds() < began + 0.05) helped = quickly.helped;
        }
        CHECK(helped == 0, "%d chunks by a worker that should rest", helped);
        visit again = {.caller = &here, .is_slow = true};
        const double later = ffnn_os_seconds();
        while (!again.helped && ffnn_os_seconds() < later + 60)
            ffnn_pool_run(2, visit_chunk, &again);
        CHECK(again.helped > 0, "the worker rests for ever");
        return;
    }
}

/* Large enough to be cut, in both directions and with a rest. */
static void check_products_by_threads(void)
{
    static const ptrdiff_t shapes[][3] = {
        {257, 131, 70}, {20, 1301, 41}, {1301, 20, 41}, {21, 41, 1301}, {1, 1301, 801}};
    static const int counts[] = {2, 3, 5, 8};
    for (size_t s = 0; s < sizeof shapes / sizeof *shapes; s++)
        for (enum layout layout = PLAIN; layout <= TRANSPOSED; layout++) {
            if (skipped(4)) continue;
            const ptrdiff_t rows = shapes[s][0], depth = shapes[s][1], cols = shapes[s][2];
            fresh();
            ffnn_product p = {.kernels = k,
                              .left = lay(layout, rows, depth, solid),
                              .right = lay(layout, depth, cols, solid),
                              .start = FFNN_FROM_ZERO};
            ffnn_result alone = take_result(rows, cols, cols);
            p.out = alone.data, p.out_row = alone.row;
            ffnn_pool_set_threads(1);
            ffnn_product_run(&p);
            for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
                place("product [%td, %td, %td], %s, %d threads", rows, depth, cols,
                      layout_names[layout], counts[i]);
                ffnn_result shared = take_result(rows, cols, cols);
                p.out = shared.data, p.out_row = shared.row;
                ffnn_pool_set_threads(counts[i]);
                ffnn_product_run(&p);
                check_same_bits(shared, alone, rows, cols, "product");
            }
            check_guards();
        }
}

void check_pool(void)
{
    const int before = ffnn_pool_threads();
    place("the number of threads");
    CHECK(before >= 1 && before <= FFNN_MOST_THREADS, "%d threads", before);
    check_jobs();
    check_rest();
    check_products_by_threads();
    ffnn_pool_set_threads(before);
}
