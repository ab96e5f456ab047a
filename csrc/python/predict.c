/* predict.c - the output of a whole net, without caches: predict_proba, and the same for functions
 * in Python, in whose names it raises; and the activations that they use.
 *
 * Examples pass in slabs, so that beyond the result memory does not grow with them. The type of a
 * layer is the widest among its A_prev, W and b, as in L_model_forward, whose bits these are.
 */
#include "arrays.h"
#include "errors.h"
#include "lock.h"
#include "methods.h"
#include "nets.h"
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

/* Sets *AL where X is read in pieces, by ffnn/_reading.py: sources, and many integers, which would
 * become as many floats. Pieces come back here as arrays. */
static int read_in_pieces(const char *function, PyObject *X, PyObject *parameters, PyObject *hidden,
                          PyObject *output, PyObject **AL)
{
    enum { MANY = 1 << 20 };
    *AL = NULL;
    if (PyList_CheckExact(X) || PyTuple_CheckExact(X)) return 0;
    if (PyArray_CheckExact(X) &&
        (PyArray_ISFLOAT((PyArrayObject *)X) || PyArray_SIZE((PyArrayObject *)X) <= MANY))
        return 0;
    PyObject *module = PyImport_ImportModule("ffnn._reading");
    if (module == NULL) return -1;
    PyObject *answer =
        PyObject_CallMethod(module, "net_output", "sOOOO", function, X, parameters,
                            hidden == NULL ? Py_None : hidden, output == NULL ? Py_None : output);
    Py_DECREF(module);
    if (answer == NULL) return -1;
    if (answer != Py_None) *AL = Py_NewRef(answer);
    Py_DECREF(answer);
    return 0;
}

/* AL, a new array; NULL with an exception. */
static PyObject *output_of(const ffnn_state *state, const char *function, PyObject *X,
                           PyObject *parameters, PyObject *hidden, PyObject *output)
{
    PyObject *read;
    if (read_in_pieces(function, X, parameters, hidden, output, &read) < 0) return NULL;
    if (read != NULL) return read;
    prediction p;
    p.X = (ffnn_operand){0};
    p.net.activations = NULL;
    p.layers = p.small;
    p.work = 0;
    if (ffnn_pairs_take(state, function, parameters, &p.parameters) < 0) return NULL;
    PyObject *AL = NULL;
    void *data;
    if (ffnn_net_parse(state, function, p.parameters.layers, parameters, hidden, output, NULL,
                       &p.net) < 0 ||
        ffnn_operand_take(&p.X, X, (ffnn_place){function, "X", 0}) < 0 ||
        ffnn_pairs_check(function, &p.parameters, &p.X) < 0 ||
        ffnn_output_check(state, function, &p.net, ffnn_pairs_outputs(&p.parameters)) < 0 ||
        layers_reserve(&p) < 0 || take_views(state, &p) < 0)
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

static PyObject *net_output(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                            PyObject *kw_names)
{
    static const ffnn_signature signature = {"net_output",
                                             3,
                                             {FFNN_NAME_function, FFNN_NAME_X, FFNN_NAME_parameters,
                                              FFNN_NAME_hidden_activation,
                                              FFNN_NAME_output_activation},
                                             2};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[5];
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    const char *function = PyUnicode_AsUTF8(arg[0]);
    return function == NULL ? NULL : output_of(state, function, arg[1], arg[2], arg[3], arg[4]);
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

static PyObject *layer_activations(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                                   PyObject *kw_names)
{
    static const ffnn_signature signature = {"layer_activations",
                                             2,
                                             {FFNN_NAME_function, FFNN_NAME_parameters,
                                              FFNN_NAME_hidden_activation,
                                              FFNN_NAME_output_activation},
                                             2};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[4], *names = NULL;
    ffnn_pairs pairs;
    ffnn_net net = {.activations = NULL};
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    const char *function = PyUnicode_AsUTF8(arg[0]);
    if (function == NULL || ffnn_pairs_take(state, function, arg[1], &pairs) < 0) return NULL;
    if (ffnn_net_parse(state, function, pairs.layers, arg[1], arg[2], arg[3], NULL, &net) == 0)
        names = ffnn_names_new(state, net.layers, net.activations);
    ffnn_net_clear(&net);
    ffnn_pairs_clear(&pairs);
    return names;
}

PyMethodDef ffnn_predict_methods[] = {
    {"layer_activations", FFNN_METHOD(layer_activations), METH_FASTCALL | METH_KEYWORDS,
     layer_activations_doc},
    {"net_output", FFNN_METHOD(net_output), METH_FASTCALL | METH_KEYWORDS, net_output_doc},
    {"predict_proba", FFNN_METHOD(predict_proba), METH_FASTCALL | METH_KEYWORDS, predict_proba_doc},
    {NULL, NULL, 0, NULL},
};
