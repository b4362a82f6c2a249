/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/memory.h"

#include "base/status.h"
#include "plan/plan.h"

/* Rows are padded to whole cache lines where that adds at most one part in 8. */
static int64_t choose_ld(int64_t cols, int64_t unit)
{
    int64_t padded = bnorm_round_up(cols, unit);
    return cols >= 8 * unit ? padded : cols;
}

bnorm_status bnorm_alloc(const bnorm_plan *plan, bnorm_tensor tensor, bnorm_matrix *matrix)
{
    if (!plan || !matrix)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is NULL", plan ? "matrix" : "plan");
    if ((int)tensor < BNORM_X || (int)tensor > BNORM_DX)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "tensor is %d; expected BNORM_X to BNORM_DX",
                          (int)tensor);
    const int64_t size = (int64_t)plan->kernels->size, rows = plan->problem.rows;
    const int64_t ld = bnorm_max(choose_ld(plan->problem.cols, BNORM_LINE / size), 1);
    void *data = rows <= PTRDIFF_MAX / size / ld
                     ? bnorm_memory_map((size_t)(rows * ld * size), (int)tensor)
                     : NULL;
    if (!data)
        return bnorm_fail(BNORM_ERR_MEMORY, "no memory for %lld x %lld elements of %lld bytes",
                          (long long)rows, (long long)ld, (long long)size);
    *matrix = (bnorm_matrix){data, ld};
    return BNORM_OK;
}

void bnorm_free(void *data)
{
    bnorm_memory_unmap(data);
}
