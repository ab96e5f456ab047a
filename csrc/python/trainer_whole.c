/* trainer_whole.c - methods that take the whole vector of gradients: how far they have come, and
 * what they remember. That of L-BFGS is two arrays, s and y (k, P), of its k newest pairs, the
 * oldest first, each a row of P numbers in the order of parameters_to_vector; that of
 * Levenberg-Marquardt its damping and the variances of Bayesian regularisation.
 */
#include "trainer.h"
#include "errors.h"
#include "lock.h"
#include "parse.h"
#include "results.h"
#include "shapes.h"

#include <math.h>
#include <stddef.h>

static const ffnn_optimizer_kernels *optimizer_of(const trainer_object *self)
{
    return &self->state->isa->kernels[FFNN_DOUBLE]->optimizers[self->optimizer];
}

bool ffnn_trainer_is_whole(const trainer_object *self)
{
    return optimizer_of(self)->form == FFNN_WHOLE;
}

int ffnn_trainer_batches_check(const trainer_object *self, const char *method)
{
    if (!ffnn_trainer_is_whole(self)) return 0;
    PyErr_Format(PyExc_ValueError, "%s: optimizer='%s' takes all examples at once", method,
                 optimizer_of(self)->name);
    return -1;
}

/* P x P matrices of doubles beyond these 128 MB each, and factors of some 23 * 10^9 multiply-adds,
 * are no work for a step. */
enum { MOST_PARAMETERS = 4096 };

static npy_intp count_of(const trainer_object *self)
{
    npy_intp count = 0;
    for (int l = 1; l <= self->layers; l++) count += self->dims[l] * (self->dims[l - 1] + 1);
    return count;
}

int ffnn_trainer_size_check(const trainer_object *self, const ffnn_run_settings *settings)
{
    if (settings->hyperparameters.optimizer != FFNN_levenberg_marquardt) return 0;
    double count = 0; /* whole numbers of any size */
    for (int l = 1; l <= self->layers; l++)
        count += (double)self->dims[l] * ((double)self->dims[l - 1] + 1);
    if (count <= MOST_PARAMETERS) return 0;
    char numbers[120];
    snprintf(numbers, sizeof numbers,
             "%.0f parameters, more than %d: %.3g GB and %.3g multiply-adds a step", count,
             MOST_PARAMETERS, 16 * count * count / 1e9, count * count * count / 3);
    return ffnn_error_raise(PyExc_ValueError,
                            (ffnn_place){PyUnicode_AsUTF8(self->function), "optimizer", 0},
                            "'levenberg_marquardt' solves for %s; take 'lbfgs'", numbers);
}

/* ---- what they remember ---- */

static const char *const keys[FFNN_PAIR_VECTORS] = {"s", "y"};

static bool has_pairs(const trainer_object *self)
{
    return self->optimizer == FFNN_lbfgs;
}

/* The numbers of Levenberg-Marquardt, and how many of them there are without Bayesian
 * regularisation. */
enum { LM_NUMBERS = 4, LM_DAMPING = 1 };
static const struct {
    const char *key, *label;
    size_t at;
} lm_numbers[LM_NUMBERS] = {
#define LM_NUMBER(name) {#name, "optimizer_state['" #name "']", offsetof(ffnn_lm_state, name)}
    LM_NUMBER(damping),
    LM_NUMBER(noise_variance),
    LM_NUMBER(weight_variance),
    LM_NUMBER(effective_parameters),
};

static int lm_count(const trainer_object *self)
{
    if (self->optimizer != FFNN_levenberg_marquardt) return 0;
    return self->is_bayesian ? LM_NUMBERS : LM_DAMPING;
}

/* PyDict_GetItemString would say of a key that it cannot make that it is not there. */
PyObject *ffnn_trainer_state_item(const char *function, PyObject *state, const char *key)
{
    PyObject *name = PyUnicode_FromString(key);
    PyObject *item = name == NULL ? NULL : PyDict_GetItemWithError(state, name);
    Py_XDECREF(name);
    if (item == NULL && !PyErr_Occurred())
        ffnn_error_raise(PyExc_KeyError, (ffnn_place){function, "optimizer_state", 0},
                         "has no '%s'", key);
    return item;
}

static int take_numbers(const trainer_object *self, const char *function, PyObject *state,
                        ffnn_lm_state *numbers)
{
    for (int i = 0; i < lm_count(self); i++) {
        double *value = (double *)(void *)((char *)numbers + lm_numbers[i].at);
        const ffnn_place place = {function, lm_numbers[i].label, 0};
        PyObject *object = ffnn_trainer_state_item(function, state, lm_numbers[i].key);
        if (object == NULL || ffnn_number_parse(place, object, value) < 0) return -1;
        if (*value < 0)
            return ffnn_error_raise(PyExc_ValueError, place, "must be at least 0, not %S", object);
    }
    return 0;
}

/* Adds them to a dict, from number `first` on. */
static int copy_numbers(const trainer_object *self, PyObject *dict, const ffnn_lm_state *numbers,
                        int first)
{
    for (int i = first; i < lm_count(self); i++) {
        PyObject *number = PyFloat_FromDouble(
            *(const double *)(const void *)((const char *)numbers + lm_numbers[i].at));
        const int status =
            number == NULL ? -1 : PyDict_SetItemString(dict, lm_numbers[i].key, number);
        Py_XDECREF(number);
        if (status < 0) return -1;
    }
    return 0;
}

void ffnn_trainer_memory_clear(ffnn_memory *memory)
{
    for (int i = 0; i < FFNN_PAIR_VECTORS; i++) ffnn_operand_clear(&memory->pairs[i]);
}

int ffnn_trainer_memory_take(const trainer_object *self, const char *function, PyObject *state,
                             ffnn_memory *memory)
{
    static const char *const labels[FFNN_PAIR_VECTORS] = {"optimizer_state['s']",
                                                          "optimizer_state['y']"};
    if (!has_pairs(self)) return take_numbers(self, function, state, &memory->lm);
    for (int which = 0; which < FFNN_PAIR_VECTORS; which++) {
        const ffnn_place place = {function, labels[which], 0};
        ffnn_operand *o = &memory->pairs[which];
        const void *elements;
        PyObject *object = ffnn_trainer_state_item(function, state, keys[which]);
        if (object == NULL || ffnn_operand_take(o, object, place) < 0) return -1;
        if (PyArray_NDIM(o->array) != 2 || ffnn_operand_cols(o) != count_of(self)) {
            char shape[FFNN_SHAPE_TEXT];
            return ffnn_error_raise(PyExc_ValueError, place, "has shape %s, expected (k, %zd)",
                                    ffnn_shape_write(o, shape), (Py_ssize_t)count_of(self));
        }
        if (ffnn_operand_elements(o, self->real, &elements) < 0) return -1;
    }
    if (ffnn_operand_rows(&memory->pairs[0]) == ffnn_operand_rows(&memory->pairs[1])) return 0;
    return ffnn_error_raise(PyExc_ValueError, (ffnn_place){function, "optimizer_state", 0},
                            "has %zd rows in 's' and %zd in 'y'",
                            (Py_ssize_t)ffnn_operand_rows(&memory->pairs[0]),
                            (Py_ssize_t)ffnn_operand_rows(&memory->pairs[1]));
}

typedef struct {
    bool is_recorded;
    int which;
    ptrdiff_t i;
} pair_place;

/* Copies the parts of one pair's vector from a row of P numbers, or to it. */
static void copy_row(const trainer_object *self, pair_place at, char *row, bool is_read)
{
    const ptrdiff_t element = ffnn_real_bytes[self->real];
    for (int l = 1; l <= self->layers; l++)
        for (const char *kind = "Wb"; *kind; kind++) {
            const ptrdiff_t cols = *kind == 'W' ? self->dims[l - 1] : 1;
            const size_t bytes = (size_t)(self->dims[l] * cols * element);
            void *part = ffnn_run_pair(self->run, at.is_recorded, at.i, at.which, *kind, l);
            memcpy(is_read ? row : part, is_read ? part : row, bytes);
            row += bytes;
        }
}

void ffnn_trainer_memory_begin(trainer_object *self, const ffnn_memory *memory)
{
    if (self->optimizer == FFNN_levenberg_marquardt)
        *ffnn_run_lm_state(self->run, false) = memory->lm;
    if (!has_pairs(self) || memory->pairs[0].array == NULL) return;
    const ptrdiff_t given = ffnn_operand_rows(&memory->pairs[0]),
                    room = ffnn_run_pair_room(self->run);
    const ptrdiff_t count = given < room ? given : room;
    ffnn_run_set_pairs(self->run, count);
    for (int which = 0; which < FFNN_PAIR_VECTORS; which++)
        for (ptrdiff_t i = 0; i < count; i++)
            copy_row(self, (pair_place){false, which, i},
                     (char *)PyArray_DATA(memory->pairs[which].array) +
                         (given - count + i) * count_of(self) * ffnn_real_bytes[self->real],
                     false);
    ffnn_run_settle_pairs(self->run);
}

int ffnn_trainer_memory_copy(const trainer_object *self, PyObject *state, bool is_recorded)
{
    if (self->optimizer == FFNN_levenberg_marquardt)
        return copy_numbers(self, state, ffnn_run_lm_state(self->run, is_recorded), 0);
    if (!has_pairs(self)) return 0;
    const npy_intp dims[2] = {ffnn_run_pairs(self->run, is_recorded), count_of(self)};
    for (int which = 0; which < FFNN_PAIR_VECTORS; which++) {
        void *data;
        PyObject *array = ffnn_array_new(self->real, 2, dims, &data);
        if (array == NULL) return -1;
        for (npy_intp i = 0; i < dims[0]; i++)
            copy_row(self, (pair_place){is_recorded, which, i},
                     (char *)data + i * dims[1] * ffnn_real_bytes[self->real], true);
        const int status = PyDict_SetItemString(state, keys[which], array);
        Py_DECREF(array);
        if (status < 0) return -1;
    }
    return 0;
}

PyObject *ffnn_trainer_posterior(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    trainer_object *self = (trainer_object *)object;
    if (!self->is_bayesian) {
        PyErr_SetString(PyExc_ValueError, "Trainer.posterior: the Trainer is not bayesian");
        return NULL;
    }
    const npy_intp shape[2] = {count_of(self), count_of(self)};
    void *data;
    PyObject *dict = PyDict_New(), *L = ffnn_array_new(FFNN_DOUBLE, 2, shape, &data);
    if (dict == NULL || L == NULL ||
        ffnn_trainer_enter(self, "posterior", FFNN_NEEDS_PARAMETERS) < 0) {
        Py_XDECREF(L);
        Py_CLEAR(dict);
        return NULL;
    }
    ffnn_poll_context poll;
    ffnn_source_begin(&self->source, &poll, self->iteration_work + pow((double)shape[0], 3));
    double log_evidence;
    const ffnn_status status =
        ffnn_run_posterior(self->run, data, &log_evidence, ffnn_poll_signals, &poll);
    ffnn_lock_take(poll.thread);
    PyObject *evidence = NULL;
    if (ffnn_status_raise(status) < 0 || (evidence = PyFloat_FromDouble(log_evidence)) == NULL ||
        PyDict_SetItemString(dict, "factor", L) < 0 ||
        copy_numbers(self, dict, ffnn_run_lm_state(self->run, false), LM_DAMPING) < 0 ||
        PyDict_SetItemString(dict, "log_evidence", evidence) < 0)
        Py_CLEAR(dict);
    atomic_flag_clear(&self->is_busy);
    Py_XDECREF(evidence);
    Py_DECREF(L);
    return dict;
}
