/* SPDX-License-Identifier: BSD-3-Clause */
/* Moments of the batch, put together from leaves (plan/nodes.h says how). */
#ifndef BNORM_EXEC_MOMENTS_H
#define BNORM_EXEC_MOMENTS_H

#include "base/range.h"
#include "kernels/kernels.h"
#include "plan/nodes.h"

/* A list without moments of its own. */
typedef union {
    bnorm_list list;
    char room[sizeof(bnorm_list) + BNORM_MOST_LISTED * sizeof(bnorm_node)];
} bnorm_list_view;

/* The list as those see it who merge only some of its columns.  It has the list's own moments, and
 * merging uses those up; the list's nodes stay as they are until it is emptied. */
bnorm_list *bnorm_list_part(bnorm_list_view *view, const bnorm_list *list, bnorm_range cols);

/* Where to write the moments of the node to be pushed next. */
double *bnorm_list_next(const bnorm_list *list);

/* Take the node just written in, and merge halves as far as they go. */
void bnorm_list_push(bnorm_list *list, bnorm_node node, const bnorm_kernel_set *kernels);

/* Leaves [leaf, leaf + count) of the batch, one's moments after the other's, which are
 * overwritten: as if they had been pushed one by one. */
void bnorm_list_push_leaves(bnorm_list *list, double *moments, int64_t leaf, int64_t count,
                            const bnorm_kernel_set *kernels);

/* Take in all nodes of the list of the rows that follow, which is left empty. */
void bnorm_list_append(bnorm_list *list, bnorm_list *next, const bnorm_kernel_set *kernels);

/* Fold the whole batch's list, from its smallest node to its largest, and return
 * its moments; zeros for no rows.  The list is used up. */
const double *bnorm_list_fold(bnorm_list *list, const bnorm_kernel_set *kernels);

#endif
