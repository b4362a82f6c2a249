/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies between a row-major matrix and panels: checks, then exec/pack.c. */
#include "exec/pack.h"

#include "api/check.h"
#include "api/overlap.h"
#include "exec/exec.h"

static bnorm_status check_plan(const bnorm_plan *plan)
{
    if (!plan)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "plan is NULL");
    if (!plan->panel)
        return bnorm_fail(BNORM_ERR_UNSUPPORTED, "problem.layout is %d; expected BNORM_PANELS",
                          (int)plan->problem.layout);
    BNORM_TRY(bnorm_check_here(plan));
    if (bnorm_step_active(plan))
        return bnorm_fail(BNORM_ERR_BUSY, "plan %p is executing; an upstream function can't use "
                          "its own plan", (const void *)plan);
    return BNORM_OK;
}

/* What is used of rows, or with panel > 0 of panels; *complete: with its ld. */
static bnorm_status check_matrix(const bnorm_plan *plan, int64_t rows, int64_t panel,
                                 const char *name, const bnorm_matrix *matrix,
                                 bnorm_matrix *complete, bnorm_region *region)
{
    const int64_t cols = plan->problem.cols, size = bnorm_dtype_size(plan->problem.dtype);
    const int64_t count = panel ? bnorm_ceil_div(cols, panel) : rows; /* of runs of elements */
    const int64_t least = !panel ? cols : count ? rows * panel : 0;
    if (!matrix)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is NULL", name);
    if (!matrix->data && rows > 0 && cols > 0)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s.data is NULL; expected %lld %s", name,
                          (long long)count, panel ? "panels" : "rows");
    *complete = (bnorm_matrix){matrix->data, matrix->ld ? matrix->ld : bnorm_max(least, 1)};
    if (complete->ld < least)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s.ld is %lld; expected at least %lld, the %s, or 0",
                          name, (long long)matrix->ld, (long long)least,
                          panel ? "elements of a panel" : "columns");
    if (count > PTRDIFF_MAX / size / complete->ld)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s.ld is %lld; expected at most %lld for %lld %s of "
                          "%lld-byte elements", name, (long long)complete->ld,
                          (long long)(PTRDIFF_MAX / size / count), (long long)count,
                          panel ? "panels" : "rows", (long long)size);
    if ((uintptr_t)matrix->data % (uintptr_t)size != 0)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s.data is %p; expected a multiple of %lld", name,
                          matrix->data, (long long)size);
    *region = (bnorm_region){matrix->data, count, least, complete->ld, (size_t)size};
    return BNORM_OK;
}

/* name: of the row-major matrix. */
static bnorm_status copy(const bnorm_plan *plan, int64_t rows, const char *name,
                         const bnorm_matrix *matrix, const bnorm_matrix *panels,
                         bnorm_copy_direction direction)
{
    bnorm_matrix in_rows, in_panels;
    bnorm_region row_region, panel_region;
    BNORM_TRY(check_plan(plan));
    BNORM_TRY(bnorm_check_rows("rows", &rows, plan));
    BNORM_TRY(check_matrix(plan, rows, 0, name, matrix, &in_rows, &row_region));
    BNORM_TRY(check_matrix(plan, rows, plan->panel, "panels", panels, &in_panels, &panel_region));
    if (bnorm_regions_overlap(&row_region, &panel_region))
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s (%p) overlaps panels (%p); expected memory of "
                          "its own", name, matrix->data, panels->data);
    bnorm_copy(plan, rows, &in_rows, &in_panels, direction);
    return BNORM_OK;
}

bnorm_status bnorm_pack(const bnorm_plan *plan, int64_t rows, const bnorm_matrix *from,
                        const bnorm_matrix *panels)
{
    return copy(plan, rows, "from", from, panels, BNORM_TO_PANELS);
}

bnorm_status bnorm_unpack(const bnorm_plan *plan, int64_t rows, const bnorm_matrix *panels,
                          const bnorm_matrix *to)
{
    return copy(plan, rows, "to", to, panels, BNORM_TO_ROWS);
}
