/* parameters.h - the dicts of parameters and of gradients. */
#ifndef FFNN_PARAMETERS_H
#define FFNN_PARAMETERS_H

#include "arrays.h"
#include "state.h"

typedef struct {
    ffnn_operand W, b;
} ffnn_pair;

/* A snapshot of a dict's arrays: own references, layer l at pairs[l - 1]. */
typedef struct {
    int layers;
    ffnn_pair *pairs;
    ffnn_pair small[FFNN_STACK_LAYERS];
} ffnn_pairs;

int ffnn_keys_intern(ffnn_state *state);
PyObject *ffnn_key_new(const ffnn_state *state, ffnn_key key, int l);
/* Takes and resolves W{l} and b{l} of a dict for l = 1..L; pairs->pairs is NULL after an error. */
int ffnn_pairs_take(const ffnn_state *state, const char *function, PyObject *parameters,
                    ffnn_pairs *pairs);
/* dW{l} and db{l} for l = 1..layers; how an error calls the dict, its dW{l} and its db{l}. */
int ffnn_pairs_take_like_gradients(const ffnn_state *state, const char *function,
                                   const char *const labels[3], PyObject *dict, int layers,
                                   ffnn_pairs *pairs);
void ffnn_pairs_clear(ffnn_pairs *pairs);
/* Ranks and shapes of a net that takes X, or NULL: any inputs, l by l. */
int ffnn_pairs_check(const char *function, const ffnn_pairs *pairs, const ffnn_operand *X);
/* n_y, of pairs that have been checked. */
static inline npy_intp ffnn_pairs_outputs(const ffnn_pairs *pairs)
{
    return ffnn_operand_rows(&pairs->pairs[pairs->layers - 1].W);
}
/* Puts a value into a dict and drops the reference to it. */
int ffnn_dict_give(const ffnn_state *state, PyObject *dict, ffnn_key key, int l, PyObject *value);

#endif
