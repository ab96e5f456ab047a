/* methods.h - the functions of each file, for the module that collects them. */
#ifndef FFNN_METHODS_H
#define FFNN_METHODS_H

#include "state.h"

#define FFNN_METHOD(function) ((PyCFunction)(void (*)(void))(function))

extern PyMethodDef ffnn_elementwise_methods[], ffnn_cost_methods[], ffnn_dense_methods[],
    ffnn_model_methods[], ffnn_predict_methods[], ffnn_gradients_methods[], ffnn_update_methods[],
    ffnn_trainer_methods[], ffnn_cost_and_gradients_methods[], ffnn_output_variances_methods[],
    ffnn_words_methods[], ffnn_nets_methods[], ffnn_config_methods[];
/* Makes the type of what predictor returns. */
int ffnn_predictor_add(PyObject *module, ffnn_state *state);
/* Adds the type Trainer. */
int ffnn_trainer_add(PyObject *module, ffnn_state *state);

#endif
