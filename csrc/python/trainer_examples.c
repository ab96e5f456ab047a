/* trainer_examples.c - the examples of a Trainer: X, Y, their weights, their order and where that
 * is drawn from; and others that are measured beside them.
 */
#include "trainer.h"
#include "errors.h"
#include "parse.h"
#include "shapes.h"

#include <numpy/random/bitgen.h>

/* X and Y of any number of examples against the net; what they hold is looked at later. */
static int pair_take(const trainer_object *self, const char *function, PyObject *X, PyObject *Y,
                     ffnn_operand *x, ffnn_labels *labels)
{
    const char *input = PyUnicode_AsUTF8(self->input_name);
    if (input == NULL || ffnn_operand_take(x, X, (ffnn_place){function, "X", 0}) < 0 ||
        ffnn_labels_take(labels, Y, function) < 0 ||
        ffnn_inputs_check(function, x, self->dims[0], input, NULL) < 0 ||
        ffnn_labels_check(function, labels, self->cost, self->dims[self->layers],
                          ffnn_operand_cols(x), "the output layer", x) < 0)
        return -1;
    return ffnn_examples_check(function, ffnn_operand_cols(x));
}

/* A weight for each example in X. */
static int weights_take(const char *function, PyObject *object, const ffnn_operand *X,
                        ffnn_operand *weights)
{
    const ffnn_place place = {function, "sample_weight", 0};
    const npy_intp m = ffnn_operand_cols(X);
    if (ffnn_operand_take(weights, object, place) < 0) return -1;
    if (PyArray_NDIM(weights->array) == 1 && PyArray_DIM(weights->array, 0) == m) return 0;
    char shape[FFNN_SHAPE_TEXT], X_shape[FFNN_SHAPE_TEXT];
    return ffnn_error_raise(PyExc_ValueError, place, "has shape %s, expected (%zd,) for X %s",
                            ffnn_shape_write(weights, shape), (Py_ssize_t)m,
                            ffnn_shape_write(X, X_shape));
}

/* Those of the run, or NULL. */
static int take_weights(trainer_object *self, const char *function, PyObject *object,
                        const void **weights)
{
    *weights = NULL;
    if (object == NULL || object == Py_None) return 0;
    if (weights_take(function, object, &self->X, &self->weights) < 0) return -1;
    return ffnn_operand_elements(&self->weights, self->real, weights);
}

static int take_random(trainer_object *self, const char *function, PyObject *object,
                       bool has_dropout, ffnn_random *random)
{
    const ffnn_place place = {function, "bit_generator", 0};
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

/* Who has the examples computes the sums; what stands here of X and Y is their shapes and types,
 * and of the weights what weighted means are divided by. */
static int take_sums(trainer_object *self, const char *function, PyObject *object, bool has_dropout,
                     ffnn_run_options *options)
{
    const ffnn_place place = {function, "sums", 0};
    if (object == NULL || object == Py_None) return 0;
    if (!PyCallable_Check(object))
        return ffnn_error_raise(PyExc_TypeError, place, "must be callable, not %s",
                                Py_TYPE(object)->tp_name);
    if (has_dropout)
        return ffnn_error_raise(PyExc_ValueError, place, "do not go with keep_prob below 1");
    if (options->hyperparameters.optimizer == FFNN_levenberg_marquardt)
        return ffnn_error_raise(PyExc_ValueError, place,
                                "do not go with optimizer='levenberg_marquardt'");
    self->sums = Py_NewRef(object);
    options->sums = ffnn_trainer_ask;
    options->sums_context = self;
    return 0;
}

static int take_sparse(trainer_object *self, const char *function, PyObject *object,
                       ffnn_run_options *options)
{
    const ffnn_place place = {function, "sparse", 0};
    if (object == NULL || object == Py_None) return 0;
    if (self->source.object != NULL)
        return ffnn_error_raise(PyExc_ValueError, place, "does not go with source");
    if (options->hyperparameters.optimizer == FFNN_levenberg_marquardt)
        return ffnn_error_raise(PyExc_ValueError, place,
                                "does not go with optimizer='levenberg_marquardt'");
    return ffnn_sparse_take(&self->sparse, function, object, self->real, self->dims[0],
                            options->examples.X.cols, &options->examples.sparse);
}

int ffnn_trainer_take_examples(trainer_object *self, PyObject *const arg[FFNN_TRAINER_ARGUMENTS],
                               bool has_dropout, ffnn_run_options *options)
{
    const char *function = PyUnicode_AsUTF8(self->function);
    const ptrdiff_t n_y = self->dims[self->layers];
    const void *y;
    if (function == NULL || pair_take(self, function, arg[FFNN_TRAINER_X], arg[FFNN_TRAINER_Y],
                                      &self->X, &self->labels) < 0)
        return -1;
    self->real = self->X.kind == FFNN_KIND_FLOAT ? FFNN_FLOAT : FFNN_DOUBLE;
    if (ffnn_operand_view(&self->X, self->real, FFNN_ANY_LAYOUT, &options->examples.X) < 0)
        return -1;
    if (take_random(self, function, arg[FFNN_TRAINER_BIT_GENERATOR], has_dropout,
                    &options->random) < 0 ||
        take_sums(self, function, arg[FFNN_TRAINER_SUMS], has_dropout, options) < 0)
        return -1;
    PyObject *weighted_mean = arg[FFNN_TRAINER_WEIGHTED_MEAN];
    const int is_weighted_mean = weighted_mean == NULL ? 0 : PyObject_IsTrue(weighted_mean);
    if (is_weighted_mean < 0 || take_weights(self, function, arg[FFNN_TRAINER_SAMPLE_WEIGHT],
                                             &options->examples.weights) < 0)
        return -1;
    options->is_weighted_mean = is_weighted_mean;
    if (self->sums != NULL) return 0;
    if (ffnn_labels_elements(function, &self->labels, self->real, n_y, options->examples.X.cols,
                             &y) < 0)
        return -1;
    options->examples.Y = ffnn_view_of(y, n_y, options->examples.X.cols);
    ffnn_source_take(&self->source, arg[FFNN_TRAINER_SOURCE], self->real, &options->examples);
    return take_sparse(self, function, arg[FFNN_TRAINER_SPARSE], options);
}

int ffnn_trainer_take_order(const trainer_object *self, PyObject *object, PyObject **array)
{
    const ffnn_place place = {"Trainer.epoch", "order", 0};
    *array = NULL;
    if (object == Py_None) return 0;
    const npy_intp m = ffnn_operand_cols(&self->X);
    PyArray_Descr *descr = PyArray_DescrFromType(NPY_INTP);
    PyObject *order =
        PyArray_FromAny(object, descr, 0, 0, NPY_ARRAY_CARRAY_RO | NPY_ARRAY_ENSURECOPY, NULL);
    if (order == NULL) return -1;
    char *seen = NULL;
    const ffnn_operand o = {order, (PyArrayObject *)order, 0};
    int status = -1;
    if (PyArray_NDIM(o.array) != 1 || PyArray_DIM(o.array, 0) != m) {
        char shape[FFNN_SHAPE_TEXT];
        ffnn_error_raise(PyExc_ValueError, place, "has shape %s, expected (%zd,)",
                         ffnn_shape_write(&o, shape), (Py_ssize_t)m);
        goto done;
    }
    if ((seen = PyMem_Calloc((size_t)m, 1)) == NULL) {
        PyErr_NoMemory();
        goto done;
    }
    const npy_intp *index = PyArray_DATA(o.array);
    for (npy_intp i = 0; i < m; i++) {
        if (index[i] < 0 || index[i] >= m || seen[index[i]]) {
            ffnn_error_raise(PyExc_ValueError, place,
                             "is no permutation of 0 to %zd: item %zd is %zd", (Py_ssize_t)m - 1,
                             (Py_ssize_t)i, (Py_ssize_t)index[i]);
            goto done;
        }
        seen[index[i]] = 1;
    }
    *array = Py_NewRef(order);
    status = 0;
done:
    PyMem_Free(seen);
    Py_DECREF(order);
    return status;
}

/* ---- examples that come with a call ---- */

static int given_weights_take(const trainer_object *self, const char *function, PyObject *object,
                              ffnn_given *given)
{
    const npy_intp m = given->examples.X.cols;
    const void *elements;
    given->total = (double)m;
    if (object == NULL || object == Py_None) return 0;
    if (weights_take(function, object, &given->X, &given->weights) < 0 ||
        ffnn_operand_elements(&given->weights, FFNN_DOUBLE, &elements) < 0)
        return -1;
    given->total = 0;
    for (npy_intp j = 0; j < m; j++) given->total += ((const double *)elements)[j];
    return ffnn_operand_elements(&given->weights, self->real, &given->examples.weights);
}

int ffnn_given_take(const trainer_object *self, const char *function, PyObject *X, PyObject *Y,
                    PyObject *weights, PyObject *source, ffnn_given *given)
{
    const ptrdiff_t n_y = self->dims[self->layers];
    const void *y;
    *given = (ffnn_given){.labels = {{0}, false, NULL}};
    if (pair_take(self, function, X, Y, &given->X, &given->labels) < 0 ||
        ffnn_operand_view(&given->X, self->real, FFNN_ANY_LAYOUT, &given->examples.X) < 0 ||
        ffnn_labels_elements(function, &given->labels, self->real, n_y, given->examples.X.cols,
                             &y) < 0)
        return -1;
    given->examples.Y = ffnn_view_of(y, n_y, given->examples.X.cols);
    ffnn_source_take(&given->source, source, self->real, &given->examples);
    return given_weights_take(self, function, weights, given);
}

void ffnn_given_clear(ffnn_given *given)
{
    ffnn_operand_clear(&given->X);
    ffnn_operand_clear(&given->weights);
    ffnn_source_clear(&given->source);
    ffnn_labels_clear(&given->labels);
}

/* ---- examples that are only checked ---- */

static int examples_check(const trainer_object *self, const char *function, PyObject *X,
                          PyObject *Y)
{
    ffnn_operand x = {0};
    ffnn_labels labels = {{0}, false, NULL};
    const void *y;
    int status = pair_take(self, function, X, Y, &x, &labels);
    if (status == 0 && labels.are_classes)
        status = ffnn_labels_elements(function, &labels, FFNN_FLOAT, self->dims[self->layers],
                                      ffnn_operand_cols(&x), &y);
    ffnn_operand_clear(&x);
    ffnn_labels_clear(&labels);
    return status;
}

PyObject *ffnn_trainer_check(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                             PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "Trainer.check", 3, {FFNN_NAME_name, FFNN_NAME_X, FFNN_NAME_Y}, 0};
    trainer_object *self = (trainer_object *)object;
    PyObject *arg[3];
    if (ffnn_arguments_parse(self->state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    PyObject *place = PyUnicode_FromFormat("%U: %S", self->function, arg[0]);
    const char *function = place == NULL ? NULL : PyUnicode_AsUTF8(place);
    const int status = function == NULL ? -1 : examples_check(self, function, arg[1], arg[2]);
    Py_XDECREF(place);
    if (status < 0) return NULL;
    Py_RETURN_NONE;
}
