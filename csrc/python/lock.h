/* lock.h - Python's lock, given away while a kernel works long. */
#ifndef FFNN_LOCK_H
#define FFNN_LOCK_H

#include "numpy_api.h"

/* Multiply-adds above which other Python threads may run meanwhile. So many take 2 to 10 us; giving
 * the lock away and taking it back costs 0.04 us alone but up to 5 ms against a busy thread, too
 * much for less. */
static const double FFNN_UNLOCKED_WORK = 65536;
/* What an exponential or a logarithm costs in multiply-adds, roughly. */
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
