/* dense.c - one layer: linear_forward, linear_backward, and both with an activation.
 *
 * A_prev and W are read in any layout. The rows of dZ must be contiguous, and dA and Z, which are
 * multiplied element by element, C-contiguous; an array in another layout is copied first.
 */
#include "arrays.h"
#include "dense_docs.h"
#include "errors.h"
#include "lock.h"
#include "methods.h"
#include "options.h"
#include "parse.h"
#include "results.h"
#include "shapes.h"
#include "state.h"
#include "../product/product.h"
#include "../system/system.h"

/* ---- forward ---- */

typedef struct {
    ffnn_operand A, W, b;
    PyObject *z_array, *a_array;
} forward_call;

static void forward_clear(forward_call *call)
{
    ffnn_operand_clear(&call->A);
    ffnn_operand_clear(&call->W);
    ffnn_operand_clear(&call->b);
    Py_XDECREF(call->z_array);
    Py_XDECREF(call->a_array);
}

static int forward_check(const char *function, const char *name, const forward_call *call)
{
    const ffnn_place A_place = {function, name, 0}, W_place = {function, "W", 0};
    const ffnn_operand *A = &call->A, *W = &call->W;
    if (ffnn_operand_is_matrix(A, A_place) < 0 || ffnn_operand_is_matrix(W, W_place) < 0) return -1;
    const npy_intp depth = ffnn_operand_cols(W);
    if (depth != ffnn_operand_rows(A) && depth == ffnn_operand_cols(A))
        return ffnn_operands_raise(W, W_place, A, A_place,
                                   "do not chain: %zd != %zd; examples are columns, pass %s.T",
                                   (Py_ssize_t)depth, (Py_ssize_t)ffnn_operand_rows(A), name);
    if (ffnn_chain_check(W, W_place, A, A_place) < 0) return -1;
    return ffnn_bias_check(&call->b, (ffnn_place){function, "b", 0}, W, W_place);
}

/* arg = A_prev, W, b; g is NULL for the linear part alone. */
static int forward(const ffnn_state *state, const char *function, const char *name,
                   PyObject *const *arg, const ffnn_activation *g, forward_call *call)
{
    if (ffnn_operand_take(&call->A, arg[0], (ffnn_place){function, name, 0}) < 0 ||
        ffnn_operand_take(&call->W, arg[1], (ffnn_place){function, "W", 0}) < 0 ||
        ffnn_operand_take(&call->b, arg[2], (ffnn_place){function, "b", 0}) < 0 ||
        forward_check(function, name, call) < 0)
        return -1;
    const ffnn_real real = ffnn_real_of(call->A.kind | call->W.kind | call->b.kind);
    ffnn_view A, W, b;
    if (ffnn_operand_view(&call->A, real, FFNN_ANY_LAYOUT, &A) < 0 ||
        ffnn_operand_view(&call->W, real, FFNN_ANY_LAYOUT, &W) < 0 ||
        ffnn_operand_view(&call->b, real, FFNN_ANY_LAYOUT, &b) < 0)
        return -1;
    ffnn_result z = {NULL, A.cols}, a = {NULL, A.cols};
    call->z_array = ffnn_matrix_new(real, W.rows, A.cols, &z.data);
    if (call->z_array == NULL) return -1;
    if (g != NULL && (call->a_array = ffnn_matrix_new(real, W.rows, A.cols, &a.data)) == NULL)
        return -1;
    if (W.rows == 0 || A.cols == 0) return 0;
    const double work = (double)W.rows * (double)A.cols * ((double)W.cols + FFNN_ELEMENT_WORK);
    PyThreadState *thread = ffnn_lock_release(work);
    ffnn_layer_forward(state->isa->kernels[real], W, b, A, g != NULL ? *g : (ffnn_activation)0,
                       (ffnn_dropout){0}, z, a, a);
    ffnn_lock_take(thread);
    return 0;
}

static PyObject *linear_forward(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                                PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "linear_forward", 3, {FFNN_NAME_A, FFNN_NAME_W, FFNN_NAME_b}, 0};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[3], *result = NULL;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    forward_call call = {0};
    if (forward(state, signature.function, "A", arg, NULL, &call) == 0) {
        PyObject *cache = PyTuple_Pack(3, arg[0], arg[1], arg[2]);
        if (cache != NULL) result = PyTuple_Pack(2, call.z_array, cache);
        Py_XDECREF(cache);
    }
    forward_clear(&call);
    return result;
}

static PyObject *linear_activation_forward(PyObject *module, PyObject *const *args,
                                           Py_ssize_t n_args, PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "linear_activation_forward",
        4,
        {FFNN_NAME_A_prev, FFNN_NAME_W, FFNN_NAME_b, FFNN_NAME_activation},
        0};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[4], *result = NULL;
    ffnn_activation g;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0 ||
        ffnn_activation_parse(state, signature.function, "activation", arg[3], &g) < 0)
        return NULL;
    forward_call call = {0};
    if (forward(state, signature.function, "A_prev", arg, &g, &call) == 0) {
        PyObject *linear_cache = PyTuple_Pack(3, arg[0], arg[1], arg[2]);
        PyObject *cache = linear_cache == NULL ? NULL : PyTuple_Pack(2, linear_cache, call.z_array);
        if (cache != NULL) result = PyTuple_Pack(2, call.a_array, cache);
        Py_XDECREF(linear_cache);
        Py_XDECREF(cache);
    }
    forward_clear(&call);
    return result;
}

/* ---- backward ---- */

typedef struct {
    PyObject *linear_cache;       /* owned: a tuple (A_prev, W, b) */
    ffnn_operand D, A_prev, W, Z; /* D is dZ, or dA where there is a Z */
    void *dz;                     /* owned: dZ = dA * g'(Z), where D is dA */
    PyObject *dA_prev, *dW, *db;
} backward_call;

static void backward_clear(backward_call *call)
{
    Py_XDECREF(call->linear_cache);
    ffnn_operand_clear(&call->D);
    ffnn_operand_clear(&call->A_prev);
    ffnn_operand_clear(&call->W);
    ffnn_operand_clear(&call->Z);
    ffnn_free(call->dz);
    Py_XDECREF(call->dA_prev);
    Py_XDECREF(call->dW);
    Py_XDECREF(call->db);
}

/* No gradient depends on b, so the b of a cache may be anything. */
static int take_linear_cache(backward_call *call, PyObject *cache, ffnn_place place)
{
    const char *function = place.function;
    call->linear_cache = ffnn_items_take(cache, 3, place, "(A_prev, W, b)");
    if (call->linear_cache == NULL) return -1;
    PyObject *A_prev = PyTuple_GET_ITEM(call->linear_cache, 0);
    PyObject *W = PyTuple_GET_ITEM(call->linear_cache, 1);
    if (ffnn_operand_take(&call->A_prev, A_prev, (ffnn_place){function, "A_prev of cache", 0}) <
            0 ||
        ffnn_operand_take(&call->W, W, (ffnn_place){function, "W of cache", 0}) < 0)
        return -1;
    return 0;
}

/* Z comes before A_prev, since a dA that does not fit is most often another layer's. */
static int backward_check(const char *function, const char *name, const backward_call *call)
{
    const ffnn_operand *D = &call->D, *W = &call->W, *A_prev = &call->A_prev, *Z = &call->Z;
    const ffnn_place D_place = {function, name, 0}, W_place = {function, "W of cache", 0},
                     A_prev_place = {function, "A_prev of cache", 0},
                     Z_place = {function, "Z of cache", 0};
    if (ffnn_operand_is_matrix(D, D_place) < 0 || ffnn_operand_is_matrix(W, W_place) < 0 ||
        ffnn_operand_is_matrix(A_prev, A_prev_place) < 0)
        return -1;
    if (ffnn_units_check(W, W_place, D, D_place) < 0) return -1;
    if (Z->array != NULL && (ffnn_operand_is_matrix(Z, Z_place) < 0 ||
                             ffnn_same_shape_check(D, D_place, Z, Z_place) < 0))
        return -1;
    if (ffnn_columns_check(D, D_place, A_prev, A_prev_place) < 0 ||
        ffnn_chain_check(W, W_place, A_prev, A_prev_place) < 0)
        return -1;
    return ffnn_examples_check(function, ffnn_operand_cols(D));
}

/* The view of dZ; or those of dA and Z, and memory for dZ = dA * g'(Z). */
static int backward_views(backward_call *call, ffnn_real real, ffnn_view *D, const void **z)
{
    if (call->Z.array == NULL) return ffnn_operand_view(&call->D, real, FFNN_ROWS, D);
    if (ffnn_operand_view(&call->D, real, FFNN_CONTIGUOUS, D) < 0 ||
        ffnn_operand_elements(&call->Z, real, z) < 0)
        return -1;
    call->dz = ffnn_memory_new(real, D->rows, D->cols);
    return call->dz == NULL ? -1 : 0;
}

static PyObject *backward(const ffnn_state *state, const char *function, const char *name,
                          ffnn_activation g, backward_call *call)
{
    if (backward_check(function, name, call) < 0) return NULL;
    const ffnn_real real =
        ffnn_real_of(call->D.kind | call->Z.kind | call->A_prev.kind | call->W.kind);
    const ffnn_kernels *kernels = state->isa->kernels[real];
    ffnn_view D, A_prev, W;
    const void *z = NULL;
    if (backward_views(call, real, &D, &z) < 0 ||
        ffnn_operand_view(&call->A_prev, real, FFNN_ANY_LAYOUT, &A_prev) < 0 ||
        ffnn_operand_view(&call->W, real, FFNN_ANY_LAYOUT, &W) < 0)
        return NULL;
    ffnn_result da_prev = {NULL, D.cols}, no_dz = {NULL, 0};
    void *dw, *db;
    if ((call->dA_prev = ffnn_matrix_new(real, W.cols, D.cols, &da_prev.data)) == NULL ||
        (call->dW = ffnn_matrix_new(real, W.rows, W.cols, &dw)) == NULL ||
        (call->db = ffnn_matrix_new(real, W.rows, 1, &db)) == NULL)
        return NULL;
    const double work = (double)D.rows * (double)D.cols * (2 * (double)W.cols + FFNN_ELEMENT_WORK);
    PyThreadState *thread = ffnn_lock_release(work);
    if (call->dz != NULL) {
        kernels->activations[g].derivative(D.rows, D.cols, D.data, D.cols, z, D.cols, call->dz,
                                           D.cols);
        D = ffnn_view_of(call->dz, D.rows, D.cols);
    }
    ffnn_layer_gradients(kernels, D, A_prev, dw, db);
    ffnn_layer_backward(kernels, D, W, (ffnn_dropout){0}, da_prev, NULL, (ffnn_view){0}, no_dz);
    ffnn_lock_take(thread);
    return PyTuple_Pack(3, call->dA_prev, call->dW, call->db);
}

static PyObject *linear_backward(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                                 PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "linear_backward", 2, {FFNN_NAME_dZ, FFNN_NAME_cache}, 0};
    const ffnn_state *state = ffnn_state_of(module);
    const char *function = signature.function;
    PyObject *arg[2], *result = NULL;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    backward_call call = {0};
    if (ffnn_operand_take(&call.D, arg[0], (ffnn_place){function, "dZ", 0}) == 0 &&
        take_linear_cache(&call, arg[1], (ffnn_place){function, "cache", 0}) == 0)
        result = backward(state, function, "dZ", (ffnn_activation)0, &call);
    backward_clear(&call);
    return result;
}

static PyObject *linear_activation_backward(PyObject *module, PyObject *const *args,
                                            Py_ssize_t n_args, PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "linear_activation_backward", 3, {FFNN_NAME_dA, FFNN_NAME_cache, FFNN_NAME_activation}, 0};
    const ffnn_state *state = ffnn_state_of(module);
    const char *function = signature.function;
    PyObject *arg[3], *result = NULL;
    ffnn_activation g;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0 ||
        ffnn_activation_parse(state, function, "activation", arg[2], &g) < 0)
        return NULL;
    PyObject *cache =
        ffnn_items_take(arg[1], 2, (ffnn_place){function, "cache", 0}, "((A_prev, W, b), Z)");
    if (cache == NULL) return NULL;
    backward_call call = {0};
    if (ffnn_operand_take(&call.D, arg[0], (ffnn_place){function, "dA", 0}) == 0 &&
        take_linear_cache(&call, PyTuple_GET_ITEM(cache, 0),
                          (ffnn_place){function, "cache[0]", 0}) == 0 &&
        ffnn_operand_take(&call.Z, PyTuple_GET_ITEM(cache, 1),
                          (ffnn_place){function, "Z of cache", 0}) == 0)
        result = backward(state, function, "dA", g, &call);
    backward_clear(&call);
    Py_DECREF(cache);
    return result;
}

PyMethodDef ffnn_dense_methods[] = {
    {"linear_forward", FFNN_METHOD(linear_forward), METH_FASTCALL | METH_KEYWORDS,
     linear_forward_doc},
    {"linear_activation_forward", FFNN_METHOD(linear_activation_forward),
     METH_FASTCALL | METH_KEYWORDS, linear_activation_forward_doc},
    {"linear_backward", FFNN_METHOD(linear_backward), METH_FASTCALL | METH_KEYWORDS,
     linear_backward_doc},
    {"linear_activation_backward", FFNN_METHOD(linear_activation_backward),
     METH_FASTCALL | METH_KEYWORDS, linear_activation_backward_doc},
    {NULL, NULL, 0, NULL},
};
