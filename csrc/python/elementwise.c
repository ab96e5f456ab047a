/* elementwise.c - sigmoid and relu of arrays of any shape, and their derivatives.
 *
 * The kernels run over contiguous elements; an array in another layout is copied to C order first.
 */
#include "arrays.h"
#include "elementwise_docs.h"
#include "errors.h"
#include "lock.h"
#include "methods.h"
#include "parse.h"
#include "results.h"
#include "shapes.h"
#include "state.h"

#include <string.h>

/* ---- A = g(Z), dZ = dA * g'(Z) ---- */

static PyObject *activate(PyObject *module, const ffnn_signature *signature, ffnn_activation g,
                          PyObject *const *args, Py_ssize_t n_args, PyObject *kw_names)
{
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[1];
    if (ffnn_arguments_parse(state, signature, args, n_args, kw_names, arg) < 0) return NULL;
    PyObject *A = NULL;
    ffnn_operand Z = {0};
    if (ffnn_operand_take(&Z, arg[0], (ffnn_place){signature->function, "Z", 0}) < 0) goto done;
    const ffnn_real real = ffnn_real_of(Z.kind);
    const void *z;
    void *a;
    if (ffnn_operand_elements(&Z, real, &z) < 0) goto done;
    A = ffnn_array_new(real, PyArray_NDIM(Z.array), PyArray_DIMS(Z.array), &a);
    if (A == NULL) goto done;
    const ptrdiff_t n = ffnn_array_count(Z.array);
    PyThreadState *thread = ffnn_lock_release(FFNN_ELEMENT_WORK * (double)n);
    state->isa->kernels[real]->activations[g].value(1, n, z, n, a, n);
    ffnn_lock_take(thread);
done:
    ffnn_operand_clear(&Z);
    if (A == NULL) return NULL;
    PyObject *result = PyTuple_Pack(2, A, arg[0]);
    Py_DECREF(A);
    return result;
}

static PyObject *sigmoid(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                         PyObject *kw_names)
{
    static const ffnn_signature signature = {"sigmoid", 1, {FFNN_NAME_Z}, 0};
    return activate(module, &signature, FFNN_sigmoid, args, n_args, kw_names);
}

static PyObject *relu(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                      PyObject *kw_names)
{
    static const ffnn_signature signature = {"relu", 1, {FFNN_NAME_Z}, 0};
    return activate(module, &signature, FFNN_relu, args, n_args, kw_names);
}

/* Rounds a new array of doubles to floats. */
static PyObject *narrow(PyObject *array)
{
    PyArray_Descr *descr = PyArray_DescrFromType(NPY_FLOAT); /* of a builtin type: never NULL */
    PyObject *floats =
        PyArray_FromArray((PyArrayObject *)array, descr, NPY_ARRAY_CARRAY | NPY_ARRAY_FORCECAST);
    Py_DECREF(array);
    return floats;
}

static PyObject *derive(PyObject *module, const ffnn_signature *signature, ffnn_activation g,
                        PyObject *const *args, Py_ssize_t n_args, PyObject *kw_names)
{
    const ffnn_state *state = ffnn_state_of(module);
    const char *function = signature->function;
    PyObject *arg[2];
    if (ffnn_arguments_parse(state, signature, args, n_args, kw_names, arg) < 0) return NULL;
    PyObject *dZ = NULL;
    ffnn_operand dA = {0}, Z = {0};
    const ffnn_place dA_place = {function, "dA", 0};
    if (ffnn_operand_take(&dA, arg[0], dA_place) < 0 ||
        ffnn_operand_take(&Z, arg[1], (ffnn_place){function, "cache", 0}) < 0 ||
        ffnn_same_shape_check(&dA, dA_place, &Z, (ffnn_place){function, "cache (Z)", 0}) < 0)
        goto done;
    const ffnn_real real = ffnn_real_of(dA.kind | Z.kind);
    const void *da, *z;
    void *dz;
    if (ffnn_operand_elements(&dA, real, &da) < 0 || ffnn_operand_elements(&Z, real, &z) < 0)
        goto done;
    dZ = ffnn_array_new(real, PyArray_NDIM(Z.array), PyArray_DIMS(Z.array), &dz);
    if (dZ == NULL) goto done;
    const ptrdiff_t n = ffnn_array_count(Z.array);
    PyThreadState *thread = ffnn_lock_release(FFNN_ELEMENT_WORK * (double)n);
    state->isa->kernels[real]->activations[g].derivative(1, n, da, n, z, n, dz, n);
    ffnn_lock_take(thread);
    /* relu'(Z) is 0 or 1, so dZ has no more digits than dA: the type of dA holds it exactly, and
     * the type of Z does not count. */
    if (g == FFNN_relu && real == FFNN_DOUBLE && dA.kind == FFNN_KIND_FLOAT) dZ = narrow(dZ);
done:
    ffnn_operand_clear(&dA);
    ffnn_operand_clear(&Z);
    return dZ;
}

static PyObject *sigmoid_backward(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                                  PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "sigmoid_backward", 2, {FFNN_NAME_dA, FFNN_NAME_cache}, 0};
    return derive(module, &signature, FFNN_sigmoid, args, n_args, kw_names);
}

static PyObject *relu_backward(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                               PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "relu_backward", 2, {FFNN_NAME_dA, FFNN_NAME_cache}, 0};
    return derive(module, &signature, FFNN_relu, args, n_args, kw_names);
}

/* ---- exp and log, for accuracy tests ---- */

static PyObject *map(PyObject *module, PyObject *const *args, Py_ssize_t n_args, PyObject *kw_names)
{
    static const ffnn_signature signature = {"map", 2, {FFNN_NAME_name, FFNN_NAME_x}, 0};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[2], *result = NULL;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    const char *name = PyUnicode_Check(arg[0]) ? PyUnicode_AsUTF8(arg[0]) : "";
    if (name == NULL) return NULL;
    const int is_exp = strcmp(name, "exp") == 0;
    if (!is_exp && strcmp(name, "log") != 0) {
        PyErr_Format(PyExc_ValueError, "map: name must be 'exp' or 'log', not %R", arg[0]);
        return NULL;
    }
    ffnn_operand x = {0};
    const void *elements;
    void *y;
    if (ffnn_operand_take(&x, arg[1], (ffnn_place){"map", "x", 0}) < 0) goto done;
    const ffnn_real real = ffnn_real_of(x.kind);
    if (ffnn_operand_elements(&x, real, &elements) < 0) goto done;
    result = ffnn_array_new(real, PyArray_NDIM(x.array), PyArray_DIMS(x.array), &y);
    if (result == NULL) goto done;
    const ffnn_kernels *kernels = state->isa->kernels[real];
    const ptrdiff_t n = ffnn_array_count(x.array);
    PyThreadState *thread = ffnn_lock_release(FFNN_ELEMENT_WORK * (double)n);
    (is_exp ? kernels->exp : kernels->log)(n, elements, y);
    ffnn_lock_take(thread);
done:
    ffnn_operand_clear(&x);
    return result;
}

PyMethodDef ffnn_elementwise_methods[] = {
    {"sigmoid", FFNN_METHOD(sigmoid), METH_FASTCALL | METH_KEYWORDS, sigmoid_doc},
    {"relu", FFNN_METHOD(relu), METH_FASTCALL | METH_KEYWORDS, relu_doc},
    {"sigmoid_backward", FFNN_METHOD(sigmoid_backward), METH_FASTCALL | METH_KEYWORDS,
     sigmoid_backward_doc},
    {"relu_backward", FFNN_METHOD(relu_backward), METH_FASTCALL | METH_KEYWORDS, relu_backward_doc},
    {"map", FFNN_METHOD(map), METH_FASTCALL | METH_KEYWORDS, map_doc},
    {NULL, NULL, 0, NULL},
};
