/* options.h - what a net and its training are. */
#ifndef FFNN_OPTIONS_H
#define FFNN_OPTIONS_H

#include "state.h"
#include "../train/train.h"

/* Layer l at index l - 1. */
typedef struct {
    int layers;
    ffnn_activation *activations, small_activations[FFNN_STACK_LAYERS];
    double *keep_prob, small_keep_prob[FFNN_STACK_LAYERS]; /* 1 for the output */
    bool has_dropout;
} ffnn_net;

/* NULL stands for an option that was not given, and so does None for an activation: then `of`, the
 * net's dict or list of caches or NULL, may know it (nets.h), else they are relu, sigmoid and 1.0.
 * ValueError for an activation that contradicts what `of` knows. net->activations is NULL after an
 * error. */
int ffnn_net_parse(const ffnn_state *state, const char *function, int layers, PyObject *of,
                   PyObject *hidden, PyObject *output, PyObject *keep_prob, ffnn_net *net);
void ffnn_net_clear(ffnn_net *net);
int ffnn_lone_unit_raise(const ffnn_state *state, const char *function, ffnn_activation output);

/* The n_y units of a net's output: a softmax shares 1 among them, so that a lone one is always 1
 * and has nothing to learn. */
static inline int ffnn_output_check(const ffnn_state *state, const char *function,
                                    const ffnn_net *net, ptrdiff_t n_y)
{
    const ffnn_activation g = net->activations[net->layers - 1];
    if (n_y != 1 || !state->isa->kernels[FFNN_DOUBLE]->activations[g].by_columns) return 0;
    return ffnn_lone_unit_raise(state, function, g);
}
int ffnn_activation_parse(const ffnn_state *state, const char *function, const char *name,
                          PyObject *object, ffnn_activation *g);
/* The name of a cost, any. */
int ffnn_cost_parse(const ffnn_state *state, const char *function, PyObject *object,
                    ffnn_cost *cost);
/* The same for a net with that output, which has to fit; NULL or None: what goes with it. */
int ffnn_cost_parse_for(const ffnn_state *state, const char *function, PyObject *object,
                        ffnn_activation output, ffnn_cost *cost);
/* The level of the quantile cost: 1/2 for NULL or None, and nothing else beside another cost. */
int ffnn_quantile_parse(const ffnn_state *state, const char *function, PyObject *object,
                        ffnn_cost cost, double *level);
/* A number that is not negative; 0 for NULL. */
int ffnn_lambd_parse(const char *function, PyObject *object, double *lambd);

/* Which of a run's options is which. */
enum {
#define FFNN_OPTION(name, shown) FFNN_RUN_##name,
#include "../options.def"
    FFNN_RUN_OPTIONS
};

typedef struct {
    ffnn_net net;
    ffnn_cost cost;
    ffnn_hyperparameters hyperparameters;
} ffnn_run_settings;
int ffnn_run_settings_parse(const ffnn_state *state, const char *function, int layers,
                            PyObject *const arg[FFNN_RUN_OPTIONS], ffnn_run_settings *settings);

#endif
