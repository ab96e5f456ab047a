/* shapes.c - checks of operands' shapes, and every error text about them.
 *
 * All checks come before any work. A message names the function, the argument and the shapes, of
 * both operands where two disagree, and where a transposed array would fit it says so: putting
 * examples in rows is the commonest mistake.
 */
#include "shapes.h"

#include <stdarg.h>

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

int ffnn_operands_raise(const ffnn_operand *a, ffnn_place a_place, const ffnn_operand *b,
                        ffnn_place b_place, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    PyObject *text = PyUnicode_FromFormatV(format, arguments);
    va_end(arguments);
    PyObject *b_label = PyUnicode_FromFormat(b_place.label, b_place.index);
    char a_shape[FFNN_SHAPE_TEXT], b_shape[FFNN_SHAPE_TEXT];
    if (text != NULL && b_label != NULL)
        ffnn_error_raise(PyExc_ValueError, a_place, "%s and %U %s %U", ffnn_shape_write(a, a_shape),
                         b_label, ffnn_shape_write(b, b_shape), text);
    Py_XDECREF(text);
    Py_XDECREF(b_label);
    return -1;
}

int ffnn_same_shape_raise(const ffnn_operand *a, ffnn_place a_place, const ffnn_operand *b,
                          ffnn_place b_place)
{
    PyObject *b_label = PyUnicode_FromFormat(b_place.label, b_place.index);
    if (b_label == NULL) return -1;
    char a_shape[FFNN_SHAPE_TEXT], b_shape[FFNN_SHAPE_TEXT];
    ffnn_error_raise(PyExc_ValueError, a_place, "has shape %s where %U has shape %s",
                     ffnn_shape_write(a, a_shape), b_label, ffnn_shape_write(b, b_shape));
    Py_DECREF(b_label);
    return -1;
}

int ffnn_bias_raise(const ffnn_operand *b, ffnn_place b_place, const ffnn_operand *W,
                    ffnn_place W_place)
{
    const npy_intp rows = ffnn_operand_rows(W);
    char b_shape[FFNN_SHAPE_TEXT], W_shape[FFNN_SHAPE_TEXT];
    ffnn_shape_write(b, b_shape);
    if (PyArray_NDIM(b->array) == 1 && PyArray_DIM(b->array, 0) == rows)
        return ffnn_error_raise(PyExc_ValueError, b_place,
                                "has shape %s, expected (%zd, 1): pass it .reshape(-1, 1)", b_shape,
                                (Py_ssize_t)rows);
    PyObject *W_label = PyUnicode_FromFormat(W_place.label, W_place.index);
    if (W_label == NULL) return -1;
    ffnn_error_raise(PyExc_ValueError, b_place, "has shape %s, expected (%zd, 1) for %U %s",
                     b_shape, (Py_ssize_t)rows, W_label, ffnn_shape_write(W, W_shape));
    Py_DECREF(W_label);
    return -1;
}

int ffnn_inputs_raise(const char *function, const ffnn_operand *X, npy_intp wanted, const char *who,
                      const ffnn_operand *W1)
{
    const ffnn_place place = {function, "X", 0};
    char X_shape[FFNN_SHAPE_TEXT], W1_shape[FFNN_SHAPE_TEXT];
    const bool is_transposed = ffnn_operand_cols(X) == wanted;
    return ffnn_error_raise(PyExc_ValueError, place, "has shape %s where %s wants %zd rows%s%s%s",
                            ffnn_shape_write(X, X_shape), who, (Py_ssize_t)wanted,
                            is_transposed ? ": examples are columns, pass X.T" : "",
                            W1 == NULL ? "" : "; W1 has shape ",
                            W1 == NULL ? "" : ffnn_shape_write(W1, W1_shape));
}

int ffnn_examples_check(const char *function, npy_intp m)
{
    if (m > 0) return 0;
    PyErr_Format(PyExc_ValueError, "%s: no examples: the mean over 0 columns is not defined",
                 function);
    return -1;
}
