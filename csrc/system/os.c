/* os.c - what the operating system knows: the time, how many processors are ours, pages. */
#define _GNU_SOURCE /* sched_getaffinity, CPU_COUNT, MADV_HUGEPAGE */
#include "system.h"

#include <sched.h>
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

/* Whole processors that the control group grants, rounded up; 0 where there is no limit. */
static int quota(void)
{
    long long allowed = 0, period = 0;
#if defined(__linux__)
    FILE *file = fopen("/sys/fs/cgroup/cpu.max", "r");
    if (!file) return 0;
    if (fscanf(file, "%lld %lld", &allowed, &period) != 2) allowed = 0; /* "max 100000" */
    fclose(file);
#endif
    return allowed > 0 && period > 0 ? (int)((allowed + period - 1) / period) : 0;
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
