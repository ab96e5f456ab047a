/* avx2.c - AVX2 and FMA: 16 registers of 32 bytes.
 *
 * The vocabulary, first for float, then for double; templates/kernels.inl.h says what each word
 * means. Tile: 6 rows x 2 vectors takes 12 + 2 + 1 of the 16 registers.
 */
#include "../templates/begin.h"

#if defined(__AVX2__) && defined(__FMA__)

#include <immintrin.h>

#define ISA avx2

typedef int32_t ivec_float __attribute__((vector_size(32)));
typedef int64_t ivec_double __attribute__((vector_size(32)));
typedef uint32_t uvec_float __attribute__((vector_size(32)));
typedef uint64_t uvec_double __attribute__((vector_size(32)));

/* The first n lanes, as masked loads and stores want them. */
FFNN_INLINE __m256i first_float(ptrdiff_t n)
{
    return _mm256_cmpgt_epi32(_mm256_set1_epi32((int)n), _mm256_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7));
}

FFNN_INLINE __m256i first_double(ptrdiff_t n)
{
    return _mm256_cmpgt_epi64(_mm256_set1_epi64x(n), _mm256_setr_epi64x(0, 1, 2, 3));
}

/* The two halves of a butterfly step at distance s, a power of two: the lanes of `a` whose number
 * has the bit s change places with the lanes of `b` whose number has it not. */
FFNN_INLINE __m256 exchange_low_float(__m256 a, __m256 b, int s)
{
    if (s == 1) return _mm256_blend_ps(a, _mm256_moveldup_ps(b), 0xaa);
    if (s == 2) return _mm256_shuffle_ps(a, b, 0x44);
    return _mm256_permute2f128_ps(a, b, 0x20);
}

FFNN_INLINE __m256 exchange_high_float(__m256 a, __m256 b, int s)
{
    if (s == 1) return _mm256_blend_ps(_mm256_movehdup_ps(a), b, 0xaa);
    if (s == 2) return _mm256_shuffle_ps(a, b, 0xee);
    return _mm256_permute2f128_ps(a, b, 0x31);
}

/* Pieces of 16 bytes, `step` elements apart. */
FFNN_INLINE __m256 load_pieces_float(const float *p, ptrdiff_t step)
{
    return _mm256_insertf128_ps(_mm256_castps128_ps256(_mm_loadu_ps(p)), _mm_loadu_ps(p + step), 1);
}

FFNN_INLINE __m256d load_pieces_double(const double *p, ptrdiff_t step)
{
    return _mm256_insertf128_pd(_mm256_castpd128_pd256(_mm_loadu_pd(p)), _mm_loadu_pd(p + step), 1);
}

FFNN_INLINE __m256d exchange_low_double(__m256d a, __m256d b, int s)
{
    return s == 1 ? _mm256_unpacklo_pd(a, b) : _mm256_permute2f128_pd(a, b, 0x20);
}

FFNN_INLINE __m256d exchange_high_double(__m256d a, __m256d b, int s)
{
    return s == 1 ? _mm256_unpackhi_pd(a, b) : _mm256_permute2f128_pd(a, b, 0x31);
}

#define real float
#define REAL_IS_DOUBLE 0
#define vec __m256
#define ivec ivec_float
#define uvec uvec_float
#define vmask __m256
#define LANES 8
#define MR 6
#define NV 2
#define v_set1(x) _mm256_set1_ps(x)
#define v_load(p) _mm256_loadu_ps(p)
#define v_store(p, v) _mm256_storeu_ps(p, v)
#define v_load_part(p, n) _mm256_maskload_ps(p, first_float(n))
#define v_store_part(p, n, v) _mm256_maskstore_ps(p, first_float(n), v)
#define FFNN_HAS_FMA
#define v_fma(a, b, c) _mm256_fmadd_ps(a, b, c)
#define v_lt(a, b) _mm256_cmp_ps(a, b, _CMP_LT_OQ)
#define v_le(a, b) _mm256_cmp_ps(a, b, _CMP_LE_OQ)
#define v_eq(a, b) _mm256_cmp_ps(a, b, _CMP_EQ_OQ)
#define v_select(mask, yes, no) _mm256_blendv_ps(no, yes, mask)
#define v_any(mask) _mm256_movemask_ps(mask)
#define m_and(a, b) _mm256_and_ps(a, b)
#define m_or(a, b) _mm256_or_ps(a, b)
#define m_not(a) _mm256_xor_ps(a, _mm256_castsi256_ps(_mm256_set1_epi32(-1)))
#define v_bits(x) ((uvec)(x))
#define v_from(b) ((vec)(b))
#define v_abs(x) _mm256_andnot_ps(_mm256_set1_ps(-0.0f), x)
#define v_sqrt(x) _mm256_sqrt_ps(x)
#define v_min(a, b) _mm256_min_ps(a, b)
#define v_max(a, b) _mm256_max_ps(a, b)
#define v_exchange_low exchange_low_float
#define v_exchange_high exchange_high_float
#define v_load_pieces(p, step) load_pieces_float(p, step)
#define v_evens(a, b) _mm256_shuffle_ps(a, b, 0x88)
#define v_odds(a, b) _mm256_shuffle_ps(a, b, 0xdd)
#include "../templates/kernels.inl.h"

#define real double
#define REAL_IS_DOUBLE 1
#define vec __m256d
#define ivec ivec_double
#define uvec uvec_double
#define vmask __m256d
#define LANES 4
#define MR 6
#define NV 2
#define v_set1(x) _mm256_set1_pd(x)
#define v_load(p) _mm256_loadu_pd(p)
#define v_store(p, v) _mm256_storeu_pd(p, v)
#define v_load_part(p, n) _mm256_maskload_pd(p, first_double(n))
#define v_store_part(p, n, v) _mm256_maskstore_pd(p, first_double(n), v)
#define FFNN_HAS_FMA
#define v_fma(a, b, c) _mm256_fmadd_pd(a, b, c)
#define v_lt(a, b) _mm256_cmp_pd(a, b, _CMP_LT_OQ)
#define v_le(a, b) _mm256_cmp_pd(a, b, _CMP_LE_OQ)
#define v_eq(a, b) _mm256_cmp_pd(a, b, _CMP_EQ_OQ)
#define v_select(mask, yes, no) _mm256_blendv_pd(no, yes, mask)
#define v_any(mask) _mm256_movemask_pd(mask)
#define m_and(a, b) _mm256_and_pd(a, b)
#define m_or(a, b) _mm256_or_pd(a, b)
#define m_not(a) _mm256_xor_pd(a, _mm256_castsi256_pd(_mm256_set1_epi32(-1)))
#define v_bits(x) ((uvec)(x))
#define v_from(b) ((vec)(b))
#define v_abs(x) _mm256_andnot_pd(_mm256_set1_pd(-0.0), x)
#define v_sqrt(x) _mm256_sqrt_pd(x)
#define v_min(a, b) _mm256_min_pd(a, b)
#define v_max(a, b) _mm256_max_pd(a, b)
#define v_exchange_low exchange_low_double
#define v_exchange_high exchange_high_double
#define v_load_pieces(p, step) load_pieces_double(p, step)
#define v_evens(a, b) _mm256_unpacklo_pd(a, b)
#define v_odds(a, b) _mm256_unpackhi_pd(a, b)
#include "../templates/kernels.inl.h"

const ffnn_isa ffnn_isa_avx2 = {"avx2", {&kernels_avx2_float, &kernels_avx2_double}, NULL};

#else
const ffnn_isa ffnn_isa_avx2 = {NULL, {NULL, NULL}, NULL};
#endif
