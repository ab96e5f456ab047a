/* scalar.h - the vocabulary for one lane, in standard C: the arithmetic of a net exported as C.
 *
 * Nothing here is compiled. setup.py has the compiler expand this file (-E -P) for each type into
 * ffnn/scalar_float.i and ffnn/scalar_double.i, from which ffnn.to_c takes the functions that a net
 * needs. Each word rounds as generic.c's does, so the bits are that instruction set's. Standard
 * headers are left to to_c: expanded, they would be this machine's.
 */
#define FN(name) ffnn_##name
#define FFNN_INLINE static
#define FFNN_UNROLL

#if REAL_IS_DOUBLE
#define real double
#define uvec uint64_t
#else
#define real float
#define uvec uint32_t
#endif
#define vec real
#define vmask int
#define LANES 1

typedef union {
    real value;
    uvec bits;
} FN(word);

FFNN_INLINE uvec FN(bits)(real value)
{
    FN(word) word;
    word.value = value;
    return word.bits;
}

FFNN_INLINE real FN(from)(uvec bits)
{
    FN(word) word;
    word.bits = bits;
    return word.value;
}

FFNN_INLINE real FN(min)(real a, real b)
{
    return a < b ? a : b;
}

FFNN_INLINE real FN(max)(real a, real b)
{
    return b < a ? a : b;
}

/* As ragged.inl.h has them: a lone lane is always there. */
FFNN_INLINE real FN(load_columns)(const real *row, ptrdiff_t n)
{
    (void)n;
    return *row;
}

FFNN_INLINE void FN(store_columns)(real *row, ptrdiff_t n, real value)
{
    (void)n;
    *row = value;
}

#define v_set1(x) (real)(x)
#define v_load(p) (*(p))
#define v_store(p, v) (*(p) = (v))
#define v_load_part(p, n) v_load(p)
#define v_store_part(p, n, v) v_store(p, v)
#define v_fma(a, b, c) ((a) * (b) + (c))
#define v_lt(a, b) ((a) < (b))
#define v_le(a, b) ((a) <= (b))
#define v_eq(a, b) ((a) == (b))
#define v_select(mask, yes, no) ((mask) ? (yes) : (no))
#define m_or(a, b) ((a) || (b))
#define v_bits(x) FN(bits)(x)
#define v_from(b) FN(from)(b)
#define v_abs(x) v_from(v_bits(x) & ~v_bits(v_set1(-0.0)))
#define v_min(a, b) FN(min)(a, b)
#define v_max(a, b) FN(max)(a, b)

#include "../templates/math.inl.h"
#include "../templates/special.inl.h"
#include "../templates/softmax.inl.h"
#include "../templates/activations.inl.h"
