/* SPDX-License-Identifier: BSD-3-Clause */
/* Merging moments of two sets of rows, in double (Chan, Golub, LeVeque 1983).
 * The delta form: weighting the two means would move the mean of a constant
 * column.  Half of each delta, so that means at both ends of the range don't
 * overflow it: rows_b <= rows_a, so twice the part is at most 1.  Plain loops; the
 * compiler's vectors keep the bits. */

static void merge_x(double *restrict a, const double *restrict b, ptrdiff_t pitch, double rows_a,
                    double rows_b, ptrdiff_t cols)
{
    const double part = rows_b / (rows_a + rows_b), weight = rows_a * part;
    for (ptrdiff_t j = 0; j < cols; j++) {
        double d = 0.5 * b[BNORM_MEAN_X * pitch + j] - 0.5 * a[BNORM_MEAN_X * pitch + j];
        a[BNORM_MEAN_X * pitch + j] += d * (2 * part);
        a[BNORM_M2 * pitch + j] += b[BNORM_M2 * pitch + j] + d * d * (4 * weight);
    }
}

static void merge_xdy(double *restrict a, const double *restrict b, ptrdiff_t pitch, double rows_a,
                      double rows_b, ptrdiff_t cols)
{
    const double part = rows_b / (rows_a + rows_b), weight = rows_a * part;
    for (ptrdiff_t j = 0; j < cols; j++) {
        double d = 0.5 * b[BNORM_MEAN_X * pitch + j] - 0.5 * a[BNORM_MEAN_X * pitch + j];
        double e = 0.5 * b[BNORM_MEAN_DY * pitch + j] - 0.5 * a[BNORM_MEAN_DY * pitch + j];
        a[BNORM_MEAN_X * pitch + j] += d * (2 * part);
        a[BNORM_MEAN_DY * pitch + j] += e * (2 * part);
        a[BNORM_M2 * pitch + j] += b[BNORM_M2 * pitch + j] + d * d * (4 * weight);
        a[BNORM_COMOMENT * pitch + j] += b[BNORM_COMOMENT * pitch + j] + d * e * (4 * weight);
    }
}
