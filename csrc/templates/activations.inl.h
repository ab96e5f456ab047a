/* activations.inl.h - for each row of activations.def a pair of functions and a pair of loops.
 *
 * FN(name_value)(z) is a = g(z), FN(name_derivative)(da, z) is da * g'(z), taken from z. The loops
 * follow from the row. A ragged end runs through the same vector code: no element's bits depend on
 * its place.
 */

/* NaN and -0.0 stay what they are. */
FFNN_INLINE vec FN(relu_value)(vec z)
{
    return v_select(v_lt(z, v_set1(0)), v_set1(0), z);
}

/* 0 at z = 0 and below, whatever da is; a NaN in z lets da through. */
FFNN_INLINE vec FN(relu_derivative)(vec da, vec z)
{
    return v_select(v_le(z, v_set1(0)), v_set1(0), da);
}

FFNN_INLINE vec FN(sigmoid_value)(vec z)
{
    return FN(sigmoid)(z);
}

FFNN_INLINE vec FN(sigmoid_derivative)(vec da, vec z)
{
    vec s = FN(sigmoid)(z);
    return da * s * (v_set1(1) - s);
}

/* dz = f(da, z), element by element; dz may be da or z. */
FFNN_INLINE void FN(map_2)(ptrdiff_t n, const real *da, const real *z, real *dz, vec (*f)(vec, vec))
{
    ptrdiff_t j = 0;
    for (; j + LANES <= n; j += LANES) v_store(dz + j, f(v_load(da + j), v_load(z + j)));
    if (j < n)
        v_store_part(dz + j, n - j, f(v_load_part(da + j, n - j), v_load_part(z + j, n - j)));
}

/* The formatter would break each of these bodies into many lines. */
/* clang-format off */
#define DERIVATIVE_ARGUMENTS ptrdiff_t n, const void *da, const void *z, void *dz
#define VALUE_ARGUMENTS ptrdiff_t n, const void *z, void *a
#define VALUE(loop, f) static void loop(VALUE_ARGUMENTS) { FN(map)(n, z, a, f); }
#define DERIVATIVE(loop, f) static void loop(DERIVATIVE_ARGUMENTS) { FN(map_2)(n, da, z, dz, f); }
/* clang-format on */
#define VALUE_OF(name) VALUE(FN(name##_value_loop), FN(name##_value))
#define DERIVATIVE_OF(name) DERIVATIVE(FN(name##_derivative_loop), FN(name##_derivative))
#define FFNN_ACTIVATION(name) VALUE_OF(name) DERIVATIVE_OF(name)
#include "../activations.def"
#undef FFNN_ACTIVATION
#undef VALUE_OF
#undef DERIVATIVE_OF
#undef VALUE
#undef DERIVATIVE
#undef VALUE_ARGUMENTS
#undef DERIVATIVE_ARGUMENTS
