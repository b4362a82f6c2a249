/* SPDX-License-Identifier: BSD-3-Clause */
/* Template: the sums of one leaf, shifted by its first row.  One accumulator
 * per column and sum, rows in order; what a tile's width or height is decides
 * speed, never bits. */

typedef REAL T(real);

INLINE T(vec) T(get)(const REAL *at, int lanes)
{
    return lanes < T(LANES) ? T(loadn)(at, lanes) : T(load)(at);
}

/* count vectors side by side; the last has `lanes` valid lanes. */
INLINE void T(sum_tile)(REAL *sums, ptrdiff_t pitch, const REAL *x, ptrdiff_t ldx,
                        const REAL *first_x, const REAL *dy, ptrdiff_t lddy, const REAL *first_dy,
                        int rows, int count, int lanes, int with_dy)
{
    const int planes = with_dy ? BNORM_SUMS : BNORM_SUM_V;
    T(vec) sum[BNORM_SUMS][VECTORS], x0[VECTORS], dy0[VECTORS];
    for (int i = 0; i < count; i++) {
        ptrdiff_t at = i * T(LANES);
        x0[i] = T(get)(first_x + at, lanes);
        if (with_dy)
            dy0[i] = T(get)(first_dy + at, lanes);
        for (int plane = 0; plane < planes; plane++)
            sum[plane][i] = T(load)(sums + plane * pitch + at);
    }
    for (int row = 0; row < rows; row++, x += ldx, dy += lddy) {
        for (int i = 0; i < count; i++) {
            ptrdiff_t at = i * T(LANES);
            T(vec) u = T(sub)(T(get)(x + at, lanes), x0[i]);
            sum[BNORM_SUM_U][i] = T(add)(sum[BNORM_SUM_U][i], u);
            sum[BNORM_SUM_UU][i] = T(fma)(u, u, sum[BNORM_SUM_UU][i]);
            if (with_dy) {
                T(vec) v = T(sub)(T(get)(dy + at, lanes), dy0[i]);
                sum[BNORM_SUM_V][i] = T(add)(sum[BNORM_SUM_V][i], v);
                sum[BNORM_SUM_VV][i] = T(fma)(v, v, sum[BNORM_SUM_VV][i]);
                sum[BNORM_SUM_UV][i] = T(fma)(u, v, sum[BNORM_SUM_UV][i]);
            }
        }
    }
    for (int i = 0; i < count; i++)
        for (int plane = 0; plane < planes; plane++)
            T(store)(sums + plane * pitch + i * T(LANES), sum[plane][i]);
}

INLINE void T(sum)(REAL *sums, ptrdiff_t pitch, bnorm_source xs, const REAL *first_x,
                   bnorm_source dys, const REAL *first_dy, int rows, ptrdiff_t cols, int with_dy)
{
    const REAL *x = xs.data, *dy = dys.data;
    ptrdiff_t col = 0;
#define SUM_TILE(count, lanes)                                                                     \
    T(sum_tile)(sums + col, pitch, x + col, xs.ld, first_x + col, with_dy ? dy + col : dy,         \
                dys.ld, with_dy ? first_dy + col : dy, rows, count, lanes, with_dy)
    for (; col + VECTORS * T(LANES) <= cols; col += VECTORS * T(LANES))
        SUM_TILE(VECTORS, T(LANES));
    for (; col + T(LANES) <= cols; col += T(LANES))
        SUM_TILE(1, T(LANES));
    if (col < cols)
        SUM_TILE(1, (int)(cols - col));
#undef SUM_TILE
}

static void T(sum_x)(void *sums, ptrdiff_t pitch, bnorm_source x, const void *first_x, int rows,
                     ptrdiff_t cols)
{
    bnorm_source none = {NULL, 0};
    T(sum)(sums, pitch, x, first_x, none, NULL, rows, cols, 0);
}

static void T(sum_xdy)(void *sums, ptrdiff_t pitch, bnorm_source x, const void *first_x,
                       bnorm_source dy, const void *first_dy, int rows, ptrdiff_t cols)
{
    T(sum)(sums, pitch, x, first_x, dy, first_dy, rows, cols, 1);
}
