/* gradients.c - a whole net downwards: L_model_backward.
 *
 * One type serves all layers, the widest that occurs, which is what a cache made by L_model_forward
 * has at its top anyway. Layer l reads dZ_l and writes dZ_{l-1} next to dA_{l-1} while that is hot,
 * so two buffers change places. Everything is allocated before the first layer is computed.
 */
#include "binding.h"

#include "gradients_docs.h"

static const char function[] = "L_model_backward";

typedef struct {
    ffnn_operand A_prev, W, Z;
    ffnn_view A_prev_view, W_view, Z_view;
    ffnn_result dA_prev;
    void *dw, *db;
} backward_layer;

typedef struct {
    ffnn_operand AL, Y;
    const void *al, *y;
    int count;              /* layers whose operands are taken */
    backward_layer *layers; /* layer l at layers[l - 1] */
    backward_layer small[FFNN_STACK_LAYERS];
    ffnn_real real;
    bool has_input_gradient; /* dA0 is wanted */
    PyObject *grads;         /* owned */
    void *dz;                /* two buffers for the dZ of neighbouring layers */
    ptrdiff_t buffer_bytes;
    double work;
} backward_plan;

static void backward_clear(backward_plan *plan)
{
    for (int i = 0; i < plan->count; i++) {
        ffnn_operand_clear(&plan->layers[i].A_prev);
        ffnn_operand_clear(&plan->layers[i].W);
        ffnn_operand_clear(&plan->layers[i].Z);
    }
    if (plan->layers != plan->small) PyMem_Free(plan->layers);
    ffnn_operand_clear(&plan->AL);
    ffnn_operand_clear(&plan->Y);
    Py_XDECREF(plan->grads);
    ffnn_free(plan->dz);
}

/* ---- what the caches hold ---- */

/* Own references to what caches[i] holds; b is never read. */
static int take_cache(PyObject *object, int i, backward_layer *layer)
{
    int status = -1;
    PyObject *linear = NULL;
    PyObject *cache =
        ffnn_items_take(object, 2, (ffnn_place){function, "caches[%d]", i}, "((A_prev, W, b), Z)");
    if (cache == NULL) return -1;
    linear = ffnn_items_take(PyTuple_GET_ITEM(cache, 0), 3,
                             (ffnn_place){function, "caches[%d][0]", i}, "(A_prev, W, b)");
    if (linear != NULL) {
        layer->A_prev.object = Py_NewRef(PyTuple_GET_ITEM(linear, 0));
        layer->W.object = Py_NewRef(PyTuple_GET_ITEM(linear, 1));
        layer->Z.object = Py_NewRef(PyTuple_GET_ITEM(cache, 1));
        status = 0;
    }
    Py_XDECREF(linear);
    Py_DECREF(cache);
    return status;
}

static int take_caches(PyObject *object, backward_plan *plan)
{
    const ffnn_place place = {function, "caches", 0};
    if (!PyList_Check(object) && !PyTuple_Check(object))
        return ffnn_error_raise(PyExc_TypeError, place,
                                "must be a list of tuples ((A_prev, W, b), Z), not %s",
                                Py_TYPE(object)->tp_name);
    PyObject *caches = PySequence_Tuple(object); /* so that nobody changes the list meanwhile */
    if (caches == NULL) return -1;
    const Py_ssize_t count = PyTuple_GET_SIZE(caches);
    int status = -1;
    plan->layers = plan->small;
    if (count == 0) {
        ffnn_error_raise(PyExc_ValueError, place, "is empty, expected one item for each layer");
    } else if (count > INT_MAX || (count > FFNN_STACK_LAYERS &&
                                   (plan->layers = PyMem_New(backward_layer, count)) == NULL)) {
        PyErr_NoMemory();
    } else {
        status = 0;
        for (int i = 0; status == 0 && i < (int)count; i++) {
            backward_layer *layer = &plan->layers[i];
            layer->A_prev = layer->W = layer->Z = (ffnn_operand){0};
            status = take_cache(PyTuple_GET_ITEM(caches, i), i, layer);
            if (status == 0) plan->count = i + 1;
        }
    }
    Py_DECREF(caches);
    return status;
}

/* Resolves all operands; returns the kinds that decide the type. */
static int resolve(backward_plan *plan, unsigned *kinds)
{
    *kinds = plan->AL.kind | ffnn_kind_if_float(plan->Y.kind);
    for (int i = 0; i < plan->count; i++) {
        backward_layer *layer = &plan->layers[i];
        if (ffnn_operand_resolve(&layer->A_prev,
                                 (ffnn_place){function, "A_prev of caches[%d]", i}) < 0 ||
            ffnn_operand_resolve(&layer->W, (ffnn_place){function, "W of caches[%d]", i}) < 0 ||
            ffnn_operand_resolve(&layer->Z, (ffnn_place){function, "Z of caches[%d]", i}) < 0)
            return -1;
        *kinds |= layer->A_prev.kind | layer->W.kind | layer->Z.kind;
    }
    return 0;
}

/* From AL downwards each shape follows from the one above. */
static int check_shapes(const backward_plan *plan)
{
    if (ffnn_operand_is_matrix(&plan->AL, (ffnn_place){function, "AL", 0}) < 0) return -1;
    npy_intp n = ffnn_operand_rows(&plan->AL);
    const npy_intp m = ffnn_operand_cols(&plan->AL);
    if (ffnn_labels_check(function, &plan->Y, n, m, "AL") < 0) return -1;
    for (int i = plan->count - 1; i >= 0; i--) {
        const backward_layer *layer = &plan->layers[i];
        if (ffnn_shape_check(&layer->Z, (ffnn_place){function, "Z of caches[%d]", i}, n, m) < 0 ||
            ffnn_operand_is_matrix(&layer->W, (ffnn_place){function, "W of caches[%d]", i}) < 0)
            return -1;
        const npy_intp n_prev = ffnn_operand_cols(&layer->W);
        if (ffnn_shape_check(&layer->W, (ffnn_place){function, "W of caches[%d]", i}, n, n_prev) <
                0 ||
            ffnn_shape_check(&layer->A_prev, (ffnn_place){function, "A_prev of caches[%d]", i},
                             n_prev, m) < 0)
            return -1;
        n = n_prev;
    }
    return ffnn_examples_check(function, m);
}

/* ---- plan and run ---- */

static int make_views(backward_plan *plan)
{
    const ffnn_real real = plan->real;
    if (ffnn_operand_elements(&plan->AL, real, &plan->al) < 0 ||
        ffnn_operand_elements(&plan->Y, real, &plan->y) < 0)
        return -1;
    for (int i = 0; i < plan->count; i++) {
        backward_layer *layer = &plan->layers[i];
        const ffnn_layout layout = i == plan->count - 1 ? FFNN_CONTIGUOUS : FFNN_ROWS;
        if (ffnn_operand_view(&layer->A_prev, real, FFNN_ANY_LAYOUT, &layer->A_prev_view) < 0 ||
            ffnn_operand_view(&layer->W, real, FFNN_ANY_LAYOUT, &layer->W_view) < 0 ||
            ffnn_operand_view(&layer->Z, real, layout, &layer->Z_view) < 0)
            return -1;
    }
    return 0;
}

/* The dict of results, still to be computed, in the assignment's order. */
static int make_results(const ffnn_state *state, backward_plan *plan)
{
    plan->grads = PyDict_New();
    if (plan->grads == NULL) return -1;
    for (int l = plan->count; l >= 1; l--) {
        backward_layer *layer = &plan->layers[l - 1];
        const ptrdiff_t n = layer->W_view.rows, n_prev = layer->W_view.cols, m = layer->Z_view.cols;
        const ffnn_real real = plan->real;
        const bool has_dA = l > 1 || plan->has_input_gradient;
        layer->dA_prev.row = m;
        if ((has_dA &&
             ffnn_dict_give(state, plan->grads, FFNN_KEY_dA, l - 1,
                            ffnn_matrix_new(real, n_prev, m, &layer->dA_prev.data)) < 0) ||
            ffnn_dict_give(state, plan->grads, FFNN_KEY_dW, l,
                           ffnn_matrix_new(real, n, n_prev, &layer->dw)) < 0 ||
            ffnn_dict_give(state, plan->grads, FFNN_KEY_db, l,
                           ffnn_matrix_new(real, n, 1, &layer->db)) < 0)
            return -1;
        plan->work += (double)n * (double)m * ((1 + has_dA) * (double)n_prev + FFNN_ELEMENT_WORK);
    }
    return 0;
}

/* After make_results: a db of as many rows exists, so twice the widest layer is a number. */
static int make_buffers(const ffnn_state *state, backward_plan *plan)
{
    ptrdiff_t widest = 0;
    for (int i = 0; i < plan->count; i++)
        if (plan->layers[i].W_view.rows > widest) widest = plan->layers[i].W_view.rows;
    const ptrdiff_t m = plan->layers[0].Z_view.cols;
    plan->dz = ffnn_memory_new(plan->real, (plan->count > 1 ? 2 : 1) * widest, m);
    if (plan->dz == NULL) return -1;
    plan->buffer_bytes = widest * m * state->isa->kernels[plan->real]->element_bytes;
    return 0;
}

/* Returns the flags of the divisions in dAL. */
static int run_backward(const ffnn_state *state, const backward_plan *plan)
{
    const ffnn_kernels *kernels = state->isa->kernels[plan->real];
    const ffnn_view Z_last = plan->layers[plan->count - 1].Z_view;
    const ptrdiff_t m = Z_last.cols;
    void *dz = plan->dz, *dz_prev = (char *)plan->dz + (plan->count > 1 ? plan->buffer_bytes : 0);
    int flags = 0;
    PyThreadState *thread = ffnn_lock_release(plan->work);
    kernels->costs[FFNN_binary_cross_entropy].output_gradient(Z_last.rows * m, plan->al, plan->y,
                                                              Z_last.data, dz, &flags);
    for (int l = plan->count; l >= 1; l--) {
        const backward_layer *layer = &plan->layers[l - 1];
        const ffnn_view dZ = ffnn_view_of(dz, layer->W_view.rows, m);
        ffnn_layer_gradients(kernels, dZ, layer->A_prev_view, layer->dw, layer->db);
        if (l > 1)
            ffnn_layer_backward(kernels, dZ, layer->W_view, layer->dA_prev, FFNN_relu,
                                plan->layers[l - 2].Z_view, (ffnn_result){dz_prev, m});
        else if (plan->has_input_gradient)
            ffnn_layer_backward(kernels, dZ, layer->W_view, layer->dA_prev, FFNN_relu,
                                (ffnn_view){0}, (ffnn_result){NULL, 0});
        void *done = dz;
        dz = dz_prev, dz_prev = done;
    }
    ffnn_lock_take(thread);
    return flags;
}

static PyObject *L_model_backward(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                                  PyObject *kw_names)
{
    static const ffnn_signature signature = {
        function, 3, {FFNN_NAME_AL, FFNN_NAME_Y, FFNN_NAME_caches, FFNN_NAME_input_gradient}, 1};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[4], *grads = NULL;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    const int has_input_gradient = arg[3] == NULL ? 1 : PyObject_IsTrue(arg[3]);
    if (has_input_gradient < 0) return NULL;
    backward_plan plan;
    plan.has_input_gradient = has_input_gradient;
    plan.AL = plan.Y = (ffnn_operand){0};
    plan.layers = plan.small;
    plan.count = 0;
    plan.grads = NULL;
    plan.dz = NULL;
    plan.work = 0;
    unsigned kinds;
    if (take_caches(arg[2], &plan) < 0 ||
        ffnn_operand_take(&plan.AL, arg[0], (ffnn_place){function, "AL", 0}) < 0 ||
        ffnn_operand_take(&plan.Y, arg[1], (ffnn_place){function, "Y", 0}) < 0 ||
        resolve(&plan, &kinds) < 0 || check_shapes(&plan) < 0)
        goto done;
    plan.real = ffnn_real_of(kinds);
    if (make_views(&plan) < 0 || make_results(state, &plan) < 0 || make_buffers(state, &plan) < 0)
        goto done;
    const int flags = run_backward(state, &plan);
    if (ffnn_flags_warn("divide", flags) < 0) goto done;
    grads = Py_NewRef(plan.grads);
done:
    backward_clear(&plan);
    return grads;
}

PyMethodDef ffnn_gradients_methods[] = {
    {"L_model_backward", FFNN_METHOD(L_model_backward), METH_FASTCALL | METH_KEYWORDS,
     L_model_backward_doc},
    {NULL, NULL, 0, NULL},
};
