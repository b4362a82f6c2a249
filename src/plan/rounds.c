/* SPDX-License-Identifier: BSD-3-Clause */
/* Panels that threads share, a few at a time. */
#include "plan/rounds.h"

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

/* Threads that share a panel: at least d->sharing, so that as many as possible have work; 1
 * where a node has too few. */
static int64_t choose_sharing(const bnorm_division *d, int64_t most)
{
    int64_t best = 1, busy = 0;
    for (int64_t groups = bnorm_max(d->sharing, 2); groups <= most; groups++)
        if (seats_at_work(d, groups) > busy) {
            busy = seats_at_work(d, groups);
            best = groups;
        }
    return best;
}

/* So many that each node's threads have about one item in each. */
static int64_t count_rounds(const bnorm_grid *grid, const bnorm_division *d)
{
    const bnorm_shards *shards = &grid->shards;
    int64_t panels[BNORM_MOST_NODES] = {0}, abreast = 0, rounds = 1;
    for (int k = 0; k < d->nodes; k++)
        abreast += d->seats[k] / grid->row_groups;
    if (shards->shard[0].node == BNORM_ANY_NODE)
        return bnorm_ceil_div(grid->col_blocks, abreast);
    for (int i = 0; i < shards->count; i++)
        panels[shards->shard[i].node] += bnorm_shard_length(&shards->shard[i]);
    for (int k = 0; k < d->nodes; k++)
        rounds = bnorm_max(rounds, bnorm_ceil_div(
                                       panels[k], bnorm_max(d->seats[k] / grid->row_groups, 1)));
    return rounds;
}

void bnorm_grid_share(bnorm_grid *grid, const bnorm_division *division, int64_t most_groups)
{
    grid->row_groups = choose_sharing(division, most_groups);
    if (grid->row_groups > 1)
        grid->rounds = count_rounds(grid, division);
}

/* Panels of the shard in one round. */
static int64_t abreast(const bnorm_grid *grid, const bnorm_shard *shard)
{
    return bnorm_ceil_div(bnorm_shard_length(shard), grid->rounds);
}

bnorm_grid bnorm_grid_round(const bnorm_grid *grid, int64_t round)
{
    bnorm_grid part = *grid;
    part.rounds = 1;
    part.col_blocks = 0;
    for (int i = 0; i < part.shards.count; i++) {
        bnorm_shard *shard = &part.shards.shard[i];
        const int64_t count = abreast(grid, shard);
        shard->begin = bnorm_min(shard->begin + round * count, shard->end);
        shard->end = bnorm_min(shard->begin + count, shard->end);
        part.col_blocks += bnorm_shard_length(shard);
    }
    bnorm_grid_number(&part);
    return part;
}

static const bnorm_shard *shard_of(const bnorm_grid *grid, int64_t block)
{
    const bnorm_shard *shard = grid->shards.shard, *end = shard + grid->shards.count;
    while (shard < end && (block < shard->begin || block >= shard->end))
        shard++;
    return shard < end ? shard : NULL;
}

bnorm_grid bnorm_grid_round_of(const bnorm_grid *grid, int64_t *item)
{
    const bnorm_place place = bnorm_grid_item(grid, *item);
    const bnorm_shard *shard = shard_of(grid, place.block);
    if (grid->rounds <= 1 || !shard)
        return *grid;
    const bnorm_grid part =
        bnorm_grid_round(grid, (place.block - shard->begin) / abreast(grid, shard));
    int64_t panels = 0; /* of the node, before this one */
    for (const bnorm_shard *s = part.shards.shard; place.block >= s->end; s++)
        panels += s->node == place.node ? bnorm_shard_length(s) : 0;
    panels += place.block - shard_of(&part, place.block)->begin;
    *item = part.first[bnorm_max(place.node, 0)] + panels * part.row_groups + place.group;
    return part;
}

int64_t bnorm_grid_next(const bnorm_grid *grid, int64_t block)
{
    const bnorm_shard *shard = shard_of(grid, block);
    const int64_t next = shard ? block + abreast(grid, shard) : -1;
    return shard && next < shard->end ? next : -1;
}
