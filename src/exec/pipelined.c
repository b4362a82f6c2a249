/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/pipelined.h"

#include "exec/moments.h"

typedef int pipeline_kernel(const bnorm_reduction *next, const bnorm_application *now,
                            int64_t rows);

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
    const bnorm_range all = now->rows;
    const int64_t chunk = (int64_t)run->schedule->workspace.chunk * BNORM_LEAF_ROWS;
    pipeline_kernel *kernel = kernel_of(run);
    if (!kernel)
        return 0;
    if (run->operation == BNORM_FORWARD)
        dy = &none;
    bnorm_reduction reduction = {
        .sums = next->sums,
        .pitch = next->list->pitch,
        .x = bnorm_source_at(run, next, x, all.begin, 0),
        .dy = bnorm_source_at(run, next, dy, all.begin, 0),
        .cols = cols_of(next),
    };
    bnorm_application application = {
        .y = bnorm_target_at(run, now, &run->args->y, all.begin, run->stream_y),
        .dx = bnorm_target_at(run, now, &run->args->dx, all.begin, run->stream_dx),
        .x = bnorm_source_at(run, now, x, all.begin, 0),
        .dy = bnorm_source_at(run, now, dy, all.begin, 0),
        .coefficients = now->coefficients,
        .cols = cols_of(now),
    };
    for (int64_t row = all.begin; row < all.end; row += chunk) {
        const int64_t rows = bnorm_min(all.end - row, chunk);
        reduction.moments = bnorm_leaves_room(run, next);
        if (!kernel(&reduction, &application, rows))
            return 0; /* at once, if at all */
        bnorm_list_push_leaves(next->list, reduction.moments, row / BNORM_LEAF_ROWS,
                               bnorm_ceil_div(rows, BNORM_LEAF_ROWS), run->plan->kernels);
        go_on(&reduction, &application, rows, run->plan->kernels->size);
    }
    if (run->stream_y || run->stream_dx)
        run->plan->context->kernels->fence();
    return 1;
}
