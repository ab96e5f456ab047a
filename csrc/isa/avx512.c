/* avx512.c - AVX-512 (F, DQ, BW, VL): 32 registers of 64 bytes, masked loads and stores.
 *
 * The vocabulary, first for float, then for double; templates/kernels.inl.h says what each word
 * means. Tile: 12 rows x 2 vectors takes 24 + 2 + 1 of the 32 registers.
 */
#include "../templates/begin.h"

#if defined(__AVX512F__) && defined(__AVX512DQ__)

#include <immintrin.h>

#define ISA avx512

typedef int32_t ivec_float __attribute__((vector_size(64)));
typedef int64_t ivec_double __attribute__((vector_size(64)));
typedef uint32_t uvec_float __attribute__((vector_size(64)));
typedef uint64_t uvec_double __attribute__((vector_size(64)));

/* The two halves of a butterfly step at distance s, a power of two: the lanes of `a` whose number
 * has the bit s change places with the lanes of `b` whose number has it not. One instruction each,
 * and no table of lane numbers. */
FFNN_INLINE __m512 exchange_low_float(__m512 a, __m512 b, int s)
{
    if (s == 1) return _mm512_mask_moveldup_ps(a, 0xaaaa, b);
    if (s == 2) return _mm512_shuffle_ps(a, b, 0x44);
    if (s == 4) return _mm512_mask_shuffle_f32x4(a, 0xf0f0, b, b, 0xa0);
    return _mm512_shuffle_f32x4(a, b, 0x44);
}

FFNN_INLINE __m512 exchange_high_float(__m512 a, __m512 b, int s)
{
    if (s == 1) return _mm512_mask_movehdup_ps(b, 0x5555, a);
    if (s == 2) return _mm512_shuffle_ps(a, b, 0xee);
    if (s == 4) return _mm512_mask_shuffle_f32x4(b, 0x0f0f, a, a, 0xf5);
    return _mm512_shuffle_f32x4(a, b, 0xee);
}

FFNN_INLINE __m512d exchange_low_double(__m512d a, __m512d b, int s)
{
    if (s == 1) return _mm512_unpacklo_pd(a, b);
    if (s == 2) return _mm512_mask_shuffle_f64x2(a, 0xcc, b, b, 0xa0);
    return _mm512_shuffle_f64x2(a, b, 0x44);
}

FFNN_INLINE __m512d exchange_high_double(__m512d a, __m512d b, int s)
{
    if (s == 1) return _mm512_unpackhi_pd(a, b);
    if (s == 2) return _mm512_mask_shuffle_f64x2(b, 0x33, a, a, 0xf5);
    return _mm512_shuffle_f64x2(a, b, 0xee);
}

#define first_float(n) ((__mmask16)((1u << (n)) - 1))
#define first_double(n) ((__mmask8)((1u << (n)) - 1))

#define real float
#define REAL_IS_DOUBLE 0
#define vec __m512
#define ivec ivec_float
#define uvec uvec_float
#define vmask __mmask16
#define LANES 16
#define MR 12
#define NV 2
#define STRIP 24
#define v_set1(x) _mm512_set1_ps(x)
#define v_load(p) _mm512_loadu_ps(p)
#define v_store(p, v) _mm512_storeu_ps(p, v)
#define v_load_part(p, n) _mm512_maskz_loadu_ps(first_float(n), p)
#define v_store_part(p, n, v) _mm512_mask_storeu_ps(p, first_float(n), v)
#define FFNN_HAS_FMA
#define v_fma(a, b, c) _mm512_fmadd_ps(a, b, c)
#define v_lt(a, b) _mm512_cmp_ps_mask(a, b, _CMP_LT_OQ)
#define v_le(a, b) _mm512_cmp_ps_mask(a, b, _CMP_LE_OQ)
#define v_eq(a, b) _mm512_cmp_ps_mask(a, b, _CMP_EQ_OQ)
#define v_select(mask, yes, no) _mm512_mask_blend_ps(mask, no, yes)
#define v_any(mask) ((mask) != 0)
#define m_and(a, b) ((vmask)((a) & (b)))
#define m_or(a, b) ((vmask)((a) | (b)))
#define m_not(a) ((vmask) ~(a))
#define v_bits(x) ((uvec)(x))
#define v_from(b) ((vec)(b))
#define v_abs(x) _mm512_abs_ps(x)
#define v_sqrt(x) _mm512_sqrt_ps(x)
#define v_min(a, b) _mm512_min_ps(a, b)
#define v_max(a, b) _mm512_max_ps(a, b)
#define v_exchange_low exchange_low_float
#define v_exchange_high exchange_high_float
#define FFNN_HAS_NARROW
#define FFNN_HAS_SCALE
#define v_scale(x, n) _mm512_scalef_ps(x, n) /* x * 2^n for integral n, rounded once */
#include "../templates/kernels.inl.h"

#define real double
#define REAL_IS_DOUBLE 1
#define vec __m512d
#define ivec ivec_double
#define uvec uvec_double
#define vmask __mmask8
#define LANES 8
#define MR 12
#define NV 2
#define STRIP 24
#define v_set1(x) _mm512_set1_pd(x)
#define v_load(p) _mm512_loadu_pd(p)
#define v_store(p, v) _mm512_storeu_pd(p, v)
#define v_load_part(p, n) _mm512_maskz_loadu_pd(first_double(n), p)
#define v_store_part(p, n, v) _mm512_mask_storeu_pd(p, first_double(n), v)
#define FFNN_HAS_FMA
#define v_fma(a, b, c) _mm512_fmadd_pd(a, b, c)
#define v_lt(a, b) _mm512_cmp_pd_mask(a, b, _CMP_LT_OQ)
#define v_le(a, b) _mm512_cmp_pd_mask(a, b, _CMP_LE_OQ)
#define v_eq(a, b) _mm512_cmp_pd_mask(a, b, _CMP_EQ_OQ)
#define v_select(mask, yes, no) _mm512_mask_blend_pd(mask, no, yes)
#define v_any(mask) ((mask) != 0)
#define m_and(a, b) ((vmask)((a) & (b)))
#define m_or(a, b) ((vmask)((a) | (b)))
#define m_not(a) ((vmask) ~(a))
#define v_bits(x) ((uvec)(x))
#define v_from(b) ((vec)(b))
#define v_abs(x) _mm512_abs_pd(x)
#define v_sqrt(x) _mm512_sqrt_pd(x)
#define v_min(a, b) _mm512_min_pd(a, b)
#define v_max(a, b) _mm512_max_pd(a, b)
#define v_exchange_low exchange_low_double
#define v_exchange_high exchange_high_double
#define FFNN_HAS_NARROW
#define FFNN_HAS_SCALE
#define v_scale(x, n) _mm512_scalef_pd(x, n)
#include "../templates/kernels.inl.h"

extern const ffnn_isa ffnn_isa_avx2;
const ffnn_isa ffnn_isa_avx512 = {
    "avx512", {&kernels_avx512_float, &kernels_avx512_double}, &ffnn_isa_avx2};

#else
const ffnn_isa ffnn_isa_avx512 = {NULL, {NULL, NULL}, NULL};
#endif
