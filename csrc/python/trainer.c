/* trainer.c - the heap type Trainer: a whole training run as one object.
 *
 * It owns the core's run (workspaces and parameters) and references to X and Y, which the run reads
 * where they stand. The run has no lock of its own: a flag lets one thread in and turns others
 * away. While it computes, Python's lock is free; now and then it is taken back to see whether
 * somebody pressed Ctrl-C.
 */
#include "trainer.h"
#include "errors.h"
#include "lock.h"
#include "methods.h"
#include "parse.h"
#include "results.h"
#include "trainer_docs.h"
#include "../system/system.h"

/* ---- from Python's arguments to a run ---- */

_Static_assert((int)FFNN_TRAINER_ARGUMENTS <= (int)FFNN_MOST_ARGUMENTS, "a signature is longer");

static int take_names(trainer_object *self, PyObject *function, PyObject *input_name)
{
    if (!PyUnicode_Check(function) || (input_name != NULL && !PyUnicode_Check(input_name))) {
        PyErr_SetString(PyExc_TypeError, "Trainer: function and input_name must be str");
        return -1;
    }
    self->function = Py_NewRef(function);
    self->input_name =
        input_name == NULL ? PyUnicode_FromString("layer_dims[0]") : Py_NewRef(input_name);
    return self->input_name == NULL ? -1 : 0;
}

static int take_dims(trainer_object *self, const char *function, PyObject *layer_dims)
{
    const ffnn_place place = {function, "layer_dims", 0};
    if (!PyTuple_Check(layer_dims) && !PyList_Check(layer_dims))
        return ffnn_error_raise(PyExc_TypeError, place, "must be a tuple of integers, not %s",
                                Py_TYPE(layer_dims)->tp_name);
    PyObject *sizes = PySequence_Tuple(layer_dims);
    if (sizes == NULL) return -1;
    const Py_ssize_t count = PyTuple_GET_SIZE(sizes);
    int status = 0;
    if (count < 2 || count > INT_MAX)
        status =
            ffnn_error_raise(PyExc_ValueError, place, "has length %zd, expected at least 2", count);
    else if ((self->dims = PyMem_New(ptrdiff_t, (size_t)count)) == NULL)
        status = ffnn_status_raise(FFNN_NO_MEMORY);
    for (Py_ssize_t l = 0; status == 0 && l < count; l++)
        status = ffnn_count_parse((ffnn_place){function, "layer_dims[%d]", (int)l},
                                  PyTuple_GET_ITEM(sizes, l), PTRDIFF_MAX, &self->dims[l]);
    self->layers = (int)count - 1;
    Py_DECREF(sizes);
    return status;
}

/* gram is a truth value, or NULL or None: what the shapes say. */
static int choose_gram(const trainer_object *self, PyObject *gram, ffnn_run_options *options)
{
    const bool fits = !options->examples.reader && !options->examples.sparse &&
                      ffnn_gram_fits(options->kernels, &options->hyperparameters);
    if (gram == NULL || gram == Py_None) {
        options->is_gram = !self->sums && fits &&
                           ffnn_gram_pays(options->kernels, self->dims[0], self->dims[1],
                                          options->examples.X.cols, &options->gram_from);
        return 0;
    }
    const int is_gram = PyObject_IsTrue(gram);
    if (is_gram < 0) return -1;
    options->is_gram = is_gram;
    if (!is_gram || (fits && !self->sums)) return 0;
    return ffnn_error_raise(
        PyExc_ValueError, (ffnn_place){PyUnicode_AsUTF8(self->function), "gram", 0},
        "fits optimizer='gd' alone, without lambd, clip_norm and sums, and a dense X in memory");
}

/* The instruction set of a run: None as the module's, True and False whatever that is; or the one
 * that is named. */
static int choose_kernels(const trainer_object *self, PyObject *reproducible, PyObject *name,
                          ffnn_run_options *options)
{
    const char *function = PyUnicode_AsUTF8(self->function);
    const ffnn_isa *isa = self->state->isa;
    if (reproducible == Py_True)
        isa = ffnn_isa_reproducible();
    else if (reproducible == Py_False)
        isa = self->state->fastest;
    else if (reproducible != NULL && reproducible != Py_None)
        return ffnn_error_raise(PyExc_TypeError, (ffnn_place){function, "reproducible", 0},
                                "must be True, False or None");
    if (ffnn_isa_parse(function, name, &isa) < 0) return -1;
    options->kernels = isa->kernels[self->real];
    return 0;
}

static int start_run(trainer_object *self, const ffnn_run_settings *settings, PyObject *const *arg)
{
    ffnn_run_options options = {
        .layers = self->layers,
        .dims = self->dims,
        .activations = settings->net.activations,
        .keep_prob = settings->net.keep_prob,
        .cost = settings->cost,
        .hyperparameters = settings->hyperparameters,
    };
    self->cost = settings->cost;
    self->optimizer = settings->hyperparameters.optimizer;
    self->is_bayesian = settings->hyperparameters.bayesian != 0;
    if (ffnn_trainer_take_examples(self, arg, settings->net.has_dropout, &options) < 0) return -1;
    if (choose_kernels(self, arg[FFNN_TRAINER_REPRODUCIBLE], arg[FFNN_TRAINER_ISA], &options) < 0)
        return -1;
    if (choose_gram(self, arg[FFNN_TRAINER_GRAM], &options) < 0) return -1;
    self->moments = options.kernels->optimizers[settings->hyperparameters.optimizer].moments;
    self->iteration_work = ffnn_net_work(self->dims, self->layers, options.examples.X.cols, 3);
    self->run = ffnn_run_new(&options);
    return self->run == NULL ? ffnn_status_raise(FFNN_NO_MEMORY) : 0;
}

/* The object is fresh, all zero. */
static int trainer_begin(trainer_object *self, PyObject *const arg[FFNN_TRAINER_ARGUMENTS])
{
    if (take_names(self, arg[FFNN_TRAINER_FUNCTION], arg[FFNN_TRAINER_INPUT_NAME]) < 0) return -1;
    const char *function = PyUnicode_AsUTF8(self->function);
    ffnn_run_settings settings;
    if (function == NULL || take_dims(self, function, arg[FFNN_TRAINER_LAYER_DIMS]) < 0 ||
        ffnn_run_settings_parse(self->state, function, self->layers, arg + FFNN_TRAINER_SETTINGS,
                                &settings) < 0)
        return -1;
    int status = ffnn_output_check(self->state, function, &settings.net, self->dims[self->layers]);
    if (status == 0) status = ffnn_trainer_size_check(self, &settings);
    if (status == 0)
        status = ffnn_known_make(self->state, self->layers, settings.net.activations, &self->known);
    if (status == 0) status = start_run(self, &settings, arg);
    ffnn_net_clear(&settings.net);
    return status;
}

static PyObject *trainer_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static const ffnn_signature signature = {
        "Trainer",
        FFNN_TRAINER_SETTINGS,
        {FFNN_NAME_function, FFNN_NAME_X, FFNN_NAME_Y, FFNN_NAME_layer_dims,
#define FFNN_OPTION(name, shown) FFNN_NAME_##name,
#include "../options.def"
         FFNN_NAME_gram, FFNN_NAME_sample_weight, FFNN_NAME_weighted_mean, FFNN_NAME_bit_generator,
         FFNN_NAME_input_name, FFNN_NAME_reproducible, FFNN_NAME_source, FFNN_NAME_sparse,
         FFNN_NAME_sums, FFNN_NAME_isa},
        FFNN_TRAINER_ARGUMENTS - FFNN_TRAINER_SETTINGS};
    const ffnn_state *state = PyType_GetModuleState(type);
    if (state == NULL) return NULL;
    /* A type gets its arguments as tuple and dict; laid out in a row they parse as a call does. */
    PyObject *row = NULL, *names = NULL;
    trainer_object *self = NULL;
    Py_ssize_t n_args = PyTuple_GET_SIZE(args),
               n_keywords = kwargs == NULL ? 0 : PyDict_GET_SIZE(kwargs);
    row = PyTuple_New(n_args + n_keywords);
    names = PyTuple_New(n_keywords);
    if (row == NULL || names == NULL) goto done;
    for (Py_ssize_t i = 0; i < n_args; i++)
        PyTuple_SET_ITEM(row, i, Py_NewRef(PyTuple_GET_ITEM(args, i)));
    PyObject *key, *value;
    for (Py_ssize_t position = 0, i = 0;
         i < n_keywords && PyDict_Next(kwargs, &position, &key, &value); i++) {
        PyTuple_SET_ITEM(names, i, Py_NewRef(key));
        PyTuple_SET_ITEM(row, n_args + i, Py_NewRef(value));
    }
    PyObject *arg[FFNN_TRAINER_ARGUMENTS];
    if (ffnn_arguments_parse_keywords(state, &signature, &PyTuple_GET_ITEM(row, 0), n_args, names,
                                      arg) < 0)
        goto done;
    self = (trainer_object *)type->tp_alloc(type, 0);
    if (self == NULL) goto done;
    self->state = state;
    atomic_flag_clear(&self->is_busy);
    if (trainer_begin(self, arg) < 0) Py_CLEAR(self);
done:
    Py_XDECREF(row);
    Py_XDECREF(names);
    return (PyObject *)self;
}

static int trainer_traverse(PyObject *object, visitproc visit, void *arg)
{
    trainer_object *self = (trainer_object *)object;
    Py_VISIT(Py_TYPE(object));
    Py_VISIT(self->X.object);
    Py_VISIT(self->labels.Y.object);
    Py_VISIT(self->weights.object);
    Py_VISIT(self->source.object);
    Py_VISIT(self->source.piece.object);
    Py_VISIT(self->sparse.values.object);
    Py_VISIT(self->bit_generator);
    Py_VISIT(self->sums);
    return 0;
}

/* X and Y are let go here and not in a tp_clear: the run reads them to its end, and arrays make no
 * cycle with a Trainer, which has no attributes. */
static void trainer_dealloc(PyObject *object)
{
    trainer_object *self = (trainer_object *)object;
    PyTypeObject *type = Py_TYPE(object);
    PyObject_GC_UnTrack(object);
    ffnn_run_free(self->run);
    ffnn_operand_clear(&self->X);
    ffnn_operand_clear(&self->weights);
    ffnn_source_clear(&self->source);
    ffnn_sparse_clear(&self->sparse);
    ffnn_labels_clear(&self->labels);
    Py_XDECREF(self->bit_generator);
    Py_XDECREF(self->order);
    Py_XDECREF(self->sums);
    ffnn_known_clear(&self->known);
    Py_XDECREF(self->function);
    Py_XDECREF(self->input_name);
    PyMem_Free(self->dims);
    type->tp_free(object);
    Py_DECREF(type);
}

/* ---- run ---- */

int ffnn_trainer_enter(trainer_object *self, const char *method, ffnn_need need)
{
    const char *why = "another thread is using this Trainer";
    const bool is_ours = !atomic_flag_test_and_set(&self->is_busy);
    if (is_ours) {
        if (need >= FFNN_NEEDS_BEGINNING && !self->has_parameters)
            why = "it has no parameters yet, which set gives it";
        else if (need == FFNN_NEEDS_PARAMETERS && self->is_interrupted)
            why = "an earlier run was interrupted half-way";
        else
            return 0;
        atomic_flag_clear(&self->is_busy);
    }
    PyErr_Format(PyExc_RuntimeError, "Trainer.%s: %s", method, why);
    return -1;
}

/* n iterations; with a batch size n epochs in orders drawn, or, where n is 0, one in `order`. The
 * first step is at a record point where `record` is a number for it. */
static PyObject *compute(trainer_object *self, ptrdiff_t n, ptrdiff_t record,
                         const ptrdiff_t *order, ptrdiff_t size)
{
    ffnn_poll_context poll;
    double cost = 0;
    ffnn_run_ask_record(self->run, record > 0);
    Py_CLEAR(self->order);
    self->poll = &poll;
    ffnn_source_begin(&self->source, &poll, (double)(n > 0 ? n : 1) * self->iteration_work);
    const ffnn_status status =
        size == 0 ? ffnn_run_iterate(self->run, n, &cost, ffnn_poll_signals, &poll)
        : n == 0  ? ffnn_run_epoch(self->run, order, size, &cost, ffnn_poll_signals, &poll)
                  : ffnn_run_shuffled(self->run, n, size, &cost, ffnn_poll_signals, &poll);
    ffnn_lock_take(poll.thread);
    self->is_interrupted = status == FFNN_INTERRUPTED;
    if (record > 0 && ffnn_run_is_recorded(self->run)) self->snapshot = record;
    if (status == FFNN_NO_MEMORY) ffnn_run_ask_record(self->run, false); /* no step took it */
    if (ffnn_status_raise(status) < 0) return NULL;
    return ffnn_scalar_new(self->real, cost);
}

static int record_parse(const char *method, PyObject *object, ptrdiff_t *record)
{
    *record = 0;
    if (object == NULL || object == Py_None) return 0;
    return ffnn_count_parse((ffnn_place){method, "record", 0}, object, PTRDIFF_MAX, record);
}

static PyObject *trainer_run(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                             PyObject *kw_names)
{
    static const ffnn_signature signature = {"Trainer.run", 1, {FFNN_NAME_n, FFNN_NAME_record}, 1};
    trainer_object *self = (trainer_object *)object;
    PyObject *arg[2];
    ptrdiff_t n, record;
    if (ffnn_arguments_parse(self->state, &signature, args, n_args, kw_names, arg) < 0 ||
        ffnn_count_parse((ffnn_place){"Trainer.run", "n", 0}, arg[0], PTRDIFF_MAX, &n) < 0 ||
        record_parse("Trainer.run", arg[1], &record) < 0 ||
        ffnn_trainer_enter(self, "run", FFNN_NEEDS_PARAMETERS) < 0)
        return NULL;
    PyObject *cost = compute(self, n, record, NULL, 0);
    atomic_flag_clear(&self->is_busy);
    return cost;
}

static PyObject *trainer_epoch(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                               PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "Trainer.epoch", 2, {FFNN_NAME_order, FFNN_NAME_batch_size, FFNN_NAME_record}, 1};
    trainer_object *self = (trainer_object *)object;
    PyObject *arg[3], *order, *cost = NULL;
    ptrdiff_t size, record;
    if (ffnn_arguments_parse(self->state, &signature, args, n_args, kw_names, arg) < 0 ||
        ffnn_trainer_batches_check(self, "Trainer.epoch") < 0 ||
        ffnn_count_parse((ffnn_place){"Trainer.epoch", "batch_size", 0}, arg[1], PTRDIFF_MAX,
                         &size) < 0 ||
        record_parse("Trainer.epoch", arg[2], &record) < 0 ||
        ffnn_trainer_take_order(self, arg[0], &order) < 0)
        return NULL;
    if (ffnn_trainer_enter(self, "epoch", FFNN_NEEDS_PARAMETERS) == 0) {
        cost = compute(self, 0, record, order == NULL ? NULL : PyArray_DATA((PyArrayObject *)order),
                       size);
        atomic_flag_clear(&self->is_busy);
    }
    Py_XDECREF(order);
    return cost;
}

static PyObject *trainer_shuffled(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                                  PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "Trainer.shuffled", 2, {FFNN_NAME_n, FFNN_NAME_batch_size, FFNN_NAME_record}, 1};
    trainer_object *self = (trainer_object *)object;
    PyObject *arg[3];
    ptrdiff_t n, size, record;
    if (ffnn_arguments_parse(self->state, &signature, args, n_args, kw_names, arg) < 0 ||
        ffnn_trainer_batches_check(self, "Trainer.shuffled") < 0 ||
        ffnn_count_parse((ffnn_place){"Trainer.shuffled", "n", 0}, arg[0], PTRDIFF_MAX, &n) < 0 ||
        ffnn_count_parse((ffnn_place){"Trainer.shuffled", "batch_size", 0}, arg[1], PTRDIFF_MAX,
                         &size) < 0 ||
        record_parse("Trainer.shuffled", arg[2], &record) < 0)
        return NULL;
    const char *lack = self->source.object != NULL
                           ? "the source of X does not know the order: use epoch"
                       : self->bit_generator == NULL ? "the Trainer has no bit_generator"
                                                     : NULL;
    if (lack != NULL) return PyErr_Format(PyExc_ValueError, "Trainer.shuffled: %s", lack);
    if (ffnn_trainer_enter(self, "shuffled", FFNN_NEEDS_PARAMETERS) < 0) return NULL;
    PyObject *cost = compute(self, n, record, NULL, size);
    atomic_flag_clear(&self->is_busy);
    return cost;
}

/* ---- the table ---- */

static PyMethodDef trainer_methods[] = {
    {"set", FFNN_METHOD(ffnn_trainer_set), METH_FASTCALL | METH_KEYWORDS, set_doc},
    {"check", FFNN_METHOD(ffnn_trainer_check), METH_FASTCALL | METH_KEYWORDS, check_doc},
    {"run", FFNN_METHOD(trainer_run), METH_FASTCALL | METH_KEYWORDS, run_doc},
    {"epoch", FFNN_METHOD(trainer_epoch), METH_FASTCALL | METH_KEYWORDS, epoch_doc},
    {"shuffled", FFNN_METHOD(trainer_shuffled), METH_FASTCALL | METH_KEYWORDS, shuffled_doc},
    {"snapshot", FFNN_METHOD(ffnn_trainer_snapshot), METH_FASTCALL | METH_KEYWORDS, snapshot_doc},
    {"restore", ffnn_trainer_restore, METH_NOARGS, restore_doc},
    {"is_finite", ffnn_trainer_is_finite, METH_NOARGS, is_finite_doc},
    {"parameters", ffnn_trainer_parameters, METH_NOARGS, parameters_doc},
    {"state", ffnn_trainer_state, METH_NOARGS, state_doc},
    {"posterior", ffnn_trainer_posterior, METH_NOARGS, posterior_doc},
    {"record_point", ffnn_trainer_record_point, METH_NOARGS, record_point_doc},
    {"measure", FFNN_METHOD(ffnn_trainer_measure), METH_FASTCALL | METH_KEYWORDS, measure_doc},
    {"step", FFNN_METHOD(ffnn_trainer_step), METH_FASTCALL | METH_KEYWORDS, step_doc},
    {"gradient", FFNN_METHOD(ffnn_trainer_gradient), METH_FASTCALL | METH_KEYWORDS, gradient_doc},
    {"shard", FFNN_METHOD(ffnn_trainer_shard), METH_FASTCALL | METH_KEYWORDS, shard_doc},
    {"shard_columns", FFNN_METHOD(ffnn_trainer_shard_columns), METH_FASTCALL | METH_KEYWORDS,
     shard_columns_doc},
    {"update", FFNN_METHOD(ffnn_trainer_update), METH_FASTCALL | METH_KEYWORDS, update_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot trainer_slots[] = {
    {Py_tp_doc, (void *)trainer_doc},
    {Py_tp_new, trainer_new},
    {Py_tp_dealloc, trainer_dealloc},
    {Py_tp_traverse, trainer_traverse},
    {Py_tp_methods, trainer_methods},
    {Py_tp_getset, ffnn_trainer_attributes},
    {0, NULL},
};

static PyType_Spec trainer_spec = {
    .name = "ffnn._ffnn.Trainer",
    .basicsize = sizeof(trainer_object),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_HAVE_GC | Py_TPFLAGS_IMMUTABLETYPE,
    .slots = trainer_slots,
};

int ffnn_trainer_add(PyObject *module, ffnn_state *state)
{
    state->trainer = (PyTypeObject *)PyType_FromModuleAndSpec(module, &trainer_spec, NULL);
    return state->trainer == NULL ? -1 : PyModule_AddType(module, state->trainer);
}

PyMethodDef ffnn_trainer_methods[] = {
    {"layer_dims", FFNN_METHOD(ffnn_layer_dims), METH_FASTCALL | METH_KEYWORDS, layer_dims_doc},
    {NULL, NULL, 0, NULL},
};
