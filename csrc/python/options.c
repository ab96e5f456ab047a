/* options.c - what a net and its training are: activations, cost, optimiser and their numbers. */
#include "options.h"
#include "errors.h"
#include "nets.h"
#include "parse.h"
#include "words.h"

#include <float.h>
#include <math.h>
#include <stddef.h>

/* ---- names ---- */

static int activation_parse(const ffnn_state *state, ffnn_place place, PyObject *object,
                            ffnn_activation *g)
{
    const ffnn_activation_kernels *rows = state->isa->kernels[FFNN_DOUBLE]->activations;
    const int index =
        ffnn_word_parse(place, object, (ffnn_words){rows, sizeof *rows, FFNN_ACTIVATIONS});
    *g = (ffnn_activation)index;
    return index < 0 ? -1 : 0;
}

int ffnn_activation_parse(const ffnn_state *state, const char *function, const char *name,
                          PyObject *object, ffnn_activation *g)
{
    return activation_parse(state, (ffnn_place){function, name, 0}, object, g);
}

int ffnn_cost_parse(const ffnn_state *state, const char *function, PyObject *object,
                    ffnn_cost *cost)
{
    const ffnn_cost_kernels *rows = state->isa->kernels[FFNN_DOUBLE]->costs;
    const int index = ffnn_word_parse((ffnn_place){function, "cost", 0}, object,
                                      (ffnn_words){rows, sizeof *rows, FFNN_COSTS});
    *cost = (ffnn_cost)index;
    return index < 0 ? -1 : 0;
}

int ffnn_cost_parse_for(const ffnn_state *state, const char *function, PyObject *object,
                        ffnn_activation output, ffnn_cost *cost)
{
    const ffnn_kernels *kernels = state->isa->kernels[FFNN_DOUBLE];
    const ffnn_cost_kernels *rows = kernels->costs;
    if (object == NULL || object == Py_None) {
        *cost = FFNN_mean_squared_error;
        for (int i = FFNN_COSTS - 1; i >= 0; i--)
            if (rows[i].output == output) *cost = (ffnn_cost)i;
        return 0;
    }
    if (ffnn_cost_parse(state, function, object, cost) < 0) return -1;
    if (!rows[*cost].is_fused || rows[*cost].output == output) return 0;
    return ffnn_error_raise(PyExc_ValueError, (ffnn_place){function, "cost", 0},
                            "'%s' goes with output_activation='%s', not '%s'", rows[*cost].name,
                            kernels->activations[rows[*cost].output].name,
                            kernels->activations[output].name);
}

static int optimizer_parse(const ffnn_state *state, const char *function, PyObject *object,
                           ffnn_optimizer *optimizer)
{
    const ffnn_optimizer_kernels *rows = state->isa->kernels[FFNN_DOUBLE]->optimizers;
    const int index = ffnn_word_parse((ffnn_place){function, "optimizer", 0}, object,
                                      (ffnn_words){rows, sizeof *rows, FFNN_OPTIMIZERS});
    *optimizer = (ffnn_optimizer)index;
    return index < 0 ? -1 : 0;
}

/* ---- numbers ---- */

typedef struct {
    double at_least, below;
    const char *words; /* for a value that is not between them */
    bool is_integer, is_flag;
} range;

#define RANGE_ANY {-HUGE_VAL, HUGE_VAL, NULL, false, false}
#define RANGE_SHARE {0, 1, "must be at least 0 and below 1, not %S", false, false}
#define RANGE_PART {5e-324, 1 + DBL_EPSILON, "must be above 0 and at most 1, not %S", false, false}
#define RANGE_AMOUNT {0, HUGE_VAL, "must be at least 0, not %S", false, false}
#define RANGE_POSITIVE {5e-324, HUGE_VAL, "must be above 0, not %S", false, false}
#define RANGE_LEVEL {5e-324, 1, "must be above 0 and below 1, not %S", false, false}
#define RANGE_SIZE {1, 0x1p31, "must be an integer from 1 to 2**31 - 1, not %S", true, false}
#define RANGE_FLAG {0, 2, "must be True or False, not %R", false, true}

typedef struct {
    const char *name;
    range within;
    double otherwise;  /* where it was not given */
    const char *shown; /* that default in a signature: None is as good as not given */
    ptrdiff_t at;      /* in ffnn_hyperparameters; 0, where the optimiser stands: in none */
    int reads;         /* FFNN_READS_name, or 0: whatever the optimiser */
    const char *hint;
} number;

enum { None = 0, False = 0 }; /* as options.def writes them */

#define AT(name) offsetof(ffnn_hyperparameters, name)
#define NUMBER(name, ...) [FFNN_RUN_##name] = {#name, __VA_ARGS__},

/* Rows that are no numbers have no name. */
/* clang-format off */
static const number numbers[FFNN_RUN_OPTIONS] = {
#define FFNN_OPTIMIZER_NUMBER(name, range, default, hint) \
    NUMBER(name, RANGE_##range, default, "None", AT(name), FFNN_READS_##name, hint)
#define FFNN_RUN_NUMBER(name, range, default) \
    NUMBER(name, RANGE_##range, default, #default, AT(name), 0, NULL)
#define FFNN_LAYER_NUMBER(name, range, default) \
    NUMBER(name, RANGE_##range, default, #default, 0, 0, NULL)
#include "../options.def"
};
/* clang-format on */

static int number_parse(ffnn_place place, PyObject *object, const range *within, double *value)
{
    if (within->is_flag && (PyBool_Check(object) || PyArray_IsScalar(object, Bool))) {
        *value = PyObject_IsTrue(object);
        return 0;
    }
    if (within->is_flag) return ffnn_error_raise(PyExc_TypeError, place, within->words, object);
    if (within->is_integer && !PyIndex_Check(object))
        return ffnn_error_raise(PyExc_TypeError, place, "must be an integer, not %R", object);
    if (ffnn_number_parse(place, object, value) < 0) return -1;
    if (*value >= within->at_least && *value < within->below) return 0;
    return ffnn_error_raise(PyExc_ValueError, place, within->words, object);
}

int ffnn_lambd_parse(const char *function, PyObject *object, double *lambd)
{
    *lambd = 0;
    if (object == NULL) return 0;
    return number_parse((ffnn_place){function, "lambd", 0}, object, &numbers[FFNN_RUN_lambd].within,
                        lambd);
}

int ffnn_quantile_parse(const ffnn_state *state, const char *function, PyObject *object,
                        ffnn_cost cost, double *level)
{
    const ffnn_cost_kernels *rows = state->isa->kernels[FFNN_DOUBLE]->costs;
    const ffnn_place place = {function, "quantile", 0};
    *level = 0.5;
    if (object == NULL || object == Py_None) return 0;
    if (cost != FFNN_quantile)
        return ffnn_error_raise(PyExc_ValueError, place, "goes with cost='%s', not '%s'",
                                rows[FFNN_quantile].name, rows[cost].name);
    return number_parse(place, object, &numbers[FFNN_RUN_quantile].within, level);
}

/* ---- one for all hidden layers, or a list with one for each ---- */

/* Gives `parse` the item of each hidden layer, or of all from the first to the last. */
static int for_hidden_layers(const ffnn_state *state, const char *function, const char *name,
                             PyObject *object, ffnn_net *net,
                             int (*parse)(const ffnn_state *, ffnn_place, PyObject *, ffnn_net *,
                                          int first, int last))
{
    const int hidden = net->layers - 1;
    if (!PyList_Check(object) && !PyTuple_Check(object))
        return parse(state, (ffnn_place){function, name, 0}, object, net, 0, hidden - 1);
    PyObject *items = PySequence_Tuple(object);
    if (items == NULL) return -1;
    int status = 0;
    if (PyTuple_GET_SIZE(items) != hidden)
        status = ffnn_error_raise(PyExc_ValueError, (ffnn_place){function, name, 0},
                                  "has length %zd, expected one for each of %d hidden layers",
                                  PyTuple_GET_SIZE(items), hidden);
    char label[64];
    PyOS_snprintf(label, sizeof label, "%s[%%d]", name);
    for (int i = 0; status == 0 && i < hidden; i++)
        status =
            parse(state, (ffnn_place){function, label, i}, PyTuple_GET_ITEM(items, i), net, i, i);
    Py_DECREF(items);
    return status;
}

static int hidden_activation_parse(const ffnn_state *state, ffnn_place place, PyObject *object,
                                   ffnn_net *net, int first, int last)
{
    ffnn_activation g;
    if (activation_parse(state, place, object, &g) < 0) return -1;
    if (state->isa->kernels[FFNN_DOUBLE]->activations[g].by_columns)
        return ffnn_error_raise(PyExc_ValueError, place, "%R is for the output layer alone",
                                object);
    for (int i = first; i <= last; i++) net->activations[i] = g;
    return 0;
}

static int keep_prob_parse(const ffnn_state *Py_UNUSED(state), ffnn_place place, PyObject *object,
                           ffnn_net *net, int first, int last)
{
    double keep_prob;
    if (number_parse(place, object, &numbers[FFNN_RUN_keep_prob].within, &keep_prob) < 0) return -1;
    for (int i = first; i <= last; i++) {
        net->keep_prob[i] = keep_prob;
        if (keep_prob < 1) net->has_dropout = true;
    }
    return 0;
}

static int net_reserve(ffnn_net *net, int layers)
{
    net->layers = layers;
    net->has_dropout = false;
    net->activations = net->small_activations;
    net->keep_prob = net->small_keep_prob;
    if (layers > FFNN_STACK_LAYERS) {
        net->activations = PyMem_New(ffnn_activation, (size_t)layers);
        net->keep_prob = PyMem_New(double, (size_t)layers);
        if (net->activations == NULL || net->keep_prob == NULL) {
            PyMem_Free(net->activations);
            PyMem_Free(net->keep_prob);
            net->activations = NULL;
            PyErr_NoMemory();
            return -1;
        }
    }
    for (int i = 0; i < layers; i++) {
        net->activations[i] = i < layers - 1 ? FFNN_relu : FFNN_sigmoid;
        net->keep_prob[i] = 1;
    }
    return 0;
}

static int activations_parse(const ffnn_state *state, const char *function, PyObject *hidden,
                             PyObject *output, ffnn_net *net)
{
    if (hidden != NULL && for_hidden_layers(state, function, "hidden_activation", hidden, net,
                                            hidden_activation_parse) < 0)
        return -1;
    return output == NULL ? 0
                          : ffnn_activation_parse(state, function, "output_activation", output,
                                                  &net->activations[net->layers - 1]);
}

static int contradiction_raise(const char *function, const char *name, PyObject *of,
                               PyObject *given, PyObject *known)
{
    return ffnn_error_raise(
        PyExc_ValueError, (ffnn_place){function, name, 0}, "is %R where the %s know %R: %s", given,
        PyList_Check(of) ? "caches" : "parameters", known,
        PyList_Check(of) ? "leave it out" : "leave it out, or set it on the parameters");
}

/* What `of` knows goes where nothing was given. */
static int known_join(const ffnn_state *state, const char *function, PyObject *of, PyObject *hidden,
                      PyObject *output, ffnn_net *net)
{
    ffnn_known known;
    ffnn_net its;
    if (ffnn_known_take(state, of, &known) < 0) return -1;
    if (known.hidden == NULL) return 0;
    int status = net_reserve(&its, net->layers);
    if (status == 0) status = activations_parse(state, function, known.hidden, known.output, &its);
    const int last = net->layers - 1;
    bool hidden_agree = true;
    for (int i = 0; status == 0 && i < last; i++)
        hidden_agree = hidden_agree && net->activations[i] == its.activations[i];
    if (status == 0 && hidden != NULL && !hidden_agree)
        status = contradiction_raise(function, "hidden_activation", of, hidden, known.hidden);
    if (status == 0 && output != NULL && net->activations[last] != its.activations[last])
        status = contradiction_raise(function, "output_activation", of, output, known.output);
    for (int i = 0; status == 0 && i <= last; i++) net->activations[i] = its.activations[i];
    ffnn_net_clear(&its);
    ffnn_known_clear(&known);
    return status;
}

int ffnn_net_parse(const ffnn_state *state, const char *function, int layers, PyObject *of,
                   PyObject *hidden, PyObject *output, PyObject *keep_prob, ffnn_net *net)
{
    if (hidden == Py_None) hidden = NULL;
    if (output == Py_None) output = NULL;
    const bool is_plain =
        of == NULL || PyDict_CheckExact(of) || PyList_CheckExact(of) || PyTuple_CheckExact(of);
    if (net_reserve(net, layers) < 0) return -1;
    if (activations_parse(state, function, hidden, output, net) == 0 &&
        (is_plain || known_join(state, function, of, hidden, output, net) == 0) &&
        (keep_prob == NULL ||
         for_hidden_layers(state, function, "keep_prob", keep_prob, net, keep_prob_parse) == 0))
        return 0;
    ffnn_net_clear(net);
    return -1;
}

void ffnn_net_clear(ffnn_net *net)
{
    if (net->activations != NULL && net->activations != net->small_activations) {
        PyMem_Free(net->activations);
        PyMem_Free(net->keep_prob);
    }
    net->activations = NULL;
}

int ffnn_lone_unit_raise(const ffnn_state *state, const char *function, ffnn_activation output)
{
    const ffnn_activation_kernels *rows = state->isa->kernels[FFNN_DOUBLE]->activations;
    return ffnn_error_raise(
        PyExc_ValueError, (ffnn_place){function, "output_activation", 0},
        "'%s' of one unit is 1 for every example; one unit with '%s' tells two classes apart",
        rows[output].name, rows[FFNN_sigmoid].name);
}

/* ---- a run ---- */

/* For a number that was given to an optimiser that does not read it: names those that do. */
static int unread_raise(ffnn_place place, const number *of, const ffnn_optimizer_kernels *rows,
                        const char *chosen)
{
    int readers = 0;
    for (int i = 0; i < FFNN_OPTIMIZERS; i++) readers += (rows[i].reads & of->reads) != 0;
    char text[FFNN_OPTIMIZERS * 40] = "";
    for (int i = 0; i < FFNN_OPTIMIZERS; i++) {
        if (!(rows[i].reads & of->reads)) continue;
        const size_t used = strlen(text);
        const char *joint = --readers == 0 ? "" : readers == 1 ? " or " : ", ";
        snprintf(text + used, sizeof text - used, "'%s'%s", rows[i].name, joint);
    }
    return ffnn_error_raise(PyExc_ValueError, place, "goes with optimizer=%s, not '%s'%s", text,
                            chosen, of->hint);
}

static int hyperparameters_parse(const ffnn_state *state, const char *function,
                                 PyObject *const *arg, ffnn_hyperparameters *hyperparameters)
{
    const ffnn_optimizer_kernels *rows = state->isa->kernels[FFNN_DOUBLE]->optimizers;
    *hyperparameters = (ffnn_hyperparameters){0};
    if (arg[FFNN_RUN_optimizer] != NULL &&
        optimizer_parse(state, function, arg[FFNN_RUN_optimizer], &hyperparameters->optimizer) < 0)
        return -1;
    const ffnn_optimizer_kernels *chosen = &rows[hyperparameters->optimizer];
    for (int i = 0; i < FFNN_RUN_OPTIONS; i++) {
        const number *of = &numbers[i];
        if (of->name == NULL || of->at == 0) continue;
        const ffnn_place place = {function, of->name, 0};
        double *value = (double *)(void *)((char *)hyperparameters + of->at);
        *value = of->otherwise;
        if (arg[i] == NULL || (arg[i] == Py_None && strcmp(of->shown, "None") == 0)) continue;
        if (of->reads != 0 && !(chosen->reads & of->reads))
            return unread_raise(place, of, rows, chosen->name);
        if (number_parse(place, arg[i], &of->within, value) < 0) return -1;
    }
    return 0;
}

/* A method that takes the whole vector of gradients finds its steps itself. */
static int whole_check(const ffnn_state *state, const char *function,
                       const ffnn_run_settings *settings)
{
    const ffnn_hyperparameters *h = &settings->hyperparameters;
    const ffnn_optimizer_kernels *row = &state->isa->kernels[FFNN_DOUBLE]->optimizers[h->optimizer];
    if (row->form != FFNN_WHOLE) return 0;
    const char *name = settings->net.has_dropout ? "keep_prob"
                       : h->clip_norm != 0       ? "clip_norm"
                       : h->learning_rate != numbers[FFNN_RUN_learning_rate].otherwise
                           ? "learning_rate"
                           : NULL;
    const ffnn_cost_kernels *cost = &state->isa->kernels[FFNN_DOUBLE]->costs[settings->cost];
    if (h->optimizer == FFNN_levenberg_marquardt && !cost->is_fused &&
        settings->cost != FFNN_mean_squared_error)
        return ffnn_error_raise(PyExc_ValueError, (ffnn_place){function, "cost", 0},
                                "'%s' has no Gauss-Newton matrix, which optimizer='%s' solves "
                                "with; take 'mean_squared_error', or optimizer='lbfgs'",
                                cost->name, row->name);
    if (h->bayesian != 0 && settings->cost != FFNN_mean_squared_error)
        return ffnn_error_raise(PyExc_ValueError, (ffnn_place){function, "bayesian", 0},
                                "wants cost='mean_squared_error': '%s' has no noise to estimate",
                                cost->name);
    if (h->bayesian != 0 && h->lambd != 0)
        return ffnn_error_raise(PyExc_ValueError, (ffnn_place){function, "lambd", 0},
                                "is what bayesian=True finds: leave one of them out");
    if (name == NULL) return 0;
    return ffnn_error_raise(PyExc_ValueError, (ffnn_place){function, name, 0},
                            "does not go with optimizer='%s', which takes all examples at once and "
                            "finds the length of its steps itself: leave it at its default",
                            row->name);
}

int ffnn_run_settings_parse(const ffnn_state *state, const char *function, int layers,
                            PyObject *const arg[FFNN_RUN_OPTIONS], ffnn_run_settings *settings)
{
    if (hyperparameters_parse(state, function, arg, &settings->hyperparameters) < 0 ||
        ffnn_net_parse(state, function, layers, NULL, arg[FFNN_RUN_hidden_activation],
                       arg[FFNN_RUN_output_activation], arg[FFNN_RUN_keep_prob],
                       &settings->net) < 0)
        return -1;
    if (ffnn_cost_parse_for(state, function, arg[FFNN_RUN_cost],
                            settings->net.activations[layers - 1], &settings->cost) == 0 &&
        ffnn_quantile_parse(state, function, arg[FFNN_RUN_quantile], settings->cost,
                            &settings->hyperparameters.quantile) == 0 &&
        whole_check(state, function, settings) == 0)
        return 0;
    ffnn_net_clear(&settings->net);
    return -1;
}
