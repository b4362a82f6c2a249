/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Template: from the sums of a leaf to its moments, in double.
 *
 *   mean_x = x0 + U/n   M2 = UU - U*U/n   C = UV - U*V/n
 *
 * When a leaf is reduced again, carefully.  The stored type adds n <= 64 terms
 * with relative errors below (n+2)*e each (e = 2^-24 in float), so the error of
 * M2 is at most 66*e*UU: harmless unless UU is far above M2.  As the leaf's
 * first row is one of its rows, UU <= n*M2 always: UU - M2 = n*(mean - x0)^2 and
 * (mean - x0)^2 <= M2*(n-1)/n.  Beyond UU > 32*M2, which needs a first row more
 * than 5 standard deviations off, the leaf is reduced in double.  The same holds
 * for dy with VV - V*V/n; and as |UV| <= sqrt(UU*VV) and |C| is measured against
 * sqrt(M2*W2), C is redone when either of the two is.
 *
 * Overflow: UU above the largest finite number, or NaN.  Underflow: a square
 * below the smallest normal number loses at most 2^-150, a leaf 2^-144; against
 * M2 >= UU/32 that is below 2^-27 while UU >= 2^-112 (REAL_TINY).  Columns that
 * are constant in the leaf have UU = 0 exactly and need nothing.
 *
 * The careful sums are scaled by powers of two, so that in double, too, nothing
 * overflows that could be represented in the end.
 */

/* The power of two that brings the column's largest magnitude near 1. */
static double T(scale)(const REAL *data, ptrdiff_t ld, int rows)
{
    double largest = 0;
    int exponent = 0;
    for (int row = 0; row < rows; row++) {
        double magnitude = fabs((double)data[row * ld]);
        if (magnitude > largest && magnitude <= DBL_MAX)
            largest = magnitude;
    }
    frexp(largest, &exponent);
    return ldexp(1.0, exponent > 1000 ? -1000 : exponent < -1000 ? 1000 : -exponent);
}

/* Moments of one column of a leaf in scaled double; NaN or infinity in x makes
 * all of x's NaN, likewise dy. */
static void T(careful)(double moment[BNORM_MOMENTS_XDY], const REAL *x, ptrdiff_t ldx,
                       const REAL *dy, ptrdiff_t lddy, int rows)
{
    const double inverse = 1.0 / rows;
    const double xs = T(scale)(x, ldx, rows), x0 = x[0] * xs;
    const double dys = dy ? T(scale)(dy, lddy, rows) : 1, dy0 = dy ? dy[0] * dys : 0;
    double u_sum = 0, uu_sum = 0, v_sum = 0, vv_sum = 0, uv_sum = 0;
    for (int row = 0; row < rows; row++) {
        double u = x[row * ldx] * xs - x0;
        double v = dy ? dy[row * lddy] * dys - dy0 : 0;
        u_sum += u;
        uu_sum += u * u;
        v_sum += v;
        vv_sum += v * v;
        uv_sum += u * v;
    }
    double poison_x = uu_sum * 0, poison_dy = vv_sum * 0; /* 0, or NaN */
    moment[BNORM_MEAN_X] = (x0 + u_sum * inverse) / xs + poison_x;
    moment[BNORM_M2] = fmax(uu_sum - u_sum * u_sum * inverse, 0) / xs / xs + poison_x;
    moment[BNORM_MEAN_DY] = (dy0 + v_sum * inverse) / dys + poison_dy;
    moment[BNORM_COMOMENT] = (uv_sum - u_sum * v_sum * inverse) / xs / dys + poison_x + poison_dy;
}

/* varies[j]: whether column j is not one finite value; cols <= a group. */
static void T(find_varying)(unsigned char *varies, const REAL *data, ptrdiff_t ld, int rows,
                            int cols)
{
    REAL differs[BNORM_GROUP] = {0};
    for (int row = 1; row < rows; row++)
        for (int j = 0; j < cols; j++)
            differs[j] = data[row * ld + j] == data[j] ? differs[j] : 1;
    for (int j = 0; j < BNORM_GROUP && j < cols; j++)
        varies[j] = differs[j] != 0 || !(data[j] - data[j] == 0);
}

typedef INTEGER T(flag); /* as wide as REAL: one vector each */

/* Whether a column's sum and sum of squares can be trusted. */
INLINE int T(trusted)(double sum, double squares, double inverse)
{
    const double spread = squares - sum * sum * inverse;
    return (squares >= REAL_TINY) & (squares <= REAL_HUGE) & (squares <= CANCELLATION * spread);
}

/* Redo the columns of a group whose sums are not trustworthy; 0 < cols <= a group. */
static __attribute__((noinline)) void T(mend)(double *moments, ptrdiff_t pitch, const REAL *sums,
                                              const REAL *x, ptrdiff_t ldx, const REAL *dy,
                                              ptrdiff_t lddy, int rows, int cols)
{
    const double inverse = 1.0 / rows;
    unsigned char varies_x[BNORM_GROUP], varies_dy[BNORM_GROUP] = {0};
    T(find_varying)(varies_x, x, ldx, rows, cols);
    if (dy)
        T(find_varying)(varies_dy, dy, lddy, rows, cols);
    for (int j = 0; j < cols; j++) {
        const REAL *sum = sums + j;
        const int redo_x = varies_x[j] && !T(trusted)(sum[BNORM_SUM_U * BNORM_GROUP],
                                                      sum[BNORM_SUM_UU * BNORM_GROUP], inverse);
        const int redo_dy = varies_dy[j] && !T(trusted)(sum[BNORM_SUM_V * BNORM_GROUP],
                                                        sum[BNORM_SUM_VV * BNORM_GROUP], inverse);
        double careful[BNORM_MOMENTS_XDY];
        if (!redo_x && !redo_dy)
            continue;
        T(careful)(careful, x + j, ldx, dy ? dy + j : NULL, lddy, rows);
        for (int plane = 0; plane < (dy ? BNORM_MOMENTS_XDY : BNORM_MOMENTS_X); plane++) {
            int of_x = plane == BNORM_MEAN_X || plane == BNORM_M2;
            if (of_x ? redo_x : plane == BNORM_COMOMENT || redo_dy)
                moments[plane * pitch + j] = careful[plane];
        }
    }
}

/* Whether they surely can, found in the stored type.  That implies trusted: this spread is off by
 * a few units of the last place of squares, and from SURELY to CANCELLATION is more than that; what
 * overflows is not sure. */
INLINE int T(sure)(REAL sum, REAL squares, REAL inverse)
{
    const REAL spread = squares - sum * sum * inverse;
    return (squares >= REAL_TINY) & (squares <= REAL_HUGE) & (squares <= SURELY * spread);
}

/* Moments of a group from its sums and first rows.  Returns whether the sums of any of the
 * first `cols` columns are doubtful. */
INLINE int T(group_moments)(double *restrict mean_x, double *restrict m2, double *restrict mean_dy,
                            double *restrict comoment, const REAL *restrict sums,
                            const REAL *restrict first_x, const REAL *restrict first_dy,
                            double inverse, int cols, int with_dy)
{
    const REAL *u = sums + BNORM_SUM_U * BNORM_GROUP, *uu = sums + BNORM_SUM_UU * BNORM_GROUP;
    const REAL *v = sums + BNORM_SUM_V * BNORM_GROUP, *vv = sums + BNORM_SUM_VV * BNORM_GROUP;
    const REAL *uv = sums + BNORM_SUM_UV * BNORM_GROUP, part = (REAL)inverse;
    T(flag) doubtful = 0;
    for (int j = 0; j < BNORM_GROUP; j++) {
        const double s = u[j], spread = uu[j] - s * s * inverse;
        T(flag) sure = T(sure)(u[j], uu[j], part);
        mean_x[j] = first_x[j] + s * inverse;
        m2[j] = spread > 0 ? spread : 0;
        if (with_dy) {
            const double t = v[j];
            mean_dy[j] = first_dy[j] + t * inverse;
            comoment[j] = uv[j] - s * t * inverse;
            sure &= T(sure)(v[j], vv[j], part);
        }
        doubtful |= (sure ^ 1) & (j < cols);
    }
    return doubtful != 0;
}

/* `cols` columns of a group, or fewer. */
INLINE void T(leaf_group)(double *moments, ptrdiff_t pitch, const REAL *sums, const REAL *x,
                          ptrdiff_t ldx, const REAL *dy, ptrdiff_t lddy, int rows, double inverse,
                          int cols, int with_dy)
{
    REAL x0[BNORM_GROUP] = {0}, dy0[BNORM_GROUP] = {0};
    const REAL *first_x = x, *first_dy = dy;
    if (cols < BNORM_GROUP) {
        first_x = memcpy(x0, x, (size_t)cols * sizeof *x0);
        first_dy = with_dy ? memcpy(dy0, dy, (size_t)cols * sizeof *dy0) : NULL;
    }
    if (T(group_moments)(moments + BNORM_MEAN_X * pitch, moments + BNORM_M2 * pitch,
                         with_dy ? moments + BNORM_MEAN_DY * pitch : NULL,
                         with_dy ? moments + BNORM_COMOMENT * pitch : NULL, sums, first_x,
                         first_dy, inverse, cols, with_dy))
        T(mend)(moments, pitch, sums, x, ldx, with_dy ? dy : NULL, lddy, rows, cols);
}

/* Fewer columns than a group has, and no others: what stands behind them is another part's. */
static void T(leaf_rest)(double *moments, ptrdiff_t pitch, const REAL *sums, const REAL *x,
                         ptrdiff_t ldx, const REAL *dy, ptrdiff_t lddy, int rows, double inverse,
                         int cols, int with_dy)
{
    double group[BNORM_MOMENTS_XDY * BNORM_GROUP];
    if (with_dy)
        T(leaf_group)(group, BNORM_GROUP, sums, x, ldx, dy, lddy, rows, inverse, cols, 1);
    else
        T(leaf_group)(group, BNORM_GROUP, sums, x, ldx, dy, lddy, rows, inverse, cols, 0);
    for (int plane = 0; plane < (with_dy ? BNORM_MOMENTS_XDY : BNORM_MOMENTS_X); plane++)
        memcpy(moments + plane * pitch, group + plane * BNORM_GROUP, (size_t)cols * sizeof *group);
}

/* padded: a whole group of moments may be written where fewer columns are left. */
INLINE void T(leaf)(double *moments, ptrdiff_t pitch, const REAL *sums, const bnorm_source *xs,
                    const bnorm_source *dys, int rows, ptrdiff_t cols, int with_dy, int padded)
{
    const REAL *x = xs->data, *dy = with_dy ? dys->data : x;
    const ptrdiff_t ldx = xs->ld, lddy = with_dy ? dys->ld : 0;
    const double inverse = 1.0 / rows;
    ptrdiff_t col = 0;
    for (; col + BNORM_GROUP <= cols; col += BNORM_GROUP)
        T(leaf_group)(moments + col, pitch, sums + bnorm_group_at(BNORM_SUMS, 0, col), x + col,
                      ldx, dy + col, lddy, rows, inverse, BNORM_GROUP, with_dy);
    if (col < cols && padded)
        T(leaf_group)(moments + col, pitch, sums + bnorm_group_at(BNORM_SUMS, 0, col), x + col,
                      ldx, dy + col, lddy, rows, inverse, (int)(cols - col), with_dy);
    else if (col < cols)
        T(leaf_rest)(moments + col, pitch, sums + bnorm_group_at(BNORM_SUMS, 0, col), x + col, ldx,
                     dy + col, lddy, rows, inverse, (int)(cols - col), with_dy);
}

static void T(leaf_x)(double *moments, ptrdiff_t pitch, const void *sums, const bnorm_source *x,
                      int rows, ptrdiff_t cols)
{
    T(leaf)(moments, pitch, sums, x, NULL, rows, cols, 0, 1);
}

static void T(leaf_xdy)(double *moments, ptrdiff_t pitch, const void *sums, const bnorm_source *x,
                        const bnorm_source *dy, int rows, ptrdiff_t cols)
{
    T(leaf)(moments, pitch, sums, x, dy, rows, cols, 1, 1);
}
