/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs for AVX-512F. */
#include <immintrin.h>

enum { VECTORS = 4, f32_LANES = 16, f64_LANES = 8 };

typedef __m512 f32_vec;
typedef __m512d f64_vec;

/* n ones from the lowest lane up. */
INLINE __mmask16 f32_mask(int n) { return (__mmask16)((1u << n) - 1); }
INLINE __mmask8 f64_mask(int n) { return (__mmask8)((1u << n) - 1); }

INLINE f32_vec f32_load(const float *p) { return _mm512_loadu_ps(p); }
INLINE f64_vec f64_load(const double *p) { return _mm512_loadu_pd(p); }
INLINE f32_vec f32_loadn(const float *p, int n) { return _mm512_maskz_loadu_ps(f32_mask(n), p); }
INLINE f64_vec f64_loadn(const double *p, int n) { return _mm512_maskz_loadu_pd(f64_mask(n), p); }
INLINE void f32_store(float *p, f32_vec v) { _mm512_storeu_ps(p, v); }
INLINE void f64_store(double *p, f64_vec v) { _mm512_storeu_pd(p, v); }
INLINE void f32_storen(float *p, f32_vec v, int n) { _mm512_mask_storeu_ps(p, f32_mask(n), v); }
INLINE void f64_storen(double *p, f64_vec v, int n) { _mm512_mask_storeu_pd(p, f64_mask(n), v); }
INLINE void f32_stream(float *p, f32_vec v) { _mm512_stream_ps(p, v); }
INLINE void f64_stream(double *p, f64_vec v) { _mm512_stream_pd(p, v); }
INLINE f32_vec f32_add(f32_vec a, f32_vec b) { return _mm512_add_ps(a, b); }
INLINE f64_vec f64_add(f64_vec a, f64_vec b) { return _mm512_add_pd(a, b); }
INLINE f32_vec f32_sub(f32_vec a, f32_vec b) { return _mm512_sub_ps(a, b); }
INLINE f64_vec f64_sub(f64_vec a, f64_vec b) { return _mm512_sub_pd(a, b); }
INLINE f32_vec f32_mul(f32_vec a, f32_vec b) { return _mm512_mul_ps(a, b); }
INLINE f64_vec f64_mul(f64_vec a, f64_vec b) { return _mm512_mul_pd(a, b); }
INLINE f32_vec f32_fma(f32_vec a, f32_vec b, f32_vec c) { return _mm512_fmadd_ps(a, b, c); }
INLINE f64_vec f64_fma(f64_vec a, f64_vec b, f64_vec c) { return _mm512_fmadd_pd(a, b, c); }
INLINE f32_vec f32_fnma(f32_vec a, f32_vec b, f32_vec c) { return _mm512_fnmadd_ps(a, b, c); }
INLINE f64_vec f64_fnma(f64_vec a, f64_vec b, f64_vec c) { return _mm512_fnmadd_pd(a, b, c); }
static void fence(void) { _mm_sfence(); }

#include "kernels/piece_avx2.h"
