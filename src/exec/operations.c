/* SPDX-License-Identifier: BSD-3-Clause */
/* The operations: which phases, in which order. */
#include "base/status.h"
#include "exec/coefficients.h"
#include "exec/folded.h"
#include "exec/moments.h"
#include "exec/step.h"

static void reduce_x(bnorm_run *run, bnorm_piece *piece)
{
    bnorm_reduce_rows(run, piece, piece->rows, (bnorm_source){0});
}

static void reduce_xdy(bnorm_run *run, bnorm_piece *piece)
{
    bnorm_reduce_rows(run, piece, piece->rows,
                      bnorm_source_at(run, piece, &run->args->dy, piece->rows.begin,
                                      run->schedule->reduce_ahead));
}

/* Moments of the batch, from the column block's first column on: those of the piece's part. */
static const double *gather(bnorm_run *run, bnorm_piece *piece)
{
    const bnorm_kernel_set *kernels = run->plan->kernels;
    bnorm_list_view view, other;
    bnorm_list *list = bnorm_list_part(&view, piece->list, piece->part);
    for (int64_t group = 1; group < run->grid->row_groups; group++)
        bnorm_list_append(list,
                          bnorm_list_part(&other, bnorm_phases_list(run, piece, group),
                                          piece->part),
                          kernels);
    return bnorm_list_fold(list, kernels) - piece->part.begin;
}

static void merge_forward(bnorm_run *run, bnorm_piece *piece)
{
    bnorm_coefficients_batch(run, piece, gather(run, piece), BNORM_SIDE_FORWARD);
}

static void merge_backward(bnorm_run *run, bnorm_piece *piece)
{
    if (!atomic_load(&run->upstream_failed))
        bnorm_coefficients_batch(run, piece, gather(run, piece), BNORM_SIDE_BACKWARD);
}

static void merge_both(bnorm_run *run, bnorm_piece *piece)
{
    bnorm_coefficients_batch(run, piece, gather(run, piece),
                             BNORM_SIDE_FORWARD | BNORM_SIDE_BACKWARD);
}

static void global_forward(bnorm_run *run, bnorm_piece *piece)
{
    bnorm_coefficients_global(run, piece, BNORM_SIDE_FORWARD);
}

static void global_backward(bnorm_run *run, bnorm_piece *piece)
{
    bnorm_coefficients_global(run, piece, BNORM_SIDE_BACKWARD);
}

static void global_both(bnorm_run *run, bnorm_piece *piece)
{
    bnorm_coefficients_global(run, piece, BNORM_SIDE_FORWARD | BNORM_SIDE_BACKWARD);
}

static void global_end(bnorm_run *run, bnorm_piece *piece)
{
    if (!atomic_load(&run->upstream_failed))
        bnorm_gradients_global(run, piece, gather(run, piece));
}

static void apply_rows(bnorm_run *run, bnorm_piece *piece, bnorm_range rows, bnorm_way way)
{
    const bnorm_args *args = run->args;
    const int what = bnorm_wanted(run);
    if (!what)
        return;
    bnorm_apply_rows(run, piece, rows, way,
                     bnorm_target_at(run, piece, &args->y, rows.begin, run->stream_y),
                     bnorm_target_at(run, piece, &args->dx, rows.begin, run->stream_dx),
                     bnorm_applied_at(run, piece, &args->dy, rows.begin, way), what);
}

static void apply(bnorm_run *run, bnorm_piece *piece)
{
    const int64_t step = run->schedule->step_rows;
    bnorm_range rows = piece->rows;
    /* backwards: what the reduction read last is still in cache */
    for (; rows.end > piece->rows.begin; rows.end = rows.begin) {
        const int64_t blocks = bnorm_ceil_div(rows.end - piece->rows.begin, step);
        rows.begin = piece->rows.begin + (blocks - 1) * step;
        apply_rows(run, piece, rows, BNORM_DOWN);
    }
}

/* Global statistics: the coefficients are known, one pass does everything. */
static void global_pass(bnorm_run *run, bnorm_piece *piece)
{
    const bnorm_args *args = run->args;
    bnorm_range rows = piece->rows;
    for (; rows.begin < piece->rows.end; rows.begin = rows.end) {
        rows.end = bnorm_min(rows.begin + run->schedule->step_rows, piece->rows.end);
        if (args->dgamma || args->dbeta)
            bnorm_reduce_rows(run, piece, rows,
                              bnorm_source_at(run, piece, &args->dy, rows.begin,
                                              run->schedule->reduce_ahead));
        apply_rows(run, piece, rows, BNORM_UP);
    }
}

#define PHASES(...)                                                                                \
    static const bnorm_phase phases[] = {__VA_ARGS__};                                             \
    bnorm_phases_run(run, phases, (int)(sizeof phases / sizeof phases[0]))

static void run_batch(bnorm_run *run)
{
    switch (run->operation) {
    case BNORM_FORWARD: {
        PHASES({reduce_x, 0}, {merge_forward, 1}, {apply, 0});
        break;
    }
    case BNORM_BACKWARD: {
        PHASES({reduce_xdy, 0}, {merge_backward, 1}, {apply, 0});
        break;
    }
    case BNORM_FORWARD_BACKWARD: {
        PHASES({reduce_xdy, 0}, {merge_both, 1}, {apply, 0});
        break;
    }
    case BNORM_STEP: {
        PHASES({reduce_x, 0}, {merge_forward, 1}, {bnorm_step_pass0, 0}, {merge_backward, 1},
               {bnorm_step_pass1, 0});
        break;
    }
    }
}

static void run_global(bnorm_run *run)
{
    switch (run->operation) {
    case BNORM_FORWARD:
    case BNORM_INFER: {
        PHASES({global_forward, 1}, {apply, 0});
        break;
    }
    case BNORM_BACKWARD: {
        PHASES({global_backward, 1}, {global_pass, 0}, {global_end, 1});
        break;
    }
    case BNORM_FORWARD_BACKWARD: {
        PHASES({global_both, 1}, {global_pass, 0}, {global_end, 1});
        break;
    }
    case BNORM_STEP: {
        PHASES({global_both, 1}, {bnorm_step_pass0, 0}, {global_end, 1});
        break;
    }
    }
}

/* Non-temporal stores need whole lines. */
static int can_stream(const bnorm_run *run, const bnorm_matrix *matrix)
{
    const size_t size = run->plan->kernels->size;
    const uintptr_t first = (uintptr_t)matrix->data + (uintptr_t)run->lead * size;
    return run->schedule->stream && first % BNORM_LINE == 0 &&
           (size_t)matrix->ld * (size_t)run->fold * size % BNORM_LINE == 0;
}

static int is_on_lines(const bnorm_matrix *matrix, size_t size)
{
    return (uintptr_t)matrix->data % BNORM_LINE == 0 &&
           (!matrix->data || (size_t)matrix->ld * size % BNORM_LINE == 0);
}

static const bnorm_schedule *schedule_for(const bnorm_plan *plan, unsigned operation,
                                          const bnorm_args *args)
{
    const int index = bnorm_operation_index(operation);
    const size_t size = plan->kernels->size;
    const int on_lines = is_on_lines(&args->x, size) && is_on_lines(&args->y, size) &&
                         is_on_lines(&args->dy, size) && is_on_lines(&args->dx, size);
    return plan->off_lines[index].threads && !on_lines ? &plan->off_lines[index]
                                                       : &plan->schedule[index];
}

bnorm_status bnorm_execute(const bnorm_plan *plan, unsigned operation, const bnorm_args *args,
                           void *workspace)
{
    const bnorm_schedule *schedule = schedule_for(plan, operation, args);
    bnorm_run run = {
        .plan = plan,
        .schedule = schedule,
        .args = args,
        .operation = operation,
        .global = operation == BNORM_INFER || plan->problem.flags & BNORM_GLOBAL_STATISTICS,
        .rows = args->rows,
        .grid = &schedule->grid,
        .workspace = workspace,
        .frames = bnorm_step_frames(),
    };
    bnorm_grid shorter;
    if (run.rows != schedule->grid.rows) {
        shorter = bnorm_partition_shorten(&schedule->grid, run.rows);
        run.grid = &shorter;
    }
    run.fold = bnorm_folded_rows(&run);
    run.lead = bnorm_folded_lead(&run);
    run.stream_y = can_stream(&run, &args->y);
    run.stream_dx = can_stream(&run, &args->dx);
    if (run.global)
        run_global(&run);
    else
        run_batch(&run);
    if (atomic_load(&run.upstream_failed))
        return bnorm_fail(BNORM_ERR_UPSTREAM, "upstream returned nonzero; expected 0");
    if (args->batches && !run.global && run.rows > 0 && (args->running_mean || args->running_var) &&
        operation != BNORM_BACKWARD)
        ++*args->batches;
    return BNORM_OK;
}
