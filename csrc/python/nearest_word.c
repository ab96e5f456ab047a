/* nearest_word.c - the suggestion for a misspelt word, for the checks that Python makes. */
#include "errors.h"
#include "methods.h"
#include "nearest_word_docs.h"
#include "parse.h"
#include "state.h"
#include "words.h"

#include <limits.h>

/* A lone surrogate has no spelling: it is near to nothing. */
static const char *text_of(const char *name, PyObject *object)
{
    if (!PyUnicode_Check(object)) {
        ffnn_error_raise(PyExc_TypeError, (ffnn_place){"nearest_word", name, 0},
                         "must be a str, not %s", Py_TYPE(object)->tp_name);
        return NULL;
    }
    const char *text = PyUnicode_AsUTF8(object);
    if (text != NULL || !PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return text;
    PyErr_Clear();
    return "";
}

static PyObject *nearest_word(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                              PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "nearest_word", 2, {FFNN_NAME_word, FFNN_NAME_words}, 0};
    PyObject *arg[2];
    if (ffnn_arguments_parse(ffnn_state_of(module), &signature, args, n_args, kw_names, arg) < 0)
        return NULL;
    PyObject *words = PySequence_Tuple(arg[1]);
    if (words == NULL) return NULL;
    PyObject *nearest = Py_None;
    int least = INT_MAX;
    const char *word = text_of("word", arg[0]);
    for (Py_ssize_t i = 0; word != NULL && i < PyTuple_GET_SIZE(words); i++) {
        const char *candidate = text_of("words", PyTuple_GET_ITEM(words, i));
        if (candidate == NULL)
            word = NULL;
        else if (ffnn_word_is_nearer(word, candidate, &least))
            nearest = PyTuple_GET_ITEM(words, i);
    }
    PyObject *result = word == NULL ? NULL : Py_NewRef(nearest);
    Py_DECREF(words);
    return result;
}

PyMethodDef ffnn_words_methods[] = {
    {"nearest_word", FFNN_METHOD(nearest_word), METH_FASTCALL | METH_KEYWORDS, nearest_word_doc},
    {NULL, NULL, 0, NULL},
};
