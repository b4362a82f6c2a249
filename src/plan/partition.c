/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/partition.h"

#include "kernels/kernels.h"

int64_t bnorm_leaf_count(int64_t rows)
{
    return bnorm_ceil_div(rows, BNORM_LEAF_ROWS);
}

/* The part of the time in which threads have work when `parts` shares of n
 * indivisible units are made: mean share over largest share. */
static double balance(int64_t n, int64_t parts)
{
    return (double)n / ((double)parts * (double)bnorm_ceil_div(n, parts));
}

/* Blocks beyond the threads: as many for each. */
static int64_t many_blocks(int64_t least, int64_t most, int threads)
{
    int64_t even = bnorm_round_up(least, threads);
    return even <= most ? even : least;
}

bnorm_grid bnorm_partition(int64_t rows, int64_t cols, int64_t unit, int threads, int64_t min_cols,
                           int64_t max_cols, int64_t most_groups)
{
    const int64_t units = bnorm_ceil_div(cols, unit);
    const int64_t leaves = bnorm_max(bnorm_leaf_count(rows), 1);
    const int64_t least = bnorm_ceil_div(units, bnorm_max(max_cols / unit, 1));
    const int64_t most = bnorm_max(units / bnorm_max(min_cols / unit, 1), least);
    bnorm_grid grid = {rows, cols, unit, 1, least};

    if (least >= threads) {
        grid.col_blocks = many_blocks(least, most, threads);
        return grid;
    }
    /* One item per thread: the division that keeps most threads busy, and
     * among equals the one with most column blocks.  A division of rows costs
     * two more phases, and must be worth it. */
    const double phases = 0.85;
    double best = 0;
    for (int64_t blocks = bnorm_min(most, threads); blocks >= bnorm_max(least, 1); blocks--) {
        int64_t groups = bnorm_min(bnorm_min(threads / blocks, leaves), most_groups);
        double busy = (double)(groups * blocks) / threads * balance(units, blocks) *
                      balance(leaves, groups) * (groups > 1 ? phases : 1);
        if (busy > best) {
            best = busy;
            grid.col_blocks = blocks;
            grid.row_groups = groups;
        }
    }
    return grid;
}

bnorm_grid bnorm_partition_shorten(const bnorm_grid *grid, int64_t rows)
{
    bnorm_grid shorter = *grid;
    shorter.rows = rows;
    shorter.row_groups = bnorm_min(grid->row_groups, bnorm_max(bnorm_leaf_count(rows), 1));
    return shorter;
}

bnorm_range bnorm_grid_rows(const bnorm_grid *grid, int64_t group)
{
    bnorm_range rows = bnorm_range_part(bnorm_leaf_count(grid->rows), grid->row_groups, group);
    rows.begin *= BNORM_LEAF_ROWS;
    rows.end = bnorm_min(rows.end * BNORM_LEAF_ROWS, grid->rows);
    return rows;
}

bnorm_range bnorm_grid_cols(const bnorm_grid *grid, int64_t block)
{
    bnorm_range cols =
        bnorm_range_part(bnorm_ceil_div(grid->cols, grid->unit), grid->col_blocks, block);
    cols.begin *= grid->unit;
    cols.end = bnorm_min(cols.end * grid->unit, grid->cols);
    return cols;
}

int64_t bnorm_grid_width(const bnorm_grid *grid)
{
    bnorm_range first;
    if (grid->col_blocks == 0)
        return 0;
    first = bnorm_grid_cols(grid, 0);
    return first.end - first.begin;
}
