/* sparse.c - the numbers of sparse examples, from the three arrays of compressed rows of examples,
 * which SciPy calls data, indices and indptr.
 *
 * The core finds its way in memory by features and starts, so they are copied and each is checked:
 * whatever becomes of the caller's arrays, no run reads beyond its own.
 */
#include "sparse.h"
#include "parse.h"
#include "../system/system.h"

static int take_integers(PyObject *object, ffnn_place place, PyObject **array)
{
    PyObject *given = PyArray_FROM_O(object);
    if (given == NULL) return -1;
    if (PyArray_NDIM((PyArrayObject *)given) != 1 || !PyArray_ISINTEGER((PyArrayObject *)given)) {
        Py_DECREF(given);
        return ffnn_error_raise(PyExc_TypeError, place, "must be an array (k,) of integers");
    }
    *array = PyArray_FROMANY(given, NPY_INT64, 1, 1, NPY_ARRAY_CARRAY_RO | NPY_ARRAY_FORCECAST);
    Py_DECREF(given);
    return *array == NULL ? -1 : 0;
}

static int starts_take(ffnn_sparse_operand *sparse, PyObject *object, ffnn_place place, ptrdiff_t m,
                       ptrdiff_t numbers)
{
    PyObject *array;
    if (take_integers(object, place, &array) < 0) return -1;
    const npy_int64 *given = PyArray_DATA((PyArrayObject *)array);
    int status = 0;
    if (PyArray_DIM((PyArrayObject *)array, 0) != m + 1)
        status = ffnn_error_raise(PyExc_ValueError, place, "has %zd starts where %zd examples need %zd",
                                  (Py_ssize_t)PyArray_DIM((PyArrayObject *)array, 0), (Py_ssize_t)m,
                                  (Py_ssize_t)m + 1);
    else if ((sparse->starts = ffnn_allocate((size_t)(m + 1) * sizeof(ptrdiff_t))) == NULL)
        status = ffnn_status_raise(FFNN_NO_MEMORY);
    for (ptrdiff_t i = 0; status == 0 && i <= m; i++) {
        const npy_int64 least = i == 0 ? 0 : given[i - 1], most = i == 0 ? 0 : numbers;
        if (given[i] < least || given[i] > most)
            status = ffnn_error_raise(
                PyExc_ValueError, place, "must rise from 0 to at most %zd: start %zd is %lld",
                (Py_ssize_t)numbers, (Py_ssize_t)i, (long long)given[i]);
        else
            sparse->starts[i] = (ptrdiff_t)given[i];
    }
    Py_DECREF(array);
    return status;
}

static int features_take(ffnn_sparse_operand *sparse, PyObject *object, ffnn_place place,
                         ptrdiff_t n_x, ptrdiff_t m)
{
    PyObject *array;
    if (take_integers(object, place, &array) < 0) return -1;
    const npy_int64 *given = PyArray_DATA((PyArrayObject *)array);
    const ptrdiff_t numbers = sparse->starts[m];
    int status = 0;
    if (PyArray_DIM((PyArrayObject *)array, 0) < numbers)
        status = ffnn_error_raise(PyExc_ValueError, place, "has %zd features, fewer than %zd values",
                                  (Py_ssize_t)PyArray_DIM((PyArrayObject *)array, 0),
                                  (Py_ssize_t)numbers);
    else if ((sparse->features = ffnn_allocate((size_t)numbers * sizeof(int32_t))) == NULL)
        status = ffnn_status_raise(FFNN_NO_MEMORY);
    for (ptrdiff_t i = 0; status == 0 && i < m; i++) {
        npy_int64 before = -1;
        for (ptrdiff_t p = sparse->starts[i]; status == 0 && p < sparse->starts[i + 1]; p++) {
            if (given[p] < 0 || given[p] >= n_x)
                status = ffnn_error_raise(PyExc_ValueError, place,
                                          "must lie from 0 to %zd: example %zd has %lld",
                                          (Py_ssize_t)n_x - 1, (Py_ssize_t)i, (long long)given[p]);
            else if (given[p] <= before)
                status = ffnn_error_raise(
                    PyExc_ValueError, place,
                    "must rise within each example: %lld follows %lld in example %zd; SciPy's "
                    "sum_duplicates() sorts them",
                    (long long)given[p], (long long)before, (Py_ssize_t)i);
            sparse->features[p] = (int32_t)(before = given[p]);
        }
    }
    Py_DECREF(array);
    return status;
}

int ffnn_sparse_take(ffnn_sparse_operand *sparse, const char *function, PyObject *object,
                     ffnn_real real, ffnn_examples *examples)
{
    const ffnn_place place = {function, "sparse", 0};
    const ptrdiff_t n_x = examples->X.rows, m = examples->X.cols;
    if (object == NULL || object == Py_None) return 0;
    if (n_x > INT32_MAX)
        return ffnn_error_raise(PyExc_ValueError, place, "has more than %d features", INT32_MAX);
    PyObject *items = ffnn_items_take(object, 3, place, "(values, features, starts)");
    if (items == NULL) return -1;
    int status = ffnn_operand_take(&sparse->values, PyTuple_GET_ITEM(items, 0), place);
    if (status == 0 && PyArray_NDIM(sparse->values.array) != 1)
        status = ffnn_error_raise(PyExc_ValueError, place, "must have values (k,)");
    if (status == 0)
        status = starts_take(sparse, PyTuple_GET_ITEM(items, 2), place, m,
                             PyArray_DIM(sparse->values.array, 0));
    if (status == 0) status = features_take(sparse, PyTuple_GET_ITEM(items, 1), place, n_x, m);
    if (status == 0)
        status = ffnn_operand_elements(&sparse->values, real, &sparse->numbers.values);
    Py_DECREF(items);
    sparse->numbers.features = sparse->features;
    sparse->numbers.starts = sparse->starts;
    examples->sparse = &sparse->numbers;
    return status;
}

void ffnn_sparse_clear(ffnn_sparse_operand *sparse)
{
    ffnn_operand_clear(&sparse->values);
    ffnn_free(sparse->features);
    ffnn_free(sparse->starts);
}
