/* arrays.c - from Python objects to views of elements.
 *
 * An aligned array of native floats or doubles is read where it stands, whatever its strides;
 * anything else is converted once, by NumPy, or by ffnn/_frames.py where it is a frame. Masked
 * arrays and matrices are refused: a mask or another product rule would be lost without a word.
 * Other subclasses are the arrays they are.
 */
#include "arrays.h"
#include "results.h"

/* ---- operands ---- */

/* 1 if `array` is an instance of module.name, 0 if not or if nobody has imported the module. */
static int is_instance_of(PyArrayObject *array, const char *module_name, const char *name)
{
    PyObject *key = PyUnicode_FromString(module_name);
    if (key == NULL) return -1;
    PyObject *module = PyImport_GetModule(key);
    Py_DECREF(key);
    if (module == NULL) return PyErr_Occurred() ? -1 : 0;
    PyObject *type = PyObject_GetAttrString(module, name);
    Py_DECREF(module);
    if (type == NULL) return -1;
    int answer = PyObject_IsInstance((PyObject *)array, type);
    Py_DECREF(type);
    return answer;
}

static int refuse_subclass(PyArrayObject *array, ffnn_place place)
{
    int masked = is_instance_of(array, "numpy.ma", "MaskedArray");
    if (masked < 0) return -1;
    if (masked)
        return ffnn_error_raise(
            PyExc_TypeError, place,
            "is a masked array, whose mask would be lost; pass .filled(value) or "
            "leave the masked examples out");
    int matrix = is_instance_of(array, "numpy.matrixlib.defmatrix", "matrix");
    if (matrix < 0) return -1;
    if (matrix)
        return ffnn_error_raise(
            PyExc_TypeError, place,
            "is a numpy.matrix, whose * is another product; pass np.asarray of it");
    return 0;
}

/* Calls a function of ffnn/_frames.py, which knows pandas' frames and the ways out of a refusal. */
static PyObject *ask_frames(const char *function, PyObject *object, PyObject *array)
{
    PyObject *module = PyImport_ImportModule("ffnn._frames");
    if (module == NULL) return NULL;
    PyObject *answer =
        PyObject_CallMethod(module, function, array == NULL ? "(O)" : "(OO)", object, array);
    Py_DECREF(module);
    return answer;
}

static int refuse_dtype(const ffnn_operand *o, ffnn_place place)
{
    PyObject *text = ask_frames("refusal", o->object, (PyObject *)o->array);
    if (text != NULL) ffnn_error_raise(PyExc_TypeError, place, "%S", text);
    Py_XDECREF(text);
    return -1;
}

/* Sets *array to a new reference to the array of a frame, or to NULL where the object is no frame;
 * lists and numbers skip the call of Python. */
static int array_of_frame(PyObject *object, ffnn_place place, PyArrayObject **array)
{
    *array = NULL;
    if (PyList_CheckExact(object) || PyTuple_CheckExact(object) || PyFloat_CheckExact(object) ||
        PyLong_CheckExact(object))
        return 0;
    PyObject *answer = ask_frames("numbers_of", object, NULL);
    if (answer == NULL) return -1;
    if (PyArray_Check(answer)) {
        *array = (PyArrayObject *)answer;
        return 0;
    }
    const bool is_none = answer == Py_None;
    if (!is_none) ffnn_error_raise(PyExc_TypeError, place, "%S", answer);
    Py_DECREF(answer);
    return is_none ? 0 : -1;
}

/* Puts the function's and the argument's name before NumPy's words about, say, rows of different
 * length. */
static int explain_value_error(ffnn_place place)
{
    if (!PyErr_ExceptionMatches(PyExc_ValueError)) return -1;
    PyObject *type, *value, *traceback;
    PyErr_Fetch(&type, &value, &traceback);
    ffnn_error_raise(PyExc_ValueError, place, "makes no array: %S",
                     value == NULL ? Py_None : value);
    Py_XDECREF(type);
    Py_XDECREF(value);
    Py_XDECREF(traceback);
    return -1;
}

/* A tuple (A, cache) in the place of A: NumPy would stack A and Z, which have one shape. */
static int refuse_tuple_of_arrays(PyObject *object, ffnn_place place)
{
    if (!PyTuple_Check(object)) return 0;
    for (Py_ssize_t i = 0; i < PyTuple_GET_SIZE(object); i++)
        if (PyArray_Check(PyTuple_GET_ITEM(object, i)))
            return ffnn_error_raise(PyExc_TypeError, place,
                                    "is a tuple of arrays; sigmoid, relu and the forward functions "
                                    "return (A, cache)");
    return 0;
}

int ffnn_operand_resolve_any(ffnn_operand *o, ffnn_place place)
{
    if (PyArray_Check(o->object)) {
        o->array = (PyArrayObject *)o->object;
    } else {
        if (refuse_tuple_of_arrays(o->object, place) < 0) return -1;
        if (array_of_frame(o->object, place, &o->array) < 0) return -1;
        if (o->array == NULL)
            o->array = (PyArrayObject *)PyArray_FromAny(o->object, NULL, 0, 0, 0, NULL);
        if (o->array == NULL) return explain_value_error(place);
    }
    if (!PyArray_CheckExact(o->array) && refuse_subclass(o->array, place) < 0) return -1;
    o->kind = ffnn_kind_of(PyArray_TYPE(o->array));
    return o->kind == 0 ? refuse_dtype(o, place) : 0;
}

/* ---- views ---- */

/* Up to this number of elements NumPy's set-up of a cast, 0.25 us, costs more than the cast. */
enum { FEW_INTEGERS = 256 };

static inline int64_t integer_at(const void *data, int type_num, ptrdiff_t i)
{
    switch (type_num) {
    case NPY_BOOL:
    case NPY_UBYTE:
        return ((const npy_ubyte *)data)[i];
    case NPY_INT:
        return ((const npy_int *)data)[i];
    default:
        return ((const npy_int64 *)data)[i];
    }
}

/* Converts a few contiguous integers of the common types; 1 done, 0 not such an array, -1 error. */
static int convert_few(ffnn_operand *o, ffnn_real real)
{
    const int type_num = PyArray_TYPE(o->array);
    const ptrdiff_t n = ffnn_array_count(o->array);
    if (type_num != NPY_BOOL && type_num != NPY_UBYTE && type_num != NPY_INT &&
        type_num != NPY_INT64)
        return 0;
    if (n > FEW_INTEGERS || !PyArray_ISBEHAVED_RO(o->array) || !PyArray_IS_C_CONTIGUOUS(o->array))
        return 0;
    void *data;
    PyObject *array = ffnn_array_new(real, PyArray_NDIM(o->array), PyArray_DIMS(o->array), &data);
    if (array == NULL) return -1;
    const void *integers = PyArray_DATA(o->array);
    for (ptrdiff_t i = 0; i < n; i++) {
        const int64_t integer = integer_at(integers, type_num, i);
        if (real == FFNN_DOUBLE)
            ((double *)data)[i] = (double)integer;
        else
            ((float *)data)[i] = (float)integer;
    }
    if ((PyObject *)o->array != o->object) Py_DECREF(o->array);
    o->array = (PyArrayObject *)array;
    return 1;
}

static int convert(ffnn_operand *o, ffnn_real real, ffnn_layout layout)
{
    const int is_done = convert_few(o, real);
    if (is_done != 0) return is_done < 0 ? -1 : 0;
    int flags =
        NPY_ARRAY_ALIGNED | NPY_ARRAY_NOTSWAPPED | NPY_ARRAY_FORCECAST | NPY_ARRAY_ENSUREARRAY;
    if (layout != FFNN_ANY_LAYOUT) flags |= NPY_ARRAY_C_CONTIGUOUS;
    PyArray_Descr *descr = PyArray_DescrFromType(ffnn_real_type[real]);
    if (descr == NULL) return -1;
    PyObject *array = PyArray_FromArray(o->array, descr, flags);
    if (array == NULL) {
        ffnn_error_explain_size();
        return -1;
    }
    if ((PyObject *)o->array != o->object) Py_DECREF(o->array);
    o->array = (PyArrayObject *)array;
    return 0;
}

static inline int is_native(const ffnn_operand *o, ffnn_real real)
{
    return PyArray_TYPE(o->array) == ffnn_real_type[real] && PyArray_ISBEHAVED_RO(o->array);
}

/* False where a stride is no whole number of elements or a row is not side by side as `layout`
 * wants it. NumPy leaves the stride of an axis of length 0 or 1 arbitrary; here it becomes what a
 * contiguous array would have. */
static inline int make_view(const ffnn_operand *o, ffnn_real real, ffnn_layout layout,
                            ffnn_view *view)
{
    const npy_intp *dims = PyArray_DIMS(o->array), *strides = PyArray_STRIDES(o->array);
    const ptrdiff_t bytes = ffnn_real_bytes[real];
    ptrdiff_t row_bytes = strides[0], col_bytes = strides[1];
    if (dims[1] <= 1) col_bytes = bytes;
    if (dims[0] <= 1) row_bytes = dims[1] * bytes;
    if ((row_bytes | col_bytes) & (bytes - 1)) return 0;
    /* Divisions by constants compile to shifts; by `bytes`, the 25 of a tiny net's step cost
     * 0.2 us. */
    *view = (ffnn_view){PyArray_DATA(o->array), dims[0], dims[1],
                        real == FFNN_DOUBLE ? row_bytes / 8 : row_bytes / 4,
                        real == FFNN_DOUBLE ? col_bytes / 8 : col_bytes / 4};
    if (layout == FFNN_ANY_LAYOUT) return 1;
    return view->col == 1 && (layout == FFNN_ROWS || view->row == view->cols);
}

int ffnn_operand_view(ffnn_operand *o, ffnn_real real, ffnn_layout layout, ffnn_view *view)
{
    if (is_native(o, real) && make_view(o, real, layout, view)) return 0;
    if (convert(o, real, layout) < 0) return -1;
    /* NumPy gives the same array back where type and alignment suit, whatever its strides. */
    if (make_view(o, real, layout, view)) return 0;
    if (convert(o, real, FFNN_CONTIGUOUS) < 0) return -1;
    *view = ffnn_view_of(PyArray_DATA(o->array), ffnn_operand_rows(o), ffnn_operand_cols(o));
    return 0;
}

int ffnn_operand_elements(ffnn_operand *o, ffnn_real real, const void **elements)
{
    if (!(is_native(o, real) && PyArray_IS_C_CONTIGUOUS(o->array)) &&
        convert(o, real, FFNN_CONTIGUOUS) < 0)
        return -1;
    *elements = PyArray_DATA(o->array);
    return 0;
}
