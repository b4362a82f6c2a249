/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Template: the sums of one tile and, row by row, the application to another of as
 * many rows and columns.
 *
 * One tile's reading and the other's writing then share the memory at all times, and
 * wait for each other at none.  Tiles are one cache line wide: that many sums and
 * coefficients are what the registers hold.
 */

/* Vectors of a cache line, but no more than the registers hold. */
enum {
    T(ABREAST) = BNORM_LINE / sizeof(T(vec)) < VECTORS ? BNORM_LINE / (int)sizeof(T(vec)) : VECTORS
};

INLINE void T(pipeline_tile)(const bnorm_reduction *r, const bnorm_application *a, int rows,
                             ptrdiff_t col, int count, int lanes, int with_y, int with_dx,
                             int stream)
{
    const REAL *next_x = (const REAL *)r->x.data + col;
    const REAL *next_dy = with_dx ? (const REAL *)r->dy.data + col : next_x;
    const REAL *x = (const REAL *)a->x.data + col;
    const REAL *dy = with_dx ? (const REAL *)a->dy.data + col : x;
    REAL *y = with_y ? (REAL *)a->y.data + col : NULL;
    REAL *dx = with_dx ? (REAL *)a->dx.data + col : NULL;
    REAL *base = (REAL *)r->sums + bnorm_group_at(BNORM_SUMS, 0, col);
    T(vec) c[VECTORS][BNORM_COEFFICIENTS];
    T(sums) s;
    T(sums_begin)(&s, base, r->first_x, r->first_dy, col, count, lanes, with_dx);
    T(apply_begin)(c, a->coefficients, col, count, with_dx);
    for (int row = 0; row < rows; row++) {
        for (int i = 0; i < count; i++)
            T(sums_add)(&s, next_x, r->x.ahead, next_dy, r->dy.ahead, i, lanes, with_dx);
        for (int i = 0; i < count; i++)
            T(apply_to)(y, dx, x, a->x.ahead, dy, a->dy.ahead, c[i], i, lanes, with_y, with_dx,
                        stream);
        next_x += r->x.ld;
        x += a->x.ld;
        if (with_y)
            y += a->y.ld;
        if (with_dx) {
            next_dy += r->dy.ld;
            dy += a->dy.ld;
            dx += a->dx.ld;
        }
    }
    T(sums_end)(&s, base, count, with_dx);
}

/* Which tiles may be stored past the cache: as in apply.h. */
INLINE void T(pipeline)(const bnorm_reduction *r, const bnorm_application *a, int rows,
                        ptrdiff_t cols, int with_y, int with_dx, int stream)
{
    const int whole = T(ABREAST) * sizeof(T(vec)) == BNORM_LINE;
    const int dense = cols == T(LANES) && (!with_y || a->y.ld == cols) &&
                      (!with_dx || a->dx.ld == cols);
    ptrdiff_t col = 0;
    for (; col + T(ABREAST) * T(LANES) <= cols; col += T(ABREAST) * T(LANES))
        T(pipeline_tile)(r, a, rows, col, T(ABREAST), T(LANES), with_y, with_dx, stream && whole);
    for (; dense && stream && col < cols; col += T(LANES))
        T(pipeline_tile)(r, a, rows, col, 1, T(LANES), with_y, with_dx, 1);
    for (; col + T(LANES) <= cols; col += T(LANES))
        T(pipeline_tile)(r, a, rows, col, 1, T(LANES), with_y, with_dx, 0);
    if (col < cols)
        T(pipeline_tile)(r, a, rows, col, 1, (int)(cols - col), with_y, with_dx, 0);
}

static void T(next_forward)(const bnorm_reduction *r, const bnorm_application *a, int rows,
                            ptrdiff_t cols)
{
    if (a->y.stream)
        T(pipeline)(r, a, rows, cols, 1, 0, 1);
    else
        T(pipeline)(r, a, rows, cols, 1, 0, 0);
}

static void T(next_backward)(const bnorm_reduction *r, const bnorm_application *a, int rows,
                             ptrdiff_t cols)
{
    if (a->dx.stream)
        T(pipeline)(r, a, rows, cols, 0, 1, 1);
    else
        T(pipeline)(r, a, rows, cols, 0, 1, 0);
}

static void T(next_both)(const bnorm_reduction *r, const bnorm_application *a, int rows,
                         ptrdiff_t cols)
{
    if (a->y.stream && a->dx.stream)
        T(pipeline)(r, a, rows, cols, 1, 1, 1);
    else
        T(pipeline)(r, a, rows, cols, 1, 1, 0);
}
