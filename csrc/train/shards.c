/* shards.c - a batch of many examples in shards, each summed by itself.
 *
 * Shards follow from shapes and the batch's size alone. The sums of the shards are added in their
 * order, so that no bit depends on who computed which of them. Where products are large, shards
 * come one after the other and threads share each product; the sums of a weight's gradient are then
 * added, and the update done, while they are in the cache. Where products are small or shards many,
 * threads take whole shards: some of them, a wave, are summed in parts side by side, which are then
 * added. Shards that a reader gives come one after the other.
 */
#include "parts.h"

#include "../system/system.h"

#include <stdatomic.h>
#include <stdint.h>

/* Sums that wait to be added, and workspaces beside the run's own: memory that does not grow with
 * the examples. A wave of a narrow net has all its shards. */
enum { PARTS_BYTES = 4 << 20, MOST_BYTES = 48 << 20, MOST_PARTS = 256 };
/* A product of fewer multiply-adds is not worth sharing (some 20 us of a thread). */
enum { SHARED_WORK = 4 * 1000 * 1000, SHARDS_A_THREAD = 4 };

/* What threads need to take shards. */
struct ffnn_shard_memory {
    int workspaces; /* beside the run's own */
    ptrdiff_t parts;
    void *first_part; /* the others follow, vector_bytes apart */
    double *costs;    /* of each part */
    workspace *work;
    void *block;
};

ptrdiff_t ffnn_shards_count(const ffnn_run *run, ptrdiff_t count)
{
    if (count < 2 * run->most) return 1;
    const ptrdiff_t columns = ffnn_batch_columns(run, count);
    return (count + columns - 1) / columns;
}

/* ---- memory ---- */

static bool shares_products(const ffnn_run *run, ptrdiff_t shards, int threads)
{
    double largest = 0;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++) {
        const double work = (double)l->n * (double)l->n_prev * (double)run->most;
        if (work > largest) largest = work;
    }
    return largest >= SHARED_WORK && shards < (ptrdiff_t)threads * SHARDS_A_THREAD;
}

static int workspaces_for(const ffnn_run *run, ptrdiff_t shards, size_t each)
{
    int threads = ffnn_pool_threads();
    if (threads == 1 || run->examples.reader || shares_products(run, shards, threads)) return 0;
    if (shards < threads) threads = (int)shards;
    const size_t fit = MOST_BYTES / (each + (size_t)run->vector_bytes);
    return (size_t)threads - 1 < fit ? threads - 1 : (int)fit;
}

static ptrdiff_t parts_for(const ffnn_run *run, ptrdiff_t shards, int workspaces)
{
    if (workspaces == 0) return 1;
    ptrdiff_t parts = run->vector_bytes > 0 ? PARTS_BYTES / run->vector_bytes : 1;
    if (parts > MOST_PARTS) parts = MOST_PARTS;
    if (parts < workspaces + 1) parts = workspaces + 1;
    return parts < shards ? parts : shards;
}

/* Counts the bytes where `memory` has no block yet. */
static size_t lay_out(const ffnn_run *run, ffnn_shard_memory *memory)
{
    size_t bytes = 0;
    char *block = memory->block;
    memory->first_part = block;
    for (ptrdiff_t i = 0; i < memory->parts; i++)
        bytes = ffnn_bytes_with(bytes, run->vector_bytes, 1, 1);
    memory->costs = block ? (void *)(block + bytes) : NULL;
    bytes = ffnn_bytes_with(bytes, memory->parts, 1, sizeof(double));
    memory->work = block ? (void *)(block + bytes) : NULL;
    bytes = ffnn_bytes_with(bytes, memory->workspaces, 1, sizeof(workspace));
    for (int i = 0; i < memory->workspaces; i++) {
        workspace w = {.layer = block ? (void *)(block + bytes) : NULL};
        bytes = ffnn_bytes_with(bytes, run->layers, 1, sizeof(layer_arrays));
        bytes = ffnn_workspace_lay_out(run, &w, block, bytes, true);
        if (block) memory->work[i] = w;
    }
    return bytes;
}

bool ffnn_shards_prepare(ffnn_run *run, ptrdiff_t count)
{
    const ptrdiff_t shards = ffnn_shards_count(run, count);
    if (shards == 1) return true;
    workspace one = {.layer = NULL};
    ffnn_shard_memory wanted = {.workspaces = workspaces_for(
                                    run, shards, ffnn_workspace_lay_out(run, &one, NULL, 0, true))};
    wanted.parts = parts_for(run, shards, wanted.workspaces);
    ffnn_shard_memory *has = run->shards;
    if (has && has->workspaces == wanted.workspaces && has->parts >= wanted.parts) return true;
    const size_t bytes = lay_out(run, &wanted);
    ffnn_shard_memory *memory = ffnn_allocate(sizeof *memory);
    wanted.block = memory && bytes < SIZE_MAX ? ffnn_allocate(bytes) : NULL;
    if (!wanted.block) {
        ffnn_free(memory);
        return false;
    }
    lay_out(run, &wanted);
    memset(wanted.block, 0, (size_t)(wanted.parts * run->vector_bytes)); /* the padding */
    ffnn_shards_free(run->shards);
    *memory = wanted;
    run->shards = memory;
    return true;
}

void ffnn_shards_free(ffnn_shard_memory *memory)
{
    if (memory) ffnn_free(memory->block);
    ffnn_free(memory);
}

/* ---- one after the other ---- */

static slab shard_of(const ffnn_run *run, workspace *w, const batch *b, ptrdiff_t i)
{
    slab s = ffnn_batch_slab(run, w, b, i * ffnn_batch_columns(run, b->count));
    s.is_first = s.is_last = true;
    return s;
}

static bool propagate_in_turn(ffnn_run *run, const batch *b, bool has_update, double *cost,
                              interrupt_check *check)
{
    const ptrdiff_t shards = ffnn_shards_count(run, b->count);
    for (ptrdiff_t i = 0; i < shards; i++) {
        const slab s = shard_of(run, &run->work, b, i);
        if (s.is_lost) return true;
        const destination to = {
            .sums = i == 0 ? run->gradients : run->shards->first_part,
            .is_added = i > 0,
            .has_update = has_update && i == shards - 1,
        };
        if (ffnn_propagate_forward(run, &run->work, &s, cost, check)) return true;
        if (i == shards - 1) ffnn_run_record(run, cost);
        if (ffnn_propagate_backward(run, &run->work, &s, to, check)) return true;
    }
    return false;
}

/* ---- side by side ---- */

typedef struct {
    ffnn_run *run;
    const batch *b;
    ptrdiff_t first, end;
    bool has_cost;
    _Atomic ptrdiff_t next;
} wave;

/* The first part of all is where the sum of all will stand. */
static void *part_of(const wave *v, ptrdiff_t i)
{
    const ffnn_run *run = v->run;
    if (i == 0) return run->gradients;
    return ffnn_within(run->shards->first_part, (i - v->first) * run->vector_bytes);
}

/* Workspace `index` takes shards as long as there are any. */
static void take_shards(void *context, int index)
{
    wave *v = context;
    ffnn_run *run = v->run;
    workspace *w = index == 0 ? &run->work : &run->shards->work[index - 1];
    interrupt_check nobody = {NULL, NULL, 0};
    for (ptrdiff_t i; (i = atomic_fetch_add(&v->next, 1)) < v->end;) {
        double *cost = &run->shards->costs[i - v->first];
        const slab s = shard_of(run, w, v->b, i);
        *cost = 0;
        ffnn_propagate_forward(run, w, &s, v->has_cost ? cost : NULL, &nobody);
        ffnn_propagate_backward(run, w, &s, (destination){.sums = part_of(v, i)}, &nobody);
    }
}

static bool propagate_side_by_side(ffnn_run *run, const batch *b, double *cost,
                                   interrupt_check *check)
{
    const ptrdiff_t shards = ffnn_shards_count(run, b->count);
    const ptrdiff_t columns = ffnn_batch_columns(run, b->count);
    for (ptrdiff_t first = 0; first < shards; first += run->shards->parts) {
        const ptrdiff_t left = shards - first;
        wave v = {run,   b,
                  first, first + (left < run->shards->parts ? left : run->shards->parts),
                  cost,  first};
        ffnn_pool_run(run->shards->workspaces + 1, take_shards, &v);
        const ptrdiff_t added = first == 0 ? 1 : first;
        ffnn_add_vectors(run->k, run->vector_bytes / run->k->element_bytes, v.end - added,
                         part_of(&v, added), run->gradients);
        for (ptrdiff_t i = first; cost && i < v.end; i++) *cost += run->shards->costs[i - first];
        for (const layer *l = run->layer; l < run->layer + run->layers; l++)
            if (ffnn_interrupt_check(check, 3 * l->n, l->n_prev, columns * (v.end - first)))
                return true;
    }
    return false;
}

bool ffnn_shards_propagate(ffnn_run *run, const batch *b, bool has_update, double *cost,
                           interrupt_check *check)
{
    /* The Gram form has no gradient of W1 that could be added. */
    if (run->shards->workspaces == 0 || run->gram.is_running)
        return propagate_in_turn(run, b, has_update, cost, check);
    if (propagate_side_by_side(run, b, cost, check)) return true;
    ffnn_run_record(run, cost);
    if (has_update) ffnn_update_all(run);
    return false;
}
