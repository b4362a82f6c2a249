/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/placement.h"

#include "base/sizes.h"

enum { PAGE = 4096 }; /* what panels are padded to */

/* n rounded up to whole units where that adds at most one part in 8, else n. */
static int64_t pad(int64_t n, int64_t unit)
{
    const int64_t padded = bnorm_round_up(n, unit);
    return padded - n <= n / 8 ? padded : n;
}

/* Panels of the matrix. */
static int64_t panels(const bnorm_plan *plan)
{
    return bnorm_ceil_div(plan->problem.cols, plan->panel);
}

int64_t bnorm_placement_ld(const bnorm_plan *plan)
{
    const bnorm_problem *problem = &plan->problem;
    const int64_t line = BNORM_LINE / bnorm_dtype_size(problem->dtype);
    const int64_t page = PAGE / bnorm_dtype_size(problem->dtype);
    if (!plan->panel)
        return bnorm_max(problem->cols >= 8 * line ? bnorm_round_up(problem->cols, line)
                                                   : problem->cols, 1);
    return pad(bnorm_round_up(bnorm_max(problem->rows, 1) * plan->panel, line), page);
}

size_t bnorm_placement_bytes(const bnorm_plan *plan, int64_t ld)
{
    const int64_t size = bnorm_dtype_size(plan->problem.dtype);
    const int64_t count = plan->panel ? panels(plan) : plan->problem.rows;
    return count <= PTRDIFF_MAX / size / ld ? (size_t)(count * ld * size) : SIZE_MAX;
}

int bnorm_placement_extents(const bnorm_plan *plan, int64_t ld,
                            bnorm_extent extent[BNORM_MOST_SHARDS])
{
    const int64_t most = plan->panel ? panels(plan) : plan->problem.rows;
    const int64_t unit = plan->panel ? 1 : BNORM_LEAF_ROWS; /* of a shard, in panels or rows */
    const int64_t stride = ld * bnorm_dtype_size(plan->problem.dtype);
    int count = 0;
    for (int i = 0; i < plan->shards.count; i++) {
        const bnorm_shard *shard = &plan->shards.shard[i];
        extent[count++] = (bnorm_extent){shard->begin * unit * stride,
                                         bnorm_min(shard->end * unit, most) * stride, shard->node};
    }
    return count;
}

bnorm_range bnorm_placement_pages(const bnorm_extent *extent, int64_t lead, int64_t page_bytes)
{
    return (bnorm_range){extent->begin ? bnorm_ceil_div(lead + extent->begin, page_bytes) : 0,
                         bnorm_ceil_div(lead + extent->end, page_bytes)};
}

/* `count` runs of `width` bytes, `stride` bytes apart, the first at `begin`. */
typedef struct {
    int64_t begin, stride, width, count;
} runs;

/* Bytes of the runs that lie before `at`. */
static int64_t before(const runs *all, int64_t at)
{
    if (at <= all->begin)
        return 0;
    const int64_t whole = bnorm_min((at - all->begin) / all->stride, all->count);
    const int64_t rest = at - all->begin - whole * all->stride;
    return whole * all->width + (whole < all->count ? bnorm_min(rest, all->width) : 0);
}

static runs rows_of_block(const bnorm_plan *plan, int64_t ld, bnorm_range rows, bnorm_range cols)
{
    const int64_t size = bnorm_dtype_size(plan->problem.dtype), panel = plan->panel;
    const int64_t first = panel ? cols.begin / panel * ld + rows.begin * panel + cols.begin % panel
                                : rows.begin * ld + cols.begin;
    return (runs){first * size, (panel ? panel : ld) * size, (cols.end - cols.begin) * size,
                  rows.end - rows.begin};
}

int64_t bnorm_placement_within(const bnorm_plan *plan, int64_t ld, bnorm_range rows,
                               bnorm_range cols, int64_t begin, int64_t end)
{
    const runs all = rows_of_block(plan, ld, rows, cols);
    return before(&all, end) - before(&all, begin);
}

/* Row-major: the rows of the matrix.  Panels: those that are full. */
static runs rows_of_matrix(const bnorm_plan *plan, int64_t ld)
{
    const bnorm_problem *problem = &plan->problem;
    const int64_t size = bnorm_dtype_size(problem->dtype);
    if (plan->panel)
        return (runs){0, ld * size, problem->rows * plan->panel * size,
                      problem->cols / plan->panel};
    return (runs){0, ld * size, problem->cols * size, problem->rows};
}

int64_t bnorm_placement_elements(const bnorm_plan *plan, int64_t ld, int64_t begin, int64_t end)
{
    const bnorm_problem *problem = &plan->problem;
    const runs all = rows_of_matrix(plan, ld);
    int64_t bytes = before(&all, end) - before(&all, begin);
    if (plan->panel && problem->cols % plan->panel) /* the last panel */
        bytes += bnorm_placement_within(
            plan, ld, (bnorm_range){0, problem->rows},
            (bnorm_range){problem->cols / plan->panel * plan->panel, problem->cols}, begin, end);
    return bytes;
}

int64_t bnorm_placement_next(const bnorm_plan *plan, int64_t ld, int64_t at)
{
    runs all = rows_of_matrix(plan, ld);
    if (plan->panel)
        all.count = panels(plan);
    if (all.count == 0 || all.width == 0)
        return 0;
    const int64_t end = (all.count - 1) * all.stride + all.width;
    if (at >= end)
        return end;
    const int64_t run = at / all.stride;
    return bnorm_min(at - run * all.stride < all.width ? at : (run + 1) * all.stride, end);
}
