/* lock.h - Python's lock, given away while a kernel works long. */
#ifndef FFNN_LOCK_H
#define FFNN_LOCK_H

#include "numpy_api.h"

/* Multiply-adds above which other Python threads may run meanwhile. 65,536 take 2 to 10 us.
 * Releasing and taking the lock costs 0.04 us where no other thread runs, but up to 5 ms, Python's
 * switch interval, against a busy one. */
static const double FFNN_UNLOCKED_WORK = 65536;
/* Multiply-adds that take as long as an exponential or a logarithm, roughly. */
static const double FFNN_ELEMENT_WORK = 16;

static inline PyThreadState *ffnn_lock_release(double work)
{
    return work > FFNN_UNLOCKED_WORK ? PyEval_SaveThread() : NULL;
}

static inline void ffnn_lock_take(PyThreadState *thread)
{
    if (thread != NULL) PyEval_RestoreThread(thread);
}

#endif
