/* parse.c - arguments by position and by name, numbers, counts, tuples.
 *
 * Signatures are static tables over interned names: a keyword is found by comparing pointers, so a
 * call costs a few nanoseconds. The errors have CPython's wording for functions written in Python.
 */
#include "parse.h"
#include "words.h"
#include "../system/system.h"

#include <math.h>
#include <string.h>

static const char *const name_texts[FFNN_NAMES] = {
#define FFNN_NAME(name) #name,
#include "names.def"
#undef FFNN_NAME
};

int ffnn_names_intern(ffnn_state *state)
{
    for (int i = 0; i < FFNN_NAMES; i++) {
        state->names[i] = PyUnicode_InternFromString(name_texts[i]);
        if (state->names[i] == NULL) return -1;
    }
    return 0;
}

/* ---- signatures ---- */

static int unexpected_keyword(const ffnn_signature *signature, PyObject *keyword)
{
    const char *candidates[FFNN_MOST_ARGUMENTS];
    const int count = signature->count + signature->options;
    for (int i = 0; i < count; i++) candidates[i] = name_texts[signature->names[i]];
    PyObject *hint = ffnn_word_hint(". Did you mean", keyword, candidates, count);
    if (hint == NULL) return -1;
    PyErr_Format(PyExc_TypeError, "%s() got an unexpected keyword argument '%S'%U",
                 signature->function, keyword, hint);
    Py_DECREF(hint);
    return -1;
}

static int missing_arguments(const ffnn_signature *signature, PyObject *const *out)
{
    const char *missing[FFNN_MOST_ARGUMENTS];
    int count = 0;
    for (int i = 0; i < signature->count; i++)
        if (out[i] == NULL) missing[count++] = name_texts[signature->names[i]];
    char text[FFNN_MOST_ARGUMENTS * (FFNN_LONGEST_WORD + 8)] = "";
    for (int i = 0; i < count; i++) {
        size_t used = strlen(text);
        const char *joint = i == 0 ? "" : i < count - 1 ? ", " : count == 2 ? " and " : ", and ";
        snprintf(text + used, sizeof text - used, "%s'%s'", joint, missing[i]);
    }
    PyErr_Format(PyExc_TypeError, "%s() missing %d required positional argument%s: %s",
                 signature->function, count, count == 1 ? "" : "s", text);
    return -1;
}

static int keyword_index(const ffnn_state *state, const ffnn_signature *signature,
                         PyObject *keyword)
{
    const int count = signature->count + signature->options;
    for (int i = 0; i < count; i++)
        if (keyword == state->names[signature->names[i]]) return i;
    for (int i = 0; i < count; i++)
        if (PyUnicode_CompareWithASCIIString(keyword, name_texts[signature->names[i]]) == 0)
            return i;
    return -1;
}

int ffnn_arguments_parse_keywords(const ffnn_state *state, const ffnn_signature *signature,
                                  PyObject *const *args, Py_ssize_t n_args, PyObject *kw_names,
                                  PyObject **out)
{
    for (int i = 0; i < signature->count + signature->options; i++)
        out[i] = i < n_args && i < signature->count ? args[i] : NULL;
    Py_ssize_t n_keywords = kw_names == NULL ? 0 : PyTuple_GET_SIZE(kw_names);
    for (Py_ssize_t i = 0; i < n_keywords; i++) {
        PyObject *keyword = PyTuple_GET_ITEM(kw_names, i);
        int index = keyword_index(state, signature, keyword);
        if (index < 0) return unexpected_keyword(signature, keyword);
        if (out[index] != NULL) {
            PyErr_Format(PyExc_TypeError, "%s() got multiple values for argument '%U'",
                         signature->function, keyword);
            return -1;
        }
        out[index] = args[n_args + i];
    }
    if (n_args > signature->count) {
        PyErr_Format(PyExc_TypeError, "%s() takes %d positional argument%s but %zd %s given",
                     signature->function, signature->count, signature->count == 1 ? "" : "s",
                     n_args, n_args == 1 ? "was" : "were");
        return -1;
    }
    for (int i = 0; i < signature->count; i++)
        if (out[i] == NULL) return missing_arguments(signature, out);
    return 0;
}

/* ---- a number ---- */

/* bool, complex and timedelta64 pass as numbers with Python or NumPy, but are no learning rate. */
static int is_real_scalar(PyObject *object)
{
    if (PyBool_Check(object) || PyComplex_Check(object)) return 0;
    if (PyArray_Check(object)) {
        int type = PyArray_TYPE((PyArrayObject *)object);
        return PyArray_NDIM((PyArrayObject *)object) == 0 &&
               (PyTypeNum_ISINTEGER(type) || PyTypeNum_ISFLOAT(type));
    }
    if (PyArray_IsScalar(object, Generic))
        return (PyArray_IsScalar(object, Integer) && !PyArray_IsScalar(object, Timedelta)) ||
               PyArray_IsScalar(object, Floating);
    return PyNumber_Check(object);
}

int ffnn_number_parse(ffnn_place place, PyObject *object, double *value)
{
    if (PyFloat_CheckExact(object)) {
        *value = PyFloat_AS_DOUBLE(object);
    } else {
        PyObject *number = is_real_scalar(object) ? PyNumber_Float(object) : NULL;
        if (number == NULL && PyErr_Occurred() && PyErr_ExceptionMatches(PyExc_OverflowError)) {
            PyErr_Clear();
            return ffnn_error_raise(PyExc_ValueError, place, "must be finite, not %R", object);
        }
        if (number == NULL && PyErr_Occurred() && !PyErr_ExceptionMatches(PyExc_TypeError))
            return -1;
        if (number == NULL) {
            PyErr_Clear();
            if (PyArray_Check(object))
                return ffnn_error_raise(
                    PyExc_TypeError, place,
                    "must be one real number, not an array of ndim %d and dtype %S",
                    PyArray_NDIM((PyArrayObject *)object),
                    (PyObject *)PyArray_DESCR((PyArrayObject *)object));
            return ffnn_error_raise(PyExc_TypeError, place, "must be a real number, not %s",
                                    Py_TYPE(object)->tp_name);
        }
        *value = PyFloat_AS_DOUBLE(number);
        Py_DECREF(number);
    }
    if (isfinite(*value)) return 0;
    return ffnn_error_raise(PyExc_ValueError, place, "must be finite, not %S", object);
}

/* ---- a count ---- */

int ffnn_count_parse(ffnn_place place, PyObject *object, ptrdiff_t most, ptrdiff_t *n)
{
    if (!PyIndex_Check(object))
        return ffnn_error_raise(PyExc_TypeError, place, "must be an integer, not %s",
                                Py_TYPE(object)->tp_name);
    *n = PyNumber_AsSsize_t(object, NULL); /* clips: 2^63 iterations never end anyway */
    if (*n == -1 && PyErr_Occurred()) return -1;
    if (*n < 1)
        return ffnn_error_raise(PyExc_ValueError, place, "must be at least 1, not %S", object);
    if (*n <= most) return 0;
    return ffnn_error_raise(PyExc_ValueError, place, "must be at most %zd, not %S",
                            (Py_ssize_t)most, object);
}

/* ---- a tuple ---- */

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

int ffnn_isa_parse(const char *function, PyObject *name, const ffnn_isa **isa)
{
    const ffnn_place place = {function, "isa", 0};
    const char *why = "";
    if (name == NULL || name == Py_None) return 0;
    if (!PyUnicode_Check(name))
        return ffnn_error_raise(PyExc_TypeError, place, "must be a str, not %s",
                                Py_TYPE(name)->tp_name);
    const char *wanted = PyUnicode_AsUTF8(name);
    if (wanted == NULL) return -1;
    *isa = ffnn_isa_choose(wanted, &why);
    return *isa != NULL ? 0 : ffnn_error_raise(PyExc_ValueError, place, "is '%s': %s", wanted, why);
}
