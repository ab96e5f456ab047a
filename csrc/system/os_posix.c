/* os_posix.c - Linux, macOS and their kin: the time, how many processors are ours, pages, threads.
 */
#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT, MADV_HUGEPAGE */
#include "os.h"
#include "system.h"

#if defined(FFNN_OS_POSIX)

#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

double ffnn_os_seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

void ffnn_os_pause(void)
{
#if defined(__x86_64__)
    __builtin_ia32_pause();
#elif defined(__aarch64__)
    __asm__ volatile("yield");
#endif
}

void ffnn_os_yield(void)
{
    sched_yield();
}

int ffnn_os_quota(const char *text)
{
    long long allowed = 0, period = 0;
    const int found = sscanf(text, "%lld %lld", &allowed, &period); /* of "max 100000" none */
    if (found != 2 || allowed <= 0 || period <= 0) return 0;
    const long long whole = allowed / period + (allowed % period != 0);
    return whole <= INT_MAX ? (int)whole : 0;
}

static int quota(void)
{
    char text[64] = "";
#if defined(__linux__)
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (!file) return 0;
    if (!fgets(text, sizeof text, file)) *text = '\0';
    fclose(file);
#endif
    return ffnn_os_quota(text);
}

int ffnn_os_processors(void)
{
    long count = sysconf(_SC_NPROCESSORS_ONLN);
#if defined(__linux__)
    cpu_set_t ours;
    if (sched_getaffinity(0, sizeof ours, &ours) == 0) count = CPU_COUNT(&ours);
#endif
    const int most = quota();
    if (most > 0 && most < count) count = most;
    return count < 1 ? 1 : (int)count;
}

void ffnn_os_advise_huge(void *memory, size_t bytes)
{
#ifdef MADV_HUGEPAGE
    const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
    const uintptr_t begin = ((uintptr_t)memory + page - 1) & ~(page - 1);
    const uintptr_t end = ((uintptr_t)memory + bytes) & ~(page - 1);
    if (begin < end) madvise((void *)begin, end - begin, MADV_HUGEPAGE);
#else
    (void)memory, (void)bytes;
#endif
}

/* ---- threads ---- */

static void *run_thread(void *argument)
{
    ffnn_thread *thread = argument;
    thread->run(thread->argument);
    return NULL;
}

/* Signals belong to the program's own threads. */
bool ffnn_thread_start(ffnn_thread *thread, void (*run)(void *), void *argument)
{
    sigset_t all, before;
    thread->run = run;
    thread->argument = argument;
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    const int status = pthread_create(&thread->os, NULL, run_thread, thread);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return status == 0;
}

void ffnn_thread_join(ffnn_thread *thread)
{
    pthread_join(thread->os, NULL);
}

void ffnn_mutex_lock(ffnn_mutex *mutex)
{
    pthread_mutex_lock(&mutex->os);
}

void ffnn_mutex_unlock(ffnn_mutex *mutex)
{
    pthread_mutex_unlock(&mutex->os);
}

void ffnn_condition_wait(ffnn_condition *condition, ffnn_mutex *mutex)
{
    pthread_cond_wait(&condition->os, &mutex->os);
}

void ffnn_condition_wake(ffnn_condition *condition)
{
    pthread_cond_broadcast(&condition->os);
}

bool ffnn_os_at_fork(void (*in_child)(void))
{
    return pthread_atfork(NULL, NULL, in_child) == 0;
}

#endif
