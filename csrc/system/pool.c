/* pool.c - a few threads that help with one job at a time.
 *
 * A job is a number of chunks; who is free takes the next one, the caller included, so a worker
 * that comes late or not at all costs nothing: the caller waits only for chunks that somebody took.
 * What a chunk computes does not depend on who takes it, nor on how many there are.
 *
 * Everything about a job that a worker must know before it takes a chunk is in one word, `ticket`:
 * generation and the chunks that are left. A chunk is taken by a compare-and-swap on that word, so
 * nobody takes one of a job that is over. The caller takes from the front and workers from the
 * back: the same part of a matrix mostly meets the same processor's cache, job after job. Workers
 * spin for a while after a job, since the next one mostly follows within microseconds, and then
 * sleep. Threads start with the first job worth it. A job that finds the pool busy (another Python
 * thread has it) is done by its caller alone.
 */
#include "os.h"
#include "system.h"

#include <stdatomic.h>
#include <stdint.h>

/* A sleeping thread takes 30 to 100 us to wake, and some ms where the system first puts it on the
 * caller's processor; the small layers between two large ones take up to 100 us. */
static const double SPIN_SECONDS = 200e-6;
enum { SPINS_BETWEEN_LOOKS = 64 }; /* at the clock, which costs as much as some twenty spins */

static struct {
    atomic_int threads; /* wanted, the caller included; 0: not yet known */
    atomic_int allowed; /* of them, for the job in hand: what its caller's own limit leaves */
    atomic_flag busy;   /* some caller has the pool */
    int started;        /* workers; changed by who has the pool */
    double rest_until;  /* by ffnn_os_seconds, or 0; likewise */
    atomic_bool stop;

    atomic_uint_fast64_t ticket;
    ffnn_task *task; /* these three are read by who has taken a chunk */
    void *context;
    ffnn_float_mode float_mode; /* the caller's */
    atomic_int finished;        /* chunks */

    ffnn_mutex mutex; /* for sleepers and wake */
    ffnn_condition wake;
    atomic_int sleepers;
    ffnn_thread workers[FFNN_MOST_THREADS];
} pool = {
    .busy = ATOMIC_FLAG_INIT,
    .mutex = FFNN_MUTEX_INIT,
    .wake = FFNN_CONDITION_INIT,
};

static _Thread_local int limit_here; /* of the calling thread's jobs; 0: none */

/* ---- the ticket: 32 bits of generation, 16 of the end and 16 of the begin of what is left ------
 */

static uint_fast64_t ticket_of(uint_fast64_t generation, int chunks)
{
    return generation << 32 | (uint_fast64_t)chunks << 16;
}

static int first_of(uint_fast64_t ticket)
{
    return (int)(ticket & 0xffff);
}

static int end_of(uint_fast64_t ticket)
{
    return (int)(ticket >> 16 & 0xffff);
}

static bool has_chunks(uint_fast64_t ticket)
{
    return first_of(ticket) < end_of(ticket);
}

/* Does chunks of the job in hand until all are taken; how many these were. */
static int work(bool from_front)
{
    int done = 0;
    uint_fast64_t ticket = atomic_load(&pool.ticket);
    while (has_chunks(ticket)) {
        const int chunk = from_front ? first_of(ticket) : end_of(ticket) - 1;
        const uint_fast64_t taken = from_front ? ticket + 1 : ticket - ((uint_fast64_t)1 << 16);
        if (!atomic_compare_exchange_weak(&pool.ticket, &ticket, taken)) continue;
        ffnn_float_mode_set(pool.float_mode);
        pool.task(pool.context, chunk);
        atomic_fetch_add_explicit(&pool.finished, 1, memory_order_release);
        ticket = atomic_load(&pool.ticket);
        done++;
    }
    return done;
}

/* ---- waiting ----------------------------------------------------------------------------------
 */

/* Is there something to do for worker `index`? */
static bool is_called(int index)
{
    return atomic_load(&pool.stop) ||
           (has_chunks(atomic_load(&pool.ticket)) && index + 1 < atomic_load(&pool.allowed));
}

static void wait_for_call(int index)
{
    const double until = ffnn_os_seconds() + SPIN_SECONDS;
    do {
        for (int i = 0; i < SPINS_BETWEEN_LOOKS; i++) {
            if (is_called(index)) return;
            ffnn_os_pause();
        }
    } while (ffnn_os_seconds() < until);
    ffnn_mutex_lock(&pool.mutex);
    /* Counted before the last look, and the caller looks at the count after its ticket is out: one
     * of the two sees the other. */
    atomic_fetch_add(&pool.sleepers, 1);
    while (!is_called(index)) ffnn_condition_wait(&pool.wake, &pool.mutex);
    atomic_fetch_sub(&pool.sleepers, 1);
    ffnn_mutex_unlock(&pool.mutex);
}

static void wake_sleepers(void)
{
    if (atomic_load(&pool.sleepers) == 0) return;
    ffnn_mutex_lock(&pool.mutex);
    ffnn_condition_wake(&pool.wake);
    ffnn_mutex_unlock(&pool.mutex);
}

/* A chunk that was taken is nearly done, unless its thread has lost its processor to another
 * process. That costs the caller a time slice, some ms; the jobs of the next RESTS times as long
 * are then done without workers, so that a busy processor costs a tenth at most; a second at most,
 * since a process that was stopped and goes on has its processors back. A wait counts as such where
 * it is longer than two of the caller's own chunks, `chunk_seconds` each. */
static void wait_for_finish(int chunks, double chunk_seconds)
{
    static const double STALL_SECONDS = 500e-6, MOST_REST_SECONDS = 1;
    enum { SPINS = 4096, RESTS = 10 };
    double began = 0;
    for (int spins = 0; atomic_load_explicit(&pool.finished, memory_order_acquire) < chunks;
         spins++) {
        if (spins < SPINS) {
            ffnn_os_pause();
            continue;
        }
        if (spins == SPINS) began = ffnn_os_seconds();
        ffnn_os_yield();
    }
    if (began == 0) return;
    const double now = ffnn_os_seconds(), waited = now - began;
    if (waited <= 2 * chunk_seconds + STALL_SECONDS) return;
    const double rest = RESTS * waited;
    pool.rest_until = now + (rest < MOST_REST_SECONDS ? rest : MOST_REST_SECONDS);
}

/* Was a worker without a processor a short while ago? */
static bool is_resting(void)
{
    if (pool.rest_until == 0) return false;
    if (ffnn_os_seconds() < pool.rest_until) return true;
    pool.rest_until = 0;
    return false;
}

/* ---- threads -----------------------------------------------------------------------------------
 */

static void worker(void *argument)
{
    const int index = (int)(intptr_t)argument;
    while (!atomic_load(&pool.stop)) {
        wait_for_call(index);
        if (index + 1 < atomic_load(&pool.allowed)) work(false);
    }
}

/* A forked child has the memory of the pool but none of its threads, and perhaps locks that nobody
 * will ever give back. */
static void forget_threads(void)
{
    pool.started = 0;
    pool.rest_until = 0;
    atomic_store(&pool.sleepers, 0);
    atomic_store(&pool.ticket, 0);
    atomic_flag_clear(&pool.busy);
    pool.mutex = (ffnn_mutex)FFNN_MUTEX_INIT;
    pool.wake = (ffnn_condition)FFNN_CONDITION_INIT;
}

FFNN_AT_UNLOAD join_threads(void)
{
    atomic_store(&pool.stop, true);
    wake_sleepers();
    for (int i = 0; i < pool.started; i++) ffnn_thread_join(&pool.workers[i]);
    pool.started = 0;
}

/* Fewer threads than wanted are no error. */
static void start_threads(int wanted)
{
    static bool is_registered;
    if (wanted <= pool.started) return;
    if (!is_registered) is_registered = ffnn_os_at_fork(forget_threads);
    if (!is_registered) return;
    while (pool.started < wanted) {
        void *index = (void *)(intptr_t)pool.started;
        if (!ffnn_thread_start(&pool.workers[pool.started], worker, index)) break;
        pool.started++;
    }
}

/* ---- how many ----------------------------------------------------------------------------------
 */

int ffnn_pool_threads(void)
{
    int threads = atomic_load(&pool.threads);
    if (threads == 0) {
        threads = ffnn_os_processors();
        if (threads > FFNN_MOST_THREADS) threads = FFNN_MOST_THREADS;
        atomic_store(&pool.threads, threads);
    }
    return limit_here > 0 && limit_here < threads ? limit_here : threads;
}

int ffnn_pool_limit_here(int threads)
{
    const int before = limit_here;
    limit_here = threads;
    return before;
}

void ffnn_pool_set_threads(int threads)
{
    atomic_store(&pool.threads, threads);
}

/* ---- a job -------------------------------------------------------------------------------------
 */

void ffnn_pool_run(int chunks, ffnn_task *task, void *context)
{
    const int threads = chunks > 1 ? ffnn_pool_threads() : 1;
    bool is_mine = threads > 1 && !atomic_flag_test_and_set(&pool.busy);
    if (is_mine && is_resting()) {
        atomic_flag_clear(&pool.busy);
        is_mine = false;
    }
    if (!is_mine) {
        for (int i = 0; i < chunks; i++) task(context, i);
        return;
    }
    start_threads((chunks < threads ? chunks : threads) - 1);
    pool.task = task;
    pool.context = context;
    pool.float_mode = ffnn_float_mode_now();
    atomic_store(&pool.finished, 0);
    atomic_store(&pool.allowed, threads);
    atomic_store(&pool.ticket, ticket_of((atomic_load(&pool.ticket) >> 32) + 1, chunks));
    wake_sleepers();
    const double began = ffnn_os_seconds();
    const int done = work(true);
    if (done < chunks) wait_for_finish(chunks, (ffnn_os_seconds() - began) / (done > 0 ? done : 1));
    atomic_flag_clear(&pool.busy);
}
