/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/partition.h"

#include "kernels/kernels.h"

int64_t bnorm_leaf_count(int64_t rows)
{
    return bnorm_ceil_div(rows, BNORM_LEAF_ROWS);
}

/* ---- shards ----------------------------------------------------------------- */

bnorm_shards bnorm_shards_by_seats(int64_t count, int nodes, const int *seats)
{
    bnorm_shards shards = {.count = 0};
    int64_t all = 0, before = 0;
    for (int k = 0; k < nodes; k++)
        all += seats[k];
    for (int k = 0; k < nodes; k++) {
        /* count * seats overflows for no matrix that fits in memory */
        bnorm_shard shard = {count * before / all, count * (before + seats[k]) / all, 1, k};
        before += seats[k];
        if (shard.begin < shard.end)
            shards.shard[shards.count++] = shard;
    }
    return shards;
}

/* Everything, for the threads of all nodes. */
static bnorm_shards undivided(int64_t count)
{
    bnorm_shards shards = {.count = count > 0, .shard = {{0, count, 1, BNORM_ANY_NODE}}};
    return shards;
}

static int64_t length(const bnorm_shard *shard)
{
    return shard->end - shard->begin;
}

static int64_t shards_end(const bnorm_shards *shards)
{
    return shards->count ? shards->shard[shards->count - 1].end : 0;
}

/* Divide shards of leaves into about `groups` row groups, each shard into at least
 * one; returns how many. */
static int64_t divide_shards(bnorm_shards *shards, int64_t groups)
{
    const double leaves = (double)bnorm_max(shards_end(shards), 1);
    int64_t sum = 0;
    for (int i = 0; i < shards->count; i++) {
        bnorm_shard *shard = &shards->shard[i];
        int64_t part = (int64_t)((double)groups * (double)length(shard) / leaves + 0.5);
        shard->groups = bnorm_max(bnorm_min(part, length(shard)), 1);
        sum += shard->groups;
    }
    return bnorm_max(sum, 1);
}

/* ---- the grid ----------------------------------------------------------------- */

/* The part of the time in which threads have work when `parts` shares of n
 * indivisible units are made: mean share over largest share. */
static double balance(int64_t n, int64_t parts)
{
    return (double)n / ((double)parts * (double)bnorm_ceil_div(n, parts));
}

/* Blocks beyond the threads: as many for each. */
static int64_t many_blocks(int64_t least, int64_t most, int64_t threads)
{
    int64_t even = bnorm_round_up(least, threads);
    return even <= most ? even : least;
}

/* Column blocks and row groups for a team of `base` nodes' parts with `threads`
 * threads each; row groups are a multiple of base. */
static void choose_grid(bnorm_grid *grid, const bnorm_division *d, int64_t threads, int64_t base)
{
    const int64_t units = bnorm_ceil_div(d->cols, d->unit);
    const int64_t leaves = bnorm_max(bnorm_leaf_count(d->rows), 1);
    const int64_t least = bnorm_ceil_div(units, bnorm_max(d->max_cols / d->unit, 1));
    const int64_t most = bnorm_max(units / bnorm_max(d->min_cols / d->unit, 1), least);
    const int64_t most_parts = bnorm_min(leaves, bnorm_max(d->most_groups, base)) / base;

    grid->row_groups = base;
    grid->col_blocks = least;
    if (least >= threads) {
        grid->col_blocks = many_blocks(least, most, threads);
        return;
    }
    /* One item per thread: the division that keeps most threads busy, and
     * among equals the one with most column blocks.  A division of rows costs
     * two more phases, and must be worth it. */
    const double phases = 0.85;
    double best = 0;
    for (int64_t blocks = bnorm_min(most, threads); blocks >= bnorm_max(least, 1); blocks--) {
        int64_t groups = base * bnorm_min(threads / blocks, most_parts);
        double busy = (double)(groups * blocks) / (double)(threads * base) *
                      balance(units, blocks) * balance(leaves, groups) *
                      (groups > 1 ? phases : 1);
        if (busy > best) {
            best = busy;
            grid->col_blocks = blocks;
            grid->row_groups = groups;
        }
    }
}

static int64_t greatest_divisor(int64_t a, int64_t b)
{
    return b ? greatest_divisor(b, a % b) : a;
}

/* Nodes own ranges of leaves.  Threads are taken in parts of as many as divide the
 * seats of every node, so that every node gets row groups for its seats.  Where
 * leaves, or the row groups allowed, do not reach that far, nobody owns rows. */
static void divide_rows(bnorm_grid *grid, const bnorm_division *d)
{
    const int64_t leaves = bnorm_leaf_count(d->rows);
    int64_t all = 0, divisor = 0;
    for (int k = 0; k < d->nodes; k++) {
        all += d->seats[k];
        divisor = greatest_divisor(d->seats[k], divisor);
    }
    const int64_t base = all / divisor;
    grid->shards = *d->shards;
    if (grid->shards.count > 1 && base <= leaves && base <= d->most_groups) {
        choose_grid(grid, d, divisor, base);
    } else {
        choose_grid(grid, d, all, 1);
        if (grid->shards.count > 1)
            grid->shards = undivided(leaves);
    }
    grid->row_groups = divide_shards(&grid->shards, grid->row_groups);
}

/* Nodes own ranges of panels.  Fewer panels than threads: rows are divided, too. */
static void divide_panels(bnorm_grid *grid, const bnorm_division *d)
{
    const int64_t leaves = bnorm_max(bnorm_leaf_count(d->rows), 1);
    int64_t all = 0;
    for (int k = 0; k < d->nodes; k++)
        all += d->seats[k];
    grid->col_blocks = bnorm_ceil_div(d->cols, d->unit);
    grid->row_groups = grid->col_blocks ? all / grid->col_blocks : 1;
    grid->row_groups = bnorm_min(grid->row_groups, bnorm_min(leaves, d->most_groups));
    grid->row_groups = bnorm_max(grid->row_groups, 1);
    grid->shards = *d->shards;
}

bnorm_grid bnorm_partition(const bnorm_division *division)
{
    bnorm_grid grid = {.rows = division->rows,
                       .cols = division->cols,
                       .unit = division->unit,
                       .panels = division->panels};
    if (division->panels)
        divide_panels(&grid, division);
    else
        divide_rows(&grid, division);
    return grid;
}

bnorm_grid bnorm_partition_shorten(const bnorm_grid *grid, int64_t rows)
{
    const int64_t leaves = bnorm_leaf_count(rows);
    bnorm_grid shorter = *grid;
    shorter.rows = rows;
    if (grid->panels) {
        shorter.row_groups = bnorm_min(grid->row_groups, bnorm_max(leaves, 1));
        return shorter;
    }
    int64_t groups = 0;
    shorter.shards.count = 0;
    for (int i = 0; i < grid->shards.count && grid->shards.shard[i].begin < leaves; i++) {
        bnorm_shard shard = grid->shards.shard[i];
        shard.end = bnorm_min(shard.end, leaves);
        shard.groups = bnorm_min(shard.groups, length(&shard));
        groups += shard.groups;
        shorter.shards.shard[shorter.shards.count++] = shard;
    }
    shorter.row_groups = bnorm_max(groups, 1);
    return shorter;
}

/* The leaves of a row group. */
static bnorm_range leaves_of(const bnorm_grid *grid, int64_t group)
{
    if (grid->panels)
        return bnorm_range_part(bnorm_leaf_count(grid->rows), grid->row_groups, group);
    for (int i = 0; i < grid->shards.count; i++) {
        const bnorm_shard *shard = &grid->shards.shard[i];
        if (group < shard->groups) {
            bnorm_range range = bnorm_range_part(length(shard), shard->groups, group);
            return (bnorm_range){shard->begin + range.begin, shard->begin + range.end};
        }
        group -= shard->groups;
    }
    return (bnorm_range){0, 0}; /* no rows */
}

bnorm_range bnorm_grid_rows(const bnorm_grid *grid, int64_t group)
{
    bnorm_range rows = leaves_of(grid, group);
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

int64_t bnorm_grid_height(const bnorm_grid *grid)
{
    int64_t most = 0;
    if (grid->panels)
        return bnorm_ceil_div(bnorm_leaf_count(grid->rows), grid->row_groups);
    for (int i = 0; i < grid->shards.count; i++) {
        const bnorm_shard *shard = &grid->shards.shard[i];
        most = bnorm_max(most, bnorm_ceil_div(length(shard), shard->groups));
    }
    return most;
}

/* ---- items -------------------------------------------------------------------- */

int64_t bnorm_grid_items(const bnorm_grid *grid)
{
    return grid->row_groups * grid->col_blocks;
}

static int64_t items_of(const bnorm_grid *grid, const bnorm_shard *shard)
{
    return grid->panels ? length(shard) * grid->row_groups : shard->groups * grid->col_blocks;
}

/* The shard that comes after `last` when they are taken node by node; -1: none. */
static int next_by_node(const bnorm_shards *shards, int last)
{
    const int node = last < 0 ? BNORM_ANY_NODE - 1 : shards->shard[last].node;
    int next = -1;
    for (int i = last + 1; i < shards->count && last >= 0; i++)
        if (shards->shard[i].node == node)
            return i;
    for (int i = 0; i < shards->count; i++)
        if (shards->shard[i].node > node &&
            (next < 0 || shards->shard[i].node < shards->shard[next].node))
            next = i;
    return next;
}

/* Row groups before a row-major shard. */
static int64_t groups_before(const bnorm_grid *grid, int shard)
{
    int64_t groups = 0;
    for (int i = 0; i < shard; i++)
        groups += grid->shards.shard[i].groups;
    return groups;
}

bnorm_place bnorm_grid_item(const bnorm_grid *grid, int64_t item)
{
    for (int i = next_by_node(&grid->shards, -1); i >= 0; i = next_by_node(&grid->shards, i)) {
        const bnorm_shard *shard = &grid->shards.shard[i];
        const int64_t items = items_of(grid, shard);
        if (item >= items) {
            item -= items;
            continue;
        }
        if (grid->panels)
            return (bnorm_place){item % grid->row_groups, shard->begin + item / grid->row_groups,
                                 shard->node};
        return (bnorm_place){groups_before(grid, i) + item / grid->col_blocks,
                             item % grid->col_blocks, shard->node};
    }
    return (bnorm_place){0, item, BNORM_ANY_NODE}; /* no rows: blocks all the same */
}

void bnorm_grid_first(const bnorm_grid *grid, int nodes, int64_t *first)
{
    int64_t at = 0;
    for (int k = 0; k < nodes; k++) {
        first[k] = at;
        for (int i = 0; i < grid->shards.count; i++)
            if (grid->shards.shard[i].node == k)
                at += items_of(grid, &grid->shards.shard[i]);
    }
    first[nodes] = at;
}
