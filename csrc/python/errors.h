/* errors.h - Python exceptions and NumPy's warnings; knows no operand. */
#ifndef FFNN_ERRORS_H
#define FFNN_ERRORS_H

#include "numpy_api.h"
#include "../ffnn.h"

/* The function and the argument that an error names; `label` is a format for `index`, expanded only
 * for a message. */
typedef struct {
    const char *function;
    const char *label;
    int index;
} ffnn_place;

/* Raises "function: label text"; returns -1. */
int ffnn_error_raise(PyObject *type, ffnn_place place, const char *format, ...);
int ffnn_status_raise(ffnn_status status);
/* Gives NumPy's floating-point warning of that name for the core's flags, as np.errstate has it. */
int ffnn_flags_warn(const char *name, int flags);
/* NumPy calls a size beyond the address space a wrong value; to a caller it is lack of memory. */
void ffnn_error_explain_size(void);

#endif
