/* SPDX-License-Identifier: BSD-3-Clause */
/* ESTIMATE: from problem and machine to a tuning for each operation, by the traffic
 * model and the sizes of the caches; and from a tuning to a schedule. */
#include "plan/plan.h"
#include "plan/traffic.h"
#include "plan/workspace.h"

enum {
    /* A block's part of a row, in bytes.  A matrix in memory is read fastest in
     * order: two threads that take half a row of 4 KiB each are a fifth slower
     * than two that take half of the rows.  Small matrices, whose rows are soon done,
     * do with shorter parts, as merging costs calls of the team.  Above MAX the running
     * sums fall out of L1. */
    MEMORY_MIN_BYTES = 4096,
    CACHE_MATRIX_BYTES = 256 << 10,
    TILE_BYTES = 256, /* of AVX-512 */
    SHARED_MIN_BYTES = 1024, /* rather than leave threads without work */
    CACHE_MIN_BYTES = 128,
    LEAST_BYTES = 256, /* of the widest block, where the workspace must be small */
    STREAM_MAX_BYTES = 4096,
    /* Prefetches go far enough ahead for memory: a band at least, where rows are wide.
     * Panels are read in order, and CPUs see to that. */
    AHEAD_BYTES = 4096,
    /* What a thread of a team should have of a matrix, or calling it takes longer than
     * doing its work: 2 threads beat one from 32 KiB on, and where rows are divided,
     * which takes three calls, from 128 KiB on. */
    PART_BYTES = 16 << 10,
    ROWS_PART_BYTES = 64 << 10,
    /* Panels in a thread's share of cache: two are at work, and what has been used is in
     * the way until it is evicted, too. */
    PIPELINED = 4,
    /* Of several rows applied as one: their coefficients are as many. */
    FOLD_BYTES = 8192,
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

/* Columns of a cache line, or of a panel. */
static int64_t unit_of(const bnorm_plan *plan)
{
    return plan->panel ? plan->panel : BNORM_LINE / (int64_t)plan->kernels->size;
}

static double matrix_bytes(const bnorm_plan *plan)
{
    return (double)plan->problem.rows * (double)plan->problem.cols * (double)plan->kernels->size;
}

static int is_global(const bnorm_plan *plan)
{
    return (plan->problem.flags & BNORM_GLOBAL_STATISTICS) != 0;
}

/* The team that the problem is worth. */
static int team_size(const bnorm_plan *plan)
{
    const int most = plan->context->seats.threads;
    const double bytes = matrix_bytes(plan);
    if (plan->problem.strategy == BNORM_STRATEGY_SMALL)
        return 1;
    if (plan->problem.strategy != BNORM_STRATEGY_AUTO || bytes >= (double)ROWS_PART_BYTES * most)
        return most;
    const int64_t row = plan->problem.cols * (int64_t)plan->kernels->size;
    const int64_t units = plan->panel ? bnorm_ceil_div(plan->problem.cols, plan->panel)
                                      : row / CACHE_MIN_BYTES;
    const int64_t blocks = bnorm_min((int64_t)bytes / PART_BYTES, units);
    const int64_t groups = (int64_t)bytes / ROWS_PART_BYTES;
    return (int)clamp(bnorm_max(blocks, groups), 1, most);
}

int64_t bnorm_plan_resident_bytes(const bnorm_plan *plan, int operation)
{
    const bnorm_traffic traffic =
        bnorm_traffic_of(operation, BNORM_STRATEGY_RESIDENT, is_global(plan));
    return traffic.held ? resident_cols(plan, traffic.held, unit_of(plan), 1) *
                              (int64_t)plan->kernels->size : 0;
}

/* Whether blocks as narrow as a kernel's tile, whose sums stay in registers, are the
 * fastest: where tiles are that wide, each thread has one, and what is read again is near:
 * a block in L2, or all of it in a quarter of the last-level cache.  x alone is read
 * faster in order, unless rows are short. */
static int tile_pays(const bnorm_plan *plan, int held)
{
    const bnorm_machine *machine = &plan->context->machine;
    const double tile = (double)held * (double)plan->problem.rows * TILE_BYTES;
    const double row = (double)plan->problem.cols * (double)plan->kernels->size;
    const double all = held * matrix_bytes(plan), llc = (double)machine->llc;
    const int near = all <= llc / 4 || (all <= 1.2 * llc && tile <= (double)machine->l2);
    return !plan->panel && plan->kernels->abreast * (int)plan->kernels->size >= TILE_BYTES &&
           (held > 1 || (held == 1 && row <= 2 * TILE_BYTES)) &&
           row >= TILE_BYTES * (double)plan->context->seats.threads &&
           tile <= (double)bnorm_topology_cache_share(machine) && near;
}

bnorm_tuning bnorm_plan_estimate(const bnorm_plan *plan, int operation)
{
    const bnorm_strategy asked = plan->problem.strategy;
    const int64_t size = (int64_t)plan->kernels->size, unit = unit_of(plan);
    const int forced = asked == BNORM_STRATEGY_RESIDENT || asked == BNORM_STRATEGY_PIPELINED;
    const int64_t least = forced ? unit * size : plan->panel ? 1 : MEMORY_MIN_BYTES;
    const bnorm_traffic traffic =
        bnorm_traffic_of(operation, BNORM_STRATEGY_RESIDENT, is_global(plan));
    const int64_t fits = traffic.held == 0 || asked == BNORM_STRATEGY_STREAM
                             ? 0
                             : resident_cols(plan, traffic.held, unit, least);
    /* Non-temporal stores pay where outputs would not be found in cache again, or would
     * drive out what is read. */
    const int stream =
        traffic.least * matrix_bytes(plan) > 0.5 * (double)plan->context->machine.llc;
    bnorm_tuning tuning = {
        .strategy = BNORM_STRATEGY_STREAM,
        .threads = team_size(plan),
        .stream = stream,
        .min_bytes = matrix_bytes(plan) >= CACHE_MATRIX_BYTES ? MEMORY_MIN_BYTES : CACHE_MIN_BYTES,
        .max_bytes = STREAM_MAX_BYTES,
        .ahead_bytes = plan->panel ? 0 : AHEAD_BYTES,
    };
    if (asked != BNORM_STRATEGY_STREAM && tile_pays(plan, traffic.held)) {
        tuning.strategy = forced ? asked : BNORM_STRATEGY_RESIDENT;
        tuning.min_bytes = tuning.max_bytes = TILE_BYTES;
    } else if (fits || forced) {
        tuning.strategy = forced                                    ? asked
                          : plan->panel && fits >= PIPELINED * unit ? BNORM_STRATEGY_PIPELINED
                                                                    : BNORM_STRATEGY_RESIDENT;
        tuning.max_bytes = clamp(fits, unit, STREAM_MAX_BYTES / size) * size;
        tuning.min_bytes = forced || plan->panel
                               ? unit * size
                               : bnorm_min(tuning.min_bytes, tuning.max_bytes);
    }
    if (asked == BNORM_STRATEGY_SMALL ||
        (asked == BNORM_STRATEGY_AUTO && tuning.threads == 1 && plan->context->seats.threads > 1))
        tuning.strategy = BNORM_STRATEGY_SMALL;
    return tuning;
}

/* Seats on each node for a team of at most `threads`: in proportion, and at least
 * one where there are any.  Returns how many there are. */
static int fewer_seats(const bnorm_seats *seats, int threads, int count[BNORM_MOST_NODES])
{
    int all = 0;
    for (int k = 0; k < seats->nodes; k++) {
        const int64_t part = (int64_t)seats->count[k] * threads / seats->threads;
        count[k] = (int)bnorm_max(part, seats->count[k] > 0);
        all += count[k];
    }
    return all;
}

static void choose_blocks(const bnorm_plan *plan, bnorm_schedule *schedule, int64_t min_bytes,
                          int64_t max_bytes, int64_t most_groups)
{
    const bnorm_problem *problem = &plan->problem;
    const int64_t size = (int64_t)plan->kernels->size;
    const int alone = schedule->tuning.threads == 1;
    const int64_t count = plan->shards.count ? plan->shards.shard[plan->shards.count - 1].end : 0;
    const bnorm_shards whole = bnorm_shards_undivided(count);
    int seats[BNORM_MOST_NODES] = {1};
    const int threads =
        alone ? 1 : fewer_seats(&plan->context->seats, schedule->tuning.threads, seats);
    const bnorm_division division = {
        .rows = problem->rows,
        .cols = problem->cols,
        .unit = unit_of(plan),
        .panels = plan->panel > 0,
        .min_cols = min_bytes / size,
        .max_cols = max_bytes / size,
        .most_groups = bnorm_min(most_groups, threads),
        .nodes = alone ? 1 : plan->context->seats.nodes,
        .seats = seats,
        .shards = alone ? &whole : &plan->shards,
    };
    schedule->grid = bnorm_partition(&division);
    schedule->threads = (int)clamp(bnorm_grid_items(&schedule->grid), 1, threads);
}

/* Rows applied as one: of few columns, so that vectors are full; of odd lengths, so that
 * lines are whole and can be stored past the cache. */
static int fold_of(const bnorm_plan *plan, const bnorm_schedule *schedule)
{
    const int64_t cols = plan->problem.cols, bytes = cols * (int64_t)plan->kernels->size;
    if (plan->panel || schedule->grid.col_blocks != 1)
        return 1;
    if (cols <= BNORM_FOLD_COLS)
        return BNORM_FOLD;
    int fold = 1;
    while (fold < BNORM_FOLD && fold * bytes % BNORM_LINE != 0)
        fold *= 2;
    return schedule->stream && fold * bytes % BNORM_LINE == 0 && fold * bytes <= FOLD_BYTES ? fold
                                                                                            : 1;
}

static void choose_rows(const bnorm_plan *plan, bnorm_schedule *schedule)
{
    const int64_t bytes =
        bnorm_max(bnorm_grid_width(&schedule->grid), 1) * (int64_t)plan->kernels->size;
    const int64_t group = bnorm_grid_height(&schedule->grid);
    const int64_t tile = bnorm_max(plan->kernels->abreast, BNORM_GROUP);
    const int wide = bnorm_grid_width(&schedule->grid) > tile;
    schedule->reduce_ahead =
        bnorm_max(schedule->tuning.ahead_bytes / bytes, wide ? BNORM_BAND : 0);
    schedule->apply_ahead = wide ? -schedule->reduce_ahead : 0; /* from the end */
    schedule->step_rows = clamp(STEP_BYTES / bytes / BNORM_LEAF_ROWS, 1,
                                bnorm_min(MAX_STEP_ROWS / BNORM_LEAF_ROWS, bnorm_max(group, 1))) *
                          BNORM_LEAF_ROWS;
}

/* Beside the tiles, and what keeps threads' sums apart: at most 2% of a matrix, and 1 MiB. */
static int workspace_is_small(const bnorm_schedule *schedule, double matrix)
{
    const bnorm_workspace *workspace = &schedule->workspace;
    const size_t tiles = (size_t)schedule->threads * (workspace->worker_bytes - workspace->y_tile);
    return (double)(workspace->total - tiles) <= 0.02 * matrix + (1 << 20);
}

/* Row groups cost lists of nodes, and time to merge them: where the workspace would
 * be too large, somewhat narrower blocks, then fewer groups, too. */
static void choose_grid(const bnorm_plan *plan, bnorm_schedule *schedule, int planes, int tiles)
{
    const bnorm_tuning *tuning = &schedule->tuning;
    int64_t min_bytes = tuning->min_bytes;
    int64_t max_bytes = bnorm_max(tuning->max_bytes, STREAM_MAX_BYTES);
    int64_t most_groups = tuning->threads;
    for (;;) {
        choose_blocks(plan, schedule, min_bytes, bnorm_min(tuning->max_bytes, max_bytes),
                      most_groups);
        schedule->fold = fold_of(plan, schedule);
        choose_rows(plan, schedule);
        bnorm_workspace_layout(schedule, plan->kernels->size, planes, tiles);
        if (max_bytes == LEAST_BYTES || workspace_is_small(schedule, matrix_bytes(plan)))
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
}

void bnorm_plan_tune(bnorm_plan *plan, int operation, const bnorm_tuning *tuning)
{
    bnorm_schedule *schedule = &plan->schedule[operation];
    const int reads_dy = 1 << operation & (BNORM_BACKWARD | BNORM_FORWARD_BACKWARD | BNORM_STEP);
    const double matrix = matrix_bytes(plan);
    const double share = (double)bnorm_topology_cache_share(&plan->context->machine);
    bnorm_strategy walk = tuning->strategy;
    if (walk == BNORM_STRATEGY_SMALL)
        walk = 2 * matrix <= share ? BNORM_STRATEGY_RESIDENT : BNORM_STRATEGY_STREAM;
    const bnorm_traffic traffic = bnorm_traffic_of(operation, walk, is_global(plan));
    const int planes = 1 << operation == BNORM_INFER ? 0
                       : reads_dy                    ? BNORM_MOMENTS_XDY
                                                     : BNORM_MOMENTS_X;
    schedule->tuning = *tuning;
    schedule->strategy = tuning->strategy;
    schedule->stream = tuning->stream;
    choose_grid(plan, schedule, planes, 1 << operation == BNORM_STEP);
    if (walk == BNORM_STRATEGY_PIPELINED &&
        (schedule->grid.row_groups > 1 || !bnorm_traffic_overlaps(operation, is_global(plan))))
        schedule->strategy = BNORM_STRATEGY_RESIDENT;
    schedule->compulsory = traffic.least * matrix;
    schedule->read = traffic.reads * matrix;
    schedule->written = traffic.writes * matrix;
    if (schedule->workspace.total > plan->workspace_bytes)
        plan->workspace_bytes = schedule->workspace.total;
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
        if (!(plan->problem.operations & 1u << operation))
            continue;
        const bnorm_tuning tuning = bnorm_plan_estimate(plan, operation);
        bnorm_plan_tune(plan, operation, &tuning);
    }
}
