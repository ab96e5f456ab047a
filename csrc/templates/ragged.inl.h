/* ragged.inl.h - a vector of n <= LANES elements, of which the last one of a row may have fewer.
 *
 * Where n is the constant LANES the compiler drops the test.
 */

/* The lanes from n on are 0. */
FFNN_INLINE vec FN(load_columns)(const real *row, ptrdiff_t n)
{
    return n == LANES ? v_load(row) : v_load_part(row, n);
}

FFNN_INLINE void FN(store_columns)(real *row, ptrdiff_t n, vec v)
{
    if (n == LANES)
        v_store(row, v);
    else
        v_store_part(row, n, v);
}
