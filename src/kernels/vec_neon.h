/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs for NEON on AArch64. */
#include <arm_neon.h>

enum { VECTORS = 4, f32_LANES = 4, f64_LANES = 2 };

typedef float32x4_t f32_vec;
typedef float64x2_t f64_vec;

INLINE f32_vec f32_load(const float *p) { return vld1q_f32(p); }
INLINE f64_vec f64_load(const double *p) { return vld1q_f64(p); }

INLINE f32_vec f32_loadn(const float *p, int n)
{
    f32_vec v = vdupq_n_f32(0);
    v = vld1q_lane_f32(p, v, 0);
    if (n > 1)
        v = vld1q_lane_f32(p + 1, v, 1);
    if (n > 2)
        v = vld1q_lane_f32(p + 2, v, 2);
    return v;
}

INLINE f64_vec f64_loadn(const double *p, int n)
{
    (void)n; /* 1 of 2 */
    return vld1q_lane_f64(p, vdupq_n_f64(0), 0);
}

INLINE void f32_store(float *p, f32_vec v) { vst1q_f32(p, v); }
INLINE void f64_store(double *p, f64_vec v) { vst1q_f64(p, v); }

INLINE void f32_storen(float *p, f32_vec v, int n)
{
    vst1q_lane_f32(p, v, 0);
    if (n > 1)
        vst1q_lane_f32(p + 1, v, 1);
    if (n > 2)
        vst1q_lane_f32(p + 2, v, 2);
}

INLINE void f64_storen(double *p, f64_vec v, int n)
{
    (void)n;
    vst1q_lane_f64(p, v, 0);
}

/* AArch64 has a non-temporal hint for pairs (STNP) that no intrinsic reaches. */
INLINE void f32_stream(float *p, f32_vec v) { vst1q_f32(p, v); }
INLINE void f64_stream(double *p, f64_vec v) { vst1q_f64(p, v); }
INLINE f32_vec f32_add(f32_vec a, f32_vec b) { return vaddq_f32(a, b); }
INLINE f64_vec f64_add(f64_vec a, f64_vec b) { return vaddq_f64(a, b); }
INLINE f32_vec f32_sub(f32_vec a, f32_vec b) { return vsubq_f32(a, b); }
INLINE f64_vec f64_sub(f64_vec a, f64_vec b) { return vsubq_f64(a, b); }
INLINE f32_vec f32_mul(f32_vec a, f32_vec b) { return vmulq_f32(a, b); }
INLINE f64_vec f64_mul(f64_vec a, f64_vec b) { return vmulq_f64(a, b); }
INLINE f32_vec f32_fma(f32_vec a, f32_vec b, f32_vec c) { return vfmaq_f32(c, a, b); }
INLINE f64_vec f64_fma(f64_vec a, f64_vec b, f64_vec c) { return vfmaq_f64(c, a, b); }
INLINE f32_vec f32_fnma(f32_vec a, f32_vec b, f32_vec c) { return vfmsq_f32(c, a, b); }
INLINE f64_vec f64_fnma(f64_vec a, f64_vec b, f64_vec c) { return vfmsq_f64(c, a, b); }
static void fence(void) {}

#include "kernels/piece_generic.h"
