/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The oracle: batch normalization in long double, one column at a time, written
 * like the formulas at the head of bnorm.h, and bounds on how far the library
 * may be from it.
 *
 * Inputs are described by a bnorm_args that shows the world *before* the call:
 * x, dy, gamma, beta, running statistics, batches, and what dgamma and dbeta
 * held (ACCUMULATE).  Where the call overwrites an input (in place, running
 * statistics, accumulation) the caller keeps a copy and points `before` to it;
 * otherwise the arguments of the call itself serve.  For step, before->dy holds
 * the gradient that the upstream function gave.
 */
#ifndef TESTS_ORACLE_H
#define TESTS_ORACLE_H

#include "bnorm.h"

/* One column's results.  A value that the operation does not produce is 0. */
typedef struct {
    int64_t rows;               /* m */
    long double mean, var;      /* of x, or the running ones (global, infer) */
    long double rstd;           /* saturated; backward: the stored one if given */
    long double mean_dy, dgamma, dbeta; /* this batch's own, not accumulated */
    long double running_mean, running_var; /* after the call */
} oracle_column;

/* Compute column col.  y and dx receive rows values each, or are NULL.
 * Returns 0, or -1 when out of memory. */
int oracle_compute(const bnorm_problem *problem, const bnorm_args *before, unsigned operation,
                   int64_t col, oracle_column *out, long double *y, long double *dx);

typedef struct {
    double ratio;       /* the worst |error| / bound: up to 1 is right.  INFINITY:
                           one of the two is NaN or infinite, the other not */
    const char *output; /* which output that was: "y", "dx", "mean" ... */
    int64_t row, col;
    double got, expected, bound;
    int64_t compared;   /* how many values were looked at */
} oracle_report;

/* Compare every output that `after` (the arguments of the call) points to with
 * the oracle.  Returns report->ratio, or INFINITY with output = "out of memory".
 * Columns run in parallel where OpenMP is on. */
double oracle_compare(const bnorm_problem *problem, const bnorm_args *before,
                      const bnorm_args *after, unsigned operation, oracle_report *report);

/* Print a report in one line: "y[12,3] = 1.25, expected 1.5 +- 1e-7 (ratio 2e6)". */
int oracle_format(const oracle_report *report, char *text, size_t size);

#endif
