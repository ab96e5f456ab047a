/* run.c - a whole run of training, without Python inside: the ways in.
 *
 * Steps with all examples, with given ones, in mini-batches in an order that is given or drawn; and
 * a step's two halves, the gradients and the update.
 */
#include "parts.h"

#include "../system/system.h"

#include <math.h>

ffnn_status ffnn_run_iterate(ffnn_run *run, ptrdiff_t iterations, double *cost, ffnn_poll *poll,
                             void *context)
{
    interrupt_check check = {poll, context, 0};
    FFNN_UNTIL_THE_END const ffnn_float_mode mode = ffnn_flush_subnormals(run->k);
    const batch all = {&run->examples, NULL, 0, run->examples.X.cols};
    *cost = 0;
    if (!ffnn_step_prepare(run, false, all.count)) return FFNN_NO_MEMORY;
    run->done = 0;
    if (ffnn_run_is_whole(run))
        return ffnn_whole_iterate(run, iterations, cost, &check) ? FFNN_INTERRUPTED : FFNN_OK;
    for (ptrdiff_t i = 0; i < iterations; i++) {
        double later = 0, *here = i == 0 ? cost : run->is_watched ? &later : NULL;
        if (run->is_gram && !run->gram.is_running && run->steps >= run->gram_from &&
            ffnn_gram_start(&run->gram, run->k, run->layer, run->examples.X, &check))
            return FFNN_INTERRUPTED;
        run->l2_sum = 0;
        if (ffnn_step_run(run, &all, here, &check)) return FFNN_INTERRUPTED;
        run->done++;
        if (i == 0) run->l2_cost = run->l2_sum / (double)all.count;
        if (run->is_watched && !isfinite(*here)) {
            *cost = *here;
            break;
        }
        if (i == 0 && iterations > 1 && !run->is_watched && ffnn_small_is_plain(run)) {
            const slab s = ffnn_batch_slab(run, &run->work, &all, 0); /* which is there */
            if (ffnn_small_update(run, &run->work, &s, iterations - 1, &check))
                return FFNN_INTERRUPTED;
            run->done = iterations;
            break;
        }
    }
    *cost /= (double)all.count;
    return FFNN_OK;
}

/* The run's own examples where none are given. */
static batch all_of(const ffnn_run *run, const ffnn_examples *examples)
{
    const ffnn_examples *of = examples ? examples : &run->examples;
    return (batch){of, NULL, 0, of->X.cols};
}

/* The sums of examples; `size` is that of the batch whose shard they are, or 0. */
static ffnn_status find_sums(ffnn_run *run, const ffnn_examples *examples, ptrdiff_t size,
                             double *cost, ffnn_poll *poll, void *context)
{
    interrupt_check check = {poll, context, 0};
    FFNN_UNTIL_THE_END const ffnn_float_mode mode = ffnn_flush_subnormals(run->k);
    const batch b = all_of(run, examples);
    *cost = 0;
    if (!ffnn_step_prepare(run, false, b.count)) return FFNN_NO_MEMORY;
    ffnn_run_settle(run);
    run->whole.has_gradients = false;
    if (size > 0) run->is_small = ffnn_batch_is_small(run, size);
    return ffnn_step_gradients(run, &b, cost, &check) ? FFNN_INTERRUPTED : FFNN_OK;
}

ffnn_status ffnn_run_gradients(ffnn_run *run, const ffnn_examples *examples, double *cost,
                               ffnn_poll *poll, void *context)
{
    return find_sums(run, examples, 0, cost, poll, context);
}

ffnn_status ffnn_run_shard(ffnn_run *run, const ffnn_examples *shard, ptrdiff_t size, double *cost,
                           ffnn_poll *poll, void *context)
{
    return find_sums(run, shard, size, cost, poll, context);
}

ptrdiff_t ffnn_run_shard_columns(const ffnn_run *run, ptrdiff_t count)
{
    return ffnn_shards_count(run, count) == 1 ? count : ffnn_batch_columns(run, count);
}

void ffnn_run_update(ffnn_run *run, double m)
{
    FFNN_UNTIL_THE_END const ffnn_float_mode mode = ffnn_flush_subnormals(run->k);
    ffnn_run_settle(run);
    ffnn_update_prepare(run, m);
    ffnn_update_all(run);
}

ffnn_status ffnn_run_step(ffnn_run *run, const ffnn_examples *examples, double *cost,
                          ffnn_poll *poll, void *context)
{
    interrupt_check check = {poll, context, 0};
    FFNN_UNTIL_THE_END const ffnn_float_mode mode = ffnn_flush_subnormals(run->k);
    const batch b = all_of(run, examples);
    *cost = 0;
    if (!ffnn_step_prepare(run, false, b.count)) return FFNN_NO_MEMORY;
    ffnn_run_settle(run);
    run->l2_sum = 0;
    if (ffnn_step_run(run, &b, cost, &check)) return FFNN_INTERRUPTED;
    *cost /= (double)b.count;
    run->l2_cost = run->l2_sum / (double)b.count;
    return FFNN_OK;
}

/* While the Gram form runs, W1 as it is stands elsewhere. */
ffnn_status ffnn_run_measure(ffnn_run *run, const ffnn_examples *examples, double *cost,
                             ffnn_poll *poll, void *context)
{
    interrupt_check check = {poll, context, 0};
    FFNN_UNTIL_THE_END const ffnn_float_mode mode = ffnn_flush_subnormals(run->k);
    const batch b = {examples, NULL, 0, examples->X.cols};
    const bool is_gram = run->gram.is_running;
    void *W1 = run->layer[0].W;
    bool is_stopped = false;
    *cost = 0;
    run->layer[0].W = ffnn_run_parameter(run, 'W', 1);
    run->gram.is_running = false;
    run->is_small = false;
    run->is_measuring = true;
    for (ptrdiff_t first = 0; first < b.count && !is_stopped;) {
        const slab s = ffnn_batch_slab(run, &run->work, &b, first);
        is_stopped = s.is_lost || ffnn_propagate_forward(run, &run->work, &s, cost, &check);
        first += s.X.cols;
    }
    run->is_measuring = false;
    run->gram.is_running = is_gram;
    run->layer[0].W = W1;
    return is_stopped ? FFNN_INTERRUPTED : FFNN_OK;
}

/* Mini-batches read X. */
static void leave_gram(ffnn_run *run)
{
    ffnn_run_settle(run);
    run->is_gram = false;
}

/* True: stop. */
static bool step_all(ffnn_run *run, const ptrdiff_t *order, ptrdiff_t size, double *cost,
                     interrupt_check *check)
{
    const ptrdiff_t m = run->examples.X.cols;
    *cost = 0;
    run->l2_sum = 0;
    for (ptrdiff_t first = 0; first < m; first += size) {
        const batch b = {&run->examples, order, first, m - first < size ? m - first : size};
        if (ffnn_step_run(run, &b, cost, check)) return true;
    }
    *cost /= (double)m;
    run->l2_cost = run->l2_sum / (double)m;
    run->done++;
    return false;
}

ffnn_status ffnn_run_epoch(ffnn_run *run, const ptrdiff_t *order, ptrdiff_t size, double *cost,
                           ffnn_poll *poll, void *context)
{
    interrupt_check check = {poll, context, 0};
    FFNN_UNTIL_THE_END const ffnn_float_mode mode = ffnn_flush_subnormals(run->k);
    if (size > run->examples.X.cols) size = run->examples.X.cols;
    if (!ffnn_step_prepare(run, order != NULL, size)) return FFNN_NO_MEMORY;
    leave_gram(run);
    run->done = 0;
    return step_all(run, order, size, cost, &check) ? FFNN_INTERRUPTED : FFNN_OK;
}

/* Fisher and Yates's shuffle with rejection, as NumPy's legacy generators do it: the i-th example
 * changes places with a drawn one of the first i + 1, and a number above i is rejected. A rejected
 * number changes the i-th with itself here, since a branch that no predictor can learn takes
 * longer.
 */
static void draw_order(const ffnn_random *random, ptrdiff_t m, ptrdiff_t *order)
{
    for (ptrdiff_t i = 0; i < m; i++) order[i] = i;
    for (ptrdiff_t i = m - 1; i > 0;) {
        const uint64_t mask = UINT64_MAX >> __builtin_clzll((unsigned long long)i);
        const uint64_t bits = (uint64_t)i <= UINT32_MAX ? random->next32(random->state)
                                                        : random->next64(random->state);
        const ptrdiff_t drawn = (ptrdiff_t)(mask & bits);
        const bool is_one = drawn <= i;
        const ptrdiff_t j = is_one ? drawn : i, moved = order[j];
        order[j] = order[i];
        order[i] = moved;
        i -= is_one;
    }
}

ffnn_status ffnn_run_shuffled(ffnn_run *run, ptrdiff_t epochs, ptrdiff_t size, double *cost,
                              ffnn_poll *poll, void *context)
{
    interrupt_check check = {poll, context, 0};
    FFNN_UNTIL_THE_END const ffnn_float_mode mode = ffnn_flush_subnormals(run->k);
    const ptrdiff_t m = run->examples.X.cols;
    if (size > m) size = m;
    const size_t bytes = ffnn_bytes_with(0, 1, m, sizeof(ptrdiff_t));
    ptrdiff_t *order = bytes < SIZE_MAX ? ffnn_allocate(bytes) : NULL;
    if (!order || !ffnn_step_prepare(run, true, size)) {
        ffnn_free(order);
        return FFNN_NO_MEMORY;
    }
    leave_gram(run);
    bool is_stopped = false, is_diverged = false;
    run->done = 0;
    while (run->done < epochs && !is_stopped && !is_diverged) {
        draw_order(&run->random, m, order);
        is_stopped = step_all(run, order, size, cost, &check);
        is_diverged = run->is_watched && !isfinite(*cost);
    }
    ffnn_free(order);
    return is_stopped ? FFNN_INTERRUPTED : FFNN_OK;
}
