/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/pipelined.h"

typedef void pipeline_kernel(const bnorm_reduction *next, const bnorm_application *now, int rows);

static pipeline_kernel *kernel_of(const bnorm_run *run)
{
    const bnorm_kernel_set *kernels = run->plan->kernels;
    const int what = bnorm_wanted(run);
    switch (run->operation) {
    case BNORM_FORWARD: return what == BNORM_APPLY_Y ? kernels->next_forward : NULL;
    case BNORM_BACKWARD: return what == BNORM_APPLY_DX ? kernels->next_backward : NULL;
    default: return what == (BNORM_APPLY_Y | BNORM_APPLY_DX) ? kernels->next_both : NULL;
    }
}

static int64_t cols_of(const bnorm_piece *piece)
{
    return piece->cols.end - piece->cols.begin;
}

/* Both go on to the rows behind. */
static void go_on(bnorm_reduction *next, bnorm_application *now, int64_t rows, size_t size)
{
    bnorm_source_skip(&next->x, rows, size);
    bnorm_source_skip(&next->dy, rows, size);
    bnorm_source_skip(&now->x, rows, size);
    bnorm_source_skip(&now->dy, rows, size);
    bnorm_target_skip(&now->y, rows, size);
    bnorm_target_skip(&now->dx, rows, size);
}

int bnorm_pipelined_rows(bnorm_run *run, bnorm_piece *next, bnorm_piece *now)
{
    const bnorm_matrix none = {NULL, 0}, *x = &run->args->x, *dy = &run->args->dy;
    const int64_t reduce = run->schedule->reduce_ahead;
    const int64_t apply = bnorm_abs(run->schedule->apply_ahead);
    const bnorm_range all = now->rows;
    pipeline_kernel *kernel = kernel_of(run);
    if (!kernel)
        return 0;
    if (run->operation == BNORM_FORWARD)
        dy = &none;
    bnorm_reduction reduction = {
        .sums = next->sums,
        .x = bnorm_source_at(run, next, x, all.begin, reduce),
        .dy = bnorm_source_at(run, next, dy, all.begin, reduce),
        .cols = cols_of(next),
    };
    bnorm_application application = {
        .y = bnorm_target_at(run, now, &run->args->y, all.begin, run->stream_y),
        .dx = bnorm_target_at(run, now, &run->args->dx, all.begin, run->stream_dx),
        .x = bnorm_source_at(run, now, x, all.begin, apply),
        .dy = bnorm_source_at(run, now, dy, all.begin, apply),
        .coefficients = now->coefficients,
        .cols = cols_of(now),
    };
    for (int64_t row = all.begin; row < all.end; row += BNORM_LEAF_ROWS) {
        const int rows = (int)bnorm_min(all.end - row, BNORM_LEAF_ROWS);
        const bnorm_source leaf_x = reduction.x, leaf_dy = reduction.dy;
        reduction.first_x = leaf_x.data;
        reduction.first_dy = leaf_dy.data;
        bnorm_leaf_begin(run, next);
        kernel(&reduction, &application, rows);
        bnorm_leaf_end(run, next, leaf_x, leaf_dy, row, rows);
        go_on(&reduction, &application, rows, run->plan->kernels->size);
    }
    if (run->stream_y || run->stream_dx)
        run->plan->context->kernels->fence();
    return 1;
}
