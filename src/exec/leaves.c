/* SPDX-License-Identifier: BSD-3-Clause */
/* From the rows of leaves to nodes of a list. */
#include "exec/exec.h"
#include "exec/moments.h"

double *bnorm_leaves_room(const bnorm_run *run, const bnorm_piece *piece)
{
    return run->schedule->workspace.chunk > 1 ? piece->leaves : bnorm_list_next(piece->list);
}

int64_t bnorm_leaves_reduce(const bnorm_run *run, bnorm_piece *piece, bnorm_source *x,
                            bnorm_source *dy, bnorm_range rows)
{
    const bnorm_kernel_set *kernels = run->plan->kernels;
    const int64_t chunk = run->schedule->workspace.chunk * BNORM_LEAF_ROWS;
    const int64_t count = bnorm_min(rows.end - rows.begin, chunk);
    const bnorm_reduction reduction = {
        .sums = piece->sums,
        .moments = bnorm_leaves_room(run, piece),
        .pitch = piece->list->pitch,
        .x = *x,
        .dy = *dy,
        .cols = piece->cols.end - piece->cols.begin,
    };
    if (dy->data)
        kernels->leaves_xdy(&reduction, count);
    else
        kernels->leaves_x(&reduction, count);
    bnorm_list_push_leaves(piece->list, reduction.moments, rows.begin / BNORM_LEAF_ROWS,
                           bnorm_ceil_div(count, BNORM_LEAF_ROWS), kernels);
    bnorm_source_skip(x, count, kernels->size);
    bnorm_source_skip(dy, count, kernels->size);
    return count;
}
