/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/exec.h"
#include "exec/moments.h"
#include "exec/pipelined.h"
#include "plan/rounds.h"

typedef struct {
    bnorm_run *run;
    const bnorm_phase *phases; /* of one block all; else the one that runs */
    int count;
    int64_t parts;             /* that column blocks are merged in */
    const bnorm_grid *grid;    /* whose items are shared out */
} phase_team;

/* Where reducing, merging and applying are all the phases there are. */
enum { REDUCE, MERGE, APPLY };

/* The part of the workspace that belongs to a column block: without row groups, to
 * the worker that carries it. */
static char *column_part(const bnorm_run *run, int64_t part)
{
    const bnorm_workspace *workspace = &run->schedule->workspace;
    return run->workspace + workspace->columns + (size_t)part * workspace->column_bytes;
}

/* Of the groups there are, which may be fewer than planned. */
static int is_last(const bnorm_run *run, int64_t group)
{
    return group + 1 == run->grid->row_groups;
}

bnorm_list *bnorm_phases_list(const bnorm_run *run, const bnorm_piece *piece, int64_t group)
{
    const bnorm_workspace *workspace = &run->schedule->workspace;
    const int64_t part = (group - 1) * bnorm_grid_slots(run->grid) + piece->slot;
    size_t at = workspace->groups + (size_t)part * workspace->group_list.bytes;
    if (is_last(run, group))
        at = workspace->last_groups + (size_t)piece->slot * workspace->last_list.bytes;
    return (bnorm_list *)(run->workspace + at);
}

static bnorm_piece piece_of(const bnorm_run *run, bnorm_place place, const bnorm_worker *worker)
{
    const bnorm_workspace *workspace = &run->schedule->workspace;
    char *own = run->workspace + (size_t)worker->index * workspace->worker_bytes;
    bnorm_piece piece = {.group = place.group, .index = place.block};
    /* As planned: fewer rows may have left one group. */
    const int grouped = run->schedule->grid.row_groups > 1;
    piece.slot = bnorm_grid_slot(run->grid, piece.index);
    char *column = column_part(run, grouped ? piece.slot : worker->index);

    piece.rows = bnorm_grid_rows(run->grid, piece.group);
    piece.cols = bnorm_grid_cols(run->grid, piece.index);
    piece.part = (bnorm_range){0, piece.cols.end - piece.cols.begin};
    piece.kept = piece.group ? bnorm_phases_list(run, &piece, piece.group) : (bnorm_list *)column;
    piece.list = piece.kept;
    piece.coefficients = column + workspace->coefficients;
    piece.sums = own + workspace->sums;
    piece.leaves = (double *)(own + workspace->leaves);
    piece.y_tile = own + workspace->y_tile;
    piece.dy_tile = own + workspace->dy_tile;
    piece.fold_list = (bnorm_list *)(own + workspace->folded);
    piece.fold_tile = own + workspace->fold_tile;
    piece.worker = worker;
    return piece;
}

static void empty(const bnorm_run *run, const bnorm_piece *piece, bnorm_list *list,
                  const bnorm_list_room *room)
{
    const bnorm_workspace *workspace = &run->schedule->workspace;
    list->rows = run->rows;
    list->cols = piece->cols.end - piece->cols.begin;
    list->pitch = workspace->pitch;
    list->planes = workspace->planes;
    list->count = 0;
    list->moments = (double *)((char *)list + room->moments);
}

static void empty_list(const bnorm_run *run, bnorm_piece *piece)
{
    const bnorm_workspace *workspace = &run->schedule->workspace;
    empty(run, piece, piece->kept,
          piece->group == 0           ? &workspace->column_list
          : is_last(run, piece->group) ? &workspace->last_list
                                       : &workspace->group_list);
}

/* What one phase reduces the next one merges, and uses up. */
static void run_phase(bnorm_run *run, const bnorm_phase *phase, bnorm_piece *piece)
{
    if (!phase->merges)
        empty_list(run, piece);
    phase->work(run, piece);
}

/* The same of a row group, by way of the worker's list. */
static void run_group(bnorm_run *run, const bnorm_phase *phase, bnorm_piece *piece)
{
    const bnorm_workspace *workspace = &run->schedule->workspace;
    char *own = run->workspace + (size_t)piece->worker->index * workspace->worker_bytes;
    piece->list = (bnorm_list *)(own + workspace->list);
    empty(run, piece, piece->list, &workspace->work_list);
    run_phase(run, phase, piece);
    piece->kept->planes = piece->list->planes;
    bnorm_list_append(piece->kept, piece->list, run->plan->kernels);
}

/* All phases of one column block, whose rows are not divided. */
static void whole_block(void *data, int64_t item, const bnorm_worker *worker)
{
    phase_team *team = data;
    bnorm_piece piece = piece_of(team->run, bnorm_grid_item(team->grid, item), worker);
    for (int i = 0; i < team->count; i++)
        run_phase(team->run, &team->phases[i], &piece);
}

static void reduce_while_applying(const phase_team *team, bnorm_piece *next, bnorm_piece *now)
{
    bnorm_run *run = team->run;
    empty_list(run, next);
    if (!bnorm_pipelined_rows(run, next, now)) {
        team->phases[APPLY].work(run, now);
        team->phases[REDUCE].work(run, next);
    }
}

/* Blocks of a worker that are at work at once share its list and have their own coefficients. */
static bnorm_piece lagging_piece(const phase_team *team, int64_t item, const bnorm_worker *worker)
{
    const bnorm_schedule *schedule = team->run->schedule;
    bnorm_piece piece = piece_of(team->run, bnorm_grid_item(team->grid, item), worker);
    piece.coefficients = (char *)piece.coefficients + (size_t)(item % schedule->lag) *
                                                          schedule->workspace.coefficient_bytes;
    return piece;
}

/* The same where each block but a worker's first few is reduced while one before it is applied. */
static void pipelined_block(void *data, int64_t item, const bnorm_worker *worker)
{
    phase_team *team = data;
    bnorm_run *run = team->run;
    const int lag = run->schedule->lag;
    const int64_t alone = item == worker->items.begin ? bnorm_min(item + lag, worker->items.end)
                                                      : item;
    bnorm_piece piece, next;
    for (int64_t first = item; first < alone; first++) {
        piece = lagging_piece(team, first, worker);
        empty_list(run, &piece);
        team->phases[REDUCE].work(run, &piece);
        team->phases[MERGE].work(run, &piece);
    }
    piece = lagging_piece(team, item, worker);
    if (item + lag >= worker->items.end) {
        team->phases[APPLY].work(run, &piece);
        return;
    }
    /* Its coefficients take the place of these when these have been applied. */
    next = lagging_piece(team, item + lag, worker);
    reduce_while_applying(team, &next, &piece);
    team->phases[MERGE].work(run, &next);
}

/* Part of a panel that threads share, and the same rows of the one that is next. */
static void pipelined_part(void *data, int64_t item, const bnorm_worker *worker)
{
    phase_team *team = data;
    bnorm_run *run = team->run;
    bnorm_place place = bnorm_grid_item(team->grid, item);
    bnorm_piece piece = piece_of(run, place, worker), next;
    place.block = bnorm_grid_next(run->grid, place.block);
    if (place.block < 0) {
        team->phases[APPLY].work(run, &piece);
        return;
    }
    next = piece_of(run, place, worker);
    reduce_while_applying(team, &next, &piece);
}

/* One phase of one item. */
static void one_phase(void *data, int64_t item, const bnorm_worker *worker)
{
    phase_team *team = data;
    bnorm_piece piece = piece_of(team->run, bnorm_grid_item(team->grid, item), worker);
    if (team->run->schedule->workspace.work_list.nodes && !team->phases->merges)
        run_group(team->run, team->phases, &piece);
    else
        run_phase(team->run, team->phases, &piece);
}

/* One merging phase of part of one column block. */
static void one_merge(void *data, int64_t item, const bnorm_worker *worker)
{
    phase_team *team = data;
    const bnorm_place place = {0, item / team->parts, BNORM_ANY_NODE};
    bnorm_piece piece = piece_of(team->run, place, worker);
    const int64_t cols = piece.part.end;
    piece.part = bnorm_range_part(bnorm_ceil_div(cols, BNORM_GROUP), team->parts,
                                  item % team->parts);
    piece.part.begin *= BNORM_GROUP;
    piece.part.end = bnorm_min(piece.part.end * BNORM_GROUP, cols);
    team->phases->work(team->run, &piece);
}

static void over_items(phase_team *team, const bnorm_grid *grid, bnorm_team_work *work)
{
    const bnorm_run *run = team->run;
    team->grid = grid;
    bnorm_team_run(&run->plan->context->seats, run->schedule->threads, bnorm_grid_items(grid),
                   bnorm_grid_homes(grid), work, team);
}

/* Panels that threads share, a few at a time: in each round these are applied and the next ones
 * reduced; their moments are merged between rounds. */
static void over_rounds(phase_team *team, const bnorm_phase *phases)
{
    const bnorm_grid *grid = team->run->grid;
    for (int64_t round = 0; round < grid->rounds; round++) {
        const bnorm_grid parts = bnorm_grid_round(grid, round);
        bnorm_grid panels = parts;
        panels.row_groups = 1;
        bnorm_grid_number(&panels);
        team->phases = &phases[REDUCE];
        if (round == 0)
            over_items(team, &parts, one_phase);
        team->phases = &phases[MERGE];
        over_items(team, &panels, one_phase);
        team->phases = phases;
        over_items(team, &parts, pipelined_part);
    }
}

/* So many that all threads merge, if there are columns enough. */
static int64_t merge_parts(const bnorm_run *run)
{
    enum { COLS = 128 }; /* that are worth calling a thread for */
    const int64_t blocks = bnorm_max(run->grid->col_blocks, 1);
    return bnorm_clamp(bnorm_grid_width(run->grid) / COLS, 1,
                       bnorm_max(run->schedule->threads / blocks, 1));
}

void bnorm_phases_run(bnorm_run *run, const bnorm_phase *phases, int count)
{
    const bnorm_grid *grid = run->grid;
    phase_team team = {run, phases, count, merge_parts(run), grid};

    if (grid->rounds > 1) {
        over_rounds(&team, phases);
        return;
    }
    if (grid->row_groups <= 1) {
        const int pipelined = run->schedule->strategy == BNORM_STRATEGY_PIPELINED;
        over_items(&team, grid, pipelined ? pipelined_block : whole_block);
        return;
    }
    for (int i = 0; i < count; i++) {
        team.phases = &phases[i];
        if (phases[i].merges)
            bnorm_team_run(&run->plan->context->seats, run->schedule->threads,
                           grid->col_blocks * team.parts, NULL, one_merge, &team);
        else
            over_items(&team, grid, one_phase);
    }
}
