/* core_check_unwritten.c - runs must not read what nobody wrote: the same bits in memory that holds
 * NaN as in memory that holds 0.
 */
#include "core_check.h"

#include <string.h>

#ifdef __GLIBC__
#include <malloc.h>
#endif

static double feature(void)
{
    return uniform(-1, 1);
}

typedef struct {
    const char *name;
    ptrdiff_t dims[3], m, batch; /* 0: all examples in each step */
    double keep_prob;
    ffnn_activation hidden;
    ffnn_optimizer optimizer;
    bool has_weights, is_gram, is_shuffled;
} kind;

static const kind kinds[] = {
    {"small", {5, 4, 3}, 7, 0, 1, FFNN_relu, FFNN_gd, false, false, false},
    {"small with dropout", {5, 4, 3}, 7, 0, 0.5, FFNN_tanh, FFNN_gd, true, false, false},
    {"small with dropout and gelu",
     {5, 4, 3},
     21,
     0,
     0.5,
     FFNN_gelu,
     FFNN_adam,
     true,
     false,
     false},
    {"small batches", {5, 4, 3}, 21, 5, 0.5, FFNN_sigmoid, FFNN_adam, true, false, false},
    {"small batches in an order", {5, 4, 3}, 21, 5, 1, FFNN_silu, FFNN_gd, true, false, true},
    {"slabs", {70, 33, 3}, 601, 0, 1, FFNN_elu, FFNN_momentum, true, false, false},
    {"slabs with dropout", {70, 33, 3}, 601, 0, 0.5, FFNN_relu, FFNN_rmsprop, true, false, false},
    {"batches in an order", {70, 33, 3}, 601, 250, 0.5, FFNN_gelu, FFNN_adam, true, false, true},
    {"shards", {70, 33, 3}, 1300, 0, 0.5, FFNN_softplus, FFNN_adamw, true, false, false},
    {"the Gram form", {70, 33, 3}, 51, 0, 1, FFNN_gelu, FFNN_gd, true, true, false},
    {"the Gram form with dropout", {70, 33, 3}, 601, 0, 0.5, FFNN_silu, FFNN_gd, true, true, false},
};

static uint64_t drawn;

static double next_double(void *state)
{
    (void)state;
    drawn = drawn * UINT64_C(6364136223846793005) + 1442695040888963407u;
    return (double)(drawn >> 11) * 0x1p-53;
}

static uint32_t next_32(void *state)
{
    return (uint32_t)(next_double(state) * 4294967296.0);
}

static uint64_t next_64(void *state)
{
    return (uint64_t)next_32(state) << 32 | next_32(state);
}

static void fill_memory_with(int byte)
{
#ifdef __GLIBC__
    mallopt(M_PERTURB, 0x100 | (byte ^ 0xff)); /* glibc fills with the complement of the low byte */
#else
    (void)byte;
#endif
}

static ffnn_run *go(const kind *of, ffnn_examples examples, int byte)
{
    const ffnn_activation activations[] = {of->hidden, FFNN_sigmoid};
    const double keep_prob[] = {of->keep_prob, 1};
    double cost = 0;
    fill_memory_with(byte);
    drawn = 5;
    ffnn_run *run = ffnn_run_new(&(ffnn_run_options){
        .kernels = k,
        .layers = 2,
        .dims = of->dims,
        .activations = activations,
        .keep_prob = keep_prob,
        .cost = FFNN_binary_cross_entropy,
        .examples = examples,
        .hyperparameters = {.optimizer = of->optimizer,
                            .learning_rate = 0.01,
                            .beta = 0.9,
                            .beta1 = 0.9,
                            .beta2 = 0.999,
                            .epsilon = 1e-8},
        .random = {next_double, next_32, next_64, NULL},
        .is_gram = of->is_gram,
    });
    for (int l = 1; l <= 2; l++) {
        void *W = ffnn_run_parameter(run, 'W', l), *b = ffnn_run_parameter(run, 'b', l);
        for (ptrdiff_t i = 0; i < of->dims[l] * of->dims[l - 1]; i++)
            put(W, i, cos((double)(7 * i + l)));
        for (ptrdiff_t i = 0; i < of->dims[l]; i++) put(b, i, 0.1 * (double)i);
    }
    for (int i = 0; i < 3; i++) {
        if (of->is_shuffled)
            ffnn_run_shuffled(run, 2, of->batch, &cost, NULL, NULL);
        else if (of->batch)
            ffnn_run_epoch(run, NULL, of->batch, &cost, NULL, NULL);
        else
            ffnn_run_iterate(run, 2, &cost, NULL, NULL);
        CHECK(isfinite(cost), "cost %g", cost);
        ffnn_run_measure(run, &examples, &cost, NULL, NULL);
        CHECK(isfinite(cost), "measured %g", cost);
    }
    fill_memory_with(0);
    return run;
}

static void check_what_nobody_wrote(const kind *of)
{
    place("%s in memory that holds NaN", of->name);
    fresh();
    ffnn_examples examples = {.X = lay(PLAIN, of->dims[0], of->m, feature),
                              .Y = lay(PLAIN, of->dims[2], of->m, feature)};
    for (ptrdiff_t i = 0; i < of->dims[2] * of->m; i++) put((void *)examples.Y.data, i, i % 3 == 0);
    if (of->has_weights) {
        void *weights = take(of->m);
        for (ptrdiff_t j = 0; j < of->m; j++) put(weights, j, 1 + (double)j / (double)of->m);
        examples.weights = weights;
    }
    ffnn_run *nan = go(of, examples, 0xff), *zero = go(of, examples, 0);
    for (int l = 1; l <= 2; l++)
        for (const char *name = "Wb"; *name; name++) {
            const ptrdiff_t cols = *name == 'W' ? of->dims[l - 1] : 1;
            const ffnn_result x = {ffnn_run_parameter(nan, *name, l), cols};
            const ffnn_result y = {ffnn_run_parameter(zero, *name, l), cols};
            for (ptrdiff_t i = 0; i < of->dims[l] * cols; i++)
                CHECK(isfinite(get(x.data, i)), "%c%d [%td]: %g", *name, l, i, get(x.data, i));
            check_same_bits(x, y, of->dims[l], cols, "whatever memory held");
        }
    CHECK(ffnn_run_is_finite(nan), "the run is not finite");
    check_guards();
    ffnn_run_free(nan);
    ffnn_run_free(zero);
}

void check_unwritten(void)
{
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) check_what_nobody_wrote(&kinds[i]);
}
