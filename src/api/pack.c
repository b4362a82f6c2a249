/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies between a row-major matrix and panels: checks, then exec/pack.c. */
#include "exec/pack.h"

#include "api/check.h"

static bnorm_status check_plan(const bnorm_plan *plan)
{
    if (!plan)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "plan is NULL");
    if (!plan->panel)
        return bnorm_fail(BNORM_ERR_UNSUPPORTED, "problem.layout is %d; expected BNORM_PANELS",
                          (int)plan->problem.layout);
    return bnorm_check_idle(plan);
}

/* name: of the row-major matrix. */
static bnorm_status copy(const bnorm_plan *plan, int64_t rows, const char *name,
                         const bnorm_matrix *matrix, const bnorm_matrix *panels,
                         bnorm_copy_direction direction)
{
    bnorm_region in_rows, in_panels;
    BNORM_TRY(check_plan(plan));
    BNORM_TRY(bnorm_check_rows("rows", &rows, plan));
    BNORM_TRY(bnorm_check_matrix(name, plan, rows, 0, matrix, &in_rows));
    BNORM_TRY(bnorm_check_matrix("panels", plan, rows, plan->panel, panels, &in_panels));
    if (bnorm_regions_overlap(&in_rows, &in_panels))
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s (%p) overlaps panels (%p); expected memory of "
                          "its own", name, matrix->data, panels->data);
    bnorm_copy(plan, rows, &(bnorm_matrix){matrix->data, in_rows.ld},
               &(bnorm_matrix){panels->data, in_panels.ld}, direction);
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
