/* SPDX-License-Identifier: BSD-3-Clause */
/* Step: forward and backward with dy asked for block by block, while the block
 * of y is in cache. */
#include "exec/step.h"

/* The upstream functions a thread is inside, innermost first.  A worker is inside
 * those that the calling thread was inside. */
typedef struct bnorm_frame {
    const bnorm_plan *plan;
    const struct bnorm_frame *outer;
} bnorm_frame;

static _Thread_local const bnorm_frame *innermost;

const bnorm_frame *bnorm_step_frames(void)
{
    return innermost;
}

int bnorm_step_active(const bnorm_plan *plan)
{
    for (const bnorm_frame *at = innermost; at; at = at->outer)
        if (at->plan == plan)
            return 1;
    return 0;
}

/* Ask for dy of rows whose y is given; 0, or what the function returned.  It runs
 * in the floating-point environment of the thread that called the library. */
static int ask(bnorm_run *run, const bnorm_piece *piece, bnorm_range rows, bnorm_target y,
               bnorm_target dy, int pass)
{
    const bnorm_args *args = run->args;
    const bnorm_block block = {
        .struct_size = sizeof block,
        .row = rows.begin,
        .col = piece->cols.begin,
        .rows = rows.end - rows.begin,
        .cols = piece->cols.end - piece->cols.begin,
        .y = y.data,
        .y_ld = y.ld,
        .dy = dy.data,
        .dy_ld = dy.ld,
        .pass = pass,
        .worker = piece->worker->index,
    };
    const bnorm_frame inside = {run->plan, run->frames}, *const before = innermost;
    fenv_t own;

    innermost = &inside;
    fegetenv(&own);
    fesetenv(piece->worker->caller);
    int failed = args->upstream(args->user, &block);
    fesetenv(&own);
    innermost = before;
    return failed;
}

/* y and dy of a block of rows, each in the caller's matrix or in a tile. */
static bnorm_source find_dy(bnorm_run *run, bnorm_piece *piece, bnorm_range rows, int pass)
{
    const bnorm_args *args = run->args;
    const ptrdiff_t cols = piece->cols.end - piece->cols.begin;
    const ptrdiff_t ld = run->fold > 1 || run->lead ? cols : run->schedule->workspace.pitch;
    const bnorm_way way = pass == 0 ? BNORM_UP : BNORM_DOWN;
    const bnorm_target nowhere = {NULL, 0, 0};
    bnorm_target y = {piece->y_tile, ld, 0}, dy = {piece->dy_tile, ld, 0};

    if (args->y.data && pass == 0)
        y = bnorm_target_at(run, piece, &args->y, rows.begin, 0);
    if (args->dy.data)
        dy = bnorm_target_at(run, piece, &args->dy, rows.begin, 0);
    if (pass == 0 || !args->dy.data) {
        bnorm_apply_rows(run, piece, rows, way, y, nowhere, (bnorm_source){0},
                         BNORM_APPLY_Y);
        if (ask(run, piece, rows, y, dy, pass) != 0)
            atomic_store(&run->upstream_failed, 1);
    }
    if (pass > 0 && args->dy.data)
        return bnorm_applied_at(run, piece, &args->dy, rows.begin, way);
    return (bnorm_source){dy.data, dy.ld, 0, 0, 0};
}

static void write_dx(bnorm_run *run, bnorm_piece *piece, bnorm_range rows, bnorm_way way,
                     bnorm_source dy)
{
    const bnorm_target nowhere = {NULL, 0, 0};
    if (!run->args->dx.data)
        return;
    bnorm_target dx =
        bnorm_target_at(run, piece, &run->args->dx, rows.begin, run->stream_dx);
    bnorm_apply_rows(run, piece, rows, way, nowhere, dx, dy, BNORM_APPLY_DX);
}

void bnorm_step_pass0(bnorm_run *run, bnorm_piece *piece)
{
    bnorm_range rows = piece->rows;
    for (; rows.begin < piece->rows.end; rows.begin = rows.end) {
        rows.end = bnorm_min(rows.begin + run->schedule->step_rows, piece->rows.end);
        if (atomic_load(&run->upstream_failed))
            return;
        bnorm_source dy = find_dy(run, piece, rows, 0);
        bnorm_reduce_rows(run, piece, rows, dy);
        if (run->global)
            write_dx(run, piece, rows, BNORM_AT_HAND, dy);
    }
}

void bnorm_step_pass1(bnorm_run *run, bnorm_piece *piece)
{
    bnorm_range rows = piece->rows;
    if (!run->args->dx.data)
        return;
    /* backwards: what pass 0 saw last is still in cache */
    for (; rows.end > piece->rows.begin; rows.end = rows.begin) {
        int64_t blocks = bnorm_ceil_div(rows.end - piece->rows.begin, run->schedule->step_rows);
        rows.begin = piece->rows.begin + (blocks - 1) * run->schedule->step_rows;
        if (atomic_load(&run->upstream_failed))
            return;
        write_dx(run, piece, rows, BNORM_DOWN, find_dy(run, piece, rows, 1));
    }
}
