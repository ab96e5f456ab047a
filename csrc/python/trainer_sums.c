/* trainer_sums.c - a step's sums, computed elsewhere: whom a Trainer asks for them, and the shards
 * that another Trainer computes them from.
 *
 * Parameters and gradients pass as vectors W1, b1, ..., WL, bL, each array row by row.
 */
#include "trainer.h"
#include "errors.h"
#include "lock.h"
#include "parse.h"
#include "results.h"

int ffnn_trainer_no_sums_check(const trainer_object *self, const char *method)
{
    if (self->sums == NULL) return 0;
    PyErr_Format(PyExc_ValueError, "%s: this Trainer asks for its sums and computes none", method);
    return -1;
}

/* ---- vectors ---- */

typedef void *part_of_run(ffnn_run *run, char kind, int l);

static ptrdiff_t part_bytes(const trainer_object *self, char kind, int l)
{
    return self->dims[l] * (kind == 'W' ? self->dims[l - 1] : 1) * ffnn_real_bytes[self->real];
}

static PyObject *vector_of(const trainer_object *self, part_of_run *part)
{
    const npy_intp length = ffnn_run_count(self->run);
    void *data;
    PyObject *vector = ffnn_array_new(self->real, 1, &length, &data);
    char *to = data;
    for (int i = 0; vector != NULL && i < 2 * self->layers; i++) {
        const char kind = i % 2 == 0 ? 'W' : 'b';
        const ptrdiff_t bytes = part_bytes(self, kind, i / 2 + 1);
        memcpy(to, part(self->run, kind, i / 2 + 1), (size_t)bytes);
        to += bytes;
    }
    return vector;
}

static void write_gradients(trainer_object *self, PyArrayObject *vector)
{
    const char *from = PyArray_DATA(vector);
    for (int i = 0; i < 2 * self->layers; i++) {
        const char kind = i % 2 == 0 ? 'W' : 'b';
        const ptrdiff_t bytes = part_bytes(self, kind, i / 2 + 1);
        memcpy(ffnn_run_gradient(self->run, kind, i / 2 + 1), from, (size_t)bytes);
        from += bytes;
    }
}

/* ---- asking ---- */

static PyObject *copy_order(const trainer_object *self, const ptrdiff_t *order)
{
    const npy_intp m = ffnn_operand_cols(&self->X);
    PyObject *array = PyArray_SimpleNew(1, &m, NPY_INTP);
    if (array != NULL)
        memcpy(PyArray_DATA((PyArrayObject *)array), order, (size_t)m * sizeof *order);
    return array;
}

/* (costs, gradients): a float for each shard, in their order, and the sum of their gradients. */
static int take_answer(trainer_object *self, PyObject *answer, double *cost)
{
    const char *function = PyUnicode_AsUTF8(self->function);
    const ffnn_place place = {function, "sums", 0};
    PyObject *items = function == NULL ? NULL : ffnn_items_take(answer, 2, place, "(costs, sums)");
    if (items == NULL) return -1;
    PyObject *costs =
        PyArray_FROMANY(PyTuple_GET_ITEM(items, 0), NPY_DOUBLE, 1, 1, NPY_ARRAY_CARRAY_RO);
    PyObject *sums = costs == NULL
                         ? NULL
                         : PyArray_FROMANY(PyTuple_GET_ITEM(items, 1), ffnn_real_type[self->real],
                                           1, 1, NPY_ARRAY_CARRAY_RO);
    int status = -1;
    if (sums != NULL && PyArray_DIM((PyArrayObject *)sums, 0) != ffnn_run_count(self->run)) {
        ffnn_error_raise(PyExc_ValueError, place, "must return (costs, sums), %zd sums, not %zd",
                         (Py_ssize_t)ffnn_run_count(self->run),
                         (Py_ssize_t)PyArray_DIM((PyArrayObject *)sums, 0));
    } else if (sums != NULL) {
        const double *each = PyArray_DATA((PyArrayObject *)costs);
        for (npy_intp i = 0; cost != NULL && i < PyArray_DIM((PyArrayObject *)costs, 0); i++)
            *cost += each[i];
        write_gradients(self, (PyArrayObject *)sums);
        status = 0;
    }
    Py_XDECREF(costs);
    Py_XDECREF(sums);
    Py_DECREF(items);
    return status;
}

static int ask(trainer_object *self, const ptrdiff_t *order, ptrdiff_t first, ptrdiff_t count,
               double *cost)
{
    if (order != NULL && first == 0) {
        Py_XDECREF(self->order);
        if ((self->order = copy_order(self, order)) == NULL) return -1;
    }
    PyObject *parameters = vector_of(self, ffnn_run_parameter);
    if (parameters == NULL) return -1;
    PyObject *answer =
        PyObject_CallFunction(self->sums, "NOnn", parameters, order == NULL ? Py_None : self->order,
                              (Py_ssize_t)first, (Py_ssize_t)count);
    if (answer == NULL) return -1;
    const int status = take_answer(self, answer, cost);
    Py_DECREF(answer);
    return status;
}

bool ffnn_trainer_ask(void *context, const ptrdiff_t *order, ptrdiff_t first, ptrdiff_t count,
                      double *cost)
{
    trainer_object *self = context;
    const ffnn_pause pause = ffnn_python_enter(self->poll->thread);
    const int status = ask(self, order, first, count, cost);
    ffnn_python_leave(pause, &self->poll->thread);
    return status < 0;
}

/* ---- answering ---- */

PyObject *ffnn_trainer_shard(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                             PyObject *kw_names)
{
    static const ffnn_signature signature = {"Trainer.shard",
                                             3,
                                             {FFNN_NAME_X, FFNN_NAME_Y, FFNN_NAME_batch_size,
                                              FFNN_NAME_sample_weight, FFNN_NAME_gradients},
                                             2};
    trainer_object *self = (trainer_object *)object;
    PyObject *arg[5], *result = NULL;
    ffnn_given given;
    ptrdiff_t size;
    if (ffnn_trainer_no_sums_check(self, "Trainer.shard") < 0 ||
        ffnn_arguments_parse(self->state, &signature, args, n_args, kw_names, arg) < 0 ||
        ffnn_count_parse((ffnn_place){"Trainer.shard", "batch_size", 0}, arg[2], PTRDIFF_MAX,
                         &size) < 0)
        return NULL;
    const int has_gradients = arg[4] == NULL ? 1 : PyObject_IsTrue(arg[4]);
    if (has_gradients < 0) return NULL;
    int status = ffnn_given_take(self, "Trainer.shard", arg[0], arg[1], arg[3], NULL, &given);
    const ptrdiff_t m = given.examples.X.cols;
    if (status == 0 && m > size)
        status = ffnn_error_raise(PyExc_ValueError, (ffnn_place){"Trainer.shard", "X", 0},
                                  "has %zd examples, more than a batch of %zd", (Py_ssize_t)m,
                                  (Py_ssize_t)size);
    if (status == 0) status = ffnn_trainer_enter(self, "shard", FFNN_NEEDS_PARAMETERS);
    if (status == 0) {
        ffnn_poll_context poll;
        double cost;
        const double all = (double)ffnn_operand_cols(&self->X);
        ffnn_source_begin(&given.source, &poll, self->iteration_work / all * (double)m);
        const ffnn_status done =
            has_gradients
                ? ffnn_run_shard(self->run, &given.examples, size, &cost, ffnn_poll_signals, &poll)
                : ffnn_run_measure(self->run, &given.examples, &cost, ffnn_poll_signals, &poll);
        ffnn_lock_take(poll.thread);
        self->is_interrupted = has_gradients && done == FFNN_INTERRUPTED;
        PyObject *sums = ffnn_status_raise(done) < 0 ? NULL
                         : has_gradients             ? vector_of(self, ffnn_run_gradient)
                                                     : Py_NewRef(Py_None);
        if (sums != NULL) result = Py_BuildValue("dN", cost, sums);
        atomic_flag_clear(&self->is_busy);
    }
    ffnn_given_clear(&given);
    return result;
}

PyObject *ffnn_trainer_shard_columns(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                                     PyObject *kw_names)
{
    static const ffnn_signature signature = {"Trainer.shard_columns", 1, {FFNN_NAME_count}, 0};
    const trainer_object *self = (trainer_object *)object;
    PyObject *arg[1];
    ptrdiff_t count;
    if (ffnn_arguments_parse(self->state, &signature, args, n_args, kw_names, arg) < 0 ||
        ffnn_count_parse((ffnn_place){"Trainer.shard_columns", "count", 0}, arg[0], PTRDIFF_MAX / 2,
                         &count) < 0)
        return NULL;
    return PyLong_FromSsize_t(ffnn_run_shard_columns(self->run, count));
}
