/* results.c - new arrays for what the functions return.
 *
 * NumPy's own memory begins 16 bytes into a cache line, so every 64-byte vector of a large array
 * would lie in two lines: 8 % of a product's time. A large result takes its elements from memory.c
 * instead, through a memory handler of NumPy's, and is otherwise an array like any other: it owns
 * them, frees them and may resize them.
 */
#include "results.h"
#include "errors.h"
#include "../system/system.h"

const int ffnn_real_type[FFNN_REALS] = {NPY_FLOAT, NPY_DOUBLE};
const ptrdiff_t ffnn_real_bytes[FFNN_REALS] = {sizeof(float), sizeof(double)};

/* ---- the memory of large results ---- */

static void *take(void *context, size_t bytes)
{
    (void)context;
    return ffnn_allocate(bytes);
}

static void *take_zeros(void *context, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes)) return NULL;
    void *memory = take(context, bytes);
    return memory == NULL ? NULL : memset(memory, 0, bytes);
}

static void *resize(void *context, void *memory, size_t bytes)
{
    (void)context;
    return ffnn_reallocate(memory, bytes);
}

static void give_back(void *context, void *memory, size_t bytes)
{
    (void)context, (void)bytes;
    ffnn_free(memory);
}

static const PyDataMem_Handler handler = {
    .name = "ffnn",
    .version = 1,
    .allocator = {.malloc = take, .calloc = take_zeros, .realloc = resize, .free = give_back},
};

/* ---- arrays ---- */

static inline PyObject *new_array(ffnn_real real, int ndim, const npy_intp *dims)
{
    PyArray_Descr *descr = PyArray_DescrFromType(ffnn_real_type[real]);
    if (descr == NULL) return NULL;
    PyObject *array = PyArray_NewFromDescr(&PyArray_Type, descr, ndim, dims, NULL, NULL, 0, NULL);
    if (array == NULL) ffnn_error_explain_size();
    return array;
}

/* NumPy allocates from the thread's current memory handler: ours is set for this one array, then
 * the caller's is restored. Where restoring fails for want of memory, ours stays, which serves any
 * array as well. */
static PyObject *new_large_array(ffnn_real real, int ndim, const npy_intp *dims)
{
    PyObject *ours = PyCapsule_New((void *)&handler, "mem_handler", NULL);
    if (ours == NULL) return NULL;
    PyObject *theirs = PyDataMem_SetHandler(ours);
    Py_DECREF(ours);
    if (theirs == NULL) return NULL;
    PyObject *array = new_array(real, ndim, dims);
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    PyObject *last = PyDataMem_SetHandler(theirs);
    Py_DECREF(theirs);
    if (last == NULL) {
        Py_XDECREF(type), Py_XDECREF(value), Py_XDECREF(traceback);
        Py_XDECREF(array);
        return NULL;
    }
    Py_DECREF(last);
    PyErr_Restore(type, value, traceback);
    return array;
}

/* From LARGE_BYTES on, two changes of the handler do not show in a call's time. */
static inline PyObject *make_array(ffnn_real real, int ndim, const npy_intp *dims, double elements,
                                   void **data)
{
    enum { LARGE_BYTES = 32 * 1024 };
    PyObject *array = elements * (double)ffnn_real_bytes[real] < LARGE_BYTES
                          ? new_array(real, ndim, dims)
                          : new_large_array(real, ndim, dims);
    if (array == NULL) return NULL;
    *data = PyArray_DATA((PyArrayObject *)array);
    return array;
}

PyObject *ffnn_array_new(ffnn_real real, int ndim, const npy_intp *dims, void **data)
{
    double elements = 1;
    for (int i = 0; i < ndim; i++) elements *= (double)dims[i];
    return make_array(real, ndim, dims, elements, data);
}

PyObject *ffnn_matrix_new(ffnn_real real, npy_intp rows, npy_intp cols, void **data)
{
    const npy_intp dims[2] = {rows, cols};
    return make_array(real, 2, dims, (double)rows * (double)cols, data);
}

PyObject *ffnn_scalar_new(ffnn_real real, double value)
{
    void *data;
    PyObject *array = ffnn_array_new(real, 0, NULL, &data);
    if (array == NULL) return NULL;
    if (real == FFNN_DOUBLE)
        *(double *)data = value;
    else
        *(float *)data = (float)value;
    return array;
}

void *ffnn_memory_new(ffnn_real real, ptrdiff_t rows, ptrdiff_t cols)
{
    ptrdiff_t elements, bytes;
    void *memory = NULL;
    if (!__builtin_mul_overflow(rows, cols, &elements) &&
        !__builtin_mul_overflow(elements, ffnn_real_bytes[real], &bytes))
        memory = ffnn_allocate((size_t)bytes);
    if (memory == NULL) PyErr_NoMemory();
    return memory;
}
