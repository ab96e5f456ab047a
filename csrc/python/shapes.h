/* shapes.h - checks of operands' shapes, and every error text about them. */
#ifndef FFNN_SHAPES_H
#define FFNN_SHAPES_H

#include "arrays.h"
#include "errors.h"

/* NumPy allows 64 dimensions of at most 20 characters and two more. */
enum { FFNN_SHAPE_TEXT = 64 * 22 + 3 };
const char *ffnn_shape_write(const ffnn_operand *o, char text[FFNN_SHAPE_TEXT]);

int ffnn_ndim_raise(const ffnn_operand *o, ffnn_place place);

static inline int ffnn_operand_is_matrix(const ffnn_operand *o, ffnn_place place)
{
    return PyArray_NDIM(o->array) == 2 ? 0 : ffnn_ndim_raise(o, place);
}

int ffnn_shape_check(const ffnn_operand *o, ffnn_place place, npy_intp rows, npy_intp cols);
int ffnn_bias_check(const ffnn_operand *b, ffnn_place place, npy_intp rows);
/* X against the rows that `who` wants. */
int ffnn_inputs_check(const char *function, const ffnn_operand *X, npy_intp wanted,
                      const char *who);
int ffnn_examples_check(const char *function, npy_intp m);

#endif
