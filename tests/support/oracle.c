/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/column.h"
#include "support/data.h"

#include <float.h>
#include <math.h>
#include <stdlib.h>

static int64_t rows_of(const bnorm_problem *problem, const bnorm_args *args)
{
    if (args->rows == BNORM_NO_ROWS)
        return 0;
    return args->rows ? args->rows : problem->rows;
}

static double *gather(const bnorm_problem *problem, bnorm_matrix matrix, int64_t rows, int64_t col)
{
    double *values = malloc((size_t)(rows ? rows : 1) * sizeof *values);
    int64_t ld = matrix.ld ? matrix.ld : problem->cols;
    for (int64_t i = 0; values != NULL && i < rows; i++)
        values[i] = data_get(problem->dtype, matrix.data, i * ld + col);
    return values;
}

double column_stat(const column *c, const void *vector, double absent)
{
    return vector ? data_get(c->problem->stats_dtype, vector, c->col) : absent;
}

int column_load(column *c, const bnorm_problem *problem, const bnorm_args *before,
                unsigned operation, int64_t col)
{
    *c = (column){.problem = problem, .args = before, .col = col};
    c->rows = rows_of(problem, before);
    c->normalizes = operation != BNORM_BACKWARD;
    c->differentiates = operation != BNORM_FORWARD && operation != BNORM_INFER;
    c->given = operation == BNORM_INFER || (problem->flags & BNORM_GLOBAL_STATISTICS);
    c->updates = c->normalizes && !c->given && c->rows > 0;
    c->gamma = column_stat(c, before->gamma, 1);
    c->beta = column_stat(c, before->beta, 0);
    c->x = gather(problem, before->x, c->rows, col);
    c->dy = c->differentiates ? gather(problem, before->dy, c->rows, col) : NULL;
    if (c->x == NULL || (c->differentiates && c->dy == NULL)) {
        column_free(c);
        return -1;
    }
    return 0;
}

void column_free(column *c)
{
    free(c->x);
    free(c->dy);
    c->x = c->dy = NULL;
}

/* The mean, counted from the first value (so that a constant's is that constant)
 * and summed twice: the second sum, of what the first leaves over, removes its
 * error.  An infinity has no mean: NaN. */
long double column_mean(const double *values, int64_t n)
{
    long double first = n > 0 ? values[0] : 0, sum = 0, rest = 0;
    for (int64_t i = 0; i < n; i++)
        sum += values[i] - first;
    long double mean = n > 0 ? first + sum / n : 0;
    for (int64_t i = 0; i < n; i++)
        rest += values[i] - mean;
    return n > 0 ? mean + rest / n : 0;
}

static long double variance_of(const double *values, int64_t n, long double mean)
{
    long double sum = 0;
    for (int64_t i = 0; i < n; i++)
        sum += (values[i] - mean) * (values[i] - mean);
    return n ? sum / n : 0;
}

/* rstd = 1/sqrt(var + eps): 0 for 0, and never more than its type can hold.  The
 * variance is a double: what is beyond its range is 0 or infinite there. */
static long double rstd_of(const column *c, long double var)
{
    long double most = c->problem->stats_dtype == BNORM_F64 ? (long double)DBL_MAX : FLT_MAX;
    long double sum = var + (long double)c->problem->eps;
    if (sum < 0x1p-1075L || sum > (long double)DBL_MAX)
        return 0;
    long double rstd = 1 / sqrtl(sum);
    return rstd > most ? most : rstd;
}

static void gradients(const column *c, oracle_column *o)
{
    long double dbeta = 0, dgamma = 0;
    o->mean_dy = column_mean(c->dy, c->rows);
    for (int64_t i = 0; i < c->rows; i++) {
        /* sum(x - mu) = 0 unless mu is given, and then dy is not centred. */
        long double centre = c->given ? 0 : o->mean_dy;
        dbeta += c->dy[i] - o->mean_dy;
        dgamma += (c->dy[i] - centre) * (c->x[i] - o->mean);
    }
    o->dbeta = dbeta + o->mean_dy * c->rows;
    /* Shifted sums cannot tell an infinity from NaN. */
    if (isinf(dgamma))
        dgamma = (long double)NAN;
    o->dgamma = o->rstd == 0 ? 0 : dgamma * o->rstd;
}

long double column_momentum(const column *c)
{
    if ((c->problem->flags & BNORM_CUMULATIVE_AVERAGE) && c->args->batches != NULL)
        return 1.0L / (*c->args->batches + 1);
    return (long double)c->args->momentum;
}

static void running(const column *c, oracle_column *o)
{
    long double var = o->var, old_mean = column_stat(c, c->args->running_mean, 0);
    long double old_var = column_stat(c, c->args->running_var, 0);
    long double momentum = column_momentum(c);
    o->running_mean = old_mean;
    o->running_var = old_var;
    if (!c->updates)
        return;
    if (c->problem->flags & BNORM_UNBIASED_VARIANCE)
        var = var * c->rows / (c->rows - 1);
    o->running_mean = (1 - momentum) * old_mean + momentum * o->mean;
    o->running_var = (1 - momentum) * old_var + momentum * var;
}

void column_textbook(const column *c, oracle_column *o)
{
    *o = (oracle_column){.rows = c->rows};
    if (c->given) {
        o->mean = column_stat(c, c->args->running_mean, 0);
        o->var = column_stat(c, c->args->running_var, 1);
        o->rstd = rstd_of(c, o->var);
    } else if (c->rows > 0) {
        o->mean = column_mean(c->x, c->rows);
        o->var = variance_of(c->x, c->rows, o->mean);
        o->rstd = rstd_of(c, o->var);
    }
    if (c->rows > 0 && c->differentiates && !c->normalizes && !c->given)
        o->rstd = c->args->rstd ? column_stat(c, c->args->rstd, 0) : o->rstd;
    if (c->differentiates)
        gradients(c, o);
    running(c, o);
}

long double column_y(const column *c, const oracle_column *o, int64_t row)
{
    if (o->rstd == 0)
        return c->beta;
    return c->gamma * ((c->x[row] - o->mean) * o->rstd) + c->beta;
}

long double column_dx(const column *c, const oracle_column *o, int64_t row)
{
    if (o->rstd == 0)
        return 0;
    if (c->given)
        return c->gamma * o->rstd * c->dy[row];
    long double xhat = (c->x[row] - o->mean) * o->rstd;
    return c->gamma * o->rstd * ((c->dy[row] - o->mean_dy) - xhat * o->dgamma / o->rows);
}

int oracle_compute(const bnorm_problem *problem, const bnorm_args *before, unsigned operation,
                   int64_t col, oracle_column *out, long double *y, long double *dx)
{
    column c;
    if (column_load(&c, problem, before, operation, col) != 0)
        return -1;
    column_textbook(&c, out);
    for (int64_t i = 0; i < c.rows; i++) {
        if (y != NULL)
            y[i] = c.normalizes ? column_y(&c, out, i) : 0;
        if (dx != NULL)
            dx[i] = c.differentiates ? column_dx(&c, out, i) : 0;
    }
    column_free(&c);
    return 0;
}
