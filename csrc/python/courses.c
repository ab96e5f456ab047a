/* courses.c - what the modules of ffnn/coursera need beyond the functions at the top level.
 *
 * The formulas of the courses' helper files taken at their word: a log(0) is -inf, 0 * inf is NaN,
 * an error is AL - Y whoever made AL. Each function raises in the name of its caller, `function`,
 * and calls its operand `name`. Operands of both float types meet in the wider one.
 */
#include "arrays.h"
#include "courses_docs.h"
#include "errors.h"
#include "labels.h"
#include "lock.h"
#include "methods.h"
#include "parse.h"
#include "results.h"
#include "shapes.h"
#include "state.h"

#include <math.h>

/* Who calls, and what it calls the operand in question. */
static int take_place(PyObject *function, PyObject *name, ffnn_place *place)
{
    place->function = PyUnicode_AsUTF8(function);
    place->label = place->function == NULL ? NULL : PyUnicode_AsUTF8(name);
    place->index = 0;
    return place->label == NULL ? -1 : 0;
}

static int take_number(PyObject *object, double *number)
{
    *number = PyFloat_AsDouble(object);
    return *number == -1 && PyErr_Occurred() ? -1 : 0;
}

static int same_shape(ffnn_place place, const ffnn_operand *o, const char *other_name,
                      const ffnn_operand *other)
{
    if (ffnn_operand_same_shape(o, other)) return 0;
    char shape[FFNN_SHAPE_TEXT], other_shape[FFNN_SHAPE_TEXT];
    return ffnn_error_raise(PyExc_ValueError, place, "has shape %s where %s has shape %s",
                            ffnn_shape_write(o, shape), other_name,
                            ffnn_shape_write(other, other_shape));
}

/* An output A [n_y, m] and labels for it. */
static int take_output(ffnn_place place, PyObject *const *arg, ffnn_operand *A, ffnn_operand *Y)
{
    if (ffnn_operand_take(A, arg[0], place) < 0 ||
        ffnn_operand_take(Y, arg[1], (ffnn_place){place.function, "Y", 0}) < 0 ||
        ffnn_operand_is_matrix(A, place) < 0)
        return -1;
    const ptrdiff_t n_y = ffnn_operand_rows(A), m = ffnn_operand_cols(A);
    ffnn_labels labels = {.Y = *Y};
    if (ffnn_labels_check(place.function, &labels, FFNN_binary_cross_entropy, n_y, m, place.label,
                          NULL) < 0)
        return -1;
    return ffnn_examples_check(place.function, m);
}

/* ---- -sum(Y log A + (1 - Y) log(1 - A)) ---- */

/* So many logarithms are taken at a time, on the stack. */
enum { LOGARITHMS = 256 };

typedef struct {
    double sum;
    int log_flags, product_flags;
} literal_sum;

static int flags_of_log(double x)
{
    if (x == 0) return FFNN_DIVIDE_BY_ZERO;
    return x < 0 ? FFNN_INVALID : 0;
}

static int flags_of_product(double a, double b)
{
    return isnan(a * b) && !isnan(a) && !isnan(b) ? FFNN_INVALID : 0;
}

static void add_costs(const ffnn_kernels *kernels, ptrdiff_t n, const double *a, const double *y,
                      bool skip_nan, literal_sum *total)
{
    double rest[LOGARITHMS], log_a[LOGARITHMS], log_rest[LOGARITHMS];
    for (ptrdiff_t i = 0; i < n; i++) {
        rest[i] = 1 - a[i];
        total->log_flags |= flags_of_log(a[i]) | flags_of_log(rest[i]);
    }
    kernels->log(n, a, log_a);
    kernels->log(n, rest, log_rest);
    for (ptrdiff_t i = 0; i < n; i++) {
        const double cost = -(y[i] * log_a[i] + (1 - y[i]) * log_rest[i]);
        total->product_flags |=
            flags_of_product(y[i], log_a[i]) | flags_of_product(1 - y[i], log_rest[i]);
        if (!skip_nan || !isnan(cost)) total->sum += cost;
    }
}

static PyObject *literal_cost(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                              PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "literal_cost",
        5,
        {FFNN_NAME_function, FFNN_NAME_name, FFNN_NAME_A, FFNN_NAME_Y, FFNN_NAME_skip_nan},
        0};
    const ffnn_state *state = ffnn_state_of(module);
    PyObject *arg[5], *cost = NULL;
    ffnn_place place;
    if (ffnn_arguments_parse(state, &signature, args, n_args, kw_names, arg) < 0 ||
        take_place(arg[0], arg[1], &place) < 0)
        return NULL;
    const int skip_nan = PyObject_IsTrue(arg[4]);
    if (skip_nan < 0) return NULL;
    ffnn_operand A = {0}, Y = {0};
    const void *a, *y;
    if (take_output(place, arg + 2, &A, &Y) < 0) goto done;
    const ffnn_real real = ffnn_real_of(A.kind | ffnn_kind_if_float(Y.kind));
    if (ffnn_operand_elements(&A, FFNN_DOUBLE, &a) < 0 ||
        ffnn_operand_elements(&Y, FFNN_DOUBLE, &y) < 0)
        goto done;
    const ptrdiff_t n = ffnn_array_count(A.array);
    const ffnn_kernels *kernels = state->isa->kernels[FFNN_DOUBLE];
    literal_sum total = {0};
    PyThreadState *thread = ffnn_lock_release(2 * FFNN_ELEMENT_WORK * (double)n);
    for (ptrdiff_t i = 0; i < n; i += LOGARITHMS)
        add_costs(kernels, n - i < LOGARITHMS ? n - i : LOGARITHMS, (const double *)a + i,
                  (const double *)y + i, skip_nan != 0, &total);
    ffnn_lock_take(thread);
    if (ffnn_flags_warn("log", total.log_flags) < 0 ||
        ffnn_flags_warn("multiply", total.product_flags) < 0)
        goto done;
    cost = ffnn_scalar_new(real, total.sum);
done:
    ffnn_operand_clear(&A);
    ffnn_operand_clear(&Y);
    return cost;
}

/* ---- (A - Y) / divisor ---- */

static PyObject *residual(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                          PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "residual",
        5,
        {FFNN_NAME_function, FFNN_NAME_name, FFNN_NAME_A, FFNN_NAME_Y, FFNN_NAME_divisor},
        0};
    PyObject *arg[5], *dZ = NULL;
    ffnn_place place;
    double divisor;
    if (ffnn_arguments_parse(ffnn_state_of(module), &signature, args, n_args, kw_names, arg) < 0 ||
        take_place(arg[0], arg[1], &place) < 0 || take_number(arg[4], &divisor) < 0)
        return NULL;
    ffnn_operand A = {0}, Y = {0};
    const void *a, *y;
    void *dz;
    if (take_output(place, arg + 2, &A, &Y) < 0) goto done;
    const ffnn_real real = ffnn_real_of(A.kind | ffnn_kind_if_float(Y.kind));
    if (ffnn_operand_elements(&A, real, &a) < 0 || ffnn_operand_elements(&Y, real, &y) < 0)
        goto done;
    dZ = ffnn_matrix_new(real, ffnn_operand_rows(&A), ffnn_operand_cols(&A), &dz);
    if (dZ == NULL) goto done;
    const ptrdiff_t n = ffnn_array_count(A.array);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (real == FFNN_DOUBLE)
            ((double *)dz)[i] = (((const double *)a)[i] - ((const double *)y)[i]) / divisor;
        else
            ((float *)dz)[i] = (((const float *)a)[i] - ((const float *)y)[i]) / (float)divisor;
    }
done:
    ffnn_operand_clear(&A);
    ffnn_operand_clear(&Y);
    return dZ;
}

/* ---- dA * (1 - A^2) ---- */

static PyObject *tanh_slope(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                            PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "tanh_slope", 4, {FFNN_NAME_function, FFNN_NAME_name, FFNN_NAME_dA, FFNN_NAME_A}, 0};
    PyObject *arg[4], *dZ = NULL;
    ffnn_place place;
    if (ffnn_arguments_parse(ffnn_state_of(module), &signature, args, n_args, kw_names, arg) < 0 ||
        take_place(arg[0], arg[1], &place) < 0)
        return NULL;
    ffnn_operand dA = {0}, A = {0};
    const void *da, *a;
    void *dz;
    if (ffnn_operand_take(&dA, arg[2], (ffnn_place){place.function, "dA", 0}) < 0 ||
        ffnn_operand_take(&A, arg[3], place) < 0 || same_shape(place, &A, "dA", &dA) < 0)
        goto done;
    const ffnn_real real = ffnn_real_of(dA.kind | A.kind);
    if (ffnn_operand_elements(&dA, real, &da) < 0 || ffnn_operand_elements(&A, real, &a) < 0)
        goto done;
    dZ = ffnn_array_new(real, PyArray_NDIM(A.array), PyArray_DIMS(A.array), &dz);
    if (dZ == NULL) goto done;
    const ptrdiff_t n = ffnn_array_count(A.array);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (real == FFNN_DOUBLE) {
            const double x = ((const double *)a)[i];
            ((double *)dz)[i] = ((const double *)da)[i] * (1 - x * x);
        } else {
            const float x = ((const float *)a)[i];
            ((float *)dz)[i] = ((const float *)da)[i] * (1 - x * x);
        }
    }
done:
    ffnn_operand_clear(&dA);
    ffnn_operand_clear(&A);
    return dZ;
}

/* ---- A * D / keep_prob ---- */

static PyObject *masked(PyObject *module, PyObject *const *args, Py_ssize_t n_args,
                        PyObject *kw_names)
{
    static const ffnn_signature signature = {
        "masked",
        5,
        {FFNN_NAME_function, FFNN_NAME_name, FFNN_NAME_A, FFNN_NAME_D, FFNN_NAME_keep_prob},
        0};
    PyObject *arg[5], *result = NULL;
    ffnn_place place;
    double keep_prob;
    if (ffnn_arguments_parse(ffnn_state_of(module), &signature, args, n_args, kw_names, arg) < 0 ||
        take_place(arg[0], arg[1], &place) < 0 || take_number(arg[4], &keep_prob) < 0)
        return NULL;
    ffnn_operand A = {0}, D = {0};
    const void *a, *d;
    void *out;
    if (ffnn_operand_take(&A, arg[2], (ffnn_place){place.function, "A", 0}) < 0 ||
        ffnn_operand_take(&D, arg[3], place) < 0 || same_shape(place, &D, "A", &A) < 0)
        goto done;
    const ffnn_real real = ffnn_real_of(A.kind | ffnn_kind_if_float(D.kind));
    if (ffnn_operand_elements(&A, real, &a) < 0 || ffnn_operand_elements(&D, real, &d) < 0)
        goto done;
    result = ffnn_array_new(real, PyArray_NDIM(A.array), PyArray_DIMS(A.array), &out);
    if (result == NULL) goto done;
    const ptrdiff_t n = ffnn_array_count(A.array);
    for (ptrdiff_t i = 0; i < n; i++) {
        if (real == FFNN_DOUBLE)
            ((double *)out)[i] = ((const double *)a)[i] * ((const double *)d)[i] / keep_prob;
        else
            ((float *)out)[i] = ((const float *)a)[i] * ((const float *)d)[i] / (float)keep_prob;
    }
done:
    ffnn_operand_clear(&A);
    ffnn_operand_clear(&D);
    return result;
}

PyMethodDef ffnn_courses_methods[] = {
    {"literal_cost", FFNN_METHOD(literal_cost), METH_FASTCALL | METH_KEYWORDS, literal_cost_doc},
    {"residual", FFNN_METHOD(residual), METH_FASTCALL | METH_KEYWORDS, residual_doc},
    {"tanh_slope", FFNN_METHOD(tanh_slope), METH_FASTCALL | METH_KEYWORDS, tanh_slope_doc},
    {"masked", FFNN_METHOD(masked), METH_FASTCALL | METH_KEYWORDS, masked_doc},
    {NULL, NULL, 0, NULL},
};
