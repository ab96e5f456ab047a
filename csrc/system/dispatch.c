/* dispatch.c - asks the processor and the operating system once which instruction sets run here.
 *
 * Compiled for the baseline. A wide instruction set counts only where the operating system saves
 * its registers too (xgetbv), or the first task switch would destroy them.
 */
#include "system.h"

#include <string.h>

#if defined(__x86_64__)
#include <cpuid.h>
#define FFNN_HOST_X86_64 1
#define FFNN_HOST_ARM64 0
#elif defined(__aarch64__)
#define FFNN_HOST_X86_64 0
#define FFNN_HOST_ARM64 1
#else
#define FFNN_HOST_X86_64 0
#define FFNN_HOST_ARM64 0
#endif
#define FFNN_HOST_ANY 1

typedef struct {
    bool avx2, fma, avx512; /* avx512: F, DQ, BW and VL together */
    bool os_ymm, os_zmm;
} processor;

#define FFNN_ISA(name, host, runs_here, flags) extern const ffnn_isa ffnn_isa_##name;
#include "../isa.def"
#undef FFNN_ISA

static processor ask_processor(void)
{
    processor cpu = {0};
#if FFNN_HOST_X86_64
    unsigned a, b, c, d;
    if (!__get_cpuid(1, &a, &b, &c, &d)) return cpu;
    cpu.fma = c & bit_FMA;
    if (!(c & bit_OSXSAVE)) return cpu;
    unsigned low, high;
    __asm__("xgetbv" : "=a"(low), "=d"(high) : "c"(0));
    cpu.os_ymm = (low & 0x06) == 0x06; /* XMM and YMM state */
    cpu.os_zmm = (low & 0xe6) == 0xe6; /* and opmask, ZMM0-15 upper halves, ZMM16-31 */
    if (!__get_cpuid_count(7, 0, &a, &b, &c, &d)) return cpu;
    cpu.avx2 = b & bit_AVX2;
    cpu.avx512 =
        (b & bit_AVX512F) && (b & bit_AVX512DQ) && (b & bit_AVX512BW) && (b & bit_AVX512VL);
#endif
    return cpu;
}

static const struct {
    const char *name;
    const ffnn_isa *isa;
} rows[] = {
#define FFNN_ISA(name, host, runs_here, flags) {#name, &ffnn_isa_##name},
#include "../isa.def"
#undef FFNN_ISA
};

enum { ROWS = sizeof rows / sizeof *rows };

/* Was this row built, and does it run here? */
static bool row_runs(int index)
{
    processor answers = ask_processor();
    const processor *cpu = &answers;
    (void)cpu;
    const bool runs[ROWS] = {
#define FFNN_ISA(name, host, runs_here, flags) FFNN_HOST_##host && (runs_here),
#include "../isa.def"
#undef FFNN_ISA
    };
    return runs[index] && rows[index].isa->name;
}

const ffnn_isa *ffnn_isa_available(int index)
{
    for (int row = 0; row < ROWS; row++)
        if (row_runs(row) && index-- == 0) return rows[row].isa;
    return NULL;
}

const ffnn_isa *ffnn_isa_reproducible(void)
{
    return &ffnn_isa_generic;
}

ffnn_float_mode ffnn_flush_subnormals(const ffnn_kernels *k)
{
    const ffnn_float_mode before = ffnn_float_mode_now();
    if (k != ffnn_isa_reproducible()->kernels[k->real]) ffnn_float_mode_set(before | FFNN_FLUSHES);
    return before;
}

const ffnn_kernels *ffnn_isa_kernels_for(const ffnn_kernels *k, ptrdiff_t cols)
{
    for (int row = 0; row < ROWS; row++) {
        const ffnn_isa *narrow = rows[row].isa->narrow;
        if (rows[row].isa->kernels[k->real] == k && narrow && narrow->name &&
            cols <= narrow->kernels[k->real]->lanes)
            return narrow->kernels[k->real];
    }
    return k;
}

const ffnn_kernels *ffnn_isa_kernels_as(const ffnn_kernels *k, ffnn_real real)
{
    for (int row = 0; row < ROWS; row++)
        if (rows[row].isa->kernels[k->real] == k) return rows[row].isa->kernels[real];
    return NULL;
}

const ffnn_isa *ffnn_isa_choose(const char *wanted, const char **why)
{
    *why = "there is no such instruction set";
    if (!wanted) return ffnn_isa_available(0);
    for (int row = 0; row < ROWS; row++) {
        if (strcmp(rows[row].name, wanted) != 0) continue;
        *why = "this machine cannot run it";
        return row_runs(row) ? rows[row].isa : NULL;
    }
    return NULL;
}
