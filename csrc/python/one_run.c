/* one_run.c - a run of the core that is made for one call, asked, and let go.
 *
 * A small one waits for the next call: to make it takes a tenth of such a call.
 */
#include "one_run.h"
#include "errors.h"
#include "lock.h"

#include <stdatomic.h>

int ffnn_one_run_take(ffnn_state *state, const char *function, PyObject *X, PyObject *parameters,
                      PyObject *hidden, PyObject *output, ffnn_one_run *one)
{
    one->state = state;
    one->X = (ffnn_operand){0};
    one->sparse = NULL;
    one->numbers = (ffnn_sparse_operand){.features = NULL};
    one->net.activations = NULL;
    one->all_dims = one->dims;
    one->run = NULL;
    if (ffnn_pairs_take(state, function, parameters, &one->parameters) < 0) return -1;
    return ffnn_operand_take(&one->X, X, (ffnn_place){function, "X", 0}) < 0
               ? -1
               : ffnn_net_parse(state, function, one->parameters.layers, parameters, hidden, output,
                                NULL, &one->net);
}

static int take_dims(ffnn_one_run *one)
{
    const int layers = one->parameters.layers;
    if (layers > FFNN_STACK_LAYERS) one->all_dims = PyMem_New(ptrdiff_t, (size_t)layers + 1);
    if (one->all_dims == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    one->all_dims[0] = ffnn_operand_rows(&one->X);
    for (int l = 1; l <= layers; l++)
        one->all_dims[l] = ffnn_operand_rows(&one->parameters.pairs[l - 1].W);
    return 0;
}

int ffnn_one_run_check(const char *function, ffnn_one_run *one)
{
    if (ffnn_pairs_check(function, &one->parameters, &one->X) < 0 ||
        ffnn_output_check(one->state, function, &one->net, ffnn_pairs_outputs(&one->parameters)) <
            0)
        return -1;
    return take_dims(one);
}

void ffnn_one_run_choose(ffnn_one_run *one, unsigned kinds)
{
    kinds |= one->X.kind;
    for (int i = 0; i < one->parameters.layers; i++)
        kinds |= one->parameters.pairs[i].W.kind | one->parameters.pairs[i].b.kind;
    one->real = ffnn_real_of(kinds);
}

/* The run that waits, if it will do, or a new one; NULL when there is no memory. */
static ffnn_run *run_for(ffnn_state *state, const ffnn_run_options *options)
{
    ffnn_run *run = atomic_exchange(&state->spare_run, NULL);
    if (run != NULL && ffnn_run_renew(run, options)) return run;
    ffnn_run_free(run);
    return ffnn_run_new(options);
}

static void let_go(ffnn_state *state, ffnn_run *run)
{
    if (run != NULL && ffnn_run_is_spare(run)) run = atomic_exchange(&state->spare_run, run);
    ffnn_run_free(run);
}

void ffnn_one_run_forget(ffnn_state *state)
{
    ffnn_run_free(atomic_exchange(&state->spare_run, NULL));
}

int ffnn_one_run_make(const char *function, ffnn_one_run *one, ffnn_run_options *options)
{
    const int layers = one->parameters.layers;
    const void *W, *b;
    options->kernels = one->state->isa->kernels[one->real];
    options->layers = layers;
    options->is_fixed = true;
    options->dims = one->all_dims;
    options->activations = one->net.activations;
    options->keep_prob = one->net.keep_prob;
    if (ffnn_operand_view(&one->X, one->real, FFNN_ANY_LAYOUT, &options->examples.X) < 0) return -1;
    if (ffnn_sparse_take(&one->numbers, function, one->sparse, one->real, one->all_dims[0],
                         options->examples.X.cols, &options->examples.sparse) < 0)
        return -1;
    one->run = run_for(one->state, options);
    if (one->run == NULL) return ffnn_status_raise(FFNN_NO_MEMORY);
    for (int l = 1; l <= layers; l++) {
        ffnn_pair *pair = &one->parameters.pairs[l - 1];
        if (ffnn_operand_elements(&pair->W, one->real, &W) < 0 ||
            ffnn_operand_elements(&pair->b, one->real, &b) < 0)
            return -1;
        memcpy(ffnn_run_parameter(one->run, 'W', l), W, (size_t)PyArray_NBYTES(pair->W.array));
        memcpy(ffnn_run_parameter(one->run, 'b', l), b, (size_t)PyArray_NBYTES(pair->b.array));
    }
    return 0;
}

void ffnn_one_run_clear(ffnn_one_run *one)
{
    let_go(one->state, one->run);
    ffnn_operand_clear(&one->X);
    ffnn_sparse_clear(&one->numbers);
    ffnn_net_clear(&one->net);
    ffnn_pairs_clear(&one->parameters);
    if (one->all_dims != one->dims) PyMem_Free(one->all_dims);
}

double ffnn_one_run_work(const ffnn_one_run *one, double passes)
{
    return ffnn_net_work(one->all_dims, one->parameters.layers, ffnn_operand_cols(&one->X), passes);
}
