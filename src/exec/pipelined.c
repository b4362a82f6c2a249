/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/pipelined.h"

typedef void pipeline_kernel(const bnorm_reduction *next, const bnorm_application *now, int rows,
                             ptrdiff_t cols);

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

/* A leaf of the one, as many rows of the other; both go on behind them. */
static void overlap_leaf(const bnorm_run *run, pipeline_kernel *kernel, bnorm_reduction *next,
                         bnorm_application *now, int rows, ptrdiff_t cols)
{
    const size_t size = run->plan->kernels->size;
    next->first_x = next->x.data;
    next->first_dy = next->dy.data;
    for (int row = 0; row < rows; row += run->schedule->band_rows) {
        const int count = (int)bnorm_min(rows - row, run->schedule->band_rows);
        kernel(next, now, count, cols);
        bnorm_source_skip(&next->x, count, size);
        bnorm_source_skip(&next->dy, count, size);
        bnorm_source_skip(&now->x, count, size);
        bnorm_source_skip(&now->dy, count, size);
        bnorm_target_skip(&now->y, count, size);
        bnorm_target_skip(&now->dx, count, size);
    }
}

int bnorm_pipelined_rows(bnorm_run *run, bnorm_piece *next, bnorm_piece *now)
{
    const bnorm_matrix none = {NULL, 0}, *x = &run->args->x, *dy = &run->args->dy;
    const ptrdiff_t cols = now->cols.end - now->cols.begin;
    const bnorm_range all = now->rows;
    pipeline_kernel *kernel = kernel_of(run);
    if (!kernel || next->cols.end - next->cols.begin != cols)
        return 0;
    if (run->operation == BNORM_FORWARD)
        dy = &none;
    bnorm_reduction reduction = {
        .sums = next->sums,
        .x = bnorm_source_at(run, next, x, all.begin),
        .dy = bnorm_source_at(run, next, dy, all.begin),
    };
    bnorm_application application = {
        .y = bnorm_target_at(run, now, &run->args->y, all.begin, run->stream_y),
        .dx = bnorm_target_at(run, now, &run->args->dx, all.begin, run->stream_dx),
        .x = bnorm_source_at(run, now, x, all.begin),
        .dy = bnorm_source_at(run, now, dy, all.begin),
        .coefficients = now->coefficients,
    };
    for (int64_t row = all.begin; row < all.end; row += BNORM_LEAF_ROWS) {
        const int rows = (int)bnorm_min(all.end - row, BNORM_LEAF_ROWS);
        const bnorm_source leaf_x = reduction.x, leaf_dy = reduction.dy;
        bnorm_leaf_begin(run, next);
        overlap_leaf(run, kernel, &reduction, &application, rows, cols);
        bnorm_leaf_end(run, next, leaf_x, leaf_dy, row, rows);
    }
    if (run->stream_y || run->stream_dx)
        run->plan->context->kernels->fence();
    return 1;
}
