/* trainer_attributes.c - the attributes of a Trainer. */
#include "trainer.h"
#include "errors.h"
#include "parse.h"

#include "trainer_attributes_docs.h"

static PyObject *get_learning_rate(PyObject *object, void *Py_UNUSED(closure))
{
    return PyFloat_FromDouble(*ffnn_run_rate(((trainer_object *)object)->run));
}

static int set_learning_rate(PyObject *object, PyObject *value, void *Py_UNUSED(closure))
{
    trainer_object *self = (trainer_object *)object;
    double rate;
    if (value == NULL) {
        PyErr_SetString(PyExc_AttributeError, "Trainer.learning_rate cannot be deleted");
        return -1;
    }
    if (ffnn_number_parse((ffnn_place){"Trainer", "learning_rate", 0}, value, &rate) < 0 ||
        ffnn_trainer_enter(self, "learning_rate", FFNN_NEEDS_NOTHING) < 0)
        return -1;
    *ffnn_run_rate(self->run) = rate;
    atomic_flag_clear(&self->is_busy);
    return 0;
}

static PyObject *get_is_watched(PyObject *object, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(*ffnn_run_watched(((trainer_object *)object)->run));
}

static int set_is_watched(PyObject *object, PyObject *value, void *Py_UNUSED(closure))
{
    trainer_object *self = (trainer_object *)object;
    const int is_watched = value == NULL ? 0 : PyObject_IsTrue(value);
    if (is_watched < 0 || ffnn_trainer_enter(self, "is_watched", FFNN_NEEDS_NOTHING) < 0) return -1;
    *ffnn_run_watched(self->run) = is_watched;
    atomic_flag_clear(&self->is_busy);
    return 0;
}

static PyObject *get_epochs_done(PyObject *object, void *Py_UNUSED(closure))
{
    return PyLong_FromSsize_t(ffnn_run_done(((trainer_object *)object)->run));
}

static PyObject *get_l2_cost(PyObject *object, void *Py_UNUSED(closure))
{
    return PyFloat_FromDouble(ffnn_run_l2_share(((trainer_object *)object)->run));
}

static PyObject *get_is_whole(PyObject *object, void *Py_UNUSED(closure))
{
    return PyBool_FromLong(ffnn_trainer_is_whole((trainer_object *)object));
}

static PyObject *get_evaluations(PyObject *object, void *Py_UNUSED(closure))
{
    return PyLong_FromSsize_t(ffnn_run_evaluations(((trainer_object *)object)->run));
}

static PyObject *get_whole_cost(PyObject *object, void *Py_UNUSED(closure))
{
    return PyFloat_FromDouble(ffnn_run_whole_cost(((trainer_object *)object)->run));
}

static PyObject *get_evidence(PyObject *object, void *Py_UNUSED(closure))
{
    const trainer_object *self = (trainer_object *)object;
    if (!self->is_bayesian) Py_RETURN_NONE;
    const ffnn_lm_state *first = ffnn_run_first_lm_state(self->run);
    return Py_BuildValue("ddd", first->effective_parameters, first->noise_variance,
                         first->weight_variance);
}

static PyObject *get_ending(PyObject *object, void *Py_UNUSED(closure))
{
    static const char *const names[FFNN_ENDINGS] = {
        [FFNN_ENDED_BY_TOL] = "tol",
        [FFNN_ENDED_BY_COST] = "cost_tol",
        [FFNN_ENDED_BY_EVALUATIONS] = "max_evaluations",
        [FFNN_ENDED_BY_SEARCH] = "line_search",
        [FFNN_ENDED_BY_DAMPING] = "damping",
        [FFNN_ENDED_BY_NAN] = "diverged",
    };
    const char *name = names[ffnn_run_ending(((trainer_object *)object)->run)];
    if (name == NULL) Py_RETURN_NONE;
    return PyUnicode_FromString(name);
}

PyGetSetDef ffnn_trainer_attributes[] = {
    {"is_watched", get_is_watched, set_is_watched, is_watched_doc, NULL},
    {"epochs_done", get_epochs_done, NULL, epochs_done_doc, NULL},
    {"l2_cost", get_l2_cost, NULL, l2_cost_doc, NULL},
    {"learning_rate", get_learning_rate, set_learning_rate, learning_rate_doc, NULL},
    {"is_whole", get_is_whole, NULL, is_whole_doc, NULL},
    {"whole_cost", get_whole_cost, NULL, whole_cost_doc, NULL},
    {"evaluations", get_evaluations, NULL, evaluations_doc, NULL},
    {"evidence", get_evidence, NULL, evidence_doc, NULL},
    {"ending", get_ending, NULL, ending_doc, NULL},
    {NULL, NULL, NULL, NULL, NULL},
};
