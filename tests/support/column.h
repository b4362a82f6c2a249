/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One column of a problem, gathered from its matrices, and the textbook on it.
 * Shared by the oracle and its comparison; tests use oracle.h.
 */
#ifndef TESTS_COLUMN_H
#define TESTS_COLUMN_H

#include "support/oracle.h"

typedef struct {
    const bnorm_problem *problem;
    const bnorm_args *args; /* before the call */
    int64_t col, rows;      /* rows of this execution */
    int normalizes;         /* the operation writes y, mean, rstd */
    int differentiates;     /* ... dx, dgamma, dbeta */
    int given;              /* mean and variance are the running ones */
    int updates;            /* running statistics change */
    double gamma, beta;     /* 1 and 0 when absent */
    double *x, *dy;         /* rows values; dy NULL without a gradient */
} column;

/* Returns 0, or -1 when out of memory; then nothing is held. */
int column_load(column *c, const bnorm_problem *problem, const bnorm_args *before,
                unsigned operation, int64_t col);
void column_free(column *c);

void column_textbook(const column *c, oracle_column *out);
long double column_y(const column *c, const oracle_column *o, int64_t row);
long double column_dx(const column *c, const oracle_column *o, int64_t row);

long double column_mean(const double *values, int64_t n);

/* Element col of a vector of the problem's statistics, or absent. */
double column_stat(const column *c, const void *vector, double absent);

/* The weight of this batch in the running statistics. */
long double column_momentum(const column *c);

#endif
