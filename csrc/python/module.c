/* module.c - the extension module ffnn._ffnn: what it is made of and how it starts.
 *
 * The module's state, the choice of the instruction set among it, is filled at import; of it
 * set_reproducible alone changes anything later.
 */
#define FFNN_IMPORTS_NUMPY
#include "methods.h"
#include "one_run.h"
#include "parameters.h"
#include "parse.h"
#include "state.h"
#include "../system/system.h"

#include <stdlib.h>
#include <string.h>

static void refuse_wanted(const char *wanted, const char *why)
{
    PyObject *possible = PyUnicode_FromString("");
    const ffnn_isa *isa;
    for (int i = 0; possible != NULL && (isa = ffnn_isa_available(i)) != NULL; i++) {
        PyObject *longer = PyUnicode_FromFormat("%U%s%s", possible, i == 0 ? "" : ", ", isa->name);
        Py_SETREF(possible, longer);
    }
    if (possible != NULL)
        PyErr_Format(PyExc_ImportError, "FFNN_ISA=%s: %s; possible here: %U", wanted, why,
                     possible);
    Py_XDECREF(possible);
}

static int choose_isa(ffnn_state *state)
{
    const char *wanted = getenv("FFNN_ISA"), *why = NULL;
    if (wanted != NULL && *wanted == '\0') wanted = NULL;
    char name[16] = ""; /* in lower case; the names are shorter */
    for (size_t i = 0; wanted != NULL && wanted[i] != '\0' && i + 1 < sizeof name; i++)
        name[i] = (char)Py_TOLOWER(wanted[i]);
    state->fastest = state->isa = ffnn_isa_choose(wanted == NULL ? NULL : name, &why);
    if (state->isa != NULL) return 0;
    if (wanted == NULL)
        PyErr_Format(PyExc_ImportError, "ffnn cannot run on this machine: %s", why);
    else
        refuse_wanted(wanted, why);
    return -1;
}

/* FFNN_REPRODUCIBLE: 1, or 0 or nothing. */
static int choose_reproducible(ffnn_state *state)
{
    const char *wanted = getenv("FFNN_REPRODUCIBLE");
    if (wanted == NULL || *wanted == '\0' || strcmp(wanted, "0") == 0) return 0;
    if (strcmp(wanted, "1") == 0) {
        state->isa = ffnn_isa_reproducible();
        state->is_reproducible = true;
        return 0;
    }
    PyErr_Format(PyExc_ImportError, "FFNN_REPRODUCIBLE=%s: must be 1 or 0", wanted);
    return -1;
}

static int choose_threads(void)
{
    const char *wanted = getenv("FFNN_NUM_THREADS");
    if (wanted == NULL || *wanted == '\0') return 0;
    char *end;
    const long threads = strtol(wanted, &end, 10);
    if (*end == '\0' && threads >= 1 && threads <= FFNN_MOST_THREADS) {
        ffnn_pool_set_threads((int)threads);
        return 0;
    }
    PyErr_Format(PyExc_ImportError, "FFNN_NUM_THREADS=%s: must be an integer from 1 to %d", wanted,
                 FFNN_MOST_THREADS);
    return -1;
}

static int execute(PyObject *module)
{
    static PyMethodDef *const subjects[] = {ffnn_elementwise_methods,
                                            ffnn_cost_methods,
                                            ffnn_dense_methods,
                                            ffnn_model_methods,
                                            ffnn_predict_methods,
                                            ffnn_gradients_methods,
                                            ffnn_update_methods,
                                            ffnn_trainer_methods,
                                            ffnn_cost_and_gradients_methods,
                                            ffnn_output_variances_methods,
                                            ffnn_words_methods,
                                            ffnn_nets_methods,
                                            ffnn_config_methods};
    ffnn_state *state = ffnn_state_of(module);
    if (PyArray_ImportNumPyAPI() < 0 || PyUFunc_ImportUFuncAPI() < 0 || choose_isa(state) < 0 ||
        choose_reproducible(state) < 0 || choose_threads() < 0 || ffnn_names_intern(state) < 0 ||
        ffnn_keys_intern(state) < 0)
        return -1;
    for (size_t i = 0; i < sizeof subjects / sizeof *subjects; i++)
        if (PyModule_AddFunctions(module, subjects[i]) < 0) return -1;
    if (ffnn_predictor_add(module, state) < 0) return -1;
    return ffnn_trainer_add(module, state);
}

static int traverse(PyObject *module, visitproc visit, void *arg)
{
    const ffnn_state *state = ffnn_state_of(module);
    Py_VISIT(state->trainer);
    Py_VISIT(state->predictor);
    Py_VISIT(state->net_parameters);
    Py_VISIT(state->net_caches);
    return 0;
}

static int clear(PyObject *module)
{
    ffnn_state *state = ffnn_state_of(module);
    Py_CLEAR(state->trainer);
    Py_CLEAR(state->predictor);
    Py_CLEAR(state->net_parameters);
    Py_CLEAR(state->net_caches);
    ffnn_one_run_forget(state);
    for (int i = 0; i < FFNN_NAMES; i++) Py_CLEAR(state->names[i]);
    for (int key = 0; key < FFNN_KEYS; key++)
        for (int l = 0; l <= FFNN_CACHED_LAYERS; l++) Py_CLEAR(state->keys[key][l]);
    return 0;
}

static void release(void *module)
{
    clear(module);
}

static PyModuleDef_Slot slots[] = {
    {Py_mod_exec, execute},
#if PY_VERSION_HEX >= 0x030C0000
    {Py_mod_multiple_interpreters, Py_MOD_MULTIPLE_INTERPRETERS_NOT_SUPPORTED},
#endif
#if PY_VERSION_HEX >= 0x030D0000
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT,
    .m_name = "ffnn._ffnn",
    .m_doc =
        "The compiled half of ffnn: the assignment's functions, and training runs as one object.",
    .m_size = sizeof(ffnn_state),
    .m_slots = slots,
    .m_traverse = traverse,
    .m_clear = clear,
    .m_free = release,
};

PyMODINIT_FUNC PyInit__ffnn(void)
{
    return PyModuleDef_Init(&definition);
}
