/* sparse.c - the numbers of sparse examples, from the three arrays of compressed rows of examples,
 * which SciPy calls data, indices and indptr.
 *
 * The core finds its way in memory by features and starts, so they are copied and each is checked:
 * whatever becomes of the caller's arrays, no run reads beyond its own.
 */
#include "sparse.h"
#include "errors.h"
#include "parse.h"
#include "../system/system.h"

/* An array (k,) of integers, of 32 or of 64 bits. */
typedef struct {
    PyObject *array; /* owned */
    const npy_int32 *narrow;
    const npy_int64 *wide;
    ptrdiff_t count;
} integers;

static int integers_take(PyObject *object, ffnn_place place, integers *of)
{
    PyObject *given = PyArray_FROM_O(object);
    if (given == NULL) return -1;
    PyArrayObject *array = (PyArrayObject *)given;
    if (PyArray_NDIM(array) != 1 || !PyArray_ISINTEGER(array)) {
        Py_DECREF(given);
        return ffnn_error_raise(PyExc_TypeError, place, "must be an array (k,) of integers");
    }
    const int type = PyArray_ISSIGNED(array) && PyArray_ITEMSIZE(array) == sizeof(npy_int32)
                         ? NPY_INT32
                         : NPY_INT64;
    of->array = PyArray_FROMANY(given, type, 1, 1, NPY_ARRAY_CARRAY_RO | NPY_ARRAY_FORCECAST);
    Py_DECREF(given);
    if (of->array == NULL) return -1;
    const void *data = PyArray_DATA((PyArrayObject *)of->array);
    of->narrow = type == NPY_INT32 ? data : NULL;
    of->wide = type == NPY_INT64 ? data : NULL;
    of->count = PyArray_DIM((PyArrayObject *)of->array, 0);
    return 0;
}

static inline npy_int64 item(const integers *of, ptrdiff_t i)
{
    return of->narrow != NULL ? of->narrow[i] : of->wide[i];
}

/* 0 = starts[0] <= starts[1] <= ... <= numbers. */
static int starts_check(ffnn_place place, const integers *given, ptrdiff_t numbers,
                        ptrdiff_t *starts)
{
    for (ptrdiff_t i = 0; i < given->count; i++) {
        const npy_int64 start = item(given, i), before = i == 0 ? 0 : starts[i - 1];
        if (start < before || start > (i == 0 ? 0 : numbers))
            return ffnn_error_raise(PyExc_ValueError, place,
                                    "must rise from 0 to at most %zd values: starts[%zd] is %lld",
                                    (Py_ssize_t)numbers, (Py_ssize_t)i, (long long)start);
        starts[i] = (ptrdiff_t)start;
    }
    return 0;
}

static int starts_take(ffnn_sparse_operand *sparse, ffnn_place place, PyObject *object,
                       ptrdiff_t n_x, ptrdiff_t m, ptrdiff_t numbers)
{
    integers given;
    if (integers_take(object, place, &given) < 0) return -1;
    int status = -1;
    if (given.count != m + 1)
        ffnn_error_raise(
            PyExc_ValueError, place, "has shape (%zd,), expected (%zd,) for X (%zd, %zd)",
            (Py_ssize_t)given.count, (Py_ssize_t)m + 1, (Py_ssize_t)n_x, (Py_ssize_t)m);
    else if ((sparse->starts = ffnn_allocate((size_t)given.count * sizeof(ptrdiff_t))) == NULL)
        ffnn_status_raise(FFNN_NO_MEMORY);
    else
        status = starts_check(place, &given, numbers, sparse->starts);
    Py_DECREF(given.array);
    return status;
}

/* Those of one example rise from 0 to n_x - 1. */
static int features_check(ffnn_place place, const integers *given, ptrdiff_t n_x, ptrdiff_t example,
                          ptrdiff_t first, ptrdiff_t end, int32_t *features)
{
    npy_int64 before = -1;
    for (ptrdiff_t p = first; p < end; p++) {
        const npy_int64 feature = item(given, p);
        if (feature < 0 || feature >= n_x)
            return ffnn_error_raise(PyExc_ValueError, place,
                                    "must lie from 0 to %zd: example %zd has %lld",
                                    (Py_ssize_t)n_x - 1, (Py_ssize_t)example, (long long)feature);
        if (feature <= before)
            return ffnn_error_raise(PyExc_ValueError, place,
                                    "must rise within an example: in example %zd %lld follows "
                                    "%lld; SciPy's sum_duplicates() puts them in order",
                                    (Py_ssize_t)example, (long long)feature, (long long)before);
        features[p] = (int32_t)(before = feature);
    }
    return 0;
}

static int features_take(ffnn_sparse_operand *sparse, ffnn_place place, PyObject *object,
                         ptrdiff_t n_x, ptrdiff_t m)
{
    const ptrdiff_t numbers = sparse->starts[m];
    integers given;
    if (integers_take(object, place, &given) < 0) return -1;
    int status = 0;
    if (given.count < numbers)
        status = ffnn_error_raise(PyExc_ValueError, place, "has shape (%zd,), expected (%zd,)",
                                  (Py_ssize_t)given.count, (Py_ssize_t)numbers);
    else if ((sparse->features = ffnn_allocate((size_t)numbers * sizeof(int32_t))) == NULL)
        status = ffnn_status_raise(FFNN_NO_MEMORY);
    for (ptrdiff_t i = 0; status == 0 && i < m; i++)
        status = features_check(place, &given, n_x, i, sparse->starts[i], sparse->starts[i + 1],
                                sparse->features);
    Py_DECREF(given.array);
    return status;
}

int ffnn_sparse_take(ffnn_sparse_operand *sparse, const char *function, PyObject *object,
                     ffnn_real real, ptrdiff_t n_x, ptrdiff_t m, const ffnn_sparse **numbers)
{
    if (object == NULL || object == Py_None) return 0;
    const ffnn_place place = {function, "sparse", 0}, values = {function, "sparse[0]", 0},
                     features = {function, "sparse[1]", 0}, starts = {function, "sparse[2]", 0};
    if (n_x > INT32_MAX)
        return ffnn_error_raise(PyExc_ValueError, place, "X has %zd features, %d at most",
                                (Py_ssize_t)n_x, INT32_MAX);
    PyObject *items = ffnn_items_take(object, 3, place, "(values, features, starts)");
    if (items == NULL) return -1;
    int status = ffnn_operand_take(&sparse->values, PyTuple_GET_ITEM(items, 0), values);
    if (status == 0 && PyArray_NDIM(sparse->values.array) != 1)
        status = ffnn_error_raise(PyExc_ValueError, values, "has %d dimensions, expected 1",
                                  PyArray_NDIM(sparse->values.array));
    if (status == 0)
        status = starts_take(sparse, starts, PyTuple_GET_ITEM(items, 2), n_x, m,
                             PyArray_DIM(sparse->values.array, 0));
    if (status == 0) status = features_take(sparse, features, PyTuple_GET_ITEM(items, 1), n_x, m);
    if (status == 0) status = ffnn_operand_elements(&sparse->values, real, &sparse->numbers.values);
    Py_DECREF(items);
    sparse->numbers.features = sparse->features;
    sparse->numbers.starts = sparse->starts;
    *numbers = &sparse->numbers;
    return status;
}

void ffnn_sparse_clear(ffnn_sparse_operand *sparse)
{
    ffnn_operand_clear(&sparse->values);
    ffnn_free(sparse->features);
    ffnn_free(sparse->starts);
}
