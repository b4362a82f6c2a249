/* SPDX-License-Identifier: BSD-3-Clause */
/* The team: every item exactly once for any size, in the default floating-point
 * environment, and nothing of OpenMP where one thread is enough. */
#include "platform/team.h"

#include <omp.h>
#include <string.h>

#include "platform/runtime.h"
#include "support/harness.h"

enum { ITEMS_MOST = 200 };

typedef struct {
    int times[ITEMS_MOST];
    int worker[ITEMS_MOST];
    int rounding[ITEMS_MOST];
    int flags[ITEMS_MOST];
    int caller_rounding[ITEMS_MOST]; /* of worker->caller */
} record;

/* Items belong to one worker each: no two write the same element. */
static void note_item(void *data, int64_t item, const bnorm_worker *worker)
{
    record *r = data;
    fenv_t own;
    __atomic_fetch_add(&r->times[item], 1, __ATOMIC_RELAXED);
    r->worker[item] = worker->index;
    r->rounding[item] = fegetround();
    r->flags[item] = fetestexcept(FE_ALL_EXCEPT);
    fegetenv(&own);
    fesetenv(worker->caller);
    r->caller_rounding[item] = fegetround();
    fesetenv(&own);
}

/* Each item once; consecutive items to the same worker; indices within the team. */
static int once_each(const record *r, int64_t items, int threads)
{
    for (int64_t i = 0; i < items; i++)
        if (r->times[i] != 1 || r->worker[i] < 0 || r->worker[i] >= threads ||
            (i > 0 && r->worker[i] != r->worker[i - 1] && r->worker[i] != r->worker[i - 1] + 1))
            return 0;
    for (int64_t i = items; i < ITEMS_MOST; i++)
        if (r->times[i] != 0)
            return 0;
    return 1;
}

static void every_item_once(void)
{
    static const int64_t items[] = {0, 1, 2, 3, 7, 16, 17, 64, 100, 200};
    static const int threads[] = {1, 2, 3, 4, 7, 16};
    for (int i = 0; i < 10; i++)
        for (int t = 0; t < 6; t++) {
            record r = {{0}, {0}, {0}, {0}, {0}};
            bnorm_team_run(threads[t], items[i], note_item, &r);
            CU_ASSERT(once_each(&r, items[i], threads[t]));
        }
}

static void one_thread_does_not_enter_the_runtime(void)
{
    int regions = runtime_regions(), threads = runtime_threads();
    record r = {{0}, {0}, {0}, {0}, {0}};
    bnorm_team_run(1, ITEMS_MOST, note_item, &r);
    CU_ASSERT(once_each(&r, ITEMS_MOST, 1));
    CU_ASSERT_EQUAL(runtime_regions(), regions);
    CU_ASSERT(runtime_threads() <= threads); /* those of larger teams may still be leaving */
    bnorm_team_run(16, 1, note_item, &r); /* nor one item */
    CU_ASSERT_EQUAL(runtime_regions(), regions);
    bnorm_team_run(3, 3, note_item, &r); /* the counter does count */
    CU_ASSERT(regions < 0 || runtime_regions() == regions + 1);
}

static void inside_a_parallel_region(void)
{
    for (int nested = 0; nested < 2; nested++) {
        static record r[2];
        int before = omp_get_max_active_levels();
        memset(r, 0, sizeof r);
        omp_set_max_active_levels(nested ? 2 : 1);
#pragma omp parallel num_threads(2)
        {
#pragma omp for
            for (int i = 0; i < 2; i++)
                bnorm_team_run(3, 50, note_item, &r[i]);
        }
        omp_set_max_active_levels(before);
        CU_ASSERT(once_each(&r[0], 50, 3));
        CU_ASSERT(once_each(&r[1], 50, 3));
        CU_ASSERT(nested || r[0].worker[49] == 0);
    }
}

static void work_runs_in_the_default_environment(void)
{
    for (int threads = 1; threads <= 4; threads++) {
        record r = {{0}, {0}, {0}, {0}, {0}};
        int wrong = 0;
        feclearexcept(FE_ALL_EXCEPT);
        feraiseexcept(FE_DIVBYZERO);
        fesetround(FE_UPWARD);
        bnorm_team_run(threads, 20, note_item, &r);
        int rounding = fegetround(), flags = fetestexcept(FE_ALL_EXCEPT);
        fesetround(FE_TONEAREST);
        feclearexcept(FE_ALL_EXCEPT);
        for (int i = 0; i < 20; i++)
            wrong += r.rounding[i] != FE_TONEAREST || r.flags[i] != 0 ||
                     r.caller_rounding[i] != FE_UPWARD;
        CU_ASSERT_EQUAL(wrong, 0);
        CU_ASSERT_EQUAL(rounding, FE_UPWARD);
        CU_ASSERT_EQUAL(flags, FE_DIVBYZERO);
    }
}

/* Threads of the application's own region, each with its own rounding, call and
 * find it again. */
static void callers_in_a_region_get_their_environment_back(void)
{
    static const int roundings[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (int threads = 1; threads <= 3; threads += 2) {
        static record r[3];
        int after[3] = {0};
        memset(r, 0, sizeof r);
#pragma omp parallel for num_threads(3) schedule(static, 1)
        for (int i = 0; i < 3; i++) {
            fesetround(roundings[i]);
            bnorm_team_run(threads, 30, note_item, &r[i]);
            after[i] = fegetround();
            fesetround(FE_TONEAREST);
        }
        for (int i = 0; i < 3; i++) {
            CU_ASSERT_EQUAL(after[i], roundings[i]);
            CU_ASSERT_EQUAL(r[i].rounding[29], FE_TONEAREST);
            CU_ASSERT_EQUAL(r[i].caller_rounding[29], roundings[i]);
        }
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"every item exactly once", every_item_once},
        {"one thread does not enter the runtime", one_thread_does_not_enter_the_runtime},
        {"inside a parallel region, nested off and on", inside_a_parallel_region},
        {"work runs in the default environment", work_runs_in_the_default_environment},
        {"callers in a region get theirs back", callers_in_a_region_get_their_environment_back},
    };
    return harness_main(argc, argv, "platform/team", cases, HARNESS_COUNT(cases));
}
