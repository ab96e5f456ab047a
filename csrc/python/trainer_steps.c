/* trainer_steps.c - examples that come with a call: measured, one step, its gradients, its update.
 */
#include "trainer.h"
#include "errors.h"
#include "lock.h"
#include "parameters.h"
#include "parse.h"
#include "results.h"

/* How one of the core's functions takes examples. */
typedef ffnn_status computation(ffnn_run *run, const ffnn_examples *examples, double *cost,
                                ffnn_poll *poll, void *context);

static PyObject *copy_gradient(const trainer_object *self, char kind, int l)
{
    return ffnn_trainer_array_copy(self, ffnn_run_gradient(self->run, kind, l), kind, l);
}

static PyObject *copy_gradients(const trainer_object *self)
{
    PyObject *dict = PyDict_New();
    for (int l = 1; dict != NULL && l <= self->layers; l++)
        if (ffnn_dict_give(self->state, dict, FFNN_KEY_dW, l, copy_gradient(self, 'W', l)) < 0 ||
            ffnn_dict_give(self->state, dict, FFNN_KEY_db, l, copy_gradient(self, 'b', l)) < 0)
            Py_CLEAR(dict);
    return dict;
}

/* The arguments X, Y, sample_weight and source of a method, and what `work` makes of them: *cost,
 * with the *total of the weights; copies of the gradients, where these are wanted. */
static int compute(trainer_object *self, const ffnn_signature *signature, PyObject *const *args,
                   Py_ssize_t n_args, PyObject *kw_names, computation *work, double *cost,
                   double *total, PyObject **gradients)
{
    PyObject *arg[4] = {NULL};
    ffnn_given given;
    *cost = *total = 0;
    if (ffnn_arguments_parse(self->state, signature, args, n_args, kw_names, arg) < 0) return -1;
    if (work != ffnn_run_measure && ffnn_trainer_no_sums_check(self, signature->function) < 0)
        return -1;
    int status = ffnn_given_take(self, signature->function, arg[0], arg[1], arg[2], arg[3], &given);
    if (status == 0 && !(given.total > 0))
        status = ffnn_error_raise(PyExc_ValueError,
                                  (ffnn_place){signature->function, "sample_weight", 0},
                                  "must have a sum above 0");
    if (status == 0) status = ffnn_trainer_enter(self, signature->function, FFNN_NEEDS_PARAMETERS);
    if (status == 0) {
        ffnn_poll_context poll;
        const double m = (double)given.examples.X.cols, all = (double)ffnn_operand_cols(&self->X);
        ffnn_source_begin(&given.source, &poll, self->iteration_work / all * m);
        const ffnn_status done = work(self->run, &given.examples, cost, ffnn_poll_signals, &poll);
        ffnn_lock_take(poll.thread);
        self->is_interrupted = work != ffnn_run_measure && done == FFNN_INTERRUPTED;
        *total = given.total;
        status = ffnn_status_raise(done);
        if (status == 0 && gradients != NULL && (*gradients = copy_gradients(self)) == NULL)
            status = -1;
        atomic_flag_clear(&self->is_busy);
    }
    ffnn_given_clear(&given);
    return status;
}

PyObject *ffnn_trainer_measure(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                               PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "Trainer.measure",
        2,
        {FFNN_NAME_X, FFNN_NAME_Y, FFNN_NAME_sample_weight, FFNN_NAME_source},
        2};
    trainer_object *self = (trainer_object *)object;
    double cost, total;
    if (compute(self, &signature, args, n_args, kw_names, ffnn_run_measure, &cost, &total, NULL) <
        0)
        return NULL;
    return ffnn_scalar_new(self->real, cost / total);
}

PyObject *ffnn_trainer_step(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                            PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "Trainer.step", 2, {FFNN_NAME_X, FFNN_NAME_Y, FFNN_NAME_sample_weight}, 1};
    trainer_object *self = (trainer_object *)object;
    double cost, total;
    if (ffnn_trainer_batches_check(self, "Trainer.step") < 0 ||
        compute(self, &signature, args, n_args, kw_names, ffnn_run_step, &cost, &total, NULL) < 0)
        return NULL;
    return ffnn_scalar_new(self->real, cost);
}

PyObject *ffnn_trainer_gradient(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                                PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "Trainer.gradient", 2, {FFNN_NAME_X, FFNN_NAME_Y, FFNN_NAME_sample_weight}, 1};
    trainer_object *self = (trainer_object *)object;
    double cost, total;
    PyObject *gradients = NULL, *result = NULL;
    if (compute(self, &signature, args, n_args, kw_names, ffnn_run_gradients, &cost, &total,
                &gradients) < 0)
        return NULL;
    PyObject *sum = ffnn_scalar_new(self->real, cost);
    if (sum != NULL) result = PyTuple_Pack(2, sum, gradients);
    Py_XDECREF(sum);
    Py_DECREF(gradients);
    return result;
}

PyObject *ffnn_trainer_update(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                              PyObject *kw_names)
{
    static const ffnn_signature signature = {"Trainer.update", 1, {FFNN_NAME_m}, 0};
    trainer_object *self = (trainer_object *)object;
    PyObject *arg[1];
    ptrdiff_t m;
    if (ffnn_trainer_batches_check(self, "Trainer.update") < 0 ||
        ffnn_arguments_parse(self->state, &signature, args, n_args, kw_names, arg) < 0 ||
        ffnn_count_parse((ffnn_place){"Trainer.update", "m", 0}, arg[0], PTRDIFF_MAX, &m) < 0 ||
        ffnn_trainer_enter(self, "update", FFNN_NEEDS_PARAMETERS) < 0)
        return NULL;
    ffnn_run_update(self->run, (double)m);
    atomic_flag_clear(&self->is_busy);
    Py_RETURN_NONE;
}
