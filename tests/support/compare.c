/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/bounds.h"
#include "support/data.h"

#include <float.h>
#include <math.h>
#include <stdio.h>

static long double largest(bnorm_dtype dtype)
{
    return dtype == BNORM_F64 ? (long double)DBL_MAX : FLT_MAX;
}

/* |got - expected| over the bound.  What is not a number must be exactly that;
 * what is too large for its type is infinite there. */
static double ratio_of(double got, long double expected, long double bound, bnorm_dtype dtype)
{
    if (isnan(expected) || isnan(got))
        return isnan(expected) && isnan(got) ? 0 : (double)INFINITY;
    if (isinf(got) && fabsl(expected) + bound > largest(dtype))
        return (got > 0) == (expected > 0) ? 0 : (double)INFINITY;
    if (isinf(expected) || isinf(got))
        return (double)INFINITY;
    long double error = fabsl(got - expected);
    if (error == 0)
        return 0;
    return bound > 0 ? (double)(error / bound) : (double)INFINITY;
}

static void look(oracle_report *report, const column *c, const char *output, int64_t row,
                 bnorm_dtype dtype, double got, long double expected, long double bound)
{
    double ratio = ratio_of(got, expected, bound, dtype);
    report->compared++;
    if (report->output == NULL || ratio > report->ratio) {
        report->ratio = ratio;
        report->output = output;
        report->row = row;
        report->col = c->col;
        report->got = got;
        report->expected = (double)expected;
        report->bound = (double)bound;
    }
}

/* An element of a vector of statistics: `bound` for the value, and its rounding. */
static void look_stat(oracle_report *report, const column *c, const column_bounds *b,
                      const char *output, const void *vector, long double expected,
                      long double bound)
{
    if (vector == NULL)
        return;
    look(report, c, output, 0, c->problem->stats_dtype,
         data_get(c->problem->stats_dtype, vector, c->col), expected,
         bound + b->u_stats * fabsl(expected) + (bound > 0 ? b->tiny_stats : 0));
}

static void look_running(oracle_report *report, const column *c, const column_bounds *b,
                         const oracle_column *o, const bnorm_args *after)
{
    /* (1 - w) * old + w * new: two products and a sum in double. */
    const long double few = 4 * 0x1p-53L;
    long double w = c->updates ? column_momentum(c) : 0, unbiased = 1;
    long double old_mean = fabsl((long double)column_stat(c, c->args->running_mean, 0));
    long double old_var = fabsl((long double)column_stat(c, c->args->running_var, 0));
    if ((c->problem->flags & BNORM_UNBIASED_VARIANCE) && c->rows > 1)
        unbiased = c->rows / (long double)(c->rows - 1);
    look_stat(report, c, b, "running_mean", after->running_mean, o->running_mean,
              w * b->mean + (c->updates ? few * (old_mean + w * fabsl(o->mean)) : 0));
    look_stat(report, c, b, "running_var", after->running_var, o->running_var,
              w * b->var * unbiased + (c->updates ? few * (old_var + w * 2 * o->var) : 0));
    if (after->batches != NULL && after->batches != c->args->batches &&
        c->args->batches != NULL && after->running_mean != NULL)
        look(report, c, "batches", 0, BNORM_F64, (double)*after->batches,
             *c->args->batches + (c->updates ? 1 : 0), 0);
}

/* dgamma or dbeta, added to what was there under ACCUMULATE (three roundings to
 * the type of the statistics at most: the new value, the old, the sum). */
static void look_gradient(oracle_report *report, const column *c, const column_bounds *b,
                          const char *output, const void *before, const void *after,
                          long double value, long double bound)
{
    long double old = 0;
    if ((c->problem->flags & BNORM_ACCUMULATE) && before != NULL) {
        old = column_stat(c, before, 0);
        bound += b->u_stats * (fabsl(value) + fabsl(old));
    }
    look_stat(report, c, b, output, after, old + value, bound);
}

static void look_rows(oracle_report *report, const column *c, const column_bounds *b,
                      const oracle_column *o, const bnorm_args *after)
{
    bnorm_dtype dtype = c->problem->dtype;
    int64_t ldy = after->y.ld ? after->y.ld : c->problem->cols;
    int64_t lddx = after->dx.ld ? after->dx.ld : c->problem->cols;
    for (int64_t i = 0; c->normalizes && after->y.data != NULL && i < c->rows; i++)
        look(report, c, "y", i, dtype, data_get(dtype, after->y.data, i * ldy + c->col),
             column_y(c, o, i), bound_y(b, c, o, i));
    for (int64_t i = 0; c->differentiates && after->dx.data != NULL && i < c->rows; i++)
        look(report, c, "dx", i, dtype, data_get(dtype, after->dx.data, i * lddx + c->col),
             column_dx(c, o, i), bound_dx(b, c, o, i));
}

static int compare_column(oracle_report *report, const bnorm_problem *problem,
                          const bnorm_args *before, const bnorm_args *after, unsigned operation,
                          int64_t col)
{
    column c;
    oracle_column o;
    column_bounds b;
    if (column_load(&c, problem, before, operation, col) != 0)
        return -1;
    column_textbook(&c, &o);
    bounds_find(&b, &c, &o);
    if (c.normalizes) {
        look_stat(report, &c, &b, "mean", after->mean, o.mean, b.mean);
        /* b.rstd_relative has the rounding of storing it already. */
        look_stat(report, &c, &b, "rstd", after->rstd, o.rstd, o.rstd * b.rstd_relative);
        if (!c.given && operation != BNORM_INFER)
            look_running(report, &c, &b, &o, after);
    }
    if (c.differentiates) {
        look_gradient(report, &c, &b, "dgamma", before->dgamma, after->dgamma, o.dgamma,
                      bound_dgamma(&b, &o));
        look_gradient(report, &c, &b, "dbeta", before->dbeta, after->dbeta, o.dbeta,
                      bound_dbeta(&b, &o));
    }
    look_rows(report, &c, &b, &o, after);
    column_free(&c);
    return 0;
}

double oracle_compare(const bnorm_problem *problem, const bnorm_args *before,
                      const bnorm_args *after, unsigned operation, oracle_report *report)
{
    int lacking = 0;
    *report = (oracle_report){0};
#pragma omp parallel for schedule(dynamic, 1) if (problem->rows * problem->cols > 100000)
    for (int64_t col = 0; col < problem->cols; col++) {
        oracle_report one = {0};
        int status = compare_column(&one, problem, before, after, operation, col);
#pragma omp critical(oracle)
        {
            int64_t compared = report->compared + one.compared;
            /* Of equal ratios the first column's, whatever the order. */
            if (one.output != NULL &&
                (report->output == NULL || one.ratio > report->ratio ||
                 (one.ratio == report->ratio && one.col < report->col)))
                *report = one;
            report->compared = compared;
            lacking |= status != 0;
        }
    }
    if (lacking) {
        report->output = "out of memory";
        report->ratio = (double)INFINITY;
    }
    return report->ratio;
}

int oracle_format(const oracle_report *r, char *text, size_t size)
{
    return snprintf(text, size, "%s[%lld,%lld] = %.17g, expected %.17g +- %.3g (ratio %.3g)",
                    r->output ? r->output : "nothing", (long long)r->row, (long long)r->col,
                    r->got, r->expected, r->bound, r->ratio);
}
