/* system/float_mode.h - how the calling thread counts with subnormal numbers.
 *
 * Processors of Intel's and AMD's take a hundred cycles for an operation on one. A thread that
 * flushes takes them, and results that would be one, as 0. Elsewhere they cost nothing, and a
 * thread goes on as it was. Whoever sets a mode gives back the one before, ahead of any code that
 * is not the core's: the mode is a thread's own, and Python's threads never see it.
 */
#ifndef FFNN_FLOAT_MODE_H
#define FFNN_FLOAT_MODE_H

typedef unsigned ffnn_float_mode;

#if defined(__SSE__)
#include <xmmintrin.h>

enum { FFNN_FLUSHES = 0x8040 }; /* "flush to zero" and "denormals are zeros" */

static inline ffnn_float_mode ffnn_float_mode_now(void)
{
    return _mm_getcsr();
}

static inline void ffnn_float_mode_set(ffnn_float_mode mode)
{
    _mm_setcsr(mode);
}
#else
enum { FFNN_FLUSHES = 0 };

static inline ffnn_float_mode ffnn_float_mode_now(void)
{
    return 0;
}

static inline void ffnn_float_mode_set(ffnn_float_mode mode)
{
    (void)mode;
}
#endif

static inline void ffnn_float_mode_restore(const ffnn_float_mode *before)
{
    ffnn_float_mode_set(*before);
}

/* Before the mode to go back to: where the block of that variable ends, by whichever way. */
#define FFNN_UNTIL_THE_END __attribute__((cleanup(ffnn_float_mode_restore), unused))

#endif
