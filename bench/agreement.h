/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether two implementations found the same: y and dx of the batch, which one of
 * them has written, against the formulas of bnorm.h evaluated in double with
 * bnorm's statistics, and their statistics against bnorm's.
 */
#ifndef BENCH_AGREEMENT_H
#define BENCH_AGREEMENT_H

#include "batch.h"

typedef struct { /* of the batch's type; NULL: not found */
    const void *mean, *rstd, *dgamma, *dbeta;
} agreement_statistics;

/* The worst difference over its tolerance: up to 1 agrees, NaN counts as
 * infinite.  The tolerance allows for sums in the type of the data, so that any
 * honest peer passes; where it comes from stands in agreement.c. */
double agreement_error(const batch *b, const operation *op, double eps,
                       const agreement_statistics *theirs);

#endif
