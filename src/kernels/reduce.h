/* SPDX-License-Identifier: BSD-3-Clause */
/* Template: the sums of one leaf, shifted by its first row.  One accumulator
 * per column and sum, rows in order; what a tile's width or height is decides
 * speed, never bits. */

typedef REAL T(real);

/* Columns of a tile that fits in registers, or of a panel; and vectors of a group that do. */
enum {
    T(NARROW) = VECTORS * T(LANES) < BNORM_GROUP ? BNORM_GROUP : VECTORS * T(LANES),
    T(GROUP) = BNORM_GROUP / T(LANES) < VECTORS ? BNORM_GROUP / T(LANES) : VECTORS
};

INLINE T(vec) T(get)(const REAL *at, int lanes)
{
    return lanes < T(LANES) ? T(loadn)(at, lanes) : T(load)(at);
}

/* One line ahead for every line read, into L1, or where that would drive out sums, into L2. */
INLINE void T(prefetch)(const REAL *at, ptrdiff_t ahead, int i, int level)
{
    enum { INTO_L1 = 3, INTO_L2 = 2 };
    const void *line = (const void *)((uintptr_t)at + (size_t)ahead * sizeof(REAL));
    if (ahead == 0 || i * (int)sizeof(T(vec)) % BNORM_LINE != 0)
        return;
    if (level == 1)
        __builtin_prefetch(line, 0, INTO_L1);
    else
        __builtin_prefetch(line, 0, INTO_L2);
}

/* Lanes of vector i of a tile of `count`, the last of which has `lanes` valid ones. */
INLINE int T(lanes_of)(int i, int count, int lanes)
{
    return i + 1 < count ? T(LANES) : lanes;
}

/* A tile's columns of one row, `count` vectors side by side. */
typedef struct {
    T(vec) x[VECTORS], dy[VECTORS];
} T(row);

INLINE void T(read_row)(T(row) *row, const REAL *x, const REAL *dy, int count, int lanes,
                        int with_dy)
{
    UNROLL
    for (int i = 0; i < count; i++) {
        const int some = T(lanes_of)(i, count, lanes);
        row->x[i] = T(get)(x + i * T(LANES), some);
        if (with_dy)
            row->dy[i] = T(get)(dy + i * T(LANES), some);
    }
}

INLINE void T(copy_row)(T(row) *to, const T(row) *from, int count, int with_dy)
{
    UNROLL
    for (int i = 0; i < count; i++) {
        to->x[i] = from->x[i];
        if (with_dy)
            to->dy[i] = from->dy[i];
    }
}

/* Their sums, from memory to registers and back. */
INLINE void T(load_sums)(T(vec) sum[][VECTORS], const REAL *group, int count, int with_dy)
{
    UNROLL
    for (int i = 0; i < count; i++)
        UNROLL
        for (int plane = 0; plane < BNORM_SUMS; plane++)
            if (with_dy || plane < BNORM_SUM_V)
                sum[plane][i] = T(load)(group + bnorm_group_at(BNORM_SUMS, plane, i * T(LANES)));
}

INLINE void T(store_sums)(REAL *group, T(vec) sum[][VECTORS], int count, int with_dy)
{
    UNROLL
    for (int i = 0; i < count; i++)
        UNROLL
        for (int plane = 0; plane < BNORM_SUMS; plane++)
            if (with_dy || plane < BNORM_SUM_V)
                T(store)(group + bnorm_group_at(BNORM_SUMS, plane, i * T(LANES)), sum[plane][i]);
}

/* One element of each lane, shifted: u of x, v of dy. */
INLINE void T(sum_vector)(T(vec) sum[][VECTORS], int i, T(vec) u, T(vec) v, int with_dy)
{
    sum[BNORM_SUM_U][i] = T(add)(sum[BNORM_SUM_U][i], u);
    sum[BNORM_SUM_UU][i] = T(fma)(u, u, sum[BNORM_SUM_UU][i]);
    if (with_dy) {
        sum[BNORM_SUM_V][i] = T(add)(sum[BNORM_SUM_V][i], v);
        sum[BNORM_SUM_VV][i] = T(fma)(v, v, sum[BNORM_SUM_VV][i]);
        sum[BNORM_SUM_UV][i] = T(fma)(u, v, sum[BNORM_SUM_UV][i]);
    }
}

INLINE void T(sum_row)(T(vec) sum[][VECTORS], const T(row) *first, const REAL *x, const REAL *dy,
                       ptrdiff_t x_ahead, ptrdiff_t dy_ahead, int level, int count, int lanes,
                       int with_dy)
{
    UNROLL
    for (int i = 0; i < count; i++) {
        const ptrdiff_t at = i * T(LANES);
        const int some = T(lanes_of)(i, count, lanes);
        T(prefetch)(x + at, x_ahead, i, level);
        T(vec) u = T(sub)(T(get)(x + at, some), first->x[i]), v = u;
        if (with_dy) {
            T(prefetch)(dy + at, dy_ahead, i, level);
            v = T(sub)(T(get)(dy + at, some), first->dy[i]);
        }
        T(sum_vector)(sum, i, u, v, with_dy);
    }
}

/* Narrow rows are read once, in order and one ahead of what is added, so that a leaf's first row is
 * there before others are shifted by it: CPUs lose track of a walk in which another instruction has
 * read the next line before.  What was read is added, vector i of it. */
INLINE void T(sum_read)(T(vec) sum[][VECTORS], const T(row) *first, const T(row) *next, int i,
                        int with_dy)
{
    T(vec) u = T(sub)(next->x[i], first->x[i]);
    T(sum_vector)(sum, i, u, with_dy ? T(sub)(next->dy[i], first->dy[i]) : u, with_dy);
}

INLINE void T(sum_last)(T(vec) sum[][VECTORS], const T(row) *first, const T(row) *next, int count,
                        int with_dy)
{
    UNROLL
    for (int i = 0; i < count; i++)
        T(sum_read)(sum, first, next, i, with_dy);
}

/* It is added, and the row at x and dy read in its place. */
INLINE void T(sum_next)(T(vec) sum[][VECTORS], const T(row) *first, T(row) *next, const REAL *x,
                        const REAL *dy, ptrdiff_t x_ahead, ptrdiff_t dy_ahead, int count, int lanes,
                        int with_dy)
{
    UNROLL
    for (int i = 0; i < count; i++) {
        const ptrdiff_t at = i * T(LANES);
        const int some = T(lanes_of)(i, count, lanes);
        T(sum_read)(sum, first, next, i, with_dy);
        T(prefetch)(x + at, x_ahead, i, 2);
        next->x[i] = T(get)(x + at, some);
        if (with_dy) {
            T(prefetch)(dy + at, dy_ahead, i, 2);
            next->dy[i] = T(get)(dy + at, some);
        }
    }
}

INLINE void T(clear_sums)(T(vec) sum[][VECTORS], int count, int with_dy)
{
    static const REAL none[T(LANES)];
    UNROLL
    for (int i = 0; i < count; i++)
        UNROLL
        for (int plane = 0; plane < BNORM_SUMS; plane++)
            if (with_dy || plane < BNORM_SUM_V)
                sum[plane][i] = T(load)(none);
}

INLINE void T(sum_tile)(REAL *sums, bnorm_source xs, const REAL *first_x, bnorm_source dys,
                        const REAL *first_dy, int level, int rows, ptrdiff_t col, int count,
                        int lanes, int with_dy)
{
    const REAL *x = (const REAL *)xs.data + col, *dy = with_dy ? (const REAL *)dys.data + col : x;
    T(vec) sum[BNORM_SUMS][VECTORS];
    T(row) first;
    REAL *group = sums + bnorm_group_at(BNORM_SUMS, 0, col);
    T(read_row)(&first, first_x + col, with_dy ? first_dy + col : NULL, count, lanes, with_dy);
    T(load_sums)(sum, group, count, with_dy);
    for (int row = 0; row < rows; row++) {
        T(sum_row)(sum, &first, x, dy, xs.ahead, dys.ahead, level, count, lanes, with_dy);
        x += xs.ld;
        dy += with_dy ? dys.ld : 0;
    }
    T(store_sums)(group, sum, count, with_dy);
}

/* Columns from col on whose sums fit in registers, in one walk: in several, rows would be read with
 * jumps. */
INLINE void T(sum_one_tile)(REAL *sums, bnorm_source x, const REAL *first_x, bnorm_source dy,
                            const REAL *first_dy, int rows, ptrdiff_t col, ptrdiff_t cols,
                            int with_dy)
{
    const int count = (int)((cols - col + T(LANES) - 1) / T(LANES));
    const int lanes = (int)(cols - col - (count - 1) * T(LANES));
#define ONE_TILE(count)                                                                            \
    if (lanes < T(LANES))                                                                          \
        T(sum_tile)(sums, x, first_x, dy, first_dy, 2, rows, col, count, lanes, with_dy);          \
    else                                                                                           \
        T(sum_tile)(sums, x, first_x, dy, first_dy, 2, rows, col, count, T(LANES), with_dy)
    if (count == 1) {
        ONE_TILE(1);
    } else if (count == 2) {
        ONE_TILE(2);
    } else if (count == 3) {
        ONE_TILE(VECTORS < 3 ? VECTORS : 3);
    } else if (count > 0) {
        ONE_TILE(VECTORS);
    }
#undef ONE_TILE
}

INLINE void T(sum_tiles)(REAL *sums, bnorm_source x, const REAL *first_x, bnorm_source dy,
                         const REAL *first_dy, int level, int rows, ptrdiff_t cols, int with_dy)
{
    ptrdiff_t col = 0;
#define SUM_TILE(count, lanes)                                                                     \
    T(sum_tile)(sums, x, first_x, dy, first_dy, level, rows, col, count, lanes, with_dy)
    for (; col + T(GROUP) * T(LANES) <= cols; col += T(GROUP) * T(LANES))
        SUM_TILE(T(GROUP), T(LANES));
    for (; T(GROUP) > 2 && col + 2 * T(LANES) <= cols; col += 2 * T(LANES))
        SUM_TILE(2, T(LANES));
    for (; col + T(LANES) <= cols; col += T(LANES))
        SUM_TILE(1, T(LANES));
    if (col < cols)
        SUM_TILE(1, (int)(cols - col));
#undef SUM_TILE
}

/* Whether registers hold a good part of the sums of a row.  Of rows of whole lines L1 delivers
 * fast enough what would be held. */
INLINE int T(is_partly_held)(ptrdiff_t cols)
{
    const int lines = sizeof(T(vec)) == BNORM_LINE && cols % T(LANES) == 0;
    return cols <= 8 * T(LANES) && !lines;
}

/* What is read of a row from column col on, prefetched where a line begins. */
INLINE bnorm_source T(from_line)(bnorm_source source, ptrdiff_t col)
{
    if (col * (ptrdiff_t)sizeof(REAL) % BNORM_LINE != 0)
        source.ahead = 0;
    return source;
}

/* Rows in order: the sums of their first tile are in registers, of the rest in memory. */
INLINE void T(sum_partly_held)(REAL *sums, bnorm_source x, const REAL *first_x, bnorm_source dy,
                               const REAL *first_dy, int level, int rows, ptrdiff_t cols,
                               int with_dy)
{
    T(vec) sum[BNORM_SUMS][VECTORS];
    T(row) first;
    T(read_row)(&first, first_x, first_dy, VECTORS, T(LANES), with_dy);
    T(load_sums)(sum, sums, VECTORS, with_dy);
    for (int row = 0; row < rows; row++) {
        ptrdiff_t col = VECTORS * T(LANES);
        T(sum_row)(sum, &first, x.data, dy.data, x.ahead, dy.ahead, level, VECTORS, T(LANES),
                   with_dy);
        for (; col + T(LANES) <= cols; col += T(LANES))
            T(sum_tile)(sums, T(from_line)(x, col), first_x, T(from_line)(dy, col), first_dy, level,
                        1, col, 1, T(LANES), with_dy);
        if (col < cols)
            T(sum_tile)(sums, T(from_line)(x, col), first_x, T(from_line)(dy, col), first_dy, level,
                        1, col, 1, (int)(cols - col), with_dy);
        bnorm_source_skip(&x, 1, sizeof(REAL));
        bnorm_source_skip(&dy, 1, sizeof(REAL));
    }
    T(store_sums)(sums, sum, VECTORS, with_dy);
}

/* Row by row. */
INLINE void T(sum_rows)(REAL *sums, bnorm_source x, const REAL *first_x, bnorm_source dy,
                        const REAL *first_dy, int level, int rows, ptrdiff_t cols, int with_dy)
{
    if (T(is_partly_held)(cols)) {
        T(sum_partly_held)(sums, x, first_x, dy, first_dy, level, rows, cols, with_dy);
        return;
    }
    for (int row = 0; row < rows; row++) {
        T(sum_tiles)(sums, x, first_x, dy, first_dy, level, 1, cols, with_dy);
        bnorm_source_skip(&x, 1, sizeof(REAL));
        bnorm_source_skip(&dy, 1, sizeof(REAL));
    }
}

/* All rows of a tile, and then of the next one. */
INLINE void T(sum_high_tiles)(REAL *sums, bnorm_source x, const REAL *first_x, bnorm_source dy,
                              const REAL *first_dy, int rows, ptrdiff_t cols, int with_dy)
{
    ptrdiff_t col = 0;
    for (; col + VECTORS * T(LANES) <= cols; col += VECTORS * T(LANES))
        T(sum_tile)(sums, x, first_x, dy, first_dy, 2, rows, col, VECTORS, T(LANES), with_dy);
    T(sum_one_tile)(sums, x, first_x, dy, first_dy, rows, col, cols, with_dy);
}

INLINE void T(sum_bands)(REAL *sums, bnorm_source x, const REAL *first_x, bnorm_source dy,
                         const REAL *first_dy, int rows, ptrdiff_t cols, int with_dy)
{
    int row = 0;
    for (; row + BNORM_BAND <= rows; row += BNORM_BAND) {
        T(sum_tiles)(sums, x, first_x, dy, first_dy, 2, BNORM_BAND, cols, with_dy);
        bnorm_source_skip(&x, BNORM_BAND, sizeof(REAL));
        bnorm_source_skip(&dy, BNORM_BAND, sizeof(REAL));
    }
    if (row < rows)
        T(sum_tiles)(sums, x, first_x, dy, first_dy, 2, rows - row, cols, with_dy);
}

/* Without prefetches, as is known when this is compiled. */
INLINE bnorm_source T(at_hand)(bnorm_source source)
{
    source.ahead = 0;
    return source;
}

INLINE bnorm_walk T(walk)(bnorm_source x, ptrdiff_t cols, int arrays)
{
    return bnorm_walk_of(x.near, cols, bnorm_is_dense(x.ld, cols), arrays, sizeof(REAL),
                         VECTORS * T(LANES));
}

/* Narrow tiles keep their sums in registers for all rows, and so do wide ones that are high.  Bands
 * load and store sums once for a few rows, and group by group: CPUs prefetch some forty steps
 * ahead, beyond the end of the sums (plan/workspace.c), and a group's step is the shortest. */
INLINE void T(sum)(REAL *sums, bnorm_source x, const REAL *first_x, bnorm_source dy,
                   const REAL *first_dy, int rows, ptrdiff_t cols, int with_dy)
{
    const bnorm_walk walk = T(walk)(x, cols, with_dy ? BNORM_SUM_ARRAYS : BNORM_SUM_ARRAYS_X);
    if (cols <= VECTORS * T(LANES))
        T(sum_one_tile)(sums, x, first_x, dy, first_dy, rows, 0, cols, with_dy);
    else if (cols <= T(NARROW))
        T(sum_tiles)(sums, x, first_x, dy, first_dy, 2, rows, cols, with_dy);
    else if (walk == BNORM_BY_ROWS_IN_L1)
        T(sum_rows)(sums, x, first_x, dy, first_dy, 1, rows, cols, with_dy);
    else if (walk == BNORM_BY_ROWS)
        T(sum_rows)(sums, x, first_x, dy, first_dy, 2, rows, cols, with_dy);
    else if (walk == BNORM_IN_HIGH_TILES)
        T(sum_high_tiles)(sums, x, first_x, dy, first_dy, rows, cols, with_dy);
    else if (x.ahead == 0 && dy.ahead == 0)
        T(sum_bands)(sums, T(at_hand)(x), first_x, T(at_hand)(dy), first_dy, rows, cols, with_dy);
    else
        T(sum_bands)(sums, x, first_x, dy, first_dy, rows, cols, with_dy);
}

static void T(sum_x)(void *sums, const bnorm_source *x, const void *first_x, int rows,
                     ptrdiff_t cols)
{
    bnorm_source none = {0};
    T(sum)(sums, *x, first_x, none, NULL, rows, cols, 0);
}

static void T(sum_xdy)(void *sums, const bnorm_source *x, const void *first_x,
                       const bnorm_source *dy, const void *first_dy, int rows, ptrdiff_t cols)
{
    T(sum)(sums, *x, first_x, *dy, first_dy, rows, cols, 1);
}
