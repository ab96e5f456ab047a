/* system/system.h - what the core has of the machine: instruction set, threads, time, memory. */
#ifndef FFNN_SYSTEM_H
#define FFNN_SYSTEM_H

#include "../ffnn.h"
#include "float_mode.h"

/* ---- dispatch.c: the instruction set ---- */

/* The first row of isa.def that this machine can run, or the row called `name`. Returns NULL, with
 * *why a sentence for the user, where `name` is unknown or can't run here. */
const ffnn_isa *ffnn_isa_choose(const char *name, const char **why);
/* The row whose results are the same bits on every machine: generic. */
const ffnn_isa *ffnn_isa_reproducible(void);
/* The rows of isa.def that were built and that run on this machine, best first; NULL at the end. */
const ffnn_isa *ffnn_isa_available(int index);
/* The kernels of the narrow instruction set where `cols` columns fit into one of its vectors, so
 * that they would leave half of a longer one empty; else k. Gain of AVX2's vectors on a Xeon of the
 * Sapphire Rapids kind: 28 % on a step of 5-4-3-1 with 4 examples in double, 31 % in float; 4 %
 * lost on 10-20-10-1 in double. */
const ffnn_kernels *ffnn_isa_kernels_for(const ffnn_kernels *k, ptrdiff_t cols);

/* The kernels of the same instruction set for another type. */
const ffnn_kernels *ffnn_isa_kernels_as(const ffnn_kernels *k, ffnn_real real);

/* The calling thread flushes subnormal numbers from now on, unless k are generic: those bits are
 * the ones of machines that cannot flush. Returns the mode before. They arise in each net that is
 * trained for long, from probabilities of 1e-40 and units that no example reaches, and made float32
 * five times as slow. */
ffnn_float_mode ffnn_flush_subnormals(const ffnn_kernels *k);

/* ---- pool.c: threads that help ---- */

enum { FFNN_MOST_THREADS = 256 };

typedef void ffnn_task(void *context, int chunk);

/* task(context, i) for each i < chunks <= 65535, in any order and at the same time, by the caller
 * and by threads that are free. */
void ffnn_pool_run(int chunks, ffnn_task *task, void *context);
/* How many threads may work at once for the calling thread, which is included; at first what
 * affinity and the control group grant. */
int ffnn_pool_threads(void);
void ffnn_pool_set_threads(int threads); /* 1..FFNN_MOST_THREADS */
/* So many at most for the jobs of the calling thread alone; 0: no limit of its own. Returns the one
 * before. */
int ffnn_pool_limit_here(int threads);

/* ---- os_posix.c, os_windows.c, os_alone.c: the operating system, by whichever of them it is ----
 */

double ffnn_os_seconds(void); /* of a clock that only goes forward */
void ffnn_os_pause(void);     /* in a loop that waits for another processor */
void ffnn_os_yield(void);     /* lets another thread have the processor */
/* How many processors this process may use, by affinity and control group. */
int ffnn_os_processors(void);
/* Whole processors that a control group's cpu.max grants, rounded up; 0 where there is no limit. */
int ffnn_os_quota(const char *text);
/* A hint that large pages suit these bytes. */
void ffnn_os_advise_huge(void *memory, size_t bytes);

typedef struct ffnn_thread ffnn_thread; /* os.h has these three and how they begin */
typedef struct ffnn_mutex ffnn_mutex;
typedef struct ffnn_condition ffnn_condition;

/* run(argument) in a thread that gets no signals; false where none can be had. *thread stays where
 * it is until ffnn_thread_join has waited for its end. */
bool ffnn_thread_start(ffnn_thread *thread, void (*run)(void *), void *argument);
void ffnn_thread_join(ffnn_thread *thread);
void ffnn_mutex_lock(ffnn_mutex *mutex);
void ffnn_mutex_unlock(ffnn_mutex *mutex);
/* Gives the mutex back, waits for a wake, takes the mutex; may also return without a wake. */
void ffnn_condition_wait(ffnn_condition *condition, ffnn_mutex *mutex);
void ffnn_condition_wake(ffnn_condition *condition); /* all who wait */
/* From now on a forked child begins with in_child(); false where that cannot be promised. */
bool ffnn_os_at_fork(void (*in_child)(void));

/* A static function that runs at exit, or when the library is unloaded. Nowhere on Windows: the
 * other threads are dead by then, and to wait for one under the loader's lock would never end. */
#if defined(_WIN32)
#define FFNN_AT_UNLOAD __attribute__((unused)) static void
#else
#define FFNN_AT_UNLOAD __attribute__((destructor)) static void
#endif

/* ---- memory.c ---- */

enum { FFNN_ALIGNMENT = 64 };

/* At least `bytes` bytes, aligned to FFNN_ALIGNMENT, or NULL; ffnn_free(NULL) does nothing. */
void *ffnn_allocate(size_t bytes);
void ffnn_free(void *memory);
/* As realloc: NULL, and everything as it was, where there is no memory. */
void *ffnn_reallocate(void *memory, size_t bytes);
/* `bytes` and rows * cols elements more, rounded up to the alignment; SIZE_MAX where that does not
 * fit. */
static inline size_t ffnn_bytes_with(size_t bytes, ptrdiff_t rows, ptrdiff_t cols,
                                     ptrdiff_t element_bytes)
{
    size_t elements, more;
    if (__builtin_mul_overflow((size_t)rows, (size_t)cols, &elements) ||
        __builtin_mul_overflow(elements, (size_t)element_bytes, &more) || more > SIZE_MAX / 4 ||
        bytes > SIZE_MAX / 4)
        return SIZE_MAX;
    return bytes + (more + FFNN_ALIGNMENT - 1) / FFNN_ALIGNMENT * FFNN_ALIGNMENT;
}
/* FFNN_SCRATCH_BYTES for a short while, or NULL; who takes a block gives it back. They are kept for
 * the next, so that after the first products of a run no other allocates anything. */
enum { FFNN_SCRATCH_BYTES = 512 << 10 };
void *ffnn_scratch_take(void);
void ffnn_scratch_give(void *block);
/* For tests: the n-th allocation from now on fails (0: none does). */
void ffnn_allocate_fail_at(long n);

#endif
