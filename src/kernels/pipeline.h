/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Template: the sums of one tile and the application to another of as many rows, in
 * turns of a few rows.
 *
 * One's reading and the other's writing then share the memory all the time, and
 * neither waits for the other to end.  In turns of one row registers could not hold
 * sums and coefficients; in turns of a leaf memory waits again.
 */

INLINE void T(pipeline)(const bnorm_reduction *r, const bnorm_application *a, int rows, int with_y,
                        int with_dx, int stream)
{
    const REAL *next_x = r->x.data, *next_dy = r->dy.data, *x = a->x.data, *dy = a->dy.data;
    REAL *y = a->y.data, *dx = a->dx.data;
    const int turn = a->cols * (ptrdiff_t)sizeof(REAL) < BNORM_LINE ? 16 : 8;
    for (int row = 0; row < rows; row += turn) {
        const int count = rows - row < turn ? rows - row : turn;
        T(sum)(r->sums, (bnorm_source){next_x, r->x.ld, r->x.ahead}, r->first_x,
               (bnorm_source){next_dy, r->dy.ld, r->dy.ahead}, r->first_dy, count, r->cols,
               with_dx);
        T(apply)((bnorm_target){y, a->y.ld, stream}, (bnorm_target){dx, a->dx.ld, stream},
                 (bnorm_source){x, a->x.ld, a->x.ahead}, (bnorm_source){dy, a->dy.ld, a->dy.ahead},
                 a->coefficients, count, a->cols, with_y, with_dx, stream);
        next_x += count * r->x.ld;
        x += count * a->x.ld;
        if (with_y)
            y += count * a->y.ld;
        if (with_dx) {
            next_dy += count * r->dy.ld;
            dy += count * a->dy.ld;
            dx += count * a->dx.ld;
        }
    }
}

static void T(next_forward)(const bnorm_reduction *next, const bnorm_application *now, int rows)
{
    if (now->y.stream)
        T(pipeline)(next, now, rows, 1, 0, 1);
    else
        T(pipeline)(next, now, rows, 1, 0, 0);
}

static void T(next_backward)(const bnorm_reduction *next, const bnorm_application *now, int rows)
{
    if (now->dx.stream)
        T(pipeline)(next, now, rows, 0, 1, 1);
    else
        T(pipeline)(next, now, rows, 0, 1, 0);
}

static void T(next_both)(const bnorm_reduction *next, const bnorm_application *now, int rows)
{
    if (now->y.stream && now->dx.stream)
        T(pipeline)(next, now, rows, 1, 1, 1);
    else
        T(pipeline)(next, now, rows, 1, 1, 0);
}
