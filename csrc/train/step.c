/* step.c - one step with the examples of a batch. */
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

/* What the optimiser multiplies with in a step over m examples. */
static void prepare_steps(ffnn_run *run, ptrdiff_t m)
{
    const ffnn_hyperparameters *r = &run->hyperparameters;
    run->steps++;
    ffnn_coefficients s = {
        .rate = r->learning_rate,
        .beta = r->beta,
        .beta1 = r->beta1,
        .beta2 = r->beta2,
        .epsilon = r->epsilon,
        .correction1 = 1,
        .correction2 = 1,
        .scale = 1 / (double)m,
    };
    if (run->k->optimizers[r->optimizer].moments == 2) {
        s.correction1 -= pow(r->beta1, (double)run->steps);
        s.correction2 -= pow(r->beta2, (double)run->steps);
    }
    /* Plain descent divides the rate by m in place of each gradient. */
    if (ffnn_gram_fits(r)) s.rate /= (double)m, s.scale = 1;
    run->b_coefficients = run->W_coefficients = s;
    run->W_coefficients.weight_decay = r->weight_decay;
    run->W_coefficients.l2 = r->lambd / (double)m;
}

/* The greatest norm that all gradients together may have, and then the step that waited for it. */
static void clip_and_step(ffnn_run *run)
{
    const ffnn_kernels *k = run->k;
    ffnn_coefficients *W = &run->W_coefficients, *b = &run->b_coefficients;
    double squares = 0;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++)
        squares += k->square_sum(l->n * l->n_prev, W->scale, l->dW, W->l2, l->W) +
                   k->square_sum(l->n, b->scale, l->db, 0, l->b);
    const double norm = sqrt(squares);
    if (norm > run->hyperparameters.clip_norm) {
        const double factor = run->hyperparameters.clip_norm / norm;
        W->scale *= factor, W->l2 *= factor, b->scale *= factor;
    }
    for (const layer *l = run->layer; l < run->layer + run->layers; l++) {
        ffnn_optimize(k, run->hyperparameters.optimizer, l->n * l->n_prev, W, l->dW, l->W,
                      l->W_moments);
        ffnn_optimize(k, run->hyperparameters.optimizer, l->n, b, l->db, l->b, l->b_moments);
    }
}

static double decay_cost(const ffnn_run *run)
{
    double squares = 0;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++)
        squares += run->k->square_sum(l->n * l->n_prev, 1, l->W, 0, l->W);
    return run->hyperparameters.lambd / 2 * squares;
}

bool ffnn_step_run(ffnn_run *run, const batch *b, double *cost, interrupt_check *check)
{
    if (cost && run->hyperparameters.lambd != 0) *cost += decay_cost(run);
    prepare_steps(run, b->count);
    if (draw_masks(run, b->count, check)) return true;
    for (ptrdiff_t first = 0; first < b->count;) {
        const slab s = ffnn_batch_slab(run, b, first);
        if (run->is_small
                ? ffnn_small_pass(run, &s, cost, check)
                : ffnn_pass_forward(run, &s, cost, check) || ffnn_pass_backward(run, &s, check))
            return true;
        first += s.X.cols;
    }
    if (run->hyperparameters.clip_norm > 0) clip_and_step(run);
    return run->gram.is_ready &&
           ffnn_gram_step(&run->gram, run->k, run->layer, run->W_coefficients.rate, check);
}
