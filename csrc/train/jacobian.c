/* jacobian.c - the derivatives of a net's outputs with respect to all of its parameters, in double,
 * for one slab of the examples at a time and one output after the other. Times a factor of the
 * curvature of a fused cost (Schraudolph, Neural Computation 14, 2002, 1723-1738), so that the sum
 * of J^T J is the Gauss-Newton matrix.
 *
 *   parameters are numbered W1 row by row, b1, W2, ...
 */
#include "gauss_newton.h"

#include "../system/system.h"

#include <math.h>

ptrdiff_t ffnn_run_count(const ffnn_run *run)
{
    ptrdiff_t count = 0;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++)
        count += l->n * (l->n_prev + 1);
    return count;
}

ptrdiff_t ffnn_jacobian_columns(const ffnn_run *run)
{
    enum { LINE = FFNN_ALIGNMENT / sizeof(double), LEAST = FFNN_CHOLESKY_BLOCK };
    const ptrdiff_t m = run->examples.X.cols, wanted = m < run->most ? m : run->most;
    const ptrdiff_t lines = ffnn_whole_vectors(wanted > LEAST ? wanted : LEAST, LINE) / LINE;
    return (lines | 1) * LINE;
}

/* out = x y, in double. */
static void multiply_float(ptrdiff_t n, const float *x, const float *y, ptrdiff_t step, double *out)
{
    for (ptrdiff_t j = 0; j < n; j++) out[j] = (double)x[j] * (double)y[j * step];
}

static void multiply_double(ptrdiff_t n, const double *x, const double *y, ptrdiff_t step,
                            double *out)
{
    if (step == 1)
        for (ptrdiff_t j = 0; j < n; j++) out[j] = x[j] * y[j];
    else
        for (ptrdiff_t j = 0; j < n; j++) out[j] = x[j] * y[j * step];
}

ptrdiff_t ffnn_jacobian_count(const ffnn_run *run)
{
    const ptrdiff_t n = run->layer[run->layers - 1].n;
    return run->cost == FFNN_categorical_cross_entropy && n > 1 ? n - 1 : n;
}

/* Column `output` of the factor L of diag(p) - p p^T = L L^T for one example, p standing `row`
 * apart: that matrix has rank n - 1 (Tanabe and Sagae, Journal of the Royal Statistical Society B
 * 54, 1992, 211-219). */
static void seed_softmax(const ffnn_kernels *k, ptrdiff_t n, ptrdiff_t output, double weight,
                         const void *p, ptrdiff_t row, void *dZ)
{
    const double own = ffnn_read(k, p, output * row);
    double others = 0;
    for (ptrdiff_t i = output + 1; i < n; i++) others += ffnn_read(k, p, i * row);
    if (!(others > 0)) return;
    const double root = weight * sqrt(own / (own + others) * others);
    ffnn_write(k, dZ, output * row, root);
    for (ptrdiff_t i = output + 1; i < n; i++)
        ffnn_write(k, dZ, i * row, -ffnn_read(k, p, i * row) / others * root);
}

/* dZ of the output layer, in dZ[0], for which dZ dZ^T summed over all `output` is the curvature of
 * the cost: for cross-entropies diag(p) - p p^T or p (1 - p); for others scale^2 g'(Z)^2. */
static void seed(const ffnn_run *run, const workspace *w, const slab *s, ptrdiff_t output,
                 double scale)
{
    const ffnn_kernels *k = run->k;
    const int top = run->layers - 1;
    const ptrdiff_t n = run->layer[top].n, m = s->X.cols;
    void *dZ = w->dZ[0];
    for (ptrdiff_t i = 0; i < n; i++)
        memset((char *)dZ + i * s->row * k->element_bytes, 0, (size_t)(m * k->element_bytes));
    for (ptrdiff_t j = 0; j < m; j++) {
        const double weight = s->weights ? sqrt(ffnn_read(k, s->weights, j)) : 1;
        const double p = ffnn_read(k, w->layer[top].A, output * s->row + j);
        if (run->cost == FFNN_mean_squared_error)
            ffnn_write(k, dZ, output * s->row + j, weight * scale);
        else if (run->cost == FFNN_binary_cross_entropy)
            ffnn_write(k, dZ, output * s->row + j, weight * sqrt(p * (1 - p)));
        else
            seed_softmax(k, n, output, weight, ffnn_element(k, w->layer[top].A, j), s->row,
                         ffnn_element(k, dZ, j));
    }
    if (run->cost == FFNN_mean_squared_error) ffnn_propagate_output_derivative(run, w, s);
}

/* The rows of the Jacobian's transpose that belong to one layer, from `at` on. */
static void write_layer(const ffnn_run *run, const workspace *w, int i, const slab *s,
                        const void *dZ, const ffnn_jacobian *to, ptrdiff_t at)
{
    const ffnn_kernels *k = run->k;
    const layer *l = &run->layer[i];
    const ffnn_view A = ffnn_propagate_input(run, w, i, s);
    const ptrdiff_t m = s->X.cols, bytes = k->element_bytes;
    double *out = to->data + at * to->columns;
    for (ptrdiff_t unit = 0; unit < l->n; unit++) {
        const void *x = (const char *)dZ + unit * s->row * bytes;
        for (ptrdiff_t c = 0; c < l->n_prev; c++, out += to->columns) {
            const void *y = (const char *)A.data + c * A.row * bytes;
            if (k->real == FFNN_DOUBLE)
                multiply_double(m, x, y, A.col, out);
            else
                multiply_float(m, x, y, A.col, out);
        }
    }
    for (ptrdiff_t unit = 0; unit < l->n; unit++, out += to->columns)
        for (ptrdiff_t j = 0; j < m; j++) out[j] = ffnn_read(k, dZ, unit * s->row + j);
}

bool ffnn_jacobian_find(const ffnn_run *run, const workspace *w, const slab *s, ptrdiff_t output,
                        const ffnn_jacobian *to, interrupt_check *check)
{
    ptrdiff_t at = ffnn_run_count(run);
    int turn = 0;
    seed(run, w, s, output, to->scale);
    for (int i = run->layers - 1; i >= 0; i--, turn = !turn) {
        const layer *l = &run->layer[i];
        at -= l->n * (l->n_prev + 1);
        write_layer(run, w, i, s, w->dZ[turn], to, at);
        if (i > 0) ffnn_propagate_layer_back(run, w, i, s, w->dZ[turn], w->dZ[!turn]);
        if (ffnn_interrupt_check(check, 2 * l->n, l->n_prev, s->X.cols)) return true;
    }
    return false;
}
