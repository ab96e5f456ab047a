/* poll.h - signals, looked at now and then while the core computes. */
#ifndef FFNN_POLL_H
#define FFNN_POLL_H

#include "numpy_api.h"

#include <stdbool.h>

/* What a call of the core's knows of Python while it computes. */
typedef struct {
    PyThreadState *thread; /* NULL while we hold Python's lock */
    double last;           /* seconds, when signals were looked at */
} ffnn_poll_context;

/* Gives the lock away where the work is worth it. */
void ffnn_poll_begin(ffnn_poll_context *poll, double work);
/* The core's ffnn_poll: was Ctrl-C pressed? */
bool ffnn_poll_signals(void *context);

#endif
