/* trainer_parameters.c - the parameters of a Trainer and what its optimiser remembers: set, read,
 * saved at a record point, restored.
 */
#include "trainer.h"
#include "errors.h"
#include "lock.h"
#include "parameters.h"
#include "parse.h"
#include "results.h"
#include "shapes.h"

static const char *const moment_keys[FFNN_MOST_MOMENTS] = {"v", "s"};

/* ---- set ---- */

/* All that a run begins with, taken and checked before any of it is written. */
typedef struct {
    ffnn_pairs parameters, moments[FFNN_MOST_MOMENTS]; /* those of `has_state` */
    ffnn_memory memory;                                /* that of a method on the whole vector */
    bool has_state;
    Py_ssize_t steps;
} beginning;

static void beginning_clear(beginning *from)
{
    ffnn_pairs_clear(&from->parameters);
    for (int i = 0; i < FFNN_MOST_MOMENTS; i++) ffnn_pairs_clear(&from->moments[i]);
    ffnn_trainer_memory_clear(&from->memory);
}

/* Arrays of the run's type, side by side. */
static int convert_pairs(const trainer_object *self, ffnn_pairs *pairs)
{
    const void *elements;
    for (int l = 1; l <= self->layers; l++)
        if (ffnn_operand_elements(&pairs->pairs[l - 1].W, self->real, &elements) < 0 ||
            ffnn_operand_elements(&pairs->pairs[l - 1].b, self->real, &elements) < 0)
            return -1;
    return 0;
}

static int take_parameters(const trainer_object *self, const char *function, PyObject *object,
                           ffnn_pairs *pairs)
{
    if (ffnn_pairs_take(self->state, function, object, pairs) < 0) return -1;
    if (pairs->layers != self->layers)
        return ffnn_error_raise(PyExc_ValueError, (ffnn_place){function, "parameters", 0},
                                "has %d layers, expected %d", pairs->layers, self->layers);
    for (int l = 1; l <= self->layers; l++) {
        const ffnn_operand *W = &pairs->pairs[l - 1].W, *b = &pairs->pairs[l - 1].b;
        const ffnn_place W_place = {function, "parameters['W%d']", l};
        const ffnn_place b_place = {function, "parameters['b%d']", l};
        if (ffnn_shape_check(W, W_place, self->dims[l], self->dims[l - 1]) < 0 ||
            ffnn_bias_check(b, b_place, W, W_place) < 0)
            return -1;
    }
    return convert_pairs(self, pairs);
}

static int take_moment(const trainer_object *self, const char *function, PyObject *state, int which,
                       ffnn_pairs *pairs)
{
    static const char *const labels[FFNN_MOST_MOMENTS][3] = {
        {"optimizer_state['v']", "optimizer_state['v']['dW%d']", "optimizer_state['v']['db%d']"},
        {"optimizer_state['s']", "optimizer_state['s']['dW%d']", "optimizer_state['s']['db%d']"},
    };
    PyObject *dict = ffnn_trainer_state_item(function, state, moment_keys[which]);
    if (dict == NULL || ffnn_pairs_take_like_gradients(self->state, function, labels[which], dict,
                                                       self->layers, pairs) < 0)
        return -1;
    for (int l = 1; l <= self->layers; l++) {
        const ffnn_pair *pair = &pairs->pairs[l - 1];
        if (ffnn_shape_check(&pair->W, (ffnn_place){function, labels[which][1], l}, self->dims[l],
                             self->dims[l - 1]) < 0 ||
            ffnn_shape_check(&pair->b, (ffnn_place){function, labels[which][2], l}, self->dims[l],
                             1) < 0)
            return -1;
    }
    return convert_pairs(self, pairs);
}

static int take_state(const trainer_object *self, const char *function, PyObject *state,
                      beginning *from)
{
    if (state == NULL || state == Py_None) return 0;
    const ffnn_place place = {function, "optimizer_state", 0};
    if (!PyDict_Check(state))
        return ffnn_error_raise(PyExc_TypeError, place, "must be a dict, not %s",
                                Py_TYPE(state)->tp_name);
    PyObject *t = ffnn_trainer_state_item(function, state, "t");
    if (t == NULL) return -1;
    from->steps = PyNumber_AsSsize_t(t, PyExc_OverflowError);
    if (from->steps == -1 && PyErr_Occurred()) return -1;
    if (from->steps < 0)
        return ffnn_error_raise(PyExc_ValueError, (ffnn_place){function, "optimizer_state['t']", 0},
                                "must be at least 0, not %zd", from->steps);
    for (int which = 0; which < self->moments; which++)
        if (take_moment(self, function, state, which, &from->moments[which]) < 0) return -1;
    if (ffnn_trainer_memory_take(self, function, state, &from->memory) < 0) return -1;
    from->has_state = true;
    return 0;
}

static void write_array(void *to, const ffnn_operand *from)
{
    memcpy(to, PyArray_DATA(from->array), (size_t)PyArray_NBYTES(from->array));
}

static void begin(trainer_object *self, const beginning *from)
{
    if (self->has_parameters) ffnn_run_begin(self->run); /* else it has: nothing ran before */
    for (int l = 1; l <= self->layers; l++) {
        write_array(ffnn_run_parameter(self->run, 'W', l), &from->parameters.pairs[l - 1].W);
        write_array(ffnn_run_parameter(self->run, 'b', l), &from->parameters.pairs[l - 1].b);
        for (int i = 0; from->has_state && i < self->moments; i++) {
            write_array(ffnn_run_moment(self->run, i, 'W', l), &from->moments[i].pairs[l - 1].W);
            write_array(ffnn_run_moment(self->run, i, 'b', l), &from->moments[i].pairs[l - 1].b);
        }
    }
    ffnn_trainer_memory_begin(self, &from->memory);
    *ffnn_run_steps(self->run) = from->steps;
    ffnn_run_snapshot(self->run);
    self->snapshot = 0;
    self->has_parameters = true;
    self->is_interrupted = false;
}

PyObject *ffnn_trainer_set(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                           PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "Trainer.set", 1, {FFNN_NAME_parameters, FFNN_NAME_state}, 1};
    trainer_object *self = (trainer_object *)object;
    PyObject *arg[2];
    if (ffnn_arguments_parse(self->state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    const char *function = PyUnicode_AsUTF8(self->function);
    if (function == NULL) return NULL;
    beginning from = {.has_state = false};
    int status = take_parameters(self, function, arg[0], &from.parameters) < 0 ||
                         take_state(self, function, arg[1], &from) < 0
                     ? -1
                     : ffnn_trainer_enter(self, "set", FFNN_NEEDS_NOTHING);
    if (status == 0) {
        begin(self, &from);
        atomic_flag_clear(&self->is_busy);
    }
    beginning_clear(&from);
    if (status < 0) return NULL;
    Py_RETURN_NONE;
}

/* ---- read ---- */

PyObject *ffnn_trainer_array_copy(const trainer_object *self, const void *from, char kind, int l)
{
    void *data;
    PyObject *array =
        ffnn_matrix_new(self->real, self->dims[l], kind == 'W' ? self->dims[l - 1] : 1, &data);
    if (array != NULL) memcpy(data, from, (size_t)PyArray_NBYTES((PyArrayObject *)array));
    return array;
}

static const void *array_of(ffnn_run *run, int moment, char kind, int l, bool is_recorded)
{
    if (is_recorded)
        return moment < 0 ? ffnn_run_recorded_parameter(run, kind, l)
                          : ffnn_run_recorded_moment(run, moment, kind, l);
    return moment < 0 ? ffnn_run_parameter(run, kind, l) : ffnn_run_moment(run, moment, kind, l);
}

/* {W1, b1, ...} of the parameters, or {dW1, db1, ...} of a moment: as they are, or as they were at
 * the record point. */
static PyObject *copy_dict(const trainer_object *self, int moment, bool is_recorded)
{
    ffnn_run *run = self->run;
    const ffnn_key W = moment < 0 ? FFNN_KEY_W : FFNN_KEY_dW;
    const ffnn_key b = moment < 0 ? FFNN_KEY_b : FFNN_KEY_db;
    PyObject *dict = moment < 0 ? ffnn_known_dict_new(self->state, &self->known) : PyDict_New();
    for (int l = 1; dict != NULL && l <= self->layers; l++) {
        const void *from_W = array_of(run, moment, 'W', l, is_recorded);
        const void *from_b = array_of(run, moment, 'b', l, is_recorded);
        if (ffnn_dict_give(self->state, dict, W, l, ffnn_trainer_array_copy(self, from_W, 'W', l)) <
                0 ||
            ffnn_dict_give(self->state, dict, b, l, ffnn_trainer_array_copy(self, from_b, 'b', l)) <
                0)
            Py_CLEAR(dict);
    }
    return dict;
}

/* With the Gram form W1 is made when it is asked for, which can take long. */
static double first_layer_work(const trainer_object *self)
{
    return (double)self->dims[0] * (double)self->dims[1] * (double)ffnn_operand_cols(&self->X);
}

PyObject *ffnn_trainer_parameters(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    trainer_object *self = (trainer_object *)object;
    if (ffnn_trainer_enter(self, "parameters", FFNN_NEEDS_PARAMETERS) < 0) return NULL;
    PyThreadState *thread = ffnn_lock_release(first_layer_work(self));
    ffnn_run_parameter(self->run, 'W', 1);
    ffnn_lock_take(thread);
    PyObject *parameters = copy_dict(self, -1, false);
    atomic_flag_clear(&self->is_busy);
    return parameters;
}

PyObject *ffnn_trainer_is_finite(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    trainer_object *self = (trainer_object *)object;
    if (ffnn_trainer_enter(self, "is_finite", FFNN_NEEDS_PARAMETERS) < 0) return NULL;
    PyThreadState *thread = ffnn_lock_release(first_layer_work(self));
    const bool is_finite = ffnn_run_is_finite(self->run);
    ffnn_lock_take(thread);
    atomic_flag_clear(&self->is_busy);
    return PyBool_FromLong(is_finite);
}

static PyObject *copy_state(const trainer_object *self, ptrdiff_t steps, bool is_recorded)
{
    PyObject *state = Py_BuildValue("{s:n}", "t", (Py_ssize_t)steps);
    for (int i = 0; state != NULL && i < self->moments; i++) {
        PyObject *moment = copy_dict(self, i, is_recorded);
        if (moment == NULL || PyDict_SetItemString(state, moment_keys[i], moment) < 0)
            Py_CLEAR(state);
        Py_XDECREF(moment);
    }
    if (state != NULL && ffnn_trainer_memory_copy(self, state, is_recorded) < 0) Py_CLEAR(state);
    return state;
}

PyObject *ffnn_trainer_state(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    trainer_object *self = (trainer_object *)object;
    if (ffnn_trainer_enter(self, "state", FFNN_NEEDS_PARAMETERS) < 0) return NULL;
    PyObject *state = copy_state(self, *ffnn_run_steps(self->run), false);
    atomic_flag_clear(&self->is_busy);
    return state;
}

PyObject *ffnn_trainer_record_point(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    trainer_object *self = (trainer_object *)object;
    if (ffnn_trainer_enter(self, "record_point", FFNN_NEEDS_BEGINNING) < 0) return NULL;
    PyThreadState *thread = ffnn_lock_release(first_layer_work(self));
    ffnn_run_recorded_parameter(self->run, 'W', 1);
    ffnn_lock_take(thread);
    PyObject *parameters = copy_dict(self, -1, true), *result = NULL;
    PyObject *state = copy_state(self, ffnn_run_recorded_steps(self->run), true);
    if (parameters != NULL && state != NULL)
        result = Py_BuildValue("nOO", (Py_ssize_t)self->snapshot, parameters, state);
    Py_XDECREF(parameters);
    Py_XDECREF(state);
    atomic_flag_clear(&self->is_busy);
    return result;
}

/* ---- record points ---- */

PyObject *ffnn_trainer_snapshot(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                                PyObject *kw_names)
{
    static const ffnn_signature signature = {"Trainer.snapshot", 1, {FFNN_NAME_n}, 0};
    trainer_object *self = (trainer_object *)object;
    PyObject *arg[1];
    ptrdiff_t n;
    if (ffnn_arguments_parse(self->state, &signature, args, n_args, kw_names, arg) < 0 ||
        ffnn_count_parse((ffnn_place){"Trainer.snapshot", "n", 0}, arg[0], PTRDIFF_MAX, &n) < 0 ||
        ffnn_trainer_enter(self, "snapshot", FFNN_NEEDS_PARAMETERS) < 0)
        return NULL;
    ffnn_run_snapshot(self->run);
    self->snapshot = n;
    atomic_flag_clear(&self->is_busy);
    Py_RETURN_NONE;
}

PyObject *ffnn_trainer_restore(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    trainer_object *self = (trainer_object *)object;
    if (ffnn_trainer_enter(self, "restore", FFNN_NEEDS_BEGINNING) < 0) return NULL;
    self->is_interrupted = false;
    PyThreadState *thread = ffnn_lock_release(first_layer_work(self));
    ffnn_run_restore(self->run);
    ffnn_lock_take(thread);
    const ptrdiff_t snapshot = self->snapshot;
    atomic_flag_clear(&self->is_busy);
    return PyLong_FromSsize_t(snapshot);
}

/* ---- the sizes of layers ---- */

static PyObject *dims_of(const char *function, const ffnn_pairs *pairs)
{
    PyObject *dims = PyTuple_New(pairs->layers + 1);
    for (int l = 0; dims != NULL && l <= pairs->layers; l++) {
        const npy_intp n = l == 0 ? ffnn_operand_cols(&pairs->pairs[0].W)
                                  : ffnn_operand_rows(&pairs->pairs[l - 1].W);
        PyObject *size = PyLong_FromSsize_t(n);
        if (n == 0) PyErr_Format(PyExc_ValueError, "%s: layer %d has no units", function, l);
        if (size != NULL) PyTuple_SET_ITEM(dims, l, size);
        if (size == NULL || n == 0) Py_CLEAR(dims);
    }
    return dims;
}

PyObject *ffnn_layer_dims(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                          PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "layer_dims", 2, {FFNN_NAME_function, FFNN_NAME_parameters}, 0};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[2], *dims = NULL;
    ffnn_pairs pairs;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    const char *function = PyUnicode_AsUTF8(arg[0]);
    if (function == NULL || ffnn_pairs_take(state, function, arg[1], &pairs) < 0) return NULL;
    if (ffnn_pairs_check(function, &pairs, NULL) == 0) dims = dims_of(function, &pairs);
    ffnn_pairs_clear(&pairs);
    return dims;
}
