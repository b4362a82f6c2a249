/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/exec.h"
#include "exec/pipelined.h"

typedef struct {
    bnorm_run *run;
    const bnorm_phase *begin, *phases; /* the first over items, and the one that runs */
    int count;
} phase_team;

/* The part of the workspace that belongs to a column block: without row groups, one
 * of those of the worker that carries it, taken in turns. */
static char *column_part(const bnorm_run *run, int64_t block, int64_t item,
                         const bnorm_worker *worker)
{
    const bnorm_workspace *workspace = &run->schedule->workspace;
    const int64_t turns = workspace->turns;
    const int64_t part = turns ? worker->index * turns + item % turns : block;
    return run->workspace + workspace->columns + (size_t)part * workspace->column_bytes;
}

bnorm_list *bnorm_phases_list(const bnorm_run *run, const bnorm_piece *piece, int64_t group)
{
    const bnorm_workspace *workspace = &run->schedule->workspace;
    const int64_t part = (group - 1) * run->grid->col_blocks + piece->index;
    return (bnorm_list *)(run->workspace + workspace->groups +
                          (size_t)part * workspace->group_list.bytes);
}

static bnorm_piece piece_at(const bnorm_run *run, bnorm_place place, int64_t item,
                            const bnorm_worker *worker)
{
    const bnorm_workspace *workspace = &run->schedule->workspace;
    char *own = run->workspace + (size_t)worker->index * workspace->worker_bytes;
    bnorm_piece piece = {.group = place.group, .index = place.block};
    char *column = column_part(run, piece.index, item, worker);

    piece.rows = bnorm_grid_rows(run->grid, piece.group);
    piece.cols = bnorm_grid_cols(run->grid, piece.index);
    piece.list = piece.group ? bnorm_phases_list(run, &piece, piece.group) : (bnorm_list *)column;
    piece.coefficients = column + workspace->coefficients;
    piece.sums = own + workspace->sums;
    piece.y_tile = own + workspace->y_tile;
    piece.dy_tile = own + workspace->dy_tile;
    piece.worker = worker;
    return piece;
}

static bnorm_piece piece_of(const bnorm_run *run, int64_t item, const bnorm_worker *worker)
{
    return piece_at(run, bnorm_grid_item(run->grid, item), item, worker);
}

static void empty_list(const bnorm_run *run, bnorm_piece *piece)
{
    const bnorm_workspace *workspace = &run->schedule->workspace;
    const bnorm_list_room *room = piece->group ? &workspace->group_list : &workspace->column_list;
    bnorm_list *list = piece->list;
    list->rows = run->rows;
    list->cols = piece->cols.end - piece->cols.begin;
    list->pitch = workspace->pitch;
    list->planes = workspace->planes;
    list->count = 0;
    list->moments = (double *)((char *)list + room->moments);
}

/* All phases of one column block, whose rows are not divided. */
static void whole_block(void *data, int64_t item, const bnorm_worker *worker)
{
    phase_team *team = data;
    bnorm_piece piece = piece_of(team->run, item, worker);
    empty_list(team->run, &piece);
    for (int i = 0; i < team->count; i++)
        team->phases[i].work(team->run, &piece);
}

/* The same where each block but a worker's first is reduced while the one before it
 * is applied.  Reducing, merging and applying are all the phases there are. */
static void pipelined_block(void *data, int64_t item, const bnorm_worker *worker)
{
    enum { REDUCE, MERGE, APPLY };
    phase_team *team = data;
    bnorm_run *run = team->run;
    bnorm_piece piece = piece_of(run, item, worker), next;
    if (item == worker->items.begin) {
        empty_list(run, &piece);
        team->phases[REDUCE].work(run, &piece);
        team->phases[MERGE].work(run, &piece);
    }
    if (item + 1 == worker->items.end) {
        team->phases[APPLY].work(run, &piece);
        return;
    }
    next = piece_of(run, item + 1, worker);
    empty_list(run, &next);
    if (!bnorm_pipelined_rows(run, &next, &piece)) {
        team->phases[APPLY].work(run, &piece);
        team->phases[REDUCE].work(run, &next);
    }
    team->phases[MERGE].work(run, &next);
}

/* One phase of one item. */
static void one_phase(void *data, int64_t item, const bnorm_worker *worker)
{
    phase_team *team = data;
    bnorm_piece piece = piece_of(team->run, item, worker);
    if (team->phases == team->begin)
        empty_list(team->run, &piece);
    team->phases->work(team->run, &piece);
}

/* One merging phase of one column block. */
static void one_merge(void *data, int64_t item, const bnorm_worker *worker)
{
    phase_team *team = data;
    const bnorm_place place = {0, item, BNORM_ANY_NODE};
    bnorm_piece piece = piece_at(team->run, place, item, worker);
    team->phases->work(team->run, &piece);
}

void bnorm_phases_run(bnorm_run *run, const bnorm_phase *phases, int count)
{
    const bnorm_seats *seats = &run->plan->context->seats;
    const bnorm_grid *grid = run->grid;
    const int64_t *first = bnorm_grid_homes(grid);
    const int threads = run->schedule->threads;
    phase_team team = {run, phases, phases, count};

    while (team.begin->merges)
        team.begin++;
    if (grid->row_groups <= 1) {
        const int pipelined = run->schedule->strategy == BNORM_STRATEGY_PIPELINED;
        bnorm_team_run(seats, threads, grid->col_blocks, first,
                       pipelined ? pipelined_block : whole_block, &team);
        return;
    }
    for (int i = 0; i < count; i++) {
        team.phases = &phases[i];
        if (phases[i].merges)
            bnorm_team_run(seats, threads, grid->col_blocks, NULL, one_merge, &team);
        else
            bnorm_team_run(seats, threads, bnorm_grid_items(grid), first, one_phase, &team);
    }
}
