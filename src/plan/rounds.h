/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Panels that threads share.  Where two panels do not fit in a thread's share of cache, parts of
 * them may: each panel's rows are divided among threads of its node, and the team goes through
 * the panels in rounds, a few at a time.
 *
 * 2 threads, 4 panels of 2 row groups, which are items 0 to 7: round 0 is items 0 and 1, round 1
 * items 2 and 3, and so on; each thread has the same rows in all.
 */
#ifndef BNORM_PLAN_ROUNDS_H
#define BNORM_PLAN_ROUNDS_H

#include "plan/partition.h"

/* Divide the rows of a grid of panels into at least division->sharing groups, at most
 * most_groups, and set its rounds; leave it whole where some node has too few threads. */
void bnorm_grid_share(bnorm_grid *grid, const bnorm_division *division, int64_t most_groups);

/* The items of a round (from 0 up) as a grid of their own, which says where they are and no more:
 * all groups of as many panels of each node in each round, as far as there are. */
bnorm_grid bnorm_grid_round(const bnorm_grid *grid, int64_t round);

/* The round that has an item of the grid, which becomes an item of the round. */
bnorm_grid bnorm_grid_round_of(const bnorm_grid *grid, int64_t *item);

/* The panel that takes this one's place in the next round; -1: none. */
int64_t bnorm_grid_next(const bnorm_grid *grid, int64_t block);

/* A panel is at work in two rounds: it is reduced in one, applied in the next.  Panels that are at
 * work at once have different slots, of so many.  Not shared, each block has its own. */
int64_t bnorm_grid_slots(const bnorm_grid *grid);
int64_t bnorm_grid_slot(const bnorm_grid *grid, int64_t block);

#endif
