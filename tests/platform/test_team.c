/* SPDX-License-Identifier: BSD-3-Clause */
/* The team: every item exactly once for any size, in the default floating-point
 * environment, and nothing of OpenMP where one thread is enough. */
#define _GNU_SOURCE
#include "platform/team.h"

#include <omp.h>
#include <sched.h>
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

static void run(int threads, int64_t items, record *r)
{
    const bnorm_seats seats = {.threads = threads, .nodes = 1, .count = {threads}};
    bnorm_team_run(&seats, threads, items, NULL, note_item, r);
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
            run(threads[t], items[i], &r);
            CU_ASSERT(once_each(&r, items[i], threads[t]));
        }
}

static void one_thread_does_not_enter_the_runtime(void)
{
    int regions = runtime_regions(), threads = runtime_threads();
    record r = {{0}, {0}, {0}, {0}, {0}};
    run(1, ITEMS_MOST, &r);
    CU_ASSERT(once_each(&r, ITEMS_MOST, 1));
    CU_ASSERT_EQUAL(runtime_regions(), regions);
    CU_ASSERT(runtime_threads() <= threads); /* those of larger teams may still be leaving */
    run(16, 1, &r); /* nor one item */
    CU_ASSERT_EQUAL(runtime_regions(), regions);
    run(3, 3, &r); /* the counter does count */
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
                run(3, 50, &r[i]);
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
        run(threads, 20, &r);
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
            run(threads, 30, &r[i]);
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

/* Two nodes are planned for, whatever the machine has: threads that sit on another
 * node, or on none that is known, take what is left. */
static void every_item_once_whatever_node(void)
{
    static const int64_t firsts[][3] = {{0, 10, 20}, {0, 0, 20}, {0, 20, 20}, {0, 1, 20},
                                        {0, 19, 20}};
    bnorm_machine machine;
    CU_ASSERT_EQUAL_FATAL(bnorm_topology_read(&machine, NULL, NULL, NULL), BNORM_OK);
    for (int foreign = 0; foreign < 2; foreign++)
        for (int threads = 1; threads <= 8; threads++)
            for (int f = 0; f < 5; f++) {
                bnorm_seats seats = {.machine = &machine, .threads = threads, .nodes = 2,
                                     .count = {(threads + 1) / 2, threads / 2}};
                record r = {{0}, {0}, {0}, {0}, {0}};
                machine.foreign = foreign; /* then nobody knows where he is */
                bnorm_team_run(&seats, threads, 20, firsts[f], note_item, &r);
                int once = 1; /* a node with few items leaves workers out */
                for (int i = 0; i < 20; i++)
                    once = once && r.times[i] == 1 && r.worker[i] < threads &&
                           (i == 0 || r.worker[i] >= r.worker[i - 1]);
                CU_ASSERT(once);
            }
    machine.foreign = 0;
    bnorm_topology_free(&machine);
}

typedef struct {
    cpu_set_t during[ITEMS_MOST];
} affinities;

static void note_affinity(void *data, int64_t item, const bnorm_worker *worker)
{
    affinities *a = data;
    (void)worker;
    sched_getaffinity(0, sizeof a->during[item], &a->during[item]);
}

static void bound_threads_get_their_affinity_back(void)
{
    static affinities during, before, after;
    bnorm_machine machine;
    CU_ASSERT_EQUAL_FATAL(bnorm_topology_read(&machine, NULL, NULL, NULL), BNORM_OK);
    for (int binding = BNORM_BIND_SPREAD; binding <= BNORM_BIND_COMPACT; binding++)
        for (int threads = 1; threads <= 2 * machine.cpus && threads <= 16; threads++) {
            bnorm_seats seats, unbound = {.threads = threads, .nodes = 1, .count = {threads}};
            CU_ASSERT_EQUAL_FATAL(bnorm_seats_choose(&seats, &machine, threads, binding), 0);
            bnorm_team_run(&unbound, threads, threads, NULL, note_affinity, &before);
            bnorm_team_run(&seats, threads, threads, NULL, note_affinity, &during);
            bnorm_team_run(&unbound, threads, threads, NULL, note_affinity, &after);
            for (int i = 0; i < threads; i++) {
                int cpu = machine.cpu[seats.cpu[i]].os_index;
                CU_ASSERT(CPU_COUNT(&during.during[i]) == 1 && CPU_ISSET(cpu, &during.during[i]));
                CU_ASSERT(CPU_EQUAL(&before.during[i], &after.during[i]));
            }
            bnorm_seats_free(&seats);
        }
    bnorm_topology_free(&machine);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"every item exactly once", every_item_once},
        {"every item once, whatever the node", every_item_once_whatever_node},
        {"bound threads get their affinity back", bound_threads_get_their_affinity_back},
        {"one thread does not enter the runtime", one_thread_does_not_enter_the_runtime},
        {"inside a parallel region, nested off and on", inside_a_parallel_region},
        {"work runs in the default environment", work_runs_in_the_default_environment},
        {"callers in a region get theirs back", callers_in_a_region_get_their_environment_back},
    };
    return harness_main(argc, argv, "platform/team", cases, HARNESS_COUNT(cases));
}
