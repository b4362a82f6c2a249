/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Template: the sums of one panel and the application to another, in turns of a few
 * rows.
 *
 * One's reading and the other's writing then share the memory all the time, and
 * neither waits for the other to end.  In turns of one row registers could not hold
 * sums and coefficients; in turns of a leaf memory waits again.
 */

/* `height` rows from `row` on, of `width` columns, that follow each other without a gap: no
 * tile is partial, and all but the addresses is known when this is compiled. */
INLINE void T(turn)(const bnorm_reduction *r, const bnorm_application *a, int row, int height,
                    ptrdiff_t width, int with_y, int with_dx, int stream)
{
    const ptrdiff_t tile = width < VECTORS * T(LANES) ? width : VECTORS * T(LANES);
    const int count = (int)(tile / T(LANES));
    const ptrdiff_t at = row * width;
    bnorm_source next_x = {(const REAL *)r->x.data + at, width, r->x.ahead, 0}, next_dy = {0};
    bnorm_source x = {(const REAL *)a->x.data + at, width, 0, 0}, dy = {0};
    bnorm_target y = {0}, dx = {0};
    if (with_y)
        y = (bnorm_target){(REAL *)a->y.data + at, width, 0};
    if (with_dx) {
        next_dy = (bnorm_source){(const REAL *)r->dy.data + at, width, r->dy.ahead, 0};
        dy = (bnorm_source){(const REAL *)a->dy.data + at, width, 0, 0};
        dx = (bnorm_target){(REAL *)a->dx.data + at, width, 0};
    }
    for (ptrdiff_t col = 0; col < width; col += tile)
        T(sum_tile)(r->sums, next_x, r->first_x, next_dy, r->first_dy, height, col, count,
                    T(LANES), with_dx);
    for (ptrdiff_t col = 0; col < width; col += tile)
        T(apply_tile)(y, dx, x, dy, a->coefficients, height, col, count, T(LANES), with_y, with_dx,
                      stream);
}

INLINE void T(turns)(const bnorm_reduction *r, const bnorm_application *a, int rows,
                     ptrdiff_t width, int with_y, int with_dx, int stream)
{
    const int height = width * (ptrdiff_t)sizeof(REAL) < BNORM_LINE ? 16 : 8;
    int row = 0;
    /* Unrolled where registers hold sums and coefficients. */
    for (; width == T(LANES) && sizeof(T(vec)) == BNORM_LINE && row + height <= rows;
         row += height)
        T(turn)(r, a, row, height, width, with_y, with_dx, stream);
    for (; row < rows; row += height)
        T(turn)(r, a, row, rows - row < height ? rows - row : height, width, with_y, with_dx,
                stream);
}

/* Whether both are panels of `width` whole vectors. */
INLINE int T(are_panels)(const bnorm_reduction *r, const bnorm_application *a, ptrdiff_t width,
                         int with_y, int with_dx)
{
    return width % T(LANES) == 0 && r->cols == width && a->cols == width && r->x.ld == width &&
           a->x.ld == width && (!with_y || a->y.ld == width) &&
           (!with_dx || (r->dy.ld == width && a->dy.ld == width && a->dx.ld == width));
}

/* Whether it was done. */
INLINE int T(pipeline)(const bnorm_reduction *r, const bnorm_application *a, int rows, int with_y,
                       int with_dx)
{
    const int stream = (!with_y || a->y.stream) && (!with_dx || a->dx.stream);
    if (T(are_panels)(r, a, BNORM_GROUP, with_y, with_dx)) {
        if (stream)
            T(turns)(r, a, rows, BNORM_GROUP, with_y, with_dx, 1);
        else
            T(turns)(r, a, rows, BNORM_GROUP, with_y, with_dx, 0);
        return 1;
    }
    if (T(are_panels)(r, a, BNORM_GROUP / 2, with_y, with_dx)) {
        if (stream)
            T(turns)(r, a, rows, BNORM_GROUP / 2, with_y, with_dx, 1);
        else
            T(turns)(r, a, rows, BNORM_GROUP / 2, with_y, with_dx, 0);
        return 1;
    }
    return 0;
}

static void T(next_forward)(const bnorm_reduction *next, const bnorm_application *now, int rows)
{
    if (T(pipeline)(next, now, rows, 1, 0))
        return;
    T(sum_x)(next->sums, next->x, next->first_x, rows, next->cols);
    T(forward)(now->y, now->x, now->coefficients, rows, now->cols);
}

static void T(next_backward)(const bnorm_reduction *next, const bnorm_application *now, int rows)
{
    if (T(pipeline)(next, now, rows, 0, 1))
        return;
    T(sum_xdy)(next->sums, next->x, next->first_x, next->dy, next->first_dy, rows, next->cols);
    T(backward)(now->dx, now->x, now->dy, now->coefficients, rows, now->cols);
}

static void T(next_both)(const bnorm_reduction *next, const bnorm_application *now, int rows)
{
    if (T(pipeline)(next, now, rows, 1, 1))
        return;
    T(sum_xdy)(next->sums, next->x, next->first_x, next->dy, next->first_dy, rows, next->cols);
    T(both)(now->y, now->dx, now->x, now->dy, now->coefficients, rows, now->cols);
}
