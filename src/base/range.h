/* SPDX-License-Identifier: BSD-3-Clause */
/* Half-open ranges of integers, and their balanced division. */
#ifndef BNORM_BASE_RANGE_H
#define BNORM_BASE_RANGE_H

#include <stddef.h>
#include <stdint.h>

typedef struct {
    int64_t begin, end;
} bnorm_range;

/* Part `index` of [0, n) in `parts` parts whose lengths differ by at most one,
 * the longer ones first.  n = 7, parts = 3: [0,3) [3,5) [5,7). */
static inline bnorm_range bnorm_range_part(int64_t n, int64_t parts, int64_t index)
{
    int64_t length = n / parts, longer = n % parts;
    bnorm_range range;
    range.begin = index * length + (index < longer ? index : longer);
    range.end = range.begin + length + (index < longer);
    return range;
}

static inline int64_t bnorm_min(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static inline int64_t bnorm_max(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

static inline int64_t bnorm_clamp(int64_t value, int64_t low, int64_t high)
{
    return bnorm_max(low, bnorm_min(value, high));
}

static inline int64_t bnorm_abs(int64_t a)
{
    return a < 0 ? -a : a;
}

static inline int64_t bnorm_ceil_div(int64_t a, int64_t b)
{
    return a / b + (a % b != 0);
}

static inline int64_t bnorm_round_up(int64_t a, int64_t unit)
{
    return bnorm_ceil_div(a, unit) * unit;
}

#endif
