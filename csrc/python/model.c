/* model.c - forward propagation through a whole net with its caches: L_model_forward.
 *
 * The type of a layer is the widest among its A_prev, W and b. A_prev is double from the first
 * double layer on, so a net changes from float to double at most once and never back. All arrays
 * are allocated before the first layer is computed.
 */
#include "arrays.h"
#include "errors.h"
#include "lock.h"
#include "methods.h"
#include "model_docs.h"
#include "nets.h"
#include "options.h"
#include "parameters.h"
#include "parse.h"
#include "results.h"
#include "state.h"
#include "../product/product.h"

/* ---- forward ---- */

typedef struct {
    ffnn_real real;
    ffnn_view W, b;
    ffnn_result z, a;
    ffnn_dropout dropout;
    PyObject *Z, *A; /* owned */
    PyObject *D;     /* owned: dropout's mask, or NULL */
} layer_plan;

typedef struct {
    ffnn_operand X;
    ffnn_pairs parameters;
    ffnn_net net;
    layer_plan *steps, small[FFNN_STACK_LAYERS];
    ffnn_view X_view;
    int wide_l;     /* the layer whose A_prev is widened to double, or 0 */
    PyObject *wide; /* owned: that A_prev */
    ffnn_view wide_view;
    double work;
} forward_plan;

static void forward_clear(forward_plan *plan)
{
    for (int l = 1; plan->steps != NULL && l <= plan->parameters.layers; l++) {
        Py_XDECREF(plan->steps[l - 1].Z);
        Py_XDECREF(plan->steps[l - 1].A);
        Py_XDECREF(plan->steps[l - 1].D);
    }
    if (plan->steps != plan->small) PyMem_Free(plan->steps);
    Py_XDECREF(plan->wide);
    ffnn_operand_clear(&plan->X);
    ffnn_net_clear(&plan->net);
    ffnn_pairs_clear(&plan->parameters);
}

static int steps_reserve(forward_plan *plan)
{
    const int layers = plan->parameters.layers;
    plan->steps = plan->small;
    if (layers > FFNN_STACK_LAYERS) plan->steps = PyMem_New(layer_plan, layers);
    if (plan->steps == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (int i = 0; i < layers; i++) {
        layer_plan *step = &plan->steps[i];
        step->Z = step->A = step->D = NULL;
        step->dropout.mask = NULL;
    }
    return 0;
}

/* Views and results of layer l; `below` are the kinds of its A_prev. */
static int plan_layer(forward_plan *plan, int l, unsigned below)
{
    ffnn_pair *pair = &plan->parameters.pairs[l - 1];
    layer_plan *step = &plan->steps[l - 1];
    const ffnn_real real = ffnn_real_of(below | pair->W.kind | pair->b.kind);
    step->real = real;
    if (l == 1 && ffnn_operand_view(&plan->X, real, FFNN_ANY_LAYOUT, &plan->X_view) < 0) return -1;
    if (ffnn_operand_view(&pair->W, real, FFNN_ANY_LAYOUT, &step->W) < 0 ||
        ffnn_operand_view(&pair->b, real, FFNN_ANY_LAYOUT, &step->b) < 0)
        return -1;
    const ptrdiff_t n = step->W.rows, m = plan->X_view.cols;
    if (l > 1 && real != plan->steps[l - 2].real) {
        void *data;
        plan->wide = ffnn_matrix_new(real, step->W.cols, m, &data);
        if (plan->wide == NULL) return -1;
        plan->wide_l = l;
        plan->wide_view = ffnn_view_of(data, step->W.cols, m);
    }
    step->z.row = step->a.row = m;
    if ((step->A = ffnn_matrix_new(real, n, m, &step->a.data)) == NULL ||
        (step->Z = ffnn_matrix_new(real, n, m, &step->z.data)) == NULL)
        return -1;
    plan->work += (double)n * (double)m * ((double)step->W.cols + FFNN_ELEMENT_WORK);
    return 0;
}

/* np.random.rand(n, m) < keep_prob, as the courses draw it. */
static PyObject *draw_mask(const char *function, PyObject *rand, ptrdiff_t n, ptrdiff_t m,
                           double keep_prob)
{
    PyObject *mask = NULL, *limit = PyFloat_FromDouble(keep_prob);
    PyObject *numbers = PyObject_CallFunction(rand, "nn", (Py_ssize_t)n, (Py_ssize_t)m);
    if (limit != NULL && numbers != NULL) mask = PyObject_RichCompare(numbers, limit, Py_LT);
    Py_XDECREF(limit);
    Py_XDECREF(numbers);
    if (mask == NULL) return NULL;
    const ffnn_operand D = {mask, (PyArrayObject *)mask, 0};
    if (PyArray_Check(mask) && PyArray_TYPE(D.array) == NPY_BOOL && ffnn_operand_is(&D, n, m) &&
        PyArray_IS_C_CONTIGUOUS(D.array))
        return mask;
    PyErr_Format(PyExc_TypeError, "%s: np.random.rand gave no array of %zd by %zd numbers",
                 function, (Py_ssize_t)n, (Py_ssize_t)m);
    Py_DECREF(mask);
    return NULL;
}

/* After all checks: a call that raises leaves NumPy's generator where it was. */
static int draw_masks(const char *function, forward_plan *plan)
{
    PyObject *module = PyImport_ImportModule("numpy.random"), *rand = NULL;
    if (module != NULL) rand = PyObject_GetAttrString(module, "rand");
    Py_XDECREF(module);
    int status = rand == NULL ? -1 : 0;
    for (int l = 1; status == 0 && l < plan->net.layers; l++) {
        layer_plan *step = &plan->steps[l - 1];
        const double keep_prob = plan->net.keep_prob[l - 1];
        if (keep_prob >= 1) continue;
        step->D = draw_mask(function, rand, step->W.rows, plan->X_view.cols, keep_prob);
        if (step->D == NULL)
            status = -1;
        else
            step->dropout = (ffnn_dropout){PyArray_DATA((PyArrayObject *)step->D),
                                           plan->X_view.cols, keep_prob};
    }
    Py_XDECREF(rand);
    return status;
}

/* The keywords of a call; NULL for one that was not given. */
typedef struct {
    PyObject *hidden, *output, *keep_prob;
} forward_options;

static int plan_forward(const ffnn_state *state, const char *function, PyObject *X,
                        PyObject *parameters, forward_options options, forward_plan *plan)
{
    plan->X = (ffnn_operand){0};
    plan->net.activations = NULL;
    plan->steps = NULL;
    plan->wide = NULL;
    plan->wide_l = 0;
    plan->work = 0;
    if (ffnn_pairs_take(state, function, parameters, &plan->parameters) < 0) return -1;
    if (ffnn_net_parse(state, function, plan->parameters.layers, parameters, options.hidden,
                       options.output, options.keep_prob, &plan->net) < 0 ||
        ffnn_operand_take(&plan->X, X, (ffnn_place){function, "X", 0}) < 0 ||
        ffnn_pairs_check(function, &plan->parameters, &plan->X) < 0 ||
        ffnn_output_check(state, function, &plan->net, ffnn_pairs_outputs(&plan->parameters)) < 0 ||
        steps_reserve(plan) < 0)
        return -1;
    unsigned kinds = plan->X.kind;
    for (int l = 1; l <= plan->parameters.layers; l++) {
        if (plan_layer(plan, l, kinds) < 0) return -1;
        kinds = plan->steps[l - 1].real == FFNN_DOUBLE ? FFNN_KIND_DOUBLE : FFNN_KIND_FLOAT;
    }
    return plan->net.has_dropout ? draw_masks(function, plan) : 0;
}

static void widen(ffnn_view floats, ffnn_view doubles)
{
    const float *from = floats.data;
    double *to = (double *)doubles.data; /* ours: made by plan_layer */
    for (ptrdiff_t i = 0; i < doubles.rows * doubles.cols; i++) to[i] = from[i];
}

static void run_forward(const ffnn_state *state, const forward_plan *plan)
{
    const int layers = plan->parameters.layers;
    ffnn_view A = plan->X_view;
    if (A.cols == 0) return;
    const ffnn_isa *isa = state->isa; /* set_reproducible may come in between */
    PyThreadState *thread = ffnn_lock_release(plan->work);
    for (int l = 1; l <= layers; l++) {
        const layer_plan *step = &plan->steps[l - 1];
        if (l == plan->wide_l) {
            widen(A, plan->wide_view);
            A = plan->wide_view;
        }
        if (step->W.rows > 0)
            ffnn_layer_forward(isa->kernels[step->real], step->W, step->b, A,
                               plan->net.activations[l - 1], step->dropout, step->z, step->a,
                               step->a);
        A = ffnn_view_of(step->a.data, step->W.rows, A.cols);
    }
    ffnn_lock_take(thread);
}

/* ((A_prev, W, b), Z) with the callers' own objects, and D where there is dropout. */
static PyObject *cache_of(const forward_plan *plan, int l)
{
    PyObject *D = plan->steps[l - 1].D;
    const ffnn_pair *pair = &plan->parameters.pairs[l - 1];
    PyObject *A_prev = l == 1 ? plan->X.object : plan->steps[l - 2].A;
    PyObject *linear = PyTuple_New(3), *cache = PyTuple_New(D == NULL ? 2 : 3);
    if (linear == NULL || cache == NULL) {
        Py_XDECREF(linear);
        Py_XDECREF(cache);
        return NULL;
    }
    PyTuple_SET_ITEM(linear, 0, Py_NewRef(A_prev));
    PyTuple_SET_ITEM(linear, 1, Py_NewRef(pair->W.object));
    PyTuple_SET_ITEM(linear, 2, Py_NewRef(pair->b.object));
    PyTuple_SET_ITEM(cache, 0, linear);
    PyTuple_SET_ITEM(cache, 1, Py_NewRef(plan->steps[l - 1].Z));
    if (D != NULL) PyTuple_SET_ITEM(cache, 2, Py_NewRef(D));
    return cache;
}

static PyObject *forward_result(const ffnn_state *state, const forward_plan *plan)
{
    const int layers = plan->parameters.layers;
    PyObject *caches = PyList_New(layers);
    if (caches == NULL) return NULL;
    for (int l = 1; l <= layers; l++) {
        PyObject *cache = cache_of(plan, l);
        if (cache == NULL) {
            Py_DECREF(caches);
            return NULL;
        }
        PyList_SET_ITEM(caches, l - 1, cache);
    }
    caches = ffnn_known_list_give(state, layers, plan->net.activations, caches);
    PyObject *result = caches == NULL ? NULL : PyTuple_New(2);
    if (result == NULL) {
        Py_XDECREF(caches);
        return NULL;
    }
    PyTuple_SET_ITEM(result, 0, Py_NewRef(plan->steps[layers - 1].A));
    PyTuple_SET_ITEM(result, 1, caches);
    return result;
}

static PyObject *L_model_forward(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                                 PyObject *kw_names)
{
    static const ffnn_signature signature = {"L_model_forward",
                                             2,
                                             {FFNN_NAME_X, FFNN_NAME_parameters,
                                              FFNN_NAME_hidden_activation,
                                              FFNN_NAME_output_activation, FFNN_NAME_keep_prob},
                                             3};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[5], *result = NULL;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0) return NULL;
    forward_plan plan;
    const forward_options options = {arg[2], arg[3], arg[4]};
    if (plan_forward(state, signature.function, arg[0], arg[1], options, &plan) == 0) {
        run_forward(state, &plan);
        result = forward_result(state, &plan);
    }
    forward_clear(&plan);
    return result;
}

PyMethodDef ffnn_model_methods[] = {
    {"L_model_forward", FFNN_METHOD(L_model_forward), METH_FASTCALL | METH_KEYWORDS,
     L_model_forward_doc},
    {NULL, NULL, 0, NULL},
};
