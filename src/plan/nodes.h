/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Partial results as lists of complete nodes of the batch's binary tree.
 *
 * Node (k, j) covers leaves [j*2^k, (j+1)*2^k) of the batch, clipped at its end.
 * A list holds nodes of adjacent, ascending ranges, no two of which are the
 * halves of one node: it depends on the leaves it covers and not on how they
 * came together.  That is why results have the same bits for any partition.
 */
#ifndef BNORM_PLAN_NODES_H
#define BNORM_PLAN_NODES_H

#include <stdint.h>

typedef struct {
    int level;
    int64_t index;
} bnorm_node;

/* As many as any list has: a batch of 2^63 rows is 2^57 leaves, and a list that starts anywhere
 * may climb through 57 ever larger nodes and come down through as many (plan/workspace.c). */
enum { BNORM_MOST_LISTED = 128 };

typedef struct {
    int64_t rows; /* of the whole batch */
    int64_t cols;
    int64_t pitch;
    int planes;   /* BNORM_MOMENTS_X or BNORM_MOMENTS_XDY */
    int count;
    double *moments; /* node i's planes begin at moments + i * planes * pitch */
    bnorm_node node[];
} bnorm_list;

#endif
