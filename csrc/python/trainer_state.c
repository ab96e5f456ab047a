/* trainer_state.c - what a Trainer remembers: parameters and moments, as they are or as they were
 * when they were kept; and who may touch them.
 */
#include "trainer.h"
#include "errors.h"
#include "lock.h"
#include "parameters.h"
#include "parse.h"
#include "results.h"

static int claim(trainer_object *self, const char *method)
{
    if (!atomic_flag_test_and_set(&self->is_busy)) return 0;
    PyErr_Format(PyExc_RuntimeError, "Trainer.%s: another thread is using this Trainer", method);
    return -1;
}

int ffnn_trainer_enter(trainer_object *self, const char *method)
{
    if (claim(self, method) < 0) return -1;
    if (!self->is_interrupted) return 0;
    atomic_flag_clear(&self->is_busy);
    PyErr_Format(PyExc_RuntimeError, "Trainer.%s: an earlier run was interrupted half-way", method);
    return -1;
}

static PyObject *copy_array(const trainer_object *self, const void *from, char kind, int l)
{
    void *data;
    PyObject *array =
        ffnn_matrix_new(self->real, self->dims[l], kind == 'W' ? self->dims[l - 1] : 1, &data);
    if (array != NULL) memcpy(data, from, (size_t)PyArray_NBYTES((PyArrayObject *)array));
    return array;
}

/* {W1, b1, ...} of the parameters, or {dW1, db1, ...} of a moment. */
static PyObject *copy_dict(const trainer_object *self, int moment)
{
    const ffnn_key W = moment < 0 ? FFNN_KEY_W : FFNN_KEY_dW;
    const ffnn_key b = moment < 0 ? FFNN_KEY_b : FFNN_KEY_db;
    PyObject *dict = PyDict_New();
    for (int l = 1; dict != NULL && l <= self->layers; l++) {
        const void *from_W = moment < 0 ? ffnn_run_parameter(self->run, 'W', l)
                                        : ffnn_run_moment(self->run, moment, 'W', l);
        const void *from_b = moment < 0 ? ffnn_run_parameter(self->run, 'b', l)
                                        : ffnn_run_moment(self->run, moment, 'b', l);
        if (ffnn_dict_give(self->state, dict, W, l, copy_array(self, from_W, 'W', l)) < 0 ||
            ffnn_dict_give(self->state, dict, b, l, copy_array(self, from_b, 'b', l)) < 0)
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
    if (ffnn_trainer_enter(self, "parameters") < 0) return NULL;
    PyThreadState *thread = ffnn_lock_release(first_layer_work(self));
    ffnn_run_parameter(self->run, 'W', 1);
    ffnn_lock_take(thread);
    PyObject *parameters = copy_dict(self, -1);
    atomic_flag_clear(&self->is_busy);
    return parameters;
}

PyObject *ffnn_trainer_is_finite(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    trainer_object *self = (trainer_object *)object;
    if (ffnn_trainer_enter(self, "is_finite") < 0) return NULL;
    PyThreadState *thread = ffnn_lock_release(first_layer_work(self));
    const bool is_finite = ffnn_run_is_finite(self->run);
    ffnn_lock_take(thread);
    atomic_flag_clear(&self->is_busy);
    return PyBool_FromLong(is_finite);
}

PyObject *ffnn_trainer_snapshot(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                                PyObject *kw_names)
{
    static const ffnn_signature signature = {"Trainer.snapshot", 1, {FFNN_NAME_n}, 0};
    trainer_object *self = (trainer_object *)object;
    PyObject *arg[1];
    ptrdiff_t n;
    if (ffnn_arguments_parse(self->state, &signature, args, n_args, kw_names, arg) < 0 ||
        ffnn_count_parse((ffnn_place){"Trainer.snapshot", "n", 0}, arg[0], PTRDIFF_MAX, &n) < 0 ||
        ffnn_trainer_enter(self, "snapshot") < 0)
        return NULL;
    ffnn_run_snapshot(self->run);
    self->snapshot = n;
    atomic_flag_clear(&self->is_busy);
    Py_RETURN_NONE;
}

PyObject *ffnn_trainer_restore(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    trainer_object *self = (trainer_object *)object;
    if (claim(self, "restore") < 0) return NULL;
    self->is_interrupted = false;
    PyThreadState *thread = ffnn_lock_release(first_layer_work(self));
    ffnn_run_restore(self->run);
    ffnn_lock_take(thread);
    const ptrdiff_t snapshot = self->snapshot;
    atomic_flag_clear(&self->is_busy);
    return PyLong_FromSsize_t(snapshot);
}

PyObject *ffnn_trainer_state(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    static const char *const keys[FFNN_MOST_MOMENTS] = {"v", "s"};
    trainer_object *self = (trainer_object *)object;
    if (ffnn_trainer_enter(self, "state") < 0) return NULL;
    PyObject *state = Py_BuildValue("{s:n}", "t", (Py_ssize_t)*ffnn_run_steps(self->run));
    for (int i = 0; state != NULL && i < self->moments; i++) {
        PyObject *moment = copy_dict(self, i);
        if (moment == NULL || PyDict_SetItemString(state, keys[i], moment) < 0) Py_CLEAR(state);
        Py_XDECREF(moment);
    }
    atomic_flag_clear(&self->is_busy);
    return state;
}
