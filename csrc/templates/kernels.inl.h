/* kernels.inl.h - one instruction set and one type: includes the kernels and fills their table.
 *
 * An isa/<name>.c spells this vocabulary and includes this file, once for float and once for
 * double: real vec ivec vmask     the element, a vector of LANES of them, integers of the same
 * width, a mask MR NV                   the tile: MR rows by NV vectors whose sums stay in
 * registers v_set1 v_load v_store   unaligned; v_load_part and v_store_part touch the first n <=
 * LANES elements only v_fma(a, b, c)          a * b + c, rounded once where the instruction set can
 *   v_lt v_le v_eq          masks, false for NaN; v_select(mask, yes, no); v_any; m_and m_or m_not
 *   v_abs v_min v_max       where the second operand of v_min or v_max is NaN, so is the result
 *   v_exchange_low, _high   the two halves of a butterfly step, from which transposes are made
 * + - * / work on vec, and & | ^ ~ << >> + - on ivec, as the compiler's vector types give them; a
 * cast between vec and ivec keeps the bits. Contraction is off: only v_fma fuses.
 */
#define NR (NV * LANES)

#include "gemm.inl.h"
#include "math.inl.h"
#include "activations.inl.h"
#include "costs.inl.h"
#include "update.inl.h"

static const ffnn_kernels FN(kernels) = {
    REAL_IS_DOUBLE ? FFNN_DOUBLE : FFNN_FLOAT, /* .real, a name that is a macro here */
    .element_bytes = sizeof(real),
    .lanes = LANES,
    .tile_rows = MR,
    .tile_cols = NR,
    .tile = FN(tile),
    .pack = FN(pack),
    .row_sums = FN(row_sums),
    .divide = FN(divide),
    .descend = FN(descend),
    .add = FN(add),
    .activations =
        {
#define FFNN_ACTIVATION(name) {#name, FN(name##_value_loop), FN(name##_derivative_loop)},
#include "../activations.def"
#undef FFNN_ACTIVATION
        },
    .costs =
        {
/* clang-format off */
#define FFNN_COST(c) {#c, FN(c##_sum), FN(c##_logits), FN(c##_gradient), FN(c##_output)},
/* clang-format on */
#include "../costs.def"
#undef FFNN_COST
        },
    .exp = FN(exp_loop),
    .log = FN(log_loop),
};

#include "end.h"
