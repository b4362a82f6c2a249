/* SPDX-License-Identifier: BSD-3-Clause */
/* From a tuning to a schedule: blocks of the grid, rows ahead, workspace. */
#include <math.h>

#include "plan/plan.h"
#include "plan/traffic.h"
#include "plan/workspace.h"

enum {
    /* Of a block's part of a row, rather than leave threads without work. */
    SHARED_MIN_BYTES = 1024,
    LEAST_BYTES = 128, /* of the widest block, where the workspace must be small */
    /* Of several rows applied as one: their coefficients are as many. */
    FOLD_BYTES = 256 << 10,
    /* What an upstream function's block of y, with its dy and x, may take. */
    STEP_BYTES = 256 << 10,
    MAX_STEP_ROWS = 1024,
    HIGH_AHEAD = 8, /* rows of high tiles */
    MOST_LAG = 64 /* blocks */
};

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

static void choose_blocks(const bnorm_plan *plan, bnorm_schedule *schedule, int64_t sharing,
                          int64_t min_bytes, int64_t max_bytes, int64_t most_groups)
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
        .unit = bnorm_plan_unit(plan),
        .panels = plan->panel > 0,
        .min_cols = min_bytes / size,
        .max_cols = max_bytes / size,
        .most_groups = bnorm_min(most_groups, threads),
        .sharing = sharing,
        .nodes = alone ? 1 : plan->context->seats.nodes,
        .seats = seats,
        .shards = alone ? &whole : &plan->shards,
    };
    schedule->grid = bnorm_partition(&division);
    schedule->threads = (int)bnorm_clamp(bnorm_grid_items(&schedule->grid), 1, threads);
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
    int fold = 1; /* BNORM_FOLD rows always end on a line */
    while (fold * bytes % BNORM_LINE != 0)
        fold *= 2;
    return schedule->stream && fold * bytes <= FOLD_BYTES ? fold : 1;
}

static bnorm_walk walk_of(const bnorm_plan *plan, const bnorm_schedule *schedule, int64_t width,
                          int arrays)
{
    return bnorm_walk_of(schedule->near, (ptrdiff_t)width, 1, arrays, plan->kernels->size,
                         plan->kernels->abreast);
}

/* Rows ahead that a reduction prefetches at least where rows are wider than a tile: what CPUs
 * don't see coming by themselves. */
static int64_t least_ahead(const bnorm_plan *plan, const bnorm_schedule *schedule, int64_t width,
                           int planes)
{
    const int arrays = planes == BNORM_MOMENTS_X ? BNORM_SUM_ARRAYS_X : BNORM_SUM_ARRAYS;
    const bnorm_walk walk = walk_of(plan, schedule, width, arrays);
    if (walk == BNORM_BY_ROWS_IN_L1)
        return bnorm_ceil_div(BNORM_AHEAD_L1_BYTES, width * (int64_t)plan->kernels->size);
    return walk == BNORM_IN_HIGH_TILES ? HIGH_AHEAD : BNORM_BAND;
}

/* Rows that an application prefetches, from the end: not of blocks wider than a tile that come from
 * a cache, nor, where L1 is large, what CPUs see by themselves. */
static int64_t apply_ahead(const bnorm_plan *plan, const bnorm_schedule *schedule, int64_t width,
                           int planes)
{
    const int arrays = planes == BNORM_MOMENTS_X ? BNORM_COEFFICIENTS_Y : BNORM_BOTH_ARRAYS;
    const bnorm_walk walk = walk_of(plan, schedule, schedule->fold * width, arrays);
    const int64_t bytes = width * (int64_t)plan->kernels->size;
    const int64_t ahead = schedule->tuning.ahead_bytes / bytes;
    /* Rows that are reduced in one tile, without prefetches, may be folded to several of them. */
    const int in_one = width > plan->kernels->lanes && schedule->fold > 1;
    const int64_t folded = in_one ? bnorm_max(ahead, BNORM_AHEAD_BYTES / bytes) : ahead;
    const int cached = schedule->tuning.ahead_bytes == 0 && width > bnorm_plan_tile_cols(plan);
    if (!schedule->down || cached || walk == BNORM_BY_ROWS_IN_L1 || walk == BNORM_IN_HIGH_TILES)
        return 0;
    return -bnorm_max(folded, schedule->fold * BNORM_BAND);
}

static void choose_rows(const bnorm_plan *plan, bnorm_schedule *schedule, int planes)
{
    const int64_t width = bnorm_max(bnorm_grid_width(&schedule->grid), 1);
    const int64_t bytes = width * (int64_t)plan->kernels->size;
    const int64_t tile = bnorm_plan_tile_cols(plan);
    const int64_t ahead_bytes = schedule->tuning.ahead_bytes, ahead = ahead_bytes / bytes;
    const int64_t leaves = bnorm_max(bnorm_grid_height(&schedule->grid), 1);
    const int in_turns = schedule->strategy == BNORM_STRATEGY_PIPELINED;
    const int64_t least = width > tile ? least_ahead(plan, schedule, width, planes) : 0;
    schedule->reduce_ahead = in_turns || ahead_bytes == 0 ? 0 : bnorm_max(ahead, least);
    schedule->down = schedule->fold * width > tile;
    schedule->apply_ahead = apply_ahead(plan, schedule, width, planes);
    schedule->step_rows = bnorm_clamp(STEP_BYTES / bytes / BNORM_LEAF_ROWS, 1,
                                      bnorm_min(MAX_STEP_ROWS / BNORM_LEAF_ROWS, leaves)) *
                          BNORM_LEAF_ROWS;
}

/* So many blocks that what is read in the meantime amounts to lag_bytes; 1 where that takes more
 * than a quarter of a thread's, as the first ones are reduced alone and the last ones applied, or
 * so many that their coefficients would be in the way. */
static int choose_lag(const bnorm_plan *plan, int operation, const bnorm_schedule *schedule)
{
    const bnorm_grid *grid = &schedule->grid;
    if (schedule->strategy != BNORM_STRATEGY_PIPELINED || grid->row_groups > 1)
        return 1;
    const int held = bnorm_traffic_of(operation, BNORM_STRATEGY_RESIDENT, 0).held;
    const double block = (double)held * (double)plan->problem.rows *
                         (double)bnorm_grid_width(grid) * (double)plan->kernels->size;
    const double lag = ceil((double)schedule->tuning.lag_bytes / fmax(block, 1));
    const double most = (double)(grid->col_blocks / schedule->threads / 4);
    return lag > 1 && lag <= fmin(most, MOST_LAG) ? (int)lag : 1;
}

/* At most 2% of a matrix, and 1 MiB. */
static double workspace_bound(double matrix)
{
    return 0.02 * matrix + (1 << 20);
}

/* Beside a tile for each thread, what it works in alone, chunks of leaves aside. */
static int workspace_is_small(const bnorm_schedule *schedule, double matrix)
{
    const bnorm_workspace *workspace = &schedule->workspace;
    const size_t leaves = workspace->list - workspace->leaves;
    const size_t tiles = (size_t)schedule->threads * (workspace->worker_bytes - leaves);
    return (double)(workspace->total - tiles) <= workspace_bound(matrix);
}

/* The workspace; whether it is small. */
static int lay_out(const bnorm_plan *plan, int operation, bnorm_schedule *schedule, int planes,
                   int most_leaves)
{
    bnorm_workspace_layout(schedule, plan->kernels->size, planes, 1 << operation == BNORM_STEP,
                           most_leaves);
    return workspace_is_small(schedule, bnorm_plan_matrix_bytes(plan));
}

/* Whether panels are to be reduced and applied at once, and can be. */
static int pipelines(const bnorm_plan *plan, int operation, const bnorm_tuning *tuning)
{
    return tuning->strategy == BNORM_STRATEGY_PIPELINED && plan->panel &&
           bnorm_traffic_overlaps(operation, bnorm_plan_is_global(plan));
}

/* What the tuning's strategy comes to on the grid.  Panels are pipelined one after the other, or
 * shared in rounds; asked to do so, even those that do not fit. */
static bnorm_strategy strategy_on(const bnorm_plan *plan, int operation,
                                  const bnorm_schedule *schedule, int64_t sharing)
{
    const bnorm_grid *grid = &schedule->grid;
    const int whole = grid->row_groups == 1;
    if (schedule->tuning.strategy != BNORM_STRATEGY_PIPELINED)
        return schedule->tuning.strategy;
    if (!pipelines(plan, operation, &schedule->tuning) || (!whole && grid->rounds == 1))
        return BNORM_STRATEGY_RESIDENT;
    if (whole && sharing > 1 && plan->problem.strategy == BNORM_STRATEGY_AUTO)
        return bnorm_plan_resident_bytes(plan, operation) > 0 ? BNORM_STRATEGY_RESIDENT
                                                              : BNORM_STRATEGY_STREAM;
    return BNORM_STRATEGY_PIPELINED;
}

/* Whether leaves are merged many at a time.  Merging interrupts reading, which costs most where a
 * thread reads and writes at once, or where a block's rows are one tile, whose sums wait for
 * nothing else; rows of few columns without gaps are reduced many leaves at a time anyway. */
static int merges_late(const bnorm_plan *plan, int operation, const bnorm_schedule *schedule)
{
    const int one_tile = bnorm_grid_width(&schedule->grid) <= plan->kernels->abreast &&
                         (plan->panel || plan->problem.cols > BNORM_FOLD_COLS);
    return schedule->strategy == BNORM_STRATEGY_PIPELINED ||
           (one_tile && 1 << operation != BNORM_STEP);
}

/* The fewest row groups with which nodes own rows; 1: they own none. */
static int64_t owning_groups(const bnorm_plan *plan, const bnorm_tuning *tuning)
{
    int seats[BNORM_MOST_NODES];
    if (plan->panel || tuning->threads == 1 || plan->shards.count <= 1)
        return 1;
    fewer_seats(&plan->context->seats, tuning->threads, seats);
    return bnorm_partition_parts(plan->context->seats.nodes, seats);
}

/* Row groups cost lists of nodes, and time to merge them: where the workspace would be too large,
 * shorter chunks of leaves, then no repeated coefficients, then somewhat narrower blocks, then
 * fewer groups, too, and narrow blocks; and only then do nodes not own rows, as reading what is
 * another's costs more than reading parts of rows.  Whole rows are not worth threads without work,
 * either. */
static void choose_grid(const bnorm_plan *plan, int operation, bnorm_schedule *schedule,
                        int planes)
{
    const bnorm_tuning *tuning = &schedule->tuning;
    const int64_t sharing = pipelines(plan, operation, tuning) ? bnorm_plan_sharing(plan, operation)
                                                               : 1;
    int64_t min_bytes = tuning->min_bytes;
    int64_t max_bytes = bnorm_max(tuning->max_bytes, BNORM_STREAM_BYTES);
    int64_t most_groups = tuning->threads, owning = owning_groups(plan, tuning);
    int folds = 1;
    const double busy = 0.9; /* less, and it pays to divide rows that could stay whole */
    for (;;) {
        choose_blocks(plan, schedule, sharing, min_bytes,
                      bnorm_min(tuning->max_bytes, max_bytes), most_groups);
        schedule->strategy = strategy_on(plan, operation, schedule, sharing);
        schedule->fold = folds || plan->problem.cols <= BNORM_FOLD_COLS ? fold_of(plan, schedule)
                                                                        : 1;
        schedule->near = bnorm_plan_near(plan, operation, schedule->threads);
        choose_rows(plan, schedule, planes);
        schedule->lag = choose_lag(plan, operation, schedule);
        int small = lay_out(plan, operation, schedule, planes,
                            merges_late(plan, operation, schedule) ? BNORM_CHUNK_LEAVES : 1);
        while (!small && schedule->workspace.chunk > 1 &&
               schedule->strategy != BNORM_STRATEGY_PIPELINED)
            small = lay_out(plan, operation, schedule, planes, schedule->workspace.chunk / 2);
        if (!small && schedule->fold > 1 && folds) {
            folds = 0;
            continue;
        }
        if (min_bytes > BNORM_STREAM_BYTES &&
            !(small && bnorm_grid_busy(&schedule->grid, tuning->threads) >= busy)) {
            min_bytes = max_bytes = bnorm_max(min_bytes / 2, BNORM_STREAM_BYTES);
            continue;
        }
        if (schedule->grid.shards.count <= 1) /* there are too few rows, or threads */
            owning = 1;
        if ((max_bytes == LEAST_BYTES && owning == 1) || small)
            break;
        const int wide = min_bytes > SHARED_MIN_BYTES;
        min_bytes = bnorm_max(min_bytes / 2, BNORM_LINE);
        if (wide)
            continue;
        if (most_groups > owning)
            most_groups = bnorm_max(most_groups * 3 / 4, owning);
        else if (owning > 1 && max_bytes == LEAST_BYTES) {
            owning = 1;
            most_groups = bnorm_max(most_groups * 3 / 4, 1);
            max_bytes = BNORM_STREAM_BYTES;
        } else
            max_bytes = bnorm_max(max_bytes / 2, LEAST_BYTES);
    }
}

static void schedule_by(bnorm_plan *plan, int operation, const bnorm_tuning *tuning,
                        bnorm_schedule *schedule)
{
    const int reads_dy = 1 << operation & (BNORM_BACKWARD | BNORM_FORWARD_BACKWARD | BNORM_STEP);
    const double matrix = bnorm_plan_matrix_bytes(plan);
    const double share = (double)bnorm_topology_cache_share(&plan->context->machine);
    const int global = bnorm_plan_is_global(plan);
    const int planes = 1 << operation == BNORM_INFER ? 0
                       : reads_dy                    ? BNORM_MOMENTS_XDY
                                                     : BNORM_MOMENTS_X;
    schedule->tuning = *tuning;
    schedule->stream = tuning->stream;
    choose_grid(plan, operation, schedule, planes);
    bnorm_strategy walk = schedule->strategy;
    if (walk == BNORM_STRATEGY_SMALL)
        walk = 2 * matrix <= share ? BNORM_STRATEGY_RESIDENT : BNORM_STRATEGY_STREAM;
    const bnorm_traffic traffic = bnorm_traffic_of(operation, walk, global);
    schedule->compulsory = traffic.least * matrix;
    schedule->read = traffic.reads * matrix;
    schedule->written = traffic.writes * matrix;
    if (schedule->workspace.total > plan->workspace_bytes)
        plan->workspace_bytes = schedule->workspace.total;
}

/* Whether matrices in memory are written past the cache in blocks that do not span rows: these have
 * to begin and end on lines, while whole rows may begin anywhere (exec/folded.h). */
static int needs_lines(const bnorm_plan *plan, const bnorm_schedule *schedule)
{
    return !plan->panel && schedule->stream && schedule->near && schedule->grid.col_blocks > 1;
}

void bnorm_plan_tune(bnorm_plan *plan, int operation, const bnorm_tuning *tuning)
{
    bnorm_schedule *off = &plan->off_lines[operation];
    schedule_by(plan, operation, tuning, &plan->schedule[operation]);
    *off = (bnorm_schedule){0};
    if (needs_lines(plan, &plan->schedule[operation])) {
        const bnorm_tuning other = bnorm_plan_estimate(plan, operation, 0);
        schedule_by(plan, operation, &other, off);
    }
    /* the wider, the better; no wider, no better */
    if (bnorm_grid_width(&off->grid) <= bnorm_grid_width(&plan->schedule[operation].grid))
        *off = (bnorm_schedule){0};
}

/* Whether no shard is much longer than its exact part of so many leaves, and none is missing. */
static int are_fair(const bnorm_shards *shards, const bnorm_shards *exact)
{
    const double longer = 1.06;
    int fair = shards->count == exact->count;
    for (int i = 0; i < shards->count && fair; i++)
        fair = (double)bnorm_shard_length(&shards->shard[i]) <=
               longer * (double)bnorm_shard_length(&exact->shard[i]);
    return fair;
}

/* Shards of panels are of any length, and so are those of rows whose lists of nodes fit in a
 * workspace wherever they begin.  Others begin where few nodes remain, as far as that is fair. */
static bnorm_shards choose_shards(const bnorm_plan *plan)
{
    const bnorm_seats *seats = &plan->context->seats;
    const int64_t count = plan->panel ? bnorm_ceil_div(plan->problem.cols, plan->panel)
                                      : bnorm_leaf_count(plan->problem.rows);
    const bnorm_shards exact = bnorm_shards_by_seats(count, 1, seats->nodes, seats->count);
    const double leaves = (double)count / seats->nodes;
    bnorm_shards best = exact;
    if (plan->panel || seats->nodes < 2 || leaves < 4)
        return exact;
    const double lists = seats->nodes * 2 * log2(leaves) * (double)plan->problem.cols *
                         BNORM_MOMENTS_XDY * (double)sizeof(double);
    if (lists <= workspace_bound(bnorm_plan_matrix_bytes(plan)))
        return exact;
    for (int64_t unit = 2; 4 * (double)unit <= leaves; unit *= 2) {
        const bnorm_shards shards = bnorm_shards_by_seats(count, unit, seats->nodes, seats->count);
        if (are_fair(&shards, &exact))
            best = shards;
    }
    return best;
}

void bnorm_plan_schedule(bnorm_plan *plan)
{
    const bnorm_dtype dtype = plan->problem.dtype;
    if (plan->problem.layout == BNORM_PANELS)
        plan->panel = plan->problem.panel_width ? plan->problem.panel_width : BNORM_GROUP;
    /* Few columns are whole vectors of some table, or folded, or neither. */
    const int64_t cols = plan->problem.cols == BNORM_GROUP / 2 ? BNORM_GROUP / 2 : BNORM_GROUP;
    plan->table = bnorm_kernels_for_width(plan->context->kernels, dtype,
                                          plan->panel ? plan->panel : cols);
    plan->kernels = &plan->table->dtype[dtype];
    if (plan->shards.count == 0)
        plan->shards = choose_shards(plan);
    plan->workspace_bytes = BNORM_LINE;
    for (int operation = 0; operation < BNORM_OPERATIONS; operation++) {
        if (!(plan->problem.operations & 1u << operation))
            continue;
        const bnorm_tuning tuning = bnorm_plan_estimate(plan, operation, 1);
        bnorm_plan_tune(plan, operation, &tuning);
    }
}
