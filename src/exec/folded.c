/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/folded.h"

#include <string.h>

#include "exec/moments.h"

static int is_dense(const bnorm_run *run, const bnorm_matrix *matrix)
{
    return !matrix->data || matrix->ld == run->plan->problem.cols;
}

static int all_dense(const bnorm_run *run)
{
    const bnorm_args *args = run->args;
    return is_dense(run, &args->x) && is_dense(run, &args->y) && is_dense(run, &args->dy) &&
           is_dense(run, &args->dx);
}

int bnorm_folded_rows(const bnorm_run *run)
{
    return all_dense(run) ? run->schedule->fold : 1;
}

/* Elements to the next cache line; none of nothing. */
static ptrdiff_t to_line(const bnorm_matrix *matrix, size_t size)
{
    return (ptrdiff_t)(-(size_t)(uintptr_t)matrix->data % BNORM_LINE / size);
}

ptrdiff_t bnorm_folded_lead(const bnorm_run *run)
{
    const bnorm_args *args = run->args;
    const size_t size = run->plan->kernels->size;
    const size_t row = (size_t)run->fold * (size_t)run->plan->problem.cols * size;
    const ptrdiff_t y = to_line(&args->y, size), dx = to_line(&args->dx, size);
    if (!bnorm_schedule_turns(run->schedule) || row % BNORM_LINE != 0 || !all_dense(run))
        return 0;
    if (run->operation == BNORM_STEP) /* its y is stored through the cache */
        return dx;
    switch (bnorm_wanted(run)) {
    case BNORM_APPLY_Y: return y;
    case BNORM_APPLY_DX: return dx;
    default: return y == dx ? y : 0;
    }
}

/* A leaf of each of the ranges, from their row `row` on: a row of each in a row. */
static bnorm_source lay_leaves(const bnorm_run *run, void *tile, const bnorm_source *ranges,
                               int64_t range, int64_t row)
{
    const ptrdiff_t bytes = ranges->ld * (ptrdiff_t)run->plan->kernels->size;
    run->plan->table->lay(tile, ranges->data, (ptrdiff_t)range * bytes, (ptrdiff_t)row, bytes);
    return (bnorm_source){tile, BNORM_FOLD * ranges->ld, 0, 0, 0};
}

/* The moments of one of the ranges, as a node of the piece's list. */
static void push_range(const bnorm_run *run, bnorm_piece *piece, const bnorm_list *ranges, int i,
                       bnorm_node node)
{
    const int64_t cols = piece->list->cols, pitch = ranges->pitch;
    double *moments = bnorm_list_next(piece->list);
    for (int plane = 0; plane < ranges->planes; plane++)
        memcpy(moments + plane * pitch, ranges->moments + plane * pitch + i * cols,
               (size_t)cols * sizeof *moments);
    bnorm_list_push(piece->list, node, run->plan->kernels);
}

int64_t bnorm_folded_reduce(bnorm_run *run, bnorm_piece *piece, bnorm_range rows, bnorm_source *x,
                            bnorm_source *dy)
{
    const bnorm_workspace *workspace = &run->schedule->workspace;
    const bnorm_kernel_set *kernels = run->plan->kernels;
    const int64_t leaf = rows.begin / BNORM_LEAF_ROWS;
    const int64_t leaves = (rows.end - rows.begin) / BNORM_LEAF_ROWS;
    const ptrdiff_t cols = BNORM_FOLD * piece->list->cols;
    const size_t tile = BNORM_LEAF_ROWS * (size_t)cols * kernels->size;
    int level = BNORM_FOLD_LEVEL;
    if (run->fold == 1 || piece->list->cols > BNORM_FOLD_COLS || leaf % (1 << level) ||
        leaves < BNORM_FOLD)
        return 0;
    while (leaves < BNORM_FOLD << level)
        level--;

    /* Each range is a node of the batch's tree, its leaves those of a batch of its own. */
    const int64_t range = (int64_t)BNORM_LEAF_ROWS << level;
    bnorm_piece folded = *piece;
    folded.cols = (bnorm_range){0, cols};
    folded.list = piece->fold_list;
    *folded.list = (bnorm_list){.rows = range, .cols = cols, .pitch = workspace->pitch,
                                .planes = piece->list->planes};
    folded.list->moments = (double *)((char *)folded.list + workspace->fold_list.moments);
    for (int64_t row = 0; row < range; row += BNORM_LEAF_ROWS) {
        bnorm_source u = lay_leaves(run, piece->fold_tile, x, range, row), v = {0};
        if (dy->data)
            v = lay_leaves(run, (char *)piece->fold_tile + tile, dy, range, row);
        bnorm_leaves_reduce(run, &folded, &u, &v, (bnorm_range){row, row + BNORM_LEAF_ROWS});
    }
    for (int i = 0; i < BNORM_FOLD; i++)
        push_range(run, piece, folded.list, i, (bnorm_node){level, (leaf >> level) + i});
    bnorm_source_skip(x, BNORM_FOLD * range, kernels->size);
    bnorm_source_skip(dy, BNORM_FOLD * range, kernels->size);
    return BNORM_FOLD * range;
}
