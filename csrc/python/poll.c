/* poll.c - signals, looked at now and then while the core computes. */
#include "poll.h"
#include "lock.h"
#include "../system/system.h"

/* Taking the lock back can cost 5 ms against a busy thread, so it is not done each time the core
 * asks; an answer to Ctrl-C within 100 ms is promised. */
static const double SECONDS_BETWEEN_POLLS = 0.03;

bool ffnn_poll_signals(void *context)
{
    ffnn_poll_context *poll = context;
    if (ffnn_os_seconds() - poll->last < SECONDS_BETWEEN_POLLS) return false;
    const ffnn_pause pause = ffnn_python_enter(poll->thread);
    const bool is_interrupted = PyErr_CheckSignals() < 0;
    ffnn_python_leave(pause, &poll->thread);
    poll->last = ffnn_os_seconds();
    return is_interrupted;
}

void ffnn_poll_begin(ffnn_poll_context *poll, double work)
{
    poll->last = ffnn_os_seconds();
    poll->thread = ffnn_lock_release(work);
}
