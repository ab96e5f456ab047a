/* config.c - what was built and what runs, the number of threads, and the hook that makes
 * allocations fail. */
#include "config_docs.h"
#include "errors.h"
#include "methods.h"
#include "options.h"
#include "parse.h"
#include "state.h"
#include "../system/system.h"

#include <string.h>

#if defined(__x86_64__)
enum { HOST_ANY = 1, HOST_X86_64 = 1, HOST_ARM64 = 0 };
#elif defined(__aarch64__)
enum { HOST_ANY = 1, HOST_X86_64 = 0, HOST_ARM64 = 1 };
#else
enum { HOST_ANY = 1, HOST_X86_64 = 0, HOST_ARM64 = 0 };
#endif

static const struct {
    const char *name;
    int is_built;
} rows[] = {
#define FFNN_ISA(name, host, runs_here, flags) {#name, HOST_##host},
#include "../isa.def"
#undef FFNN_ISA
};

static int append(PyObject *list, const char *text)
{
    PyObject *item = PyUnicode_FromString(text);
    int status = item == NULL ? -1 : PyList_Append(list, item);
    Py_XDECREF(item);
    return status;
}

static PyObject *built(void)
{
    PyObject *list = PyList_New(0);
    for (size_t i = 0; list != NULL && i < sizeof rows / sizeof *rows; i++)
        if (rows[i].is_built && append(list, rows[i].name) < 0) Py_CLEAR(list);
    return list;
}

static PyObject *available(void)
{
    PyObject *list = PyList_New(0);
    const ffnn_isa *isa;
    for (int i = 0; list != NULL && (isa = ffnn_isa_available(i)) != NULL; i++)
        if (append(list, isa->name) < 0) Py_CLEAR(list);
    return list;
}

static PyObject *tile_of(const ffnn_kernels *kernels)
{
    return Py_BuildValue("(nnn)", (Py_ssize_t)kernels->tile_rows, (Py_ssize_t)kernels->tile_cols,
                         (Py_ssize_t)kernels->lanes);
}

static const char *compiler(void)
{
#ifdef __clang__
    return __VERSION__; /* begins with the compiler's own name */
#else
    return "GCC " __VERSION__;
#endif
}

static PyObject *config(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    const ffnn_state *state = ffnn_state_of(module);
    const ffnn_isa *isa = state->isa;
    return Py_BuildValue("{s:s, s:N, s:N, s:{s:N, s:N}, s:s, s:I, s:O}", "isa", isa->name, "built",
                         built(), "available", available(), "tile", "float32",
                         tile_of(isa->kernels[FFNN_FLOAT]), "float64",
                         tile_of(isa->kernels[FFNN_DOUBLE]), "compiler", compiler(), "numpy_api",
                         PyArray_GetNDArrayCFeatureVersion(), "reproducible",
                         state->is_reproducible ? Py_True : Py_False);
}

/* A tuple of what stands at `first` and every `step` bytes on: the first field of table rows. */
static PyObject *names_of(const void *first, size_t step, int count)
{
    PyObject *names = PyTuple_New(count);
    for (int i = 0; names != NULL && i < count; i++) {
        const char *text;
        memcpy(&text, (const char *)first + (size_t)i * step, sizeof text);
        PyObject *name = PyUnicode_FromString(text);
        if (name == NULL)
            Py_CLEAR(names);
        else
            PyTuple_SET_ITEM(names, i, name);
    }
    return names;
}

static PyObject *activations(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    const ffnn_activation_kernels *rows = ffnn_state_of(module)->isa->kernels[0]->activations;
    return names_of(&rows->name, sizeof *rows, FFNN_ACTIVATIONS);
}

static PyObject *costs(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    const ffnn_cost_kernels *rows = ffnn_state_of(module)->isa->kernels[0]->costs;
    return names_of(&rows->name, sizeof *rows, FFNN_COSTS);
}

static PyObject *optimizers(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    const ffnn_optimizer_kernels *rows = ffnn_state_of(module)->isa->kernels[0]->optimizers;
    return names_of(&rows->name, sizeof *rows, FFNN_OPTIMIZERS);
}

/* The names of the numbers in a row's `reads`, in the order of options.def. */
static PyObject *numbers_of(int reads)
{
    static const char *const names[FFNN_NUMBERS] = {
#define FFNN_OPTIMIZER_NUMBER(name, range, default, hint) #name,
#include "../options.def"
    };
    const char *read[FFNN_NUMBERS];
    int count = 0;
    for (int i = 0; i < FFNN_NUMBERS; i++)
        if (reads >> i & 1) read[count++] = names[i];
    return names_of(read, sizeof *read, count);
}

static PyObject *optimizer_rows(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    const ffnn_optimizer_kernels *rows = ffnn_state_of(module)->isa->kernels[0]->optimizers;
    PyObject *dict = PyDict_New();
    for (int i = 0; dict != NULL && i < FFNN_OPTIMIZERS; i++) {
        PyObject *row = Py_BuildValue("(NN)", PyBool_FromLong(rows[i].form == FFNN_WHOLE),
                                      numbers_of(rows[i].reads));
        if (row == NULL || PyDict_SetItemString(dict, rows[i].name, row) < 0) Py_CLEAR(dict);
        Py_XDECREF(row);
    }
    return dict;
}

static PyObject *cost_of(PyObject *module, PyObject *name)
{
    const ffnn_state *state = ffnn_state_of(module);
    ffnn_activation output;
    ffnn_cost cost;
    if (ffnn_activation_parse(state, "cost_of", "output_activation", name, &output) < 0 ||
        ffnn_cost_parse_for(state, "cost_of", NULL, output, &cost) < 0)
        return NULL;
    return PyUnicode_FromString(state->isa->kernels[0]->costs[cost].name);
}

static PyObject *get_num_threads(PyObject *Py_UNUSED(module), PyObject *Py_UNUSED(ignored))
{
    return PyLong_FromLong(ffnn_pool_threads());
}

static PyObject *set_num_threads(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                                 PyObject *kw_names)
{
    static const ffnn_signature signature = {"set_num_threads", 1, {FFNN_NAME_n}, 0};
    PyObject *arg[1];
    ptrdiff_t n;
    if (ffnn_arguments_parse(ffnn_state_of(module), &signature, args, n_args, kw_names, arg) < 0 ||
        ffnn_count_parse((ffnn_place){"set_num_threads", "n", 0}, arg[0], FFNN_MOST_THREADS, &n) <
            0)
        return NULL;
    ffnn_pool_set_threads((int)n);
    Py_RETURN_NONE;
}

static PyObject *get_reproducible(PyObject *module, PyObject *Py_UNUSED(ignored))
{
    return PyBool_FromLong(ffnn_state_of(module)->is_reproducible);
}

static PyObject *set_reproducible(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                                  PyObject *kw_names)
{
    static const ffnn_signature signature = {"set_reproducible", 1, {FFNN_NAME_reproducible}, 0};
    ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[1];
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    if (!PyBool_Check(arg[0])) {
        PyErr_Format(PyExc_TypeError,
                     "set_reproducible: reproducible must be True or False, not %R", arg[0]);
        return NULL;
    }
    state->is_reproducible = arg[0] == Py_True;
    state->isa = state->is_reproducible ? ffnn_isa_reproducible() : state->fastest;
    Py_RETURN_NONE;
}

static PyObject *limit_threads(PyObject *Py_UNUSED(module), PyObject *n)
{
    const long threads = PyLong_AsLong(n);
    if (threads == -1 && PyErr_Occurred()) return NULL;
    if (threads < 0 || threads > FFNN_MOST_THREADS) {
        PyErr_Format(PyExc_ValueError, "limit_threads: n must be from 0 to %d, not %ld",
                     (int)FFNN_MOST_THREADS, threads);
        return NULL;
    }
    return PyLong_FromLong(ffnn_pool_limit_here((int)threads));
}

static PyObject *fail_allocation(PyObject *Py_UNUSED(module), PyObject *n)
{
    const long count = PyLong_AsLong(n);
    if (count == -1 && PyErr_Occurred()) return NULL;
    if (count < 0) {
        PyErr_Format(PyExc_ValueError, "fail_allocation: n must be at least 0, not %ld", count);
        return NULL;
    }
    ffnn_allocate_fail_at(count);
    Py_RETURN_NONE;
}

PyMethodDef ffnn_config_methods[] = {
    {"config", config, METH_NOARGS, config_doc},
    {"activations", activations, METH_NOARGS, activations_doc},
    {"costs", costs, METH_NOARGS, costs_doc},
    {"optimizers", optimizers, METH_NOARGS, optimizers_doc},
    {"optimizer_rows", optimizer_rows, METH_NOARGS, optimizer_rows_doc},
    {"cost_of", cost_of, METH_O, cost_of_doc},
    {"get_num_threads", get_num_threads, METH_NOARGS, get_num_threads_doc},
    {"set_num_threads", FFNN_METHOD(set_num_threads), METH_FASTCALL | METH_KEYWORDS,
     set_num_threads_doc},
    {"get_reproducible", get_reproducible, METH_NOARGS, get_reproducible_doc},
    {"set_reproducible", FFNN_METHOD(set_reproducible), METH_FASTCALL | METH_KEYWORDS,
     set_reproducible_doc},
    {"limit_threads", limit_threads, METH_O, limit_threads_doc},
    {"fail_allocation", fail_allocation, METH_O, fail_allocation_doc},
    {NULL, NULL, 0, NULL},
};
