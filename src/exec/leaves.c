/* SPDX-License-Identifier: BSD-3-Clause */
/* From the rows of leaves to nodes of a list. */
#include <string.h>

#include "exec/exec.h"
#include "exec/moments.h"

static void leaf_moments(const bnorm_run *run, const bnorm_piece *piece, bnorm_source x,
                         bnorm_source dy, int rows, double *moments)
{
    const bnorm_kernel_set *kernels = run->plan->kernels;
    const ptrdiff_t pitch = run->schedule->workspace.pitch;
    const ptrdiff_t cols = piece->cols.end - piece->cols.begin;
    memset(piece->sums, 0, BNORM_SUMS * (size_t)pitch * kernels->size);
    if (dy.data) {
        kernels->sum_xdy(piece->sums, x, x.data, dy, dy.data, rows, cols);
        kernels->leaf_xdy(moments, pitch, piece->sums, &x, &dy, rows, cols);
    } else {
        kernels->sum_x(piece->sums, x, x.data, rows, cols);
        kernels->leaf_x(moments, pitch, piece->sums, &x, rows, cols);
    }
}

double *bnorm_leaves_room(const bnorm_run *run, const bnorm_piece *piece)
{
    return run->schedule->workspace.chunk > 1 ? piece->leaves : bnorm_list_next(piece->list);
}

int64_t bnorm_leaves_reduce(const bnorm_run *run, bnorm_piece *piece, bnorm_source x,
                            bnorm_source dy, bnorm_range rows)
{
    const bnorm_kernel_set *kernels = run->plan->kernels;
    const int64_t chunk = run->schedule->workspace.chunk;
    const int64_t size = piece->list->planes * piece->list->pitch;
    double *const leaves = bnorm_leaves_room(run, piece);
    int64_t row = rows.begin, count = 0;
    for (; count < chunk && row < rows.end; count++) {
        const int64_t some = bnorm_min(rows.end - row, BNORM_LEAF_ROWS);
        leaf_moments(run, piece, x, dy, (int)some, leaves + count * size);
        bnorm_source_skip(&x, some, kernels->size);
        bnorm_source_skip(&dy, some, kernels->size);
        row += some;
    }
    bnorm_list_push_leaves(piece->list, leaves, rows.begin / BNORM_LEAF_ROWS, count, kernels);
    return row - rows.begin;
}
