/* begin.h - what every instruction set's file needs before its vocabulary. */
#include "../ffnn.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#define FFNN_JOIN_(name, isa, real) name##_##isa##_##real
#define FFNN_JOIN(name, isa, real) FFNN_JOIN_(name, isa, real)
#define FN(name) FFNN_JOIN(name, ISA, real)

#define FFNN_INLINE static inline __attribute__((always_inline, unused))

/* Loops over registers must disappear, or the arrays they index stand in memory. */
#ifdef __clang__
#define FFNN_UNROLL _Pragma("unroll")
#define FFNN_UNROLL_STRIP _Pragma("unroll")
#else
#define FFNN_UNROLL _Pragma("GCC unroll 16")
#define FFNN_UNROLL_STRIP _Pragma("GCC unroll 24")
#endif

typedef int32_t ffnn_lane_float;
typedef int64_t ffnn_lane_double;
