/* sparse.h - the numbers of sparse examples, from three arrays. */
#ifndef FFNN_PY_SPARSE_H
#define FFNN_PY_SPARSE_H

#include "arrays.h"
#include "../ffnn.h"

typedef struct {
    ffnn_operand values; /* read where they stand, if they can be */
    int32_t *features;   /* owned, as `starts` are: once checked they stay as they are */
    ptrdiff_t *starts;
    ffnn_sparse numbers;
} ffnn_sparse_operand;

/* Takes (values, features, starts), the argument `sparse`, as the numbers of X [n_x, m]; nothing
 * for NULL and None. What *numbers is then stays as long as `sparse` stays where it is. */
int ffnn_sparse_take(ffnn_sparse_operand *sparse, const char *function, PyObject *object,
                     ffnn_real real, ptrdiff_t n_x, ptrdiff_t m, const ffnn_sparse **numbers);
void ffnn_sparse_clear(ffnn_sparse_operand *sparse);

#endif
