/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/workspace.h"

#include "plan/nodes.h"

static int floor_log2(int64_t n)
{
    int log = 0;
    while (n >>= 1)
        log++;
    return log;
}

/* The most nodes a list holds while leaves [begin, end) come in one by one.  It
 * climbs from begin through ever larger nodes, then holds the binary number of
 * the leaves that remain; and a new leaf stands beside what is there. */
static int list_capacity(int64_t begin, int64_t end)
{
    int climbed = 0, most = 1;
    for (int level = 0;; level++) {
        const int64_t length = (int64_t)1 << level;
        if (begin % (2 * length) != 0) { /* the second half of something */
            if (begin + length > end)
                break;
            most = climbed + level + 1;
            climbed++;
            begin += length;
        } else if (begin + 2 * length > end) {
            break;
        }
    }
    if (begin < end && climbed + floor_log2(end - begin) + 1 > most)
        most = climbed + floor_log2(end - begin) + 1;
    return most;
}

/* For all groups; group 0's list takes in those of the others. */
static int grid_capacity(const bnorm_grid *grid)
{
    int most = list_capacity(0, bnorm_leaf_count(grid->rows));
    for (int64_t group = 1; group < grid->row_groups; group++) {
        bnorm_range rows = bnorm_grid_rows(grid, group);
        int nodes = list_capacity(rows.begin / BNORM_LEAF_ROWS, bnorm_leaf_count(rows.end));
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

void bnorm_workspace_layout(bnorm_schedule *schedule, size_t size, int planes, int tiles)
{
    const bnorm_grid *grid = &schedule->grid;
    bnorm_workspace *workspace = &schedule->workspace;
    const int64_t pitch = bnorm_round_up(bnorm_max(bnorm_grid_width(grid), 1), BNORM_GROUP);
    const size_t plane = (size_t)pitch;
    const size_t tile = tiles ? plane * (size_t)schedule->step_rows * size : 0;
    /* Without row groups a worker carries its block through all phases; with
     * them, each item's state waits for the next phase. */
    const size_t blocks = grid->row_groups > 1
                              ? (size_t)(grid->row_groups * grid->col_blocks)
                              : (size_t)schedule->threads;
    size_t at = 0;

    workspace->pitch = pitch;
    workspace->planes = planes;
    workspace->nodes = grid_capacity(grid);
    workspace->sums = take(&at, BNORM_SUMS * plane * size);
    workspace->y_tile = take(&at, tile);
    workspace->dy_tile = take(&at, tile);
    workspace->worker_bytes = at;
    at = 0;
    workspace->list = take(&at, sizeof(bnorm_list) + (size_t)workspace->nodes * sizeof(bnorm_node));
    workspace->moments =
        take(&at, (size_t)workspace->nodes * (size_t)planes * plane * sizeof(double));
    workspace->coefficients = take(&at, BNORM_COEFFICIENTS * plane * size);
    workspace->block_bytes = at;
    workspace->blocks = workspace->worker_bytes * (size_t)schedule->threads;
    workspace->total = workspace->blocks + workspace->block_bytes * blocks;
}
