/* output_variances.c - how much the outputs of a net vary with its parameters, for
 * predict_interval.
 */
#include "arrays.h"
#include "errors.h"
#include "lock.h"
#include "methods.h"
#include "one_run.h"
#include "output_variances_docs.h"
#include "parameters.h"
#include "parse.h"
#include "poll.h"
#include "results.h"
#include "shapes.h"
#include "state.h"
#include "../train/train.h"

/* A lower triangular matrix [P, P] in double. */
static int take_factor(const char *function, const ffnn_one_run *one, PyObject *object,
                       ffnn_operand *factor, const void **elements)
{
    const ffnn_place place = {function, "posterior['factor']", 0};
    ptrdiff_t count = 0;
    for (int l = 1; l <= one->parameters.layers; l++)
        count += one->all_dims[l] * (one->all_dims[l - 1] + 1);
    return ffnn_operand_take(factor, object, place) < 0 ||
                   ffnn_shape_check(factor, place, count, count) < 0
               ? -1
               : ffnn_operand_elements(factor, FFNN_DOUBLE, elements);
}

static PyObject *output_variances(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                                  PyObject *kw_names)
{
    enum { FUNCTION, X, PARAMETERS, FACTOR, HIDDEN, OUTPUT, ARGUMENTS };
    static const ffnn_signature signature = {"output_variances",
                                             4,
                                             {FFNN_NAME_function, FFNN_NAME_X, FFNN_NAME_parameters,
                                              FFNN_NAME_factor, FFNN_NAME_hidden_activation,
                                              FFNN_NAME_output_activation},
                                             ARGUMENTS - 4};
    ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[ARGUMENTS], *variances = NULL;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    const char *function = PyUnicode_AsUTF8(arg[FUNCTION]);
    if (function == NULL) return NULL;
    ffnn_one_run one;
    ffnn_operand factor = {0};
    const void *L;
    void *data;
    if (ffnn_one_run_take(state, function, arg[X], arg[PARAMETERS], arg[HIDDEN], arg[OUTPUT],
                          &one) < 0 ||
        ffnn_one_run_check(function, &one) < 0 ||
        take_factor(function, &one, arg[FACTOR], &factor, &L) < 0)
        goto done;
    const ptrdiff_t n_y = ffnn_pairs_outputs(&one.parameters), m = ffnn_operand_cols(&one.X);
    variances = ffnn_matrix_new(FFNN_DOUBLE, n_y, m, &data);
    if (variances == NULL || m == 0) goto done;
    ffnn_run_options options = {
        .cost = FFNN_mean_squared_error,
        .hyperparameters = {.optimizer = FFNN_gd},
        .examples.Y = ffnn_view_of(data, n_y, m), /* which nothing reads */
    };
    ffnn_one_run_choose(&one, 0);
    int status = ffnn_one_run_make(function, &one, &options);
    if (status == 0) {
        const double count = (double)ffnn_operand_rows(&factor);
        ffnn_poll_context poll;
        ffnn_poll_begin(&poll,
                        ffnn_one_run_work(&one, 2) + count * count / 2 * (double)n_y * (double)m);
        const ffnn_status done = ffnn_run_variances(one.run, L, data, ffnn_poll_signals, &poll);
        ffnn_lock_take(poll.thread);
        status = ffnn_status_raise(done);
    }
    if (status < 0) Py_CLEAR(variances);
done:
    ffnn_operand_clear(&factor);
    ffnn_one_run_clear(&one);
    return variances;
}

PyMethodDef ffnn_output_variances_methods[] = {
    {"output_variances", FFNN_METHOD(output_variances), METH_FASTCALL | METH_KEYWORDS,
     output_variances_doc},
    {NULL, NULL, 0, NULL},
};
