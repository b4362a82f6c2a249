/* SPDX-License-Identifier: BSD-3-Clause */
/* Merging moments of two sets of rows, in double (Chan, Golub, LeVeque 1983).
 * The delta form: weighting the two means would move the mean of a constant
 * column.  Plain loops; the compiler's vectors keep the bits. */

static void merge_x(double *restrict a, const double *restrict b, ptrdiff_t pitch, double rows_a,
                    double rows_b, ptrdiff_t cols)
{
    const double part = rows_b / (rows_a + rows_b), weight = rows_a * part;
    for (ptrdiff_t j = 0; j < cols; j++) {
        double d = b[BNORM_MEAN_X * pitch + j] - a[BNORM_MEAN_X * pitch + j];
        a[BNORM_MEAN_X * pitch + j] += d * part;
        a[BNORM_M2 * pitch + j] += b[BNORM_M2 * pitch + j] + d * d * weight;
    }
}

static void merge_xdy(double *restrict a, const double *restrict b, ptrdiff_t pitch, double rows_a,
                      double rows_b, ptrdiff_t cols)
{
    const double part = rows_b / (rows_a + rows_b), weight = rows_a * part;
    for (ptrdiff_t j = 0; j < cols; j++) {
        double d = b[BNORM_MEAN_X * pitch + j] - a[BNORM_MEAN_X * pitch + j];
        double e = b[BNORM_MEAN_DY * pitch + j] - a[BNORM_MEAN_DY * pitch + j];
        a[BNORM_MEAN_X * pitch + j] += d * part;
        a[BNORM_MEAN_DY * pitch + j] += e * part;
        a[BNORM_M2 * pitch + j] += b[BNORM_M2 * pitch + j] + d * d * weight;
        a[BNORM_COMOMENT * pitch + j] += b[BNORM_COMOMENT * pitch + j] + d * e * weight;
    }
}
