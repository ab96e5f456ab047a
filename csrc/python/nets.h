/* nets.h - dicts of parameters and lists of caches that know the activations of their net.
 *
 * A plain dict and a plain list are the assignment's net: relu, then sigmoid. For any other net
 * they are a NetParameters and a NetCaches, subclasses that ffnn/_parameters.py defines.
 */
#ifndef FFNN_NETS_H
#define FFNN_NETS_H

#include "state.h"

/* The attributes hidden_activation and output_activation: own references, or NULL for a net that is
 * plain. */
typedef struct {
    PyObject *hidden, *output;
} ffnn_known;

/* What a dict or a list knows: nothing if it is NULL or of another type. */
int ffnn_known_take(const ffnn_state *state, PyObject *object, ffnn_known *known);
/* What a dict or a list of a net with these activations, of layers 1 to L, has to know. */
int ffnn_known_make(const ffnn_state *state, int layers, const ffnn_activation *activations,
                    ffnn_known *known);
void ffnn_known_clear(ffnn_known *known);
/* A new, empty dict that knows so much. */
PyObject *ffnn_known_dict_new(const ffnn_state *state, const ffnn_known *known);
/* A list of caches as it is, or in its place one that knows the activations of its net; drops the
 * reference to the former, also where it fails. */
PyObject *ffnn_known_list_give(const ffnn_state *state, int layers,
                               const ffnn_activation *activations, PyObject *list);
/* A tuple of the names. */
PyObject *ffnn_names_new(const ffnn_state *state, int layers, const ffnn_activation *activations);

#endif
