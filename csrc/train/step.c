/* step.c - one step with the examples of a batch: the sums of gradients, and the update.
 *
 * Where both are asked for, the update of a layer is the epilogue of its dW, while that is in the
 * cache; a norm to be clipped is known when all gradients are, so there the update waits.
 */
#include "parts.h"

#include <math.h>

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

/* base^n by repeated squaring: the same bits wherever doubles are, which no C library's pow
 * promises. For base = 0.999 and n <= 60000, 1 - base^n is off by 171 * 2^-53 of itself at most; by
 * glibc's pow, 130. */
static double power(double base, ptrdiff_t n)
{
    double result = 1;
    for (; n > 0; n >>= 1, base *= base)
        if (n & 1) result *= base;
    return result;
}

/* What the optimiser multiplies with in a step over m examples. */
static void prepare_coefficients(ffnn_run *run, double m)
{
    const ffnn_hyperparameters *h = &run->hyperparameters;
    run->steps++;
    ffnn_coefficients c = {
        .rate = h->learning_rate,
#define FFNN_OPTIMIZER_NUMBER(name, range, default, hint) .name = h->name,
#define FFNN_WHOLE_NUMBER(name, range, default, hint)
#include "../options.def"
        .correction1 = 1,
        .correction2 = 1,
        .scale = 1 / m,
    };
    if (run->k->optimizers[h->optimizer].corrects_bias) {
        c.correction1 -= power(h->beta1, run->steps);
        c.correction2 -= power(h->beta2, run->steps);
    }
    /* Plain descent divides the rate by m in place of each gradient. */
    if (ffnn_gram_fits(run->k, h)) c.rate /= m, c.scale = 1;
    run->b_coefficients = run->W_coefficients = c;
    run->b_coefficients.weight_decay = 0;
    run->W_coefficients.l2 = h->lambd / m;
}

/* Scales all gradients so that their joint norm is at most clip_norm (Pascanu, Mikolov and Bengio).
 */
static void clip(ffnn_run *run)
{
    const ffnn_kernels *k = run->k;
    ffnn_coefficients *W = &run->W_coefficients, *b = &run->b_coefficients;
    double squares = 0;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++)
        squares += k->square_sum(l->n * l->n_prev, W->scale, ffnn_within(run->gradients, l->W_at),
                                 W->l2, l->W) +
                   k->square_sum(l->n, b->scale, ffnn_within(run->gradients, l->b_at), 0, l->b);
    const double norm = sqrt(squares);
    if (norm > run->hyperparameters.clip_norm) {
        const double factor = run->hyperparameters.clip_norm / norm;
        W->scale *= factor, W->l2 *= factor, b->scale *= factor;
    }
}

/* 0 / 0, where epsilon is 0, is no padding. */
static void clear_padding(const ffnn_run *run, void *vector)
{
    const ptrdiff_t bytes = run->k->element_bytes;
    const ptrdiff_t last = run->vector_bytes;
    for (int i = 0; i < run->layers; i++) {
        const layer *l = &run->layer[i];
        const bool is_top = i == run->layers - 1;
        const ptrdiff_t W_end = l->W_at + l->n * l->n_prev * bytes, b_end = l->b_at + l->n * bytes;
        memset(ffnn_within(vector, W_end), 0,
               (size_t)((is_top ? run->biases_at : l[1].W_at) - W_end));
        memset(ffnn_within(vector, b_end), 0, (size_t)((is_top ? last : l[1].b_at) - b_end));
    }
}

void ffnn_step_update_all(ffnn_run *run)
{
    const ptrdiff_t bytes = run->k->element_bytes, at = run->biases_at;
    void *moments[FFNN_MOST_MOMENTS] = {0};
    const int count = run->k->optimizers[run->hyperparameters.optimizer].moments;
    if (run->hyperparameters.clip_norm > 0) clip(run);
    ffnn_optimize(run->k, run->hyperparameters.optimizer, at / bytes, &run->W_coefficients,
                  run->gradients, run->parameters, run->moments);
    for (int i = 0; i < count; i++) moments[i] = ffnn_within(run->moments[i], at);
    ffnn_optimize(run->k, run->hyperparameters.optimizer, (run->vector_bytes - at) / bytes,
                  &run->b_coefficients, ffnn_within(run->gradients, at),
                  ffnn_within(run->parameters, at), moments);
    clear_padding(run, run->parameters);
    for (int i = 0; i < count; i++) clear_padding(run, run->moments[i]);
}

void ffnn_step_record(ffnn_run *run, const double *cost)
{
    if (!run->wants_record) return;
    run->wants_record = false;
    /* Runs that nobody watches go on after such a cost, as the assignment's code does. */
    if (run->is_watched && !(cost && isfinite(*cost))) return;
    run->is_recorded = true;
    run->steps--;
    ffnn_run_snapshot(run);
    run->steps++;
}

/* The sums come from elsewhere. */
static bool ask_for_sums(ffnn_run *run, const batch *b, bool has_update, double *cost)
{
    if (run->sums(run->sums_context, b->order, b->first, b->count, cost)) return true;
    ffnn_step_record(run, cost);
    if (has_update) ffnn_step_update_all(run);
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
        if (s.is_last) ffnn_step_record(run, cost);
        if (ffnn_propagate_backward(run, w, &s, to, check)) return true;
        first += s.X.cols;
    }
    return false;
}

double ffnn_run_squares(const ffnn_run *run)
{
    double squares = 0;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++) {
        squares += run->k->square_sum(l->n * l->n_prev, 1, l->W, 0, l->W);
        if (ffnn_run_is_bayesian(run)) squares += run->k->square_sum(l->n, 1, l->b, 0, l->b);
    }
    return squares;
}

double ffnn_run_l2_cost(const ffnn_run *run)
{
    const double lambd = ffnn_run_lambd(run);
    return lambd != 0 ? lambd / 2 * ffnn_run_squares(run) : 0;
}

bool ffnn_step_gradients(ffnn_run *run, const batch *b, double *cost, interrupt_check *check)
{
    return draw_masks(run, b->count, check) || propagate(run, b, false, cost, check);
}

void ffnn_step_update(ffnn_run *run, double m)
{
    prepare_coefficients(run, m);
    ffnn_step_update_all(run);
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
    if (!(m > 0)) return false; /* nothing in it counts */
    if (cost && run->hyperparameters.lambd != 0) {
        const double l2 = ffnn_run_l2_cost(run);
        *to += l2;
        run->l2_sum += l2 * share;
    }
    prepare_coefficients(run, m);
    if (draw_masks(run, b->count, check) || propagate(run, b, !is_clipped, to, check)) return true;
    if (cost) *cost += sum * share;
    if (is_clipped) ffnn_step_update_all(run);
    return run->gram.is_running &&
           ffnn_gram_step(&run->gram, run->k, run->layer, run->W_coefficients.rate, check);
}
