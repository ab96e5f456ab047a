/* lock.h - Python's lock, given away while a kernel works long. */
#ifndef FFNN_LOCK_H
#define FFNN_LOCK_H

#include "numpy_api.h"

#include "../system/system.h"

#include <stddef.h>

/* Multiply-adds above which other Python threads may run meanwhile. 65,536 take 2 to 10 us.
 * Releasing and taking the lock costs 0.04 us where no other thread runs, but up to 5 ms, Python's
 * switch interval, against a busy one. */
static const double FFNN_UNLOCKED_WORK = 65536;
/* Multiply-adds that take as long as an exponential or a logarithm, roughly. */
static const double FFNN_ELEMENT_WORK = 16;

/* Multiply-adds of m examples through all layers, `passes` times over their products: the gradients
 * take three. */
static inline double ffnn_net_work(const ptrdiff_t *dims, int layers, ptrdiff_t m, double passes)
{
    double work = 0;
    for (int l = 1; l <= layers; l++)
        work += (double)dims[l] * (double)m * (passes * (double)dims[l - 1] + FFNN_ELEMENT_WORK);
    return work;
}

static inline PyThreadState *ffnn_lock_release(double work)
{
    return work > FFNN_UNLOCKED_WORK ? PyEval_SaveThread() : NULL;
}

static inline void ffnn_lock_take(PyThreadState *thread)
{
    if (thread != NULL) PyEval_RestoreThread(thread);
}

/* From within the core's work to Python, and back: with the lock, and with numbers that Python
 * counts with. `thread` is that of the lock given away, or NULL. */
typedef struct {
    bool is_unlocked;
    ffnn_float_mode float_mode;
} ffnn_pause;

static inline ffnn_pause ffnn_python_enter(PyThreadState *thread)
{
    const ffnn_pause pause = {thread != NULL, ffnn_float_mode_now()};
    ffnn_float_mode_set(pause.float_mode & ~(ffnn_float_mode)FFNN_FLUSHES);
    ffnn_lock_take(thread);
    return pause;
}

static inline void ffnn_python_leave(ffnn_pause pause, PyThreadState **thread)
{
    if (pause.is_unlocked) *thread = PyEval_SaveThread();
    ffnn_float_mode_set(pause.float_mode);
}

#endif
