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

/* Raises "function: a (rows, cols) and b (rows, cols) text", in the name of a's function; returns
 * -1. Nobody but the caller knows which of two operands is wrong, so an error names both. */
int ffnn_operands_raise(const ffnn_operand *a, ffnn_place a_place, const ffnn_operand *b,
                        ffnn_place b_place, const char *format, ...);

/* The checks are inline: a call whose shapes agree then writes no place to the stack, which was 2 %
 * of a tiny net's forward call. */

/* The product left right: left has as many columns as right has rows. */
static inline int ffnn_chain_check(const ffnn_operand *left, ffnn_place left_place,
                                   const ffnn_operand *right, ffnn_place right_place)
{
    const npy_intp cols = ffnn_operand_cols(left), rows = ffnn_operand_rows(right);
    if (cols == rows) return 0;
    return ffnn_operands_raise(left, left_place, right, right_place, "do not chain: %zd != %zd",
                               (Py_ssize_t)cols, (Py_ssize_t)rows);
}

/* The product a^T b, or what was made by one: both have a row for each unit of a layer. */
static inline int ffnn_units_check(const ffnn_operand *a, ffnn_place a_place, const ffnn_operand *b,
                                   ffnn_place b_place)
{
    const npy_intp a_rows = ffnn_operand_rows(a), b_rows = ffnn_operand_rows(b);
    if (a_rows == b_rows) return 0;
    return ffnn_operands_raise(a, a_place, b, b_place, "do not chain: %zd != %zd",
                               (Py_ssize_t)a_rows, (Py_ssize_t)b_rows);
}

/* Two matrices with a column for each example. */
static inline int ffnn_columns_check(const ffnn_operand *a, ffnn_place a_place,
                                     const ffnn_operand *b, ffnn_place b_place)
{
    const npy_intp a_cols = ffnn_operand_cols(a), b_cols = ffnn_operand_cols(b);
    if (a_cols == b_cols) return 0;
    return ffnn_operands_raise(a, a_place, b, b_place, "differ in examples: %zd != %zd columns",
                               (Py_ssize_t)a_cols, (Py_ssize_t)b_cols);
}

int ffnn_same_shape_raise(const ffnn_operand *a, ffnn_place a_place, const ffnn_operand *b,
                          ffnn_place b_place);

static inline int ffnn_same_shape_check(const ffnn_operand *a, ffnn_place a_place,
                                        const ffnn_operand *b, ffnn_place b_place)
{
    return ffnn_operand_same_shape(a, b) ? 0 : ffnn_same_shape_raise(a, a_place, b, b_place);
}

int ffnn_shape_check(const ffnn_operand *o, ffnn_place place, npy_intp rows, npy_intp cols);
int ffnn_bias_raise(const ffnn_operand *b, ffnn_place b_place, const ffnn_operand *W,
                    ffnn_place W_place);

/* b [n, 1] of a layer's W [n, n_prev]. */
static inline int ffnn_bias_check(const ffnn_operand *b, ffnn_place b_place, const ffnn_operand *W,
                                  ffnn_place W_place)
{
    return ffnn_operand_is(b, ffnn_operand_rows(W), 1) ? 0
                                                       : ffnn_bias_raise(b, b_place, W, W_place);
}

int ffnn_inputs_raise(const char *function, const ffnn_operand *X, npy_intp wanted, const char *who,
                      const ffnn_operand *W1);

/* X against the rows that `who` wants; W1 is the matrix that does, or NULL where a number does. */
static inline int ffnn_inputs_check(const char *function, const ffnn_operand *X, npy_intp wanted,
                                    const char *who, const ffnn_operand *W1)
{
    if (ffnn_operand_is_matrix(X, (ffnn_place){function, "X", 0}) < 0) return -1;
    return ffnn_operand_rows(X) == wanted ? 0 : ffnn_inputs_raise(function, X, wanted, who, W1);
}

int ffnn_examples_check(const char *function, npy_intp m);

#endif
