/* errors.c - Python exceptions and NumPy's warnings.
 *
 * This is the lowest floor of the binding: it knows the name of an argument, not what it holds.
 */
#include "errors.h"

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
    return -1; /* poll_signals, which interrupted the work, left its exception */
}

int ffnn_flags_warn(const char *name, int flags)
{
    if (flags == 0) return 0;
    int numpy_flags = 0;
    if (flags & FFNN_DIVIDE_BY_ZERO) numpy_flags |= NPY_FPE_DIVIDEBYZERO;
    if (flags & FFNN_INVALID) numpy_flags |= NPY_FPE_INVALID;
    return PyUFunc_GiveFloatingpointErrors(name, numpy_flags);
}

void ffnn_error_explain_size(void)
{
    if (!PyErr_ExceptionMatches(PyExc_ValueError)) return;
    PyErr_Clear();
    PyErr_NoMemory();
}
