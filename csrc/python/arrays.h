/* arrays.h - operands: from Python objects to views of elements.
 *
 * An operand saves two things: the very object that the caller gave, which is what a cache must
 * hold, and the array that is read.
 */
#ifndef FFNN_ARRAYS_H
#define FFNN_ARRAYS_H

#include "errors.h"

/* Kinds of elements. The union (|) of the kinds of all operands decides the type of a computation.
 */
enum {
    FFNN_KIND_FLOAT = 1,
    FFNN_KIND_DOUBLE = 2,
    FFNN_KIND_NARROW =
        4, /* bool and integers of 8 and 16 bits: NumPy promotes them with float32 to float32 */
    FFNN_KIND_WIDE = 8, /* other integers: float64, whatever they meet */
};

typedef struct {
    PyObject *object;     /* owned: what the caller gave */
    PyArrayObject *array; /* the same object, or an owned conversion */
    unsigned kind;        /* of `object`, 0 until resolved */
} ffnn_operand;

/* 0 for a type of element that ffnn refuses. */
static inline unsigned ffnn_kind_of(int type_num)
{
    switch (type_num) {
    case NPY_FLOAT:
        return FFNN_KIND_FLOAT;
    case NPY_DOUBLE:
        return FFNN_KIND_DOUBLE;
    case NPY_BOOL:
    case NPY_BYTE:
    case NPY_UBYTE:
    case NPY_SHORT:
    case NPY_USHORT:
        return FFNN_KIND_NARROW;
    case NPY_INT:
    case NPY_UINT:
    case NPY_LONG:
    case NPY_ULONG:
    case NPY_LONGLONG:
    case NPY_ULONGLONG:
        return FFNN_KIND_WIDE;
    default:
        return 0;
    }
}

/* The kinds of an operand that counts only where it is of a float type, as labels do. */
static inline unsigned ffnn_kind_if_float(unsigned kind)
{
    return kind & (FFNN_KIND_FLOAT | FFNN_KIND_DOUBLE);
}

static inline ffnn_real ffnn_real_of(unsigned kinds)
{
    if ((kinds & (FFNN_KIND_DOUBLE | FFNN_KIND_WIDE)) || !(kinds & FFNN_KIND_FLOAT))
        return FFNN_DOUBLE;
    return FFNN_FLOAT;
}

int ffnn_operand_resolve_any(ffnn_operand *o, ffnn_place place);

/* Finds the array of o->object and its kind. */
static inline int ffnn_operand_resolve(ffnn_operand *o, ffnn_place place)
{
    if (Py_IS_TYPE(o->object, &PyArray_Type)) {
        o->array = (PyArrayObject *)o->object;
        o->kind = ffnn_kind_of(PyArray_TYPE(o->array));
        if (o->kind != 0) return 0;
    }
    return ffnn_operand_resolve_any(o, place);
}

static inline int ffnn_operand_take(ffnn_operand *o, PyObject *object, ffnn_place place)
{
    o->object = Py_NewRef(object);
    return ffnn_operand_resolve(o, place);
}

static inline void ffnn_operand_clear(ffnn_operand *o)
{
    if ((PyObject *)o->array != o->object) Py_XDECREF(o->array);
    Py_XDECREF(o->object);
}

static inline int ffnn_operand_is(const ffnn_operand *o, npy_intp rows, npy_intp cols)
{
    return PyArray_NDIM(o->array) == 2 && PyArray_DIM(o->array, 0) == rows &&
           PyArray_DIM(o->array, 1) == cols;
}

static inline npy_intp ffnn_operand_rows(const ffnn_operand *o)
{
    return PyArray_DIM(o->array, 0);
}

static inline npy_intp ffnn_operand_cols(const ffnn_operand *o)
{
    return PyArray_DIM(o->array, 1);
}

/* PyArray_SIZE and PyArray_SAMESHAPE are calls through NumPy's table. */
static inline ptrdiff_t ffnn_array_count(PyArrayObject *array)
{
    ptrdiff_t count = 1;
    for (int i = 0; i < PyArray_NDIM(array); i++) count *= PyArray_DIM(array, i);
    return count;
}

static inline int ffnn_operand_same_shape(const ffnn_operand *a, const ffnn_operand *b)
{
    int same = PyArray_NDIM(a->array) == PyArray_NDIM(b->array);
    for (int i = 0; same && i < PyArray_NDIM(a->array); i++)
        same = PyArray_DIM(a->array, i) == PyArray_DIM(b->array, i);
    return same;
}

/* How the elements must stand: in any layout, each row side by side, or all side by side in C
 * order. */
typedef enum { FFNN_ANY_LAYOUT, FFNN_ROWS, FFNN_CONTIGUOUS } ffnn_layout;

/* The elements of a matrix as `real`; converts o->array where they are not so yet. */
int ffnn_operand_view(ffnn_operand *o, ffnn_real real, ffnn_layout layout, ffnn_view *view);
/* The same for any number of dimensions, contiguous. */
int ffnn_operand_elements(ffnn_operand *o, ffnn_real real, const void **elements);

static inline ffnn_view ffnn_view_of(const void *data, ptrdiff_t rows, ptrdiff_t cols)
{
    return (ffnn_view){data, rows, cols, cols, 1};
}

#endif
