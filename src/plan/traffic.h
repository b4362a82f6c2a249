/* SPDX-License-Identifier: BSD-3-Clause */
/* How many bytes an operation moves between memory and caches. */
#ifndef BNORM_PLAN_TRAFFIC_H
#define BNORM_PLAN_TRAFFIC_H

#include "bnorm.h"

/* In units of one matrix.  Ordinary stores also make the cache read the line
 * first; that is not counted, as non-temporal ones don't. */
typedef struct {
    int reads, writes; /* with this strategy */
    int least;         /* reads + writes that no implementation can avoid */
    int held;          /* matrices a block keeps in cache between its passes */
} bnorm_traffic;

/* operation: index of the bit.  global: BNORM_GLOBAL_STATISTICS. */
bnorm_traffic bnorm_traffic_of(int operation, bnorm_strategy strategy, int global);

/* Whether a block's second pass can run with another one's first: where these two are
 * all there is to do, and nobody is called back between them. */
int bnorm_traffic_overlaps(int operation, int global);

#endif
