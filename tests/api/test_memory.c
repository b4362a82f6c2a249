/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Memory: bnorm_alloc's promises, every request failing in turn without a leak,
 * and executions that request none.
 */
#include <stdlib.h>
#include <string.h>

#include "api/allocations.h"
#include "api/fixture.h"
#include "plan/plan.h"
#include "support/data.h"
#include "support/harness.h"

enum { ROWS = 300, COLS = 200 };

static const bnorm_tensor tensors[] = {BNORM_X, BNORM_Y, BNORM_DY, BNORM_DX};

/* ---- out of memory --------------------------------------------------------- */

typedef struct {
    bnorm_context *context;
    bnorm_plan *plan;
    bnorm_matrix matrix[4];
} objects;

/* Everything that may request memory, up to the first failure. */
static bnorm_status live(objects *all, fixture *f)
{
    bnorm_context_options options;
    bnorm_context_options_init(&options, sizeof options);
    options.threads = 1;
    bnorm_status status = bnorm_context_create(&all->context, &options);
    if (!status)
        status = bnorm_plan_create(&all->plan, all->context, &f->problem);
    if (!status)
        status = bnorm_plan_prepare(all->plan);
    for (int i = 0; !status && i < 4; i++)
        status = bnorm_alloc(all->plan, tensors[i], &all->matrix[i]);
    for (int o = 0; !status && o < FIXTURE_OPERATIONS; o++)
        status = fixture_operations[o].call(all->plan, &f->args);
    return status;
}

static void die(objects *all)
{
    for (int i = 0; i < 4; i++)
        bnorm_free(all->matrix[i].data);
    bnorm_plan_destroy(all->plan);
    bnorm_context_destroy(all->context);
}

static void every_request_fails_in_turn(void)
{
    int failing = 1;
    bnorm_status status;
    fixture f;
    fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
    f.problem.executions = 3;
    fixture_save(&f);
    do {
        objects all = {NULL, NULL, {{NULL, 0}}};
        allocations_watch(failing);
        status = live(&all, &f);
        int requests = allocations_stop();
        if (status) {
            CU_ASSERT_EQUAL(status, BNORM_ERR_MEMORY);
            CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "memory"));
            CU_ASSERT(fixture_untouched(&f));
            CU_ASSERT(requests >= failing); /* that request did fail */
        } else {
            CU_ASSERT(requests < failing); /* a failure that nobody reported */
        }
        die(&all);
        CU_ASSERT_EQUAL(allocations_held(), 0);
        failing++;
    } while (status && failing < 100);
    /* context, plan, its workspaces, four tensors: the loop did fail something */
    CU_ASSERT(failing > 7 && failing < 100);
    fixture_free(&f);
}

static void a_failure_leaves_nothing_behind(void)
{
    objects all = {NULL, NULL, {{NULL, 0}}};
    bnorm_problem problem;
    bnorm_context_options options;
    bnorm_context_options_init(&options, sizeof options);
    options.threads = 1;
    all.context = (bnorm_context *)&all;
    allocations_watch(1);
    CU_ASSERT_EQUAL(bnorm_context_create(&all.context, &options), BNORM_ERR_MEMORY);
    allocations_stop();
    CU_ASSERT_PTR_NULL(all.context);

    all.context = fixture_context(1);
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = ROWS;
    problem.cols = COLS;
    all.plan = (bnorm_plan *)&all;
    allocations_watch(1);
    CU_ASSERT_EQUAL(bnorm_plan_create(&all.plan, all.context, &problem), BNORM_ERR_MEMORY);
    allocations_stop();
    CU_ASSERT_PTR_NULL(all.plan);

    all.plan = fixture_plan(all.context, &problem);
    all.matrix[0] = (bnorm_matrix){&all, 77};
    allocations_watch(1);
    CU_ASSERT_EQUAL(bnorm_alloc(all.plan, BNORM_X, &all.matrix[0]), BNORM_ERR_MEMORY);
    allocations_stop();
    CU_ASSERT(all.matrix[0].data == &all && all.matrix[0].ld == 77);
    all.matrix[0].data = NULL;
    die(&all);
}

/* ---- executions request nothing --------------------------------------------- */

static int requests_of(bnorm_plan *plan, fixture *f, const fixture_operation *operation)
{
    allocations_watch(0);
    bnorm_status status = operation->call(plan, &f->args);
    int requests = allocations_stop();
    CU_ASSERT_EQUAL(status, BNORM_OK);
    return requests;
}

static void executions_request_nothing(void)
{
    fixture f;
    fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
    for (int threads = 1; threads <= 3; threads += 2) {
        bnorm_context *context = fixture_context(threads);
        bnorm_plan *plan = fixture_plan(context, &f.problem);
        bnorm_plan_prepare(plan);
        if (threads > 1) { /* a runtime that is linked statically makes its team now */
            bnorm_plan *other = fixture_plan(context, &f.problem);
            bnorm_forward(other, &f.args);
            bnorm_plan_destroy(other);
        }
        for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
            size_t size = (bnorm_plan_workspace_size(plan) + 63) / 64 * 64;
            CU_ASSERT_EQUAL(requests_of(plan, &f, &fixture_operations[o]), 0);
            f.args.workspace = aligned_alloc(64, size);
            CU_ASSERT_EQUAL(requests_of(plan, &f, &fixture_operations[o]), 0);
            free(f.args.workspace);
            f.args.workspace = NULL;
        }
        bnorm_plan_destroy(plan);
        bnorm_context_destroy(context);
    }
    fixture_free(&f);
}

/* The watcher does see requests, or the zeros above mean nothing. */
static void the_watcher_sees(void)
{
    bnorm_context *context = fixture_context(1);
    bnorm_problem problem;
    bnorm_plan *plan = NULL;
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = problem.cols = 10;
    allocations_watch(0);
    CU_ASSERT_EQUAL(bnorm_plan_create(&plan, context, &problem), BNORM_OK);
    CU_ASSERT(allocations_stop() >= 2);
    CU_ASSERT(allocations_held() >= 2);
    bnorm_plan_destroy(plan);
    CU_ASSERT_EQUAL(allocations_held(), 0);
    bnorm_context_destroy(context);
}

/* ---- bnorm_alloc -------------------------------------------------------------- */

static void tensors_keep_their_promises(void)
{
    static const int64_t cols[] = {1, 3, 16, 100, 127, 128, 129, 1000, 1023, 1024};
    bnorm_context *context = fixture_context(1);
    for (int i = 0; i < 20; i++) {
        bnorm_problem problem;
        bnorm_matrix m[4];
        int wrong = 0;
        bnorm_problem_init(&problem, sizeof problem);
        problem.rows = 77;
        problem.cols = cols[i / 2];
        problem.dtype = problem.stats_dtype = i % 2 ? BNORM_F64 : BNORM_F32;
        size_t size = data_size(problem.dtype);
        int64_t line = 64 / (int64_t)size;
        bnorm_plan *plan = fixture_plan(context, &problem);
        for (int t = 0; t < 4; t++)
            CU_ASSERT_EQUAL_FATAL(bnorm_alloc(plan, tensors[t], &m[t]), BNORM_OK);
        for (int t = 0; t < 4; t++) {
            size_t bytes = (size_t)(77 * m[t].ld) * size;
            CU_ASSERT(m[t].ld >= problem.cols && m[t].ld <= problem.cols + problem.cols / 8 + 1);
            CU_ASSERT(problem.cols < 8 * line || m[t].ld % line == 0); /* whole lines */
            CU_ASSERT_EQUAL((uintptr_t)m[t].data % 64, 0); /* a cache line */
            for (int u = 0; u < t; u++) {
                const uintptr_t apart = ((uintptr_t)m[t].data - (uintptr_t)m[u].data) % 4096;
                CU_ASSERT(plan->shards.count > 1 || (apart >= 256 && apart <= 4096 - 256));
            }
            for (size_t b = 0; b < bytes; b++)
                wrong += ((char *)m[t].data)[b] != 0;
            memset(m[t].data, 0xFF, bytes); /* its own, to the last byte */
        }
        CU_ASSERT_EQUAL(wrong, 0);
        for (int t = 0; t < 4; t++)
            bnorm_free(m[t].data);
        bnorm_plan_destroy(plan);
    }
    bnorm_context_destroy(context);
    bnorm_free(NULL);
}

static void alloc_refuses(void)
{
    bnorm_context *context = fixture_context(1);
    bnorm_problem problem;
    bnorm_matrix m = {NULL, 7};
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = INT64_C(1) << 50; /* 2^60 bytes: a problem, but not a machine */
    problem.cols = 1 << 8;
    bnorm_plan *plan = fixture_plan(context, &problem);
    CU_ASSERT_EQUAL(bnorm_alloc(plan, BNORM_X, &m), BNORM_ERR_MEMORY);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "1125899906842624"));
    CU_ASSERT_EQUAL(bnorm_alloc(plan, (bnorm_tensor)4, &m), BNORM_ERR_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "tensor is 4"));
    CU_ASSERT_EQUAL(bnorm_alloc(plan, (bnorm_tensor)-1, &m), BNORM_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(bnorm_alloc(NULL, BNORM_X, &m), BNORM_ERR_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "plan"));
    CU_ASSERT_EQUAL(bnorm_alloc(plan, BNORM_X, NULL), BNORM_ERR_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "matrix"));
    CU_ASSERT(m.data == NULL && m.ld == 7);
    bnorm_plan_destroy(plan);

    problem.rows = 0; /* no element, but a leading dimension that overflows when padded */
    problem.cols = INT64_MAX;
    if (bnorm_plan_create(&plan, context, &problem) == BNORM_OK) {
        bnorm_status status = bnorm_alloc(plan, BNORM_X, &m);
        CU_ASSERT(status == BNORM_OK ? m.ld >= problem.cols : status == BNORM_ERR_MEMORY);
        if (status == BNORM_OK)
            bnorm_free(m.data);
        bnorm_plan_destroy(plan);
    }
    bnorm_context_destroy(context);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"every request fails in turn, nothing leaks", every_request_fails_in_turn},
        {"a failure leaves nothing behind", a_failure_leaves_nothing_behind},
        {"executions request nothing", executions_request_nothing},
        {"the watcher sees requests", the_watcher_sees},
        {"tensors: zero, aligned, padded", tensors_keep_their_promises},
        {"bnorm_alloc refuses", alloc_refuses},
    };
    return harness_main(argc, argv, "api/memory", cases, HARNESS_COUNT(cases));
}
