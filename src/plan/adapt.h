/* SPDX-License-Identifier: BSD-3-Clause */
/* Shards of a matrix that somebody else has placed. */
#ifndef BNORM_PLAN_ADAPT_H
#define BNORM_PLAN_ADAPT_H

#include "plan/partition.h"

enum { BNORM_ADAPT_PIECES = 4096 }; /* more leaves or panels are looked at in groups */

/* The node (index) that leaves or panels [begin, end) are on; -1: on none, or on
 * several. */
typedef int bnorm_adapt_where(void *data, int64_t begin, int64_t end);

/* Shards of `count` leaves or panels that lie where `where` says.  A few that cannot
 * be told, or are too short to be worth a shard, go with their neighbours.  Returns
 * 0, or -1 when they are many: then *shards is not changed. */
int bnorm_adapt_shards(bnorm_shards *shards, int64_t count, bnorm_adapt_where *where, void *data);

#endif
