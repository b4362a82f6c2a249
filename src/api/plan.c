/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/plan.h"

#include "api/check.h"
#include "base/amount.h"
#include "base/environment.h"
#include "platform/memory.h"
#include "platform/team.h"
#include "tune/measure.h"

bnorm_status bnorm_problem_init(bnorm_problem *problem, size_t struct_size)
{
    if (!problem)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "problem is NULL");
    BNORM_TRY(bnorm_check_size("problem", struct_size, sizeof *problem));
    *problem = (bnorm_problem){
        .struct_size = struct_size,
        .eps = 1e-5,
        .operations = BNORM_ALL_OPERATIONS,
        .executions = 1,
        .time_limit = 1,
    };
    return BNORM_OK;
}

bnorm_status bnorm_plan_make(bnorm_plan **plan, const bnorm_context *context,
                             const bnorm_problem *problem, const bnorm_shards *shards)
{
    bnorm_plan *created = bnorm_memory_get(sizeof *created);
    if (!created)
        return bnorm_fail(BNORM_ERR_MEMORY, "no memory for a plan of %zu bytes", sizeof *created);
    created->context = context;
    created->problem = *problem;
    if (shards)
        created->shards = *shards;
    char each[BNORM_AMOUNT];
    fenv_t own;
    bnorm_environment_enter(&own);
    bnorm_plan_schedule(created);
    bnorm_status status = problem->effort == BNORM_MEASURE ? bnorm_tune(created) : BNORM_OK;
    bnorm_plan_write_text(created);
    bnorm_environment_leave(&own);
    if (status == BNORM_OK &&
        bnorm_pool_create(&created->pool, problem->executions, created->workspace_bytes) != 0)
        status = bnorm_fail(BNORM_ERR_MEMORY, "no memory for %d workspaces of %s",
                            problem->executions,
                            bnorm_amount(each, (double)created->workspace_bytes));
    if (status != BNORM_OK) {
        bnorm_memory_put(created);
        return status;
    }
    *plan = created;
    return BNORM_OK;
}

bnorm_status bnorm_plan_create(bnorm_plan **plan, const bnorm_context *context,
                               const bnorm_problem *problem)
{
    if (!plan)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "plan is NULL");
    *plan = NULL;
    if (!context || !problem)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is NULL", context ? "problem" : "context");
    BNORM_TRY(bnorm_check_problem(problem));
    return bnorm_plan_make(plan, context, problem, NULL);
}

void bnorm_plan_destroy(bnorm_plan *plan)
{
    if (!plan)
        return;
    bnorm_pool_destroy(&plan->pool);
    bnorm_memory_put(plan);
}

/* A worker's part of every workspace is touched first by the thread that will use
 * it, and so lies on its node. */
static void touch_parts(void *data, int64_t item, const bnorm_worker *worker)
{
    bnorm_plan *plan = data;
    const int threads = plan->context->seats.threads;
    int64_t part = 0;
    (void)worker;
    for (int i = 0; i < BNORM_OPERATIONS; i++) {
        part = bnorm_max(part, (int64_t)plan->schedule[i].workspace.worker_bytes);
        part = bnorm_max(part, (int64_t)plan->off_lines[i].workspace.worker_bytes);
    }
    bnorm_pool_touch(&plan->pool, (size_t)(item * part), (size_t)((item + 1) * part));
    if (item == threads - 1)
        bnorm_pool_touch(&plan->pool, (size_t)(threads * part), plan->workspace_bytes);
}

bnorm_status bnorm_plan_prepare(bnorm_plan *plan)
{
    if (!plan)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "plan is NULL");
    BNORM_TRY(bnorm_check_here(plan));
    const bnorm_seats *seats = &plan->context->seats;
    int64_t first[BNORM_MOST_NODES + 1] = {0}; /* as many items on a node as seats */
    for (int k = 0; k < seats->nodes; k++)
        first[k + 1] = first[k] + seats->count[k];
    bnorm_team_run(seats, seats->threads, seats->threads, first, touch_parts, plan);
    return BNORM_OK;
}

size_t bnorm_plan_workspace_size(const bnorm_plan *plan)
{
    return plan ? plan->workspace_bytes : 0;
}
