/* os_alone.c - one thread and a clock, as WebAssembly has it. No thread can be had, so the pool's
 * caller does all chunks, and nobody ever waits for a lock. */
#define _POSIX_C_SOURCE 200809L /* clock_gettime */
#include "os.h"
#include "system.h"

#if defined(FFNN_OS_ALONE)

#include <time.h>

double ffnn_os_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

int ffnn_os_processors(void)
{
    return 1;
}

void ffnn_os_pause(void)
{
}
void ffnn_os_yield(void)
{
}

void ffnn_os_advise_huge(void *memory, size_t bytes)
{
    (void)memory, (void)bytes;
}

bool ffnn_thread_start(ffnn_thread *thread, void (*run)(void *), void *argument)
{
    (void)thread, (void)run, (void)argument;
    return false;
}

void ffnn_thread_join(ffnn_thread *thread)
{
    (void)thread;
}

void ffnn_mutex_lock(ffnn_mutex *mutex)
{
    (void)mutex;
}

void ffnn_mutex_unlock(ffnn_mutex *mutex)
{
    (void)mutex;
}

void ffnn_condition_wait(ffnn_condition *condition, ffnn_mutex *mutex)
{
    (void)condition, (void)mutex;
}

void ffnn_condition_wake(ffnn_condition *condition)
{
    (void)condition;
}

bool ffnn_os_at_fork(void (*in_child)(void))
{
    (void)in_child;
    return true;
}

#endif
