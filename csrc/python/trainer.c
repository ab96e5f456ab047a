/* trainer.c - the heap type Trainer: a whole training run as one object.
 *
 * It owns the core's run (workspaces and parameters) and references to X and Y, which the run reads
 * where they stand. The run has no lock of its own: a flag lets one thread in and turns others
 * away. While it computes, Python's lock is free; now and then it is taken back to see whether
 * somebody pressed Ctrl-C.
 */
#include "binding.h"

#include <stdatomic.h>

#include "trainer_docs.h"

typedef struct {
    PyObject_HEAD const ffnn_state *state; /* lives as long as the type, which we own */
    ffnn_run *run;
    ffnn_operand X, Y; /* what `run` reads */
    ffnn_real real;
    int layers;
    ptrdiff_t *dims;
    double iteration_work;
    bool is_interrupted; /* the parameters mean nothing any more */
    atomic_flag is_busy;
} trainer_object;

/* ---- from Python ---- */

static int fill_parameters(trainer_object *self, ffnn_pairs *parameters)
{
    for (int l = 1; l <= self->layers; l++) {
        ffnn_pair *pair = &parameters->pairs[l - 1];
        const void *W, *b;
        if (ffnn_operand_elements(&pair->W, self->real, &W) < 0 ||
            ffnn_operand_elements(&pair->b, self->real, &b) < 0)
            return -1;
        memcpy(ffnn_run_parameter(self->run, 'W', l), W, (size_t)PyArray_NBYTES(pair->W.array));
        memcpy(ffnn_run_parameter(self->run, 'b', l), b, (size_t)PyArray_NBYTES(pair->b.array));
    }
    return 0;
}

static int fill_dims(trainer_object *self, const ffnn_pairs *parameters, const char *function)
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
        PyErr_Format(PyExc_ValueError, "%s: layer %d has no units", function, l);
        return -1;
    }
    return 0;
}

/* gram is a truth value, or NULL or None: what the shapes say. */
static int start_run(trainer_object *self, double rate, PyObject *gram)
{
    ffnn_run_options options = {
        .kernels = self->state->isa->kernels[self->real],
        .layers = self->layers,
        .dims = self->dims,
        .hidden = FFNN_relu,
        .output = FFNN_sigmoid,
        .cost = FFNN_binary_cross_entropy,
        .learning_rate = rate,
    };
    const void *y;
    const int is_gram = gram == NULL || gram == Py_None ? -1 : PyObject_IsTrue(gram);
    if (PyErr_Occurred()) return -1;
    if (ffnn_operand_view(&self->X, self->real, FFNN_ANY_LAYOUT, &options.X) < 0 ||
        ffnn_operand_elements(&self->Y, self->real, &y) < 0)
        return -1;
    options.Y = ffnn_view_of(y, self->dims[self->layers], options.X.cols);
    options.is_gram =
        is_gram < 0 ? ffnn_gram_pays(options.kernels, self->dims[0], self->dims[1], options.X.cols)
                    : is_gram;
    self->iteration_work = 0;
    for (int l = 1; l <= self->layers; l++)
        self->iteration_work += (double)self->dims[l] * (double)options.X.cols *
                                (3 * (double)self->dims[l - 1] + FFNN_ELEMENT_WORK);
    self->run = ffnn_run_new(&options);
    return self->run == NULL ? ffnn_status_raise(FFNN_NO_MEMORY) : 0;
}

static int trainer_fill(trainer_object *self, PyObject *const *arg)
{
    static const char function[] = "Trainer";
    double rate;
    ffnn_pairs parameters;
    if (ffnn_pairs_take(self->state, function, arg[2], &parameters) < 0) return -1;
    int status = -1;
    if (ffnn_operand_take(&self->X, arg[0], (ffnn_place){function, "X", 0}) < 0 ||
        ffnn_operand_take(&self->Y, arg[1], (ffnn_place){function, "Y", 0}) < 0 ||
        ffnn_rate_parse(function, arg[3], &rate) < 0 ||
        ffnn_pairs_check(function, &parameters, &self->X) < 0 ||
        fill_dims(self, &parameters, function) < 0)
        goto done;
    const npy_intp m = ffnn_operand_cols(&self->X);
    if (ffnn_labels_check(function, &self->Y, self->dims[self->layers], m, "the output layer") <
            0 ||
        ffnn_examples_check(function, m) < 0)
        goto done;
    self->real = self->X.kind == FFNN_KIND_FLOAT ? FFNN_FLOAT : FFNN_DOUBLE;
    if (start_run(self, rate, arg[4]) == 0) status = fill_parameters(self, &parameters);
done:
    ffnn_pairs_clear(&parameters);
    return status;
}

static PyObject *trainer_new(PyTypeObject *type, PyObject *args, PyObject *kwargs)
{
    static const ffnn_signature signature = {
        "Trainer",
        4,
        {FFNN_NAME_X, FFNN_NAME_Y, FFNN_NAME_parameters, FFNN_NAME_learning_rate, FFNN_NAME_gram},
        1};
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
    PyObject *arg[5];
    if (ffnn_arguments_parse_keywords(state, &signature, &PyTuple_GET_ITEM(row, 0), n_args, names,
                                      arg) < 0)
        goto done;
    self = (trainer_object *)type->tp_alloc(type, 0);
    if (self == NULL) goto done;
    self->state = state;
    atomic_flag_clear(&self->is_busy);
    if (trainer_fill(self, arg) < 0) Py_CLEAR(self);
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
    Py_VISIT(self->Y.object);
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
    ffnn_operand_clear(&self->Y);
    PyMem_Free(self->dims);
    type->tp_free(object);
    Py_DECREF(type);
}

/* ---- run ---- */

static int enter(trainer_object *self, const char *method)
{
    if (atomic_flag_test_and_set(&self->is_busy)) {
        PyErr_Format(PyExc_RuntimeError, "Trainer.%s: another thread is using this Trainer",
                     method);
        return -1;
    }
    if (!self->is_interrupted) return 0;
    atomic_flag_clear(&self->is_busy);
    PyErr_Format(PyExc_RuntimeError, "Trainer.%s: an earlier run was interrupted half-way", method);
    return -1;
}

typedef struct {
    PyThreadState *thread; /* NULL while we hold Python's lock */
    double last;           /* seconds */
} poll_context;

/* Taking the lock back can cost 5 ms against a busy thread, so it is not done each time the core
 * asks; an answer to Ctrl-C within 100 ms is promised. */
static const double SECONDS_BETWEEN_POLLS = 0.03;

static bool poll_signals(void *context)
{
    poll_context *poll = context;
    if (ffnn_os_seconds() - poll->last < SECONDS_BETWEEN_POLLS) return false;
    const bool is_unlocked = poll->thread != NULL;
    ffnn_lock_take(poll->thread);
    const bool is_interrupted = PyErr_CheckSignals() < 0;
    if (is_unlocked) poll->thread = PyEval_SaveThread();
    poll->last = ffnn_os_seconds();
    return is_interrupted;
}

static PyObject *trainer_run(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                             PyObject *kw_names)
{
    static const ffnn_signature signature = {"Trainer.run", 1, {FFNN_NAME_n}, 0};
    trainer_object *self = (trainer_object *)object;
    PyObject *arg[1];
    ptrdiff_t n;
    if (ffnn_arguments_parse(self->state, &signature, args, n_args, kw_names, arg) < 0 ||
        ffnn_count_parse((ffnn_place){"Trainer.run", "n", 0}, arg[0], PTRDIFF_MAX, &n) < 0 ||
        enter(self, "run") < 0)
        return NULL;
    poll_context poll;
    double cost = 0;
    poll.last = ffnn_os_seconds();
    poll.thread = ffnn_lock_release((double)n * self->iteration_work);
    ffnn_status status = ffnn_run_iterate(self->run, n, &cost, poll_signals, &poll);
    ffnn_lock_take(poll.thread);
    self->is_interrupted = status != FFNN_OK;
    atomic_flag_clear(&self->is_busy);
    if (ffnn_status_raise(status) < 0) return NULL;
    return ffnn_scalar_new(self->real, cost);
}

static PyObject *copy_parameter(trainer_object *self, char kind, int l)
{
    void *data;
    PyObject *array =
        ffnn_matrix_new(self->real, self->dims[l], kind == 'W' ? self->dims[l - 1] : 1, &data);
    if (array != NULL)
        memcpy(data, ffnn_run_parameter(self->run, kind, l),
               (size_t)PyArray_NBYTES((PyArrayObject *)array));
    return array;
}

static PyObject *trainer_parameters(PyObject *object, PyObject *Py_UNUSED(ignored))
{
    trainer_object *self = (trainer_object *)object;
    if (enter(self, "parameters") < 0) return NULL;
    PyObject *parameters = PyDict_New();
    for (int l = 1; parameters != NULL && l <= self->layers; l++)
        if (ffnn_dict_give(self->state, parameters, FFNN_KEY_W, l, copy_parameter(self, 'W', l)) <
                0 ||
            ffnn_dict_give(self->state, parameters, FFNN_KEY_b, l, copy_parameter(self, 'b', l)) <
                0)
            Py_CLEAR(parameters);
    atomic_flag_clear(&self->is_busy);
    return parameters;
}

static PyMethodDef trainer_methods[] = {
    {"run", FFNN_METHOD(trainer_run), METH_FASTCALL | METH_KEYWORDS, run_doc},
    {"parameters", trainer_parameters, METH_NOARGS, parameters_doc},
    {NULL, NULL, 0, NULL},
};

static PyType_Slot trainer_slots[] = {
    {Py_tp_doc, (void *)trainer_doc}, {Py_tp_new, trainer_new},
    {Py_tp_dealloc, trainer_dealloc}, {Py_tp_traverse, trainer_traverse},
    {Py_tp_methods, trainer_methods}, {0, NULL},
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

/* ---- before the random numbers are drawn ---- */

/* The sizes of the first and the last layer. */
static int take_ends(PyObject *layer_dims, npy_intp *n_x, npy_intp *n_y)
{
    if (!PyTuple_Check(layer_dims) || PyTuple_GET_SIZE(layer_dims) < 2) {
        PyErr_SetString(PyExc_TypeError,
                        "check_run: layer_dims must be a tuple of two or more integers");
        return -1;
    }
    *n_x = PyNumber_AsSsize_t(PyTuple_GET_ITEM(layer_dims, 0), NULL);
    *n_y = PyNumber_AsSsize_t(PyTuple_GET_ITEM(layer_dims, PyTuple_GET_SIZE(layer_dims) - 1), NULL);
    return PyErr_Occurred() ? -1 : 0;
}

static PyObject *check_run(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                           PyObject *kw_names)
{
    static const ffnn_signature signature = {"check_run",
                                             5,
                                             {FFNN_NAME_function, FFNN_NAME_X, FFNN_NAME_Y,
                                              FFNN_NAME_layer_dims, FFNN_NAME_learning_rate},
                                             0};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[5];
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    const char *function = PyUnicode_AsUTF8(arg[0]);
    npy_intp n_x, n_y;
    double rate;
    if (function == NULL || take_ends(arg[3], &n_x, &n_y) < 0 ||
        ffnn_rate_parse(function, arg[4], &rate) < 0)
        return NULL;
    ffnn_operand X = {0}, Y = {0};
    const int status =
        ffnn_operand_take(&X, arg[1], (ffnn_place){function, "X", 0}) < 0 ||
        ffnn_operand_take(&Y, arg[2], (ffnn_place){function, "Y", 0}) < 0 ||
        ffnn_inputs_check(function, &X, n_x, "layers_dims[0]") < 0 ||
        ffnn_labels_check(function, &Y, n_y, ffnn_operand_cols(&X), "the output layer") < 0 ||
        ffnn_examples_check(function, ffnn_operand_cols(&X)) < 0;
    ffnn_operand_clear(&X);
    ffnn_operand_clear(&Y);
    if (status) return NULL;
    Py_RETURN_NONE;
}

PyMethodDef ffnn_trainer_methods[] = {
    {"check_run", FFNN_METHOD(check_run), METH_FASTCALL | METH_KEYWORDS, check_run_doc},
    {NULL, NULL, 0, NULL},
};
