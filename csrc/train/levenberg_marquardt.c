/* levenberg_marquardt.c - steps that solve (H + damping I) d = g (Marquardt 1963; Hagan and Menhaj,
 * IEEE Transactions on Neural Networks 5, 1994, 989-993).
 *
 * H is the Gauss-Newton matrix of the summed cost: the sum of J^T J, where a row of J is the
 * derivative of one output of one example with respect to all parameters, times a factor of the
 * curvature of the cost there (Schraudolph, Neural Computation 14, 2002, 1723-1738). L2 adds lambd
 * for each weight. J is made for one slab of the examples at a time, its transpose [P, slab]. All
 * of it is in double: float32 would square the condition number away.
 *
 *   parameters are numbered W1 row by row, b1, W2, ...
 */
#include "parts.h"

#include "../system/system.h"

#include <math.h>
#include <stdint.h>

static const double FIRST_DAMPING = 1e-3, LEAST_DAMPING = 1e-20, MOST_DAMPING = 1e10;
static const double DAMPING_FALLS = 0.1, DAMPING_RISES = 10;

struct ffnn_lm_memory {
    const ffnn_kernels *k; /* of doubles */
    ptrdiff_t count, row;  /* P; from one row of a matrix to the next */
    double *H, *factor;    /* [P, P], lower triangles */
    double *step;          /* d */
    double *jacobian;      /* the transpose [P, slab] */
    double *negated;       /* room for ffnn_cholesky_columns */
    ptrdiff_t columns;     /* of the Jacobian's rows */
};

ptrdiff_t ffnn_run_count(const ffnn_run *run)
{
    ptrdiff_t count = 0;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++)
        count += l->n * (l->n_prev + 1);
    return count;
}

/* ---- memory ---- */

size_t ffnn_lm_lay_out_state(ffnn_run *run, size_t bytes)
{
    run->whole.damping = run->block ? (void *)((char *)run->block + bytes) : NULL;
    return ffnn_bytes_with(bytes, 1, 1, sizeof(double));
}

static void *lay(const ffnn_run *run, size_t *bytes, ptrdiff_t rows, ptrdiff_t row_bytes)
{
    void *here = run->block ? (char *)run->block + *bytes : NULL;
    *bytes = ffnn_bytes_with(*bytes, rows, row_bytes, 1);
    return here;
}

size_t ffnn_lm_lay_out(ffnn_run *run, size_t bytes)
{
    const ptrdiff_t element = (ptrdiff_t)sizeof(double), count = ffnn_run_count(run);
    const ptrdiff_t row = ffnn_whole_vectors(count, FFNN_ALIGNMENT / element);
    const ptrdiff_t columns = ffnn_whole_vectors(run->most, FFNN_ALIGNMENT / element);
    run->whole.start = lay(run, &bytes, run->vector_bytes, 1);
    ffnn_lm_memory *lm = lay(run, &bytes, 1, sizeof *lm);
    const ffnn_lm_memory filled = {
        .k = ffnn_isa_kernels_as(run->k, FFNN_DOUBLE),
        .count = count,
        .row = row,
        .columns = columns,
        .H = lay(run, &bytes, count, row * element),
        .factor = lay(run, &bytes, count, row * element),
        .step = lay(run, &bytes, 1, row * element),
        .jacobian = lay(run, &bytes, count, columns * element),
        .negated = lay(run, &bytes, FFNN_CHOLESKY_BLOCK, row * element),
    };
    if (lm) *lm = filled;
    run->whole.lm = lm;
    return bytes;
}

double *ffnn_run_damping(ffnn_run *run, bool is_recorded)
{
    return is_recorded ? ffnn_run_recorded(run, run->whole.damping) : run->whole.damping;
}

/* ---- the Jacobian of a slab ---- */

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

static double element(const ffnn_kernels *k, const void *data, ptrdiff_t i)
{
    return k->real == FFNN_DOUBLE ? ((const double *)data)[i] : (double)((const float *)data)[i];
}

static void set_element(const ffnn_kernels *k, void *data, ptrdiff_t i, double value)
{
    if (k->real == FFNN_DOUBLE)
        ((double *)data)[i] = value;
    else
        ((float *)data)[i] = (float)value;
}

/* dZ of the output layer, in dZ[0], for which dZ dZ^T summed over the outputs is the curvature of
 * the cost: for cross-entropies diag(p) - p p^T or p (1 - p), for squared errors 2 g'(Z)^2. */
static void seed(const ffnn_run *run, const workspace *w, const slab *s, ptrdiff_t output)
{
    const ffnn_kernels *k = run->k;
    const int top = run->layers - 1;
    const ptrdiff_t n = run->layer[top].n, m = s->X.cols;
    void *dZ = w->dZ[0];
    for (ptrdiff_t i = 0; i < n; i++)
        memset((char *)dZ + i * s->row * k->element_bytes, 0, (size_t)(m * k->element_bytes));
    for (ptrdiff_t j = 0; j < m; j++) {
        const double weight = s->weights ? sqrt(element(k, s->weights, j)) : 1;
        const double p = element(k, w->layer[top].A, output * s->row + j);
        if (run->cost == FFNN_mean_squared_error)
            set_element(k, dZ, output * s->row + j, weight * sqrt(2));
        else if (run->cost == FFNN_binary_cross_entropy)
            set_element(k, dZ, output * s->row + j, weight * sqrt(p * (1 - p)));
        else
            for (ptrdiff_t i = 0; i < n; i++)
                set_element(k, dZ, i * s->row + j,
                            weight * sqrt(p) *
                                ((i == output) - element(k, w->layer[top].A, i * s->row + j)));
    }
    if (run->cost == FFNN_mean_squared_error) ffnn_propagate_output_derivative(run, w, s);
}

/* The rows of the Jacobian's transpose that belong to one layer, from `at` on. */
static void write_layer(const ffnn_run *run, const workspace *w, int i, const slab *s,
                        const void *dZ, ptrdiff_t at)
{
    const ffnn_lm_memory *lm = run->whole.lm;
    const ffnn_kernels *k = run->k;
    const layer *l = &run->layer[i];
    const ffnn_view A = ffnn_propagate_input(run, w, i, s);
    const ptrdiff_t m = s->X.cols, bytes = k->element_bytes;
    double *out = lm->jacobian + at * lm->columns;
    for (ptrdiff_t unit = 0; unit < l->n; unit++) {
        const void *x = (const char *)dZ + unit * s->row * bytes;
        for (ptrdiff_t c = 0; c < l->n_prev; c++, out += lm->columns) {
            const void *y = (const char *)A.data + c * A.row * bytes;
            if (k->real == FFNN_DOUBLE)
                multiply_double(m, x, y, A.col, out);
            else
                multiply_float(m, x, y, A.col, out);
        }
    }
    for (ptrdiff_t unit = 0; unit < l->n; unit++, out += lm->columns)
        for (ptrdiff_t j = 0; j < m; j++) out[j] = element(k, dZ, unit * s->row + j);
}

/* The derivatives of one output, for all examples of a slab that has passed forward. True: stop. */
static bool find_jacobian(const ffnn_run *run, const workspace *w, const slab *s, ptrdiff_t output,
                          interrupt_check *check)
{
    ptrdiff_t at = ffnn_run_count(run);
    int turn = 0;
    seed(run, w, s, output);
    for (int i = run->layers - 1; i >= 0; i--, turn = !turn) {
        const layer *l = &run->layer[i];
        at -= l->n * (l->n_prev + 1);
        write_layer(run, w, i, s, w->dZ[turn], at);
        if (i > 0) ffnn_propagate_layer_back(run, w, i, s, w->dZ[turn], w->dZ[!turn]);
        if (ffnn_interrupt_check(check, 2 * l->n, l->n_prev, s->X.cols)) return true;
    }
    return false;
}

/* H += J^T J, or H = J^T J, block by block of rows of the lower triangle. True: stop. */
static bool add_products(const ffnn_lm_memory *lm, ptrdiff_t m, bool is_first,
                         interrupt_check *check)
{
    enum { ROWS = 128 };
    for (ptrdiff_t first = 0; first < lm->count; first += ROWS) {
        const ptrdiff_t end = first + ROWS < lm->count ? first + ROWS : lm->count;
        ffnn_product_run(&(ffnn_product){
            .kernels = lm->k,
            .left = {lm->jacobian + first * lm->columns, end - first, m, lm->columns, 1},
            .right = {lm->jacobian, m, end, 1, lm->columns},
            .out = lm->H + first * lm->row,
            .out_row = lm->row,
            .start = is_first ? FFNN_FROM_ZERO : FFNN_FROM_TILE,
        });
        if (ffnn_interrupt_check(check, end - first, m, end)) return true;
    }
    return false;
}

/* ---- the cost, its gradient and H ---- */

static batch all_of(const ffnn_run *run)
{
    return (batch){&run->examples, NULL, 0, run->examples.X.cols};
}

/* The cost of the parameters, L2 included. True: stop. */
static bool find_cost(ffnn_run *run, double *cost, interrupt_check *check)
{
    const batch all = all_of(run);
    *cost = run->hyperparameters.lambd != 0 ? ffnn_run_l2_cost(run) : 0;
    for (ptrdiff_t first = 0; first < all.count;) {
        const slab s = ffnn_batch_slab(run, &run->work, &all, first);
        if (ffnn_propagate_forward(run, &run->work, &s, cost, check)) return true;
        first += s.X.cols;
    }
    *cost /= (double)all.count;
    return false;
}

static void add_l2(ffnn_run *run)
{
    const ffnn_lm_memory *lm = run->whole.lm;
    const double lambd = run->hyperparameters.lambd;
    ptrdiff_t at = 0;
    if (lambd == 0) return;
    run->k->add_scaled(run->biases_at / run->k->element_bytes, lambd, run->parameters,
                       run->gradients);
    for (const layer *l = run->layer; l < run->layer + run->layers; l++) {
        for (ptrdiff_t i = 0; i < l->n * l->n_prev; i++, at++) lm->H[at * lm->row + at] += lambd;
        at += l->n;
    }
}

bool ffnn_lm_evaluate(ffnn_run *run, interrupt_check *check)
{
    const workspace *w = &run->work;
    const batch all = all_of(run);
    const ptrdiff_t outputs = run->layer[run->layers - 1].n;
    double cost = run->hyperparameters.lambd != 0 ? ffnn_run_l2_cost(run) : 0;
    run->whole.has_gradients = false;
    for (ptrdiff_t first = 0; first < all.count;) {
        const slab s = ffnn_batch_slab(run, &run->work, &all, first);
        if (ffnn_propagate_forward(run, w, &s, &cost, check) ||
            ffnn_propagate_backward(run, w, &s, (destination){.sums = run->gradients}, check))
            return true;
        for (ptrdiff_t output = 0; output < outputs; output++)
            if (find_jacobian(run, w, &s, output, check) ||
                add_products(run->whole.lm, s.X.cols, first == 0 && output == 0, check))
                return true;
        first += s.X.cols;
    }
    add_l2(run);
    run->k->divide(run->vector_bytes / run->k->element_bytes, run->gradients, (double)all.count);
    run->whole.cost = cost / (double)all.count;
    run->whole.has_gradients = true;
    if (run->whole.evaluations == 0) run->whole.evaluations = 1;
    return false;
}

/* ---- a step ---- */

/* step = (H + damping I)^-1 g; *is_solved is false where that matrix is not positive definite
 * within rounding. True: stop. */
static bool solve(const ffnn_run *run, double damping, bool *is_solved, interrupt_check *check)
{
    const ffnn_lm_memory *lm = run->whole.lm;
    const ptrdiff_t n = lm->count;
    const double m = (double)run->examples.X.cols;
    for (ptrdiff_t i = 0; i < n; i++) {
        memcpy(lm->factor + i * lm->row, lm->H + i * lm->row, (size_t)(i + 1) * sizeof *lm->factor);
        lm->factor[i * lm->row + i] += damping;
    }
    *is_solved = false;
    for (ptrdiff_t first = 0; first < n; first += FFNN_CHOLESKY_BLOCK) {
        if (!ffnn_cholesky_columns(lm->k, n, lm->factor, lm->row, first, lm->negated)) return false;
        if (ffnn_interrupt_check(check, n - first, first + FFNN_CHOLESKY_BLOCK,
                                 FFNN_CHOLESKY_BLOCK))
            return true;
    }
    double *out = lm->step;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++) {
        for (ptrdiff_t i = 0; i < l->n * l->n_prev; i++)
            *out++ = m * element(run->k, ffnn_within(run->gradients, l->W_at), i);
        for (ptrdiff_t i = 0; i < l->n; i++)
            *out++ = m * element(run->k, ffnn_within(run->gradients, l->b_at), i);
    }
    ffnn_cholesky_solve(lm->k, n, lm->factor, lm->row, lm->step);
    *is_solved = true;
    return false;
}

/* parameters = start - step */
static void move(const ffnn_run *run)
{
    const double *d = run->whole.lm->step;
    const ffnn_kernels *k = run->k;
    const void *start = run->whole.start;
    for (const layer *l = run->layer; l < run->layer + run->layers; l++) {
        const char *W = (const char *)start + l->W_at, *b = (const char *)start + l->b_at;
        for (ptrdiff_t i = 0; i < l->n * l->n_prev; i++)
            set_element(k, l->W, i, element(k, W, i) - *d++);
        for (ptrdiff_t i = 0; i < l->n; i++) set_element(k, l->b, i, element(k, b, i) - *d++);
    }
}

bool ffnn_lm_step(ffnn_run *run, interrupt_check *check)
{
    whole_method *whole = &run->whole;
    double *damping = whole->damping;
    if (*damping == 0) *damping = FIRST_DAMPING;
    memcpy(whole->start, run->parameters, (size_t)run->vector_bytes);
    while (ffnn_whole_may_evaluate(run)) {
        bool is_solved;
        if (solve(run, *damping, &is_solved, check)) return true;
        if (is_solved) {
            double cost;
            move(run);
            whole->evaluations++;
            if (find_cost(run, &cost, check)) return true;
            if (cost < whole->cost) {
                *damping = fmax(*damping * DAMPING_FALLS, LEAST_DAMPING);
                whole->cost = cost;
                whole->has_gradients = false;
                run->steps++;
                return false;
            }
        }
        if (*damping * DAMPING_RISES > MOST_DAMPING) {
            whole->ending = FFNN_ENDED_BY_DAMPING;
            break;
        }
        *damping *= DAMPING_RISES;
    }
    memcpy(run->parameters, whole->start, (size_t)run->vector_bytes);
    return false;
}
