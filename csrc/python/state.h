/* state.h - what the module keeps from its import on: the instruction set, names and keys. */
#ifndef FFNN_STATE_H
#define FFNN_STATE_H

#include "numpy_api.h"
#include "../ffnn.h"
#include "../train/train.h"

typedef enum {
#define FFNN_NAME(name) FFNN_NAME_##name,
#include "names.def"
#undef FFNN_NAME
    FFNN_NAMES
} ffnn_name;

/* The keys of the parameters' and the gradients' dicts. */
typedef enum { FFNN_KEY_W, FFNN_KEY_b, FFNN_KEY_dW, FFNN_KEY_db, FFNN_KEY_dA, FFNN_KEYS } ffnn_key;

/* Making and hashing a key costs as much as an array of a small net, so the module holds those
 * of the first 64 layers; few nets that are called layer by layer are deeper. */
enum { FFNN_CACHED_LAYERS = 64 };

/* The plans of this many layers live on the stack; a deeper net takes one allocation. */
enum { FFNN_STACK_LAYERS = 8 };

typedef struct {
    const ffnn_isa *fastest; /* what FFNN_ISA names, or the best of this machine */
    /* What runs: that, or the reproducible one. Calls without the GIL read it, too. */
    const ffnn_isa *_Atomic isa;
    bool is_reproducible; /* as asked for; that FFNN_ISA names the same set is no promise */
    PyTypeObject *trainer, *predictor;
    PyTypeObject *net_parameters, *net_caches; /* nets.h; NULL until they are registered */
    ffnn_run *_Atomic spare_run;               /* one_run.h; NULL while someone has it */
    PyObject *names[FFNN_NAMES];
    PyObject *keys[FFNN_KEYS][FFNN_CACHED_LAYERS + 1];
} ffnn_state;

static inline ffnn_state *ffnn_state_of(PyObject *module)
{
    return PyModule_GetState(module);
}

#endif
