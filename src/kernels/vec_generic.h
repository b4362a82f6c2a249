/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verbs in portable C (with the vector types of gcc and clang, which any
 * target lowers to what it has).  Where the target has no fused multiply-add
 * the float verb rounds the exact result once by going through double: the
 * product of two floats is exact there; the sum is rounded to odd, which keeps
 * the sticky information, so that the last rounding to float is correct
 * (Boldo and Melquiond 2008: 53 >= 24 + 2 bits).  A call of fmaf would cost 26 ns.
 */
enum { VECTORS = 2, f32_LANES = 4, f64_LANES = 2 };

typedef float f32_vec __attribute__((vector_size(16)));
typedef double f64_vec __attribute__((vector_size(16)));

INLINE f32_vec f32_load(const float *p)
{
    f32_vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE f64_vec f64_load(const double *p)
{
    f64_vec v;
    memcpy(&v, p, sizeof v);
    return v;
}

INLINE f32_vec f32_loadn(const float *p, int n)
{
    f32_vec v = {0};
    for (int i = 0; i < n; i++)
        v[i] = p[i];
    return v;
}

INLINE f64_vec f64_loadn(const double *p, int n)
{
    f64_vec v = {0};
    for (int i = 0; i < n; i++)
        v[i] = p[i];
    return v;
}

INLINE void f32_store(float *p, f32_vec v) { memcpy(p, &v, sizeof v); }
INLINE void f64_store(double *p, f64_vec v) { memcpy(p, &v, sizeof v); }

INLINE void f32_storen(float *p, f32_vec v, int n)
{
    for (int i = 0; i < n; i++)
        p[i] = v[i];
}

INLINE void f64_storen(double *p, f64_vec v, int n)
{
    for (int i = 0; i < n; i++)
        p[i] = v[i];
}

INLINE void f32_stream(float *p, f32_vec v) { f32_store(p, v); }
INLINE void f64_stream(double *p, f64_vec v) { f64_store(p, v); }
INLINE f32_vec f32_add(f32_vec a, f32_vec b) { return a + b; }
INLINE f64_vec f64_add(f64_vec a, f64_vec b) { return a + b; }
INLINE f32_vec f32_sub(f32_vec a, f32_vec b) { return a - b; }
INLINE f64_vec f64_sub(f64_vec a, f64_vec b) { return a - b; }
INLINE f32_vec f32_mul(f32_vec a, f32_vec b) { return a * b; }
INLINE f64_vec f64_mul(f64_vec a, f64_vec b) { return a * b; }

#ifdef FP_FAST_FMAF
INLINE float fma_f32(float a, float b, float c) { return fmaf(a, b, c); }
#else
INLINE float fma_f32(float a, float b, float c)
{
    double product = (double)a * b, sum = product + c;
    /* Knuth's two-sum: sum + error is exactly product + c */
    double part = sum - product, error = (product - (sum - part)) + (c - part);
    uint64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    if ((error > 0 || error < 0) && !(bits & 1)) /* inexact and even: round to odd */
        bits += (error > 0) == (sum > 0) ? 1 : (uint64_t)-1;
    memcpy(&sum, &bits, sizeof bits);
    return (float)sum;
}
#endif

INLINE f32_vec f32_fma(f32_vec a, f32_vec b, f32_vec c)
{
    f32_vec v;
    for (int i = 0; i < f32_LANES; i++)
        v[i] = fma_f32(a[i], b[i], c[i]);
    return v;
}

INLINE f64_vec f64_fma(f64_vec a, f64_vec b, f64_vec c)
{
    f64_vec v;
    for (int i = 0; i < f64_LANES; i++)
        v[i] = fma(a[i], b[i], c[i]);
    return v;
}

INLINE f32_vec f32_fnma(f32_vec a, f32_vec b, f32_vec c) { return f32_fma(-a, b, c); }
INLINE f64_vec f64_fnma(f64_vec a, f64_vec b, f64_vec c) { return f64_fma(-a, b, c); }
static void fence(void) {}

#include "kernels/piece_generic.h"
