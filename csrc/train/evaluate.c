/* evaluate.c - the cost and the gradients of all examples, for methods that take the whole vector;
 * and how many evaluations there may be.
 */
#include "parts.h"

bool ffnn_may_evaluate(ffnn_run *run)
{
    const double most = run->hyperparameters.max_evaluations;
    if (most == 0 || (double)run->whole.evaluations < most) return true;
    run->whole.ending = FFNN_ENDED_BY_EVALUATIONS;
    return false;
}

bool ffnn_evaluate(ffnn_run *run, interrupt_check *check)
{
    const ffnn_kernels *k = run->k;
    const batch all = {&run->examples, NULL, 0, run->examples.X.cols};
    const double lambd = run->hyperparameters.lambd, m = (double)all.count;
    const ptrdiff_t weights = run->biases_at / k->element_bytes;
    double cost = lambd != 0 ? ffnn_run_l2_cost(run) : 0;
    run->whole.has_gradients = false;
    if (ffnn_step_gradients(run, &all, &cost, check)) return true;
    if (lambd != 0) k->add_scaled(weights, lambd, run->parameters, run->gradients);
    k->divide(run->vector_bytes / k->element_bytes, run->gradients, m);
    run->whole.cost = cost / m;
    run->whole.has_gradients = true;
    run->whole.evaluations++;
    return false;
}
