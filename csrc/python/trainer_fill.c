/* trainer_fill.c - from Python's arguments to a run; and the same checks without one. */
#include "trainer.h"
#include "errors.h"
#include "lock.h"
#include "parameters.h"
#include "parse.h"
#include "shapes.h"

#include <numpy/random/bitgen.h>

static const char trainer_function[] = "Trainer";

static int copy_pair(ffnn_pair *pair, ffnn_real real, void *W, void *b)
{
    const void *from_W, *from_b;
    if (ffnn_operand_elements(&pair->W, real, &from_W) < 0 ||
        ffnn_operand_elements(&pair->b, real, &from_b) < 0)
        return -1;
    memcpy(W, from_W, (size_t)PyArray_NBYTES(pair->W.array));
    memcpy(b, from_b, (size_t)PyArray_NBYTES(pair->b.array));
    return 0;
}

static int fill_parameters(trainer_object *self, ffnn_pairs *parameters)
{
    for (int l = 1; l <= self->layers; l++)
        if (copy_pair(&parameters->pairs[l - 1], self->real, ffnn_run_parameter(self->run, 'W', l),
                      ffnn_run_parameter(self->run, 'b', l)) < 0)
            return -1;
    return 0;
}

static int fill_dims(trainer_object *self, const ffnn_pairs *parameters)
{
    self->layers = parameters->layers;
    self->dims = PyMem_New(ptrdiff_t, (size_t)self->layers + 1);
    if (self->dims == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    self->dims[0] = ffnn_operand_rows(&self->X);
    for (int l = 0; l <= self->layers; l++) {
        if (l > 0) self->dims[l] = ffnn_operand_rows(&parameters->pairs[l - 1].W);
        if (self->dims[l] > 0) continue;
        PyErr_Format(PyExc_ValueError, "%s: layer %d has no units", trainer_function, l);
        return -1;
    }
    return 0;
}

/* ---- what an optimiser remembers ---- */

static int fill_moment(trainer_object *self, PyObject *state, int which)
{
    static const char *const keys[FFNN_MOST_MOMENTS] = {"v", "s"};
    static const char *const labels[FFNN_MOST_MOMENTS][3] = {
        {"state['v']", "state['v']['dW%d']", "state['v']['db%d']"},
        {"state['s']", "state['s']['dW%d']", "state['s']['db%d']"},
    };
    PyObject *dict = PyDict_GetItemString(state, keys[which]);
    if (dict == NULL)
        return ffnn_error_raise(PyExc_KeyError, (ffnn_place){trainer_function, "state", 0},
                                "has no '%s'", keys[which]);
    ffnn_pairs pairs;
    if (ffnn_pairs_take_like_gradients(self->state, trainer_function, labels[which], dict,
                                       self->layers, &pairs) < 0)
        return -1;
    int status = 0;
    for (int l = 1; status == 0 && l <= self->layers; l++) {
        ffnn_pair *pair = &pairs.pairs[l - 1];
        const ffnn_place W = {trainer_function, labels[which][1], l};
        const ffnn_place b = {trainer_function, labels[which][2], l};
        status = ffnn_shape_check(&pair->W, W, self->dims[l], self->dims[l - 1]) < 0 ||
                         ffnn_shape_check(&pair->b, b, self->dims[l], 1) < 0
                     ? -1
                     : copy_pair(pair, self->real, ffnn_run_moment(self->run, which, 'W', l),
                                 ffnn_run_moment(self->run, which, 'b', l));
    }
    ffnn_pairs_clear(&pairs);
    return status;
}

static int fill_state(trainer_object *self, PyObject *state)
{
    if (state == NULL || state == Py_None) return 0;
    const ffnn_place place = {trainer_function, "state", 0};
    if (!PyDict_Check(state))
        return ffnn_error_raise(PyExc_TypeError, place, "must be a dict, not %s",
                                Py_TYPE(state)->tp_name);
    PyObject *t = PyDict_GetItemString(state, "t");
    if (t == NULL) return ffnn_error_raise(PyExc_KeyError, place, "has no 't'");
    const Py_ssize_t steps = PyNumber_AsSsize_t(t, PyExc_OverflowError);
    if (steps == -1 && PyErr_Occurred()) return -1;
    if (steps < 0)
        return ffnn_error_raise(PyExc_ValueError, (ffnn_place){trainer_function, "state['t']", 0},
                                "must be at least 0, not %zd", steps);
    for (int which = 0; which < self->moments; which++)
        if (fill_moment(self, state, which) < 0) return -1;
    *ffnn_run_steps(self->run) = steps;
    return 0;
}

/* ---- the run ---- */

/* Weights of the examples, or NULL. */
static int take_weights(trainer_object *self, PyObject *object, npy_intp m, const void **weights)
{
    const ffnn_place place = {trainer_function, "sample_weight", 0};
    *weights = NULL;
    if (object == NULL || object == Py_None) return 0;
    if (ffnn_operand_take(&self->weights, object, place) < 0) return -1;
    if (PyArray_NDIM(self->weights.array) != 1 || PyArray_DIM(self->weights.array, 0) != m) {
        char shape[FFNN_SHAPE_TEXT], X_shape[FFNN_SHAPE_TEXT];
        return ffnn_error_raise(PyExc_ValueError, place, "has shape %s, expected (%zd,) for X %s",
                                ffnn_shape_write(&self->weights, shape), (Py_ssize_t)m,
                                ffnn_shape_write(&self->X, X_shape));
    }
    return ffnn_operand_elements(&self->weights, self->real, weights);
}

static int take_random(trainer_object *self, PyObject *object, bool has_dropout,
                       ffnn_random *random)
{
    const ffnn_place place = {trainer_function, "bit_generator", 0};
    if (object == NULL || object == Py_None)
        return has_dropout ? ffnn_error_raise(PyExc_ValueError, place,
                                              "is needed where keep_prob is below 1")
                           : 0;
    PyObject *capsule = PyObject_GetAttrString(object, "capsule");
    if (capsule == NULL) return -1;
    bitgen_t *generator = PyCapsule_GetPointer(capsule, "BitGenerator");
    Py_DECREF(capsule);
    if (generator == NULL) return -1;
    self->bit_generator = Py_NewRef(object); /* which owns what `generator` points to */
    *random = (ffnn_random){generator->next_double, generator->next_uint32, generator->next_uint64,
                            generator->state};
    return 0;
}

/* gram is a truth value, or NULL or None: what the shapes say. */
static int choose_gram(const trainer_object *self, PyObject *gram, ffnn_run_options *options)
{
    const bool fits = ffnn_gram_fits(&options->hyperparameters);
    if (gram == NULL || gram == Py_None) {
        options->is_gram = fits && ffnn_gram_pays(options->kernels, self->dims[0], self->dims[1],
                                                  options->examples.X.cols, &options->gram_from);
        return 0;
    }
    const int is_gram = PyObject_IsTrue(gram);
    if (is_gram < 0) return -1;
    options->is_gram = is_gram;
    if (!is_gram || fits) return 0;
    return ffnn_error_raise(PyExc_ValueError, (ffnn_place){trainer_function, "gram", 0},
                            "fits optimizer='gd' alone, without lambd and clip_norm");
}

static int start_run(trainer_object *self, const ffnn_run_settings *settings, PyObject *const *arg)
{
    ffnn_run_options options = {
        .kernels = self->state->isa->kernels[self->real],
        .layers = self->layers,
        .dims = self->dims,
        .activations = settings->net.activations,
        .keep_prob = settings->net.keep_prob,
        .cost = settings->cost,
        .hyperparameters = settings->hyperparameters,
    };
    const ptrdiff_t n_y = self->dims[self->layers], m = ffnn_operand_cols(&self->X);
    const void *y;
    if (ffnn_operand_view(&self->X, self->real, FFNN_ANY_LAYOUT, &options.examples.X) < 0 ||
        ffnn_labels_elements(trainer_function, &self->labels, self->real, n_y, m, &y) < 0 ||
        take_weights(self, arg[FFNN_TRAINER_SAMPLE_WEIGHT], m, &options.examples.weights) < 0 ||
        take_random(self, arg[FFNN_TRAINER_BIT_GENERATOR], settings->net.has_dropout,
                    &options.random) < 0 ||
        choose_gram(self, arg[FFNN_TRAINER_GRAM], &options) < 0)
        return -1;
    options.examples.Y = ffnn_view_of(y, n_y, m);
    self->moments = options.kernels->optimizers[settings->hyperparameters.optimizer].moments;
    self->iteration_work = 0;
    for (int l = 1; l <= self->layers; l++)
        self->iteration_work +=
            (double)self->dims[l] * (double)m * (3 * (double)self->dims[l - 1] + FFNN_ELEMENT_WORK);
    self->run = ffnn_run_new(&options);
    return self->run == NULL ? ffnn_status_raise(FFNN_NO_MEMORY) : 0;
}

int ffnn_trainer_fill(trainer_object *self, PyObject *const arg[FFNN_TRAINER_ARGUMENTS])
{
    const char *function = trainer_function;
    ffnn_pairs parameters;
    ffnn_run_settings settings;
    settings.net.activations = NULL;
    if (ffnn_pairs_take(self->state, function, arg[FFNN_TRAINER_PARAMETERS], &parameters) < 0)
        return -1;
    int status = -1;
    if (ffnn_operand_take(&self->X, arg[FFNN_TRAINER_X], (ffnn_place){function, "X", 0}) < 0 ||
        ffnn_labels_take(&self->labels, arg[FFNN_TRAINER_Y], function) < 0 ||
        ffnn_run_settings_parse(self->state, function, parameters.layers,
                                arg + FFNN_TRAINER_SETTINGS, &settings) < 0 ||
        ffnn_pairs_check(function, &parameters, &self->X) < 0 || fill_dims(self, &parameters) < 0)
        goto done;
    const npy_intp m = ffnn_operand_cols(&self->X);
    if (ffnn_labels_check(function, &self->labels, settings.cost, self->dims[self->layers], m,
                          "the output layer", &self->X) < 0 ||
        ffnn_examples_check(function, m) < 0)
        goto done;
    self->real = self->X.kind == FFNN_KIND_FLOAT ? FFNN_FLOAT : FFNN_DOUBLE;
    if (start_run(self, &settings, arg) == 0 && fill_parameters(self, &parameters) == 0)
        status = fill_state(self, arg[FFNN_TRAINER_STATE]);
    if (status == 0) ffnn_run_snapshot(self->run);
done:
    ffnn_net_clear(&settings.net);
    ffnn_pairs_clear(&parameters);
    return status;
}

/* ---- before the random numbers are drawn ---- */

/* The sizes of the first and the last layer, and the number of layers between two of them. */
static int take_ends(PyObject *layer_dims, npy_intp *n_x, npy_intp *n_y, int *layers)
{
    if (!PyTuple_Check(layer_dims) || PyTuple_GET_SIZE(layer_dims) < 2 ||
        PyTuple_GET_SIZE(layer_dims) > INT_MAX) {
        PyErr_SetString(PyExc_TypeError,
                        "check_run: layer_dims must be a tuple of two or more integers");
        return -1;
    }
    *layers = (int)PyTuple_GET_SIZE(layer_dims) - 1;
    *n_x = PyNumber_AsSsize_t(PyTuple_GET_ITEM(layer_dims, 0), NULL);
    *n_y = PyNumber_AsSsize_t(PyTuple_GET_ITEM(layer_dims, *layers), NULL);
    return PyErr_Occurred() ? -1 : 0;
}

PyObject *ffnn_check_run(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                         PyObject *kw_names)
{
    enum { X, Y, LAYER_DIMS = 3, SETTINGS, ARGUMENTS = SETTINGS + FFNN_RUN_OPTIONS };
    static const ffnn_signature signature = {"check_run",
                                             SETTINGS + 1,
                                             {
                                                 FFNN_NAME_function,
                                                 FFNN_NAME_X,
                                                 FFNN_NAME_Y,
                                                 FFNN_NAME_layer_dims,
#define FFNN_RUN_OPTION(name) FFNN_NAME_##name,
#include "run_options.def"
#undef FFNN_RUN_OPTION
                                             },
                                             FFNN_RUN_OPTIONS - 1};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[ARGUMENTS];
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    const char *function = PyUnicode_AsUTF8(arg[0]);
    npy_intp n_x, n_y;
    int layers;
    ffnn_run_settings settings;
    if (function == NULL || take_ends(arg[LAYER_DIMS], &n_x, &n_y, &layers) < 0 ||
        ffnn_run_settings_parse(state, function, layers, arg + SETTINGS, &settings) < 0)
        return NULL;
    ffnn_operand x = {0};
    ffnn_labels labels = {{0}, false, NULL};
    const void *y;
    const int status =
        ffnn_operand_take(&x, arg[X + 1], (ffnn_place){function, "X", 0}) < 0 ||
        ffnn_labels_take(&labels, arg[Y + 1], function) < 0 ||
        ffnn_inputs_check(function, &x, n_x, "layers_dims[0]", NULL) < 0 ||
        ffnn_labels_check(function, &labels, settings.cost, n_y, ffnn_operand_cols(&x),
                          "the output layer", &x) < 0 ||
        ffnn_examples_check(function, ffnn_operand_cols(&x)) < 0 ||
        (labels.are_classes &&
         ffnn_labels_elements(function, &labels, FFNN_FLOAT, n_y, ffnn_operand_cols(&x), &y) < 0);
    ffnn_operand_clear(&x);
    ffnn_labels_clear(&labels);
    ffnn_net_clear(&settings.net);
    if (status) return NULL;
    Py_RETURN_NONE;
}
