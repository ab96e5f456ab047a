/* one_run.h - a run of the core for one call, from a dict of parameters and X. */
#ifndef FFNN_ONE_RUN_H
#define FFNN_ONE_RUN_H

#include "arrays.h"
#include "options.h"
#include "parameters.h"
#include "sparse.h"
#include "state.h"
#include "../train/train.h"

typedef struct {
    ffnn_state *state;
    ffnn_operand X;
    PyObject *sparse; /* borrowed, or NULL: the numbers of X, of which only the shape counts then */
    ffnn_sparse_operand numbers;
    ffnn_pairs parameters;
    ffnn_net net;
    ffnn_real real; /* of the run */
    ptrdiff_t dims[FFNN_STACK_LAYERS + 1], *all_dims;
    ffnn_run *run;
} ffnn_one_run;

/* Takes and checks parameters, X and activations, the parameters first, which may know the latter.
 * To be cleared after an error, too. */
int ffnn_one_run_take(ffnn_state *state, const char *function, PyObject *X, PyObject *parameters,
                      PyObject *hidden, PyObject *output, ffnn_one_run *one);
/* The shapes of the parameters and of X, and the output. */
int ffnn_one_run_check(const char *function, ffnn_one_run *one);
/* The type of the run, by the operands' kinds and `kinds` of others. */
void ffnn_one_run_choose(ffnn_one_run *one, unsigned kinds);
/* Makes the run; *options holds its cost, its hyperparameters, and of its examples all but X. */
int ffnn_one_run_make(const char *function, ffnn_one_run *one, ffnn_run_options *options);
void ffnn_one_run_clear(ffnn_one_run *one);
/* Lets go of the run that waits for another call. */
void ffnn_one_run_forget(ffnn_state *state);
/* Multiply-adds of a pass through all layers, `passes` times over the products. */
double ffnn_one_run_work(const ffnn_one_run *one, double passes);

#endif
