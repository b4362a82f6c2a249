/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Seats: which CPU each thread of a full team is planned to run on, node by node.
 * Shares: what each thread of the team that there really is takes of a list of
 * items that live on nodes.
 *
 * Two nodes with 2 CPUs each, items 0..5 on node 0 and 6..7 on node 1:
 *
 *   team of 4:  shares 0..2  3..5 | 6  7      each node's items to its own threads
 *   team of 3:  shares 0..2  3..5 | 6..7
 *   team of 1:  share  0..7
 */
#ifndef BNORM_PLATFORM_SEATS_H
#define BNORM_PLATFORM_SEATS_H

#include "base/range.h"
#include "platform/topology.h"

typedef struct {
    const bnorm_machine *machine;
    bnorm_binding binding;
    int threads;
    int nodes;                   /* of the machine */
    int count[BNORM_MOST_NODES]; /* seats on each */
    int *cpu;                    /* [threads]: index into machine->cpu, rising */
} bnorm_seats;

/* Seats for `threads` threads.  0, or -1 when out of memory.  The machine must
 * outlive them.  More threads than CPUs: CPUs are taken again, in turns. */
int bnorm_seats_choose(bnorm_seats *seats, const bnorm_machine *machine, int threads,
                       bnorm_binding binding);
void bnorm_seats_free(bnorm_seats *seats);

/* Node (index) of a seat. */
int bnorm_seats_node(const bnorm_seats *seats, int seat);

/* The first share of each node, share[nodes] = team: how many of a team of `team`
 * threads (1 .. threads) work for each node.  In proportion to seats among nodes
 * that have items (first[k] < first[k+1]), at least one for each of those, and no
 * more than it has items, of which there are `team` or more in all; with fewer
 * threads than such nodes all shares are node 0's, and item ranges
 * know no nodes. */
void bnorm_seats_shares(const bnorm_seats *seats, const int64_t *first, int team, int *share);

/* The items of one share of the team: first[k] .. first[k+1]-1 live on node k. */
bnorm_range bnorm_seats_items(const bnorm_seats *seats, const int64_t *first, const int *shares,
                              int team, int share);

/* The seat that a share is planned for: one of its node, if that has any.  first
 * NULL: items that live nowhere. */
int bnorm_seats_seat(const bnorm_seats *seats, const int64_t *first, const int *shares, int team,
                     int share);

#endif
