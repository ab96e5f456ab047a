/* memory.c - ffnn's one allocator: aligned blocks from malloc, blocks of scratch that are kept for
 * the next who needs one, and the failure that tests ask for.
 *
 * The block begins where the alignment allows; what malloc gave and how much stands just before it.
 * malloc with a hand-made alignment takes a third of the time of aligned_alloc on small blocks.
 */
#include "system.h"

#include <stdatomic.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* From here on the system is asked for large pages: a fault for each 4 KB would cost more than the
 * arithmetic does. */
enum { HUGE_BYTES = 4 << 20 };

typedef struct {
    void *given;
    size_t bytes;
} header;

static header *header_of(void *memory)
{
    return (header *)memory - 1;
}

/* How many allocations are still to succeed before the one that fails; 0: none is to fail. */
static atomic_long fail_at;

void ffnn_allocate_fail_at(long n)
{
    atomic_store(&fail_at, n);
}

void *ffnn_allocate(size_t bytes)
{
    if (atomic_load_explicit(&fail_at, memory_order_relaxed) > 0 &&
        atomic_fetch_sub(&fail_at, 1) == 1)
        return NULL;
    if (bytes > PTRDIFF_MAX - FFNN_ALIGNMENT - sizeof(header)) return NULL;
    void *given = malloc(bytes + FFNN_ALIGNMENT + sizeof(header));
    if (!given) return NULL;
    uintptr_t begin = (uintptr_t)given + sizeof(header);
    begin = (begin + FFNN_ALIGNMENT - 1) & ~(uintptr_t)(FFNN_ALIGNMENT - 1);
    header_of((void *)begin)[0] = (header){given, bytes};
    if (bytes >= HUGE_BYTES) ffnn_os_advise_huge((void *)begin, bytes);
    return (void *)begin;
}

void ffnn_free(void *memory)
{
    if (memory) free(header_of(memory)->given);
}

void *ffnn_reallocate(void *memory, size_t bytes)
{
    void *moved = ffnn_allocate(bytes);
    if (!moved || !memory) return moved;
    const size_t before = header_of(memory)->bytes;
    memcpy(moved, memory, before < bytes ? before : bytes);
    ffnn_free(memory);
    return moved;
}

/* ---- scratch ---- */

enum { SPARES = 64 }; /* more threads than most machines have */

static void *_Atomic spares[SPARES];

void *ffnn_scratch_take(void)
{
    for (int i = 0; i < SPARES; i++) {
        if (!atomic_load_explicit(&spares[i], memory_order_relaxed)) continue;
        void *block = atomic_exchange(&spares[i], NULL);
        if (block) return block;
    }
    return ffnn_allocate(FFNN_SCRATCH_BYTES);
}

void ffnn_scratch_give(void *block)
{
    for (int i = 0; i < SPARES && block; i++) {
        void *nothing = NULL;
        if (atomic_compare_exchange_strong(&spares[i], &nothing, block)) return;
    }
    ffnn_free(block);
}

FFNN_AT_UNLOAD free_spares(void)
{
    for (int i = 0; i < SPARES; i++) ffnn_free(atomic_exchange(&spares[i], NULL));
}
