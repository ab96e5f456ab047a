/* parameters.c - the dicts {"W1", "b1", ...} and {..., "dW1", "db1"}: keys, snapshots, ranks and
 * shapes.
 *
 * A snapshot with references of its own is taken before anything else, so that another thread that
 * edits the dict, or a conversion that runs Python code, cannot change a call half-way. L is the
 * largest l with a W{l} or b{l}; other keys are ignored.
 */
#include "parameters.h"
#include "errors.h"
#include "shapes.h"

#include <string.h>

static const char *const key_formats[FFNN_KEYS] = {"W%d", "b%d", "dW%d", "db%d", "dA%d"};

int ffnn_keys_intern(ffnn_state *state)
{
    for (int key = 0; key < FFNN_KEYS; key++) {
        for (int l = 0; l <= FFNN_CACHED_LAYERS; l++) {
            PyObject *text = PyUnicode_FromFormat(key_formats[key], l);
            if (text == NULL) return -1;
            PyUnicode_InternInPlace(&text);
            state->keys[key][l] = text;
        }
    }
    return 0;
}

PyObject *ffnn_key_new(const ffnn_state *state, ffnn_key key, int l)
{
    if (l <= FFNN_CACHED_LAYERS) return Py_NewRef(state->keys[key][l]);
    return PyUnicode_FromFormat(key_formats[key], l);
}

/* Keys that a loop of the user's put together, "W" + str(l), are not interned. */
static inline bool is_same_key(PyObject *key, PyObject *name)
{
    if (key == name) return true;
    if (!PyUnicode_CheckExact(key) || PyUnicode_CHECK_INTERNED(key)) return false;
    const Py_ssize_t length = PyUnicode_GET_LENGTH(name);
    return PyUnicode_IS_COMPACT_ASCII(key) && PyUnicode_GET_LENGTH(key) == length &&
           memcmp(PyUnicode_1BYTE_DATA(key), PyUnicode_1BYTE_DATA(name), (size_t)length) == 0;
}

/* The value of key `name`, if it is the next or the next but one of the dict (a dict of gradients
 * has a dA between two dW). ffnn and most people insert keys in the order in which they are read
 * here; walking along with `cursor` then costs a comparison a key, where a look-up costs 20 ns:
 * together a tenth of a tiny net's step. */
static inline PyObject *next_value(PyObject *dict, Py_ssize_t *cursor, PyObject *name)
{
#ifndef Py_GIL_DISABLED /* without the lock another thread could change the dict under the walk */
    PyObject *key, *value;
    for (int i = 0; *cursor >= 0 && i < 2 && PyDict_Next(dict, cursor, &key, &value); i++)
        if (is_same_key(key, name)) return Py_NewRef(value);
#endif
    *cursor = -1; /* keys in another order: dict_take looks each up from here on */
    return NULL;
}

/* *value is a new reference; 1 found, 0 not there (*value is NULL), -1 error. */
static inline int dict_take(const ffnn_state *state, PyObject *dict, Py_ssize_t *cursor,
                            ffnn_key key, int l, PyObject **value)
{
    PyObject *name = l <= FFNN_CACHED_LAYERS ? state->keys[key][l] : ffnn_key_new(state, key, l);
    *value = NULL;
    if (name == NULL) return -1;
    if (l <= FFNN_CACHED_LAYERS && *cursor >= 0 &&
        (*value = next_value(dict, cursor, name)) != NULL)
        return 1;
#if PY_VERSION_HEX >= 0x030D0000
    int found = PyDict_GetItemRef(dict, name, value);
#else
    *value = Py_XNewRef(PyDict_GetItemWithError(dict, name));
    int found = *value != NULL ? 1 : PyErr_Occurred() ? -1 : 0;
#endif
    if (l > FFNN_CACHED_LAYERS) Py_DECREF(name);
    return found;
}

int ffnn_dict_give(const ffnn_state *state, PyObject *dict, ffnn_key key, int l, PyObject *value)
{
    if (value == NULL) return -1;
    PyObject *name = ffnn_key_new(state, key, l);
    int status = name == NULL ? -1 : PyDict_SetItem(dict, name, value);
    Py_XDECREF(name);
    Py_DECREF(value);
    return status;
}

/* ---- missing keys ---- */

/* The same word but for case, blanks and underscores: "w_2" for "W2". */
static int is_slip_of(const char *word, const char *name)
{
    for (;; word++, name++) {
        while (*word == '_' || *word == ' ') word++;
        if (Py_TOLOWER(*word) != Py_TOLOWER(*name)) return 0;
        if (*word == '\0') return 1;
    }
}

static int raise_missing(const char *function, const char *argument, PyObject *dict, ffnn_key key,
                         int l)
{
    char name[24];
    PyOS_snprintf(name, sizeof name, key_formats[key], l);
    PyObject *keys = PyDict_Keys(dict); /* a new list, which no other thread can change */
    if (keys == NULL) return -1;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(keys); i++) {
        PyObject *other = PyList_GET_ITEM(keys, i);
        const char *word = PyUnicode_Check(other) ? PyUnicode_AsUTF8(other) : NULL;
        PyErr_Clear();
        if (word == NULL || !is_slip_of(word, name)) continue;
        PyErr_Format(PyExc_KeyError, "%s: %s has no '%s'; is '%U' meant for it?", function,
                     argument, name, other);
        Py_DECREF(keys);
        return -1;
    }
    Py_DECREF(keys);
    const int has_W = key == FFNN_KEY_dW && PyDict_GetItemString(dict, name + 1) != NULL;
    PyErr_Format(PyExc_KeyError, "%s: %s has no '%s'%s", function, argument, name,
                 has_W ? " but a 'W': is it the parameters' dict?" : "");
    return -1;
}

/* The l of a key "W{l}" or "b{l}" with l >= 1 in its plain decimal spelling, else 0. */
static int layer_of_key(PyObject *key)
{
    if (!PyUnicode_Check(key)) return 0;
    Py_ssize_t length;
    const char *text = PyUnicode_AsUTF8AndSize(key, &length);
    if (text == NULL) {
        PyErr_Clear();
        return 0;
    }
    /* Nine digits fit an int, and no dict has 10^9 layers without a gap. */
    if (length < 2 || length > 10 || (text[0] != 'W' && text[0] != 'b') || text[1] == '0') return 0;
    int l = 0;
    for (Py_ssize_t i = 1; i < length; i++) {
        if (text[i] < '0' || text[i] > '9') return 0;
        l = 10 * l + (text[i] - '0');
    }
    return l;
}

static int largest_layer(PyObject *dict)
{
    PyObject *keys = PyDict_Keys(dict);
    if (keys == NULL) return -1;
    int largest = 0;
    for (Py_ssize_t i = 0; i < PyList_GET_SIZE(keys); i++) {
        int l = layer_of_key(PyList_GET_ITEM(keys, i));
        if (l > largest) largest = l;
    }
    Py_DECREF(keys);
    return largest;
}

/* ---- snapshots ---- */

void ffnn_pairs_clear(ffnn_pairs *pairs)
{
    if (pairs->pairs == NULL) return;
    for (int i = 0; i < pairs->layers; i++) {
        ffnn_operand_clear(&pairs->pairs[i].W);
        ffnn_operand_clear(&pairs->pairs[i].b);
    }
    if (pairs->pairs != pairs->small) PyMem_Free(pairs->pairs);
    pairs->pairs = NULL;
}

static int pairs_reserve(ffnn_pairs *pairs, Py_ssize_t layers)
{
    pairs->layers = 0;
    pairs->pairs = pairs->small;
    if (layers > FFNN_STACK_LAYERS) pairs->pairs = PyMem_New(ffnn_pair, layers);
    if (pairs->pairs != NULL) return 0;
    PyErr_NoMemory();
    return -1;
}

/* Where a dict's arrays come from, and how an error calls it. */
typedef struct {
    const ffnn_state *state;
    const char *function, *argument;
    PyObject *dict;
    ffnn_key W, b;
    Py_ssize_t cursor;
} source;

/* Takes the values of layer l; 1 where it has both, 0 where it has neither. */
static inline int pair_take(source *from, int l, ffnn_pair *pair)
{
    *pair = (ffnn_pair){{0}, {0}};
    const int has_W =
        dict_take(from->state, from->dict, &from->cursor, from->W, l, &pair->W.object);
    if (has_W < 0) return -1;
    const int has_b =
        dict_take(from->state, from->dict, &from->cursor, from->b, l, &pair->b.object);
    if (has_W > 0 && has_b > 0) return 1;
    Py_CLEAR(pair->W.object);
    Py_CLEAR(pair->b.object);
    if (has_b < 0) return -1;
    if (!has_W && !has_b) return 0;
    return raise_missing(from->function, from->argument, from->dict, has_W ? from->b : from->W, l);
}

static int pairs_resolve(ffnn_pairs *pairs, const char *function, const char *W, const char *b)
{
    for (int l = 1; l <= pairs->layers; l++) {
        ffnn_pair *pair = &pairs->pairs[l - 1];
        if (ffnn_operand_resolve(&pair->W, (ffnn_place){function, W, l}) < 0 ||
            ffnn_operand_resolve(&pair->b, (ffnn_place){function, b, l}) < 0)
            return -1;
    }
    return 0;
}

static int take_parameters(source *from, ffnn_pairs *pairs)
{
    PyObject *dict = from->dict;
    const Py_ssize_t size = PyDict_GET_SIZE(dict);
    /* Two items a layer bound the depth; where other keys may make the bound large, the largest l
     * does. */
    Py_ssize_t most = size / 2;
    if (most > FFNN_STACK_LAYERS) {
        const int largest = largest_layer(dict);
        if (largest < 0) return -1;
        if (largest < most) most = largest;
    }
    if (pairs_reserve(pairs, most) < 0) return -1;
    while (pairs->layers < most) {
        const int more = pair_take(from, pairs->layers + 1, &pairs->pairs[pairs->layers]);
        if (more < 0) return -1;
        if (more == 0) break;
        pairs->layers++;
    }
    if (pairs->layers == 0 || 2 * (Py_ssize_t)pairs->layers != size) {
        const int largest = largest_layer(dict);
        if (largest < 0) return -1;
        if (largest > pairs->layers || pairs->layers == 0) {
            PyObject *value;
            const int l = pairs->layers + 1;
            from->cursor = -1;
            const int has_W = dict_take(from->state, dict, &from->cursor, from->W, l, &value);
            Py_XDECREF(value);
            if (has_W < 0) return -1;
            return raise_missing(from->function, from->argument, dict, has_W ? from->b : from->W,
                                 l);
        }
    }
    return pairs_resolve(pairs, from->function, "parameters['W%d']", "parameters['b%d']");
}

static int refuse_non_dict(const char *function, const char *argument, PyObject *object)
{
    const int is_result = PyTuple_Check(object) && PyTuple_GET_SIZE(object) > 0 &&
                          PyDict_Check(PyTuple_GET_ITEM(object, 0));
    const int is_estimator = strcmp(argument, "parameters") == 0 &&
                             PyObject_HasAttrString((PyObject *)Py_TYPE(object), "parameters_");
    const char *way_out = is_result ? "; its first item is one: a model returns (parameters, costs)"
                          : is_estimator ? ": pass model.parameters_"
                                         : "";
    return ffnn_error_raise(PyExc_TypeError, (ffnn_place){function, argument, 0},
                            "must be a dict, not %s%s", Py_TYPE(object)->tp_name, way_out);
}

int ffnn_pairs_take(const ffnn_state *state, const char *function, PyObject *parameters,
                    ffnn_pairs *pairs)
{
    pairs->pairs = NULL;
    if (!PyDict_Check(parameters)) return refuse_non_dict(function, "parameters", parameters);
    source from = {state, function, "parameters", parameters, FFNN_KEY_W, FFNN_KEY_b, 0};
    if (take_parameters(&from, pairs) == 0) return 0;
    ffnn_pairs_clear(pairs);
    return -1;
}

/* From the last layer down, which is the order of a dict of gradients. */
static int take_gradients(source *from, int layers, ffnn_pairs *pairs)
{
    if (pairs_reserve(pairs, layers) < 0) return -1;
    for (int l = 1; l <= layers; l++) pairs->pairs[l - 1] = (ffnn_pair){{0}, {0}};
    pairs->layers = layers;
    for (int l = layers; l >= 1; l--) {
        const int found = pair_take(from, l, &pairs->pairs[l - 1]);
        if (found < 0) return -1;
        if (found == 0)
            return raise_missing(from->function, from->argument, from->dict, from->W, l);
    }
    return 0;
}

int ffnn_pairs_take_like_gradients(const ffnn_state *state, const char *function,
                                   const char *const labels[3], PyObject *dict, int layers,
                                   ffnn_pairs *pairs)
{
    pairs->pairs = NULL;
    if (!PyDict_Check(dict)) return refuse_non_dict(function, labels[0], dict);
    source from = {state, function, labels[0], dict, FFNN_KEY_dW, FFNN_KEY_db, 0};
    if (take_gradients(&from, layers, pairs) == 0 &&
        pairs_resolve(pairs, function, labels[1], labels[2]) == 0)
        return 0;
    ffnn_pairs_clear(pairs);
    return -1;
}

/* ---- a net's shapes ---- */

int ffnn_pairs_check(const char *function, const ffnn_pairs *pairs, const ffnn_operand *X)
{
    static const char W_label[] = "parameters['W%d']", b_label[] = "parameters['b%d']";
    for (int l = 1; l <= pairs->layers; l++) {
        const ffnn_operand *W = &pairs->pairs[l - 1].W, *b = &pairs->pairs[l - 1].b;
        const ffnn_place W_place = {function, W_label, l};
        if (ffnn_operand_is_matrix(W, W_place) < 0) return -1;
        if (l == 1 && X != NULL &&
            ffnn_inputs_check(function, X, ffnn_operand_cols(W), "W1", W) < 0)
            return -1;
        if (l > 1 && ffnn_chain_check(W, W_place, &pairs->pairs[l - 2].W,
                                      (ffnn_place){function, W_label, l - 1}) < 0)
            return -1;
        if (ffnn_bias_check(b, (ffnn_place){function, b_label, l}, W, W_place) < 0) return -1;
    }
    return 0;
}
