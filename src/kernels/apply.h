/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Template: forward and backward applied to a tile.
 *
 *   y  = u * SCALE + SHIFT                                     u = x - X_HI
 *   dx = ((dy - DY_HI) - (u * RSTD) * SLOPE) * DX_SCALE + DX_SHIFT
 *
 * The unfolded form: one coefficient for RSTD * SLOPE * DX_SCALE would be
 * rstd^3, which overflows for sigma below 1e-13 in float.  What X_HI and DY_HI
 * lost by rounding the means is in SHIFT and DX_SHIFT.
 */

INLINE void T(put)(REAL *at, T(vec) value, int lanes, int stream)
{
    if (lanes < T(LANES))
        T(storen)(at, value, lanes);
    else if (stream)
        T(stream)(at, value);
    else
        T(store)(at, value);
}

/* Coefficients of a tile's columns from col on, `count` vectors of them side by side. */
INLINE void T(load_coefficients)(T(vec) c[][VECTORS], const REAL *coefficients, ptrdiff_t col,
                                 int count, int with_dx)
{
    const REAL *base = coefficients + bnorm_group_at(BNORM_COEFFICIENTS, 0, col);
    UNROLL
    for (int i = 0; i < count; i++)
        UNROLL
        for (int plane = 0; plane < BNORM_SPARE; plane++)
            if (with_dx || plane < BNORM_COEFFICIENTS_Y)
                c[plane][i] = T(load)(base +
                                      bnorm_group_at(BNORM_COEFFICIENTS, plane, i * T(LANES)));
}

INLINE void T(apply_row)(REAL *y, REAL *dx, const REAL *x, const REAL *dy, T(vec) c[][VECTORS],
                         ptrdiff_t x_ahead, ptrdiff_t dy_ahead, int count, int lanes, int with_y,
                         int with_dx, int stream, int down)
{
    UNROLL
    for (int k = 0; k < count; k++) {
        const int i = down ? count - 1 - k : k;
        const ptrdiff_t at = i * T(LANES);
        T(prefetch)(x + at, x_ahead, i, 2);
        T(vec) u = T(sub)(T(get)(x + at, lanes), c[BNORM_X_HI][i]), e, h;
        if (with_dx) {
            T(prefetch)(dy + at, dy_ahead, i, 2);
            e = T(sub)(T(get)(dy + at, lanes), c[BNORM_DY_HI][i]);
            h = T(mul)(u, c[BNORM_RSTD][i]);
            e = T(fnma)(h, c[BNORM_SLOPE][i], e);
        }
        if (with_y)
            T(put)(y + at, T(fma)(u, c[BNORM_SCALE][i], c[BNORM_SHIFT][i]), lanes, stream);
        if (with_dx)
            T(put)(dx + at, T(fma)(e, c[BNORM_DX_SCALE][i], c[BNORM_DX_SHIFT][i]), lanes, stream);
    }
}

/* Its last row first, and that backwards, where it is walked down. */
INLINE void T(apply_tile)(bnorm_target ys, bnorm_target dxs, bnorm_source xs, bnorm_source dys,
                          const REAL *coefficients, int64_t rows, ptrdiff_t col, int count,
                          int lanes, int with_y, int with_dx, int stream, int down)
{
    if (down && rows > 1) {
        bnorm_source_skip(&xs, rows - 1, sizeof(REAL));
        bnorm_source_skip(&dys, rows - 1, sizeof(REAL));
        bnorm_target_skip(&ys, rows - 1, sizeof(REAL));
        bnorm_target_skip(&dxs, rows - 1, sizeof(REAL));
    }
    const ptrdiff_t step = down ? -1 : 1;
    const REAL *x = (const REAL *)xs.data + col, *dy = with_dx ? (const REAL *)dys.data + col : x;
    REAL *y = with_y ? (REAL *)ys.data + col : NULL, *dx = with_dx ? (REAL *)dxs.data + col : NULL;
    T(vec) c[BNORM_COEFFICIENTS][VECTORS];
    T(load_coefficients)(c, coefficients, col, count, with_dx);
    for (int64_t row = 0; row < rows; row++) {
        T(apply_row)(y, dx, x, dy, c, xs.ahead, dys.ahead, count, lanes, with_y, with_dx, stream,
                     down);
        x += step * xs.ld;
        if (with_y)
            y += step * ys.ld;
        if (with_dx) {
            dy += step * dys.ld;
            dx += step * dxs.ld;
        }
    }
}

/* Vectors of a cache line, where a tile is wider than one. */
enum { T(LINE) = BNORM_LINE / sizeof(T(vec)) < VECTORS ? BNORM_LINE / sizeof(T(vec)) : 1 };

#define APPLY_TILE(count, lanes, stream)                                                           \
    T(apply_tile)(y, dx, x, dy, coefficients, rows, col, count, lanes, with_y, with_dx, stream,    \
                  down)

/* What is less than a tile, from column col on.  Only whole lines are stored past the cache: tiles
 * of them, or rows of one vector that follow each other without a gap. */
INLINE void T(apply_rest)(bnorm_target y, bnorm_target dx, bnorm_source x, bnorm_source dy,
                          const REAL *coefficients, int64_t rows, ptrdiff_t col, ptrdiff_t cols,
                          int with_y, int with_dx, int stream, int down)
{
    for (; VECTORS > 2 && sizeof(T(vec)) == BNORM_LINE && col + 2 * T(LANES) <= cols;
         col += 2 * T(LANES))
        APPLY_TILE(2, T(LANES), stream);
    for (; T(LINE) * sizeof(T(vec)) == BNORM_LINE && col + T(LINE) * T(LANES) <= cols;
         col += T(LINE) * T(LANES))
        APPLY_TILE(T(LINE), T(LANES), stream);
    const int dense = cols == T(LANES) && (!with_y || y.ld == cols) && (!with_dx || dx.ld == cols);
    for (; dense && stream && col < cols; col += T(LANES))
        APPLY_TILE(1, T(LANES), 1);
    for (; col + T(LANES) <= cols; col += T(LANES))
        APPLY_TILE(1, T(LANES), 0);
    if (col < cols)
        APPLY_TILE(1, (int)(cols - col), 0);
}

/* Down: from the last tile to the first, so that memory is walked through without a jump, but for
 * what is less than a tile. */
INLINE void T(apply_tiles)(bnorm_target y, bnorm_target dx, bnorm_source x, bnorm_source dy,
                           const REAL *coefficients, int64_t rows, ptrdiff_t cols, int with_y,
                           int with_dx, int stream, int down)
{
    const ptrdiff_t tile = VECTORS * T(LANES), tiles = cols / tile * tile;
    if (down)
        T(apply_rest)(y, dx, x, dy, coefficients, rows, tiles, cols, with_y, with_dx, stream, 1);
    for (ptrdiff_t done = 0; done < tiles; done += tile) {
        const ptrdiff_t col = down ? tiles - tile - done : done;
        APPLY_TILE(VECTORS, T(LANES), stream);
    }
    if (!down)
        T(apply_rest)(y, dx, x, dy, coefficients, rows, tiles, cols, with_y, with_dx, stream, 0);
}
#undef APPLY_TILE

/* All rows of one, two or a tile of vectors, wider ones row by row, in high tiles or band by band,
 * as sums (reduce.h), and of several narrow ones a few rows, which lie together in memory. */
INLINE void T(apply)(bnorm_target y, bnorm_target dx, bnorm_source x, bnorm_source dy,
                     const REAL *coefficients, int64_t rows, ptrdiff_t cols, int with_y,
                     int with_dx, int stream)
{
    const int one = cols <= T(LANES) || cols == 2 * T(LANES) || cols == T(NARROW);
    const int arrays = !with_dx ? BNORM_COEFFICIENTS_Y
                       : with_y ? BNORM_BOTH_ARRAYS
                                : BNORM_BACKWARD_ARRAYS;
    const int wide = !one && cols >= T(NARROW);
    const bnorm_walk walk = T(walk)(x, cols, arrays);
    const int by_rows = wide && (walk == BNORM_BY_ROWS || walk == BNORM_BY_ROWS_IN_L1);
    const int high = wide && walk == BNORM_IN_HIGH_TILES;
    const int64_t step = one       ? rows
                         : !wide   ? 8
                         : by_rows ? 1
                         : high    ? BNORM_LEAF_ROWS
                                   : BNORM_BAND;
    const int64_t last = rows > 0 ? (rows - 1) / step * step : 0;
    for (int64_t done = 0; done < rows; done += step) {
        const int64_t row = x.down ? last - done : done;
        const int64_t count = rows - row < step ? rows - row : step;
        bnorm_source from_x = x, from_dy = dy;
        bnorm_target to_y = y, to_dx = dx;
        from_x.data = (const REAL *)x.data + row * x.ld;
        if (with_y)
            to_y.data = (REAL *)y.data + row * y.ld;
        if (with_dx) {
            from_dy.data = (const REAL *)dy.data + row * dy.ld;
            to_dx.data = (REAL *)dx.data + row * dx.ld;
        }
        if (by_rows && x.down) /* one row is known when this is compiled */
            T(apply_tiles)(to_y, to_dx, from_x, from_dy, coefficients, 1, cols, with_y, with_dx,
                           stream, 1);
        else if (count == 1)
            T(apply_tiles)(to_y, to_dx, from_x, from_dy, coefficients, 1, cols, with_y, with_dx,
                           stream, 0);
        else if (high && x.down)
            T(apply_tiles)(to_y, to_dx, from_x, from_dy, coefficients, count, cols, with_y,
                           with_dx, stream, 1);
        else
            T(apply_tiles)(to_y, to_dx, from_x, from_dy, coefficients, count, cols, with_y,
                           with_dx, stream, 0);
    }
}

static void T(forward)(bnorm_target y, bnorm_source x, const void *coefficients, int64_t rows,
                       ptrdiff_t cols)
{
    bnorm_target no_target = {NULL, 0, 0};
    bnorm_source no_source = {0};
    if (y.stream)
        T(apply)(y, no_target, x, no_source, coefficients, rows, cols, 1, 0, 1);
    else
        T(apply)(y, no_target, x, no_source, coefficients, rows, cols, 1, 0, 0);
}

static void T(backward)(bnorm_target dx, bnorm_source x, bnorm_source dy, const void *coefficients,
                        int64_t rows, ptrdiff_t cols)
{
    bnorm_target no_target = {NULL, 0, 0};
    if (dx.stream)
        T(apply)(no_target, dx, x, dy, coefficients, rows, cols, 0, 1, 1);
    else
        T(apply)(no_target, dx, x, dy, coefficients, rows, cols, 0, 1, 0);
}

static void T(both)(bnorm_target y, bnorm_target dx, bnorm_source x, bnorm_source dy,
                    const void *coefficients, int64_t rows, ptrdiff_t cols)
{
    if (y.stream && dx.stream)
        T(apply)(y, dx, x, dy, coefficients, rows, cols, 1, 1, 1);
    else
        T(apply)(y, dx, x, dy, coefficients, rows, cols, 1, 1, 0);
}
