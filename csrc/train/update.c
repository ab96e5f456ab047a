/* update.c - an update of whole arrays of parameters, by as many threads as it is worth. */
#include "train.h"

#include "../system/system.h"

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
