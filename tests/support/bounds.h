/* SPDX-License-Identifier: BSD-3-Clause */
/* How far the library's results on one column may be from the oracle's. */
#ifndef TESTS_BOUNDS_H
#define TESTS_BOUNDS_H

#include "support/column.h"

typedef struct {
    long double u, u_stats;       /* unit roundoff of the data, of the statistics */
    long double tiny, tiny_stats; /* what underflow may lose */
    long double mean, mean_dy, rstd_relative, comoment; /* absolute, but for rstd */
    long double var;
} column_bounds;

void bounds_find(column_bounds *b, const column *c, const oracle_column *o);

/* The bounds of single outputs, computed values (before rounding to their type). */
long double bound_y(const column_bounds *b, const column *c, const oracle_column *o, int64_t row);
long double bound_dx(const column_bounds *b, const column *c, const oracle_column *o, int64_t row);
long double bound_dgamma(const column_bounds *b, const oracle_column *o);
long double bound_dbeta(const column_bounds *b, const oracle_column *o);

#endif
