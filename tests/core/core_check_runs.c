/* core_check_runs.c - whole runs against a naive trainer, and stopped runs. */
#include "core_check.h"

#include "system/os.h"
#include "train/parts.h"

#include <stdatomic.h>

enum { LAYERS = 4, WIDEST = 24, EXAMPLES = 1025, ITERATIONS = 3 };

typedef struct {
    int layers;
    ptrdiff_t dims[LAYERS + 1], m;
    double rate;
    ffnn_view X, Y;
    double W[LAYERS][WIDEST * WIDEST], b[LAYERS][WIDEST]; /* before the run */
} problem;

/* The naive trainer's own state. */
static wide W[LAYERS][WIDEST * WIDEST], b[LAYERS][WIDEST];
static wide dW[LAYERS][WIDEST * WIDEST], db[LAYERS][WIDEST];

static double feature(void)
{
    return uniform(-1, 1);
}

static double answer(void)
{
    return (double)below(2);
}

/* One example forward and backward: adds its gradients, returns its cost; *nearest becomes the
 * least distance of a relu's argument from 0, where a rounding can turn a gradient on or off. */
static wide add_example(const problem *q, ptrdiff_t j, wide *nearest)
{
    wide a[LAYERS + 1][WIDEST], d[WIDEST], d_prev[WIDEST], cost = 0;
    for (ptrdiff_t i = 0; i < q->dims[0]; i++) a[0][i] = at(q->X, i, j);
    for (int l = 0; l < q->layers; l++)
        for (ptrdiff_t i = 0; i < q->dims[l + 1]; i++) {
            wide z = b[l][i];
            for (ptrdiff_t p = 0; p < q->dims[l]; p++) z += W[l][i * q->dims[l] + p] * a[l][p];
            if (l < q->layers - 1) {
                *nearest = fminl(*nearest, fabsl(z));
                a[l + 1][i] = z > 0 ? z : 0;
            } else {
                wide y = at(q->Y, i, j);
                a[l + 1][i] = true_sigmoid(z);
                cost += (z > 0 ? z : 0) - z * y + log1pl(expl(-fabsl(z)));
                d[i] = a[l + 1][i] - y;
            }
        }
    for (int l = q->layers - 1; l >= 0; l--) {
        memset(d_prev, 0, sizeof d_prev);
        for (ptrdiff_t i = 0; i < q->dims[l + 1]; i++) {
            db[l][i] += d[i];
            for (ptrdiff_t p = 0; p < q->dims[l]; p++) {
                dW[l][i * q->dims[l] + p] += d[i] * a[l][p];
                if (l > 0 && a[l][p] > 0) d_prev[p] += W[l][i * q->dims[l] + p] * d[i];
            }
        }
        memcpy(d, d_prev, sizeof d);
    }
    return cost;
}

static wide learn(const problem *q, int iterations, wide *nearest)
{
    wide first_cost = 0;
    *nearest = INFINITY;
    for (int l = 0; l < q->layers; l++) {
        for (ptrdiff_t i = 0; i < WIDEST * WIDEST; i++) W[l][i] = q->W[l][i];
        for (ptrdiff_t i = 0; i < WIDEST; i++) b[l][i] = q->b[l][i];
    }
    for (int step = 0; step < iterations; step++) {
        wide cost = 0;
        memset(dW, 0, sizeof dW);
        memset(db, 0, sizeof db);
        for (ptrdiff_t j = 0; j < q->m; j++) cost += add_example(q, j, nearest);
        if (step == 0) first_cost = cost / q->m;
        for (int l = 0; l < q->layers; l++) {
            for (ptrdiff_t i = 0; i < WIDEST * WIDEST; i++) W[l][i] -= q->rate * dW[l][i] / q->m;
            for (ptrdiff_t i = 0; i < WIDEST; i++) b[l][i] -= q->rate * db[l][i] / q->m;
        }
    }
    return first_cost;
}

/* ---- the core's run ------------------------------------------------------------------------- */

static ffnn_run *start_run(const problem *q, ffnn_view X)
{
    static const double keep_all[LAYERS] = {1, 1, 1, 1};
    ffnn_activation activations[LAYERS];
    for (int l = 0; l < q->layers; l++)
        activations[l] = l < q->layers - 1 ? FFNN_relu : FFNN_sigmoid;
    ffnn_run *run = ffnn_run_new(&(ffnn_run_options){
        .kernels = k,
        .layers = q->layers,
        .dims = q->dims,
        .activations = activations,
        .keep_prob = keep_all,
        .cost = FFNN_binary_cross_entropy,
        .examples = {.X = X, .Y = q->Y},
        .hyperparameters = {.optimizer = FFNN_gd, .learning_rate = q->rate},
    });
    for (int l = 1; run && l <= q->layers; l++) {
        void *of_w = ffnn_run_parameter(run, 'W', l), *of_b = ffnn_run_parameter(run, 'b', l);
        for (ptrdiff_t i = 0; i < q->dims[l] * q->dims[l - 1]; i++) put(of_w, i, q->W[l - 1][i]);
        for (ptrdiff_t i = 0; i < q->dims[l]; i++) put(of_b, i, q->b[l - 1][i]);
    }
    return run;
}

static void pose(problem *q, enum layout layout)
{
    q->rate = 0.75;
    q->X = lay(layout, q->dims[0], q->m, feature);
    q->Y = lay(below(2) ? FAR : PLAIN, q->dims[q->layers], q->m, answer);
    for (int l = 0; l < q->layers; l++) {
        for (ptrdiff_t i = 0; i < WIDEST * WIDEST; i++)
            q->W[l][i] = rounded(uniform(-1, 1) / sqrt((double)q->dims[l]));
        for (ptrdiff_t i = 0; i < WIDEST; i++) q->b[l][i] = rounded(uniform(-0.5, 0.5));
    }
}

static void check_same_parameters(const problem *q, ffnn_run *x, ffnn_run *y, const char *what)
{
    for (int l = 1; l <= q->layers; l++)
        for (const char *kind = "Wb"; *kind; kind++) {
            ptrdiff_t cols = *kind == 'W' ? q->dims[l - 1] : 1;
            ffnn_result a = {ffnn_run_parameter(x, *kind, l), cols};
            ffnn_result c = {ffnn_run_parameter(y, *kind, l), cols};
            check_same_bits(a, c, q->dims[l], cols, what);
        }
}

static void check_parameters(const problem *q, ffnn_run *run)
{
    /* A missing or misplaced example of 1025 moves a parameter by some 1e-4. */
    const wide bound = (narrow ? 128 : 64) * unit;
    for (int l = 1; l <= q->layers; l++) {
        const void *of_w = ffnn_run_parameter(run, 'W', l), *of_b = ffnn_run_parameter(run, 'b', l);
        for (ptrdiff_t i = 0; i < q->dims[l] * q->dims[l - 1]; i++)
            CHECK(fabsl(get(of_w, i) - W[l - 1][i]) <= bound, "W%d [%td]: %.17g, not %.17Lg", l, i,
                  get(of_w, i), W[l - 1][i]);
        for (ptrdiff_t i = 0; i < q->dims[l]; i++)
            CHECK(fabsl(get(of_b, i) - b[l - 1][i]) <= bound, "b%d [%td]: %.17g, not %.17Lg", l, i,
                  get(of_b, i), b[l - 1][i]);
    }
}

static void try_run(int layers, const ptrdiff_t *dims, ptrdiff_t m, enum layout layout)
{
    static problem q;
    place("run of %d layers, %td -> .. -> %td, %td examples, X %s", layers, dims[0], dims[layers],
          m, layout_names[layout]);
    q.layers = layers;
    q.m = m;
    memcpy(q.dims, dims, sizeof *dims * (size_t)(layers + 1));
    wide cost = 0, nearest = 0;
    for (int tries = 0; tries < 50 && nearest < 200 * unit; tries++) {
        fresh();
        pose(&q, layout);
        cost = learn(&q, ITERATIONS, &nearest);
    }
    CHECK(nearest >= 200 * unit, "no data away from the bends of relu");
    ffnn_run *whole_run = start_run(&q, q.X), *in_steps = start_run(&q, plain_copy(q.X));
    double got = -1, first = -1, next = -1;
    ffnn_status status = ffnn_run_iterate(whole_run, ITERATIONS, &got, NULL, NULL);
    CHECK(status == FFNN_OK, "status %d", (int)status);
    const wide bound = (32 + (narrow ? (wide)m : 0)) * unit;
    CHECK(fabsl(got - cost) <= bound * cost, "cost %.17g, not %.17Lg", got, cost);
    check_parameters(&q, whole_run);
    for (int step = 0; step < ITERATIONS; step++)
        ffnn_run_iterate(in_steps, 1, step ? &next : &first, NULL, NULL);
    CHECK(first == got && (next < first || m < 20), "costs %a then %a, not %a", first, next, got);
    check_same_parameters(&q, in_steps, whole_run, "step by step, X contiguous");
    check_guards();
    ffnn_run_free(whole_run);
    ffnn_run_free(in_steps);
}

/* ---- epochs --------------------------------------------------------------------------------- */

/* A pass in a given order is a pass through X laid out in that order, to the bit. */
static void try_epoch(ptrdiff_t m, ptrdiff_t batch, enum layout layout)
{
    static problem q = {.layers = 3, .dims = {5, 9, 4, 2}};
    static ptrdiff_t order[EXAMPLES];
    q.m = m;
    place("an epoch of %td examples by %td, X %s", m, batch, layout_names[layout]);
    fresh();
    pose(&q, layout);
    for (ptrdiff_t j = 0; j < m; j++) order[j] = j;
    for (ptrdiff_t j = m - 1; j > 0; j--) {
        const ptrdiff_t other = below(j + 1), kept = order[j];
        order[j] = order[other], order[other] = kept;
    }
    problem sorted = q;
    sorted.X = plain_copy(q.X);
    sorted.Y = plain_copy(q.Y);
    for (ptrdiff_t j = 0; j < m; j++) {
        for (ptrdiff_t i = 0; i < 5; i++)
            put((void *)sorted.X.data, i * m + j, at(q.X, i, order[j]));
        for (ptrdiff_t i = 0; i < 2; i++)
            put((void *)sorted.Y.data, i * m + j, at(q.Y, i, order[j]));
    }
    ffnn_run *shuffled = start_run(&q, q.X), *straight = start_run(&sorted, sorted.X);
    double cost, due;
    for (int pass = 0; pass < 2; pass++) {
        CHECK(ffnn_run_epoch(shuffled, order, batch, &cost, NULL, NULL) == FFNN_OK, "shuffled");
        CHECK(ffnn_run_epoch(straight, NULL, batch, &due, NULL, NULL) == FFNN_OK, "straight");
        CHECK(same(cost, due), "cost %a, not %a", cost, due);
    }
    check_same_parameters(&q, shuffled, straight, "gathered or in place");
    CHECK(*ffnn_run_steps(shuffled) == 2 * ((m + batch - 1) / batch), "steps");
    check_guards();
    ffnn_run_free(shuffled);
    ffnn_run_free(straight);
}

/* ---- runs that are stopped ------------------------------------------------------------------ */

typedef struct {
    int calls, stop_at;
} visitor;

static bool impatient(void *context)
{
    visitor *p = context;
    return ++p->calls >= p->stop_at;
}

/* Stopped at the third look, and not asked again; a run of its own before and after is unmoved. */
static void check_stop(void)
{
    static problem q = {.layers = 2, .dims = {1, 2, 1}, .m = 1};
    place("a run that is stopped");
    fresh();
    pose(&q, PLAIN);
    ffnn_run *undisturbed = start_run(&q, q.X), *stopped = start_run(&q, q.X), *after;
    double cost;
    ffnn_run_iterate(undisturbed, ITERATIONS, &cost, NULL, NULL);
    visitor p = {0, 3};
    ffnn_status status = ffnn_run_iterate(stopped, 1000 * 1000, &cost, impatient, &p);
    CHECK(status == FFNN_INTERRUPTED && p.calls == 3, "status %d after %d looks", (int)status,
          p.calls);
    after = start_run(&q, q.X);
    p = (visitor){0, 1 << 30};
    status = ffnn_run_iterate(after, ITERATIONS, &cost, impatient, &p);
    CHECK(status == FFNN_OK && p.calls < 2, "status %d", (int)status);
    check_same_parameters(&q, after, undisturbed, "after a stopped run");
    status = ffnn_run_iterate(after, 0, &cost, impatient, &p);
    CHECK(status == FFNN_OK, "no iterations: status %d", (int)status);
    check_same_parameters(&q, after, undisturbed, "after no iterations");
    ffnn_run_free(undisturbed);
    ffnn_run_free(stopped);
    ffnn_run_free(after);
}

/* ---- threads that take shards --------------------------------------------------------------- */

#ifndef FFNN_OS_ALONE
enum { TOGETHER = 3 };

static int turn_of_all;
static _Thread_local int turn_here;
static atomic_int arrived; /* threads, in this turn */

/* relu; at their first one in a turn threads wait for each other, a while. */
static void relu_together(ptrdiff_t rows, ptrdiff_t cols, const void *z, ptrdiff_t z_row, void *a,
                          ptrdiff_t a_row)
{
    const double until = ffnn_os_seconds() + 0.2;
    k->activations[FFNN_relu].value(rows, cols, z, z_row, a, a_row);
    if (turn_here == turn_of_all) return;
    turn_here = turn_of_all;
    atomic_fetch_add(&arrived, 1);
    while (atomic_load(&arrived) < TOGETHER && ffnn_os_seconds() < until) ffnn_os_yield();
}

/* As many as there are now, whatever the run began with, and each in memory of its own. */
static void check_shards_side_by_side(void)
{
    static problem q = {.layers = 2, .dims = {12, 20, 2}, .m = 4 * EXAMPLES};
    static ffnn_kernels meeting;
    const ffnn_kernels *const plain = k;
    const double began = ffnn_os_seconds();
    const int before = ffnn_pool_threads();
    double cost;
    place("shards side by side");
    fresh();
    pose(&q, PLAIN);
    ffnn_run *alone = start_run(&q, q.X);
    meeting = *plain;
    meeting.activations[FFNN_relu].value = relu_together;
    k = &meeting;
    ffnn_run *shared = start_run(&q, q.X);
    k = plain;
    ffnn_pool_set_threads(1);
    ffnn_run_iterate(alone, 1, &cost, NULL, NULL);
    ffnn_run_iterate(shared, 1, &cost, NULL, NULL);
    do {
        atomic_store(&arrived, 0);
        turn_of_all++;
        ffnn_pool_set_threads(1);
        ffnn_run_iterate(alone, 1, &cost, NULL, NULL);
        ffnn_pool_set_threads(TOGETHER);
        ffnn_run_iterate(shared, 1, &cost, NULL, NULL);
    } while (arrived < TOGETHER && ffnn_os_seconds() < began + 30);
    CHECK(arrived == TOGETHER, "%d threads took part", arrived);
    ffnn_pool_set_threads(before);
    check_same_parameters(&q, alone, shared, "side by side");
    ffnn_run_free(alone);
    ffnn_run_free(shared);
}
#endif

/* Examples that fit into a shorter vector, in small nets: kernels that have one. */
static void check_narrow_kernels(void)
{
    const ffnn_kernels *narrow = ffnn_isa_kernels_for(k, 1);
    const ffnn_isa *best = ffnn_isa_available(0);
    const bool has_narrow = strcmp(best->name, "avx512") == 0 && best->kernels[k->real] == k;
    place("narrow kernels");
    CHECK(narrow->real == k->real && narrow->lanes == k->lanes / (has_narrow ? 2 : 1), "%td lanes",
          narrow->lanes);
    CHECK(ffnn_isa_kernels_for(k, narrow->lanes) == narrow, "as many columns as lanes");
    CHECK(ffnn_isa_kernels_for(k, k->lanes) == k, "more columns");
    static problem q = {.layers = 2, .dims = {5, 4, 1}};
    for (q.m = narrow->lanes; q.m <= narrow->lanes + 1; q.m++) {
        fresh();
        pose(&q, PLAIN);
        ffnn_run *run = start_run(&q, q.X);
        CHECK(run->k == (q.m == narrow->lanes ? narrow : k), "%td examples", q.m);
        ffnn_run_free(run);
    }
}

void check_runs(void)
{
    check_narrow_kernels();
    const ptrdiff_t V = k->lanes, sizes[] = {1, V - 1, V, V + 1, 511, 512, 513, EXAMPLES};
    const ptrdiff_t nets[][LAYERS + 1] = {
        {5, 1}, {7, 3}, {12, 7, 1}, {1, 13, 2}, {9, 20, 7, 1}, {12, 20, 7, 5, 1}, {3, 1, 2, 1, 3}};
    const int layers[] = {1, 1, 2, 2, 3, 4, 4};
    int turn = 0;
    for (int net = 0; net < 7; net++)
        for (int s = 0; s < 8; s++, turn += 4)
            if (!skipped(5)) try_run(layers[net], nets[net], sizes[s], turn % LAYOUTS);
    for (int layout = 0; layout < LAYOUTS; layout++)
        for (int s = 0; s < 8; s++)
            if (!skipped(3)) try_epoch(sizes[s], sizes[(s + layout) % 8], (enum layout)layout);
    check_stop();
#ifndef FFNN_OS_ALONE
    check_shards_side_by_side();
#endif
}
