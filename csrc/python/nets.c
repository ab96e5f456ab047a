/* nets.c - dicts of parameters and lists of caches that know the activations of their net.
 *
 * ffnn/_parameters.py hands the two subclasses over at import. They check what a user sets; what is
 * set here has been checked.
 */
#include "nets.h"
#include "errors.h"
#include "methods.h"
#include "nets_docs.h"
#include "parse.h"

/* ---- read ---- */

int ffnn_known_take(const ffnn_state *state, PyObject *object, ffnn_known *known)
{
    *known = (ffnn_known){NULL, NULL};
    if (object == NULL || state->net_parameters == NULL ||
        !(PyObject_TypeCheck(object, state->net_parameters) ||
          PyObject_TypeCheck(object, state->net_caches)))
        return 0;
    known->hidden = PyObject_GetAttr(object, state->names[FFNN_NAME_hidden_activation]);
    known->output = PyObject_GetAttr(object, state->names[FFNN_NAME_output_activation]);
    if (known->hidden != NULL && known->output != NULL) return 0;
    ffnn_known_clear(known);
    return -1;
}

void ffnn_known_clear(ffnn_known *known)
{
    Py_CLEAR(known->hidden);
    Py_CLEAR(known->output);
}

/* ---- write ---- */

static PyObject *name_of(const ffnn_state *state, ffnn_activation g)
{
    return PyUnicode_InternFromString(state->isa->kernels[FFNN_DOUBLE]->activations[g].name);
}

PyObject *ffnn_names_new(const ffnn_state *state, int layers, const ffnn_activation *activations)
{
    PyObject *names = PyTuple_New(layers);
    for (int i = 0; names != NULL && i < layers; i++) {
        PyObject *name = name_of(state, activations[i]);
        if (name == NULL)
            Py_CLEAR(names);
        else
            PyTuple_SET_ITEM(names, i, name);
    }
    return names;
}

/* One name where all hidden layers share it, else a tuple of one for each. */
static PyObject *hidden_names(const ffnn_state *state, int hidden,
                              const ffnn_activation *activations)
{
    for (int i = 1; i < hidden; i++)
        if (activations[i] != activations[0]) return ffnn_names_new(state, hidden, activations);
    return name_of(state, hidden > 0 ? activations[0] : FFNN_relu);
}

int ffnn_known_make(const ffnn_state *state, int layers, const ffnn_activation *activations,
                    ffnn_known *known)
{
    *known = (ffnn_known){NULL, NULL};
    bool is_plain = activations[layers - 1] == FFNN_sigmoid;
    for (int i = 0; i < layers - 1; i++) is_plain = is_plain && activations[i] == FFNN_relu;
    if (is_plain || state->net_parameters == NULL) return 0;
    known->hidden = hidden_names(state, layers - 1, activations);
    known->output = name_of(state, activations[layers - 1]);
    if (known->hidden != NULL && known->output != NULL) return 0;
    ffnn_known_clear(known);
    return -1;
}

/* A new, empty dict or list of that type. */
static PyObject *knowing_new(const ffnn_state *state, PyTypeObject *type, const ffnn_known *known)
{
    PyObject *nothing = PyTuple_New(0), *object = NULL;
    if (nothing != NULL) object = type->tp_new(type, nothing, NULL);
    Py_XDECREF(nothing);
    if (object == NULL) return NULL;
    if (PyObject_GenericSetAttr(object, state->names[FFNN_NAME_hidden_activation], known->hidden) <
            0 ||
        PyObject_GenericSetAttr(object, state->names[FFNN_NAME_output_activation], known->output) <
            0)
        Py_CLEAR(object);
    return object;
}

PyObject *ffnn_known_dict_new(const ffnn_state *state, const ffnn_known *known)
{
    return known->hidden == NULL ? PyDict_New() : knowing_new(state, state->net_parameters, known);
}

PyObject *ffnn_known_list_give(const ffnn_state *state, int layers,
                               const ffnn_activation *activations, PyObject *list)
{
    ffnn_known known;
    PyObject *caches = NULL;
    const int status = ffnn_known_make(state, layers, activations, &known);
    if (status == 0 && known.hidden == NULL) return list;
    if (status == 0) caches = knowing_new(state, state->net_caches, &known);
    if (caches != NULL && PyList_SetSlice(caches, 0, 0, list) < 0) Py_CLEAR(caches);
    ffnn_known_clear(&known);
    Py_DECREF(list);
    return caches;
}

/* ---- the types ---- */

static PyObject *register_net_types(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                                    PyObject *kw_names)
{
    static const char function[] = "register_net_types";
    static const ffnn_signature signature = {
        function, 2, {FFNN_NAME_parameters, FFNN_NAME_caches}, 0};
    ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[2];
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    PyTypeObject *const bases[2] = {&PyDict_Type, &PyList_Type};
    for (int i = 0; i < 2; i++)
        if (!PyType_Check(arg[i]) || !PyType_IsSubtype((PyTypeObject *)arg[i], bases[i])) {
            ffnn_error_raise(PyExc_TypeError,
                             (ffnn_place){function, i == 0 ? "parameters" : "caches", 0},
                             "must be a subclass of %s, not %R", bases[i]->tp_name, arg[i]);
            return NULL;
        }
    Py_XSETREF(state->net_parameters, (PyTypeObject *)Py_NewRef(arg[0]));
    Py_XSETREF(state->net_caches, (PyTypeObject *)Py_NewRef(arg[1]));
    Py_RETURN_NONE;
}

PyMethodDef ffnn_nets_methods[] = {
    {"register_net_types", FFNN_METHOD(register_net_types), METH_FASTCALL | METH_KEYWORDS,
     register_net_types_doc},
    {NULL, NULL, 0, NULL},
};
