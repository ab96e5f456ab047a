/* core_check.c - proves the core, without Python: the plan, and what the checks share.
 *
 *   make core                   every instruction set of this machine, float and double
 *   CORE_CHECK_QUICK=1          fewer sizes, for emulators
 *   CORE_CHECK_ONLY="pool hash" some parts of the plan, see below
 *
 * Everything is held against naive loops in long double. Arrays end, or begin, at pages that cannot
 * be touched; the other side and the gaps between rows hold NaN and must still do so afterwards.
 */
#include "core_check.h"

#include <float.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { SLOTS = 24, SLOT_BYTES = 8 << 20, CANARIES = 256, CANARY = 0xff, PRINTED = 10 };

const ffnn_kernels *k;
double unit;
bool quick, narrow;
long checks, failures;

static const char *isa_name = "";
static char where[300] = "the beginning";

/* ---- reports -------------------------------------------------------------------------------- */

static const char *type_name(void)
{
    return k && k->real == FFNN_FLOAT ? "float" : "double";
}

void place(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(where, sizeof where, format, arguments);
    va_end(arguments);
}

void fail(const char *format, ...)
{
    if (failures++ >= PRINTED) return;
    printf("FAILED: %s %s: %s: ", isa_name, type_name(), where);
    va_list arguments;
    va_start(arguments, format);
    vprintf(format, arguments);
    va_end(arguments);
    printf("\n");
    fflush(stdout);
}

/* A guard page was touched, most likely; only what is safe in a handler. */
static void crashed(int number)
{
    const char *const parts[] = {"FAILED: ", isa_name, " ",          type_name(),
                                 ": ",       where,    ": crashed\n"};
    for (size_t i = 0; i < sizeof parts / sizeof *parts; i++)
        if (write(STDOUT_FILENO, parts[i], strlen(parts[i])) < 0) break;
    (void)number;
    _exit(1);
}

bool skipped(int of)
{
    static int calls;
    return quick && calls++ % of != 0;
}

/* ---- numbers -------------------------------------------------------------------------------- */

static uint64_t state;

static uint64_t random_bits(void)
{
    uint64_t z = state += UINT64_C(0x9e3779b97f4a7c15);
    z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
    return z ^ z >> 31;
}

double uniform(double low, double high)
{
    return low + (high - low) * (double)(random_bits() >> 11) * 0x1p-53;
}

ptrdiff_t below(ptrdiff_t n)
{
    return (ptrdiff_t)(random_bits() % (uint64_t)n);
}

double solid(void)
{
    double x = uniform(0.5, 1);
    return random_bits() & 1 ? x : -x;
}

double whole(void)
{
    return (double)(below(17) - 8);
}

static bool is_float(void)
{
    return k->real == FFNN_FLOAT;
}

double rounded(double x)
{
    return is_float() ? (float)x : x;
}

double product(double x, double y)
{
    return is_float() ? (float)x * (float)y : x * y;
}

double quotient(double x, double y)
{
    return is_float() ? (float)x / (float)y : x / y;
}

double difference(double x, double y)
{
    return is_float() ? (float)x - (float)y : x - y;
}

double sum(double x, double y)
{
    return is_float() ? (float)x + (float)y : x + y;
}

bool same(double x, double y)
{
    return isnan(x) ? isnan(y) : x == y && signbit(x) == signbit(y);
}

double ulps(wide truth, double got)
{
    if (isnan(truth) || isnan(got)) return isnan(truth) && isnan(got) ? 0 : INFINITY;
    const int digits = is_float() ? FLT_MANT_DIG : DBL_MANT_DIG;
    const int least = is_float() ? FLT_MIN_EXP : DBL_MIN_EXP;
    const double greatest = is_float() ? FLT_MAX : DBL_MAX;
    const double last = is_float() ? 0x1p104 : 0x1p971; /* an ulp of the greatest */
    if (isinf(got)) { /* infinity stands for the number behind the greatest */
        if ((double)truth == got) return 0;
        wide beyond = (fabsl(truth) - greatest) / last;
        return signbit(truth) != signbit(got) ? INFINITY : beyond >= 1 ? 0 : (double)(1 - beyond);
    }
    if (isinf(truth)) return INFINITY;
    int exponent;
    frexpl(truth, &exponent);
    if (truth == 0 || exponent < least) exponent = least;
    return (double)ldexpl(fabsl(truth - got), digits - exponent);
}

/* ---- guarded memory ------------------------------------------------------------------------- */

static char *slots;
static size_t page;
static int taken;
static struct {
    char *data;
    size_t bytes;
} blocks[SLOTS];

static char *slot(int i)
{
    return slots + (size_t)i * (SLOT_BYTES + page) + page;
}

/* A page without access before and behind every slot. */
static void map_slots(void)
{
    page = page_bytes();
    slots = reserve_pages(SLOTS * (SLOT_BYTES + page) + page);
    bool bad = !slots;
    for (int i = 0; i < SLOTS && !bad; i++) bad = !open_pages(slot(i), SLOT_BYTES);
    if (!bad) return;
    printf("FAILED: no guarded memory\n");
    exit(1);
}

void fresh(void)
{
    taken = 0;
}

void *take(ptrdiff_t elements)
{
    size_t bytes = (size_t)(elements * k->element_bytes);
    if (taken == SLOTS || bytes + CANARIES > SLOT_BYTES) {
        fail("the check asks for too much memory");
        exit(1);
    }
    char *begin = slot(taken);
    bool front = random_bits() % 4 == 0;
    char *data = front ? begin : begin + SLOT_BYTES - bytes;
    memset(front ? data : data - CANARIES, CANARY, bytes + CANARIES);
    blocks[taken].data = data;
    blocks[taken++].bytes = bytes;
    return data;
}

ffnn_result take_result(ptrdiff_t rows, ptrdiff_t cols, ptrdiff_t gap)
{
    ptrdiff_t row = cols + gap;
    return (ffnn_result){take(rows > 0 ? (rows - 1) * row + cols : 0), row};
}

void check_guards(void)
{
    for (int i = 0; i < taken; i++) {
        bool front = blocks[i].data == slot(i);
        const char *canaries = front ? blocks[i].data + blocks[i].bytes : blocks[i].data - CANARIES;
        int bad = -1;
        for (int c = 0; c < CANARIES; c++)
            if ((unsigned char)canaries[c] != CANARY) bad = c;
        CHECK(bad < 0, "written %s block %d of %zu bytes", front ? "behind" : "before", i,
              blocks[i].bytes);
    }
}

void check_gaps(ffnn_result result, ptrdiff_t rows, ptrdiff_t cols)
{
    for (ptrdiff_t i = 0; i + 1 < rows; i++)
        for (ptrdiff_t j = cols; j < result.row; j++)
            CHECK(isnan(get(result.data, i * result.row + j)),
                  "written behind row %td, column %td of %td", i, j, cols);
}

double get(const void *data, ptrdiff_t i)
{
    return is_float() ? ((const float *)data)[i] : ((const double *)data)[i];
}

void put(void *data, ptrdiff_t i, double x)
{
    if (is_float())
        ((float *)data)[i] = (float)x;
    else
        ((double *)data)[i] = x;
}

/* ---- layouts -------------------------------------------------------------------------------- */

const char *const layout_names[LAYOUTS] = {"plain",         "transposed", "reversed",
                                           "rows reversed", "strided",    "far",
                                           "one row",       "one column", "one number"};

ffnn_view lay(enum layout layout, ptrdiff_t rows, ptrdiff_t cols, double (*number)(void))
{
    ptrdiff_t far = 1024 / k->element_bytes, row = cols, col = 1;
    if (layout == TRANSPOSED) row = 1, col = rows + 3;
    if (layout == REVERSED) row = -cols, col = -1;
    if (layout == REVERSED_ROWS) row = -cols;
    if (layout == STRIDED) col = 3, row = 3 * cols + 2;
    if (layout == FAR) row = (cols + far - 1) / far * far;
    if (layout == SAME_ROWS || layout == ALL_SAME) row = 0;
    if (layout == SAME_COLS || layout == ALL_SAME) col = 0;
    if (layout == SAME_COLS) row = 1;
    if (rows <= 0 || cols <= 0) return (ffnn_view){take(0), rows, cols, row, col};
    ptrdiff_t down = (rows - 1) * row, right = (cols - 1) * col;
    ptrdiff_t first = (down < 0 ? -down : 0) + (right < 0 ? -right : 0);
    void *data = take((down < 0 ? -down : down) + (right < 0 ? -right : right) + 1);
    for (ptrdiff_t i = 0; i < rows; i++)
        for (ptrdiff_t j = 0; j < cols; j++) put(data, first + i * row + j * col, number());
    return (ffnn_view){(char *)data + first * k->element_bytes, rows, cols, row, col};
}

ffnn_view plain_view(const void *data, ptrdiff_t rows, ptrdiff_t cols, ptrdiff_t row)
{
    return (ffnn_view){data, rows, cols, row, 1};
}

ffnn_view plain_copy(ffnn_view v)
{
    void *data = take(v.rows * v.cols);
    for (ptrdiff_t i = 0; i < v.rows; i++)
        for (ptrdiff_t j = 0; j < v.cols; j++) put(data, i * v.cols + j, at(v, i, j));
    return plain_view(data, v.rows, v.cols, v.cols);
}

double at(ffnn_view v, ptrdiff_t i, ptrdiff_t j)
{
    return get(v.data, i * v.row + j * v.col);
}

void check_same_bits(ffnn_result x, ffnn_result y, ptrdiff_t rows, ptrdiff_t cols, const char *what)
{
    for (ptrdiff_t i = 0; i < rows; i++)
        for (ptrdiff_t j = 0; j < cols; j++) {
            double a = get(x.data, i * x.row + j), b = get(y.data, i * y.row + j);
            CHECK(same(a, b), "%s [%td, %td]: %a, not %a", what, i, j, a, b);
        }
}

/* ---- the plan ------------------------------------------------------------------------------- */

static const struct {
    const char *name;
    void (*check)(void);
} plan[] = {{"maps", check_maps},          {"costs", check_costs},   {"updates", check_updates},
            {"products", check_products},  {"sparse", check_sparse}, {"layers", check_layers},
            {"runs", check_runs},          {"search", check_search}, {"whole", check_whole},
            {"hash", check_hash},          {"pool", check_pool},     {"memory", check_memory},
            {"unwritten", check_unwritten}};

/* All where CORE_CHECK_ONLY is not set. */
static bool is_wanted(const char *name)
{
    const char *only = getenv("CORE_CHECK_ONLY");
    const size_t length = strlen(name);
    if (!only || !*only) return true;
    for (const char *word = only; *word; word += strcspn(word, " ")) {
        word += strspn(word, " ");
        if (strcspn(word, " ") == length && strncmp(word, name, length) == 0) return true;
    }
    return false;
}

static void check_table(const ffnn_isa *isa, ffnn_real real)
{
    k = isa->kernels[real];
    isa_name = isa->name;
    unit = real == FFNN_FLOAT ? FLT_EPSILON / 2 : DBL_EPSILON / 2;
    CHECK(k->real == real && k->element_bytes == (real == FFNN_FLOAT ? 4 : 8), "another type");
    char counts[300] = "";
    size_t used = 0;
    double began = ffnn_os_seconds();
    long before_all = checks;
    for (size_t i = 0; i < sizeof plan / sizeof *plan; i++) {
        if (!is_wanted(plan[i].name)) continue;
        long before = checks;
        state = 1; /* the same numbers whatever else is checked */
        plan[i].check();
        used += (size_t)snprintf(counts + used, sizeof counts - used, "%s %ld, ", plan[i].name,
                                 checks - before);
    }
    printf("%-7s %-6s %sin all %ld, %.1f s\n", isa->name, type_name(), counts, checks - before_all,
           ffnn_os_seconds() - began);
    fflush(stdout);
}

/* Every row by its name, the best one for no name, a sentence for what is not there. */
static void check_choice(void)
{
    const char *why = NULL;
    isa_name = "dispatch";
    place("the choice of an instruction set");
    CHECK(ffnn_isa_choose(NULL, &why) == ffnn_isa_available(0), "no name: not the best");
    static const char *const known[] = {
#define FFNN_ISA(name, host, runs_here, flags) #name,
#include "isa.def"
#undef FFNN_ISA
    };
    for (size_t row = 0, i = 0; row < sizeof known / sizeof *known; row++) {
        const ffnn_isa *isa = ffnn_isa_available((int)i);
        why = NULL;
        if (isa && strcmp(isa->name, known[row]) == 0)
            CHECK(ffnn_isa_choose(known[row], &why) == isa && ++i, "%s: another one", known[row]);
        else
            CHECK(!ffnn_isa_choose(known[row], &why) && why && *why, "%s: runs here", known[row]);
    }
    why = NULL;
    CHECK(!ffnn_isa_choose("mmx", &why) && why && *why, "an unknown name is taken");
}

int main(void)
{
    const char *wish = getenv("CORE_CHECK_QUICK");
    quick = wish && *wish && strcmp(wish, "0") != 0;
    volatile wide one = 1, little = 0x1p-60L;
    volatile double exponent = 1;
    narrow = one + little == one || expl(one) == (wide)exp(exponent);
    on_crash(crashed);
    map_slots();
    check_choice();
    for (int i = 0; ffnn_isa_available(i); i++)
        for (ffnn_real real = FFNN_FLOAT; real < FFNN_REALS; real++)
            check_table(ffnn_isa_available(i), real);
    printf("%ld checks%s, %ld failures\n", checks, quick ? " (quick)" : "", failures);
    return failures != 0;
}
