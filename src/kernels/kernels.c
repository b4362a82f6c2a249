/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The template of all kernels.  Compiled once per ISA with
 * -DBNORM_KERNELS=<isa>, which names the vector header (the verbs) and the
 * table that comes out.
 *
 * The order of operations on one column is written here and nowhere else, so
 * that every ISA gives the same bits: no contraction, no reassociation, fused
 * multiply-add only where it is spelled out.
 */
#ifdef __FAST_MATH__
#error "bnorm promises the same bits everywhere: do not compile it with -ffast-math"
#endif

#include "kernels/kernels.h"

#include <float.h>
#include <math.h>
#include <string.h>

#define PASTE(a, b) a##b
#define NAME(a, b) PASTE(a, b)
#define QUOTE(text) #text
#define TEXT(text) QUOTE(text)
#define HEADER(isa) TEXT(kernels/NAME(vec_, isa).h)

/* For the compiler: what stands below is read and written after what stands above. */
#define BARRIER __asm__ volatile("" ::: "memory")

/* For the loop below, over a tile's vectors or their planes: else compilers leave the arrays in
 * memory, and the sums of a row wait for the stores of the last one's. */
#ifdef __clang__
#define UNROLL _Pragma("unroll")
#else
#define UNROLL _Pragma("GCC unroll 8")
#endif

#define INLINE static inline __attribute__((always_inline))

/* vec_<isa>.h defines, for T in {f32, f64}: the type T_vec, T_LANES, and
 *   T_load(p) T_store(p, v)                    any alignment
 *   T_loadn(p, n) T_storen(p, v, n)            the first n lanes, 0 < n < T_LANES
 *   T_stream(p, v)                             non-temporal; p aligned to a vector
 *   T_add T_sub T_mul                          IEEE, one rounding each
 *   T_fma(a, b, c) = a*b + c, T_fnma(a, b, c) = c - a*b, rounded once
 * and fence(), which orders non-temporal stores before later ones, VECTORS (how
 * many a tile holds side by side, so that its accumulators fill the registers).
 * T_LANES divides BNORM_GROUP.
 * Also a piece, BNORM_PIECE bytes of any type, whose bits survive:
 *   piece_load(p) piece_store(p, v) piece_stream(p, v)     any alignment, but stream
 *   piece_loadn(p, n) piece_storen(p, v, n)    n < BNORM_PIECE bytes, whole floats;
 *                                              other bytes are loaded as 0 */
#define vec_header HEADER(BNORM_KERNELS)
#include vec_header

#define REAL float
#define T(name) f32_##name
#define REAL_TINY 0x1p-112f /* see leaf.h */
#define REAL_HUGE FLT_MAX
#define CANCELLATION 32.0
#define SURELY 31.0f
#define INTEGER int32_t
#include "kernels/reduce.h"
#include "kernels/leaf.h"
#include "kernels/leaves.h"
#include "kernels/apply.h"
#include "kernels/pipeline.h"
#undef REAL
#undef T
#undef REAL_TINY
#undef REAL_HUGE
#undef CANCELLATION
#undef SURELY
#undef INTEGER

#define REAL double
#define T(name) f64_##name
#define REAL_TINY 0x1p-960
#define REAL_HUGE DBL_MAX
#define CANCELLATION HUGE_VAL /* no wider type to mend it with */
#define SURELY 0x1p40
#define INTEGER int64_t
#include "kernels/reduce.h"
#include "kernels/leaf.h"
#include "kernels/leaves.h"
#include "kernels/apply.h"
#include "kernels/pipeline.h"

#include "kernels/copy.h"
#include "kernels/lay.h"
#include "kernels/merge.h"

#define SET(t)                                                                                     \
    {                                                                                              \
        sizeof(t##_real), t##_LANES, VECTORS *t##_LANES, t##_sum_x, t##_sum_xdy, t##_leaf_x,       \
            t##_leaf_xdy, t##_leaves_x, t##_leaves_xdy, merge_x, merge_xdy, t##_forward,           \
            t##_backward, t##_both, t##_next_forward, t##_next_backward, t##_next_both             \
    }

extern const bnorm_kernels NAME(bnorm_kernels_, BNORM_KERNELS);
const bnorm_kernels NAME(bnorm_kernels_, BNORM_KERNELS) = {
    TEXT(BNORM_KERNELS),
    {[BNORM_F32] = SET(f32), [BNORM_F64] = SET(f64)},
    pack,
    unpack,
    lay,
    fence,
};
