/* trainer.h - what a Trainer holds, for trainer.c, trainer_fill.c and trainer_state.c. */
#ifndef FFNN_TRAINER_H
#define FFNN_TRAINER_H

#include "arrays.h"
#include "labels.h"
#include "options.h"
#include "state.h"
#include "../train/train.h"

#include <stdatomic.h>

typedef struct {
    PyObject_HEAD const ffnn_state *state; /* lives as long as the type, which we own */
    ffnn_run *run;
    /* What `run` reads: */
    ffnn_operand X, weights;
    ffnn_labels labels;
    PyObject *bit_generator;
    ffnn_real real;
    int layers, moments;
    ptrdiff_t *dims;
    double iteration_work;
    ptrdiff_t snapshot;  /* the caller's number for the last record point */
    bool is_interrupted; /* the parameters mean nothing any more, but for going back */
    atomic_flag is_busy;
} trainer_object;

/* Arguments of Trainer in the order of its signature. */
enum {
    FFNN_TRAINER_X,
    FFNN_TRAINER_Y,
    FFNN_TRAINER_PARAMETERS,
    FFNN_TRAINER_SETTINGS,
    FFNN_TRAINER_GRAM = FFNN_TRAINER_SETTINGS + FFNN_RUN_OPTIONS,
    FFNN_TRAINER_SAMPLE_WEIGHT,
    FFNN_TRAINER_BIT_GENERATOR,
    FFNN_TRAINER_STATE,
    FFNN_TRAINER_ARGUMENTS
};

/* Makes a run of the arguments; the object is fresh, all zero. */
int ffnn_trainer_fill(trainer_object *self, PyObject *const arg[FFNN_TRAINER_ARGUMENTS]);
/* Lets one thread in, which clears is_busy when it leaves; -1 with an exception for others. */
int ffnn_trainer_enter(trainer_object *self, const char *method);

/* ---- trainer_state.c: methods ---- */

PyObject *ffnn_trainer_parameters(PyObject *object, PyObject *ignored);
PyObject *ffnn_trainer_is_finite(PyObject *object, PyObject *ignored);
PyObject *ffnn_trainer_state(PyObject *object, PyObject *ignored);
PyObject *ffnn_trainer_snapshot(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                                PyObject *kw_names);
PyObject *ffnn_trainer_restore(PyObject *object, PyObject *ignored);

/* ---- trainer_fill.c: the check that draws nothing ---- */

PyObject *ffnn_check_run(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                         PyObject *kw_names);

#endif
