/* kernels.inl.h - the kernels of one instruction set and one type, and their table.
 *
 * isa/<name>.c defines the vocabulary below and includes this file, for float and then for double.
 */

/* clang-format off */
/* The vocabulary:
 *   real                    float or double
 *   vec, ivec, vmask        LANES elements; as many integers of that size; a comparison
 *   uvec                    as many unsigned integers
 *   MR, NV                  a tile has MR rows of NV vectors, whose sums stay in registers
 *   STRIP                   a strip has up to STRIP rows of one vector, whose sums stay in
 *                           registers; not defined where that is not many more than MR
 *   v_set1(x)               x in every lane
 *   v_load, v_store         a whole vector, at any address
 *   v_load_part(p, n)       the first n <= LANES elements, 0 in the other lanes; reads no others
 *   v_store_part(p, n, v)   the first n <= LANES elements; writes no others
 *   v_fma(a, b, c)          a * b + c, rounded once where the instruction set has that
 *   v_lt, v_le, v_eq        comparisons, false where an operand is NaN
 *   v_select(mask, yes, no), v_any(mask), m_and, m_or, m_not
 *   v_bits(x), v_from(b)    the bits of a vec as a uvec, and the vec with those bits
 *   v_abs, v_sqrt
 *   v_min(a, b), v_max(a, b)    NaN where b is NaN
 *   v_exchange_low, _high   the two results of a butterfly step, of which transpositions are made
 *   v_load_pieces(p, step)  16 bytes from p on; where LANES has room, more from `step` elements on
 *   v_evens, v_odds(a, b)   of each 16 bytes the lanes of even or odd number, of a and then of b
 *   FFNN_HAS_NARROW         defined in the place of these three where a product with one column is
 *                           left to a narrower set
 *   v_scale(x, n)           x * 2^n, rounded once; not defined where there is no such instruction
 * Of the compiler's vector types are + - * / on vec, and & | ^ ~ << >> + - on ivec and uvec. What
 * math, special, softmax and activations say of values needs no vector at all: isa/scalar.h has the
 * words for one lane. Contraction is off: v_fma alone fuses.
 */
/* clang-format on */
#define NR (NV * LANES)

#include "ragged.inl.h"
#include "gemm.inl.h"
#include "sparse.inl.h"
#include "math.inl.h"
#include "special.inl.h"
#include "softmax.inl.h"
#include "activations.inl.h"
#include "costs.inl.h"
#include "cross_entropy.inl.h"
#include "update.inl.h"
#include "small.inl.h"
#ifndef FFNN_HAS_NARROW
#include "column.inl.h"
#endif
#include "optimizers.inl.h"

/* What a row's kind means for its table entry. */
/* clang-format off */
#define ACTIVATION_OF_VALUE(name) {#name, FN(name##_value_loop), FN(name##_from_input_loop), FN(name##_derivative_loop), false, false, FN(name##_small_forward), FN(name##_small_backward)},
#define ACTIVATION_OF_INPUT(name) {#name, FN(name##_value_loop), FN(name##_derivative_loop), FN(name##_derivative_loop), true, false, FN(name##_small_forward), FN(name##_small_backward)},
#define ACTIVATION_OF_COLUMNS(name) {#name, FN(name##_value_loop), FN(name##_from_input_loop), FN(name##_derivative_loop), false, true, FN(name##_small_forward), FN(name##_small_backward)},
#define COST_OF_PLAIN(name, output) {#name, FFNN_##output, false, FN(name##_sum), NULL, FN(name##_gradient), NULL},
#define COST_OF_LEVEL COST_OF_PLAIN
#define COST_OF_FUSED(name, output) {#name, FFNN_##output, true, FN(name##_sum), FN(name##_logits), FN(name##_gradient), FN(name##_literal)},
#define OPTIMIZER_OF_PLAIN(name, moments, corrects_bias, reads) {#name, FFNN_PLAIN, moments, corrects_bias, reads, FN(name##_step_loop)},
#define OPTIMIZER_OF_ELEMENT(name, moments, corrects_bias, reads) {#name, FFNN_ELEMENT, moments, corrects_bias, reads, FN(name##_step_loop)},
#define OPTIMIZER_OF_WHOLE(name, moments, corrects_bias, reads) {#name, FFNN_WHOLE, moments, corrects_bias, reads, NULL},
#define READS(name) FFNN_READS_##name
/* clang-format on */

static const ffnn_kernels FN(kernels) = {
    REAL_IS_DOUBLE ? FFNN_DOUBLE : FFNN_FLOAT, /* .real, a name that is a macro here */
    .element_bytes = sizeof(real),
    .lanes = LANES,
    .tile_rows = MR,
    .tile_cols = NR,
    .tile = FN(tile),
    .pack = FN(pack),
#ifdef STRIP
    .strip = FN(strip),
    .strip_rows = STRIP,
#endif
    .unpack = FN(unpack),
    .sparse_forward = FN(sparse_forward),
    .sparse_backward = FN(sparse_backward),
    .row_sums = FN(row_sums),
    .divide = FN(divide),
    .update = FN(update),
    .add = FN(add),
    .add_scaled = FN(add_scaled),
    .dot = FN(dot),
    .largest = FN(largest),
    .square_sum = FN(square_sum),
    .drop = FN(drop),
    .weigh = FN(weigh),
    .small_product = FN(small_product),
#ifndef FFNN_HAS_NARROW
    .column_product = FN(column_product),
#endif
    .small_gradients = FN(small_gradients),
    .small_update = FN(small_update),
    .activations =
        {
#define FFNN_ACTIVATION(name, of) ACTIVATION_OF_##of(name)
#include "../activations.def"
#undef FFNN_ACTIVATION
        },
    .costs =
        {
#define FFNN_COST(name, output, kind) COST_OF_##kind(name, output)
#include "../costs.def"
#undef FFNN_COST
        },
    .optimizers =
        {
#define FFNN_OPTIMIZER(name, form, moments, corrects_bias, reads)                                  \
    OPTIMIZER_OF_##form(name, moments, corrects_bias, reads)
#include "../optimizers.def"
#undef FFNN_OPTIMIZER
        },
    .exp = FN(exp_loop),
    .log = FN(log_loop),
};

#undef ACTIVATION_OF_VALUE
#undef ACTIVATION_OF_INPUT
#undef ACTIVATION_OF_COLUMNS
#undef COST_OF_LEVEL
#undef COST_OF_PLAIN
#undef COST_OF_FUSED
#undef OPTIMIZER_OF_PLAIN
#undef OPTIMIZER_OF_ELEMENT
#undef OPTIMIZER_OF_WHOLE
#undef READS
#include "end.h"
