/* SPDX-License-Identifier: BSD-3-Clause */
/* The properties of grids. */
#include "kernels/kernels.h"
#include "plan/grids.h"

enum { MANY = 500 }; /* items */

/* ---- what every grid is ------------------------------------------------------------ */

typedef bnorm_range part_of(const bnorm_grid *, int64_t);

/* Ranges that follow each other from 0 to n, inner edges on multiples of unit: then
 * nothing is covered twice or not, and parts are numbered in order.  Their sizes, in
 * units, in *sizes. */
static const char *check_edges(part_of *part, const bnorm_grid *grid, int64_t parts, int64_t n,
                               int64_t unit, bnorm_range *sizes)
{
    int64_t at = 0;
    *sizes = (bnorm_range){INT64_MAX, 0};
    for (int64_t i = 0; i < parts; i++) {
        bnorm_range range = part(grid, i);
        int64_t units = bnorm_ceil_div(range.end - range.begin, unit);
        if (range.begin != at)
            return "a part does not begin where the one before ends";
        if (range.end <= range.begin && n > 0)
            return "an empty part";
        if (range.begin % unit != 0)
            return "an edge is not on a leaf, a cache line or a panel";
        sizes->begin = bnorm_min(sizes->begin, units);
        sizes->end = bnorm_max(sizes->end, units);
        at = range.end;
    }
    return at != n ? "the last part does not end at the end" : NULL;
}

static const char *check_shards(const bnorm_shards *shards, int64_t count)
{
    int64_t at = 0;
    for (int i = 0; i < shards->count; i++) {
        if (shards->shard[i].begin != at || shards->shard[i].end <= at)
            return "a shard is empty or does not begin where the one before ends";
        at = shards->shard[i].end;
    }
    return at != count ? "the last shard does not end at the end" : NULL;
}

/* Row groups are parts of shards, alike but for a leaf.  The first of each shard of
 * rows, and the end. */
static const char *check_groups(const bnorm_grid *grid, int64_t *first)
{
    int64_t group = 0;
    for (int i = 0; i < grid->shards.count; i++) {
        const bnorm_shard *shard = &grid->shards.shard[i];
        const int64_t end = bnorm_min(shard->end * BNORM_LEAF_ROWS, grid->rows);
        int64_t at = shard->begin * BNORM_LEAF_ROWS, least = INT64_MAX, most = 0;
        for (first[i] = group; group < grid->row_groups && at < end; group++) {
            bnorm_range rows = bnorm_grid_rows(grid, group);
            int64_t leaves = bnorm_leaf_count(rows.end - rows.begin);
            least = bnorm_min(least, leaves);
            most = bnorm_max(most, leaves);
            at = rows.end;
        }
        if (at != end)
            return "a row group does not end with its shard";
        if (most - least > 1)
            return "row groups of a shard differ by more than a leaf";
        if (group - first[i] != shard->groups)
            return "a shard does not have its groups";
    }
    first[grid->shards.count] = group;
    return NULL;
}

static int same_place(bnorm_place a, bnorm_place b)
{
    return a.group == b.group && a.block == b.block && a.node == b.node;
}

/* Items run through row_groups x col_blocks, every pair once, node by node and then
 * in the order of memory: each with the node that owns its rows, or its panel.
 * group: the first of each shard of rows.  Of very many items in a line, the first and
 * the last. */
static const char *check_items(const bnorm_grid *grid, int nodes, const int64_t *group)
{
    const int64_t *first = bnorm_grid_homes(grid);
    const int owned = grid->shards.count && grid->shards.shard[0].node != BNORM_ANY_NODE;
    int64_t item = 0;
    if ((first != NULL) != (owned && bnorm_grid_items(grid) > 0))
        return owned ? "items live nowhere" : "items live where nobody owns them";
    for (int node = BNORM_ANY_NODE; node < nodes; node++) {
        if (node >= 0 && first && first[node] != item)
            return "the items of a node are not where bnorm_grid_homes says";
        for (int i = 0; i < grid->shards.count; i++) {
            const bnorm_shard *shard = &grid->shards.shard[i];
            if (shard->node != node)
                continue;
            const int64_t blocks = grid->panels ? grid->row_groups : grid->col_blocks;
            const int64_t step = bnorm_grid_items(grid) > MANY ? bnorm_max(blocks - 1, 1) : 1;
            for (int64_t outer = grid->panels ? shard->begin : group[i];
                 outer < (grid->panels ? shard->end : group[i + 1]); outer++, item += blocks)
                for (int64_t inner = 0; inner < blocks; inner += step) {
                    bnorm_place place = {outer, inner, node};
                    if (grid->panels)
                        place = (bnorm_place){inner, outer, node};
                    if (!same_place(bnorm_grid_item(grid, item + inner), place))
                        return "an item is not where its turn is";
                }
        }
    }
    for (; grid->shards.count == 0 && item < grid->col_blocks; item++)
        if (!same_place(bnorm_grid_item(grid, item), (bnorm_place){0, item, BNORM_ANY_NODE}))
            return "without rows, items are not the blocks";
    return item != bnorm_grid_items(grid) ? "items are missing" : NULL;
}

static const char *check_structure(const bnorm_grid *grid, int nodes, bnorm_range *heights)
{
    int64_t group[BNORM_MOST_SHARDS + 1];
    const int64_t units = bnorm_ceil_div(grid->cols, grid->unit);
    bnorm_range widths;
    const char *wrong;
    if (grid->row_groups < 1 || grid->col_blocks < (grid->cols > 0))
        return "no groups or no blocks";
    if ((wrong = check_edges(bnorm_grid_rows, grid, grid->row_groups, grid->rows, BNORM_LEAF_ROWS,
                             heights)) ||
        (wrong = check_edges(bnorm_grid_cols, grid, grid->col_blocks, grid->cols, grid->unit,
                             &widths)) ||
        (wrong = check_shards(&grid->shards,
                              grid->panels ? units : bnorm_leaf_count(grid->rows))) ||
        (wrong = grid->panels ? NULL : check_groups(grid, group)) ||
        (wrong = check_items(grid, nodes, group)))
        return wrong;
    if (grid->col_blocks > 0 && widths.end - widths.begin > 1)
        return "blocks differ by more than one unit";
    if (bnorm_grid_height(grid) != heights->end)
        return "bnorm_grid_height is not the highest group";
    if (bnorm_grid_width(grid) != bnorm_min(widths.end * grid->unit, grid->cols))
        return "bnorm_grid_width is not the widest block";
    if (grid->panels && (grid->col_blocks != units || widths.end > 1))
        return "a block is not a panel";
    return NULL;
}

/* ---- who works ---------------------------------------------------------------------- */

/* Shares of a team of as many threads as have work: all items, nobody idle, none with
 * two more than another of its node, and items of its node only. */
static const char *check_shares(const bnorm_seats *seats, const int64_t *first, int team)
{
    int share[BNORM_MOST_NODES + 1], busy = 0, s = 0;
    int64_t at = 0;
    bnorm_seats_shares(seats, first, team, share);
    for (int k = 0; k < seats->nodes; k++)
        busy += first[k] < first[k + 1];
    for (int k = 0; k < seats->nodes; k++) {
        int64_t least = INT64_MAX, most = 0;
        for (; s < share[k + 1]; s++) {
            bnorm_range items = bnorm_seats_items(seats, first, share, team, s);
            if (items.begin != at)
                return "a share does not begin where the one before ends";
            if (team >= busy && (items.begin < first[k] || items.end > first[k + 1]))
                return "a share of another node's items";
            least = bnorm_min(least, items.end - items.begin);
            most = bnorm_max(most, items.end - items.begin);
            at = items.end;
        }
        if (least == 0)
            return "a thread is idle while another has two items";
        if (most > 0 && most - least > 1)
            return "a thread has two items more than another of its node";
    }
    return at != first[seats->nodes] ? "not all items are shared out" : NULL;
}

static const char *check_work(const grids_case *c, const bnorm_grid *grid, int by_seats)
{
    const bnorm_seats *seats = &c->seats;
    const int64_t items = bnorm_grid_items(grid);
    const int team = (int)bnorm_min(seats->threads, items);
    const int64_t *first = bnorm_grid_homes(grid);
    if (!first)
        return NULL; /* shared out evenly, whosever they are */
    for (int k = 0; k < seats->nodes && by_seats && grid->shards.count > 1; k++) {
        const int64_t own = first[k + 1] - first[k];
        if (items > seats->threads && own < seats->count[k])
            return "a node has too few items for its seats while others have two";
        if (!grid->panels && own * seats->threads != items * seats->count[k])
            return "items are not in proportion to seats";
    }
    return check_shares(seats, first, team);
}

/* ---- what was asked for ---------------------------------------------------------------- */

static int64_t seats_apart(const bnorm_division *d)
{
    int64_t all = 0, divisor = 0;
    for (int k = 0; k < d->nodes; k++) {
        int64_t a = d->seats[k];
        all += a;
        while (a) {
            int64_t rest = divisor % a;
            divisor = a;
            a = rest;
        }
    }
    return all / divisor;
}

static int same_shards(const bnorm_shards *a, const bnorm_shards *b)
{
    int same = a->count == b->count;
    for (int i = 0; i < a->count && same; i++)
        same = a->shard[i].begin == b->shard[i].begin && a->shard[i].end == b->shard[i].end &&
               a->shard[i].node == b->shard[i].node;
    return same;
}

/* Shards are those of the division; row-major ones of nobody where rows can't be
 * divided among all nodes. */
static const char *check_owners(const grids_case *c, const bnorm_grid *grid, int64_t apart)
{
    const bnorm_division *d = &c->division;
    const int64_t leaves = bnorm_leaf_count(d->rows);
    const int enough = d->panels || (apart <= leaves && apart <= d->most_groups);
    const int owned = enough || c->shards.count <= 1;
    if (owned != same_shards(&grid->shards, &c->shards))
        return "shards are not those of the nodes, though they could be, or against the limits";
    if (!owned && (grid->shards.count != 1 || grid->shards.shard[0].node != BNORM_ANY_NODE))
        return "rows that can't be divided among nodes are not everybody's";
    for (int i = 0; i < c->shards.count && c->by_seats; i++) {
        const bnorm_shard *shard = &c->shards.shard[i];
        const int64_t all = c->seats.threads, count = c->shards.shard[c->shards.count - 1].end;
        int64_t error = (shard->end - shard->begin) * all - count * c->seats.count[shard->node];
        if (error > all || error < -all)
            return "a shard is not in proportion to seats";
    }
    return NULL;
}

static const char *check_limits(const grids_case *c, const bnorm_grid *grid)
{
    const bnorm_division *d = &c->division;
    const int64_t units = bnorm_ceil_div(d->cols, d->unit), items = bnorm_grid_items(grid);
    const int64_t widest = bnorm_max(d->max_cols / d->unit, 1);
    const int64_t least = bnorm_ceil_div(units, widest);
    const int64_t narrowest = bnorm_min(bnorm_max(d->min_cols / d->unit, 1), units);
    const int64_t apart = c->shards.count > 1 && !d->panels ? seats_apart(d) : 1;
    const int64_t more = c->by_seats || d->panels ? 0 : c->shards.count;
    if (!d->panels && bnorm_grid_width(grid) > widest * d->unit)
        return "a block is wider than max_cols";
    if (!d->panels && grid->col_blocks > least && units / grid->col_blocks < narrowest)
        return "a block is narrower than min_cols";
    if (grid->row_groups > bnorm_max(d->most_groups, 1) + more)
        return "too many row groups";
    /* No merging that nobody needs: threads have one item, or many would have none then. */
    const int64_t team = c->seats.threads / apart;
    const int64_t plain = bnorm_max(team / bnorm_max(grid->col_blocks, 1), 1) * grid->col_blocks;
    if (c->by_seats && grid->row_groups > apart && items > c->seats.threads &&
        (double)plain >= 0.9 * (double)(team * bnorm_ceil_div(plain, team)))
        return "rows are divided although there are enough blocks";
    return check_owners(c, grid, apart);
}

const char *grids_wrong(const grids_case *c, const bnorm_grid *grid)
{
    bnorm_range heights;
    const char *wrong = check_structure(grid, c->division.nodes, &heights);
    if (wrong || (wrong = check_limits(c, grid)))
        return wrong;
    if ((c->by_seats || grid->shards.count <= 1) && heights.end - heights.begin > 1)
        return "row groups differ by more than a leaf";
    return check_work(c, grid, c->by_seats);
}

const char *grids_shorter_wrong(const grids_case *c, const bnorm_grid *grid, int64_t rows)
{
    const bnorm_grid shorter = bnorm_partition_shorten(grid, rows);
    const int64_t leaves = bnorm_leaf_count(rows);
    bnorm_range heights;
    const char *wrong = check_structure(&shorter, c->division.nodes, &heights);
    if (wrong || (wrong = check_work(c, &shorter, 0)))
        return wrong;
    if (shorter.rows != rows || shorter.cols != grid->cols ||
        shorter.col_blocks != grid->col_blocks)
        return "columns changed";
    if (bnorm_grid_height(&shorter) > bnorm_grid_height(grid))
        return "a group is higher than planned";
    if (grid->panels)
        return !same_shards(&shorter.shards, &grid->shards) ? "panels changed nodes"
               : shorter.row_groups != bnorm_min(grid->row_groups, bnorm_max(leaves, 1))
                   ? "other row groups than leaves leave"
                   : NULL;
    for (int i = 0; i < shorter.shards.count; i++) {
        const bnorm_shard *now = &shorter.shards.shard[i], *then = &grid->shards.shard[i];
        if (now->begin != then->begin || now->end != bnorm_min(then->end, leaves) ||
            now->node != then->node)
            return "rows changed nodes";
        if (now->groups != bnorm_min(then->groups, now->end - now->begin))
            return "other row groups than leaves leave";
    }
    return NULL;
}
