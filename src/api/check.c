/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/check.h"

#include <math.h>

#include "exec/exec.h"

static bnorm_status check_enum(const char *name, int value, int last)
{
    if (value < 0 || value > last)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "problem.%s is %d; expected 0 to %d", name, value,
                          last);
    return BNORM_OK;
}

static bnorm_status check_bits(const char *name, unsigned value, unsigned known)
{
    if (value & ~known)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "problem.%s is %#x; known bits are %#x", name, value,
                          known);
    return BNORM_OK;
}

static bnorm_status check_count(const char *name, int64_t value, int64_t least, int64_t most)
{
    if (value < least || value > most)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is %lld; expected %lld to %lld", name,
                          (long long)value, (long long)least, (long long)most);
    return BNORM_OK;
}

bnorm_status bnorm_check_problem(const bnorm_problem *problem)
{
    const unsigned flags = BNORM_CUMULATIVE_AVERAGE * 2 - 1;
    BNORM_TRY(bnorm_check_size("problem", problem->struct_size, sizeof *problem));
    BNORM_TRY(check_enum("dtype", (int)problem->dtype, BNORM_F64));
    BNORM_TRY(check_enum("stats_dtype", (int)problem->stats_dtype, BNORM_F64));
    BNORM_TRY(check_enum("layout", (int)problem->layout, BNORM_PANELS));
    BNORM_TRY(check_enum("strategy", (int)problem->strategy, BNORM_STRATEGY_PIPELINED));
    BNORM_TRY(check_enum("effort", (int)problem->effort, BNORM_MEASURE));
    BNORM_TRY(check_bits("operations", problem->operations, BNORM_ALL_OPERATIONS));
    BNORM_TRY(check_bits("flags", problem->flags, flags));
    const int width = problem->panel_width;
    if (width != 0 && (problem->layout != BNORM_PANELS || (width != 8 && width != 16)))
        return bnorm_fail(BNORM_ERR_ARGUMENT, "problem.panel_width is %d; expected %s", width,
                          problem->layout == BNORM_PANELS ? "16, 8, or 0 for 16"
                                                          : "0 for this layout");
    const int64_t size = bnorm_dtype_size(problem->dtype);
    const int64_t largest = bnorm_max(size, bnorm_dtype_size(problem->stats_dtype));
    BNORM_TRY(check_count("problem.rows", problem->rows, 0, PTRDIFF_MAX / size));
    BNORM_TRY(check_count("problem.cols", problem->cols, 0, PTRDIFF_MAX / largest));
    BNORM_TRY(check_count("problem.executions", problem->executions, 1, 4096));
    if (problem->operations == 0)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "problem.operations is 0; expected at least one");
    if (problem->dtype == BNORM_F64 && problem->stats_dtype != BNORM_F64)
        return bnorm_fail(BNORM_ERR_UNSUPPORTED, "problem.stats_dtype is %d; expected BNORM_F64 "
                          "for BNORM_F64 data", (int)problem->stats_dtype);
    /* isgreaterequal: a comparison that raises no flag for NaN */
    if (!isgreaterequal(problem->eps, 0) || isinf(problem->eps))
        return bnorm_fail(BNORM_ERR_ARGUMENT, "problem.eps is %g; expected finite and >= 0",
                          problem->eps);
    if (!isgreaterequal(problem->time_limit, 0) || isinf(problem->time_limit))
        return bnorm_fail(BNORM_ERR_ARGUMENT, "problem.time_limit is %g; expected finite and >= 0",
                          problem->time_limit);
    /* a panel has an address even where no column is in it */
    const int64_t cols = problem->layout == BNORM_PANELS
                             ? bnorm_round_up(bnorm_max(problem->cols, 1), 16)
                             : problem->cols;
    if (cols > 0 && problem->rows > PTRDIFF_MAX / size / cols)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "problem.rows is %lld; expected at most %lld for "
                          "%lld columns of %lld bytes", (long long)problem->rows,
                          (long long)(PTRDIFF_MAX / size / cols),
                          (long long)problem->cols, (long long)size);
    return BNORM_OK;
}

bnorm_status bnorm_check_here(const bnorm_plan *plan)
{
    if (plan->context->machine.foreign)
        return bnorm_fail(BNORM_ERR_UNSUPPORTED, "the plan's context describes another machine: "
                          "expected one without options.synthetic and options.xml");
    return BNORM_OK;
}

bnorm_status bnorm_check_idle(const bnorm_plan *plan)
{
    BNORM_TRY(bnorm_check_here(plan));
    if (bnorm_step_active(plan))
        return bnorm_fail(BNORM_ERR_BUSY, "plan %p is executing; an upstream function can't use "
                          "its own plan", (const void *)plan);
    return BNORM_OK;
}

bnorm_status bnorm_check_rows(const char *name, int64_t *rows, const bnorm_plan *plan)
{
    const int64_t most = plan->problem.rows;
    if (*rows == 0)
        *rows = most;
    else if (*rows == BNORM_NO_ROWS)
        *rows = 0;
    else if (*rows < 0 || *rows > most)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is %lld; expected 0 to the problem's %lld, or "
                          "BNORM_NO_ROWS", name, (long long)*rows, (long long)most);
    return BNORM_OK;
}

bnorm_status bnorm_check_matrix(const char *name, const bnorm_plan *plan, int64_t rows,
                                int64_t panel, const bnorm_matrix *matrix, bnorm_region *region)
{
    const int64_t cols = plan->problem.cols, size = bnorm_dtype_size(plan->problem.dtype);
    const int64_t count = panel ? bnorm_ceil_div(cols, panel) : rows;
    const int64_t least = panel ? rows * panel : cols;
    const char *const units = panel ? "panels" : "rows";
    if (!matrix)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is NULL", name);
    if (!matrix->data && rows > 0 && cols > 0)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s.data is NULL; expected %lld %s", name,
                          (long long)count, units);
    const int64_t ld = matrix->ld ? matrix->ld : bnorm_max(least, 1);
    if (ld < least)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s.ld is %lld; expected at least %lld, the %s, or 0",
                          name, (long long)ld, (long long)least,
                          panel ? "elements of a panel" : "columns");
    if (count > PTRDIFF_MAX / size / ld)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s.ld is %lld; expected at most %lld for %lld %s of "
                          "%lld-byte elements", name, (long long)ld,
                          (long long)(PTRDIFF_MAX / size / count), (long long)count, units,
                          (long long)size);
    if ((uintptr_t)matrix->data % (uintptr_t)size != 0)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s.data is %p; expected a multiple of %lld", name,
                          matrix->data, (long long)size);
    *region = (bnorm_region){matrix->data, count, least, ld, (size_t)size};
    return BNORM_OK;
}
