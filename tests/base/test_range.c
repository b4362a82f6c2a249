/* SPDX-License-Identifier: BSD-3-Clause */
/* Balanced division of [0, n), and the small integer helpers beside it. */
#include "base/range.h"

#include "support/harness.h"

/* Parts follow each other from 0 to n, and no two lengths differ by more than 1. */
static int divides(int64_t n, int64_t parts)
{
    int64_t at = 0, shortest = n, longest = 0;
    for (int64_t i = 0; i < parts; i++) {
        bnorm_range range = bnorm_range_part(n, parts, i);
        if (range.begin != at || range.end < range.begin)
            return 0;
        at = range.end;
        shortest = bnorm_min(shortest, range.end - range.begin);
        longest = bnorm_max(longest, range.end - range.begin);
    }
    return at == n && longest - shortest <= 1;
}

static void parts_cover_everything_once(void)
{
    int wrong = 0;
    for (int64_t n = 0; n <= 70; n++)
        for (int64_t parts = 1; parts <= 70; parts++)
            wrong += !divides(n, parts);
    static const int64_t large[] = {INT32_MAX, INT64_C(1) << 40, INT64_MAX - 1, INT64_MAX};
    for (int i = 0; i < 4; i++)
        for (int64_t parts = 1; parts <= 1000; parts += 37)
            wrong += !divides(large[i], parts);
    CU_ASSERT_EQUAL(wrong, 0);
}

static void longer_parts_come_first(void)
{
    bnorm_range first = bnorm_range_part(7, 3, 0), last = bnorm_range_part(7, 3, 2);
    CU_ASSERT(first.begin == 0 && first.end == 3);
    CU_ASSERT(last.begin == 5 && last.end == 7);
}

static void helpers(void)
{
    CU_ASSERT_EQUAL(bnorm_ceil_div(0, 64), 0);
    CU_ASSERT_EQUAL(bnorm_ceil_div(64, 64), 1);
    CU_ASSERT_EQUAL(bnorm_ceil_div(65, 64), 2);
    CU_ASSERT_EQUAL(bnorm_ceil_div(INT64_MAX, 2), INT64_MAX / 2 + 1); /* does not overflow */
    CU_ASSERT_EQUAL(bnorm_round_up(1, 16), 16);
    CU_ASSERT_EQUAL(bnorm_round_up(32, 16), 32);
    CU_ASSERT_EQUAL(bnorm_min(-1, 1), -1);
    CU_ASSERT_EQUAL(bnorm_max(-1, 1), 1);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"parts cover everything once", parts_cover_everything_once},
        {"longer parts come first", longer_parts_come_first},
        {"min, max, ceil_div, round_up", helpers},
    };
    return harness_main(argc, argv, "base/range", cases, HARNESS_COUNT(cases));
}
