/* system/os.h - which of the three os_*.c this build has, and the types that their words need.
 *
 * A header of its own: who has no thread, lock or condition of its own includes system.h alone.
 * <windows.h> is not among them, since its macros (`far`, `small`) would reach the templates.
 */
#ifndef FFNN_OS_H
#define FFNN_OS_H

#if defined(_WIN32)
#define FFNN_OS_WINDOWS 1
#elif (defined(__unix__) || defined(__APPLE__)) &&                                                 \
    (!defined(__EMSCRIPTEN__) || defined(__EMSCRIPTEN_PTHREADS__))
#define FFNN_OS_POSIX 1
#include <pthread.h>
#else
#define FFNN_OS_ALONE 1 /* WebAssembly, say */
#endif

#if defined(FFNN_OS_POSIX)
typedef pthread_t ffnn_os_thread;
#define FFNN_MUTEX_INIT {PTHREAD_MUTEX_INITIALIZER}
#define FFNN_CONDITION_INIT {PTHREAD_COND_INITIALIZER}
typedef pthread_mutex_t ffnn_os_mutex;
typedef pthread_cond_t ffnn_os_condition;
#else
/* Windows: a handle, an SRWLOCK and a CONDITION_VARIABLE, each of them a pointer that begins as
 * NULL. Alone: nothing is kept. */
typedef void *ffnn_os_thread, *ffnn_os_mutex, *ffnn_os_condition;
#define FFNN_MUTEX_INIT {0}
#define FFNN_CONDITION_INIT {0}
#endif

struct ffnn_thread {
    void (*run)(void *argument);
    void *argument;
    ffnn_os_thread os;
};

struct ffnn_mutex {
    ffnn_os_mutex os;
};

struct ffnn_condition {
    ffnn_os_condition os;
};

#endif
