/* trainer.h - what a Trainer holds, for trainer.c and the other files of that name. */
#ifndef FFNN_TRAINER_H
#define FFNN_TRAINER_H

#include "arrays.h"
#include "labels.h"
#include "nets.h"
#include "options.h"
#include "poll.h"
#include "source.h"
#include "sparse.h"
#include "state.h"
#include "../train/train.h"

#include <stdatomic.h>

typedef struct {
    PyObject_HEAD const ffnn_state *state; /* lives as long as the type, which we own */
    PyObject *function;                    /* in whose name errors are raised, a str; */
    PyObject *input_name;                  /* and how they call what wants so many rows of X */
    ffnn_run *run;
    /* What `run` reads: */
    ffnn_operand X, weights;
    ffnn_labels labels;
    ffnn_source source; /* of X, where that has a shape alone; or its numbers: */
    ffnn_sparse_operand sparse;
    PyObject *bit_generator;
    PyObject *sums;          /* who is asked for a step's sums, or NULL */
    PyObject *order;         /* of the epoch that it was asked in last, or NULL */
    ffnn_poll_context *poll; /* of the call in hand */
    ffnn_known known;        /* what a dict of its parameters knows */
    ffnn_cost cost;
    ffnn_optimizer optimizer;
    bool is_bayesian;
    ffnn_real real;
    int layers, moments;
    ptrdiff_t *dims;
    double iteration_work;
    ptrdiff_t snapshot;  /* the caller's number for the last record point */
    bool has_parameters; /* they have been set */
    bool is_interrupted; /* the parameters mean nothing any more, but for restoring */
    atomic_flag is_busy;
} trainer_object;

/* Arguments of Trainer in the order of its signature. */
enum {
    FFNN_TRAINER_FUNCTION,
    FFNN_TRAINER_X,
    FFNN_TRAINER_Y,
    FFNN_TRAINER_LAYER_DIMS,
    FFNN_TRAINER_SETTINGS,
    FFNN_TRAINER_GRAM = FFNN_TRAINER_SETTINGS + FFNN_RUN_OPTIONS,
    FFNN_TRAINER_SAMPLE_WEIGHT,
    FFNN_TRAINER_WEIGHTED_MEAN,
    FFNN_TRAINER_BIT_GENERATOR,
    FFNN_TRAINER_INPUT_NAME,
    FFNN_TRAINER_REPRODUCIBLE,
    FFNN_TRAINER_SOURCE,
    FFNN_TRAINER_SPARSE,
    FFNN_TRAINER_SUMS,
    FFNN_TRAINER_ISA,
    FFNN_TRAINER_ARGUMENTS
};

/* What a method needs: nothing, parameters that have been set, or such as mean something. */
typedef enum { FFNN_NEEDS_NOTHING, FFNN_NEEDS_BEGINNING, FFNN_NEEDS_PARAMETERS } ffnn_need;

/* Lets one thread in, which clears is_busy when it leaves; -1 with an exception for others. */
int ffnn_trainer_enter(trainer_object *self, const char *method, ffnn_need need);

/* ---- trainer_examples.c ---- */

/* Examples that come with a call. */
typedef struct {
    ffnn_operand X, weights;
    ffnn_labels labels;
    ffnn_source source;
    ffnn_examples examples;
    double total; /* of the weights, or m; examples that all weigh nothing may be a shard */
} ffnn_given;

/* `function` names the call; weights and source may be NULL or None. */
int ffnn_given_take(const trainer_object *self, const char *function, PyObject *X, PyObject *Y,
                    PyObject *weights, PyObject *source, ffnn_given *given);
void ffnn_given_clear(ffnn_given *given);

/* Takes and checks X, Y, the weights and the bit generator, and gives the run what it reads. */
int ffnn_trainer_take_examples(trainer_object *self, PyObject *const arg[FFNN_TRAINER_ARGUMENTS],
                               bool has_dropout, ffnn_run_options *options);
/* A permutation of the examples as an array of intp, or NULL for their own order. */
int ffnn_trainer_take_order(const trainer_object *self, PyObject *object, PyObject **array);
PyObject *ffnn_trainer_check(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                             PyObject *kw_names);

/* ---- trainer_whole.c ---- */

enum { FFNN_PAIR_VECTORS = 2 }; /* s and y */

/* What a method on the whole vector remembers, as a state has it. */
typedef struct {
    ffnn_operand pairs[FFNN_PAIR_VECTORS];
    ffnn_lm_state lm;
} ffnn_memory;

/* Are there few enough parameters for the method? */
int ffnn_trainer_size_check(const trainer_object *self, const ffnn_run_settings *settings);
/* Does its optimiser take the whole vector of gradients? */
bool ffnn_trainer_is_whole(const trainer_object *self);
/* Steps with some of the examples are then an error. */
int ffnn_trainer_batches_check(const trainer_object *self, const char *method);
/* What a state has under a key, a borrowed reference; or NULL with an error. */
PyObject *ffnn_trainer_state_item(const char *function, PyObject *state, const char *key);
/* Takes and checks what a state holds of it; nothing for an optimiser without such a memory. */
int ffnn_trainer_memory_take(const trainer_object *self, const char *function, PyObject *state,
                             ffnn_memory *memory);
void ffnn_trainer_memory_clear(ffnn_memory *memory);
/* Gives it to the run. */
void ffnn_trainer_memory_begin(trainer_object *self, const ffnn_memory *memory);
/* Adds copies of it, as it is or as the snapshot has it, to a state. */
int ffnn_trainer_memory_copy(const trainer_object *self, PyObject *state, bool is_recorded);

/* A method. */
PyObject *ffnn_trainer_posterior(PyObject *object, PyObject *ignored);

/* ---- trainer_sums.c: what the core asks for sums, and methods ---- */

ffnn_sums ffnn_trainer_ask;
/* A Trainer that asks for sums computes none. */
int ffnn_trainer_no_sums_check(const trainer_object *self, const char *method);
PyObject *ffnn_trainer_shard(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                             PyObject *kw_names);
PyObject *ffnn_trainer_shard_columns(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                                     PyObject *kw_names);

/* ---- trainer_attributes.c ---- */

extern PyGetSetDef ffnn_trainer_attributes[];

/* ---- trainer_parameters.c: methods, and a function of the module ---- */

/* A new array of W_l or b_l's shape with the numbers at `from`. */
PyObject *ffnn_trainer_array_copy(const trainer_object *self, const void *from, char kind, int l);
PyObject *ffnn_trainer_set(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                           PyObject *kw_names);
PyObject *ffnn_trainer_parameters(PyObject *object, PyObject *ignored);
PyObject *ffnn_trainer_is_finite(PyObject *object, PyObject *ignored);
PyObject *ffnn_trainer_state(PyObject *object, PyObject *ignored);
PyObject *ffnn_trainer_snapshot(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                                PyObject *kw_names);
PyObject *ffnn_trainer_restore(PyObject *object, PyObject *ignored);
PyObject *ffnn_trainer_record_point(PyObject *object, PyObject *ignored);
PyObject *ffnn_layer_dims(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                          PyObject *kw_names);

/* ---- trainer_steps.c: methods ---- */

PyObject *ffnn_trainer_measure(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                               PyObject *kw_names);
PyObject *ffnn_trainer_step(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                            PyObject *kw_names);
PyObject *ffnn_trainer_gradient(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                                PyObject *kw_names);
PyObject *ffnn_trainer_update(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                              PyObject *kw_names);

#endif
