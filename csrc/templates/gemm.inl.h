/* gemm.inl.h - the tile kernel, the packing of panels, and strips.
 *
 * One kernel serves every product. It broadcasts the left operand's elements one by one from where
 * they stand, so that strides may be anything; it reads rows of the right operand in whole vectors,
 * so that a view whose columns are not neighbours is packed first.
 */

/* rows x vectors sums stay in registers; where `ragged`, the last vector has `last` columns.
 * One pointer serves three rows, by an address with the row stride once and twice as its index: 12
 * rows need 4 pointers. */
FFNN_INLINE void FN(tile_sums)(const int rows, const int vectors, const bool ragged, ptrdiff_t last,
                               const ffnn_tile *t)
{
    vec sums[MR][NV];
    real *tile = t->tile;
    const ptrdiff_t tile_row = t->tile_row;
    FFNN_UNROLL
    for (int i = 0; i < rows; i++) {
        const vec first = t->start == FFNN_FROM_BIAS
                              ? v_set1(((const real *)t->bias)[i * t->bias_row])
                              : v_set1(0);
        FFNN_UNROLL
        for (int j = 0; j < vectors; j++) sums[i][j] = first;
    }
    if (t->start == FFNN_FROM_TILE) {
        FFNN_UNROLL
        for (int i = 0; i < rows; i++) {
            FFNN_UNROLL
            for (int j = 0; j < vectors; j++) {
                const real *from = tile + i * tile_row + j * LANES;
                sums[i][j] = ragged && j == vectors - 1 ? v_load_part(from, last) : v_load(from);
            }
        }
    }

    const ptrdiff_t left_row = t->left_row, left_col = t->left_col, right_row = t->right_row;
    const real *right = t->right;
    const char *prefetch = t->prefetch.first;
    ptrdiff_t run = t->prefetch.run;
    const real *left[(MR + 2) / 3];
    FFNN_UNROLL
    for (int i = 0; i < (rows + 2) / 3; i++) left[i] = (const real *)t->left + 3 * i * left_row;
    for (ptrdiff_t p = t->depth; p > 0; p--) {
        /* First: Clang gathers all loads of a step before a branch that follows them, and spills
         * sums for that; with GCC the place makes no difference. */
        __builtin_prefetch(prefetch, 0, 2);
        prefetch += t->prefetch.step;
        if (--run == 0) {
            prefetch += t->prefetch.jump;
            run = t->prefetch.run;
        }
        vec r[NV];
        FFNN_UNROLL
        for (int j = 0; j < vectors; j++)
            r[j] = ragged && j == vectors - 1 ? v_load_part(right + j * LANES, last)
                                              : v_load(right + j * LANES);
        FFNN_UNROLL
        for (int i = 0; i < rows; i++) {
            vec l = v_set1(left[i / 3][i % 3 * left_row]);
            FFNN_UNROLL
            for (int j = 0; j < vectors; j++) sums[i][j] = v_fma(l, r[j], sums[i][j]);
        }
        FFNN_UNROLL
        for (int i = 0; i < (rows + 2) / 3; i++) left[i] += left_col;
        right += right_row;
    }

    FFNN_UNROLL
    for (int i = 0; i < rows; i++) {
        FFNN_UNROLL
        for (int j = 0; j < vectors; j++) {
            real *to = tile + i * tile_row + j * LANES;
            if (ragged && j == vectors - 1)
                v_store_part(to, last, sums[i][j]);
            else
                v_store(to, sums[i][j]);
        }
    }
}

/* There is a kernel for each number of rows, so that 20 rows are two tiles of 10, not 12 and 8. */
FFNN_INLINE void FN(tile_of)(const int rows, const ffnn_tile *t)
{
    if (t->cols == NR) {
        FN(tile_sums)(rows, NV, false, 0, t);
    } else if (t->cols <= LANES) {
        FN(tile_sums)(rows, 1, true, t->cols, t);
#if NV > 2
    } else if (t->cols <= 2 * LANES) {
        FN(tile_sums)(rows, 2, true, t->cols - LANES, t);
#endif
    } else {
        FN(tile_sums)(rows, NV, true, t->cols - (NV - 1) * LANES, t);
    }
}

/* clang-format off */
#define FFNN_TILE(rows) static void FN(tile_##rows)(const ffnn_tile *t) { FN(tile_of)(rows, t); }
FFNN_TILE(1) FFNN_TILE(2) FFNN_TILE(3) FFNN_TILE(4)
#if MR >= 6
FFNN_TILE(5) FFNN_TILE(6)
#endif
#if MR >= 8
FFNN_TILE(7) FFNN_TILE(8)
#endif
#if MR >= 12
FFNN_TILE(9) FFNN_TILE(10) FFNN_TILE(11) FFNN_TILE(12)
#endif
/* clang-format on */
#undef FFNN_TILE

static void FN(tile)(const ffnn_tile *t)
{
    static void (*const kernels[MR])(const ffnn_tile *) = {
        FN(tile_1), FN(tile_2),  FN(tile_3),  FN(tile_4),
#if MR >= 6
        FN(tile_5), FN(tile_6),
#endif
#if MR >= 8
        FN(tile_7), FN(tile_8),
#endif
#if MR >= 12
        FN(tile_9), FN(tile_10), FN(tile_11), FN(tile_12),
#endif
    };
    kernels[t->rows - 1](t);
}

/* Transposes a square in registers by butterfly steps, log2(LANES) rounds of them: `present`
 * columns of `count` <= LANES neighbouring elements each become rows, whose other columns are 0.
 * Two blocks change places as soon as both are loaded: rounds that waited for the whole square
 * would need twice as many registers in float. */
FFNN_INLINE void FN(transposed_square)(ptrdiff_t count, ptrdiff_t present, const real *source,
                                       ptrdiff_t col, vec *square)
{
    FFNN_UNROLL
    for (int j = 0; j < LANES; j++) {
        square[j] = j >= present     ? v_set1(0)
                    : count == LANES ? v_load(source + j * col)
                                     : v_load_part(source + j * col, count);
        FFNN_UNROLL
        for (int s = 1; s < LANES; s *= 2) {
            FFNN_UNROLL
            for (int pair = 0; pair < LANES / 2; pair++) {
                const int block = pair / s * 2 * s, q = block + pair % s;
                if (block + 2 * s - 1 != j) continue;
                const vec low = v_exchange_low(square[q], square[q + s], s);
                square[q + s] = v_exchange_high(square[q], square[q + s], s);
                square[q] = low;
            }
        }
    }
}

FFNN_INLINE void FN(pack_square)(ptrdiff_t count, ptrdiff_t present, const real *source,
                                 ptrdiff_t col, real *panel)
{
    vec square[LANES];
    FN(transposed_square)(count, present, source, col, square);
    FFNN_UNROLL
    for (int p = 0; p < LANES; p++)
        if (p < count) v_store(panel + p * NR, square[p]);
}

static void FN(pack)(ptrdiff_t depth, ptrdiff_t cols, const void *source, ptrdiff_t row,
                     ptrdiff_t col, void *panel)
{
    const real *from = source;
    real *to = panel;
    if (row == 1) {
        for (ptrdiff_t p = 0; p < depth; p += LANES) {
            ptrdiff_t count = depth - p < LANES ? depth - p : LANES;
            for (ptrdiff_t j = 0; j < NR; j += LANES) {
                const real *square = from + p + j * col;
                if (count == LANES && cols - j >= LANES)
                    FN(pack_square)(LANES, LANES, square, col, to + p * NR + j);
                else
                    FN(pack_square)(count, cols - j, square, col, to + p * NR + j);
            }
        }
        return;
    }
    for (ptrdiff_t p = 0; p < depth; p++) {
        FFNN_UNROLL
        for (int j = 0; j < NR; j += LANES) {
            const ptrdiff_t present = cols - j < 0 ? 0 : cols - j < LANES ? cols - j : LANES;
            if (col == 1)
                v_store(to + p * NR + j, v_load_part(from + p * row + j, present));
            else
                for (int i = 0; i < LANES; i++)
                    to[p * NR + j + i] = i < present ? from[p * row + (j + i) * col] : 0;
        }
    }
}

/* ---- strips: sums of one vector, in more rows than a tile has ---- */

#ifdef STRIP
_Static_assert(MR == 12 && STRIP == 24 && 2 * NR >= STRIP, "the strips below");

/* The right operand is read once, from where it stands, at the price of a broadcast for each
 * multiply-add. The left operand's rows stand in two panels, as `pack` leaves them. Each step
 * prefetches the next strip's row, by its last byte, since rows may begin within a line; gain: 20
 * to 90 % on dW of [13..24, 12288] with X in F order (strips.c). */
FFNN_INLINE void FN(strip_sums)(const int rows, const ffnn_tile *t)
{
    const ptrdiff_t cols = t->cols, depth = t->depth, right_row = t->right_row;
    const real *right = t->right, *left = t->left, *rest = left + depth * NR;
    real *tile = t->tile;
    vec sums[STRIP];
    FFNN_UNROLL_STRIP
    for (int i = 0; i < rows; i++)
        sums[i] = t->start == FFNN_FROM_TILE   ? v_load_part(tile + i * t->tile_row, cols)
                  : t->start == FFNN_FROM_BIAS ? v_set1(((const real *)t->bias)[i * t->bias_row])
                                               : v_set1(0);
    for (ptrdiff_t p = 0; p < depth; p++, left += NR, rest += NR, right += right_row) {
        const vec r = v_load_part(right, cols);
        __builtin_prefetch(right + 2 * LANES - 1, 0, 3);
        FFNN_UNROLL_STRIP
        for (int i = 0; i < rows; i++)
            sums[i] = v_fma(v_set1(i < NR ? left[i] : rest[i - NR]), r, sums[i]);
    }
    FFNN_UNROLL_STRIP
    for (int i = 0; i < rows; i++) v_store_part(tile + i * t->tile_row, cols, sums[i]);
}

/* clang-format off */
#define FFNN_STRIP(rows) static void FN(strip_##rows)(const ffnn_tile *t) { FN(strip_sums)(rows, t); }
FFNN_STRIP(13) FFNN_STRIP(14) FFNN_STRIP(15) FFNN_STRIP(16) FFNN_STRIP(17) FFNN_STRIP(18)
FFNN_STRIP(19) FFNN_STRIP(20) FFNN_STRIP(21) FFNN_STRIP(22) FFNN_STRIP(23) FFNN_STRIP(24)
/* clang-format on */
#undef FFNN_STRIP

static void FN(strip)(const ffnn_tile *t)
{
    static void (*const kernels[STRIP - MR])(const ffnn_tile *) = {
        FN(strip_13), FN(strip_14), FN(strip_15), FN(strip_16), FN(strip_17), FN(strip_18),
        FN(strip_19), FN(strip_20), FN(strip_21), FN(strip_22), FN(strip_23), FN(strip_24),
    };
    kernels[t->rows - MR - 1](t);
}
#endif
