/* step.c - one step with the examples of a batch: masks, the sums of gradients, and the update.
 *
 * Where both are asked for, the update of a layer is the epilogue of its dW, while that is in the
 * cache; a norm to be clipped is known when all gradients are, so there the update waits.
 */
#include "parts.h"

bool ffnn_step_prepare(ffnn_run *run, bool is_ordered, ptrdiff_t count)
{
    return ffnn_batch_prepare(run, is_ordered, count) &&
           (run->sums || ffnn_shards_prepare(run, count));
}

/* All units of a layer before those of the next, all examples of a unit before those of the next:
 * the order in which NumPy fills np.random.rand(n, m). */
static bool draw_masks(ffnn_run *run, ptrdiff_t count, interrupt_check *check)
{
    enum { WORK = 16 }; /* of one number, in multiply-adds */
    for (int i = 0; i < run->layers; i++) {
        const layer *l = &run->layer[i];
        if (l->keep_prob >= 1) continue;
        for (ptrdiff_t unit = 0; unit < l->n; unit++) {
            unsigned char *mask = l->mask + unit * run->mask_columns;
            for (ptrdiff_t j = 0; j < count; j++)
                mask[j] = run->random.next(run->random.state) < l->keep_prob;
            if (ffnn_interrupt_check(check, 1, WORK, count)) return true;
        }
    }
    return false;
}

/* The sums come from elsewhere. */
static bool ask_for_sums(ffnn_run *run, const batch *b, bool has_update, double *cost)
{
    if (run->sums(run->sums_context, b->order, b->first, b->count, cost)) return true;
    ffnn_run_record(run, cost);
    if (has_update) ffnn_update_all(run);
    return false;
}

/* Forward and backward, slab by slab; has_update: with the update. */
static bool propagate(ffnn_run *run, const batch *b, bool has_update, double *cost,
                      interrupt_check *check)
{
    workspace *w = &run->work;
    if (run->sums) return ask_for_sums(run, b, has_update, cost);
    if (ffnn_shards_count(run, b->count) > 1)
        return ffnn_shards_propagate(run, b, has_update, cost, check);
    const destination to = {.sums = run->gradients, .has_update = has_update};
    double sum = 0; /* of the batch, as a shard's is, before it joins those of others */
    for (ptrdiff_t first = 0; first < b->count;) {
        const slab s = ffnn_batch_slab(run, w, b, first);
        if (s.is_lost) return true;
        if (run->is_small) return ffnn_small_step(run, w, &s, cost, has_update, check);
        if (ffnn_propagate_forward(run, w, &s, cost ? &sum : NULL, check)) return true;
        if (s.is_last && cost) *cost += sum;
        if (s.is_last) ffnn_run_record(run, cost);
        if (ffnn_propagate_backward(run, w, &s, to, check)) return true;
        first += s.X.cols;
    }
    return false;
}

bool ffnn_step_gradients(ffnn_run *run, const batch *b, double *cost, interrupt_check *check)
{
    return draw_masks(run, b->count, check) || propagate(run, b, false, cost, check);
}

/* What a step's sums are divided by. */
static double divisor_of(const ffnn_run *run, const batch *b)
{
    if (!run->is_weighted_mean || !b->of->weights) return (double)b->count;
    double sum = 0;
    for (ptrdiff_t j = b->first; j < b->first + b->count; j++) {
        const ptrdiff_t i = b->order ? b->order[j] : j;
        sum += run->k->real == FFNN_DOUBLE ? ((const double *)b->of->weights)[i]
                                           : (double)((const float *)b->of->weights)[i];
    }
    return sum;
}

/* With weighted means each batch counts by the number of its examples all the same. */
bool ffnn_step_run(ffnn_run *run, const batch *b, double *cost, interrupt_check *check)
{
    const bool is_clipped = run->hyperparameters.clip_norm > 0;
    const double m = divisor_of(run, b), share = (double)b->count / m;
    double sum = 0, *to = cost && run->is_weighted_mean ? &sum : cost;
    /* Nothing in it counts; who gives the sums follows a pass through all its steps. */
    if (m == 0) return run->sums && run->sums(run->sums_context, b->order, b->first, b->count, to);
    if (cost && run->hyperparameters.lambd != 0) {
        const double l2 = ffnn_run_l2_cost(run);
        *to += l2;
        run->l2_sum += l2 * share;
    }
    ffnn_update_prepare(run, m);
    if (draw_masks(run, b->count, check) || propagate(run, b, !is_clipped, to, check)) return true;
    if (cost) *cost += sum * share;
    if (is_clipped) ffnn_update_all(run);
    return run->gram.is_running &&
           ffnn_gram_step(&run->gram, run->k, run->layer, run->W_coefficients.rate, check);
}
