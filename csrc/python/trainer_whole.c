/* trainer_whole.c - methods that take the whole vector of gradients: how far they have come, and
 * what they remember. That of L-BFGS is two arrays, s and y (k, P), of its k newest pairs, the
 * oldest first, each a row of P numbers in the order of parameters_to_vector; that of
 * Levenberg-Marquardt its damping.
 */
#include "trainer.h"
#include "errors.h"
#include "parse.h"
#include "results.h"
#include "shapes.h"

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

static int take_damping(const trainer_object *self, const char *function, PyObject *state,
                        double *damping)
{
    if (self->optimizer != FFNN_levenberg_marquardt) return 0;
    PyObject *object = PyDict_GetItemString(state, "damping");
    if (object == NULL)
        return ffnn_error_raise(PyExc_KeyError, (ffnn_place){function, "optimizer_state", 0},
                                "has no 'damping'");
    const ffnn_place place = {function, "optimizer_state['damping']", 0};
    if (ffnn_number_parse(place, object, damping) < 0) return -1;
    if (*damping >= 0) return 0;
    return ffnn_error_raise(PyExc_ValueError, place, "must be at least 0, not %S", object);
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
    if (!has_pairs(self)) return take_damping(self, function, state, &memory->damping);
    for (int which = 0; which < FFNN_PAIR_VECTORS; which++) {
        const ffnn_place place = {function, labels[which], 0};
        ffnn_operand *o = &memory->pairs[which];
        const void *elements;
        PyObject *object = PyDict_GetItemString(state, keys[which]);
        if (object == NULL)
            return ffnn_error_raise(PyExc_KeyError, (ffnn_place){function, "optimizer_state", 0},
                                    "has no '%s'", keys[which]);
        if (ffnn_operand_take(o, object, place) < 0) return -1;
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
        *ffnn_run_damping(self->run, false) = memory->damping;
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
    if (self->optimizer == FFNN_levenberg_marquardt) {
        PyObject *damping = PyFloat_FromDouble(*ffnn_run_damping(self->run, is_recorded));
        const int status = damping == NULL ? -1 : PyDict_SetItemString(state, "damping", damping);
        Py_XDECREF(damping);
        return status;
    }
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
