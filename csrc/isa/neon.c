/* neon.c - Advanced SIMD of 64-bit Arm: 32 registers of 16 bytes.
 *
 * The vocabulary, first for float, then for double; templates/kernels.inl.h says what each word
 * means. Tile: 8 rows x 3 vectors takes 24 + 3 + 1 of the 32 registers.
 */
#include "../templates/begin.h"

#if defined(__aarch64__)

#include <arm_neon.h>

#define ISA neon

typedef int32_t ivec_float __attribute__((vector_size(16)));
typedef int64_t ivec_double __attribute__((vector_size(16)));
typedef uint32_t uvec_float __attribute__((vector_size(16)));
typedef uint64_t uvec_double __attribute__((vector_size(16)));

/* The first n lanes go through memory: there are no masked loads, and only ragged edges need them.
 */
FFNN_INLINE float32x4_t load_part_float(const float *p, ptrdiff_t n)
{
    float lanes[4] = {0, 0, 0, 0};
    for (ptrdiff_t i = 0; i < n; i++) lanes[i] = p[i];
    return vld1q_f32(lanes);
}

FFNN_INLINE void store_part_float(float *p, ptrdiff_t n, float32x4_t v)
{
    float lanes[4];
    vst1q_f32(lanes, v);
    for (ptrdiff_t i = 0; i < n; i++) p[i] = lanes[i];
}

FFNN_INLINE float64x2_t load_part_double(const double *p, ptrdiff_t n)
{
    double lanes[2] = {0, 0};
    for (ptrdiff_t i = 0; i < n; i++) lanes[i] = p[i];
    return vld1q_f64(lanes);
}

FFNN_INLINE void store_part_double(double *p, ptrdiff_t n, float64x2_t v)
{
    double lanes[2];
    vst1q_f64(lanes, v);
    for (ptrdiff_t i = 0; i < n; i++) p[i] = lanes[i];
}

/* The two halves of a butterfly step at distance s, a power of two: the lanes of `a` whose number
 * has the bit s change places with the lanes of `b` whose number has it not. */
FFNN_INLINE float32x4_t exchange_low_float(float32x4_t a, float32x4_t b, int s)
{
    return s == 1 ? vtrn1q_f32(a, b) : (float32x4_t)vtrn1q_f64((float64x2_t)a, (float64x2_t)b);
}

FFNN_INLINE float32x4_t exchange_high_float(float32x4_t a, float32x4_t b, int s)
{
    return s == 1 ? vtrn2q_f32(a, b) : (float32x4_t)vtrn2q_f64((float64x2_t)a, (float64x2_t)b);
}

#define exchange_low_double(a, b, s) vtrn1q_f64(a, b)
#define exchange_high_double(a, b, s) vtrn2q_f64(a, b)

#define real float
#define REAL_IS_DOUBLE 0
#define vec float32x4_t
#define ivec ivec_float
#define uvec uvec_float
#define vmask uint32x4_t
#define LANES 4
#define MR 8
#define NV 3
#define v_set1(x) vdupq_n_f32(x)
#define v_load(p) vld1q_f32(p)
#define v_store(p, v) vst1q_f32(p, v)
#define v_load_part(p, n) load_part_float(p, n)
#define v_store_part(p, n, v) store_part_float(p, n, v)
#define FFNN_HAS_FMA
#define v_fma(a, b, c) vfmaq_f32(c, a, b)
#define v_lt(a, b) vcltq_f32(a, b)
#define v_le(a, b) vcleq_f32(a, b)
#define v_eq(a, b) vceqq_f32(a, b)
#define v_select(mask, yes, no) vbslq_f32(mask, yes, no)
#define v_any(mask) (vmaxvq_u32((uint32x4_t)(mask)) != 0)
#define m_and(a, b) vandq_u32(a, b)
#define m_or(a, b) vorrq_u32(a, b)
#define m_not(a) ((vmask)(~(ivec)(a)))
#define v_bits(x) ((uvec)(x))
#define v_from(b) ((vec)(b))
#define v_abs(x) vabsq_f32(x)
#define v_sqrt(x) vsqrtq_f32(x)
#define v_min(a, b) vminq_f32(a, b)
#define v_max(a, b) vmaxq_f32(a, b)
#define v_exchange_low exchange_low_float
#define v_exchange_high exchange_high_float
#define v_load_pieces(p, step) ((void)(step), v_load(p))
#define v_evens(a, b) vuzp1q_f32(a, b)
#define v_odds(a, b) vuzp2q_f32(a, b)
#include "../templates/kernels.inl.h"

#define real double
#define REAL_IS_DOUBLE 1
#define vec float64x2_t
#define ivec ivec_double
#define uvec uvec_double
#define vmask uint64x2_t
#define LANES 2
#define MR 8
#define NV 3
#define v_set1(x) vdupq_n_f64(x)
#define v_load(p) vld1q_f64(p)
#define v_store(p, v) vst1q_f64(p, v)
#define v_load_part(p, n) load_part_double(p, n)
#define v_store_part(p, n, v) store_part_double(p, n, v)
#define FFNN_HAS_FMA
#define v_fma(a, b, c) vfmaq_f64(c, a, b)
#define v_lt(a, b) vcltq_f64(a, b)
#define v_le(a, b) vcleq_f64(a, b)
#define v_eq(a, b) vceqq_f64(a, b)
#define v_select(mask, yes, no) vbslq_f64(mask, yes, no)
#define v_any(mask) (vmaxvq_u32((uint32x4_t)(mask)) != 0)
#define m_and(a, b) vandq_u64(a, b)
#define m_or(a, b) vorrq_u64(a, b)
#define m_not(a) ((vmask)(~(ivec)(a)))
#define v_bits(x) ((uvec)(x))
#define v_from(b) ((vec)(b))
#define v_abs(x) vabsq_f64(x)
#define v_sqrt(x) vsqrtq_f64(x)
#define v_min(a, b) vminq_f64(a, b)
#define v_max(a, b) vmaxq_f64(a, b)
#define v_exchange_low exchange_low_double
#define v_exchange_high exchange_high_double
#define v_load_pieces(p, step) ((void)(step), v_load(p))
#define v_evens(a, b) vuzp1q_f64(a, b)
#define v_odds(a, b) vuzp2q_f64(a, b)
#include "../templates/kernels.inl.h"

const ffnn_isa ffnn_isa_neon = {"neon", {&kernels_neon_float, &kernels_neon_double}, NULL};

#else
const ffnn_isa ffnn_isa_neon = {NULL, {NULL, NULL}, NULL};
#endif
