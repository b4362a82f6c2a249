/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/memory.h"

#include <stdio.h>
#include <string.h>

#include "api/check.h"
#include "api/placement.h"
#include "base/amount.h"

/* A refusal costs speed only: the pages will be where they are touched first. */
static void place(const bnorm_plan *plan, bnorm_tensor tensor, const bnorm_matrix *matrix)
{
    static const char *const names[] = {"x", "y", "dy", "dx"};
    const bnorm_context *context = plan->context;
    char line[160];
    if (context->machine.memory_nodes <= 1)
        return; /* there is nowhere else */
    const bnorm_placing placing = bnorm_place_matrix(plan, matrix);
    if (!placing.error || !context->log)
        return;
    snprintf(line, sizeof line, "the system refuses to place pages of %s on node %d: %s",
             names[tensor], context->machine.node[placing.node].memory, strerror(placing.error));
    context->log(context->log_user, line);
}

bnorm_status bnorm_alloc(const bnorm_plan *plan, bnorm_tensor tensor, bnorm_matrix *matrix)
{
    if (!plan || !matrix)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is NULL", plan ? "matrix" : "plan");
    if ((int)tensor < BNORM_X || (int)tensor > BNORM_DX)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "tensor is %d; expected BNORM_X to BNORM_DX",
                          (int)tensor);
    BNORM_TRY(bnorm_check_here(plan));
    const int64_t ld = bnorm_placement_ld(plan);
    const size_t bytes = bnorm_placement_bytes(plan, ld);
    char all[BNORM_AMOUNT];
    const int divided = plan->shards.count > 1; /* pages go to nodes one by one */
    void *data = bnorm_memory_map(bytes, (int)tensor, divided, plan->context->pages);
    if (!data)
        return bnorm_fail(BNORM_ERR_MEMORY, "no memory for %lld x %lld elements: %s",
                          (long long)plan->problem.rows, (long long)plan->problem.cols,
                          bnorm_amount(all, (double)bytes));
    *matrix = (bnorm_matrix){data, ld};
    place(plan, tensor, matrix);
    return BNORM_OK;
}

void bnorm_free(void *data)
{
    bnorm_memory_unmap(data);
}
