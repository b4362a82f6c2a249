/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Tolerances.  u: unit roundoff of the type, m: rows.  A plain sum of m terms
 * errs by about sqrt(m) u times the sum of their magnitudes (rounding errors
 * behave as independent: Higham and Mary 2019), so let
 *
 *   d = (8 + 4 sqrt(m)) u
 *
 * Relative to the scale of a column (k = 1 + |mu| rstd, a = rms of dy):
 *
 *   mean      d (|mu| + 1/rstd)     from |sum x| <= m (|mu| + sigma)
 *   rstd      d rstd                half the error of the variance, and its root
 *   xhat      e = d (k + |xhat|)    both of the above
 *   y         |gamma| e + d |y|
 *   dbeta     d m a                 sum |dy| <= m a
 *   dgamma    2 d m a (1 + k)       sum |dy xhat| <= m a; and xhat's own error
 *   dx        |gamma| rstd (d (|dy| + a) + e a + 3 d (1 + k) a |xhat|)
 *
 * The last line is the sum, term by term, over dx's formula.
 */
#include "agreement.h"

#include <float.h>
#include <math.h>

#include "support/data.h"

typedef struct { /* of one column */
    double mean, rstd, gamma, beta, mean_dy, dgamma_m; /* dgamma / m */
    double rms; /* of dy */
} reference;

static double get(const batch *b, const void *vector, int64_t c)
{
    return data_get(b->dtype, vector, c);
}

static double at(const batch *b, bnorm_matrix m, int64_t row, int64_t c)
{
    return data_get(b->dtype, m.data, row * m.ld + c);
}

static double ratio(double difference, double tolerance)
{
    if (difference == 0)
        return 0;
    return isfinite(difference) ? fabs(difference) / tolerance : (double)INFINITY;
}

static reference look_up(const batch *b, const operation *op, double eps, int64_t c)
{
    reference f = {.gamma = get(b, b->gamma, c), .beta = get(b, b->beta, c)};
    bool infer = op->flag == BNORM_INFER;
    f.mean = get(b, infer ? b->running_mean : b->mean, c);
    f.rstd = infer ? 1 / sqrt(get(b, b->running_var, c) + eps) : get(b, b->rstd, c);
    if (op->gives_dx) {
        double squares = 0;
        for (int64_t r = 0; r < b->rows; r++)
            squares += at(b, b->dy, r, c) * at(b, b->dy, r, c);
        f.rms = sqrt(squares / (double)b->rows);
        f.mean_dy = get(b, b->dbeta, c) / (double)b->rows;
        f.dgamma_m = get(b, b->dgamma, c) / (double)b->rows;
    }
    return f;
}

static double compare_element(const batch *b, const operation *op, const reference *f, double d,
                              int64_t r, int64_t c)
{
    double k = 1 + fabs(f->mean) * f->rstd, worst = 0;
    double xhat = (at(b, b->x, r, c) - f->mean) * f->rstd;
    double e = d * (k + fabs(xhat));
    if (op->gives_y) {
        double y = f->gamma * xhat + f->beta;
        worst = ratio(at(b, b->y, r, c) - y, fabs(f->gamma) * e + d * fabs(y));
    }
    if (op->gives_dx) {
        double dy = at(b, b->dy, r, c), scale = f->gamma * f->rstd;
        double dx = scale * ((dy - f->mean_dy) - xhat * f->dgamma_m);
        double tolerance = fabs(scale) * (d * (fabs(dy) + f->rms) + e * f->rms +
                                          3 * d * (1 + k) * f->rms * fabs(xhat));
        worst = fmax(worst, ratio(at(b, b->dx, r, c) - dx, tolerance));
    }
    return worst;
}

static double compare_statistics(const batch *b, const agreement_statistics *theirs,
                                 const reference *f, double d, int64_t c)
{
    double k = 1 + fabs(f->mean) * f->rstd, m = (double)b->rows, worst = 0;
    if (theirs->mean)
        worst = ratio(get(b, theirs->mean, c) - f->mean, d * (fabs(f->mean) + 1 / f->rstd));
    if (theirs->rstd)
        worst = fmax(worst, ratio(get(b, theirs->rstd, c) - f->rstd, d * f->rstd));
    if (theirs->dbeta)
        worst = fmax(worst, ratio(get(b, theirs->dbeta, c) - m * f->mean_dy, d * m * f->rms));
    if (theirs->dgamma)
        worst = fmax(worst, ratio(get(b, theirs->dgamma, c) - m * f->dgamma_m,
                                  2 * d * m * f->rms * (1 + k)));
    return worst;
}

double agreement_error(const batch *b, const operation *op, double eps,
                       const agreement_statistics *theirs)
{
    double u = b->dtype == BNORM_F64 ? DBL_EPSILON / 2 : FLT_EPSILON / 2;
    double d = (8 + 4 * sqrt((double)b->rows)) * u, worst = 0;
#pragma omp parallel for reduction(max : worst) schedule(dynamic, 16)
    for (int64_t c = 0; c < b->cols; c++) {
        reference f = look_up(b, op, eps, c);
        worst = fmax(worst, compare_statistics(b, theirs, &f, d, c));
        for (int64_t r = 0; r < b->rows; r++)
            worst = fmax(worst, compare_element(b, op, &f, d, r, c));
    }
    return worst;
}
