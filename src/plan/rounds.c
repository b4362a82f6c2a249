/* SPDX-License-Identifier: BSD-3-Clause */
/* Panels that threads share, a few at a time. */
#include "plan/rounds.h"

/* ---- how many share, and how many rounds that takes ------------------------------- */

/* Seats that have work where `groups` threads of a node share a panel; 0 where a node has too
 * few. */
static int64_t seats_at_work(const bnorm_division *d, int64_t groups)
{
    int64_t busy = 0;
    for (int k = 0; k < d->nodes; k++) {
        if (d->seats[k] > 0 && d->seats[k] < groups)
            return 0;
        busy += d->seats[k] / groups * groups;
    }
    return busy;
}

/* Threads that share a panel: d->sharing, or the number that gives most seats work if that is a
 * fifth more; 1 where a node has too few. */
static int64_t choose_sharing(const bnorm_division *d, int64_t most)
{
    const int64_t least = bnorm_max(d->sharing, 2);
    int64_t best = least, busy = least <= most ? seats_at_work(d, least) : 0;
    const int64_t enough = busy + busy / 5;
    if (busy == 0)
        return 1;
    for (int64_t groups = least + 1; groups <= most; groups++)
        if (seats_at_work(d, groups) > bnorm_max(busy, enough)) {
            busy = seats_at_work(d, groups);
            best = groups;
        }
    return best;
}

/* Panels of a node's shards before one of them, or of all of them. */
static int64_t panels_of(const bnorm_grid *grid, int node, int before)
{
    int64_t panels = 0;
    for (int i = 0; i < before; i++)
        if (grid->shards.shard[i].node == node)
            panels += bnorm_shard_length(&grid->shards.shard[i]);
    return panels;
}

/* So many that the threads of each node that has any have about one item in each. */
static int64_t count_rounds(const bnorm_grid *grid, const bnorm_division *d)
{
    int64_t abreast = 0, rounds = 1;
    for (int k = 0; k < d->nodes; k++) {
        const int64_t here = d->seats[k] / grid->row_groups;
        const int64_t panels = panels_of(grid, k, grid->shards.count);
        abreast += here;
        if (here > 0)
            rounds = bnorm_max(rounds, bnorm_ceil_div(panels, here));
    }
    return bnorm_max(rounds, bnorm_ceil_div(grid->col_blocks, abreast));
}

void bnorm_grid_share(bnorm_grid *grid, const bnorm_division *division, int64_t most_groups)
{
    grid->row_groups = choose_sharing(division, most_groups);
    if (grid->row_groups > 1)
        grid->rounds = count_rounds(grid, division);
}

/* ---- which panels are in a round ---------------------------------------------------- */

/* Panels of a node that are at work at once. */
static int64_t at_once(const bnorm_grid *grid, int node)
{
    return bnorm_ceil_div(panels_of(grid, node, grid->shards.count), grid->rounds);
}

/* A panel as its node counts them. */
typedef struct {
    int node;
    int64_t number, at_once;
} count;

static count count_of(const bnorm_grid *grid, int64_t block)
{
    int i = 0;
    while (block >= grid->shards.shard[i].end)
        i++;
    const int node = grid->shards.shard[i].node;
    return (count){node, panels_of(grid, node, i) + block - grid->shards.shard[i].begin,
                   at_once(grid, node)};
}

bnorm_grid bnorm_grid_round(const bnorm_grid *grid, int64_t round)
{
    bnorm_grid part = *grid;
    part.rounds = 1;
    part.col_blocks = 0;
    for (int i = 0; i < part.shards.count; i++) {
        const bnorm_shard all = grid->shards.shard[i];
        bnorm_shard *some = &part.shards.shard[i];
        const int64_t few = at_once(grid, all.node), length = bnorm_shard_length(&all);
        const int64_t begin = round * few - panels_of(grid, all.node, i);
        some->begin = all.begin + bnorm_clamp(begin, 0, length);
        some->end = all.begin + bnorm_clamp(begin + few, 0, length);
        part.col_blocks += bnorm_shard_length(some);
    }
    bnorm_grid_number(&part);
    return part;
}

bnorm_grid bnorm_grid_round_of(const bnorm_grid *grid, int64_t *item)
{
    if (grid->rounds <= 1)
        return *grid;
    const bnorm_place place = bnorm_grid_item(grid, *item);
    const count panel = count_of(grid, place.block);
    const bnorm_grid part = bnorm_grid_round(grid, panel.number / panel.at_once);
    *item = part.first[bnorm_max(panel.node, 0)] +
            panel.number % panel.at_once * part.row_groups + place.group;
    return part;
}

int64_t bnorm_grid_next(const bnorm_grid *grid, int64_t block)
{
    const count panel = count_of(grid, block);
    int64_t number = panel.number + panel.at_once;
    for (int i = 0; i < grid->shards.count; i++) {
        const bnorm_shard *shard = &grid->shards.shard[i];
        if (shard->node != panel.node)
            continue;
        if (number < bnorm_shard_length(shard))
            return shard->begin + number;
        number -= bnorm_shard_length(shard);
    }
    return -1;
}

/* ---- where panels at work keep what they have ---------------------------------------- */

int64_t bnorm_grid_slots(const bnorm_grid *grid)
{
    int64_t sum = 0;
    if (grid->rounds <= 1)
        return grid->col_blocks;
    for (int node = BNORM_ANY_NODE; node < BNORM_MOST_NODES; node++)
        sum += at_once(grid, node);
    return 2 * sum;
}

int64_t bnorm_grid_slot(const bnorm_grid *grid, int64_t block)
{
    if (grid->rounds <= 1)
        return block;
    const count panel = count_of(grid, block);
    int64_t before = 0;
    for (int node = BNORM_ANY_NODE; node < panel.node; node++)
        before += at_once(grid, node);
    return 2 * before + panel.number % (2 * panel.at_once);
}
