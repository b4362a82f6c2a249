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
static void apply_global(const bnorm_kernel_set *kernels, const bnorm_application *a, int64_t rows,
                         int what)
{
    const char *coefficients = a->coefficients;
    if (what & BNORM_APPLY_Y)
        kernels->forward(a->y, a->x, coefficients, rows, a->cols);
    if (what & BNORM_APPLY_DX)
        kernels->forward(a->dx, a->dy,
                         coefficients + BNORM_DY_HI * BNORM_GROUP * kernels->size, rows, a->cols);
}

static void apply(const bnorm_run *run, const bnorm_application *a, int64_t rows, int what)
{
    const bnorm_kernel_set *kernels = run->plan->kernels;
    if (run->global)
        apply_global(kernels, a, rows, what);
    else if (what == (BNORM_APPLY_Y | BNORM_APPLY_DX))
        kernels->both(a->y, a->dx, a->x, a->dy, a->coefficients, rows, a->cols);
    else if (what == BNORM_APPLY_Y)
        kernels->forward(a->y, a->x, a->coefficients, rows, a->cols);
    else if (what == BNORM_APPLY_DX)
        kernels->backward(a->dx, a->x, a->dy, a->coefficients, rows, a->cols);
}

/* The next rows of `cols` elements, one behind the other. */
static void apply_next(const bnorm_run *run, bnorm_application *a, int64_t rows, ptrdiff_t cols,
                       int what)
{
    const size_t size = run->plan->kernels->size;
    a->cols = a->x.ld = a->dy.ld = a->y.ld = a->dx.ld = cols;
    if (rows > 0 && cols > 0)
        apply(run, a, rows, what);
    bnorm_source_skip(&a->x, rows, size);
    bnorm_source_skip(&a->dy, rows, size);
    bnorm_target_skip(&a->y, rows, size);
    bnorm_target_skip(&a->dx, rows, size);
}

/* So many elements, as rows that are folded and begin where lines do, and the parts before and
 * behind them. */
static void apply_folded(const bnorm_run *run, const bnorm_application *all, int64_t elements,
                         ptrdiff_t row, int what)
{
    const ptrdiff_t lead = (ptrdiff_t)bnorm_min(run->lead, elements);
    const int64_t rows = (elements - lead) / row;
    const ptrdiff_t behind =
        bnorm_group_at(BNORM_COEFFICIENTS, 0, bnorm_round_up(row, BNORM_GROUP));
    bnorm_application a = *all;
    a.y.stream = a.dx.stream = 0;
    a.coefficients = (const char *)all->coefficients + (size_t)behind * run->plan->kernels->size;
    apply_next(run, &a, 1, lead, what);
    a.y.stream = all->y.stream;
    a.dx.stream = all->dx.stream;
    a.coefficients = all->coefficients;
    apply_next(run, &a, rows, row, what);
    const ptrdiff_t rest = (ptrdiff_t)(elements - lead - rows * row);
    if ((size_t)rest * run->plan->kernels->size < BNORM_LINE)
        a.y.stream = a.dx.stream = 0;
    apply_next(run, &a, 1, rest, what);
}

void bnorm_apply_rows(bnorm_run *run, bnorm_piece *piece, bnorm_range rows, bnorm_way way,
                      bnorm_target y, bnorm_target dx, bnorm_source dy, int what)
{
    const ptrdiff_t cols = piece->cols.end - piece->cols.begin;
    const int64_t count = rows.end - rows.begin;
    const bnorm_application a = {
        .y = y,
        .dx = dx,
        .x = bnorm_applied_at(run, piece, &run->args->x, rows.begin, way),
        .dy = dy,
        .coefficients = piece->coefficients,
        .cols = cols,
    };
    if (run->fold > 1 || run->lead)
        apply_folded(run, &a, count * cols, run->fold * cols, what);
    else
        apply(run, &a, count, what);
    if (y.stream || dx.stream)
        run->plan->context->kernels->fence();
}
