/* numpy_api.h - Python's and NumPy's headers, the same way for every file of the binding. */
#ifndef FFNN_NUMPY_API_H
#define FFNN_NUMPY_API_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* One table of NumPy's functions serves every file; module.c fills it. */
#define PY_ARRAY_UNIQUE_SYMBOL ffnn_numpy_api
#define PY_UFUNC_UNIQUE_SYMBOL ffnn_ufunc_api
#ifndef FFNN_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#define NO_IMPORT_UFUNC
#endif
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

#endif
