/* gradients.c - back-propagation through a whole net: L_model_backward.
 *
 * All layers are computed in one type, the widest among AL, Y and the caches; in caches that
 * L_model_forward made this is the type of AL. The step of layer l reads dZ_l from one buffer and
 * writes dZ_{l-1} to a second one, block by block, while the block of dA_{l-1} is in the cache;
 * then the buffers swap. Results and buffers are allocated before the first layer is computed.
 */
#include "arrays.h"
#include "errors.h"
#include "gradients_docs.h"
#include "labels.h"
#include "lock.h"
#include "methods.h"
#include "options.h"
#include "parameters.h"
#include "parse.h"
#include "results.h"
#include "shapes.h"
#include "state.h"
#include "../product/product.h"
#include "../system/system.h"

static const char function[] = "L_model_backward";

typedef struct {
    ffnn_operand A_prev, W, Z;
    PyObject *D; /* owned: dropout's mask as the cache holds it, then as an array; or NULL */
    ffnn_dropout dropout;
    ffnn_view A_prev_view, W_view, Z_view;
    ffnn_result dA_prev;
    void *dw, *db;
} backward_layer;

typedef struct {
    ffnn_operand AL;
    ffnn_labels labels;
    const void *al, *y;
    ffnn_net net;
    ffnn_cost cost;
    double level, lambd;
    int count;              /* layers whose operands are taken */
    backward_layer *layers; /* layer l at layers[l - 1] */
    backward_layer small[FFNN_STACK_LAYERS];
    ffnn_real real;
    bool has_input_gradient; /* dA0 is wanted */
    PyObject *grads;         /* owned */
    void *dz;                /* two buffers: dZ_l and dZ_{l-1} */
    ptrdiff_t buffer_bytes;
    double work;
} backward_plan;

static void backward_clear(backward_plan *plan)
{
    for (int i = 0; i < plan->count; i++) {
        ffnn_operand_clear(&plan->layers[i].A_prev);
        ffnn_operand_clear(&plan->layers[i].W);
        ffnn_operand_clear(&plan->layers[i].Z);
        Py_XDECREF(plan->layers[i].D);
    }
    if (plan->layers != plan->small) PyMem_Free(plan->layers);
    ffnn_operand_clear(&plan->AL);
    ffnn_labels_clear(&plan->labels);
    ffnn_net_clear(&plan->net);
    Py_XDECREF(plan->grads);
    ffnn_free(plan->dz);
}

/* ---- the operands in the caches ---- */

/* Takes references to A_prev, W, Z and D of caches[i]; no gradient depends on b. */
static int take_cache(PyObject *object, int i, backward_layer *layer)
{
    static const char items[] = "((A_prev, W, b), Z)", items_D[] = "((A_prev, W, b), Z, D)";
    int status = -1;
    const ffnn_place place = {function, "caches[%d]", i};
    const bool has_D = (PyTuple_Check(object) || PyList_Check(object)) && Py_SIZE(object) == 3;
    PyObject *cache = ffnn_items_take(object, has_D ? 3 : 2, place, has_D ? items_D : items);
    if (cache == NULL) return -1;
    PyObject *linear =
        ffnn_items_take(PyTuple_GET_ITEM(cache, 0), 3, (ffnn_place){function, "caches[%d][0]", i},
                        "(A_prev, W, b)");
    if (linear != NULL) {
        layer->A_prev.object = Py_NewRef(PyTuple_GET_ITEM(linear, 0));
        layer->W.object = Py_NewRef(PyTuple_GET_ITEM(linear, 1));
        layer->Z.object = Py_NewRef(PyTuple_GET_ITEM(cache, 1));
        if (has_D) layer->D = Py_NewRef(PyTuple_GET_ITEM(cache, 2));
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
    PyObject *caches = PySequence_Tuple(object); /* other threads may change the list meanwhile */
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
            layer->D = NULL;
            layer->dropout.mask = NULL;
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
    *kinds = plan->AL.kind | ffnn_kind_if_float(plan->labels.Y.kind);
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

/* Operands of caches[i] against AL, against W of the layer above and against each other. */
static int check_layer(const backward_plan *plan, int i)
{
    const backward_layer *layer = &plan->layers[i];
    const ffnn_operand *A_prev = &layer->A_prev, *W = &layer->W, *Z = &layer->Z, *AL = &plan->AL;
    const ffnn_place AL_place = {function, "AL", 0}, Z_place = {function, "Z of caches[%d]", i},
                     W_place = {function, "W of caches[%d]", i},
                     A_prev_place = {function, "A_prev of caches[%d]", i};
    if (ffnn_operand_is_matrix(Z, Z_place) < 0 || ffnn_operand_is_matrix(W, W_place) < 0 ||
        ffnn_operand_is_matrix(A_prev, A_prev_place) < 0)
        return -1;
    if (i == plan->count - 1) {
        if (ffnn_same_shape_check(AL, AL_place, Z, Z_place) < 0) return -1;
    } else {
        const ffnn_place above = {function, "W of caches[%d]", i + 1};
        if (ffnn_columns_check(AL, AL_place, Z, Z_place) < 0 ||
            ffnn_chain_check(&layer[1].W, above, Z, Z_place) < 0)
            return -1;
    }
    if (ffnn_units_check(W, W_place, Z, Z_place) < 0 ||
        ffnn_columns_check(AL, AL_place, A_prev, A_prev_place) < 0)
        return -1;
    return ffnn_chain_check(W, W_place, A_prev, A_prev_place);
}

/* From the output layer to the first, so that an error names the highest layer that disagrees. */
static int check_shapes(backward_plan *plan)
{
    const ffnn_operand *AL = &plan->AL;
    if (ffnn_operand_is_matrix(AL, (ffnn_place){function, "AL", 0}) < 0) return -1;
    const npy_intp n_y = ffnn_operand_rows(AL), m = ffnn_operand_cols(AL);
    if (ffnn_labels_check(function, &plan->labels, plan->cost, n_y, m, "AL", NULL) < 0) return -1;
    for (int i = plan->count - 1; i >= 0; i--)
        if (check_layer(plan, i) < 0) return -1;
    return ffnn_examples_check(function, m);
}

/* ---- dropout ---- */

/* The mask of layer l as bytes of 0 and 1; ValueError for a mask without a keep_prob below 1 and
 * for a keep_prob below 1 without a mask. */
static int take_mask(const backward_plan *plan, int l)
{
    backward_layer *layer = &plan->layers[l - 1];
    const double keep_prob = plan->net.keep_prob[l - 1];
    const ffnn_place place = {function, "caches[%d]", l - 1};
    if (layer->D == NULL && keep_prob < 1)
        return ffnn_error_raise(PyExc_ValueError, place,
                                "holds no dropout mask: pass the keep_prob of L_model_forward");
    if (layer->D == NULL) return 0;
    if (keep_prob == 1)
        return ffnn_error_raise(
            PyExc_ValueError, place,
            "holds a dropout mask: pass the keep_prob that L_model_forward was given");
    PyArray_Descr *descr = PyArray_DescrFromType(NPY_BOOL);
    PyObject *array = PyArray_FromAny(layer->D, descr, 0, 0, NPY_ARRAY_CARRAY_RO, NULL);
    if (array == NULL) return -1;
    Py_SETREF(layer->D, array);
    const ffnn_operand D = {array, (PyArrayObject *)array, 0};
    layer->dropout = (ffnn_dropout){PyArray_DATA(D.array), layer->Z_view.cols, keep_prob};
    return ffnn_same_shape_check(&D, (ffnn_place){function, "D of caches[%d]", l - 1}, &layer->Z,
                                 (ffnn_place){function, "Z of caches[%d]", l - 1});
}

/* ---- plan and run ---- */

static int make_views(backward_plan *plan)
{
    const ffnn_real real = plan->real;
    if (ffnn_operand_elements(&plan->AL, real, &plan->al) < 0 ||
        ffnn_labels_elements(function, &plan->labels, real, ffnn_operand_rows(&plan->AL),
                             ffnn_operand_cols(&plan->AL), &plan->y) < 0)
        return -1;
    const ffnn_layout W_layout = plan->lambd != 0 ? FFNN_CONTIGUOUS : FFNN_ANY_LAYOUT;
    for (int i = 0; i < plan->count; i++) {
        backward_layer *layer = &plan->layers[i];
        const ffnn_layout layout = i == plan->count - 1 ? FFNN_CONTIGUOUS : FFNN_ROWS;
        if (ffnn_operand_view(&layer->A_prev, real, FFNN_ANY_LAYOUT, &layer->A_prev_view) < 0 ||
            ffnn_operand_view(&layer->W, real, W_layout, &layer->W_view) < 0 ||
            ffnn_operand_view(&layer->Z, real, layout, &layer->Z_view) < 0 ||
            take_mask(plan, i + 1) < 0)
            return -1;
    }
    return 0;
}

/* The dict of gradients in the assignment's order, its arrays not yet computed. */
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

/* Called after make_results: each db holds W.rows elements, so 2 * widest cannot overflow. */
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

/* Writes dZ of the output layer; returns the floating-point flags of the divisions in dAL. */
static int start_backward(const ffnn_kernels *kernels, const backward_plan *plan, void *dz)
{
    const ffnn_cost_kernels *cost = &kernels->costs[plan->cost];
    const ffnn_view Z = plan->layers[plan->count - 1].Z_view;
    const ptrdiff_t m = Z.cols;
    int flags = 0;
    if (cost->is_fused) {
        cost->literal_gradient(Z.rows, m, plan->al, plan->y, Z.data, dz, &flags);
    } else {
        cost->gradient(Z.rows, m, plan->al, m, plan->y, m, plan->level, dz, m);
        kernels->activations[plan->net.activations[plan->count - 1]].derivative(Z.rows, m, dz, m,
                                                                                Z.data, m, dz, m);
    }
    return flags;
}

static int run_backward(const ffnn_state *state, const backward_plan *plan)
{
    const ffnn_kernels *kernels = state->isa->kernels[plan->real];
    const ptrdiff_t m = plan->layers[0].Z_view.cols;
    void *dz = plan->dz, *dz_prev = (char *)plan->dz + (plan->count > 1 ? plan->buffer_bytes : 0);
    PyThreadState *thread = ffnn_lock_release(plan->work);
    const int flags = start_backward(kernels, plan, dz);
    for (int l = plan->count; l >= 1; l--) {
        const backward_layer *layer = &plan->layers[l - 1];
        const backward_layer *below = l > 1 ? layer - 1 : NULL;
        const ffnn_view dZ = ffnn_view_of(dz, layer->W_view.rows, m);
        ffnn_layer_gradients(kernels, dZ, layer->A_prev_view, layer->dw, layer->db);
        if (plan->lambd != 0)
            kernels->add_scaled(layer->W_view.rows * layer->W_view.cols, plan->lambd / (double)m,
                                layer->W_view.data, layer->dw);
        if (l > 1)
            ffnn_layer_backward(kernels, dZ, layer->W_view, below->dropout, layer->dA_prev,
                                kernels->activations[plan->net.activations[l - 2]].derivative,
                                below->Z_view, (ffnn_result){dz_prev, m});
        else if (plan->has_input_gradient)
            ffnn_layer_backward(kernels, dZ, layer->W_view, (ffnn_dropout){0}, layer->dA_prev, NULL,
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
    enum { HIDDEN = 3, OUTPUT, COST, LAMBD, KEEP_PROB, INPUT_GRADIENT, QUANTILE, ARGUMENTS };
    static const ffnn_signature signature = {
        function,
        3,
        {FFNN_NAME_AL, FFNN_NAME_Y, FFNN_NAME_caches, FFNN_NAME_hidden_activation,
         FFNN_NAME_output_activation, FFNN_NAME_cost, FFNN_NAME_lambd, FFNN_NAME_keep_prob,
         FFNN_NAME_input_gradient, FFNN_NAME_quantile},
        ARGUMENTS - 3};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[ARGUMENTS], *grads = NULL;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    const int has_input_gradient =
        arg[INPUT_GRADIENT] == NULL ? 1 : PyObject_IsTrue(arg[INPUT_GRADIENT]);
    if (has_input_gradient < 0) return NULL;
    backward_plan plan;
    plan.has_input_gradient = has_input_gradient;
    plan.AL = (ffnn_operand){0};
    plan.labels = (ffnn_labels){{0}, false, NULL};
    plan.net.activations = NULL;
    plan.layers = plan.small;
    plan.count = 0;
    plan.grads = NULL;
    plan.dz = NULL;
    plan.work = 0;
    unsigned kinds;
    if (take_caches(arg[2], &plan) < 0 ||
        ffnn_net_parse(state, function, plan.count, arg[2], arg[HIDDEN], arg[OUTPUT],
                       arg[KEEP_PROB], &plan.net) < 0 ||
        ffnn_cost_parse_for(state, function, arg[COST], plan.net.activations[plan.count - 1],
                            &plan.cost) < 0 ||
        ffnn_quantile_parse(state, function, arg[QUANTILE], plan.cost, &plan.level) < 0 ||
        ffnn_lambd_parse(function, arg[LAMBD], &plan.lambd) < 0 ||
        ffnn_operand_take(&plan.AL, arg[0], (ffnn_place){function, "AL", 0}) < 0 ||
        ffnn_labels_take(&plan.labels, arg[1], function) < 0 || resolve(&plan, &kinds) < 0 ||
        check_shapes(&plan) < 0 ||
        ffnn_output_check(state, function, &plan.net, ffnn_operand_rows(&plan.AL)) < 0)
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
