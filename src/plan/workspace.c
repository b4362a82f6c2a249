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

/* The most nodes a list holds at once.  From leaf 0 on, a list is the binary
 * number of its leaves, and one new leaf.  A group that starts elsewhere climbs
 * to its largest node and down again. */
static int list_capacity(const bnorm_grid *grid)
{
    int64_t leaves = bnorm_max(bnorm_leaf_count(grid->rows), 1);
    int whole = floor_log2(leaves) + 2;
    int group = 2 * floor_log2(bnorm_ceil_div(leaves, grid->row_groups)) + 3;
    return grid->row_groups > 1 && group > whole ? group : whole;
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
    const int64_t pitch = bnorm_round_up(bnorm_max(bnorm_grid_width(grid), 1), BNORM_PITCH_UNIT);
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
    workspace->nodes = list_capacity(grid);
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
