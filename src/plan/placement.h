/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where the bytes of a matrix should lie: pure arithmetic over the plan's shards.
 *
 * Extents end between two rows or panels, pages where they like.  A page belongs to
 * the extent that has its first byte; the page on which the matrix starts, to the
 * first.  Three extents of 10000 bytes on pages of 4096:
 *
 *   extent   0                   1                   2                   |
 *   page     0       1       2        3       4       5       6       7
 *   owner    0       0       0        1       1       2       2       2
 */
#ifndef BNORM_PLAN_PLACEMENT_H
#define BNORM_PLAN_PLACEMENT_H

#include "plan/plan.h"

/* Bytes [begin, end) from the matrix's start belong to the threads of a node. */
typedef struct {
    int64_t begin, end;
    int node;
} bnorm_extent;

/* Leading dimension that bnorm_alloc chooses for the plan's tensors, and the bytes
 * of one with it; SIZE_MAX: more than there are addresses. */
int64_t bnorm_placement_ld(const bnorm_plan *plan);
size_t bnorm_placement_bytes(const bnorm_plan *plan, int64_t ld);

/* The extents of a matrix with that leading dimension, from 0 to its end without
 * gaps (padding belongs to what precedes it), in order; returns how many. */
int bnorm_placement_extents(const bnorm_plan *plan, int64_t ld,
                            bnorm_extent extent[BNORM_MOST_SHARDS]);

/* The pages that belong to an extent, counted from the one on which the matrix
 * starts, `lead` bytes into it; there may be none. */
bnorm_range bnorm_placement_pages(const bnorm_extent *extent, int64_t lead, int64_t page_bytes);

/* Bytes of a block (rows x cols; in panels: of one panel) that lie in
 * [begin, end) of a matrix with that leading dimension. */
int64_t bnorm_placement_within(const bnorm_plan *plan, int64_t ld, bnorm_range rows,
                               bnorm_range cols, int64_t begin, int64_t end);

/* The same for all elements of the matrix. */
int64_t bnorm_placement_elements(const bnorm_plan *plan, int64_t ld, int64_t begin, int64_t end);

/* The first byte from `at` on of an element, or of a panel's unused columns; at the
 * end of the matrix or beyond: its end. */
int64_t bnorm_placement_next(const bnorm_plan *plan, int64_t ld, int64_t at);

#endif
