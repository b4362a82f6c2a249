/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs for AVX2 with FMA. */
#include <immintrin.h>

enum { VECTORS = 2, f32_LANES = 8, f64_LANES = 4 };

typedef __m256 f32_vec;
typedef __m256d f64_vec;

/* n ones followed by zeros start at ones[8 - n]. */
static const int32_t f32_ones[16] = {-1, -1, -1, -1, -1, -1, -1, -1};
static const int64_t f64_ones[8] = {-1, -1, -1, -1};

INLINE __m256i f32_mask(int n)
{
    return _mm256_loadu_si256((const __m256i *)(f32_ones + f32_LANES - n));
}

INLINE __m256i f64_mask(int n)
{
    return _mm256_loadu_si256((const __m256i *)(f64_ones + f64_LANES - n));
}

INLINE f32_vec f32_load(const float *p) { return _mm256_loadu_ps(p); }
INLINE f64_vec f64_load(const double *p) { return _mm256_loadu_pd(p); }
INLINE f32_vec f32_loadn(const float *p, int n) { return _mm256_maskload_ps(p, f32_mask(n)); }
INLINE f64_vec f64_loadn(const double *p, int n) { return _mm256_maskload_pd(p, f64_mask(n)); }
INLINE void f32_store(float *p, f32_vec v) { _mm256_storeu_ps(p, v); }
INLINE void f64_store(double *p, f64_vec v) { _mm256_storeu_pd(p, v); }
INLINE void f32_storen(float *p, f32_vec v, int n) { _mm256_maskstore_ps(p, f32_mask(n), v); }
INLINE void f64_storen(double *p, f64_vec v, int n) { _mm256_maskstore_pd(p, f64_mask(n), v); }
INLINE void f32_stream(float *p, f32_vec v) { _mm256_stream_ps(p, v); }
INLINE void f64_stream(double *p, f64_vec v) { _mm256_stream_pd(p, v); }
INLINE f32_vec f32_add(f32_vec a, f32_vec b) { return _mm256_add_ps(a, b); }
INLINE f64_vec f64_add(f64_vec a, f64_vec b) { return _mm256_add_pd(a, b); }
INLINE f32_vec f32_sub(f32_vec a, f32_vec b) { return _mm256_sub_ps(a, b); }
INLINE f64_vec f64_sub(f64_vec a, f64_vec b) { return _mm256_sub_pd(a, b); }
INLINE f32_vec f32_mul(f32_vec a, f32_vec b) { return _mm256_mul_ps(a, b); }
INLINE f64_vec f64_mul(f64_vec a, f64_vec b) { return _mm256_mul_pd(a, b); }
INLINE f32_vec f32_fma(f32_vec a, f32_vec b, f32_vec c) { return _mm256_fmadd_ps(a, b, c); }
INLINE f64_vec f64_fma(f64_vec a, f64_vec b, f64_vec c) { return _mm256_fmadd_pd(a, b, c); }
INLINE f32_vec f32_fnma(f32_vec a, f32_vec b, f32_vec c) { return _mm256_fnmadd_ps(a, b, c); }
INLINE f64_vec f64_fnma(f64_vec a, f64_vec b, f64_vec c) { return _mm256_fnmadd_pd(a, b, c); }
static void fence(void) { _mm_sfence(); }

#include "kernels/piece_avx2.h"
