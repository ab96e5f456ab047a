/* predict.c - the output of a whole net, without caches: predict and predict_proba.
 *
 * Examples pass in slabs, so that beyond the result memory does not grow with them. The type of a
 * layer is the widest among its A_prev, W and b, as in L_model_forward, whose bits these are.
 */
#include "arrays.h"
#include "errors.h"
#include "lock.h"
#include "methods.h"
#include "options.h"
#include "parameters.h"
#include "parse.h"
#include "predict_docs.h"
#include "results.h"
#include "state.h"
#include "../product/product.h"

typedef struct {
    ffnn_operand X;
    ffnn_pairs parameters;
    ffnn_net net;
    ffnn_net_layer *layers, small[FFNN_STACK_LAYERS];
    ffnn_view X_view;
    ffnn_real real; /* of the output */
    double work;
} prediction;

static void prediction_clear(prediction *p)
{
    if (p->layers != p->small) PyMem_Free(p->layers);
    ffnn_operand_clear(&p->X);
    ffnn_net_clear(&p->net);
    ffnn_pairs_clear(&p->parameters);
}

static int layers_reserve(prediction *p)
{
    const int layers = p->parameters.layers;
    if (layers > FFNN_STACK_LAYERS) p->layers = PyMem_New(ffnn_net_layer, layers);
    if (p->layers != NULL) return 0;
    PyErr_NoMemory();
    return -1;
}

/* Views of X and of each layer in the layer's type; the work of a pass through all of them. */
static int take_views(const ffnn_state *state, prediction *p)
{
    unsigned kinds = p->X.kind;
    for (int l = 1; l <= p->parameters.layers; l++) {
        ffnn_pair *pair = &p->parameters.pairs[l - 1];
        ffnn_net_layer *layer = &p->layers[l - 1];
        const ffnn_real real = ffnn_real_of(kinds | pair->W.kind | pair->b.kind);
        layer->kernels = state->isa->kernels[real];
        layer->g = p->net.activations[l - 1];
        if ((l == 1 && ffnn_operand_view(&p->X, real, FFNN_ANY_LAYOUT, &p->X_view) < 0) ||
            ffnn_operand_view(&pair->W, real, FFNN_ANY_LAYOUT, &layer->W) < 0 ||
            ffnn_operand_view(&pair->b, real, FFNN_ANY_LAYOUT, &layer->b) < 0)
            return -1;
        p->work += (double)layer->W.rows * (double)p->X_view.cols *
                   ((double)layer->W.cols + FFNN_ELEMENT_WORK);
        kinds = real == FFNN_DOUBLE ? FFNN_KIND_DOUBLE : FFNN_KIND_FLOAT;
        p->real = real;
    }
    return 0;
}

/* AL, a new array; NULL with an exception. */
static PyObject *output_of(const ffnn_state *state, const char *function, PyObject *X,
                           PyObject *parameters, PyObject *hidden, PyObject *output)
{
    prediction p;
    p.X = (ffnn_operand){0};
    p.net.activations = NULL;
    p.layers = p.small;
    p.work = 0;
    if (ffnn_pairs_take(state, function, parameters, &p.parameters) < 0) return NULL;
    PyObject *AL = NULL;
    void *data;
    if (ffnn_net_parse(state, function, p.parameters.layers, hidden, output, NULL, &p.net) < 0 ||
        ffnn_operand_take(&p.X, X, (ffnn_place){function, "X", 0}) < 0 ||
        ffnn_pairs_check(function, &p.parameters, &p.X) < 0 || layers_reserve(&p) < 0 ||
        take_views(state, &p) < 0)
        goto done;
    const int layers = p.parameters.layers;
    const ptrdiff_t n_y = p.layers[layers - 1].W.rows, m = p.X_view.cols;
    AL = ffnn_matrix_new(p.real, n_y, m, &data);
    if (AL == NULL || m == 0) goto done;
    PyThreadState *thread = ffnn_lock_release(p.work);
    const bool is_done = ffnn_net_forward(layers, p.layers, p.X_view, (ffnn_result){data, m});
    ffnn_lock_take(thread);
    if (!is_done) {
        PyErr_NoMemory();
        Py_CLEAR(AL);
    }
done:
    prediction_clear(&p);
    return AL;
}

static PyObject *predict(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                         PyObject *kw_names)
{
    static const ffnn_signature signature = {"predict", 2, {FFNN_NAME_X, FFNN_NAME_parameters}, 0};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[2];
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    PyObject *AL = output_of(state, signature.function, arg[0], arg[1], NULL, NULL);
    if (AL == NULL) return NULL;
    const ffnn_operand a = {AL, (PyArrayObject *)AL, 0};
    const ptrdiff_t n_y = ffnn_operand_rows(&a), m = ffnn_operand_cols(&a);
    void *data;
    PyObject *classes = ffnn_matrix_new(FFNN_DOUBLE, n_y, m, &data);
    const void *al = PyArray_DATA(a.array);
    const bool is_double = PyArray_TYPE(a.array) == NPY_DOUBLE;
    for (ptrdiff_t i = 0; classes != NULL && i < n_y * m; i++)
        ((double *)data)[i] =
            is_double ? ((const double *)al)[i] > 0.5 : ((const float *)al)[i] > 0.5f;
    Py_DECREF(AL);
    return classes;
}

static PyObject *predict_proba(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                               PyObject *kw_names)
{
    static const ffnn_signature signature = {"predict_proba",
                                             2,
                                             {FFNN_NAME_X, FFNN_NAME_parameters,
                                              FFNN_NAME_hidden_activation,
                                              FFNN_NAME_output_activation},
                                             2};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[4];
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    return output_of(state, signature.function, arg[0], arg[1], arg[2], arg[3]);
}

PyMethodDef ffnn_predict_methods[] = {
    {"predict", FFNN_METHOD(predict), METH_FASTCALL | METH_KEYWORDS, predict_doc},
    {"predict_proba", FFNN_METHOD(predict_proba), METH_FASTCALL | METH_KEYWORDS, predict_proba_doc},
    {NULL, NULL, 0, NULL},
};
