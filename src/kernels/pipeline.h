/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Template: the leaves of one panel and the application to another, in turns of a few
 * rows.
 *
 * One's reading and the other's writing then share the memory all the time, and
 * neither waits for the other to end.  In turns of one row registers could not hold
 * sums and coefficients; in turns of a leaf memory waits again.  It waits, too, while
 * a leaf's sums become moments, so that is done here, next to the rows.
 */

/* Rows of `width` columns that follow each other without a gap: of the panel that is reduced, and
 * of the other. */
typedef struct {
    const REAL *next_x, *next_dy, *x, *dy;
    REAL *y, *dx;
} T(rows);

INLINE T(rows) T(leaf_rows)(const bnorm_reduction *r, const bnorm_application *a, int64_t row,
                            ptrdiff_t width, int with_y, int with_dx)
{
    const ptrdiff_t at = row * width;
    T(rows) from = {.next_x = (const REAL *)r->x.data + at, .x = (const REAL *)a->x.data + at};
    if (with_y)
        from.y = (REAL *)a->y.data + at;
    if (with_dx) {
        from.next_dy = (const REAL *)r->dy.data + at;
        from.dy = (const REAL *)a->dy.data + at;
        from.dx = (REAL *)a->dx.data + at;
    }
    return from;
}

/* `count` vectors of columns of `height` rows: each is added when the one behind it is read, which
 * the last row of all has not.  They are read in the order in which they lie: a compiler that took
 * the last ones first, as is its right, would keep CPUs from prefetching. */
INLINE void T(sum_turn)(T(vec) sum[][VECTORS], const T(row) *first, T(row) *next,
                        const T(rows) *from, ptrdiff_t at, int height, ptrdiff_t width, int count,
                        int with_dx, int last)
{
    for (int row = last; row < height; row++) {
        BARRIER;
        at += width;
        T(sum_next)(sum, first, next, from->next_x + at, with_dx ? from->next_dy + at : NULL, 0, 0,
                    count, T(LANES), with_dx);
    }
    if (last)
        T(sum_last)(sum, first, next, count, with_dx);
}

INLINE void T(apply_turn)(T(vec) c[][VECTORS], const T(rows) *from, ptrdiff_t at, int height,
                          ptrdiff_t width, int count, int with_y, int with_dx, int stream)
{
    for (int row = 0; row < height; row++, at += width) {
        BARRIER;
        T(apply_row)(with_y ? from->y + at : NULL, with_dx ? from->dx + at : NULL, from->x + at,
                     with_dx ? from->dy + at : NULL, c, 0, 0, count, T(LANES), with_y, with_dx,
                     stream, 0);
    }
}

/* A leaf of panels of one vector: registers hold sums and coefficients from turn to turn. */
INLINE void T(leaf_in_registers)(REAL *sums, const REAL *coefficients, const T(rows) *from,
                                 T(row) *ahead, int rows, int more, int height, ptrdiff_t width,
                                 int with_y, int with_dx, int stream)
{
    T(vec) sum[BNORM_SUMS][VECTORS], c[BNORM_COEFFICIENTS][VECTORS];
    T(row) first, next;
    int row = 0;
    T(clear_sums)(sum, 1, with_dx);
    T(load_coefficients)(c, coefficients, 0, 1, with_dx);
    T(copy_row)(&first, ahead, 1, with_dx);
    T(copy_row)(&next, ahead, 1, with_dx);
    for (; row + height <= rows - !more; row += height) {
        T(sum_turn)(sum, &first, &next, from, row * width, height, width, 1, with_dx, 0);
        T(apply_turn)(c, from, row * width, height, width, 1, with_y, with_dx, stream);
    }
    if (!more) {
        T(sum_turn)(sum, &first, &next, from, row * width, rows - row, width, 1, with_dx, 1);
        T(apply_turn)(c, from, row * width, rows - row, width, 1, with_y, with_dx, stream);
    }
    T(copy_row)(ahead, &next, 1, with_dx);
    T(store_sums)(sums, sum, 1, with_dx);
}

/* Of a panel's row. */
enum { T(TILES) = BNORM_GROUP > VECTORS * T(LANES) ? BNORM_GROUP / (VECTORS * T(LANES)) : 1 };

/* A leaf of others: sums and coefficients of one tile at a time. */
INLINE void T(leaf_in_tiles)(REAL *sums, const REAL *coefficients, const T(rows) *from,
                             T(row) *ahead, int rows, int more, int height, ptrdiff_t width,
                             int with_y, int with_dx, int stream)
{
    const ptrdiff_t tile = width < VECTORS * T(LANES) ? width : VECTORS * T(LANES);
    const int count = (int)(tile / T(LANES));
    T(vec) sum[BNORM_SUMS][VECTORS], c[BNORM_COEFFICIENTS][VECTORS];
    T(row) first[T(TILES)], next;
    for (int i = 0; i < width / tile; i++)
        T(copy_row)(&first[i], &ahead[i], count, with_dx);
    memset(sums, 0, BNORM_SUMS * BNORM_GROUP * sizeof *sums);
    for (int row = 0; row < rows; row += height) {
        const int some = rows - row < height ? rows - row : height;
        const int last = !more && row + some == rows;
        for (int i = 0; i < width / tile; i++) {
            const ptrdiff_t col = i * tile;
            REAL *group = sums + bnorm_group_at(BNORM_SUMS, 0, col);
            T(load_sums)(sum, group, count, with_dx);
            T(copy_row)(&next, &ahead[i], count, with_dx);
            T(sum_turn)(sum, &first[i], &next, from, row * width + col, some, width, count,
                        with_dx, last);
            T(copy_row)(&ahead[i], &next, count, with_dx);
            T(store_sums)(group, sum, count, with_dx);
        }
        for (ptrdiff_t col = 0; col < width; col += tile) {
            T(load_coefficients)(c, coefficients, col, count, with_dx);
            T(apply_turn)(c, from, row * width + col, some, width, count, with_y, with_dx, stream);
        }
    }
}

INLINE double *T(leaf_of)(const bnorm_reduction *r, int64_t row, int with_dx)
{
    const int planes = with_dx ? BNORM_MOMENTS_XDY : BNORM_MOMENTS_X;
    return r->moments + row / BNORM_LEAF_ROWS * planes * r->pitch;
}

INLINE void T(next_panels)(const bnorm_reduction *r, const bnorm_application *a, int64_t rows,
                           ptrdiff_t width, int with_y, int with_dx, int stream)
{
    const int height = width * (ptrdiff_t)sizeof(REAL) < BNORM_LINE ? 16 : 8;
    T(row) ahead[T(TILES)];
    const ptrdiff_t tile = width < VECTORS * T(LANES) ? width : VECTORS * T(LANES);
    for (int i = 0; i < width / tile; i++)
        T(read_row)(&ahead[i], (const REAL *)r->x.data + i * tile,
                    with_dx ? (const REAL *)r->dy.data + i * tile : NULL, (int)(tile / T(LANES)),
                    T(LANES), with_dx);
    if (width < BNORM_GROUP) /* of the rest of the group nothing else is written */
        memset(r->sums, 0, BNORM_SUMS * BNORM_GROUP * sizeof(REAL));
    for (int64_t row = 0; row < rows; row += BNORM_LEAF_ROWS) {
        const int count = (int)(rows - row < BNORM_LEAF_ROWS ? rows - row : BNORM_LEAF_ROWS);
        const T(rows) from = T(leaf_rows)(r, a, row, width, with_y, with_dx);
        const bnorm_source x = {from.next_x, width, 0, 0, 0}, dy = {from.next_dy, width, 0, 0, 0};
        const int more = row + count < rows;
        if (width == T(LANES) && sizeof(T(vec)) == BNORM_LINE)
            T(leaf_in_registers)(r->sums, a->coefficients, &from, ahead, count, more, height,
                                 width, with_y, with_dx, stream);
        else
            T(leaf_in_tiles)(r->sums, a->coefficients, &from, ahead, count, more, height, width,
                             with_y, with_dx, stream);
        T(leaf)(T(leaf_of)(r, row, with_dx), r->pitch, r->sums, &x, &dy, count, width, with_dx,
                1);
    }
}

/* Whether both are panels of `width` whole vectors. */
INLINE int T(are_panels)(const bnorm_reduction *r, const bnorm_application *a, ptrdiff_t width,
                         int with_y, int with_dx)
{
    return width % T(LANES) == 0 && r->cols == width && a->cols == width && r->x.ld == width &&
           a->x.ld == width && (!with_y || a->y.ld == width) &&
           (!with_dx || (r->dy.ld == width && a->dy.ld == width && a->dx.ld == width));
}

INLINE int T(pipeline)(const bnorm_reduction *r, const bnorm_application *a, int64_t rows,
                       int with_y, int with_dx)
{
    const int stream = (!with_y || a->y.stream) && (!with_dx || a->dx.stream);
    if (T(are_panels)(r, a, BNORM_GROUP, with_y, with_dx)) {
        if (stream)
            T(next_panels)(r, a, rows, BNORM_GROUP, with_y, with_dx, 1);
        else
            T(next_panels)(r, a, rows, BNORM_GROUP, with_y, with_dx, 0);
        return 1;
    }
    if (T(are_panels)(r, a, BNORM_GROUP / 2, with_y, with_dx)) {
        if (stream)
            T(next_panels)(r, a, rows, BNORM_GROUP / 2, with_y, with_dx, 1);
        else
            T(next_panels)(r, a, rows, BNORM_GROUP / 2, with_y, with_dx, 0);
        return 1;
    }
    return 0;
}

static int T(next_forward)(const bnorm_reduction *next, const bnorm_application *now, int64_t rows)
{
    return T(pipeline)(next, now, rows, 1, 0);
}

static int T(next_backward)(const bnorm_reduction *next, const bnorm_application *now, int64_t rows)
{
    return T(pipeline)(next, now, rows, 0, 1);
}

static int T(next_both)(const bnorm_reduction *next, const bnorm_application *now, int64_t rows)
{
    return T(pipeline)(next, now, rows, 1, 1);
}
