/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/exec.h"

typedef struct {
    bnorm_run *run;
    const bnorm_phase *phases;
    int count;
} phase_team;

/* The part of the workspace that holds block `part`'s state. */
static char *block_part(const bnorm_run *run, int64_t part)
{
    const bnorm_workspace *workspace = &run->schedule->workspace;
    return run->workspace + workspace->blocks + (size_t)part * workspace->block_bytes;
}

static bnorm_list *list_of(const bnorm_run *run, int64_t part)
{
    return (bnorm_list *)(block_part(run, part) + run->schedule->workspace.list);
}

bnorm_list *bnorm_phases_list(const bnorm_run *run, const bnorm_piece *piece, int64_t group)
{
    return list_of(run, group * run->grid.col_blocks + piece->index);
}

static bnorm_piece piece_of(const bnorm_run *run, int64_t item, const bnorm_worker *worker)
{
    const bnorm_workspace *workspace = &run->schedule->workspace;
    const int grouped = run->grid.row_groups > 1;
    char *own = run->workspace + (size_t)worker->index * workspace->worker_bytes;
    bnorm_piece piece = {.group = item / run->grid.col_blocks, .index = item % run->grid.col_blocks};
    /* Coefficients belong to the column block: they lie in group 0's part. */
    char *shared = block_part(run, grouped ? piece.index : worker->index);

    piece.rows = bnorm_grid_rows(&run->grid, piece.group);
    piece.cols = bnorm_grid_cols(&run->grid, piece.index);
    piece.list = list_of(run, grouped ? item : worker->index);
    piece.coefficients = shared + workspace->coefficients;
    piece.sums = own + workspace->sums;
    piece.y_tile = own + workspace->y_tile;
    piece.dy_tile = own + workspace->dy_tile;
    piece.worker = worker;
    return piece;
}

static void empty_list(const bnorm_run *run, bnorm_piece *piece)
{
    const bnorm_workspace *workspace = &run->schedule->workspace;
    bnorm_list *list = piece->list;
    list->rows = run->rows;
    list->cols = piece->cols.end - piece->cols.begin;
    list->pitch = workspace->pitch;
    list->planes = workspace->planes;
    list->count = 0;
    list->moments = (double *)((char *)list - workspace->list + workspace->moments);
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

/* One phase of one item. */
static void one_phase(void *data, int64_t item, const bnorm_worker *worker)
{
    phase_team *team = data;
    bnorm_piece piece = piece_of(team->run, item, worker);
    team->phases->work(team->run, &piece);
}

static void begin_item(void *data, int64_t item, const bnorm_worker *worker)
{
    phase_team *team = data;
    bnorm_piece piece = piece_of(team->run, item, worker);
    empty_list(team->run, &piece);
}

void bnorm_phases_run(bnorm_run *run, const bnorm_phase *phases, int count)
{
    const int threads = run->schedule->threads;
    const int64_t blocks = run->grid.col_blocks, items = blocks * run->grid.row_groups;
    phase_team team = {run, phases, count};

    if (run->grid.row_groups <= 1) {
        bnorm_team_run(threads, blocks, whole_block, &team);
        return;
    }
    bnorm_team_run(1, items, begin_item, &team);
    for (int i = 0; i < count; i++) {
        team.phases = &phases[i];
        bnorm_team_run(threads, phases[i].merges ? blocks : items, one_phase, &team);
    }
}
