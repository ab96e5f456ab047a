/* predict.c - the output of a whole net, without caches: predict_proba, and the same for functions
 * in Python, in whose names it raises; the same once more as an object that knows its net, for many
 * calls; and the activations that they use.
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
#include "shapes.h"
#include "sparse.h"
#include "state.h"
#include "../product/product.h"

#include <stddef.h>
#include <structmember.h>

typedef struct {
    ffnn_operand X;
    ffnn_pairs parameters;
    const ffnn_net *net;
    const ffnn_isa *isa; /* one for the whole call */
    ffnn_net_layer *layers, small[FFNN_STACK_LAYERS];
    ffnn_view X_view;
    PyObject
        *sparse; /* borrowed, or NULL: the numbers of X, of which only the shape counts then, */
    ffnn_sparse_operand operand;
    const ffnn_sparse *numbers; /* and these as the core reads them */
    ffnn_real real;             /* of the output */
    double work;
} prediction;

static void prediction_clear(prediction *p)
{
    if (p->layers != p->small) PyMem_Free(p->layers);
    ffnn_operand_clear(&p->X);
    ffnn_sparse_clear(&p->operand);
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

/* X [n_x, m], or one example [n_x]. */
static int view_examples(const char *function, prediction *p, ffnn_real real)
{
    PyArrayObject *x = p->X.array;
    if (p->sparse != NULL) {
        p->X_view = (ffnn_view){NULL, ffnn_operand_rows(&p->X), ffnn_operand_cols(&p->X), 0, 0};
        return ffnn_sparse_take(&p->operand, function, p->sparse, real, p->X_view.rows,
                                p->X_view.cols, &p->numbers);
    }
    if (PyArray_NDIM(x) == 2) return ffnn_operand_view(&p->X, real, FFNN_ANY_LAYOUT, &p->X_view);
    const ptrdiff_t bytes = ffnn_real_bytes[real], n = PyArray_DIM(x, 0);
    if (PyArray_TYPE(x) == ffnn_real_type[real] && PyArray_ISBEHAVED_RO(x) &&
        PyArray_STRIDE(x, 0) % bytes == 0) {
        p->X_view =
            (ffnn_view){PyArray_DATA(x), n, 1, n <= 1 ? 1 : PyArray_STRIDE(x, 0) / bytes, 1};
        return 0;
    }
    const void *elements;
    if (ffnn_operand_elements(&p->X, real, &elements) < 0) return -1;
    p->X_view = ffnn_view_of(elements, n, 1);
    return 0;
}

/* Views of X and of each layer in the layer's type; the work of a pass through all of them. */
static int take_views(const char *function, prediction *p)
{
    unsigned kinds = p->X.kind;
    for (int l = 1; l <= p->parameters.layers; l++) {
        ffnn_pair *pair = &p->parameters.pairs[l - 1];
        ffnn_net_layer *layer = &p->layers[l - 1];
        const ffnn_real real = ffnn_real_of(kinds | pair->W.kind | pair->b.kind);
        layer->kernels = p->isa->kernels[real];
        layer->g = p->net->activations[l - 1];
        if ((l == 1 && view_examples(function, p, real) < 0) ||
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
                          PyObject *output, PyObject *isa, PyObject **AL)
{
    enum { MANY = 1 << 20 };
    *AL = NULL;
    if (PyList_CheckExact(X) || PyTuple_CheckExact(X)) return 0;
    if (PyArray_CheckExact(X) &&
        (PyArray_ISFLOAT((PyArrayObject *)X) || PyArray_SIZE((PyArrayObject *)X) <= MANY))
        return 0;
    PyObject *module = PyImport_ImportModule("ffnn._reading");
    if (module == NULL) return -1;
    PyObject *answer = PyObject_CallMethod(
        module, "net_output", "sOOOOO", function, X, parameters, hidden == NULL ? Py_None : hidden,
        output == NULL ? Py_None : output, isa == NULL ? Py_None : isa);
    Py_DECREF(module);
    if (answer == NULL) return -1;
    if (answer != Py_None) *AL = Py_NewRef(answer);
    Py_DECREF(answer);
    return 0;
}

static void prediction_begin(const ffnn_state *state, prediction *p)
{
    p->isa = state->isa;
    p->X = (ffnn_operand){0};
    p->sparse = NULL;
    p->operand = (ffnn_sparse_operand){.features = NULL};
    p->numbers = NULL;
    p->layers = p->small;
    p->work = 0;
}

/* The shapes of a net and of its examples; one alone may be a vector where `takes_vector`. */
static int shapes_check(const char *function, const prediction *p, bool takes_vector)
{
    if (!takes_vector || PyArray_NDIM(p->X.array) != 1)
        return ffnn_pairs_check(function, &p->parameters, &p->X);
    if (ffnn_pairs_check(function, &p->parameters, NULL) < 0) return -1;
    const ffnn_operand *W = &p->parameters.pairs[0].W;
    const npy_intp n = PyArray_DIM(p->X.array, 0);
    return n == ffnn_operand_cols(W)
               ? 0
               : ffnn_inputs_raise(function, &p->X, ffnn_operand_cols(W), "W1", W);
}

/* AL, a new array, for p's parameters and net; NULL with an exception. */
static PyObject *output_of(const ffnn_state *state, const char *function, PyObject *X,
                           prediction *p, bool takes_vector)
{
    void *data;
    if (ffnn_operand_take(&p->X, X, (ffnn_place){function, "X", 0}) < 0 ||
        shapes_check(function, p, takes_vector) < 0 ||
        ffnn_output_check(state, function, p->net, ffnn_pairs_outputs(&p->parameters)) < 0 ||
        layers_reserve(p) < 0)
        return NULL;
    const bool is_vector = PyArray_NDIM(p->X.array) == 1;
    if (take_views(function, p) < 0) return NULL;
    const int layers = p->parameters.layers;
    const npy_intp n_y = p->layers[layers - 1].W.rows, m = p->X_view.cols;
    PyObject *AL = is_vector ? ffnn_array_new(p->real, 1, &n_y, &data)
                             : ffnn_matrix_new(p->real, n_y, m, &data);
    if (AL == NULL || m == 0) return AL;
    PyThreadState *thread = ffnn_lock_release(p->work);
    const bool is_done =
        ffnn_net_forward(layers, p->layers, p->X_view, p->numbers, (ffnn_result){data, m});
    ffnn_lock_take(thread);
    if (!is_done) {
        PyErr_NoMemory();
        Py_CLEAR(AL);
    }
    return AL;
}

/* The same for a net that has yet to be found. */
static PyObject *output_of_net(const ffnn_state *state, const char *function, PyObject *X,
                               PyObject *parameters, PyObject *hidden, PyObject *output,
                               PyObject *isa, PyObject *sparse)
{
    prediction p;
    ffnn_net net = {.activations = NULL};
    PyObject *AL = NULL;
    if (sparse == NULL && read_in_pieces(function, X, parameters, hidden, output, isa, &AL) < 0)
        return NULL;
    if (AL != NULL) return AL;
    prediction_begin(state, &p);
    p.net = &net;
    p.sparse = sparse;
    if (ffnn_isa_parse(function, isa, &p.isa) < 0 ||
        ffnn_pairs_take(state, function, parameters, &p.parameters) < 0)
        return NULL;
    if (ffnn_net_parse(state, function, p.parameters.layers, parameters, hidden, output, NULL,
                       &net) == 0)
        AL = output_of(state, function, X, &p, false);
    ffnn_net_clear(&net);
    prediction_clear(&p);
    return AL;
}

static PyObject *net_output(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                            PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "net_output",
        3,
        {FFNN_NAME_function, FFNN_NAME_X, FFNN_NAME_parameters, FFNN_NAME_hidden_activation,
         FFNN_NAME_output_activation, FFNN_NAME_isa, FFNN_NAME_sparse},
        4};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[7];
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    const char *function = PyUnicode_AsUTF8(arg[0]);
    return function == NULL ? NULL
                            : output_of_net(state, function, arg[1], arg[2], arg[3], arg[4], arg[5],
                                            arg[6] == Py_None ? NULL : arg[6]);
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
    return output_of_net(state, signature.function, arg[0], arg[1], arg[2], arg[3], NULL, NULL);
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

/* ---- an object that knows its net ---- */

typedef struct {
    PyObject_HEAD;
    vectorcallfunc call;
    const ffnn_state *state;
    PyObject *parameters; /* the caller's own dict, whose arrays each call takes */
    ffnn_net net;
} predictor_object;

static PyObject *predictor_call(PyObject *object, PyObject *const *args, size_t flags,
                                PyObject *kw_names)
{
    static const ffnn_signature signature = {"predictor", 1, {FFNN_NAME_X}, 0};
    const predictor_object *self = (predictor_object *)object;
    const char *function = signature.function;
    PyObject *X;
    prediction p;
    if (ffnn_arguments_parse(self->state, &signature, args, PyVectorcall_NARGS(flags), kw_names,
                             &X) < 0)
        return NULL;
    prediction_begin(self->state, &p);
    p.net = &self->net;
    if (ffnn_pairs_take(self->state, function, self->parameters, &p.parameters) < 0) return NULL;
    PyObject *AL = NULL;
    if (p.parameters.layers == self->net.layers)
        AL = output_of(self->state, function, X, &p, true);
    else
        PyErr_Format(PyExc_ValueError,
                     "predictor: the parameters have %d layers now and had %d: make another one",
                     p.parameters.layers, self->net.layers);
    prediction_clear(&p);
    return AL;
}

static PyObject *predictor(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                           PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "predictor",
        1,
        {FFNN_NAME_parameters, FFNN_NAME_hidden_activation, FFNN_NAME_output_activation},
        2};
    const ffnn_state *state = ffnn_state_of(module);
    const char *function = signature.function;
    PyObject *arg[3];
    ffnn_pairs pairs;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0 ||
        ffnn_pairs_take(state, function, arg[0], &pairs) < 0)
        return NULL;
    predictor_object *self = (predictor_object *)state->predictor->tp_alloc(state->predictor, 0);
    if (self != NULL) {
        self->call = predictor_call;
        self->state = state;
        self->parameters = Py_NewRef(arg[0]);
        if (ffnn_pairs_check(function, &pairs, NULL) < 0 ||
            ffnn_net_parse(state, function, pairs.layers, arg[0], arg[1], arg[2], NULL,
                           &self->net) < 0 ||
            ffnn_output_check(state, function, &self->net, ffnn_pairs_outputs(&pairs)) < 0)
            Py_CLEAR(self);
    }
    ffnn_pairs_clear(&pairs);
    return (PyObject *)self;
}

static int predictor_traverse(PyObject *object, visitproc visit, void *arg)
{
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(((predictor_object *)object)->parameters);
    return 0;
}

static int predictor_clear(PyObject *object)
{
    Py_CLEAR(((predictor_object *)object)->parameters);
    return 0;
}

static void predictor_dealloc(PyObject *object)
{
    predictor_object *self = (predictor_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    predictor_clear(object);
    if (self->net.activations != NULL) ffnn_net_clear(&self->net);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyMemberDef predictor_members[] = {
    {"__vectorcalloffset__", T_PYSSIZET, offsetof(predictor_object, call), READONLY, NULL},
    {NULL, 0, 0, 0, NULL},
};

static PyType_Slot predictor_slots[] = {
    {Py_tp_doc, (void *)predictor_type_doc},
    {Py_tp_call, PyVectorcall_Call},
    {Py_tp_dealloc, predictor_dealloc},
    {Py_tp_traverse, predictor_traverse},
    {Py_tp_clear, predictor_clear},
    {Py_tp_members, predictor_members},
    {0, NULL},
};

static PyType_Spec predictor_spec = {
    .name = "ffnn._ffnn.Predictor",
    .basicsize = sizeof(predictor_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_HAVE_VECTORCALL |
             Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = predictor_slots,
};

int ffnn_predictor_add(PyObject *module, ffnn_state *state)
{
    state->predictor = (PyTypeObject *)PyType_FromModuleAndSpec(module, &predictor_spec, NULL);
    return state->predictor == NULL ? -1 : 0;
}

PyMethodDef ffnn_predict_methods[] = {
    {"layer_activations", FFNN_METHOD(layer_activations), METH_FASTCALL | METH_KEYWORDS,
     layer_activations_doc},
    {"net_output", FFNN_METHOD(net_output), METH_FASTCALL | METH_KEYWORDS, net_output_doc},
    {"predict_proba", FFNN_METHOD(predict_proba), METH_FASTCALL | METH_KEYWORDS, predict_proba_doc},
    {"predictor", FFNN_METHOD(predictor), METH_FASTCALL | METH_KEYWORDS, predictor_doc},
    {NULL, NULL, 0, NULL},
};
