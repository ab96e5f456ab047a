/* core_check_pages.c - memory with pages that cannot be touched, and the last words of a crash: the
 * two things of the operating system that the checks need and the core does not.
 *
 * Where there are no pages to be had (WebAssembly) the canaries alone watch over the blocks, and a
 * crash is the runtime's to report.
 */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "core_check.h"

#include "system/os.h"

#include <stdlib.h>

#if defined(FFNN_OS_WINDOWS)
#include <windows.h>

size_t page_bytes(void)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    return info.dwPageSize;
}

char *reserve_pages(size_t bytes)
{
    return VirtualAlloc(NULL, bytes, MEM_RESERVE, PAGE_NOACCESS);
}

bool open_pages(char *begin, size_t bytes)
{
    return VirtualAlloc(begin, bytes, MEM_COMMIT, PAGE_READWRITE) != NULL;
}

#elif defined(FFNN_OS_POSIX)
#include <sys/mman.h>
#include <unistd.h>

size_t page_bytes(void)
{
    return (size_t)sysconf(_SC_PAGESIZE);
}

char *reserve_pages(size_t bytes)
{
    void *begin = mmap(NULL, bytes, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    return begin == MAP_FAILED ? NULL : begin;
}

bool open_pages(char *begin, size_t bytes)
{
    return mprotect(begin, bytes, PROT_READ | PROT_WRITE) == 0;
}

#else

size_t page_bytes(void)
{
    return 4096;
}

char *reserve_pages(size_t bytes)
{
    return malloc(bytes);
}

bool open_pages(char *begin, size_t bytes)
{
    (void)bytes;
    return begin != NULL;
}

#endif

/* ---- crashes ---- */

#if defined(FFNN_OS_ALONE)

void on_crash(void (*report)(int))
{
    (void)report;
}

#else
#include <signal.h>

void on_crash(void (*report)(int))
{
    signal(SIGSEGV, report);
#if defined(SIGBUS)
    signal(SIGBUS, report);
#endif
}

#endif
