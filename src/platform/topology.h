/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine as this process may use it; the only user of hwloc. */
#ifndef BNORM_PLATFORM_TOPOLOGY_H
#define BNORM_PLATFORM_TOPOLOGY_H

#include <stddef.h>

typedef struct {
    int cpus;         /* logical CPUs in this process's affinity mask */
    int nodes;        /* NUMA nodes those CPUs belong to */
    size_t l2;        /* bytes of one second-level cache */
    size_t llc;       /* bytes of one last-level cache */
    int l2_sharers;   /* usable CPUs that share one */
    int llc_sharers;
    int flat;         /* no hwloc: one node, cache sizes from the system or assumed */
} bnorm_machine;

/* Never fails: what cannot be found out is assumed. */
void bnorm_topology_read(bnorm_machine *machine);

/* What a thread can keep in cache to itself: its part of L2 or of the last level,
 * whichever is more. */
size_t bnorm_topology_cache_share(const bnorm_machine *machine);

#endif
