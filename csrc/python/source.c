/* source.c - X that is read piece by piece, by an object of Python's.
 *
 * The core asks for columns; a piece has those of many batches, so that Python's lock is taken now
 * and then only. An exception of the object's stays with the thread while the core comes back.
 */
#include "source.h"
#include "errors.h"
#include "lock.h"
#include "results.h"

#include <math.h>

static void forget_piece(ffnn_source *source)
{
    ffnn_operand_clear(&source->piece);
    source->piece = (ffnn_operand){0};
    source->view = (ffnn_view){0};
}

/* Takes (first, piece), columns of the pass that hold those wanted. */
static int take_piece(ffnn_source *source, PyObject *answer, ptrdiff_t first, ptrdiff_t count)
{
    const ffnn_place place = {"Trainer", "source", 0};
    PyObject *piece;
    Py_ssize_t begin;
    if (!PyArg_ParseTuple(answer, "nO:source.read", &begin, &piece) ||
        ffnn_operand_take(&source->piece, piece, place) < 0)
        return -1;
    const ffnn_operand *o = &source->piece;
    if (PyArray_NDIM(o->array) != 2 || ffnn_operand_rows(o) != source->rows || begin > first ||
        begin + ffnn_operand_cols(o) < first + count)
        return ffnn_error_raise(PyExc_ValueError, place,
                                "gave other columns than %zd of %zd rows from %zd on",
                                (Py_ssize_t)count, (Py_ssize_t)source->rows, (Py_ssize_t)first);
    source->first = begin;
    return ffnn_operand_view(&source->piece, source->real, FFNN_ANY_LAYOUT, &source->view);
}

static int ask(ffnn_source *source, ptrdiff_t first, ptrdiff_t count)
{
    forget_piece(source);
    PyObject *answer =
        PyObject_CallMethod(source->object, "read", "nn", (Py_ssize_t)first, (Py_ssize_t)count);
    if (answer == NULL) return -1;
    const int status = take_piece(source, answer, first, count);
    Py_DECREF(answer);
    if (status < 0) forget_piece(source);
    return status;
}

/* The core's ffnn_reader. A pass begins with a question: its order may be another. */
static bool read_columns(void *context, ptrdiff_t first, ptrdiff_t count, ffnn_view *columns)
{
    ffnn_source *source = context;
    const bool is_there =
        first > 0 && first >= source->first && first + count <= source->first + source->view.cols;
    if (!is_there) {
        const ffnn_pause pause = ffnn_python_enter(source->poll->thread);
        const int status = ask(source, first, count);
        ffnn_python_leave(pause, &source->poll->thread);
        if (status < 0) return false;
    }
    const ffnn_view v = source->view;
    const ptrdiff_t at = (first - source->first) * v.col * ffnn_real_bytes[source->real];
    *columns = (ffnn_view){(const char *)v.data + at, v.rows, count, v.row, v.col};
    return true;
}

void ffnn_source_take(ffnn_source *source, PyObject *object, ffnn_real real,
                      ffnn_examples *examples)
{
    if (object == NULL || object == Py_None) return;
    source->object = Py_NewRef(object);
    source->real = real;
    source->rows = examples->X.rows;
    source->reader = (ffnn_reader){read_columns, source};
    examples->reader = &source->reader;
}

void ffnn_source_begin(ffnn_source *source, ffnn_poll_context *poll, double work)
{
    source->poll = poll;
    ffnn_poll_begin(poll, source->object == NULL ? work : HUGE_VAL);
}

void ffnn_source_clear(ffnn_source *source)
{
    ffnn_operand_clear(&source->piece);
    Py_XDECREF(source->object);
}
