/* SPDX-License-Identifier: BSD-3-Clause */
/* ESTIMATE: from problem and machine to a schedule for each operation, by the
 * traffic model and the sizes of the caches. */
#include "plan/plan.h"
#include "plan/traffic.h"
#include "plan/workspace.h"

enum {
    /* A block's part of a row, in bytes.  A matrix in memory is read fastest in
     * order: two threads that take half a row of 4 KiB each are a fifth slower
     * than two that take half of the rows.  In cache shorter parts do.  Above MAX
     * the running sums and moments fall out of L2. */
    MEMORY_MIN_BYTES = 4096,
    SHARED_MIN_BYTES = 1024, /* rather than leave threads without work */
    CACHE_MIN_BYTES = 512,
    LEAST_BYTES = 256, /* of the widest block, where the workspace must be small */
    STREAM_MAX_BYTES = 4096,
    RESIDENT_MIN_BYTES = 1024,
    /* A kernel call covers about this many bytes of a matrix: one row of a wide
     * block, more of a narrow one, so that its sums or coefficients stay in
     * registers; few, as memory is read and written fastest in order.  Prefetches
     * go far enough ahead for memory, and not so far that L1 loses them. */
    BAND_BYTES = 512,
    AHEAD_BYTES = 4096,
    /* What an upstream function's block of y, with its dy and x, may take. */
    STEP_BYTES = 256 << 10,
    MAX_STEP_ROWS = 1024
};

static int64_t clamp(int64_t value, int64_t low, int64_t high)
{
    return bnorm_max(low, bnorm_min(value, high));
}

/* Columns of the widest block whose `held` matrices fit in a thread's share of
 * cache, in whole lines; 0 when it would be too narrow to pay. */
static int64_t resident_cols(const bnorm_plan *plan, int held, int64_t unit, int64_t least_bytes)
{
    const int64_t size = (int64_t)plan->kernels->size, rows = bnorm_max(plan->problem.rows, 1);
    const int64_t share = (int64_t)bnorm_topology_cache_share(&plan->context->machine);
    const int64_t cols = share / held / size / rows / unit * unit;
    return cols * size >= bnorm_min(least_bytes, plan->problem.cols * size) ? cols : 0;
}

static void choose_blocks(const bnorm_plan *plan, bnorm_schedule *schedule, int held,
                          int64_t min_bytes, int64_t max_bytes, int64_t most_groups)
{
    const bnorm_problem *problem = &plan->problem;
    const int64_t size = (int64_t)plan->kernels->size;
    const int64_t unit = plan->panel ? plan->panel : BNORM_LINE / size;
    const int forced = problem->strategy == BNORM_STRATEGY_RESIDENT;
    const int64_t least = forced ? unit * size : plan->panel ? 1 : RESIDENT_MIN_BYTES;
    bnorm_division division = {
        .rows = problem->rows,
        .cols = problem->cols,
        .unit = unit,
        .panels = plan->panel > 0,
        .min_cols = min_bytes / size,
        .max_cols = max_bytes / size,
        .most_groups = most_groups,
        .nodes = plan->context->seats.nodes,
        .seats = plan->context->seats.count,
        .shards = &plan->shards,
    };
    int64_t fits = held == 0 || problem->strategy == BNORM_STRATEGY_STREAM
                       ? 0
                       : resident_cols(plan, held, unit, least);

    schedule->strategy = BNORM_STRATEGY_STREAM;
    if (fits || forced) {
        schedule->strategy = BNORM_STRATEGY_RESIDENT;
        division.max_cols = clamp(fits, unit, division.max_cols);
        division.min_cols = unit;
    }
    schedule->grid = bnorm_partition(&division);
    schedule->threads = (int)clamp(bnorm_grid_items(&schedule->grid), 1,
                                   plan->context->seats.threads);
}

/* Rows of a band: a power of two that divides a leaf. */
static int band_rows(int64_t row_bytes)
{
    int rows = 1;
    while (rows < BNORM_LEAF_ROWS && 2 * rows * row_bytes <= BAND_BYTES)
        rows *= 2;
    return rows;
}

static void choose_rows(const bnorm_plan *plan, bnorm_schedule *schedule)
{
    const int64_t bytes =
        bnorm_max(bnorm_grid_width(&schedule->grid), 1) * (int64_t)plan->kernels->size;
    const int64_t group = bnorm_grid_height(&schedule->grid);
    /* a panel is in order whatever the height of a call */
    schedule->band_rows = plan->panel ? BNORM_LEAF_ROWS : band_rows(bytes);
    schedule->ahead_rows = bnorm_max(AHEAD_BYTES / bytes, 1);
    schedule->step_rows = clamp(STEP_BYTES / bytes / BNORM_LEAF_ROWS, 1,
                                bnorm_min(MAX_STEP_ROWS / BNORM_LEAF_ROWS, bnorm_max(group, 1))) *
                          BNORM_LEAF_ROWS;
}

/* Beside the tiles: at most 2% of a matrix, and 1 MiB. */
static int workspace_is_small(const bnorm_schedule *schedule, double matrix)
{
    const bnorm_workspace *workspace = &schedule->workspace;
    const size_t tiles = (size_t)schedule->threads * (workspace->worker_bytes - workspace->y_tile);
    return (double)(workspace->total - tiles) <= 0.02 * matrix + (1 << 20);
}

static void schedule_operation(const bnorm_plan *plan, bnorm_schedule *schedule, int operation)
{
    const bnorm_problem *problem = &plan->problem;
    const int global = (problem->flags & BNORM_GLOBAL_STATISTICS) != 0;
    const int reads_dy = 1 << operation & (BNORM_BACKWARD | BNORM_FORWARD_BACKWARD | BNORM_STEP);
    const double matrix =
        (double)problem->rows * (double)problem->cols * (double)plan->kernels->size;
    /* Non-temporal stores pay where outputs would not be found in cache again. */
    const double cache = (double)plan->context->machine.llc;
    bnorm_traffic traffic = bnorm_traffic_of(operation, BNORM_STRATEGY_RESIDENT, global);
    const int planes = 1 << operation == BNORM_INFER ? 0
                       : reads_dy                    ? BNORM_MOMENTS_XDY
                                                     : BNORM_MOMENTS_X;
    int64_t min_bytes, max_bytes = STREAM_MAX_BYTES, most_groups = plan->context->seats.threads;

    schedule->compulsory = traffic.least * matrix;
    schedule->stream = schedule->compulsory > cache;
    min_bytes = schedule->stream ? MEMORY_MIN_BYTES : CACHE_MIN_BYTES;
    /* Row groups cost lists of nodes, and time to merge them: where the workspace
     * would be too large, somewhat narrower blocks, then fewer groups, too. */
    for (;;) {
        choose_blocks(plan, schedule, traffic.held, min_bytes, max_bytes, most_groups);
        choose_rows(plan, schedule);
        bnorm_workspace_layout(schedule, plan->kernels->size, planes, 1 << operation == BNORM_STEP);
        if (max_bytes == LEAST_BYTES || workspace_is_small(schedule, matrix))
            break;
        const int wide = min_bytes > SHARED_MIN_BYTES;
        min_bytes = bnorm_max(min_bytes / 2, BNORM_LINE);
        if (wide)
            continue;
        if (most_groups > 1)
            most_groups = most_groups * 3 / 4;
        else
            max_bytes = bnorm_max(max_bytes / 2, LEAST_BYTES);
    }
    traffic = bnorm_traffic_of(operation, schedule->strategy, global);
    schedule->read = traffic.reads * matrix;
    schedule->written = traffic.writes * matrix;
}

void bnorm_plan_schedule(bnorm_plan *plan)
{
    const bnorm_dtype dtype = plan->problem.dtype;
    if (plan->problem.layout == BNORM_PANELS)
        plan->panel = plan->problem.panel_width ? plan->problem.panel_width : BNORM_GROUP;
    plan->kernels = &(plan->panel ? bnorm_kernels_for_width(plan->context->kernels, dtype,
                                                            plan->panel)
                                  : plan->context->kernels)->dtype[dtype];
    if (plan->shards.count == 0)
        plan->shards = bnorm_shards_by_seats(
            plan->panel ? bnorm_ceil_div(plan->problem.cols, plan->panel)
                        : bnorm_leaf_count(plan->problem.rows),
            plan->context->seats.nodes, plan->context->seats.count);
    plan->workspace_bytes = BNORM_LINE;
    for (int operation = 0; operation < BNORM_OPERATIONS; operation++) {
        bnorm_schedule *schedule = &plan->schedule[operation];
        if (!(plan->problem.operations & 1u << operation))
            continue;
        schedule_operation(plan, schedule, operation);
        if (schedule->workspace.total > plan->workspace_bytes)
            plan->workspace_bytes = schedule->workspace.total;
    }
}
