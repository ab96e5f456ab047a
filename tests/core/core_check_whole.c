/* core_check_whole.c - whole runs of methods that take the whole vector of gradients: costs that
 * never rise, one call or many, snapshots, interruptions.
 */
#include "core_check.h"

#include <stdlib.h>
#include <string.h>

enum { LAYERS = 2, STEPS = 12 };
static const ptrdiff_t dims[LAYERS + 1] = {3, 5, 2};

static double feature(void)
{
    return uniform(-1, 1);
}

/* The run's method, with Bayesian regularisation where that is wanted. */
typedef struct {
    ffnn_optimizer optimizer;
    bool is_bayesian;
} method;

static const char *name_of(method with)
{
    return with.is_bayesian ? "bayesian" : k->optimizers[with.optimizer].name;
}

static ffnn_run *start_of(const ptrdiff_t *sizes, method with, ffnn_view X, ffnn_view Y,
                          const void *weights)
{
    static const double keep_all[LAYERS] = {1, 1};
    static const ffnn_activation activations[LAYERS] = {FFNN_tanh, FFNN_linear};
    ffnn_run *run = ffnn_run_new(&(ffnn_run_options){
        .kernels = k,
        .layers = LAYERS,
        .dims = sizes,
        .activations = activations,
        .keep_prob = keep_all,
        .cost = FFNN_mean_squared_error,
        .examples = {.X = X, .Y = Y, .weights = weights},
        .hyperparameters = {.optimizer = with.optimizer,
                            .history_size = 4,
                            .lambd = with.is_bayesian ? 0 : 0.5,
                            .bayesian = with.is_bayesian},
    });
    if (!run) return NULL;
    for (int l = 1; l <= LAYERS; l++) {
        void *W = ffnn_run_parameter(run, 'W', l), *b = ffnn_run_parameter(run, 'b', l);
        for (ptrdiff_t i = 0; i < sizes[l] * sizes[l - 1]; i++) put(W, i, cos((double)(7 * i + l)));
        for (ptrdiff_t i = 0; i < sizes[l]; i++) put(b, i, 0.1 * (double)i);
    }
    ffnn_run_snapshot(run);
    return run;
}

static ffnn_run *start(method with, ffnn_view X, ffnn_view Y, const void *weights)
{
    return start_of(dims, with, X, Y, weights);
}

static bool go_on(void *context)
{
    ++*(int *)context;
    return false;
}

static bool stop_at_once(void *context)
{
    ++*(int *)context;
    return true;
}

static void check_same_parameters(ffnn_run *x, ffnn_run *y, const char *what)
{
    for (int l = 1; l <= LAYERS; l++) {
        const ffnn_result W = {ffnn_run_parameter(x, 'W', l), dims[l - 1]};
        const ffnn_result V = {ffnn_run_parameter(y, 'W', l), dims[l - 1]};
        check_same_bits(W, V, dims[l], dims[l - 1], what);
        const ffnn_result b = {ffnn_run_parameter(x, 'b', l), 1};
        const ffnn_result c = {ffnn_run_parameter(y, 'b', l), 1};
        check_same_bits(b, c, dims[l], 1, what);
    }
}

/* A second run that begins where the first is, with what that remembers. */
static void take_over(ffnn_run *to, ffnn_run *from, ffnn_optimizer optimizer)
{
    ffnn_run_begin(to);
    if (optimizer == FFNN_lbfgs)
        ffnn_run_set_pairs(to, ffnn_run_pairs(from, false));
    else
        *ffnn_run_lm_state(to, false) = *ffnn_run_lm_state(from, false);
    for (int l = 1; l <= LAYERS; l++)
        for (const char *kind = "Wb"; *kind; kind++) {
            const ptrdiff_t count = dims[l] * (*kind == 'W' ? dims[l - 1] : 1);
            const size_t bytes = (size_t)(count * k->element_bytes);
            memcpy(ffnn_run_parameter(to, *kind, l), ffnn_run_parameter(from, *kind, l), bytes);
            for (ptrdiff_t i = 0; optimizer == FFNN_lbfgs && i < ffnn_run_pairs(from, false); i++)
                for (int which = 0; which < 2; which++)
                    memcpy(ffnn_run_pair(to, false, i, which, *kind, l),
                           ffnn_run_pair(from, false, i, which, *kind, l), bytes);
        }
    if (optimizer == FFNN_lbfgs) ffnn_run_settle_pairs(to);
}

static void check_method(method with, ptrdiff_t m, enum layout layout)
{
    place("%s of %td, %s", name_of(with), m, layout_names[layout]);
    fresh();
    const ffnn_view X = lay(layout, dims[0], m, feature), Y = lay(PLAIN, dims[LAYERS], m, feature);
    void *weights = take(m);
    for (ptrdiff_t j = 0; j < m; j++) put(weights, j, 1 + (double)(j % 3));
    ffnn_run *one = start(with, X, Y, weights), *many = start(with, X, Y, weights);
    ffnn_run *late = start(with, X, Y, weights);
    CHECK(one && many && late, "no memory");
    double cost, before = HUGE_VAL;
    CHECK(ffnn_run_iterate(one, STEPS, &cost, NULL, NULL) == FFNN_OK, "it did not end well");
    for (int i = 0; i < STEPS; i++) {
        if (i == STEPS / 2) take_over(late, many, with.optimizer);
        ffnn_run_ask_record(many, true);
        ffnn_run_iterate(many, 1, &cost, NULL, NULL);
        CHECK(ffnn_run_is_recorded(many), "no record point at %d", i);
        CHECK(cost <= before || with.is_bayesian, "the cost rises from %g to %g", before, cost);
        before = cost;
    }
    check_same_parameters(one, many, "one call and many");
    CHECK(ffnn_run_evaluations(one) == ffnn_run_evaluations(many), "evaluations");
    ffnn_run_iterate(late, STEPS - STEPS / 2, &cost, NULL, NULL);
    check_same_parameters(one, late, "a run taken over");
    /* Back before the last step, and again. */
    ffnn_run_restore(many);
    CHECK(*ffnn_run_steps(many) < *ffnn_run_steps(one) || ffnn_run_ending(one) != FFNN_GOES_ON,
          "%td steps", *ffnn_run_steps(many));
    ffnn_run_iterate(many, 1, &cost, NULL, NULL);
    check_same_parameters(one, many, "a step that is repeated");
    ffnn_run_free(one), ffnn_run_free(many), ffnn_run_free(late);
    check_guards();
}

/* Interrupted between products, the snapshot is what the run goes on from. */
static void check_interruption(method with)
{
    enum { M = 100000 };
    place("%s interrupted", name_of(with));
    fresh();
    const ffnn_view X = lay(SAME_COLS, dims[0], M, feature),
                    Y = lay(PLAIN, dims[LAYERS], M, feature);
    ffnn_run *run = start(with, X, Y, NULL), *other = start(with, X, Y, NULL);
    CHECK(run && other, "no memory");
    int asked = 0;
    double cost;
    ffnn_run_iterate(run, 2, &cost, NULL, NULL);
    ffnn_run_iterate(other, 2, &cost, NULL, NULL);
    ffnn_run_snapshot(run);
    const ffnn_status status = ffnn_run_iterate(run, 1000, &cost, stop_at_once, &asked);
    CHECK(status == FFNN_INTERRUPTED && asked == 1, "it ends by %d", (int)status);
    ffnn_run_restore(run);
    check_same_parameters(run, other, "restored");
    ffnn_run_iterate(run, 2, &cost, NULL, NULL);
    ffnn_run_iterate(other, 2, &cost, NULL, NULL);
    check_same_parameters(run, other, "restored and on");
    ffnn_run_free(run), ffnn_run_free(other);
    check_guards();
}

/* Within a step, too, the poll is asked after each 200 million multiply-adds: what lies between two
 * looks at 1,982 parameters is no more than a block of columns or of rows. */
static void check_polls(method with)
{
    enum { HIDDEN = 330, M = 512 };
    place("%s asks", name_of(with));
    fresh();
    const ptrdiff_t sizes[] = {dims[0], HIDDEN, dims[LAYERS]};
    const ffnn_view X = lay(SAME_COLS, dims[0], M, feature),
                    Y = lay(PLAIN, dims[LAYERS], M, feature);
    ffnn_run *run = start_of(sizes, with, X, Y, NULL);
    CHECK(run, "no memory");
    int asked = 0;
    double cost;
    ffnn_run_iterate(run, 1, &cost, go_on, &asked);
    const double P = HIDDEN * (3 + 1) + 2 * (HIDDEN + 1);
    const double least = P * P * M + P * P * P / 6 * (with.is_bayesian ? 3 : 1); /* two outputs */
    CHECK((double)asked * 300e6 >= least, "%d times in %g multiply-adds", asked, least);
    ffnn_run_free(run);
    check_guards();
}

static bool stop_once_estimated(void *context)
{
    return ffnn_run_lm_state(context, false)->weight_variance != 0;
}

/* The posterior and the variances of outputs, too: what was estimated is forgotten. */
static void check_interrupted_posterior(method with)
{
    enum { HIDDEN = 120, P = HIDDEN * (3 + 1) + 2 * (HIDDEN + 1), M = 440 };
    place("posterior interrupted");
    fresh();
    const ptrdiff_t sizes[] = {dims[0], HIDDEN, dims[LAYERS]};
    const ffnn_view X = lay(SAME_COLS, dims[0], M, feature),
                    Y = lay(PLAIN, dims[LAYERS], M, feature);
    ffnn_run *run = start_of(sizes, with, X, Y, NULL);
    double *L = calloc(P * P, sizeof *L), *variances = calloc(2 * M, sizeof *variances);
    CHECK(run && L && variances, "no memory");
    const ffnn_lm_state before = *ffnn_run_lm_state(run, false);
    int asked = 0;
    double evidence = 7;
    ffnn_status status = ffnn_run_posterior(run, L, &evidence, stop_once_estimated, run);
    CHECK(status == FFNN_INTERRUPTED && evidence == 7, "it ends by %d", (int)status);
    const ffnn_lm_state *after = ffnn_run_lm_state(run, false);
    CHECK(memcmp(after, &before, sizeof before) == 0, "the state is another");
    for (ptrdiff_t i = 0; i < P; i++) L[i * P + i] = 1;
    status = ffnn_run_variances(run, L, variances, stop_at_once, &asked);
    CHECK(status == FFNN_INTERRUPTED && asked == 1, "it ends by %d", (int)status);
    status = ffnn_run_posterior(run, L, &evidence, NULL, NULL);
    CHECK(status == FFNN_OK && isfinite(evidence) && after->noise_variance > 0,
          "evidence %g, noise %g", evidence, after->noise_variance);
    free(L), free(variances);
    ffnn_run_free(run);
    check_guards();
}

static void check_all(method with)
{
    const ptrdiff_t sizes[] = {1, 3, 8, 41, 511, 513, 1100};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++)
        for (int layout = 0; layout < STRIDED + 1; layout++)
            if (!skipped(5)) check_method(with, sizes[i], (enum layout)layout);
    if (!skipped(4)) check_interruption(with);
    if (with.is_bayesian && (!quick || k->real == FFNN_FLOAT)) check_interrupted_posterior(with);
    if (with.optimizer == FFNN_levenberg_marquardt && !quick) check_polls(with);
}

void check_whole(void)
{
    for (int o = 0; o < FFNN_OPTIMIZERS; o++) {
        if (k->optimizers[o].form != FFNN_WHOLE) continue;
        check_all((method){(ffnn_optimizer)o, false});
    }
    check_all((method){FFNN_levenberg_marquardt, true});
}
