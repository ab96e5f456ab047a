/* results.h - new arrays and memory for what the functions compute. */
#ifndef FFNN_RESULTS_H
#define FFNN_RESULTS_H

#include "numpy_api.h"
#include "../ffnn.h"

extern const int ffnn_real_type[FFNN_REALS]; /* NumPy's number for it */
extern const ptrdiff_t ffnn_real_bytes[FFNN_REALS];

/* A new array, uninitialised; *data is where its elements begin. */
PyObject *ffnn_array_new(ffnn_real real, int ndim, const npy_intp *dims, void **data);
PyObject *ffnn_matrix_new(ffnn_real real, npy_intp rows, npy_intp cols, void **data);
/* A 0-d array. */
PyObject *ffnn_scalar_new(ffnn_real real, double value);
/* rows * cols elements of ffnn's own memory, or NULL with a MemoryError. */
void *ffnn_memory_new(ffnn_real real, ptrdiff_t rows, ptrdiff_t cols);

#endif
