/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the bytes of a matrix should lie: pure arithmetic over the plan's shards. */
#ifndef BNORM_PLAN_PLACEMENT_H
#define BNORM_PLAN_PLACEMENT_H

#include "plan/plan.h"

/* Bytes [begin, end) from the matrix's start belong to the threads of a node. */
typedef struct {
    int64_t begin, end;
    int node;
} bnorm_extent;

/* Leading dimension that bnorm_alloc chooses for the plan's tensors, and the bytes
 * of one with it; 0 bytes: more than there are addresses. */
int64_t bnorm_placement_ld(const bnorm_plan *plan);
size_t bnorm_placement_bytes(const bnorm_plan *plan, int64_t ld);

/* The extents of a matrix with that leading dimension, from 0 to its end without
 * gaps (padding belongs to what precedes it), in order; returns how many. */
int bnorm_placement_extents(const bnorm_plan *plan, int64_t ld,
                            bnorm_extent extent[BNORM_MOST_SHARDS]);

/* Bytes of a block (rows x cols; in panels: of one panel) that lie in
 * [begin, end) of a matrix with that leading dimension. */
int64_t bnorm_placement_within(const bnorm_plan *plan, int64_t ld, bnorm_range rows,
                               bnorm_range cols, int64_t begin, int64_t end);

#endif
