/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * MEASURE, with executions that take as long as the test says: the linker gives the
 * clock and the executions to the test first.  And all candidates give the same bits.
 */
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "api/allocations.h"
#include "api/fixture.h"
#include "exec/exec.h"
#include "plan/candidates.h"
#include "support/harness.h"
#include "tune/wisdom.h"

enum { ROWS = 4000, COLS = 300, GUARD = 4096 };

/* ---- a clock that only executions move ----------------------------------------------- */

typedef double costs(const bnorm_schedule *schedule);

static costs *cost; /* NULL: the system's clock */
static double clock_seconds;
static int executions;
static int idle; /* executions do nothing else */

int __real_clock_gettime(clockid_t id, struct timespec *time);
int __wrap_clock_gettime(clockid_t id, struct timespec *time);
bnorm_status __real_bnorm_execute(const bnorm_plan *plan, unsigned operation,
                                  const bnorm_args *args, void *workspace);
bnorm_status __wrap_bnorm_execute(const bnorm_plan *plan, unsigned operation,
                                  const bnorm_args *args, void *workspace);

int __wrap_clock_gettime(clockid_t id, struct timespec *time)
{
    if (!cost)
        return __real_clock_gettime(id, time);
    time->tv_sec = (time_t)clock_seconds;
    time->tv_nsec = (long)(1e9 * (clock_seconds - (double)time->tv_sec));
    return 0;
}

bnorm_status __wrap_bnorm_execute(const bnorm_plan *plan, unsigned operation,
                                  const bnorm_args *args, void *workspace)
{
    executions++;
    if (cost)
        clock_seconds += cost(&plan->schedule[bnorm_operation_index(operation)]);
    return idle ? BNORM_OK : __real_bnorm_execute(plan, operation, args, workspace);
}

/* Every schedule takes a millisecond. */
static double alike(const bnorm_schedule *schedule)
{
    (void)schedule;
    return 1e-3;
}

/* One thread is twice as fast. */
static double alone(const bnorm_schedule *schedule)
{
    return schedule->threads == 1 ? 1e-3 : 2e-3;
}

/* And a short way ahead by half: neither the first candidate nor the last. */
static double alone_and_ahead(const bnorm_schedule *schedule)
{
    return alone(schedule) * (schedule->reduce_ahead == 6 ? 1 : 1.5);
}

static bnorm_problem problem_of(unsigned operations, double limit)
{
    bnorm_problem problem;
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = ROWS;
    problem.cols = COLS;
    problem.operations = operations;
    problem.effort = BNORM_MEASURE;
    problem.time_limit = limit;
    return problem;
}

static bnorm_plan *plan_at(const bnorm_context *context, const bnorm_problem *problem, costs *how)
{
    cost = how;
    idle = 1;
    clock_seconds = 0;
    executions = 0;
    bnorm_plan *plan = fixture_plan(context, problem);
    cost = NULL;
    idle = 0;
    return plan;
}

/* ---- cases ------------------------------------------------------------------------ */

static void the_fastest_candidate_is_chosen(void)
{
    bnorm_context *context = fixture_context(2);
    bnorm_problem problem = problem_of(BNORM_FORWARD | BNORM_STEP, 1000);
    bnorm_plan *plan = plan_at(context, &problem, alone);
    bnorm_description d = {.struct_size = sizeof d};
    CU_ASSERT_EQUAL(bnorm_plan_describe(plan, BNORM_STEP, &d), BNORM_OK);
    CU_ASSERT_EQUAL(d.threads, 1);
    CU_ASSERT_DOUBLE_EQUAL(d.measured, 2, 0.01);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_plan_text(plan), "2.00 times as fast as the estimate"));
    bnorm_plan_destroy(plan);
    problem.cols++;
    plan = plan_at(context, &problem, alone_and_ahead);
    CU_ASSERT_EQUAL(bnorm_plan_describe(plan, BNORM_FORWARD, &d), BNORM_OK);
    CU_ASSERT_DOUBLE_EQUAL(d.measured, 3, 0.01);
    CU_ASSERT(d.threads == 1 && plan->schedule[0].reduce_ahead == 6);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
}

static void the_estimate_stays_unless_something_is_faster(void)
{
    bnorm_context *context = fixture_context(2);
    bnorm_problem problem = problem_of(BNORM_ALL_OPERATIONS, 1000);
    bnorm_plan *measured = plan_at(context, &problem, alike);
    problem.effort = BNORM_ESTIMATE;
    bnorm_plan *estimated = fixture_plan(context, &problem);
    for (int i = 0; i < BNORM_OPERATIONS; i++) {
        bnorm_description d = {.struct_size = sizeof d};
        CU_ASSERT(bnorm_schedules_alike(&measured->schedule[i], &estimated->schedule[i]));
        CU_ASSERT_EQUAL(bnorm_plan_describe(measured, 1u << i, &d), BNORM_OK);
        CU_ASSERT_EQUAL(d.measured, 1);
        CU_ASSERT_EQUAL(bnorm_plan_describe(estimated, 1u << i, &d), BNORM_OK);
        CU_ASSERT_EQUAL(d.measured, 0);
        CU_ASSERT(context->wisdom->entry[i].tried > 5);
    }
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_plan_text(measured), "the estimate is the fastest"));
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_plan_text(estimated), ", estimated"));
    bnorm_plan_destroy(measured);
    bnorm_plan_destroy(estimated);
    bnorm_context_destroy(context);
}

/* The more time, the more candidates; none without time, and time is kept to. */
static void the_time_limit_counts(void)
{
    int before = -1;
    for (double limit = 0; limit < 1; limit = limit * 2 + 0.02) {
        bnorm_context *context = fixture_context(2);
        bnorm_problem problem = problem_of(BNORM_FORWARD | BNORM_BACKWARD, limit);
        bnorm_plan *plan = plan_at(context, &problem, alike);
        int tried = context->wisdom->entry[0].tried + context->wisdom->entry[1].tried;
        CU_ASSERT(tried >= before);
        CU_ASSERT(limit > 0 || tried == 0);
        CU_ASSERT(clock_seconds <= limit + 0.01); /* the first runs are not optional */
        before = tried;
        bnorm_plan_destroy(plan);
        bnorm_context_destroy(context);
    }
    CU_ASSERT(before > 10);
}

static void what_is_known_is_not_measured(void)
{
    char path[64];
    snprintf(path, sizeof path, "test_measure.%ld.tmp", (long)getpid());
    bnorm_context *context = fixture_context(2), *other = fixture_context(2);
    bnorm_problem problem = problem_of(BNORM_FORWARD | BNORM_BACKWARD, 10);
    bnorm_plan *first = plan_at(context, &problem, alone);
    CU_ASSERT(executions > 0);
    bnorm_plan *second = plan_at(context, &problem, alone);
    CU_ASSERT_EQUAL(executions, 0);
    CU_ASSERT_EQUAL(bnorm_wisdom_save(context, path), BNORM_OK);
    CU_ASSERT_EQUAL(bnorm_wisdom_load(other, path), BNORM_OK);
    bnorm_plan *loaded = plan_at(other, &problem, alone);
    CU_ASSERT_EQUAL(executions, 0);
    CU_ASSERT_STRING_EQUAL(bnorm_plan_text(first), bnorm_plan_text(second));
    CU_ASSERT_STRING_EQUAL(bnorm_plan_text(first), bnorm_plan_text(loaded));
    CU_ASSERT_EQUAL(bnorm_plan_workspace_size(first), bnorm_plan_workspace_size(loaded));
    bnorm_plan_destroy(loaded);
    problem.operations |= BNORM_STEP; /* is measured alone */
    loaded = plan_at(other, &problem, alone);
    CU_ASSERT(executions > 0 && other->wisdom->count == 3);
    bnorm_plan_destroy(loaded);
    problem.rows--; /* another problem */
    loaded = plan_at(other, &problem, alone);
    CU_ASSERT(executions > 0 && other->wisdom->count == 6);
    bnorm_plan_destroy(first);
    bnorm_plan_destroy(second);
    bnorm_plan_destroy(loaded);
    bnorm_context_destroy(context);
    bnorm_context_destroy(other);
    unlink(path);
}

static void nothing_to_measure(void)
{
    bnorm_context *context = fixture_context(2);
    bnorm_problem problem = problem_of(BNORM_ALL_OPERATIONS, 1);
    problem.rows = 0;
    bnorm_plan_destroy(plan_at(context, &problem, alone));
    problem.rows = ROWS;
    problem.cols = 0;
    bnorm_plan_destroy(plan_at(context, &problem, alone));
    CU_ASSERT(executions == 0 && context->wisdom->count == 0);
    bnorm_context_destroy(context);
}

static void a_described_machine_is_not_measured(void)
{
    bnorm_context *context;
    bnorm_context_options options;
    bnorm_context_options_init(&options, sizeof options);
    options.synthetic = "numa:2 core:4 pu:1";
    if (bnorm_context_create(&context, &options) != BNORM_OK) {
        harness_skip("without hwloc no machine can be described");
        return;
    }
    bnorm_problem problem = problem_of(BNORM_FORWARD, 1);
    bnorm_plan *plan;
    CU_ASSERT_EQUAL(bnorm_plan_create(&plan, context, &problem), BNORM_ERR_UNSUPPORTED);
    CU_ASSERT_PTR_NULL(plan);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "effort"));
    bnorm_context_destroy(context);
}

/* Measuring runs on every problem: layouts, types, in place, global statistics. */
static void every_problem_can_be_measured(void)
{
    static const unsigned flags[] = {0, BNORM_IN_PLACE_Y | BNORM_IN_PLACE_DX | BNORM_ACCUMULATE,
                                     BNORM_GLOBAL_STATISTICS, BNORM_UNBIASED_VARIANCE};
    bnorm_context *context = fixture_context(3);
    for (int i = 0; i < 4; i++)
        for (int dtype = 0; dtype < 2; dtype++)
            for (int width = 0; width <= 16; width += 8) {
                bnorm_problem problem = problem_of(BNORM_ALL_OPERATIONS, 0.05);
                problem.rows = 200 + i;
                problem.cols = 50;
                problem.dtype = problem.stats_dtype = (bnorm_dtype)dtype;
                problem.layout = width ? BNORM_PANELS : BNORM_ROWS;
                problem.panel_width = width;
                problem.flags = flags[i];
                cost = alike;
                bnorm_plan_destroy(fixture_plan(context, &problem));
                cost = NULL;
            }
    CU_ASSERT_EQUAL(context->wisdom->count, 4 * 2 * 3 * BNORM_OPERATIONS);
    bnorm_context_destroy(context);
}

static void every_request_fails_in_turn(void)
{
    bnorm_status status;
    int failing = 1;
    do {
        bnorm_context *context = fixture_context(1);
        bnorm_problem problem = problem_of(BNORM_FORWARD | BNORM_STEP, 1);
        bnorm_plan *plan;
        problem.rows = 200;
        cost = alike;
        idle = 1;
        allocations_watch(failing++);
        status = bnorm_plan_create(&plan, context, &problem);
        allocations_stop();
        cost = NULL;
        idle = 0;
        CU_ASSERT(status == BNORM_OK || (status == BNORM_ERR_MEMORY && !plan));
        bnorm_plan_destroy(plan);
        bnorm_context_destroy(context);
    } while (status && failing < 50);
    CU_ASSERT(failing > 8 && failing < 50);
    CU_ASSERT_EQUAL(allocations_held(), 0);
}

/* ---- bits -------------------------------------------------------------------------- */

/* Outputs of an operation under a tuning. */
static uint64_t hash_of(bnorm_plan *plan, fixture *f, int operation, const bnorm_tuning *tuning)
{
    bnorm_plan_tune(plan, operation, tuning);
    const size_t bytes = (bnorm_plan_workspace_size(plan) + 63) / 64 * 64;
    fixture_fill(f);
    unsigned char *workspace = f->args.workspace = aligned_alloc(64, bytes + GUARD);
    CU_ASSERT_PTR_NOT_NULL_FATAL(workspace);
    memset(workspace + bytes, 0x5A, GUARD);
    const bnorm_status status = fixture_operations[operation].call(plan, &f->args);
    CU_ASSERT_EQUAL(status, BNORM_OK);
    CU_ASSERT(fixture_guarded(f));
    for (int i = 0; i < GUARD; i++)
        if (workspace[bytes + (size_t)i] != 0x5A)
            CU_FAIL_FATAL("the workspace is too small");
    free(workspace);
    f->args.workspace = NULL;
    return fixture_hash(f, fixture_outputs(1u << operation));
}

static void all_candidates_give_the_same_bits(void)
{
    bnorm_tuning candidate[BNORM_MOST_CANDIDATES];
    bnorm_context *context = fixture_context(4);
    fixture f;
    fixture_init(&f, 1000, 777, BNORM_F32, BNORM_F32);
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    int tried = 0;
    for (int o = 0; o < BNORM_OPERATIONS; o++) {
        const bnorm_tuning estimate = bnorm_plan_estimate(plan, o, 1);
        const uint64_t expected = hash_of(plan, &f, o, &estimate);
        for (int stage = 0; stage < BNORM_CANDIDATE_STAGES; stage++) {
            const int count = bnorm_plan_candidates(plan, o, stage, &estimate, candidate);
            CU_ASSERT(count >= (stage != 1) && count <= BNORM_MOST_CANDIDATES);
            for (int i = 0; i < count; i++)
                if (harness_sampled(tried++))
                    CU_ASSERT_EQUAL(hash_of(plan, &f, o, &candidate[i]), expected);
        }
    }
    harness_note("%d candidates", tried);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
    fixture_free(&f);
}

/* Whatever wisdom may hold. */
static void odd_tunings_give_the_same_bits(void)
{
    static const int64_t bytes[] = {1, 100, 5000, 1 << 30};
    bnorm_context *context = fixture_context(4);
    fixture f;
    fixture_init(&f, 300, 99, BNORM_F64, BNORM_F64);
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    const int operation = 2;
    const bnorm_tuning estimate = bnorm_plan_estimate(plan, operation, 1);
    const uint64_t expected = hash_of(plan, &f, operation, &estimate);
    for (int i = 0; i < 4 * 4 * 4 * 4 * 2; i += 3) {
        bnorm_tuning tuning = {
            .strategy = i & 1 ? BNORM_STRATEGY_STREAM : BNORM_STRATEGY_RESIDENT,
            .threads = 1 + (i >> 1) % 4,
            .stream = i >> 3 & 1,
            .min_bytes = bytes[(i >> 3) % 4],
            .max_bytes = bytes[(i >> 5) % 4],
            .ahead_bytes = bytes[(i >> 7) % 4] - 1,
        };
        if (tuning.max_bytes < tuning.min_bytes || !harness_sampled(i))
            continue;
        CU_ASSERT_EQUAL(hash_of(plan, &f, operation, &tuning), expected);
    }
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
    fixture_free(&f);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"the fastest candidate is chosen", the_fastest_candidate_is_chosen},
        {"the estimate stays unless something is faster",
         the_estimate_stays_unless_something_is_faster},
        {"the time limit counts", the_time_limit_counts},
        {"what is known is not measured", what_is_known_is_not_measured},
        {"nothing to measure", nothing_to_measure},
        {"a described machine is not measured", a_described_machine_is_not_measured},
        {"every problem can be measured", every_problem_can_be_measured},
        {"every request for memory fails in turn", every_request_fails_in_turn},
        {"all candidates give the same bits", all_candidates_give_the_same_bits},
        {"odd tunings give the same bits", odd_tunings_give_the_same_bits},
    };
    return harness_main(argc, argv, "measure", cases, HARNESS_COUNT(cases));
}
