/* cost_and_gradients.c - the cost of a net and its gradients by one call, for loops of the user's.
 *
 * A run of the core is made for the call, asked for its sums, and let go; a cache is never made.
 */
#include "arrays.h"
#include "cost_and_gradients_docs.h"
#include "errors.h"
#include "labels.h"
#include "lock.h"
#include "methods.h"
#include "options.h"
#include "parameters.h"
#include "parse.h"
#include "results.h"
#include "shapes.h"
#include "state.h"
#include "../train/train.h"

static const char function[] = "cost_and_gradients";

typedef struct {
    ffnn_operand X, weights;
    ffnn_labels labels;
    ffnn_pairs parameters;
    ffnn_net net;
    ffnn_cost cost;
    double lambd;
    ffnn_real real;
    ptrdiff_t dims[FFNN_STACK_LAYERS + 1], *all_dims;
    ffnn_run *run;
} call;

static void call_clear(call *c)
{
    ffnn_run_free(c->run);
    ffnn_operand_clear(&c->X);
    ffnn_operand_clear(&c->weights);
    ffnn_labels_clear(&c->labels);
    ffnn_net_clear(&c->net);
    ffnn_pairs_clear(&c->parameters);
    if (c->all_dims != c->dims) PyMem_Free(c->all_dims);
}

static int take_dims(call *c)
{
    const int layers = c->parameters.layers;
    c->all_dims = c->dims;
    if (layers > FFNN_STACK_LAYERS &&
        (c->all_dims = PyMem_New(ptrdiff_t, (size_t)layers + 1)) == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    c->all_dims[0] = ffnn_operand_rows(&c->X);
    for (int l = 1; l <= layers; l++)
        c->all_dims[l] = ffnn_operand_rows(&c->parameters.pairs[l - 1].W);
    return 0;
}

/* The operands as a run reads them, and the run with its parameters. */
static int make_run(const ffnn_state *state, call *c, PyObject *sample_weight, double *total)
{
    const int layers = c->parameters.layers;
    const ptrdiff_t n_y = c->all_dims[layers], m = ffnn_operand_cols(&c->X);
    ffnn_run_options options = {
        .kernels = state->isa->kernels[c->real],
        .layers = layers,
        .dims = c->all_dims,
        .activations = c->net.activations,
        .keep_prob = c->net.keep_prob,
        .cost = c->cost,
        .hyperparameters = {.optimizer = FFNN_gd, .lambd = c->lambd},
    };
    const void *y, *W, *b;
    if (ffnn_operand_view(&c->X, c->real, FFNN_ANY_LAYOUT, &options.examples.X) < 0 ||
        ffnn_labels_elements(function, &c->labels, c->real, n_y, m, &y) < 0 ||
        ffnn_weights_take(function, sample_weight, "X", &c->X, c->real, &c->weights,
                          &options.examples.weights, total) < 0)
        return -1;
    options.examples.Y = ffnn_view_of(y, n_y, m);
    if ((c->run = ffnn_run_new(&options)) == NULL) return ffnn_status_raise(FFNN_NO_MEMORY);
    for (int l = 1; l <= layers; l++) {
        ffnn_pair *pair = &c->parameters.pairs[l - 1];
        if (ffnn_operand_elements(&pair->W, c->real, &W) < 0 ||
            ffnn_operand_elements(&pair->b, c->real, &b) < 0)
            return -1;
        memcpy(ffnn_run_parameter(c->run, 'W', l), W, (size_t)PyArray_NBYTES(pair->W.array));
        memcpy(ffnn_run_parameter(c->run, 'b', l), b, (size_t)PyArray_NBYTES(pair->b.array));
    }
    return 0;
}

/* A gradient as a mean, with L2 where W is not NULL. */
static PyObject *mean_of(const ffnn_state *state, const call *c, const void *sums, ptrdiff_t n,
                         ptrdiff_t n_prev, double total, const void *W)
{
    const ffnn_kernels *kernels = state->isa->kernels[c->real];
    void *data;
    PyObject *array = ffnn_matrix_new(c->real, n, n_prev, &data);
    if (array == NULL) return NULL;
    memcpy(data, sums, (size_t)(n * n_prev * kernels->element_bytes));
    kernels->divide(n * n_prev, data, total);
    if (W != NULL && c->lambd != 0)
        kernels->add_scaled(n * n_prev, c->lambd / (double)ffnn_operand_cols(&c->X), W, data);
    return array;
}

static PyObject *gradients_of(const ffnn_state *state, const call *c, double total)
{
    PyObject *dict = PyDict_New();
    for (int l = 1; dict != NULL && l <= c->parameters.layers; l++) {
        const ptrdiff_t n = c->all_dims[l], n_prev = c->all_dims[l - 1];
        if (ffnn_dict_give(state, dict, FFNN_KEY_dW, l,
                           mean_of(state, c, ffnn_run_gradient(c->run, 'W', l), n, n_prev, total,
                                   ffnn_run_parameter(c->run, 'W', l))) < 0 ||
            ffnn_dict_give(
                state, dict, FFNN_KEY_db, l,
                mean_of(state, c, ffnn_run_gradient(c->run, 'b', l), n, 1, total, NULL)) < 0)
            Py_CLEAR(dict);
    }
    return dict;
}

static PyObject *cost_and_gradients(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                                    PyObject *kw_names)
{
    enum { X, Y, PARAMETERS, HIDDEN, OUTPUT, COST, LAMBD, SAMPLE_WEIGHT, ARGUMENTS };
    static const ffnn_signature signature = {
        function,
        3,
        {FFNN_NAME_X, FFNN_NAME_Y, FFNN_NAME_parameters, FFNN_NAME_hidden_activation,
         FFNN_NAME_output_activation, FFNN_NAME_cost, FFNN_NAME_lambd, FFNN_NAME_sample_weight},
        ARGUMENTS - 3};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[ARGUMENTS], *result = NULL, *gradients = NULL, *cost = NULL;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    call c;
    c.X = c.weights = (ffnn_operand){0};
    c.labels = (ffnn_labels){{0}, false, NULL};
    c.net.activations = NULL;
    c.all_dims = c.dims;
    c.run = NULL;
    if (ffnn_pairs_take(state, function, arg[PARAMETERS], &c.parameters) < 0) return NULL;
    if (ffnn_operand_take(&c.X, arg[X], (ffnn_place){function, "X", 0}) < 0 ||
        ffnn_labels_take(&c.labels, arg[Y], function) < 0 ||
        ffnn_net_parse(state, function, c.parameters.layers, arg[PARAMETERS], arg[HIDDEN],
                       arg[OUTPUT], NULL, &c.net) < 0 ||
        ffnn_cost_parse_for(state, function, arg[COST], c.net.activations[c.parameters.layers - 1],
                            &c.cost) < 0 ||
        ffnn_lambd_parse(function, arg[LAMBD], &c.lambd) < 0 ||
        ffnn_pairs_check(function, &c.parameters, &c.X) < 0 ||
        ffnn_output_check(state, function, &c.net, ffnn_pairs_outputs(&c.parameters)) < 0 ||
        take_dims(&c) < 0 ||
        ffnn_labels_check(function, &c.labels, c.cost, c.all_dims[c.parameters.layers],
                          ffnn_operand_cols(&c.X), "the output layer", &c.X) < 0 ||
        ffnn_examples_check(function, ffnn_operand_cols(&c.X)) < 0)
        goto done;
    unsigned kinds = c.X.kind | ffnn_kind_if_float(c.labels.Y.kind);
    for (int i = 0; i < c.parameters.layers; i++)
        kinds |= c.parameters.pairs[i].W.kind | c.parameters.pairs[i].b.kind;
    c.real = ffnn_real_of(kinds);
    double total, sum;
    if (make_run(state, &c, arg[SAMPLE_WEIGHT], &total) < 0) goto done;
    PyThreadState *thread =
        ffnn_lock_release(ffnn_step_work(c.all_dims, c.parameters.layers, ffnn_operand_cols(&c.X)));
    const ffnn_status status = ffnn_run_gradients(c.run, NULL, &sum, NULL, NULL);
    ffnn_lock_take(thread);
    if (ffnn_status_raise(status) < 0) goto done;
    sum /= total;
    if (c.lambd != 0) sum += ffnn_run_l2_cost(c.run) / (double)ffnn_operand_cols(&c.X);
    if ((cost = ffnn_scalar_new(c.real, sum)) != NULL &&
        (gradients = gradients_of(state, &c, total)) != NULL)
        result = PyTuple_Pack(2, cost, gradients);
done:
    Py_XDECREF(cost);
    Py_XDECREF(gradients);
    call_clear(&c);
    return result;
}

PyMethodDef ffnn_cost_and_gradients_methods[] = {
    {"cost_and_gradients", FFNN_METHOD(cost_and_gradients), METH_FASTCALL | METH_KEYWORDS,
     cost_and_gradients_doc},
    {NULL, NULL, 0, NULL},
};
