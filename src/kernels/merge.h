/* SPDX-License-Identifier: BSD-3-Clause */
/* Merging moments of two sets of rows, in double (Chan, Golub, LeVeque 1983).
 * The delta form: weighting the two means would move the mean of a constant
 * column.  Half of each delta, so that means at both ends of the range don't
 * overflow it: rows_b <= rows_a, so twice the part is at most 1.  Plain loops; the
 * compiler's vectors keep the bits. */

INLINE void merge_of_x(double *restrict mean_x, double *restrict m2, const double *restrict b,
                       ptrdiff_t pitch, double rows_a, double rows_b, ptrdiff_t cols)
{
    const double part = rows_b / (rows_a + rows_b), weight = rows_a * part;
    for (ptrdiff_t j = 0; j < cols; j++) {
        const double d = 0.5 * b[BNORM_MEAN_X * pitch + j] - 0.5 * mean_x[j];
        mean_x[j] += d * (2 * part);
        m2[j] += b[BNORM_M2 * pitch + j] + d * d * (4 * weight);
    }
}

INLINE void merge_of_xdy(double *restrict mean_x, double *restrict m2, double *restrict mean_dy,
                         double *restrict comoment, const double *restrict b, ptrdiff_t pitch,
                         double rows_a, double rows_b, ptrdiff_t cols)
{
    const double part = rows_b / (rows_a + rows_b), weight = rows_a * part;
    for (ptrdiff_t j = 0; j < cols; j++) {
        const double d = 0.5 * b[BNORM_MEAN_X * pitch + j] - 0.5 * mean_x[j];
        const double e = 0.5 * b[BNORM_MEAN_DY * pitch + j] - 0.5 * mean_dy[j];
        mean_x[j] += d * (2 * part);
        mean_dy[j] += e * (2 * part);
        m2[j] += b[BNORM_M2 * pitch + j] + d * d * (4 * weight);
        comoment[j] += b[BNORM_COMOMENT * pitch + j] + d * e * (4 * weight);
    }
}

static void merge_x(double *a, const double *b, ptrdiff_t pitch, double rows_a, double rows_b,
                    ptrdiff_t cols)
{
    merge_of_x(a + BNORM_MEAN_X * pitch, a + BNORM_M2 * pitch, b, pitch, rows_a, rows_b, cols);
}

static void merge_xdy(double *a, const double *b, ptrdiff_t pitch, double rows_a, double rows_b,
                      ptrdiff_t cols)
{
    merge_of_xdy(a + BNORM_MEAN_X * pitch, a + BNORM_M2 * pitch, a + BNORM_MEAN_DY * pitch,
                 a + BNORM_COMOMENT * pitch, b, pitch, rows_a, rows_b, cols);
}
