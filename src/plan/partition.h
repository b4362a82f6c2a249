/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who gets which part of the matrix: pure arithmetic, no threads, no memory.
 *
 * The grid divides rows into groups that end on leaf boundaries, and columns
 * into blocks whose edges are whole cache lines where the row starts on one.
 * 150 rows x 100 float columns, 2 row groups x 3 column blocks:
 *
 *              cols 0..47   48..79   80..99
 *   rows 0..127      0         1        2        128 = 2 leaves of 64
 *   rows 128..149    3         4        5
 *
 * NUMA nodes own shards.  A row lies whole in memory: shards of a row-major matrix
 * are ranges of leaves, and every row group is part of one shard.  A panel lies
 * whole in memory: shards of panels are ranges of panels, and every block is one
 * panel.
 *
 * Items are the blocks of the grid, in the order in which they are shared out:
 * node by node, so that a node's threads share its items; within a row-major shard
 * group by group, within a shard of panels panel by panel.
 *
 * Panels too long for one thread's cache are shared: their rows are divided into groups, and
 * the team works on a few panels at a time, in rounds (plan/rounds.h).
 */
#ifndef BNORM_PLAN_PARTITION_H
#define BNORM_PLAN_PARTITION_H

#include "base/range.h"
#include "bnorm.h"

enum {
    BNORM_MOST_SHARDS = 4 * BNORM_MOST_NODES,
    BNORM_ANY_NODE = -1 /* for the threads of all nodes; then there is one shard */
};

typedef struct {
    int64_t begin, end; /* leaves, or panels */
    int64_t groups;     /* row groups that a row-major shard is divided into */
    int node;           /* index; several shards may be one node's; or ANY_NODE */
} bnorm_shard;

static inline int64_t bnorm_shard_length(const bnorm_shard *shard)
{
    return shard->end - shard->begin;
}

typedef struct { /* not empty, in order, from 0 to the end of the matrix */
    int count;
    bnorm_shard shard[BNORM_MOST_SHARDS];
} bnorm_shards;

typedef struct {
    int64_t rows, cols;
    int64_t unit;       /* columns of a cache line, or of a panel */
    int panels;         /* every block is one panel */
    int64_t row_groups, col_blocks; /* >= 1, except no columns: col_blocks = 0 */
    int64_t rounds;     /* > 1: of panels that threads share */
    bnorm_shards shards;
    int64_t first[BNORM_MOST_NODES + 1]; /* first[k] .. first[k+1]-1: items of node k */
} bnorm_grid;

typedef struct { /* what is to be divided */
    int64_t rows, cols, unit;
    int panels;
    int64_t min_cols, max_cols; /* of a row-major block, as far as cols allows */
    int64_t most_groups;        /* row groups; more where there are more shards */
    int64_t sharing;            /* threads of a node that share a panel, at least; 0 or 1: none */
    int nodes;
    const int *seats;           /* [nodes]: threads on each node; at least one in all */
    const bnorm_shards *shards; /* who owns what of the matrix (groups aside) */
} bnorm_division;

/* Prefers column blocks, which need no merging; divides rows where there are too
 * few columns for the threads of a node, or threads would have more blocks than others. */
bnorm_grid bnorm_partition(const bnorm_division *division);

/* The fewest row groups that leave nodes what they own of rows: of threads in parts of as many as
 * divide the seats of every node, one for each part. */
int64_t bnorm_partition_parts(int nodes, const int *seats);

/* Shards of `count` leaves or panels in proportion to seats, which end at the multiple of `unit`
 * that is nearest to their exact ends; none for nodes that get nothing. */
bnorm_shards bnorm_shards_by_seats(int64_t count, int64_t unit, int nodes, const int *seats);

/* One of all `count`, for the threads of all nodes; none of 0. */
bnorm_shards bnorm_shards_undivided(int64_t count);

/* The same grid for fewer rows: they lie where they lay; fewer row groups where
 * leaves run out. */
bnorm_grid bnorm_partition_shorten(const bnorm_grid *grid, int64_t rows);

/* Row groups are numbered in the order of rows, blocks in that of columns. */
bnorm_range bnorm_grid_rows(const bnorm_grid *grid, int64_t group);
bnorm_range bnorm_grid_cols(const bnorm_grid *grid, int64_t block);

typedef struct {
    int64_t group, block;
    int node;
} bnorm_place;

int64_t bnorm_grid_items(const bnorm_grid *grid);
bnorm_place bnorm_grid_item(const bnorm_grid *grid, int64_t item);

/* Where items live: grid->first; NULL: nowhere. */
const int64_t *bnorm_grid_homes(const bnorm_grid *grid);

/* Set grid->first of a grid that neither of the above has made. */
void bnorm_grid_number(bnorm_grid *grid);

/* Columns of the widest block; leaves of the highest row group. */
int64_t bnorm_grid_width(const bnorm_grid *grid);
int64_t bnorm_grid_height(const bnorm_grid *grid);

/* The part of their time in which that many threads have work. */
double bnorm_grid_busy(const bnorm_grid *grid, int threads);

/* Leaves of `rows` rows. */
int64_t bnorm_leaf_count(int64_t rows);

#endif
