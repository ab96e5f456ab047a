/* core_check.h - what the checks of the core share: guarded memory, numbers, layouts, reports. */
#ifndef CORE_CHECK_H
#define CORE_CHECK_H

#include "product/product.h"
#include "system/system.h"
#include "train/train.h"

#include <math.h>
#include <stdint.h>

typedef long double wide;

extern const ffnn_kernels *k; /* the table under test */
extern double unit;           /* the largest relative error of one rounding in its type */
extern bool quick;            /* fewer sizes: an emulator runs the program */
/* long double, or what the C library computes in it, is no wider than double: as valgrind has the
 * one, and musl the other where it has 128 bits. */
extern bool narrow;
extern long checks, failures;

/* ---- reports -------------------------------------------------------------------------------- */

/* Says what is being done; a failure and a crash print it. */
void place(const char *format, ...) __attribute__((format(printf, 1, 2)));
void fail(const char *format, ...) __attribute__((format(printf, 1, 2)));
#define CHECK(ok, ...) ((ok) ? (void)checks++ : fail(__VA_ARGS__))

/* True for all but one of `of` calls where a quick run is wanted. */
bool skipped(int of);

/* ---- numbers -------------------------------------------------------------------------------- */

double uniform(double low, double high);
ptrdiff_t below(ptrdiff_t n);
/* Of either sign and with a magnitude of 0.5 .. 1, so that no product of two of them is small. */
double solid(void);
/* -8 .. 8: sums of their products are exact. */
double whole(void);

/* Where something happens: edges of the type, of reduced ranges, of results. */
double chosen(void);
/* A layer's Z. */
double moderate(void);
bool is_double(void);

/* The type's own arithmetic, rounded at every step. */
double rounded(double x);
double product(double x, double y);
double quotient(double x, double y);
double difference(double x, double y);
double sum(double x, double y);

bool same(double x, double y); /* the same value or both NaN; -0.0 is not 0.0 */
/* The distance of `got` from the truth in units of the last place at the truth. */
double ulps(wide truth, double got);

/* ---- truths --------------------------------------------------------------------------------- */

wide true_sigmoid(wide z);

/* An activation of single elements. */
typedef struct {
    const char *name;
    double ulps; /* what its value may be off */
    wide (*value)(wide z), (*slope)(wide z);
} truth;

const truth *truth_of(ffnn_activation g);
wide true_slope(ffnn_activation g, wide z);
/* More than t->ulps where the truth itself errs. */
double allowed_ulps(const truth *t);

/* ---- guarded memory ------------------------------------------------------------------------- */

/* Takes back all that was taken. */
void fresh(void);
/* So many elements, all NaN, at the edge of a page that cannot be touched. */
void *take(ptrdiff_t elements);
/* A result whose rows are `gap` elements apart. */
ffnn_result take_result(ptrdiff_t rows, ptrdiff_t cols, ptrdiff_t gap);
/* Was nothing written beside what was taken since `fresh`? */
void check_guards(void);
/* Nor between the rows of a result? */
void check_gaps(ffnn_result result, ptrdiff_t rows, ptrdiff_t cols);

/* core_check_pages.c: no page of what is reserved can be touched until it is opened; what runs
 * before the program ends by a signal for memory. */
size_t page_bytes(void);
char *reserve_pages(size_t bytes); /* or NULL */
bool open_pages(char *begin, size_t bytes);
void on_crash(void (*report)(int number));

double get(const void *data, ptrdiff_t i);
void put(void *data, ptrdiff_t i, double x);

/* ---- layouts -------------------------------------------------------------------------------- */

enum layout {
    PLAIN,
    TRANSPOSED,
    REVERSED,
    REVERSED_ROWS,
    STRIDED,
    FAR, /* rows a multiple of 1 KB apart */
    SAME_ROWS,
    SAME_COLS,
    ALL_SAME,
    LAYOUTS
};
extern const char *const layout_names[LAYOUTS];

/* A view in that layout; what lies between its elements is NaN. */
ffnn_view lay(enum layout layout, ptrdiff_t rows, ptrdiff_t cols, double (*number)(void));
ffnn_view plain_copy(ffnn_view v);
ffnn_view plain_view(const void *data, ptrdiff_t rows, ptrdiff_t cols, ptrdiff_t row);
double at(ffnn_view v, ptrdiff_t i, ptrdiff_t j);
/* Are these results the same, bit for bit? */
void check_same_bits(ffnn_result x, ffnn_result y, ptrdiff_t rows, ptrdiff_t cols,
                     const char *what);

/* ---- the checks, each for the table k ------------------------------------------------------- */

void check_maps(void);      /* exp, log, activations */
void check_costs(void);     /* costs and their gradients */
void check_updates(void);   /* divide, update, add, row_sums, pack, optimisers */
void check_products(void);  /* ffnn_product_run */
void check_sparse(void);    /* products with sparse examples */
void check_layers(void);    /* one layer forward and backward */
void check_runs(void);      /* whole runs */
void check_search(void);    /* line search, Cholesky factor */
void check_whole(void);     /* runs of methods on whole vectors */
void check_hash(void);      /* whole trainings end at the same bits on every machine */
void check_pool(void);      /* threads */
void check_memory(void);    /* the allocator, and work without memory */
void check_unwritten(void); /* runs in memory that holds NaN */

#endif
