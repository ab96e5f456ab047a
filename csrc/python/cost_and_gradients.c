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
#include "one_run.h"
#include "options.h"
#include "parameters.h"
#include "parse.h"
#include "results.h"
#include "shapes.h"
#include "state.h"
#include "../train/train.h"

static const char function[] = "cost_and_gradients";

typedef struct {
    ffnn_one_run one;
    ffnn_operand weights;
    ffnn_labels labels;
    ffnn_cost cost;
    double level, lambd;
} call;

static void call_clear(call *c)
{
    ffnn_one_run_clear(&c->one);
    ffnn_operand_clear(&c->weights);
    ffnn_labels_clear(&c->labels);
}

static int make_run(call *c, PyObject *sample_weight, double *total)
{
    ffnn_one_run *one = &c->one;
    const ptrdiff_t n_y = one->all_dims[one->parameters.layers], m = ffnn_operand_cols(&one->X);
    ffnn_run_options options = {
        .cost = c->cost,
        .hyperparameters = {.optimizer = FFNN_gd, .lambd = c->lambd, .quantile = c->level},
    };
    const void *y;
    if (ffnn_labels_elements(function, &c->labels, one->real, n_y, m, &y) < 0 ||
        ffnn_weights_take(function, sample_weight, "X", &one->X, one->real, &c->weights,
                          &options.examples.weights, total) < 0)
        return -1;
    options.examples.Y = ffnn_view_of(y, n_y, m);
    return ffnn_one_run_make(function, one, &options);
}

static PyObject *copy_of(ffnn_real real, const void *elements, ptrdiff_t n, ptrdiff_t n_prev)
{
    void *data;
    PyObject *array = ffnn_matrix_new(real, n, n_prev, &data);
    if (array != NULL) memcpy(data, elements, (size_t)(n * n_prev * ffnn_real_bytes[real]));
    return array;
}

/* As means, with L2. */
static PyObject *gradients_of(const ffnn_state *state, const call *c, double total)
{
    PyObject *dict = PyDict_New();
    const ffnn_real real = c->one.real;
    ffnn_run_means(c->one.run, total);
    for (int l = 1; dict != NULL && l <= c->one.parameters.layers; l++) {
        const ptrdiff_t n = c->one.all_dims[l], n_prev = c->one.all_dims[l - 1];
        if (ffnn_dict_give(state, dict, FFNN_KEY_dW, l,
                           copy_of(real, ffnn_run_gradient(c->one.run, 'W', l), n, n_prev)) < 0 ||
            ffnn_dict_give(state, dict, FFNN_KEY_db, l,
                           copy_of(real, ffnn_run_gradient(c->one.run, 'b', l), n, 1)) < 0)
            Py_CLEAR(dict);
    }
    return dict;
}

enum { X, Y, PARAMETERS, HIDDEN, OUTPUT, COST, LAMBD, SAMPLE_WEIGHT, QUANTILE, SPARSE, ARGUMENTS };

static PyObject *result_of(ffnn_state *state, PyObject *const arg[ARGUMENTS])
{
    PyObject *result = NULL, *gradients = NULL, *cost = NULL;
    call c; /* of which ffnn_one_run_take fills the rest */
    c.weights = (ffnn_operand){0};
    c.labels = (ffnn_labels){{0}, false, NULL};
    ffnn_one_run *one = &c.one;
    double total, sum;
    if (ffnn_one_run_take(state, function, arg[X], arg[PARAMETERS], arg[HIDDEN], arg[OUTPUT], one) <
            0 ||
        ffnn_labels_take(&c.labels, arg[Y], function) < 0)
        goto done;
    one->sparse = arg[SPARSE];
    const int layers = one->parameters.layers;
    if (ffnn_cost_parse_for(state, function, arg[COST], one->net.activations[layers - 1], &c.cost) <
            0 ||
        ffnn_quantile_parse(state, function, arg[QUANTILE], c.cost, &c.level) < 0 ||
        ffnn_lambd_parse(function, arg[LAMBD], &c.lambd) < 0 ||
        ffnn_one_run_check(function, one) < 0 ||
        ffnn_labels_check(function, &c.labels, c.cost, one->all_dims[layers],
                          ffnn_operand_cols(&one->X), "the output layer", &one->X) < 0 ||
        ffnn_examples_check(function, ffnn_operand_cols(&one->X)) < 0)
        goto done;
    ffnn_one_run_choose(one, ffnn_kind_if_float(c.labels.Y.kind));
    if (make_run(&c, arg[SAMPLE_WEIGHT], &total) < 0) goto done;
    PyThreadState *thread = ffnn_lock_release(ffnn_one_run_work(one, 3));
    const ffnn_status status = ffnn_run_gradients(one->run, NULL, &sum, NULL, NULL);
    ffnn_lock_take(thread);
    if (ffnn_status_raise(status) < 0) goto done;
    sum /= total;
    if (c.lambd != 0) sum += ffnn_run_l2_cost(one->run) / (double)ffnn_operand_cols(&one->X);
    if ((cost = ffnn_scalar_new(one->real, sum)) != NULL &&
        (gradients = gradients_of(state, &c, total)) != NULL)
        result = PyTuple_Pack(2, cost, gradients);
done:
    Py_XDECREF(cost);
    Py_XDECREF(gradients);
    call_clear(&c);
    return result;
}

static const ffnn_signature of_sparse = {function,
                                         3,
                                         {FFNN_NAME_X, FFNN_NAME_Y, FFNN_NAME_parameters,
                                          FFNN_NAME_hidden_activation, FFNN_NAME_output_activation,
                                          FFNN_NAME_cost, FFNN_NAME_lambd, FFNN_NAME_sample_weight,
                                          FFNN_NAME_quantile, FFNN_NAME_sparse},
                                         ARGUMENTS - 3};

static PyObject *cost_and_gradients(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                                    PyObject *kw_names)
{
    ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[ARGUMENTS] = {NULL};
    ffnn_signature signature = of_sparse;
    signature.options = SPARSE - 3; /* the last one is no name of this function's */
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    return result_of(state, arg);
}

static PyObject *sparse_cost_and_gradients(PyObject *module, PyObject *const *args,
                                           Py_ssize_t n_args, PyObject *kw_names)
{
    ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[ARGUMENTS];
    if (ffnn_arguments_parse(state, &of_sparse, args, n_args, kw_names, arg) < 0) return NULL;
    return result_of(state, arg);
}

PyMethodDef ffnn_cost_and_gradients_methods[] = {
    {"cost_and_gradients", FFNN_METHOD(cost_and_gradients), METH_FASTCALL | METH_KEYWORDS,
     cost_and_gradients_doc},
    {"sparse_cost_and_gradients", FFNN_METHOD(sparse_cost_and_gradients),
     METH_FASTCALL | METH_KEYWORDS, sparse_cost_and_gradients_doc},
    {NULL, NULL, 0, NULL},
};
