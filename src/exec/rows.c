/* SPDX-License-Identifier: BSD-3-Clause */
/* The walk over rows: reducing leaves into a list, applying coefficients. */
#include "exec/exec.h"
#include "exec/folded.h"

/* Rows ahead where rows don't follow each other: those are not walked one by one, as a plan with a
 * large L1 takes it that rows are, and more has to be prefetched. */
enum { GAPPED_AHEAD = 8 };

static int is_gapped(const bnorm_run *run, const bnorm_piece *piece, const bnorm_matrix *matrix)
{
    const ptrdiff_t cols = piece->cols.end - piece->cols.begin;
    return run->schedule->near >= BNORM_LARGE_NEAR && matrix->data &&
           !bnorm_is_dense(bnorm_piece_ld(run, matrix), cols);
}

static bnorm_source source_at(const bnorm_run *run, const bnorm_piece *piece,
                              const bnorm_matrix *matrix, int64_t row, int64_t ahead)
{
    bnorm_source source = {0};
    if (matrix->data) {
        source.data = bnorm_piece_at(run, piece, matrix, row);
        source.ld = bnorm_piece_ld(run, matrix);
        /* unsigned: one row may have a leading dimension beyond any address */
        source.ahead = (ptrdiff_t)((size_t)ahead * (size_t)source.ld);
        source.near = run->schedule->near;
    }
    return source;
}

bnorm_source bnorm_source_at(const bnorm_run *run, const bnorm_piece *piece,
                             const bnorm_matrix *matrix, int64_t row, int64_t ahead)
{
    if (ahead > 0 && is_gapped(run, piece, matrix))
        ahead = bnorm_max(ahead, GAPPED_AHEAD);
    return source_at(run, piece, matrix, row, ahead);
}

bnorm_source bnorm_applied_at(const bnorm_run *run, const bnorm_piece *piece,
                              const bnorm_matrix *matrix, int64_t row, bnorm_way way)
{
    const int down = way == BNORM_DOWN && run->schedule->down;
    int64_t ahead = way == BNORM_AT_HAND ? 0 : bnorm_abs(run->schedule->apply_ahead);
    if (way != BNORM_AT_HAND && run->schedule->down && is_gapped(run, piece, matrix))
        ahead = bnorm_max(ahead, GAPPED_AHEAD);
    bnorm_source source = source_at(run, piece, matrix, row, down ? -ahead : ahead);
    source.down = down;
    return source;
}

bnorm_target bnorm_target_at(const bnorm_run *run, const bnorm_piece *piece,
                             const bnorm_matrix *matrix, int64_t row, int stream)
{
    bnorm_target target = {NULL, 0, stream};
    if (matrix->data) {
        target.data = bnorm_piece_at(run, piece, matrix, row);
        target.ld = bnorm_piece_ld(run, matrix);
    }
    return target;
}

int bnorm_wanted(const bnorm_run *run)
{
    int y = run->args->y.data && run->operation != BNORM_BACKWARD ? BNORM_APPLY_Y : 0;
    int dx = run->args->dx.data && run->operation & (BNORM_BACKWARD | BNORM_FORWARD_BACKWARD)
                 ? BNORM_APPLY_DX
                 : 0;
    return y | dx;
}

void bnorm_reduce_rows(bnorm_run *run, bnorm_piece *piece, bnorm_range rows, bnorm_source dy)
{
    bnorm_source x =
        bnorm_source_at(run, piece, &run->args->x, rows.begin, run->schedule->reduce_ahead);
    if (run->operation == BNORM_STEP)
        x.near = 0; /* the block has just been applied: it is in cache */
    if (rows.begin < rows.end) /* no rows: dy may be absent, its moments are zero */
        piece->list->planes = dy.data ? BNORM_MOMENTS_XDY : BNORM_MOMENTS_X;
    while (rows.begin < rows.end) {
        int64_t count = bnorm_folded_reduce(run, piece, rows, &x, &dy);
        if (count == 0)
            count = bnorm_leaves_reduce(run, piece, &x, &dy, rows);
        rows.begin += count;
    }
}

/* With global statistics dx = gamma * rstd * dy: forward's form, applied to dy
 * with the planes from BNORM_DY_HI on. */
static void apply_global(const bnorm_run *run, const bnorm_piece *piece, bnorm_target y,
                         bnorm_target dx, bnorm_source x, bnorm_source dy, int64_t rows,
                         ptrdiff_t cols, int what)
{
    const bnorm_kernel_set *kernels = run->plan->kernels;
    const char *coefficients = piece->coefficients;
    if (what & BNORM_APPLY_Y)
        kernels->forward(y, x, coefficients, rows, cols);
    if (what & BNORM_APPLY_DX)
        kernels->forward(dx, dy, coefficients + BNORM_DY_HI * BNORM_GROUP * kernels->size, rows,
                         cols);
}

static void apply_tile(const bnorm_run *run, const bnorm_piece *piece, bnorm_target y,
                       bnorm_target dx, bnorm_source x, bnorm_source dy, int64_t rows,
                       ptrdiff_t cols, int what)
{
    const bnorm_kernel_set *kernels = run->plan->kernels;
    const void *coefficients = piece->coefficients;
    if (run->global)
        apply_global(run, piece, y, dx, x, dy, rows, cols, what);
    else if (what == (BNORM_APPLY_Y | BNORM_APPLY_DX))
        kernels->both(y, dx, x, dy, coefficients, rows, cols);
    else if (what == BNORM_APPLY_Y)
        kernels->forward(y, x, coefficients, rows, cols);
    else if (what == BNORM_APPLY_DX)
        kernels->backward(dx, x, dy, coefficients, rows, cols);
}

void bnorm_apply_rows(bnorm_run *run, bnorm_piece *piece, bnorm_range rows, bnorm_way way,
                      bnorm_target y, bnorm_target dx, bnorm_source dy, int what)
{
    const size_t size = run->plan->kernels->size;
    const ptrdiff_t cols = piece->cols.end - piece->cols.begin, fold = run->fold;
    const int64_t folded = fold > 1 ? (rows.end - rows.begin) / fold * fold : 0;
    const int fence = y.stream || dx.stream;
    bnorm_source x = bnorm_applied_at(run, piece, &run->args->x, rows.begin, way);
    if (folded) {
        const ptrdiff_t ld = fold * cols;
        apply_tile(run, piece, (bnorm_target){y.data, ld, y.stream},
                   (bnorm_target){dx.data, ld, dx.stream},
                   (bnorm_source){x.data, ld, x.ahead, x.near, x.down},
                   (bnorm_source){dy.data, ld, dy.ahead, dy.near, dy.down}, folded / fold, ld, what);
        bnorm_target_skip(&y, folded, size);
        bnorm_target_skip(&dx, folded, size);
        bnorm_source_skip(&x, folded, size);
        bnorm_source_skip(&dy, folded, size);
    }
    if (fold > 1) /* what is left does not end on cache lines */
        y.stream = dx.stream = 0;
    if (rows.end - rows.begin > folded)
        apply_tile(run, piece, y, dx, x, dy, rows.end - rows.begin - folded, cols, what);
    if (fence)
        run->plan->context->kernels->fence();
}
