/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs of the header before this one, less arithmetic: what they take is loaded, and what is
 * stored are ones.  So a kernel reads and writes as it does, in the same order, and computes
 * nothing but the moments of leaves, from sums that are always trusted. */
#define BARE_VERBS(T)                                                                              \
    INLINE void bare_##T##_take(T##_vec v) { __asm__ volatile("" : : BARE_REGISTER(v)); }          \
    INLINE T##_vec bare_##T##_add(T##_vec a, T##_vec b)                                            \
    {                                                                                              \
        bare_##T##_take(b);                                                                        \
        return a;                                                                                  \
    }                                                                                              \
    INLINE T##_vec bare_##T##_first(T##_vec a, T##_vec b)                                          \
    {                                                                                              \
        bare_##T##_take(b);                                                                        \
        return a;                                                                                  \
    }                                                                                              \
    INLINE T##_vec bare_##T##_fma(T##_vec a, T##_vec b, T##_vec c)                                 \
    {                                                                                              \
        bare_##T##_take(a);                                                                        \
        bare_##T##_take(b);                                                                        \
        bare_##T##_take(c);                                                                        \
        return (T##_vec){0} + 1;                                                                   \
    }                                                                                              \
    INLINE T##_vec bare_##T##_fnma(T##_vec a, T##_vec b, T##_vec c)                                \
    {                                                                                              \
        bare_##T##_take(a);                                                                        \
        bare_##T##_take(b);                                                                        \
        return c;                                                                                  \
    }

BARE_VERBS(f32)
BARE_VERBS(f64)

#define f32_add bare_f32_add
#define f64_add bare_f64_add
#define f32_sub bare_f32_first
#define f64_sub bare_f64_first
#define f32_mul bare_f32_first
#define f64_mul bare_f64_first
#define f32_fma bare_f32_fma
#define f64_fma bare_f64_fma
#define f32_fnma bare_f32_fnma
#define f64_fnma bare_f64_fnma
