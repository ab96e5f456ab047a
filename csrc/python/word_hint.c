/* word_hint.c - what was meant by an unknown word, for the checks that Python makes. */
#include "errors.h"
#include "methods.h"
#include "parse.h"
#include "state.h"
#include "word_hint_docs.h"
#include "words.h"

/* A lone surrogate has no spelling: it is near to nothing. */
static const char *text_of(const char *name, PyObject *object)
{
    if (PyUnicode_Check(object)) {
        const char *text = PyUnicode_AsUTF8(object);
        if (text != NULL || !PyErr_ExceptionMatches(PyExc_UnicodeEncodeError)) return text;
        PyErr_Clear();
        return "";
    }
    ffnn_error_raise(PyExc_TypeError, (ffnn_place){"word_hint", name, 0}, "must be a str, not %s",
                     Py_TYPE(object)->tp_name);
    return NULL;
}

static PyObject *hint_of(PyObject *opening, PyObject *word, PyObject *words)
{
    const char *start = text_of("opening", opening);
    if (start == NULL || text_of("word", word) == NULL) return NULL;
    const int count = (int)PyTuple_GET_SIZE(words);
    const char **candidates = PyMem_New(const char *, (size_t)count + 1);
    if (candidates == NULL) return PyErr_NoMemory();
    int i = 0;
    while (i < count && (candidates[i] = text_of("words", PyTuple_GET_ITEM(words, i))) != NULL) i++;
    PyObject *hint = i < count ? NULL : ffnn_word_hint(start, word, candidates, count);
    PyMem_Free(candidates);
    return hint;
}

static PyObject *word_hint(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                           PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "word_hint", 3, {FFNN_NAME_opening, FFNN_NAME_word, FFNN_NAME_words}, 0};
    PyObject *arg[3];
    if (ffnn_arguments_parse(ffnn_state_of(module), &signature, args, n_args, kw_names, arg) < 0)
        return NULL;
    PyObject *words = PySequence_Tuple(arg[2]);
    if (words == NULL) return NULL;
    PyObject *hint = hint_of(arg[0], arg[1], words);
    Py_DECREF(words);
    return hint;
}

PyMethodDef ffnn_words_methods[] = {
    {"word_hint", FFNN_METHOD(word_hint), METH_FASTCALL | METH_KEYWORDS, word_hint_doc},
    {NULL, NULL, 0, NULL},
};
