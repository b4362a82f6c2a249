/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The whole product of what partitions depend on (tests/plan/grids.h): run by
 * `make check-long`, skipped otherwise.  BNORM_TEST_SAMPLE=k tries one in k.
 */
#include "plan/grids.h"

#include <string.h>

#include "support/harness.h"
#include "support/pairs.h"

static const int *const others = grids_levels + GRIDS_SEATED;

/* All problems on the seats that these levels give.  How many are wrong; -1: out of
 * memory. */
static int all_problems(int *level)
{
    static grids_case c;
    static int trials;
    const int64_t problems = pairs_product(GRIDS_FACTORS - GRIDS_SEATED, others);
    int wrong = 0;
    for (int64_t n = 0; n < problems && wrong < 5; n++) {
        if (!harness_sampled(trials++))
            continue;
        pairs_nth(GRIDS_FACTORS - GRIDS_SEATED, others, n, level + GRIDS_SEATED);
        if (grids_make(&c, level) != 0)
            return -1;
        wrong += grids_report(&c);
    }
    return wrong;
}

static int same_seats(const bnorm_seats *a, const bnorm_seats *b)
{
    return a->nodes == b->nodes && memcmp(a->count, b->count, sizeof a->count) == 0;
}

/* Logical CPUs of a core and ways to bind often give the same seats: once is enough. */
static void whole_product(void)
{
    enum { TWINS = 4 };
    static grids_case c[TWINS];
    const int64_t seatings = pairs_product(GRIDS_SEATED, grids_levels);
    int wrong = 0, different = 0;
    if (!harness_long()) {
        harness_skip("make check-long runs it");
        return;
    }
    for (int64_t n = 0; n < seatings && wrong == 0; n++) {
        int level[GRIDS_FACTORS] = {0}, seen = 0;
        const int twin = (int)(n % TWINS);
        pairs_nth(GRIDS_SEATED, grids_levels, n, level);
        wrong = grids_make(&c[twin], level);
        for (int i = 0; i < twin; i++)
            seen |= same_seats(&c[i].seats, &c[twin].seats);
        if (!seen && wrong == 0) {
            wrong = all_problems(level);
            different++;
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
    harness_note("%d ways to be seated, %lld problems each", different,
                 (long long)pairs_product(GRIDS_FACTORS - GRIDS_SEATED, others));
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {{"the whole product", whole_product}};
    return harness_main(argc, argv, "long/partitions", cases, HARNESS_COUNT(cases));
}
