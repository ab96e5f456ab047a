/* parse.h - arguments by position and by name, numbers, counts, words, tuples. */
#ifndef FFNN_PARSE_H
#define FFNN_PARSE_H

#include "errors.h"
#include "state.h"

enum { FFNN_MOST_ARGUMENTS = 36 };

/* The first `count` arguments are required and may come by position or by name; `options` more come
 * by name alone, or not at all. */
typedef struct {
    const char *function;
    int count;
    ffnn_name names[FFNN_MOST_ARGUMENTS];
    int options;
} ffnn_signature;

/* Fills `out` with borrowed references in the order of the signature, NULL for an option that was
 * not given, or raises CPython's own TypeError. */
int ffnn_arguments_parse_keywords(const ffnn_state *state, const ffnn_signature *signature,
                                  PyObject *const *args, Py_ssize_t n_args, PyObject *kw_names,
                                  PyObject **out);

static inline int ffnn_arguments_parse(const ffnn_state *state, const ffnn_signature *signature,
                                       PyObject *const *args, Py_ssize_t n_args, PyObject *kw_names,
                                       PyObject **out)
{
    if (kw_names == NULL && n_args == signature->count) {
        for (Py_ssize_t i = 0; i < n_args; i++) out[i] = args[i];
        for (Py_ssize_t i = 0; i < signature->options; i++) out[n_args + i] = NULL;
        return 0;
    }
    return ffnn_arguments_parse_keywords(state, signature, args, n_args, kw_names, out);
}

int ffnn_names_intern(ffnn_state *state);
/* An integer from 1 to `most`. */
int ffnn_count_parse(ffnn_place place, PyObject *object, ptrdiff_t most, ptrdiff_t *n);
/* A finite real number. */
int ffnn_number_parse(ffnn_place place, PyObject *object, double *value);
/* An instruction set by its name, the argument isa; NULL and None leave *isa as it is. */
int ffnn_isa_parse(const char *function, PyObject *name, const ffnn_isa **isa);
/* A tuple of `count` items, from a tuple or a list; `items` spells them for the message. */
PyObject *ffnn_items_take(PyObject *object, Py_ssize_t count, ffnn_place place, const char *items);

#endif
