/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who gets which part of the matrix: pure arithmetic, no threads, no memory.
 *
 * The grid divides rows into groups that end on leaf boundaries, and columns
 * into blocks whose edges are whole cache lines where the row starts on one.
 * 150 rows x 100 float columns, 2 row groups x 3 column blocks (items 0 .. 5):
 *
 *              cols 0..47   48..79   80..99
 *   rows 0..127      0         1        2        128 = 2 leaves of 64
 *   rows 128..149    3         4        5
 *
 * Consecutive items go to the same thread.
 */
#ifndef BNORM_PLAN_PARTITION_H
#define BNORM_PLAN_PARTITION_H

#include "base/range.h"

typedef struct {
    int64_t rows, cols;
    int64_t unit; /* columns of a cache line */
    int64_t row_groups, col_blocks; /* >= 1, except no columns: col_blocks = 0 */
} bnorm_grid;

/* A grid for `threads` threads with column blocks of min_cols to max_cols
 * columns (as far as cols allows) and at most most_groups row groups.  Prefers
 * column blocks, which need no merging; divides rows where there are too few
 * columns for the threads. */
bnorm_grid bnorm_partition(int64_t rows, int64_t cols, int64_t unit, int threads, int64_t min_cols,
                           int64_t max_cols, int64_t most_groups);

/* The same grid for fewer rows: fewer row groups where leaves run out. */
bnorm_grid bnorm_partition_shorten(const bnorm_grid *grid, int64_t rows);

bnorm_range bnorm_grid_rows(const bnorm_grid *grid, int64_t group);
bnorm_range bnorm_grid_cols(const bnorm_grid *grid, int64_t block);

/* Columns of the widest block. */
int64_t bnorm_grid_width(const bnorm_grid *grid);

/* Leaves of `rows` rows. */
int64_t bnorm_leaf_count(int64_t rows);

#endif
