/* shapes.c - checks of operands' shapes, and every error text about them.
 *
 * All checks come before any work. A message names the function, the argument and the shapes, and
 * where a transposed array would fit it says so: putting examples in rows is the commonest mistake.
 */
#include "shapes.h"

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
