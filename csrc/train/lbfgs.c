/* lbfgs.c - limited-memory BFGS (Nocedal, Mathematics of Computation 35, 1980, 773-782): the
 * direction by the two-loop recursion over the newest pairs, the step by line_search.c.
 */
#include "parts.h"

#include "../system/system.h"
#include "line_search.h"

#include <float.h>
#include <math.h>

static const double LARGEST_STEP = 1e10, NARROW = 0.1; /* as L-BFGS-B has them */

/* ---- memory ---- */

static ptrdiff_t room(const ffnn_run *run)
{
    return (ptrdiff_t)run->hyperparameters.history_size;
}

ptrdiff_t ffnn_run_pair_room(const ffnn_run *run)
{
    return room(run);
}

size_t ffnn_lbfgs_lay_out_state(ffnn_run *run, size_t bytes)
{
    run->whole.lbfgs = run->block ? (void *)((char *)run->block + bytes) : NULL;
    bytes = ffnn_bytes_with(bytes, 1, 1, sizeof(lbfgs_memory));
    bytes = ffnn_bytes_with(bytes, 2 * room(run), run->vector_bytes, 1);
    return ffnn_bytes_with(bytes, room(run), 1, sizeof(double));
}

static void *lay(const ffnn_run *run, size_t *bytes, ptrdiff_t count)
{
    void *here = run->block ? (char *)run->block + *bytes : NULL;
    *bytes = ffnn_bytes_with(*bytes, count, 1, 1);
    return here;
}

size_t ffnn_lbfgs_lay_out(ffnn_run *run, size_t bytes)
{
    whole_method *whole = &run->whole;
    whole->start = lay(run, &bytes, run->vector_bytes);
    whole->start_gradients = lay(run, &bytes, run->vector_bytes);
    whole->direction = lay(run, &bytes, run->vector_bytes);
    whole->shares = lay(run, &bytes, room(run) * (ptrdiff_t)sizeof(double));
    return bytes;
}

/* ---- pairs ---- */

/* Where the `age`-th newest pair stands in the ring. */
static ptrdiff_t place_of(const ffnn_run *run, ptrdiff_t age)
{
    return (run->whole.lbfgs->newest + room(run) - age) % room(run);
}

static void *vectors_of(const ffnn_run *run)
{
    return (char *)run->whole.lbfgs + FFNN_ALIGNMENT;
}

static void *change(const ffnn_run *run, ptrdiff_t at)
{
    return ffnn_within(vectors_of(run), at * run->vector_bytes);
}

static void *gradient_change(const ffnn_run *run, ptrdiff_t at)
{
    return change(run, room(run) + at);
}

/* s y of each pair. */
static double *products(const ffnn_run *run)
{
    return change(run, 2 * room(run));
}

static double dot(const ffnn_run *run, const void *x, const void *y)
{
    return run->k->dot(run->vector_bytes / run->k->element_bytes, x, y);
}

/* y += factor x */
static void add_scaled(const ffnn_run *run, double factor, const void *x, void *y)
{
    run->k->add_scaled(run->vector_bytes / run->k->element_bytes, factor, x, y);
}

/* out = x - rate dx */
static void subtract(const ffnn_run *run, const void *x, const void *dx, double rate, void *out)
{
    ffnn_update(run->k, run->vector_bytes / run->k->element_bytes, x, dx, rate, out);
}

static void copy(const ffnn_run *run, void *to, const void *from)
{
    memcpy(to, from, (size_t)run->vector_bytes);
}

static lbfgs_memory *memory_of(const ffnn_run *run, bool is_recorded)
{
    return is_recorded ? ffnn_run_recorded(run, run->whole.lbfgs) : run->whole.lbfgs;
}

ptrdiff_t ffnn_run_pairs(const ffnn_run *run, bool is_recorded)
{
    return memory_of(run, is_recorded)->count;
}

void ffnn_run_set_pairs(ffnn_run *run, ptrdiff_t count)
{
    run->whole.lbfgs->count = count;
    run->whole.lbfgs->newest = count > 0 ? count - 1 : 0;
}

void *ffnn_run_pair(ffnn_run *run, bool is_recorded, ptrdiff_t i, int which, char kind, int l)
{
    const layer *of = &run->layer[l - 1];
    const lbfgs_memory *memory = memory_of(run, is_recorded);
    const ptrdiff_t at = (memory->newest + room(run) - (memory->count - 1 - i)) % room(run);
    void *vector = which == 0 ? change(run, at) : gradient_change(run, at);
    return ffnn_within(is_recorded ? ffnn_run_recorded(run, vector) : vector,
                       kind == 'W' ? of->W_at : of->b_at);
}

void ffnn_run_settle_pairs(ffnn_run *run)
{
    for (ptrdiff_t age = 0; age < run->whole.lbfgs->count; age++) {
        const ptrdiff_t at = place_of(run, age);
        products(run)[at] = dot(run, change(run, at), gradient_change(run, at));
    }
}

/* The pair of the step from `start` to the parameters, in place of the oldest; none where the
 * curvature along it is not above its rounding. */
static void take_pair(ffnn_run *run)
{
    const whole_method *whole = &run->whole;
    lbfgs_memory *memory = whole->lbfgs;
    const ptrdiff_t at = memory->count == 0 ? 0 : (memory->newest + 1) % room(run);
    void *s = change(run, at), *y = gradient_change(run, at);
    /* The vector of the oldest pair is written over only where the new one is taken. */
    subtract(run, run->gradients, whole->start_gradients, 1, whole->start_gradients);
    subtract(run, run->parameters, whole->start, 1, whole->start);
    const double product = dot(run, whole->start, whole->start_gradients);
    if (!(product > DBL_EPSILON * dot(run, whole->start_gradients, whole->start_gradients))) return;
    copy(run, s, whole->start);
    copy(run, y, whole->start_gradients);
    products(run)[at] = product;
    memory->newest = at;
    if (memory->count < room(run)) memory->count++;
}

/* direction = H gradients, H being the inverse Hessian that the pairs give: a step goes against it.
 */
static void find_direction(const ffnn_run *run)
{
    const whole_method *whole = &run->whole;
    const lbfgs_memory *memory = whole->lbfgs;
    void *q = whole->direction;
    copy(run, q, run->gradients);
    if (memory->count == 0) return;
    for (ptrdiff_t age = 0; age < memory->count; age++) {
        const ptrdiff_t at = place_of(run, age);
        whole->shares[at] = dot(run, change(run, at), q) / products(run)[at];
        add_scaled(run, -whole->shares[at], gradient_change(run, at), q);
    }
    const void *y = gradient_change(run, memory->newest);
    run->k->divide(run->vector_bytes / run->k->element_bytes, q,
                   dot(run, y, y) / products(run)[memory->newest]);
    for (ptrdiff_t age = memory->count - 1; age >= 0; age--) {
        const ptrdiff_t at = place_of(run, age);
        const double share = dot(run, gradient_change(run, at), q) / products(run)[at];
        add_scaled(run, whole->shares[at] - share, change(run, at), q);
    }
}

/* ---- a step ---- */

/* Ends at the best of the steps that were tried. True: stop. */
static bool search(ffnn_run *run, bool *has_moved, interrupt_check *check)
{
    whole_method *whole = &run->whole;
    ffnn_line_search s;
    const double slope = -dot(run, whole->start_gradients, whole->direction);
    const bool has_pairs = whole->lbfgs->count > 0;
    const bool is_first = run->steps == 0 && !has_pairs;
    const double step = is_first ? 1 / sqrt(dot(run, whole->direction, whole->direction)) : 1;
    const double cost = whole->cost;
    ffnn_search_exit now = ffnn_search_begin(&s, cost, slope, step, LARGEST_STEP, NARROW);
    double at = 0;
    while (now == FFNN_SEARCH_GOES_ON && ffnn_may_evaluate(run)) {
        at = s.step;
        subtract(run, whole->start, whole->direction, at, run->parameters);
        if (ffnn_evaluate(run, check)) return true;
        now = ffnn_search_next(&s, whole->cost, -dot(run, run->gradients, whole->direction));
    }
    /* Along the pairs a search that finds no end is given up, as L-BFGS-B does: at a kink the best
     * of its steps is next to none. */
    const bool is_lost = now == FFNN_SEARCH_TRIALS && has_pairs;
    *has_moved = s.best.step > 0 && s.best.cost < cost && !is_lost;
    if (*has_moved && s.best.step == at) return false;
    /* The last trial is not the best: back to that, or to the beginning. */
    if (*has_moved) {
        subtract(run, whole->start, whole->direction, s.best.step, run->parameters);
        whole->cost = s.best.cost;
        whole->has_gradients = false;
        return ffnn_may_evaluate(run) && ffnn_evaluate(run, check);
    }
    copy(run, run->parameters, whole->start);
    copy(run, run->gradients, whole->start_gradients);
    whole->cost = cost;
    whole->has_gradients = true;
    return false;
}

/* Has the step from a cost of `before` lowered it by cost_tol or less, of a cost of at least 1? */
static bool is_flat(const ffnn_run *run, double before)
{
    const double now = run->whole.cost, tol = run->hyperparameters.cost_tol;
    return tol > 0 && before - now <= tol * fmax(1, fmax(fabs(before), fabs(now)));
}

bool ffnn_lbfgs_step(ffnn_run *run, interrupt_check *check)
{
    whole_method *whole = &run->whole;
    const double before = whole->cost;
    for (;;) {
        bool has_moved;
        copy(run, whole->start, run->parameters);
        copy(run, whole->start_gradients, run->gradients);
        find_direction(run);
        if (search(run, &has_moved, check)) return true;
        if (has_moved) break;
        if (whole->ending != FFNN_GOES_ON) return false;
        if (whole->lbfgs->count == 0) {
            whole->ending = FFNN_ENDED_BY_SEARCH;
            return false;
        }
        whole->lbfgs->count = 0; /* along the gradient, then */
    }
    run->steps++;
    if (is_flat(run, before)) whole->ending = FFNN_ENDED_BY_COST;
    if (whole->has_gradients) take_pair(run);
    return false;
}
