/* core_check_hash.c - whole trainings with the generic set end at the same bits wherever they run.
 *
 * Every hidden activation meets every optimiser, and the costs take turns; the last net is wide and
 * has more examples than a shard. The one hash over all parameters, float and double,
 * stands below. tests/system/test_reproducible.py trains the same nets through ffnn.train and reads
 * the number here, so a change of the nets here is one there.
 */
#include "core_check.h"

#include <string.h>

#define EXPECTED UINT64_C(0x2c974cfe5607a738)

enum { MOST_LAYERS = 3, EPOCHS = 3, BATCH = 16 };

typedef struct {
    int layers;
    ptrdiff_t dims[MOST_LAYERS + 1], m;
    ffnn_activation hidden;
    ffnn_cost cost;
    ffnn_optimizer optimizer;
    double clip_norm;
    bool in_batches;
} training;

static uint64_t hash = UINT64_C(0xcbf29ce484222325);

/* By value, so that the order of a number's bytes does not count. */
static void add_bits(uint64_t bits)
{
    hash = (hash ^ bits) * UINT64_C(0x100000001b3);
    hash ^= hash >> 29;
}

static void add_numbers(const void *data, ptrdiff_t count)
{
    for (ptrdiff_t i = 0; i < count; i++) {
        const double x = get(data, i);
        CHECK(isfinite(x), "a parameter is %g, and a NaN has no bits of its own", x);
        const float single = (float)x;
        uint32_t bits32;
        uint64_t bits;
        memcpy(&bits32, &single, sizeof bits32);
        memcpy(&bits, &x, sizeof bits);
        add_bits(is_double() ? bits : bits32);
    }
}

static double feature(void)
{
    return uniform(-1, 1);
}

static void add_training(const training *t)
{
    place("%s, %s, %s", k->activations[t->hidden].name, k->optimizers[t->optimizer].name,
          k->costs[t->cost].name);
    fresh();
    const ptrdiff_t n_y = t->dims[t->layers];
    const ffnn_view X = lay(PLAIN, t->dims[0], t->m, feature);
    void *Y = take(n_y * t->m);
    for (ptrdiff_t i = 0; i < n_y; i++)
        for (ptrdiff_t j = 0; j < t->m; j++) put(Y, i * t->m + j, i == j % n_y);
    double keep_all[MOST_LAYERS];
    ffnn_activation activations[MOST_LAYERS];
    for (int l = 0; l < t->layers; l++) keep_all[l] = 1, activations[l] = t->hidden;
    activations[t->layers - 1] = k->costs[t->cost].output;
    ffnn_run *run = ffnn_run_new(&(ffnn_run_options){
        .kernels = k,
        .layers = t->layers,
        .dims = t->dims,
        .activations = activations,
        .keep_prob = keep_all,
        .cost = t->cost,
        .examples = {.X = X, .Y = plain_view(Y, n_y, t->m, t->m)},
        .hyperparameters = {.optimizer = t->optimizer,
#define FFNN_OPTIMIZER_NUMBER(name, range, default, hint) .name = default,
#define FFNN_WHOLE_NUMBER(name, range, default, hint)
#define FFNN_RUN_NUMBER(name, range, default)
#include "options.def"
                            .history_size = 10,
                            .tol = 1e-7,
                            .quantile = 0.5,
                            .learning_rate = 0.015625,
                            .lambd = 0.5,
                            .clip_norm = t->clip_norm},
    });
    CHECK(run, "no memory");
    if (!run) return;
    ffnn_run_begin(run);
    for (int l = 1; l <= t->layers; l++)
        for (const char *kind = "Wb"; *kind; kind++) {
            const ptrdiff_t count = t->dims[l] * (*kind == 'W' ? t->dims[l - 1] : 1);
            void *parameter = ffnn_run_parameter(run, *kind, l);
            for (ptrdiff_t i = 0; i < count; i++) put(parameter, i, 0.25 * feature());
        }
    double cost;
    ffnn_status status = FFNN_OK;
    if (t->in_batches)
        for (int epoch = 0; epoch < EPOCHS && status == FFNN_OK; epoch++)
            status = ffnn_run_epoch(run, NULL, BATCH, &cost, NULL, NULL);
    else
        status = ffnn_run_iterate(run, EPOCHS, &cost, NULL, NULL);
    CHECK(status == FFNN_OK, "it ends by %d", (int)status);
    for (int l = 1; l <= t->layers; l++) {
        add_numbers(ffnn_run_parameter(run, 'W', l), t->dims[l] * t->dims[l - 1]);
        add_numbers(ffnn_run_parameter(run, 'b', l), t->dims[l]);
    }
    ffnn_run_free(run);
    check_guards();
}

void check_hash(void)
{
    if (k != ffnn_isa_reproducible()->kernels[k->real]) return;
    training t = {.layers = 3, .dims = {7, 13, 9, 3}, .m = 37};
    for (int g = 0, turn = 0; g < FFNN_ACTIVATIONS; g++)
        for (int o = 0; o < FFNN_OPTIMIZERS && !k->activations[g].by_columns; o++, turn++) {
            const bool is_whole = k->optimizers[o].form == FFNN_WHOLE;
            t.hidden = (ffnn_activation)g, t.optimizer = (ffnn_optimizer)o;
            /* Levenberg-Marquardt takes the first three alone. */
            t.cost = (ffnn_cost)(turn % (is_whole ? 3 : FFNN_COSTS));
            t.in_batches = !is_whole && turn % 2;
            t.clip_norm = !is_whole && turn % 3 ? 1 : 0;
            add_training(&t);
        }
    add_training(&(training){.layers = 2,
                             .dims = {300, 70, 10},
                             .m = 1100,
                             .hidden = FFNN_relu,
                             .cost = FFNN_categorical_cross_entropy,
                             .optimizer = FFNN_adam});
    place("the hash of all trainings");
    if (k->real == FFNN_DOUBLE) CHECK(hash == EXPECTED, "it is %#llx", (unsigned long long)hash);
}
