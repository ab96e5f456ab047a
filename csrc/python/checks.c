/* checks.c - shapes, and every error text about them.
 *
 * All checks come before any work. A message names the function, the argument and the shapes, and
 * where a transposed array would fit it says so: putting examples in rows is the commonest mistake.
 */
#include "binding.h"

#include <stdarg.h>

int ffnn_error_raise(PyObject *type, ffnn_place place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    PyObject *text = PyUnicode_FromFormatV(format, arguments);
    va_end(arguments);
    PyObject *label = PyUnicode_FromFormat(place.label, place.index);
    if (text != NULL && label != NULL) PyErr_Format(type, "%s: %U %U", place.function, label, text);
    Py_XDECREF(text);
    Py_XDECREF(label);
    return -1;
}

int ffnn_status_raise(ffnn_status status)
{
    if (status == FFNN_OK) return 0;
    if (status == FFNN_NO_MEMORY) PyErr_NoMemory();
    return -1; /* who interrupted the work has set the exception */
}

int ffnn_flags_warn(const char *name, int flags)
{
    if (flags == 0) return 0;
    int numpy_flags = 0;
    if (flags & FFNN_DIVIDE_BY_ZERO) numpy_flags |= NPY_FPE_DIVIDEBYZERO;
    if (flags & FFNN_INVALID) numpy_flags |= NPY_FPE_INVALID;
    return PyUFunc_GiveFloatingpointErrors(name, numpy_flags);
}

const char *ffnn_shape_write(const ffnn_operand *o, char text[FFNN_SHAPE_TEXT])
{
    int ndim = PyArray_NDIM(o->array);
    size_t used = (size_t)snprintf(text, FFNN_SHAPE_TEXT, "(");
    for (int i = 0; i < ndim; i++)
        used += (size_t)snprintf(text + used, FFNN_SHAPE_TEXT - used, "%s%zd", i == 0 ? "" : ", ",
                                 (Py_ssize_t)PyArray_DIM(o->array, i));
    snprintf(text + used, FFNN_SHAPE_TEXT - used, ndim == 1 ? ",)" : ")");
    return text;
}

int ffnn_ndim_raise(const ffnn_operand *o, ffnn_place place)
{
    char shape[FFNN_SHAPE_TEXT];
    const int ndim = PyArray_NDIM(o->array);
    const char *hint = "";
    if (ndim == 1) hint = "; one column is .reshape(-1, 1), one row .reshape(1, -1)";
    if (ndim > 2) hint = "; flatten each example to a column";
    return ffnn_error_raise(PyExc_ValueError, place, "has ndim %d and shape %s, expected ndim 2%s",
                            ndim, ffnn_shape_write(o, shape), hint);
}

int ffnn_shape_check(const ffnn_operand *o, ffnn_place place, npy_intp rows, npy_intp cols)
{
    if (ffnn_operand_is(o, rows, cols)) return 0;
    if (PyArray_NDIM(o->array) != 2) return ffnn_ndim_raise(o, place);
    char shape[FFNN_SHAPE_TEXT];
    return ffnn_error_raise(PyExc_ValueError, place, "has shape %s, expected (%zd, %zd)",
                            ffnn_shape_write(o, shape), (Py_ssize_t)rows, (Py_ssize_t)cols);
}

int ffnn_bias_check(const ffnn_operand *b, ffnn_place place, npy_intp rows)
{
    if (ffnn_operand_is(b, rows, 1)) return 0;
    char shape[FFNN_SHAPE_TEXT];
    const int is_flat = PyArray_NDIM(b->array) == 1 && PyArray_DIM(b->array, 0) == rows;
    return ffnn_error_raise(PyExc_ValueError, place, "has shape %s, expected (%zd, 1)%s",
                            ffnn_shape_write(b, shape), (Py_ssize_t)rows,
                            is_flat ? ": pass it .reshape(-1, 1)" : "");
}

int ffnn_inputs_check(const char *function, const ffnn_operand *X, npy_intp wanted, const char *who)
{
    const ffnn_place place = {function, "X", 0};
    if (ffnn_operand_is_matrix(X, place) < 0) return -1;
    if (ffnn_operand_rows(X) == wanted) return 0;
    char shape[FFNN_SHAPE_TEXT];
    return ffnn_error_raise(PyExc_ValueError, place, "has shape %s where %s wants %zd rows%s",
                            ffnn_shape_write(X, shape), who, (Py_ssize_t)wanted,
                            ffnn_operand_cols(X) == wanted ? ": examples are columns, pass X.T"
                                                           : "");
}

int ffnn_examples_check(const char *function, npy_intp m)
{
    if (m > 0) return 0;
    PyErr_Format(PyExc_ValueError, "%s: no examples: the mean over 0 columns is not defined",
                 function);
    return -1;
}

PyObject *ffnn_items_take(PyObject *object, Py_ssize_t count, ffnn_place place, const char *items)
{
    PyObject *tuple;
    if (PyTuple_Check(object)) {
        tuple = Py_NewRef(object);
    } else if (PyList_Check(object)) {
        tuple = PyList_AsTuple(object);
        if (tuple == NULL) return NULL;
    } else {
        ffnn_error_raise(PyExc_TypeError, place, "must be a tuple %s, not %s", items,
                         Py_TYPE(object)->tp_name);
        return NULL;
    }
    if (PyTuple_GET_SIZE(tuple) != count) {
        ffnn_error_raise(PyExc_ValueError, place, "has length %zd, expected %zd: %s",
                         PyTuple_GET_SIZE(tuple), count, items);
        Py_DECREF(tuple);
        return NULL;
    }
    return tuple;
}
