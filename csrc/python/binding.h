/* binding.h - what the files of the Python binding share.
 *
 * A call goes: arguments (parse.c), operands and views (arrays.c), shapes (checks.c), results,
 * kernels. An operand saves two things: the very object that the caller gave, which is what a cache
 * must hold, and the array that is read. All checks and conversions come before the kernels, and
 * what is the caller's (the dict of update_parameters) changes last: a call that raises has changed
 * nothing.
 */
#ifndef FFNN_BINDING_H
#define FFNN_BINDING_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>

/* One table of NumPy's functions serves every file; module.c fills it. */
#define PY_ARRAY_UNIQUE_SYMBOL ffnn_numpy_api
#define PY_UFUNC_UNIQUE_SYMBOL ffnn_ufunc_api
#ifndef FFNN_IMPORTS_NUMPY
#define NO_IMPORT_ARRAY
#define NO_IMPORT_UFUNC
#endif
#include <numpy/arrayobject.h>
#include <numpy/ufuncobject.h>

#include "../product/product.h"
#include "../system/system.h"
#include "../train/train.h"

/* ---- module state ---- */

typedef enum {
#define FFNN_NAME(name) FFNN_NAME_##name,
#include "names.def"
#undef FFNN_NAME
    FFNN_NAMES
} ffnn_name;

/* The keys of the parameters' and the gradients' dicts. */
typedef enum { FFNN_KEY_W, FFNN_KEY_b, FFNN_KEY_dW, FFNN_KEY_db, FFNN_KEY_dA, FFNN_KEYS } ffnn_key;

/* Making and hashing a key costs as much as an array of a small net, so those of the first layers
 * are kept; few nets by hand are deeper. */
enum { FFNN_CACHED_LAYERS = 64 };

typedef struct {
    const ffnn_isa *isa; /* what runs */
    PyTypeObject *trainer;
    PyObject *names[FFNN_NAMES];
    PyObject *keys[FFNN_KEYS][FFNN_CACHED_LAYERS + 1];
} ffnn_state;

static inline ffnn_state *ffnn_state_of(PyObject *module)
{
    return PyModule_GetState(module);
}

/* ---- parse.c, words.c: arguments ---- */

enum { FFNN_MOST_ARGUMENTS = 24, FFNN_MOST_WORDS = 32, FFNN_LONGEST_WORD = 40 };

/* The first `count` arguments are required and may come by position or by name; `options` more come
 * by name alone, or not at all. */
typedef struct {
    const char *function;
    int count;
    ffnn_name names[FFNN_MOST_ARGUMENTS];
    int options;
} ffnn_signature;

/* Fills `out` with borrowed references in the order of the signature, NULL for an option that was
 * not given, or raises CPython's own TypeError. */
int ffnn_arguments_parse_keywords(const ffnn_state *state, const ffnn_signature *signature,
                                  PyObject *const *args, Py_ssize_t n_args, PyObject *kw_names,
                                  PyObject **out);

static inline int ffnn_arguments_parse(const ffnn_state *state, const ffnn_signature *signature,
                                       PyObject *const *args, Py_ssize_t n_args, PyObject *kw_names,
                                       PyObject **out)
{
    if (kw_names == NULL && n_args == signature->count) {
        for (Py_ssize_t i = 0; i < n_args; i++) out[i] = args[i];
        for (Py_ssize_t i = 0; i < signature->options; i++) out[n_args + i] = NULL;
        return 0;
    }
    return ffnn_arguments_parse_keywords(state, signature, args, n_args, kw_names, out);
}

/* Whose fault an error is; `label` is a format for `index`, expanded only for a message. */
typedef struct {
    const char *function;
    const char *label;
    int index;
} ffnn_place;

int ffnn_names_intern(ffnn_state *state);
/* An integer from 1 to `most`. */
int ffnn_count_parse(ffnn_place place, PyObject *object, ptrdiff_t most, ptrdiff_t *n);
/* A finite real number. */
int ffnn_number_parse(ffnn_place place, PyObject *object, double *value);
/* The index of one of `count` <= FFNN_MOST_WORDS words, or -1 with an error that suggests one. */
int ffnn_word_parse(ffnn_place place, PyObject *object, const char *const *words, int count);
/* The candidate that `word` misspells, ignoring case, or NULL where none is near. */
const char *ffnn_word_nearest(const char *word, const char *const *candidates, int count);

/* ---- checks.c: errors ---- */

/* Raises "function: label text"; returns -1. */
int ffnn_error_raise(PyObject *type, ffnn_place place, const char *format, ...);
int ffnn_status_raise(ffnn_status status);
/* Gives NumPy's floating-point warning of that name for the core's flags, as np.errstate has it. */
int ffnn_flags_warn(const char *name, int flags);

/* ---- arrays.c: operands, views ---- */

/* Kinds of elements; ored together over the operands of a computation they decide its type. */
enum {
    FFNN_KIND_FLOAT = 1,
    FFNN_KIND_DOUBLE = 2,
    FFNN_KIND_NARROW =
        4, /* bool and integers of 8 and 16 bits: NumPy promotes them with float32 to float32 */
    FFNN_KIND_WIDE = 8, /* other integers: with anything to float64 */
};

typedef struct {
    PyObject *object;     /* owned: what the caller gave */
    PyArrayObject *array; /* the same object, or an owned conversion */
    unsigned kind;        /* of `object`, 0 until resolved */
} ffnn_operand;

/* 0 for a type of element that ffnn refuses. */
static inline unsigned ffnn_kind_of(int type_num)
{
    switch (type_num) {
    case NPY_FLOAT:
        return FFNN_KIND_FLOAT;
    case NPY_DOUBLE:
        return FFNN_KIND_DOUBLE;
    case NPY_BOOL:
    case NPY_BYTE:
    case NPY_UBYTE:
    case NPY_SHORT:
    case NPY_USHORT:
        return FFNN_KIND_NARROW;
    case NPY_INT:
    case NPY_UINT:
    case NPY_LONG:
    case NPY_ULONG:
    case NPY_LONGLONG:
    case NPY_ULONGLONG:
        return FFNN_KIND_WIDE;
    default:
        return 0;
    }
}

/* The kinds of an operand that counts only where it is of a float type, as labels do. */
static inline unsigned ffnn_kind_if_float(unsigned kind)
{
    return kind & (FFNN_KIND_FLOAT | FFNN_KIND_DOUBLE);
}

static inline ffnn_real ffnn_real_of(unsigned kinds)
{
    if ((kinds & (FFNN_KIND_DOUBLE | FFNN_KIND_WIDE)) || !(kinds & FFNN_KIND_FLOAT))
        return FFNN_DOUBLE;
    return FFNN_FLOAT;
}

int ffnn_operand_resolve_any(ffnn_operand *o, ffnn_place place);

/* Finds the array of o->object and its kind. */
static inline int ffnn_operand_resolve(ffnn_operand *o, ffnn_place place)
{
    if (Py_IS_TYPE(o->object, &PyArray_Type)) {
        o->array = (PyArrayObject *)o->object;
        o->kind = ffnn_kind_of(PyArray_TYPE(o->array));
        if (o->kind != 0) return 0;
    }
    return ffnn_operand_resolve_any(o, place);
}

static inline int ffnn_operand_take(ffnn_operand *o, PyObject *object, ffnn_place place)
{
    o->object = Py_NewRef(object);
    return ffnn_operand_resolve(o, place);
}

static inline void ffnn_operand_clear(ffnn_operand *o)
{
    if ((PyObject *)o->array != o->object) Py_XDECREF(o->array);
    Py_XDECREF(o->object);
}

int ffnn_operand_is(const ffnn_operand *o, npy_intp rows, npy_intp cols);
int ffnn_ndim_raise(const ffnn_operand *o, ffnn_place place);

static inline int ffnn_operand_is_matrix(const ffnn_operand *o, ffnn_place place)
{
    return PyArray_NDIM(o->array) == 2 ? 0 : ffnn_ndim_raise(o, place);
}

static inline npy_intp ffnn_operand_rows(const ffnn_operand *o)
{
    return PyArray_DIM(o->array, 0);
}

static inline npy_intp ffnn_operand_cols(const ffnn_operand *o)
{
    return PyArray_DIM(o->array, 1);
}

/* PyArray_SIZE and PyArray_SAMESHAPE are calls through NumPy's table. */
static inline ptrdiff_t ffnn_array_count(PyArrayObject *array)
{
    ptrdiff_t count = 1;
    for (int i = 0; i < PyArray_NDIM(array); i++) count *= PyArray_DIM(array, i);
    return count;
}

static inline int ffnn_operand_same_shape(const ffnn_operand *a, const ffnn_operand *b)
{
    int same = PyArray_NDIM(a->array) == PyArray_NDIM(b->array);
    for (int i = 0; same && i < PyArray_NDIM(a->array); i++)
        same = PyArray_DIM(a->array, i) == PyArray_DIM(b->array, i);
    return same;
}

/* How the elements must stand: in any layout, each row side by side, or all side by side in C
 * order. */
typedef enum { FFNN_ANY_LAYOUT, FFNN_ROWS, FFNN_CONTIGUOUS } ffnn_layout;

/* The elements of a matrix as `real`; converts o->array where they are not so yet. */
int ffnn_operand_view(ffnn_operand *o, ffnn_real real, ffnn_layout layout, ffnn_view *view);
/* The same for any number of dimensions, contiguous. */
int ffnn_operand_elements(ffnn_operand *o, ffnn_real real, const void **elements);

static inline ffnn_view ffnn_view_of(const void *data, ptrdiff_t rows, ptrdiff_t cols)
{
    return (ffnn_view){data, rows, cols, cols, 1};
}

/* ---- results.c: new arrays ---- */

extern const int ffnn_real_type[FFNN_REALS]; /* NumPy's number for it */
extern const ptrdiff_t ffnn_real_bytes[FFNN_REALS];

/* NumPy calls a size beyond the address space a wrong value; to a caller it is lack of memory. */
void ffnn_error_explain_size(void);
/* A new array, uninitialised; *data is where its elements begin. */
PyObject *ffnn_array_new(ffnn_real real, int ndim, const npy_intp *dims, void **data);
PyObject *ffnn_matrix_new(ffnn_real real, npy_intp rows, npy_intp cols, void **data);
/* A 0-d array. */
PyObject *ffnn_scalar_new(ffnn_real real, double value);
/* rows * cols elements of ffnn's own memory, or NULL with a MemoryError. */
void *ffnn_memory_new(ffnn_real real, ptrdiff_t rows, ptrdiff_t cols);

/* ---- labels.c ---- */

/* Y, or for a categorical cost also integer classes, which become a column of 0s and a 1 each. */
typedef struct {
    ffnn_operand Y;
    bool are_classes;
    void *one_hot; /* owned: made from classes */
} ffnn_labels;

static inline int ffnn_labels_take(ffnn_labels *labels, PyObject *object, const char *function)
{
    return ffnn_operand_take(&labels->Y, object, (ffnn_place){function, "Y", 0});
}

/* Against `rows` output units and `cols` examples; `what` names what has them. */
int ffnn_labels_check(const char *function, ffnn_labels *labels, ffnn_cost cost, npy_intp rows,
                      npy_intp cols, const char *what);
/* [rows, cols], contiguous. */
int ffnn_labels_elements(const char *function, ffnn_labels *labels, ffnn_real real, ptrdiff_t rows,
                         ptrdiff_t cols, const void **elements);

static inline void ffnn_labels_clear(ffnn_labels *labels)
{
    ffnn_operand_clear(&labels->Y);
    ffnn_free(labels->one_hot);
}

/* ---- shapes (checks.c) ---- */

/* NumPy allows 64 dimensions of at most 20 characters and two more. */
enum { FFNN_SHAPE_TEXT = 64 * 22 + 3 };
const char *ffnn_shape_write(const ffnn_operand *o, char text[FFNN_SHAPE_TEXT]);

int ffnn_shape_check(const ffnn_operand *o, ffnn_place place, npy_intp rows, npy_intp cols);
int ffnn_bias_check(const ffnn_operand *b, ffnn_place place, npy_intp rows);
/* X against the rows that `who` wants. */
int ffnn_inputs_check(const char *function, const ffnn_operand *X, npy_intp wanted,
                      const char *who);
int ffnn_examples_check(const char *function, npy_intp m);
/* A tuple of `count` items, from a tuple or a list; `items` spells them for the message. */
PyObject *ffnn_items_take(PyObject *object, Py_ssize_t count, ffnn_place place, const char *items);

/* ---- parameters.c: the dicts ---- */

typedef struct {
    ffnn_operand W, b;
} ffnn_pair;

/* So many layers live on the stack; deeper nets take one allocation. */
enum { FFNN_STACK_LAYERS = 8 };

/* A snapshot of a dict's arrays: own references, layer l at pairs[l - 1]. */
typedef struct {
    int layers;
    ffnn_pair *pairs;
    ffnn_pair small[FFNN_STACK_LAYERS];
} ffnn_pairs;

int ffnn_keys_intern(ffnn_state *state);
PyObject *ffnn_key_new(const ffnn_state *state, ffnn_key key, int l);
/* Takes and resolves W{l} and b{l} of a dict for l = 1..L; pairs->pairs is NULL after an error. */
int ffnn_pairs_take(const ffnn_state *state, const char *function, PyObject *parameters,
                    ffnn_pairs *pairs);
/* dW{l} and db{l} for l = 1..layers; how an error calls the dict, its dW{l} and its db{l}. */
int ffnn_pairs_take_like_gradients(const ffnn_state *state, const char *function,
                                   const char *const labels[3], PyObject *dict, int layers,
                                   ffnn_pairs *pairs);
void ffnn_pairs_clear(ffnn_pairs *pairs);
/* Ranks and shapes of a net that takes n_x rows, l by l. */
int ffnn_pairs_check(const char *function, const ffnn_pairs *pairs, const ffnn_operand *X);
/* Puts a value into a dict and drops the reference to it. */
int ffnn_dict_give(const ffnn_state *state, PyObject *dict, ffnn_key key, int l, PyObject *value);

/* ---- options.c: what a net and its training are ---- */

/* Layer l at index l - 1. */
typedef struct {
    int layers;
    ffnn_activation *activations, small_activations[FFNN_STACK_LAYERS];
    double *keep_prob, small_keep_prob[FFNN_STACK_LAYERS]; /* 1 for the output */
    bool has_dropout;
} ffnn_net;

/* NULL stands for an option that was not given: relu, sigmoid, 1.0. net->activations is NULL after
 * an error. */
int ffnn_net_parse(const ffnn_state *state, const char *function, int layers, PyObject *hidden,
                   PyObject *output, PyObject *keep_prob, ffnn_net *net);
void ffnn_net_clear(ffnn_net *net);
int ffnn_activation_parse(const ffnn_state *state, const char *function, PyObject *object,
                          ffnn_activation *g);
/* The name of a cost, any. */
int ffnn_cost_parse(const ffnn_state *state, const char *function, PyObject *object,
                    ffnn_cost *cost);
/* The same for a net with that output, which has to fit; NULL or None: what goes with it. */
int ffnn_cost_parse_for(const ffnn_state *state, const char *function, PyObject *object,
                        ffnn_activation output, ffnn_cost *cost);
/* A number that is not negative; 0 for NULL. */
int ffnn_lambd_parse(const char *function, PyObject *object, double *lambd);

/* Which of a run's arguments is which. */
enum {
#define FFNN_RUN_OPTION(name) FFNN_RUN_##name,
#include "run_options.def"
#undef FFNN_RUN_OPTION
    FFNN_RUN_OPTIONS
};

typedef struct {
    ffnn_net net;
    ffnn_cost cost;
    ffnn_hyperparameters hyperparameters;
} ffnn_run_settings;
int ffnn_run_settings_parse(const ffnn_state *state, const char *function, int layers,
                            PyObject *const arg[FFNN_RUN_OPTIONS], ffnn_run_settings *settings);

/* ---- the lock ---- */

/* Multiply-adds above which other Python threads may run meanwhile. So many take 2 to 10 us; giving
 * the lock away and taking it back costs 0.04 us alone but up to 5 ms against a busy thread, too
 * much for less. */
static const double FFNN_UNLOCKED_WORK = 65536;
/* What an exponential or a logarithm costs in multiply-adds, roughly. */
static const double FFNN_ELEMENT_WORK = 16;

static inline PyThreadState *ffnn_lock_release(double work)
{
    return work > FFNN_UNLOCKED_WORK ? PyEval_SaveThread() : NULL;
}

static inline void ffnn_lock_take(PyThreadState *thread)
{
    if (thread != NULL) PyEval_RestoreThread(thread);
}

/* ---- what module.c collects ---- */

#define FFNN_METHOD(function) ((PyCFunction)(void (*)(void))(function))

extern PyMethodDef ffnn_elementwise_methods[], ffnn_cost_methods[], ffnn_dense_methods[],
    ffnn_model_methods[], ffnn_gradients_methods[], ffnn_update_methods[], ffnn_trainer_methods[],
    ffnn_cost_and_gradients_methods[], ffnn_words_methods[], ffnn_config_methods[];
int ffnn_trainer_add(PyObject *module, ffnn_state *state);

#endif
