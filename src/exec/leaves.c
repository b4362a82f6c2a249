/* SPDX-License-Identifier: BSD-3-Clause */
/* From the rows of a leaf to a node of a list. */
#include <string.h>

#include "exec/exec.h"
#include "exec/moments.h"

void bnorm_leaf_begin(const bnorm_run *run, bnorm_piece *piece)
{
    memset(piece->sums, 0,
           BNORM_SUMS * (size_t)run->schedule->workspace.pitch * run->plan->kernels->size);
}

void bnorm_leaf_end(const bnorm_run *run, bnorm_piece *piece, const bnorm_source *x,
                    const bnorm_source *dy, int64_t row, int rows)
{
    const bnorm_kernel_set *kernels = run->plan->kernels;
    const ptrdiff_t pitch = run->schedule->workspace.pitch;
    const ptrdiff_t cols = piece->cols.end - piece->cols.begin;
    double *moments = bnorm_list_next(piece->list);
    if (dy->data)
        kernels->leaf_xdy(moments, pitch, piece->sums, x, dy, rows, cols);
    else
        kernels->leaf_x(moments, pitch, piece->sums, x, rows, cols);
    bnorm_list_push(piece->list, (bnorm_node){0, row / BNORM_LEAF_ROWS}, kernels);
}

void bnorm_leaf_reduce(const bnorm_run *run, bnorm_piece *piece, bnorm_source x, bnorm_source dy,
                       int64_t row, int rows)
{
    const bnorm_kernel_set *kernels = run->plan->kernels;
    const ptrdiff_t cols = piece->cols.end - piece->cols.begin;
    bnorm_leaf_begin(run, piece);
    if (dy.data)
        kernels->sum_xdy(piece->sums, x, x.data, dy, dy.data, rows, cols);
    else
        kernels->sum_x(piece->sums, x, x.data, rows, cols);
    bnorm_leaf_end(run, piece, &x, &dy, row, rows);
}
