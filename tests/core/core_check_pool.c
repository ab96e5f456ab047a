/* core_check_pool.c - the pool: each chunk done once whoever calls, and no bit of a product changed
 * by the number of threads. Under a thread sanitizer this is where races show. */
#define _GNU_SOURCE /* clock_gettime, sysconf; on macOS POSIX alone would hide the processors */
#include "core_check.h"

#include "system/os.h"

#include <stdatomic.h>
#ifdef FFNN_OS_POSIX
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#endif

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

/* ---- helped, again and again ---- */

/* The caller stays in its chunk until a worker has the other one. */
static void meet_chunk(void *context, int chunk)
{
    visit *v = context;
    const double until = ffnn_os_seconds() + 0.2;
    (void)chunk;
    if (&here != v->caller) atomic_fetch_add(&v->helped, 1);
    while (!atomic_load(&v->helped) && ffnn_os_seconds() < until) ffnn_os_yield();
}

/* Job after job, also where workers have gone to sleep meanwhile: somebody comes, if not at once,
 * since who had no processor a moment ago rests for up to a second. */
static void check_help(void)
{
    place("workers that come again");
    ffnn_pool_set_threads(2);
    for (int job = 0; job < 6; job++) {
        visit v = {.caller = &here};
        const double began = ffnn_os_seconds();
        while (!v.helped && ffnn_os_seconds() < began + 30) ffnn_pool_run(2, meet_chunk, &v);
        CHECK(v.helped > 0, "nobody helps with job %d", job);
        if (!v.helped) return;
        for (const double now = ffnn_os_seconds(); ffnn_os_seconds() < now + 0.003 * (job % 3);)
            ffnn_os_yield();
    }
}

#ifdef FFNN_OS_POSIX
/* Between two looks of our own at the same clock. */
static void check_clock(void)
{
    place("the clock");
    for (int i = 0; i < 100; i++) {
        struct timespec now;
        clock_gettime(CLOCK_MONOTONIC, &now);
        const double before = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
        const double told = ffnn_os_seconds();
        clock_gettime(CLOCK_MONOTONIC, &now);
        const double after = (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
        CHECK(before <= told && told <= after, "%.9f, not from %.9f to %.9f", told, before, after);
    }
}

/* What a control group's cpu.max says. */
static void check_quota(void)
{
    static const struct {
        const char *text;
        int due;
    } rows[] = {{"max 100000\n", 0},
                {"50000 100000\n", 1},
                {"100000 100000\n", 1},
                {"100001 100000\n", 2},
                {"200000 100000", 2},
                {"1 1000000", 1},
                {"250000 100000\n", 3},
                {"0 100000", 0},
                {"-1 100000", 0},
                {"100000 0", 0},
                {"100000", 0},
                {"", 0},
                {"9223372036854775807 1", 0}};
    place("a quota");
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        CHECK(ffnn_os_quota(rows[i].text) == rows[i].due, "%s: %d, not %d", rows[i].text,
              ffnn_os_quota(rows[i].text), rows[i].due);
    const int ours = ffnn_os_processors();
    const long all = sysconf(_SC_NPROCESSORS_ONLN);
    CHECK(ours >= 1 && ours <= all, "%d processors of %ld", ours, all);
}

/* ---- a fork in the middle of a job ---- */

#ifndef __SANITIZE_THREAD__ /* which lets no child have threads */
enum { FORKING_THREADS = 3, FORKING_CHUNKS = 2000 };

static volatile bool is_child;
static atomic_int left_over; /* chunks of its parent's job that a child did */

/* Each chunk of its own job once, by workers of its own, and none of its parent's. */
static char child_status(void)
{
    tally t = {{0}};
    visit met = {.caller = &here};
    ffnn_pool_set_threads(MOST_CHUNKS); /* the first looks around while the others are made */
    ffnn_pool_run(MOST_CHUNKS, count_chunk, &t);
    for (int i = 0; i < MOST_CHUNKS; i++)
        if (t.done[i] != 1) return 'c';
    const double began = ffnn_os_seconds();
    while (!met.helped && ffnn_os_seconds() < began + 30) ffnn_pool_run(2, meet_chunk, &met);
    return left_over ? 'l' : met.helped ? 'g' : 'a';
}

typedef struct {
    int pipe[2];
    pid_t child; /* or 0: not yet; by the caller */
    const char *caller;
} forking;

static void fork_chunk(void *context, int chunk)
{
    forking *f = context;
    (void)chunk;
    if (is_child) atomic_fetch_add(&left_over, 1);
    if (is_child || &here != f->caller || f->child != 0) return;
    const pid_t pid = fork();
    if (pid != 0) {
        f->child = pid;
        return;
    }
    is_child = true;
    alarm(60);
    const char status = child_status();
    exit(write(f->pipe[1], &status, 1) != 1);
}

static void check_forks(void)
{
    place("a job of a child that was forked in the middle of one");
    if (quick) return; /* QEMU's children cannot have threads, valgrind's take long */
    ffnn_pool_set_threads(FORKING_THREADS);
    for (int i = 0; i < 5; i++) {
        forking f = {.caller = &here};
        char status = 0;
        if (pipe(f.pipe) != 0) return;
        fflush(NULL); /* or the child would print it, too */
        ffnn_pool_run(FORKING_CHUNKS, fork_chunk, &f);
        close(f.pipe[1]);
        const bool is_told = f.child > 0 && read(f.pipe[0], &status, 1) == 1;
        int ended = 0;
        close(f.pipe[0]);
        if (f.child > 0) waitpid(f.child, &ended, 0);
        CHECK(f.child <= 0 || (is_told && status == 'g' && ended == 0), "status %c, ended with %d",
              status ? status : '-', ended);
    }
}
#else
static void check_forks(void)
{
}
#endif
#endif

/* ---- products ---- */

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
#ifdef FFNN_OS_POSIX
    check_clock();
    check_quota();
#endif
    check_jobs();
    check_rest();
#ifndef FFNN_OS_ALONE
    check_help();
#endif
#ifdef FFNN_OS_POSIX
    check_forks();
#endif
    check_products_by_threads();
    ffnn_pool_set_threads(before);
}
