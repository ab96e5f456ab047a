/* labels.h - Y against a net's output, and how much each example counts. */
#ifndef FFNN_LABELS_H
#define FFNN_LABELS_H

#include "arrays.h"
#include "errors.h"
#include "../system/system.h"

/* Y [n_y, m]; with a categorical cost also one integer class for each example, made one-hot. */
typedef struct {
    ffnn_operand Y;
    bool are_classes;
    void *one_hot; /* owned: made from classes */
} ffnn_labels;

static inline int ffnn_labels_take(ffnn_labels *labels, PyObject *object, const char *function)
{
    return ffnn_operand_take(&labels->Y, object, (ffnn_place){function, "Y", 0});
}

/* Against `rows` output units and `cols` examples. `what` names the output that has them; X is the
 * input that it follows from, or NULL where the output is itself an operand. */
int ffnn_labels_check(const char *function, ffnn_labels *labels, ffnn_cost cost, npy_intp rows,
                      npy_intp cols, const char *what, const ffnn_operand *X);
/* [rows, cols], contiguous. */
int ffnn_labels_elements(const char *function, ffnn_labels *labels, ffnn_real real, ptrdiff_t rows,
                         ptrdiff_t cols, const void **elements);

/* Weights of the columns of `examples`, which an error calls `of`, and their sum; without any, NULL
 * and m. */
int ffnn_weights_take(const char *function, PyObject *object, const char *of,
                      const ffnn_operand *examples, ffnn_real real, ffnn_operand *weights,
                      const void **elements, double *total);

static inline void ffnn_labels_clear(ffnn_labels *labels)
{
    ffnn_operand_clear(&labels->Y);
    ffnn_free(labels->one_hot);
}

#endif
