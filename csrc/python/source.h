/* source.h - X that is read piece by piece, by an object of Python's. */
#ifndef FFNN_PY_SOURCE_H
#define FFNN_PY_SOURCE_H

#include "arrays.h"
#include "poll.h"
#include "../train/train.h"

typedef struct {
    PyObject *object;        /* owned, or NULL: X is in memory */
    ffnn_operand piece;      /* what it gave last, */
    ffnn_view view;          /* and its elements */
    ptrdiff_t first;         /* column of the pass that the piece begins with */
    ffnn_poll_context *poll; /* of the call that computes */
    ffnn_real real;
    ptrdiff_t rows;
    ffnn_reader reader;
} ffnn_source;

/* Nothing for NULL and None. `source` stays where it is as long as the run reads. */
void ffnn_source_take(ffnn_source *source, PyObject *object, ffnn_real real,
                      ffnn_examples *examples);
/* To be called before the core reads; `work` is that of the call, and lets Python's lock go. */
void ffnn_source_begin(ffnn_source *source, ffnn_poll_context *poll, double work);
void ffnn_source_clear(ffnn_source *source);

#endif
