/* update.c - update_parameters: the same dict, bound to new arrays.
 *
 * The caches hold references to the old arrays, so those are never written. The dict is changed
 * after the last new array has been computed.
 */
#include "arrays.h"
#include "errors.h"
#include "lock.h"
#include "methods.h"
#include "parameters.h"
#include "parse.h"
#include "results.h"
#include "shapes.h"
#include "state.h"
#include "update_docs.h"
#include "../train/train.h"

static const char function[] = "update_parameters";

/* x - rate * dx for one array. */
typedef struct {
    ffnn_key key;
    int l;
    ffnn_real real;
    ptrdiff_t n;
    const void *x, *dx;
    void *out;
    PyObject *old;   /* borrowed from the snapshot */
    PyObject *array; /* owned: what `out` points into */
} array_plan;

typedef struct {
    ffnn_pairs parameters, grads;
    int count; /* steps that are planned */
    array_plan *steps, small[2 * FFNN_STACK_LAYERS];
} update_plan;

static void update_clear(update_plan *plan)
{
    for (int i = 0; i < plan->count; i++) Py_DECREF(plan->steps[i].array);
    if (plan->steps != plan->small) PyMem_Free(plan->steps);
    ffnn_pairs_clear(&plan->parameters);
    ffnn_pairs_clear(&plan->grads);
}

static int plan_step(update_plan *plan, ffnn_key key, int l, ffnn_operand *x, ffnn_operand *dx)
{
    if (!ffnn_operand_same_shape(x, dx)) {
        char shape[FFNN_SHAPE_TEXT], expected[FFNN_SHAPE_TEXT];
        const int is_W = key == FFNN_KEY_W;
        return ffnn_error_raise(
            PyExc_ValueError, (ffnn_place){function, is_W ? "grads['dW%d']" : "grads['db%d']", l},
            "has shape %s, expected %s as parameters['%s%d']", ffnn_shape_write(dx, shape),
            ffnn_shape_write(x, expected), is_W ? "W" : "b", l);
    }
    array_plan *step = &plan->steps[plan->count];
    const ffnn_real real = ffnn_real_of(x->kind | dx->kind);
    if (ffnn_operand_elements(x, real, &step->x) < 0 ||
        ffnn_operand_elements(dx, real, &step->dx) < 0)
        return -1;
    step->array = ffnn_array_new(real, PyArray_NDIM(x->array), PyArray_DIMS(x->array), &step->out);
    if (step->array == NULL) return -1;
    step->key = key;
    step->l = l;
    step->real = real;
    step->n = ffnn_array_count(x->array);
    step->old = x->object;
    plan->count++;
    return 0;
}

static int plan_update(const ffnn_state *state, PyObject *parameters, PyObject *grads,
                       update_plan *plan)
{
    plan->count = 0;
    plan->steps = plan->small;
    plan->grads.pairs = NULL;
    if (ffnn_pairs_take(state, function, parameters, &plan->parameters) < 0) return -1;
    const int layers = plan->parameters.layers;
    static const char *const labels[] = {"grads", "grads['dW%d']", "grads['db%d']"};
    if (ffnn_pairs_take_like_gradients(state, function, labels, grads, layers, &plan->grads) < 0)
        return -1;
    if (layers > FFNN_STACK_LAYERS &&
        (plan->steps = PyMem_New(array_plan, 2 * (size_t)layers)) == NULL) {
        PyErr_NoMemory();
        return -1;
    }
    for (int l = 1; l <= layers; l++) {
        ffnn_pair *x = &plan->parameters.pairs[l - 1], *dx = &plan->grads.pairs[l - 1];
        if (plan_step(plan, FFNN_KEY_W, l, &x->W, &dx->W) < 0 ||
            plan_step(plan, FFNN_KEY_b, l, &x->b, &dx->b) < 0)
            return -1;
    }
    return 0;
}

static void run_update(const ffnn_state *state, const update_plan *plan, double rate)
{
    double work = 0;
    for (int i = 0; i < plan->count; i++) work += (double)plan->steps[i].n;
    PyThreadState *thread = ffnn_lock_release(work);
    for (int i = 0; i < plan->count; i++) {
        const array_plan *step = &plan->steps[i];
        ffnn_update(state->isa->kernels[step->real], step->n, step->x, step->dx, rate, step->out);
    }
    ffnn_lock_take(thread);
}

static int bind(const ffnn_state *state, PyObject *dict, const array_plan *step, PyObject *array)
{
    return ffnn_dict_give(state, dict, step->key, step->l, Py_NewRef(array));
}

/* All or nothing: where the dict refuses a new array, the keys before it get their old arrays back.
 */
static int bind_results(const ffnn_state *state, PyObject *parameters, const update_plan *plan)
{
    for (int i = 0; i < plan->count; i++) {
        if (bind(state, parameters, &plan->steps[i], plan->steps[i].array) == 0) continue;
        PyObject *type, *value, *traceback;
        PyErr_Fetch(&type, &value, &traceback);
        while (i-- > 0)
            if (bind(state, parameters, &plan->steps[i], plan->steps[i].old) < 0) PyErr_Clear();
        PyErr_Restore(type, value, traceback);
        return -1;
    }
    return 0;
}

static PyObject *update_parameters(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                                   PyObject *kw_names)
{
    static const ffnn_signature signature = {
        function, 3, {FFNN_NAME_parameters, FFNN_NAME_grads, FFNN_NAME_learning_rate}, 0};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[3], *result = NULL;
    double rate;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0 ||
        ffnn_number_parse((ffnn_place){function, "learning_rate", 0}, arg[2], &rate) < 0)
        return NULL;
    update_plan plan;
    if (plan_update(state, arg[0], arg[1], &plan) == 0) {
        run_update(state, &plan, rate);
        if (bind_results(state, arg[0], &plan) == 0) result = Py_NewRef(arg[0]);
    }
    update_clear(&plan);
    return result;
}

PyMethodDef ffnn_update_methods[] = {
    {"update_parameters", FFNN_METHOD(update_parameters), METH_FASTCALL | METH_KEYWORDS,
     update_parameters_doc},
    {NULL, NULL, 0, NULL},
};
