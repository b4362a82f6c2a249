/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/workspace.h"

#include "plan/nodes.h"
#include "plan/rounds.h"

/* Leaves that are reduced before they are merged: the moments of 64 or 128 lie in L2 without being
 * in the way.  Of all threads together they are a hundredth of a matrix, or 8 KiB each. */
static int chunk_of(const bnorm_schedule *schedule, size_t size, size_t node_bytes, int most)
{
    enum { MOST_BYTES = 128 << 10, LEAST_BYTES = 8 << 10 };
    const bnorm_grid *grid = &schedule->grid;
    if (node_bytes == 0)
        return 1;
    const double matrix = (double)grid->rows * (double)grid->cols * (double)size;
    const int64_t bytes = (int64_t)(0.01 * matrix / schedule->threads);
    const int64_t leaves = bnorm_min(most, bnorm_max(bnorm_grid_height(grid), 1));
    return (int)bnorm_clamp(bnorm_clamp(bytes, LEAST_BYTES, MOST_BYTES) / (int64_t)node_bytes, 1,
                            leaves);
}

static int floor_log2(int64_t n)
{
    int log = 0;
    while (n >>= 1)
        log++;
    return log;
}

/* The most nodes a list holds while n leaves come in one by one, from any leaf on.
 * It may climb through c ever larger nodes, of 2^c - 1 leaves together, then holds
 * the binary number of the leaves that remain; and the new leaf stands beside. */
static int list_capacity(int64_t n)
{
    int most = 1;
    for (int climbed = 0; ((int64_t)1 << climbed) - 1 < n; climbed++) {
        int nodes = climbed + floor_log2(n - (((int64_t)1 << climbed) - 1)) + 1;
        most = nodes > most ? nodes : most;
    }
    return most;
}

static size_t take(size_t *at, size_t bytes)
{
    size_t begin = *at;
    *at = (size_t)bnorm_round_up((int64_t)(begin + bytes), BNORM_LINE);
    return begin;
}

/* From the `bytes` that one worker writes to what another does.  CPUs prefetch beyond the end of
 * what is walked over, and would take those lines from the other's cache, band by band or chunk by
 * chunk: 12 KiB where each step is a group of columns, twice that to be safe.  Short walks don't
 * reach as far. */
static size_t apart(size_t bytes)
{
    enum { MOST = 24 << 10 };
    return 2 * bytes < MOST ? 2 * bytes : MOST;
}

static bnorm_list_room list_room(int nodes, size_t node_bytes)
{
    bnorm_list_room room = {.nodes = nodes};
    take(&room.bytes, sizeof(bnorm_list) + (size_t)nodes * sizeof(bnorm_node));
    room.moments = take(&room.bytes, (size_t)nodes * node_bytes);
    return room;
}

/* The largest power of two that divides the number of a leaf. */
static int64_t alignment(int64_t leaf)
{
    return leaf & -leaf;
}

/* list_capacity for n leaves from leaf `begin` on, not from any; *kept: the nodes that remain. */
static int list_needs(int64_t begin, int64_t n, int *kept)
{
    int most = 1, climbed = 0;
    for (; begin > 0 && n > alignment(begin); climbed++) {
        const int64_t node = alignment(begin);
        most = (int)bnorm_max(most, climbed + floor_log2(node) + 1);
        begin += node;
        n -= node;
    }
    *kept = climbed;
    for (int64_t rest = n; rest; rest &= rest - 1)
        ++*kept;
    return (int)bnorm_max(most, climbed + floor_log2(bnorm_max(n, 1)) + 1);
}

/* Lists of the further row groups of `slots` column blocks.  Where groups are whole shards, which
 * begin where few nodes remain of them, the lists that wait to be merged may be a lot shorter than
 * those that leaves come in to, which then are the workers' own.  Fewer rows than planned cut the
 * last of the groups there are, wherever that ends: of it any list may remain. */
static void lay_groups(bnorm_workspace *workspace, const bnorm_grid *grid, int threads,
                       int64_t slots, size_t node)
{
    int most = list_capacity(bnorm_max(bnorm_grid_height(grid), 1)), longest = most;
    const int64_t others = bnorm_max(grid->row_groups - 2, 0);
    if (!grid->panels && grid->row_groups == grid->shards.count) {
        most = longest = 1;
        for (int i = 0; i < grid->shards.count; i++) {
            const bnorm_shard *shard = &grid->shards.shard[i];
            int kept;
            most = (int)bnorm_max(most, list_needs(shard->begin, bnorm_shard_length(shard), &kept));
            longest = (int)bnorm_max(longest, kept);
        }
    }
    workspace->last_list = workspace->group_list = list_room(most, node);
    const bnorm_list_room kept = list_room(longest, node);
    if ((size_t)threads * workspace->last_list.bytes <
        (size_t)(slots * others) * (workspace->last_list.bytes - kept.bytes)) {
        workspace->work_list = workspace->last_list;
        workspace->group_list = kept;
    }
}

void bnorm_workspace_layout(bnorm_schedule *schedule, size_t size, int planes, int tiles,
                            int most)
{
    const bnorm_grid *grid = &schedule->grid;
    bnorm_workspace *workspace = &schedule->workspace;
    const int folds = schedule->fold > 1 && grid->cols <= BNORM_FOLD_COLS;
    const int64_t pitch = folds ? schedule->fold * grid->cols
                                : bnorm_round_up(bnorm_max(bnorm_grid_width(grid), 1), BNORM_GROUP);
    const size_t plane = (size_t)pitch, node = (size_t)planes * plane * sizeof(double);
    const size_t applied =
        (schedule->fold > 1 ? (size_t)bnorm_round_up(schedule->fold * grid->cols, BNORM_GROUP)
                            : plane) + (bnorm_schedule_turns(schedule) ? BNORM_GROUP : 0);
    const size_t tile = tiles ? plane * (size_t)schedule->step_rows * size : 0;
    /* The batch's list begins at leaf 0 and does not climb.  Fewer rows than
     * planned never need more nodes. */
    const int64_t leaves = bnorm_max(bnorm_leaf_count(grid->rows), 1);
    const int whole = floor_log2(leaves) + 1;
    /* Without row groups a worker carries its block through all phases; with
     * them, column blocks wait for the next phase. */
    const int64_t slots = bnorm_grid_slots(grid);
    const int64_t columns = grid->row_groups > 1 ? slots : schedule->threads;
    const int64_t groups = bnorm_max(grid->row_groups - 2, 0) * slots;
    size_t at = 0;

    *workspace = (bnorm_workspace){.pitch = pitch};
    if (grid->row_groups > 1)
        lay_groups(workspace, grid, schedule->threads, slots, node);
    workspace->planes = planes;
    workspace->chunk = chunk_of(schedule, size, node, most);
    workspace->sums = take(&at, BNORM_SUMS * plane * size);
    workspace->leaves = take(&at, workspace->chunk > 1 ? (size_t)workspace->chunk * node : 0);
    workspace->list = take(&at, workspace->work_list.bytes);
    workspace->y_tile = take(&at, tile);
    workspace->dy_tile = take(&at, tile);
    workspace->fold_list = list_room(folds ? BNORM_FOLD_LEVEL + 2 : 0, node);
    workspace->folded = take(&at, folds ? workspace->fold_list.bytes : 0);
    workspace->fold_tile = take(&at, folds ? 2 * BNORM_LEAF_ROWS * plane * size : 0);
    const size_t walked = tiles ? workspace->y_tile : at; /* a step's tiles are room enough */
    workspace->worker_bytes = at < walked + apart(walked) ? walked + apart(walked) : at;
    workspace->column_list = list_room(whole, node);
    at = workspace->column_list.bytes;
    workspace->coefficient_bytes = BNORM_COEFFICIENTS * applied * size;
    workspace->coefficients = take(&at, workspace->coefficient_bytes * (size_t)schedule->lag);
    workspace->column_bytes = at;
    workspace->columns = workspace->worker_bytes * (size_t)schedule->threads;
    workspace->groups = workspace->columns + workspace->column_bytes * (size_t)columns;
    workspace->last_groups = workspace->groups + workspace->group_list.bytes * (size_t)groups;
    workspace->total = workspace->last_groups +
                       (grid->row_groups > 1 ? workspace->last_list.bytes * (size_t)slots : 0);
}
