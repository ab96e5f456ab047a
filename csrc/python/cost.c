/* cost.c - compute_cost: the mean cost of an example, by the literal formula, plus the L2 term. */
#include "arrays.h"
#include "cost_docs.h"
#include "errors.h"
#include "labels.h"
#include "lock.h"
#include "methods.h"
#include "nets.h"
#include "options.h"
#include "parameters.h"
#include "parse.h"
#include "results.h"
#include "shapes.h"
#include "state.h"

static const char function[] = "compute_cost";

typedef struct {
    ffnn_operand AL, weights;
    ffnn_labels labels;
    ffnn_pairs parameters;
    double decay; /* the sum of all W^2 */
} cost_call;

static void cost_clear(cost_call *call)
{
    ffnn_operand_clear(&call->AL);
    if (call->weights.object != NULL) ffnn_operand_clear(&call->weights);
    ffnn_labels_clear(&call->labels);
    ffnn_pairs_clear(&call->parameters);
}

/* For the L2 term: called where lambd is not 0. */
static int sum_squares(const ffnn_state *state, PyObject *parameters, cost_call *call)
{
    if (parameters == NULL || parameters == Py_None)
        return ffnn_error_raise(PyExc_TypeError, (ffnn_place){function, "lambd", 0},
                                "is the weight of the parameters' squares: pass parameters=");
    if (ffnn_pairs_take(state, function, parameters, &call->parameters) < 0) return -1;
    for (int l = 1; l <= call->parameters.layers; l++) {
        ffnn_operand *W = &call->parameters.pairs[l - 1].W;
        const ffnn_real real = ffnn_real_of(W->kind);
        const void *w;
        if (ffnn_operand_elements(W, real, &w) < 0) return -1;
        call->decay +=
            state->isa->kernels[real]->square_sum(ffnn_array_count(W->array), 1, w, 0, w);
    }
    return 0;
}

static PyObject *compute(const ffnn_state *state, ffnn_cost row, double level, double lambd,
                         PyObject *parameters, PyObject *sample_weight, cost_call *call)
{
    if (ffnn_operand_is_matrix(&call->AL, (ffnn_place){function, "AL", 0}) < 0) return NULL;
    const ptrdiff_t n_y = ffnn_operand_rows(&call->AL), m = ffnn_operand_cols(&call->AL);
    if (ffnn_labels_check(function, &call->labels, row, n_y, m, "AL", NULL) < 0 ||
        ffnn_examples_check(function, m) < 0 ||
        (lambd != 0 && sum_squares(state, parameters, call) < 0))
        return NULL;
    const ffnn_real real = ffnn_real_of(call->AL.kind | ffnn_kind_if_float(call->labels.Y.kind));
    const void *al, *y, *weights = NULL;
    double total = (double)m;
    if (ffnn_operand_elements(&call->AL, real, &al) < 0 ||
        ffnn_labels_elements(function, &call->labels, real, n_y, m, &y) < 0 ||
        (sample_weight != NULL && ffnn_weights_take(function, sample_weight, "AL", &call->AL, real,
                                                    &call->weights, &weights, &total) < 0))
        return NULL;
    int flags = 0;
    PyThreadState *thread = ffnn_lock_release(2 * FFNN_ELEMENT_WORK * (double)n_y * (double)m);
    const double sum =
        state->isa->kernels[real]->costs[row].value(n_y, m, al, m, y, m, weights, level, &flags);
    ffnn_lock_take(thread);
    if (ffnn_flags_warn("log", flags) < 0) return NULL;
    if (weights == NULL) return ffnn_scalar_new(real, (sum + lambd / 2 * call->decay) / total);
    return ffnn_scalar_new(real, sum / total + lambd / 2 * call->decay / (double)m);
}

/* By itself it is that of the output that the parameters know. Beside a plain dict every cost may
 * stand: its output is whatever AL is. */
static int parse_cost(const ffnn_state *state, PyObject *object, PyObject *parameters,
                      ffnn_cost *row)
{
    ffnn_known known = {NULL, NULL};
    if (parameters != NULL && !PyDict_CheckExact(parameters) &&
        ffnn_known_take(state, parameters, &known) < 0)
        return -1;
    if (known.output == NULL) {
        *row = FFNN_binary_cross_entropy;
        return object == NULL || object == Py_None ? 0
                                                   : ffnn_cost_parse(state, function, object, row);
    }
    ffnn_activation output;
    int status = ffnn_activation_parse(state, function, "output_activation", known.output, &output);
    if (status == 0) status = ffnn_cost_parse_for(state, function, object, output, row);
    ffnn_known_clear(&known);
    return status;
}

static PyObject *compute_cost(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                              PyObject *kw_names)
{
    static const ffnn_signature signature = {function,
                                             2,
                                             {FFNN_NAME_AL, FFNN_NAME_Y, FFNN_NAME_cost,
                                              FFNN_NAME_parameters, FFNN_NAME_lambd,
                                              FFNN_NAME_sample_weight, FFNN_NAME_quantile},
                                             5};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[7], *result = NULL;
    ffnn_cost row;
    double level, lambd;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0 ||
        parse_cost(state, arg[2], arg[3], &row) < 0 ||
        ffnn_quantile_parse(state, function, arg[6], row, &level) < 0 ||
        ffnn_lambd_parse(function, arg[4], &lambd) < 0)
        return NULL;
    cost_call call = {.decay = 0};
    if (ffnn_operand_take(&call.AL, arg[0], (ffnn_place){function, "AL", 0}) == 0 &&
        ffnn_labels_take(&call.labels, arg[1], function) == 0)
        result = compute(state, row, level, lambd, arg[3], arg[5], &call);
    cost_clear(&call);
    return result;
}

PyMethodDef ffnn_cost_methods[] = {
    {"compute_cost", FFNN_METHOD(compute_cost), METH_FASTCALL | METH_KEYWORDS, compute_cost_doc},
    {NULL, NULL, 0, NULL},
};
