/* SPDX-License-Identifier: BSD-3-Clause */
/* The executions: five names for one funnel. */
#include "api/check.h"
#include "exec/exec.h"

bnorm_status bnorm_args_init(bnorm_args *args, size_t struct_size)
{
    if (!args)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "args is NULL");
    BNORM_TRY(bnorm_check_size("args", struct_size, sizeof *args));
    *args = (bnorm_args){.struct_size = struct_size, .momentum = 0.1};
    return BNORM_OK;
}

static bnorm_status run(bnorm_plan *plan, unsigned operation, const bnorm_args *args)
{
    bnorm_args complete;
    if (!plan || !args)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is NULL", plan ? "args" : "plan");
    BNORM_TRY(bnorm_plan_has(plan, operation));
    BNORM_TRY(bnorm_check_idle(plan));
    BNORM_TRY(bnorm_check_args(plan, operation, args, &complete));
    if (args->workspace)
        return bnorm_execute(plan, operation, &complete, args->workspace);

    void *workspace = bnorm_pool_take(&plan->pool);
    bnorm_status status = bnorm_execute(plan, operation, &complete, workspace);
    bnorm_pool_give(&plan->pool, workspace);
    return status;
}

bnorm_status bnorm_forward(bnorm_plan *plan, const bnorm_args *args)
{
    return run(plan, BNORM_FORWARD, args);
}

bnorm_status bnorm_backward(bnorm_plan *plan, const bnorm_args *args)
{
    return run(plan, BNORM_BACKWARD, args);
}

bnorm_status bnorm_forward_backward(bnorm_plan *plan, const bnorm_args *args)
{
    return run(plan, BNORM_FORWARD_BACKWARD, args);
}

bnorm_status bnorm_step(bnorm_plan *plan, const bnorm_args *args)
{
    return run(plan, BNORM_STEP, args);
}

bnorm_status bnorm_infer(bnorm_plan *plan, const bnorm_args *args)
{
    return run(plan, BNORM_INFER, args);
}
