/* os_windows.c - Windows: the time, how many processors are ours, threads.
 *
 * Its slim locks and condition variables begin as pthread's do, without a call, so that the pool
 * knows no difference. Built by clang: GCC's vectors on Windows want a stack that it does not
 * align.
 */
#include "os.h"
#include "system.h"

#if defined(FFNN_OS_WINDOWS)

#include <windows.h>

_Static_assert(sizeof(SRWLOCK) == sizeof(ffnn_os_mutex), "a slim lock is one pointer");
_Static_assert(sizeof(CONDITION_VARIABLE) == sizeof(ffnn_os_condition), "and so is a condition");

double ffnn_os_seconds(void)
{
    LARGE_INTEGER now, each_second;
    QueryPerformanceCounter(&now);
    QueryPerformanceFrequency(&each_second);
    return (double)now.QuadPart / (double)each_second.QuadPart;
}

void ffnn_os_pause(void)
{
    YieldProcessor();
}

void ffnn_os_yield(void)
{
    SwitchToThread();
}

/* A mask has 64 bits. A process that has all of them, or threads in several groups of processors
 * (its mask is then 0), has the others too. */
int ffnn_os_processors(void)
{
    DWORD_PTR ours = 0, all = 0;
    if (!GetProcessAffinityMask(GetCurrentProcess(), &ours, &all)) return 1;
    if (ours == 0 || ours == ~(DWORD_PTR)0)
        return (int)GetActiveProcessorCount(ALL_PROCESSOR_GROUPS);
    int count = 0;
    for (; ours; ours &= ours - 1) count++;
    return count;
}

/* Large pages need a privilege there. */
void ffnn_os_advise_huge(void *memory, size_t bytes)
{
    (void)memory, (void)bytes;
}

/* ---- threads ---- */

static DWORD WINAPI run_thread(void *argument)
{
    ffnn_thread *thread = argument;
    thread->run(thread->argument);
    return 0;
}

bool ffnn_thread_start(ffnn_thread *thread, void (*run)(void *), void *argument)
{
    thread->run = run;
    thread->argument = argument;
    thread->os = CreateThread(NULL, 0, run_thread, thread, 0, NULL);
    return thread->os != NULL;
}

void ffnn_thread_join(ffnn_thread *thread)
{
    WaitForSingleObject(thread->os, INFINITE);
    CloseHandle(thread->os);
}

void ffnn_mutex_lock(ffnn_mutex *mutex)
{
    AcquireSRWLockExclusive((SRWLOCK *)&mutex->os);
}

void ffnn_mutex_unlock(ffnn_mutex *mutex)
{
    ReleaseSRWLockExclusive((SRWLOCK *)&mutex->os);
}

void ffnn_condition_wait(ffnn_condition *condition, ffnn_mutex *mutex)
{
    SleepConditionVariableSRW((CONDITION_VARIABLE *)&condition->os, (SRWLOCK *)&mutex->os, INFINITE,
                              0);
}

void ffnn_condition_wake(ffnn_condition *condition)
{
    WakeAllConditionVariable((CONDITION_VARIABLE *)&condition->os);
}

/* No process forks there. */
bool ffnn_os_at_fork(void (*in_child)(void))
{
    (void)in_child;
    return true;
}

#endif
