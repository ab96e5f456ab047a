/* labels.c - Y against a net's output: its shape, classes as columns of 0 and 1, and how much each
 * example counts. */
#include "labels.h"
#include "results.h"
#include "shapes.h"

#include <math.h>

/* A categorical cost takes one integer for each example in place of a column of units. */
static bool has_class_shape(const ffnn_operand *Y, npy_intp cols)
{
    const int ndim = PyArray_NDIM(Y->array);
    return (ndim == 1 && PyArray_DIM(Y->array, 0) == cols) || ffnn_operand_is(Y, 1, cols) ||
           ffnn_operand_is(Y, cols, 1);
}

int ffnn_labels_check(const char *function, ffnn_labels *labels, ffnn_cost cost, npy_intp rows,
                      npy_intp cols, const char *what, const ffnn_operand *X)
{
    const ffnn_operand *Y = &labels->Y;
    if (ffnn_operand_is(Y, rows, cols)) return 0;
    labels->are_classes = rows > 1 && cost == FFNN_categorical_cross_entropy;
    if ((rows == 1 || labels->are_classes) && has_class_shape(Y, cols)) return 0;
    const ffnn_place place = {function, "Y", 0};
    const int ndim = PyArray_NDIM(Y->array);
    if (ndim != 2 && !(ndim == 1 && (rows == 1 || labels->are_classes || has_class_shape(Y, cols))))
        return ffnn_ndim_raise(Y, place);
    char shape[FFNN_SHAPE_TEXT], X_shape[FFNN_SHAPE_TEXT];
    const char *hint = "";
    if (ffnn_operand_is(Y, cols, rows))
        hint = ": examples are columns, pass Y.T";
    else if (rows > 1 && has_class_shape(Y, cols))
        hint = "; integer classes go with cost='categorical_cross_entropy'";
    return ffnn_error_raise(
        PyExc_ValueError, place, "has shape %s where %s has shape (%zd, %zd)%s%s%s",
        ffnn_shape_write(Y, shape), what, (Py_ssize_t)rows, (Py_ssize_t)cols, hint,
        X == NULL ? "" : "; X has shape ", X == NULL ? "" : ffnn_shape_write(X, X_shape));
}

static int spread(const char *function, const double *classes, ffnn_real real, ptrdiff_t rows,
                  ptrdiff_t cols, void *out)
{
    memset(out, 0, (size_t)(rows * cols) * (real == FFNN_DOUBLE ? sizeof(double) : sizeof(float)));
    for (ptrdiff_t j = 0; j < cols; j++) {
        const double y = classes[j];
        const ptrdiff_t i = y >= 0 && y < (double)rows ? (ptrdiff_t)y : -1;
        if (i < 0 || (double)i != y) {
            PyObject *number = PyFloat_FromDouble(y);
            if (number != NULL)
                ffnn_error_raise(PyExc_ValueError, (ffnn_place){function, "Y", 0},
                                 "holds %S at example %zd, which is none of the classes 0 to %zd",
                                 number, (Py_ssize_t)j, (Py_ssize_t)rows - 1);
            Py_XDECREF(number);
            return -1;
        }
        if (real == FFNN_DOUBLE)
            ((double *)out)[i * cols + j] = 1;
        else
            ((float *)out)[i * cols + j] = 1;
    }
    return 0;
}

int ffnn_labels_elements(const char *function, ffnn_labels *labels, ffnn_real real, ptrdiff_t rows,
                         ptrdiff_t cols, const void **elements)
{
    if (!labels->are_classes) return ffnn_operand_elements(&labels->Y, real, elements);
    const void *classes;
    if (ffnn_operand_elements(&labels->Y, FFNN_DOUBLE, &classes) < 0) return -1;
    labels->one_hot = ffnn_memory_new(real, rows, cols);
    if (labels->one_hot == NULL || spread(function, classes, real, rows, cols, labels->one_hot) < 0)
        return -1;
    *elements = labels->one_hot;
    return 0;
}

int ffnn_weights_take(const char *function, PyObject *object, const char *of,
                      const ffnn_operand *examples, ffnn_real real, ffnn_operand *weights,
                      const void **elements, double *total)
{
    const npy_intp m = ffnn_operand_cols(examples);
    const ffnn_place place = {function, "sample_weight", 0};
    const void *doubles;
    *elements = NULL;
    *total = (double)m;
    if (object == NULL || object == Py_None) return 0;
    if (ffnn_operand_take(weights, object, place) < 0) return -1;
    if (ffnn_array_count(weights->array) != m || PyArray_NDIM(weights->array) != 1) {
        char shape[FFNN_SHAPE_TEXT], of_examples[FFNN_SHAPE_TEXT];
        return ffnn_error_raise(PyExc_ValueError, place,
                                "has shape %s where %s has shape %s, expected (%zd,)",
                                ffnn_shape_write(weights, shape), of,
                                ffnn_shape_write(examples, of_examples), (Py_ssize_t)m);
    }
    if (ffnn_operand_elements(weights, FFNN_DOUBLE, &doubles) < 0) return -1;
    double sum = 0;
    for (npy_intp j = 0; j < m; j++) {
        const double w = ((const double *)doubles)[j];
        if (!(w >= 0 && w < HUGE_VAL))
            return ffnn_error_raise(PyExc_ValueError, place, "must be finite and at least 0");
        sum += w;
    }
    if (sum == 0) return ffnn_error_raise(PyExc_ValueError, place, "has no weight above 0");
    if (!(sum < HUGE_VAL))
        return ffnn_error_raise(PyExc_ValueError, place,
                                "has an infinite sum: make its weights smaller");
    *total = sum;
    return ffnn_operand_elements(weights, real, elements);
}
