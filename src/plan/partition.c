/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/partition.h"

#include "kernels/kernels.h"
#include "plan/rounds.h"

int64_t bnorm_leaf_count(int64_t rows)
{
    return bnorm_ceil_div(rows, BNORM_LEAF_ROWS);
}

/* ---- shards ----------------------------------------------------------------- */

/* The nearest multiple of unit, from halves up. */
static int64_t nearest(int64_t n, int64_t unit)
{
    const int64_t below = n / unit * unit, rest = n - below;
    return rest < unit - rest ? below : below + unit;
}

/* What falls to the first `part` of `all` seats: count * part / all, rounded.  The
 * product itself might overflow. */
static int64_t proportion(int64_t count, int64_t part, int64_t all)
{
    return count / all * part + (2 * (count % all) * part + all) / (2 * all);
}

bnorm_shards bnorm_shards_by_seats(int64_t count, int64_t unit, int nodes, const int *seats)
{
    bnorm_shards shards = {.count = 0};
    int64_t all = 0, seat = 0, begin = 0;
    for (int k = 0; k < nodes; k++)
        all += seats[k];
    for (int k = 0; k < nodes; k++) {
        seat += seats[k];
        int64_t end = proportion(count, seat, all);
        if (seat < all)
            end = bnorm_min(nearest(end, unit), count);
        if (begin < end)
            shards.shard[shards.count++] = (bnorm_shard){begin, end, 1, k};
        begin = end;
    }
    return shards;
}

bnorm_shards bnorm_shards_undivided(int64_t count)
{
    bnorm_shards shards = {.count = count > 0, .shard = {{0, count, 1, BNORM_ANY_NODE}}};
    return shards;
}

/* Divide one node's shards, of so many leaves together, into about `groups` row
 * groups: in proportion to length, at least one for each.  Returns how many. */
static int64_t divide_node(bnorm_shards *shards, int node, int64_t leaves, int64_t groups)
{
    int64_t sum = 0, end = 0, begun = 0;
    for (int i = 0; i < shards->count; i++) {
        bnorm_shard *shard = &shards->shard[i];
        if (shard->node != node)
            continue;
        end += bnorm_shard_length(shard);
        int64_t ended = (int64_t)((double)groups * (double)end / (double)leaves + 0.5);
        shard->groups = bnorm_max(bnorm_min(ended - begun, bnorm_shard_length(shard)), 1);
        sum += shard->groups;
        begun = ended;
    }
    return sum;
}

/* Divide shards of leaves into about `groups` row groups, those of a node in
 * proportion to its seats: so every thread has as many of them.  Returns how many. */
static int64_t divide_shards(bnorm_shards *shards, int64_t groups, const bnorm_division *d)
{
    int64_t leaves[BNORM_MOST_NODES] = {0}, all = 0, seat = 0, begun = 0, sum = 0;
    for (int i = 0; i < shards->count; i++)
        leaves[shards->shard[i].node] += bnorm_shard_length(&shards->shard[i]);
    for (int k = 0; k < d->nodes; k++)
        all += leaves[k] ? bnorm_max(d->seats[k], 1) : 0;
    for (int k = 0; k < d->nodes; k++) {
        if (leaves[k] == 0)
            continue;
        seat += bnorm_max(d->seats[k], 1);
        int64_t ended = proportion(groups, seat, all);
        sum += divide_node(shards, k, leaves[k], ended - begun);
        begun = ended;
    }
    return sum;
}

/* ---- the grid ----------------------------------------------------------------- */

/* The part of the time in which threads have work when `parts` shares of n
 * indivisible units are made: mean share over largest share. */
static double balance(int64_t n, int64_t parts)
{
    return (double)n / ((double)parts * (double)bnorm_ceil_div(n, parts));
}

/* The part of its time that a division of rows, which is two more phases, leaves to a team of so
 * many threads. */
static double merging_leaves(const bnorm_division *d, int64_t threads)
{
    enum { MANY = 1 << 20 }; /* elements for a thread, a millisecond's work */
    return (double)d->rows * (double)d->cols >= (double)threads * MANY ? 0.97 : 0.85;
}

/* Row groups for so many column blocks: one item for each thread, or, where that leaves a tenth of
 * them or more without work, the fewest that give nearly all as many items as the others. */
static int64_t groups_for(int64_t blocks, int64_t threads, int64_t most)
{
    const double good = 0.9, enough = 0.95;
    const int64_t least = bnorm_clamp(threads / blocks, 1, most);
    if (balance(least * blocks, threads) >= good)
        return least;
    for (int64_t groups = least + 1; groups <= most && groups <= 16 * least; groups++)
        if (balance(groups * blocks, threads) >= enough)
            return groups;
    return least;
}

/* Column blocks and row groups for a team of `base` nodes' parts with `threads`
 * threads each; row groups are a multiple of base.  The division that keeps most threads
 * busy, and among equals the one with most column blocks. */
static void choose_grid(bnorm_grid *grid, const bnorm_division *d, int64_t threads, int64_t base)
{
    const int64_t units = bnorm_ceil_div(d->cols, d->unit);
    const int64_t leaves = bnorm_max(bnorm_leaf_count(d->rows), 1);
    const int64_t least = bnorm_ceil_div(units, bnorm_max(d->max_cols / d->unit, 1));
    const int64_t most = bnorm_max(units / bnorm_max(d->min_cols / d->unit, 1), least);
    const int64_t most_parts = bnorm_min(leaves, d->most_groups) / base;
    const double divided = base > 1 ? 1 : merging_leaves(d, threads);
    double best = 0;

    grid->row_groups = base;
    grid->col_blocks = least;
    for (int64_t blocks = bnorm_min(most, bnorm_round_up(least, threads));
         blocks >= bnorm_max(least, 1); blocks--) {
        if (balance(units, blocks) <= best)
            continue;
        const int64_t choice[] = {1, groups_for(blocks, threads, most_parts)};
        for (int i = choice[1] == 1; i < 2; i++) {
            const int64_t groups = choice[i];
            const double busy = balance(groups * blocks, threads) * balance(units, blocks) *
                                balance(leaves, groups * base) * (groups > 1 ? divided : 1);
            if (busy > best) {
                best = busy;
                grid->col_blocks = blocks;
                grid->row_groups = groups * base;
            }
        }
    }
}

static int64_t greatest_divisor(int64_t a, int64_t b)
{
    return b ? greatest_divisor(b, a % b) : a;
}

static int64_t seats_of(const bnorm_division *d)
{
    int64_t all = 0;
    for (int k = 0; k < d->nodes; k++)
        all += d->seats[k];
    return all;
}

int64_t bnorm_partition_parts(int nodes, const int *seats)
{
    int64_t all = 0, divisor = 0;
    for (int k = 0; k < nodes; k++) {
        all += seats[k];
        divisor = greatest_divisor(seats[k], divisor);
    }
    return all / divisor;
}

/* Nodes own ranges of leaves, and every node gets row groups for its seats.  Where leaves, or the
 * row groups allowed, do not reach that far, nobody owns rows. */
static void divide_rows(bnorm_grid *grid, const bnorm_division *d)
{
    const int64_t leaves = bnorm_leaf_count(d->rows), all = seats_of(d);
    const int64_t base = bnorm_partition_parts(d->nodes, d->seats);
    grid->shards = *d->shards;
    if (grid->shards.count > 1 && base <= leaves && base <= d->most_groups) {
        choose_grid(grid, d, all / base, base);
        grid->row_groups = divide_shards(&grid->shards, grid->row_groups, d);
        return;
    }
    choose_grid(grid, d, all, 1);
    if (grid->shards.count > 1)
        grid->shards = bnorm_shards_undivided(leaves);
    grid->shards.shard[0].groups = grid->row_groups; /* of the one there is, if any */
}

/* Nodes own ranges of panels.  Fewer panels than threads: rows are divided, too. */
static void divide_panels(bnorm_grid *grid, const bnorm_division *d)
{
    const int64_t leaves = bnorm_max(bnorm_leaf_count(d->rows), 1);
    const int64_t most = bnorm_min(leaves, d->most_groups), all = seats_of(d);
    grid->col_blocks = bnorm_ceil_div(d->cols, d->unit);
    grid->row_groups = grid->col_blocks ? bnorm_clamp(all / grid->col_blocks, 1, most) : 1;
    grid->shards = *d->shards;
    if (grid->row_groups == 1 && grid->col_blocks > 0 && d->sharing > 1)
        bnorm_grid_share(grid, d, most);
}

bnorm_grid bnorm_partition(const bnorm_division *division)
{
    bnorm_grid grid = {.rows = division->rows,
                       .cols = division->cols,
                       .unit = division->unit,
                       .panels = division->panels,
                       .rounds = 1};
    if (division->panels)
        divide_panels(&grid, division);
    else
        divide_rows(&grid, division);
    bnorm_grid_number(&grid);
    return grid;
}

/* Cut shards of rows off after so many leaves.  Returns the row groups left. */
static int64_t cut(bnorm_shards *shards, int64_t leaves)
{
    int64_t groups = 0;
    int i = 0;
    for (; i < shards->count && shards->shard[i].begin < leaves; i++) {
        bnorm_shard *shard = &shards->shard[i];
        shard->end = bnorm_min(shard->end, leaves);
        shard->groups = bnorm_min(shard->groups, bnorm_shard_length(shard));
        groups += shard->groups;
    }
    shards->count = i;
    return groups;
}

bnorm_grid bnorm_partition_shorten(const bnorm_grid *grid, int64_t rows)
{
    const int64_t leaves = bnorm_leaf_count(rows);
    bnorm_grid shorter = *grid;
    shorter.rows = rows;
    shorter.row_groups = bnorm_max(
        grid->panels ? bnorm_min(grid->row_groups, leaves) : cut(&shorter.shards, leaves), 1);
    bnorm_grid_number(&shorter);
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
            bnorm_range range = bnorm_range_part(bnorm_shard_length(shard), shard->groups, group);
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
        most = bnorm_max(most, bnorm_ceil_div(bnorm_shard_length(shard), shard->groups));
    }
    return most;
}

double bnorm_grid_busy(const bnorm_grid *grid, int threads)
{
    const int64_t items = bnorm_grid_items(grid);
    const double largest = (double)bnorm_grid_height(grid) * (double)bnorm_grid_width(grid) *
                           (double)bnorm_ceil_div(bnorm_max(items, 1), threads);
    const double all = (double)bnorm_leaf_count(grid->rows) * (double)grid->cols;
    return largest > 0 ? all / threads / largest : 1;
}

/* ---- items -------------------------------------------------------------------- */

int64_t bnorm_grid_items(const bnorm_grid *grid)
{
    return grid->row_groups * grid->col_blocks;
}

static int64_t items_of(const bnorm_grid *grid, const bnorm_shard *shard)
{
    return grid->panels ? bnorm_shard_length(shard) * grid->row_groups
                        : shard->groups * grid->col_blocks;
}

void bnorm_grid_number(bnorm_grid *grid)
{
    int64_t *first = grid->first;
    for (int k = 0; k <= BNORM_MOST_NODES; k++)
        first[k] = 0;
    for (int i = 0; i < grid->shards.count; i++) {
        const bnorm_shard *shard = &grid->shards.shard[i];
        if (shard->node != BNORM_ANY_NODE)
            first[shard->node + 1] += items_of(grid, shard);
    }
    for (int k = 0; k < BNORM_MOST_NODES; k++)
        first[k + 1] += first[k];
}

const int64_t *bnorm_grid_homes(const bnorm_grid *grid)
{
    return grid->first[BNORM_MOST_NODES] ? grid->first : NULL;
}

bnorm_place bnorm_grid_item(const bnorm_grid *grid, int64_t item)
{
    const bnorm_shards *shards = &grid->shards;
    const int64_t *first = bnorm_grid_homes(grid);
    int64_t group = 0; /* the first of shard i, in rows */
    int node = BNORM_ANY_NODE;

    if (first) {
        node = 0;
        while (item >= first[node + 1])
            node++;
        item -= first[node];
    }
    for (int i = 0; i < shards->count; group += shards->shard[i++].groups) {
        const bnorm_shard *shard = &shards->shard[i];
        if (shard->node != node)
            continue;
        const int64_t items = items_of(grid, shard);
        if (item >= items)
            item -= items;
        else if (grid->panels)
            return (bnorm_place){item % grid->row_groups, shard->begin + item / grid->row_groups,
                                 node};
        else
            return (bnorm_place){group + item / grid->col_blocks, item % grid->col_blocks, node};
    }
    return (bnorm_place){0, item, BNORM_ANY_NODE}; /* no rows: blocks all the same */
}
