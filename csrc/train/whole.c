/* whole.c - methods that take the whole vector of gradients: which there are, their steps, and why
 * there are no more.
 */
#include "parts.h"

#include <math.h>

/* A row for each optimiser whose form is WHOLE. */
typedef struct {
    size_t (*lay_out_state)(ffnn_run *run, size_t bytes);
    size_t (*lay_out)(ffnn_run *run, size_t bytes);
    /* Makes `cost` and `gradients` those of the parameters. */
    bool (*evaluate)(ffnn_run *run, interrupt_check *check);
    /* Moves the parameters to a lower cost, or names the ending. */
    bool (*step)(ffnn_run *run, interrupt_check *check);
} method;

static const method methods[FFNN_OPTIMIZERS] = {
    [FFNN_lbfgs] = {ffnn_lbfgs_lay_out_state, ffnn_lbfgs_lay_out, ffnn_evaluate, ffnn_lbfgs_step},
    [FFNN_levenberg_marquardt] = {ffnn_lm_lay_out_state, ffnn_lm_lay_out, ffnn_lm_evaluate,
                                  ffnn_lm_step},
};

static const method *method_of(const ffnn_run *run)
{
    return &methods[run->hyperparameters.optimizer];
}

size_t ffnn_whole_lay_out_state(ffnn_run *run, size_t bytes)
{
    return ffnn_run_is_whole(run) ? method_of(run)->lay_out_state(run, bytes) : bytes;
}

size_t ffnn_whole_lay_out(ffnn_run *run, size_t bytes)
{
    return ffnn_run_is_whole(run) ? method_of(run)->lay_out(run, bytes) : bytes;
}

ffnn_ending ffnn_run_ending(const ffnn_run *run)
{
    return run->whole.ending;
}

double ffnn_run_whole_cost(const ffnn_run *run)
{
    return run->whole.cost;
}

ptrdiff_t ffnn_run_evaluations(const ffnn_run *run)
{
    return run->whole.evaluations;
}

/* Is there anything to be gained by a step? */
static bool is_worth_a_step(ffnn_run *run)
{
    whole_method *whole = &run->whole;
    const double largest =
        run->k->largest(run->vector_bytes / run->k->element_bytes, run->gradients);
    if (!isfinite(whole->cost) || !isfinite(largest))
        whole->ending = FFNN_ENDED_BY_NAN;
    else if (largest <= run->hyperparameters.tol)
        whole->ending = FFNN_ENDED_BY_TOL;
    return whole->ending == FFNN_GOES_ON;
}

/* The cost of the first step of a call, and the record point that may be wanted of it. */
static double begin(ffnn_run *run, bool is_record)
{
    const double cost = run->whole.cost;
    if (run->whole.lm_state) run->whole.recorded = *run->whole.lm_state;
    run->l2_cost = ffnn_run_l2_cost(run) / (double)run->examples.X.cols;
    if (is_record && (!run->is_watched || isfinite(cost))) {
        ffnn_run_snapshot(run);
        run->is_recorded = true;
    }
    return cost;
}

bool ffnn_whole_iterate(ffnn_run *run, ptrdiff_t iterations, double *cost, interrupt_check *check)
{
    const bool is_record = run->wants_record;
    const ptrdiff_t before = run->steps;
    whole_method *whole = &run->whole;
    run->wants_record = false; /* which the sums of gradients would take for a step's */
    for (ptrdiff_t i = 0; i < iterations; i++) {
        if (whole->ending == FFNN_GOES_ON && !whole->has_gradients &&
            method_of(run)->evaluate(run, check))
            return true;
        if (i == 0) *cost = begin(run, is_record);
        if (whole->ending != FFNN_GOES_ON || !is_worth_a_step(run)) break;
        if (method_of(run)->step(run, check)) return true;
        run->done = run->steps - before;
    }
    return false;
}
