/* update.c - the update: of whole arrays, by as many threads as it is worth; and of all parameters
 * of a run, with the coefficients of the step in hand.
 */
#include "parts.h"

#include "../system/system.h"

#include <math.h>

/* ---- arrays ---- */

/* 256 KB of each array: some 20 us, most of it waiting for memory. */
enum { STEP_CHUNK = 32 * 1024, MOST_CHUNKS = 1024 };

/* Long arrays are cut where only their length says; `work` does the elements from `first` on. */
typedef struct {
    ptrdiff_t n, chunk;
    void (*work)(const void *of, ptrdiff_t first, ptrdiff_t count);
    const void *of;
} cut;

static void work_on_chunk(void *context, int chunk)
{
    const cut *c = context;
    const ptrdiff_t first = chunk * c->chunk, left = c->n - first;
    c->work(c->of, first, left < c->chunk ? left : c->chunk);
}

static void work_in_chunks(ptrdiff_t n, void (*work)(const void *, ptrdiff_t, ptrdiff_t),
                           const void *of)
{
    if (n < 2 * STEP_CHUNK) {
        work(of, 0, n);
        return;
    }
    cut c = {n, STEP_CHUNK, work, of};
    while (n > c.chunk * MOST_CHUNKS) c.chunk *= 2;
    ffnn_pool_run((int)((n + c.chunk - 1) / c.chunk), work_on_chunk, &c);
}

typedef struct {
    const ffnn_kernels *k;
    const void *x, *dx;
    double rate;
    void *out;
} update_context;

static void update(const void *of, ptrdiff_t first, ptrdiff_t count)
{
    const update_context *d = of;
    const ffnn_kernels *k = d->k;
    k->update(count, ffnn_element(k, d->x, first), ffnn_element(k, d->dx, first), d->rate,
              ffnn_element(k, d->out, first));
}

void ffnn_update(const ffnn_kernels *k, ptrdiff_t n, const void *x, const void *dx, double rate,
                 void *out)
{
    work_in_chunks(n, update, &(update_context){k, x, dx, rate, out});
}

typedef struct {
    const ffnn_kernels *k;
    ptrdiff_t n, count;
    const void *vectors;
    void *x;
} addition;

static void add(const void *of, ptrdiff_t first, ptrdiff_t count)
{
    const addition *a = of;
    const ffnn_kernels *k = a->k;
    for (ptrdiff_t i = 0; i < a->count; i++)
        k->add(count, ffnn_element(k, a->vectors, i * a->n + first), ffnn_element(k, a->x, first));
}

void ffnn_add_vectors(const ffnn_kernels *k, ptrdiff_t n, ptrdiff_t count, const void *vectors,
                      void *x)
{
    work_in_chunks(n, add, &(addition){k, n, count, vectors, x});
}

typedef struct {
    const ffnn_kernels *k;
    ffnn_optimizer optimizer;
    const ffnn_coefficients *s;
    const void *dw;
    void *w;
    void *const *moments;
} step_context;

static void step(const void *of, ptrdiff_t first, ptrdiff_t count)
{
    const step_context *o = of;
    const ffnn_kernels *k = o->k;
    const ffnn_optimizer_kernels *kernels = &k->optimizers[o->optimizer];
    void *moments[FFNN_MOST_MOMENTS];
    for (int i = 0; i < kernels->moments; i++) moments[i] = ffnn_element(k, o->moments[i], first);
    kernels->step(count, o->s, ffnn_element(k, o->dw, first), ffnn_element(k, o->w, first),
                  moments);
}

void ffnn_optimize(const ffnn_kernels *k, ffnn_optimizer optimizer, ptrdiff_t n,
                   const ffnn_coefficients *s, const void *dw, void *w, void *const *moments)
{
    work_in_chunks(n, step, &(step_context){k, optimizer, s, dw, w, moments});
}

/* ---- a run's parameters ---- */

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
void ffnn_update_prepare(ffnn_run *run, double m)
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

void ffnn_update_all(ffnn_run *run)
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
