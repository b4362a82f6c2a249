/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/plan.h"

#include "api/check.h"
#include "base/environment.h"
#include "platform/memory.h"

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
    fenv_t own;
    bnorm_environment_enter(&own);
    bnorm_plan_schedule(created);
    bnorm_plan_write_text(created);
    bnorm_environment_leave(&own);
    if (bnorm_pool_create(&created->pool, problem->executions, created->workspace_bytes) != 0) {
        bnorm_status status =
            bnorm_fail(BNORM_ERR_MEMORY, "no memory for %d workspaces of %zu bytes",
                       problem->executions, created->workspace_bytes);
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

bnorm_status bnorm_plan_prepare(bnorm_plan *plan)
{
    if (!plan)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "plan is NULL");
    bnorm_pool_touch(&plan->pool);
    return BNORM_OK;
}

size_t bnorm_plan_workspace_size(const bnorm_plan *plan)
{
    return plan ? plan->workspace_bytes : 0;
}
