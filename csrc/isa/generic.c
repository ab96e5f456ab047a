/* generic.c - any processor: vectors of 16 bytes in the compiler's own notation.
 *
 * Every supported 64-bit host has registers of that size. There is no fused multiply-add to count
 * on, so v_fma rounds twice. Tile: 4 rows x 2 vectors takes 8 + 2 + 1 of the 16 registers of
 * baseline x86-64.
 */
#include "../templates/begin.h"

#define ISA generic

typedef float vec_float __attribute__((vector_size(16)));
typedef double vec_double __attribute__((vector_size(16)));
typedef int32_t ivec_float __attribute__((vector_size(16)));
typedef int64_t ivec_double __attribute__((vector_size(16)));
typedef uint32_t uvec_float __attribute__((vector_size(16)));
typedef uint64_t uvec_double __attribute__((vector_size(16)));

FFNN_INLINE vec_float load_float(const float *p, ptrdiff_t n)
{
    vec_float v = {0};
    memcpy(&v, p, (size_t)n * sizeof *p);
    return v;
}

FFNN_INLINE void store_float(float *p, ptrdiff_t n, vec_float v)
{
    memcpy(p, &v, (size_t)n * sizeof *p);
}

FFNN_INLINE vec_float sqrt_float(vec_float v)
{
    FFNN_UNROLL
    for (int lane = 0; lane < 4; lane++) v[lane] = sqrtf(v[lane]);
    return v;
}

FFNN_INLINE int any_float(ivec_float mask)
{
    int64_t half[2];
    memcpy(half, &mask, sizeof half);
    return (half[0] | half[1]) != 0;
}

/* The two halves of a butterfly step at distance s, a power of two: the lanes of `a` whose number
 * has the bit s change places with the lanes of `b` whose number has it not. */
FFNN_INLINE vec_float exchange_low_float(vec_float a, vec_float b, int s)
{
    FFNN_UNROLL
    for (int lane = 0; lane < 4; lane++)
        if (lane & s) a[lane] = b[lane - s];
    return a;
}

FFNN_INLINE vec_float exchange_high_float(vec_float a, vec_float b, int s)
{
    FFNN_UNROLL
    for (int lane = 0; lane < 4; lane++)
        if (!(lane & s)) b[lane] = a[lane + s];
    return b;
}

FFNN_INLINE vec_double load_double(const double *p, ptrdiff_t n)
{
    vec_double v = {0};
    memcpy(&v, p, (size_t)n * sizeof *p);
    return v;
}

FFNN_INLINE void store_double(double *p, ptrdiff_t n, vec_double v)
{
    memcpy(p, &v, (size_t)n * sizeof *p);
}

FFNN_INLINE vec_double sqrt_double(vec_double v)
{
    FFNN_UNROLL
    for (int lane = 0; lane < 2; lane++) v[lane] = sqrt(v[lane]);
    return v;
}

FFNN_INLINE int any_double(ivec_double mask)
{
    int64_t half[2];
    memcpy(half, &mask, sizeof half);
    return (half[0] | half[1]) != 0;
}

/* The two halves of a butterfly step at distance s, a power of two: the lanes of `a` whose number
 * has the bit s change places with the lanes of `b` whose number has it not. */
FFNN_INLINE vec_double exchange_low_double(vec_double a, vec_double b, int s)
{
    FFNN_UNROLL
    for (int lane = 0; lane < 2; lane++)
        if (lane & s) a[lane] = b[lane - s];
    return a;
}

FFNN_INLINE vec_double exchange_high_double(vec_double a, vec_double b, int s)
{
    FFNN_UNROLL
    for (int lane = 0; lane < 2; lane++)
        if (!(lane & s)) b[lane] = a[lane + s];
    return b;
}

#define real float
#define REAL_IS_DOUBLE 0
#define vec vec_float
#define ivec ivec_float
#define uvec uvec_float
#define vmask ivec_float
#define LANES 4
#define MR 4
#define NV 2
#define v_set1(x) ((real)(x) - (vec){0}) /* the difference saves -0.0 */
#define v_load(p) load_float(p, LANES)
#define v_store(p, v) store_float(p, LANES, v)
#define v_load_part(p, n) load_float(p, n)
#define v_store_part(p, n, v) store_float(p, n, v)
#define v_fma(a, b, c) ((a) * (b) + (c))
#define v_lt(a, b) ((vmask)((a) < (b)))
#define v_le(a, b) ((vmask)((a) <= (b)))
#define v_eq(a, b) ((vmask)((a) == (b)))
#define v_select(mask, yes, no) ((vec)(((mask) & (ivec)(yes)) | (~(mask) & (ivec)(no))))
#define v_any(mask) any_float(mask)
#define m_and(a, b) ((a) & (b))
#define m_or(a, b) ((a) | (b))
#define m_not(a) (~(a))
#define v_bits(x) ((uvec)(x))
#define v_from(b) ((vec)(b))
#define v_abs(x) ((vec)((ivec)(x) & ~(ivec)v_set1(-0.0)))
#define v_sqrt(x) sqrt_float(x)
#define v_min(a, b) v_select(v_lt(a, b), a, b)
#define v_max(a, b) v_select(v_lt(b, a), a, b)
#define v_exchange_low exchange_low_float
#define v_exchange_high exchange_high_float
#define v_load_pieces(p, step) ((void)(step), v_load(p))
#define v_evens(a, b) ((vec){a[0], a[2], b[0], b[2]})
#define v_odds(a, b) ((vec){a[1], a[3], b[1], b[3]})
#include "../templates/kernels.inl.h"

#define real double
#define REAL_IS_DOUBLE 1
#define vec vec_double
#define ivec ivec_double
#define uvec uvec_double
#define vmask ivec_double
#define LANES 2
#define MR 4
#define NV 2
#define v_set1(x) ((real)(x) - (vec){0}) /* the difference saves -0.0 */
#define v_load(p) load_double(p, LANES)
#define v_store(p, v) store_double(p, LANES, v)
#define v_load_part(p, n) load_double(p, n)
#define v_store_part(p, n, v) store_double(p, n, v)
#define v_fma(a, b, c) ((a) * (b) + (c))
#define v_lt(a, b) ((vmask)((a) < (b)))
#define v_le(a, b) ((vmask)((a) <= (b)))
#define v_eq(a, b) ((vmask)((a) == (b)))
#define v_select(mask, yes, no) ((vec)(((mask) & (ivec)(yes)) | (~(mask) & (ivec)(no))))
#define v_any(mask) any_double(mask)
#define m_and(a, b) ((a) & (b))
#define m_or(a, b) ((a) | (b))
#define m_not(a) (~(a))
#define v_bits(x) ((uvec)(x))
#define v_from(b) ((vec)(b))
#define v_abs(x) ((vec)((ivec)(x) & ~(ivec)v_set1(-0.0)))
#define v_sqrt(x) sqrt_double(x)
#define v_min(a, b) v_select(v_lt(a, b), a, b)
#define v_max(a, b) v_select(v_lt(b, a), a, b)
#define v_exchange_low exchange_low_double
#define v_exchange_high exchange_high_double
#define v_load_pieces(p, step) ((void)(step), v_load(p))
#define v_evens(a, b) ((vec){a[0], b[0]})
#define v_odds(a, b) ((vec){a[1], b[1]})
#include "../templates/kernels.inl.h"

const ffnn_isa ffnn_isa_generic = {
    "generic", {&kernels_generic_float, &kernels_generic_double}, NULL};
