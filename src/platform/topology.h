/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine as this process may use it; the only user of hwloc. */
#ifndef BNORM_PLATFORM_TOPOLOGY_H
#define BNORM_PLATFORM_TOPOLOGY_H

#include <stddef.h>

#include "bnorm.h"
#include "platform/binding.h"

typedef struct {     /* a logical CPU in this process's affinity mask, or in a place
                        that OpenMP binds its threads to */
    int os_index;
    int package, core, sibling, kind; /* as in bnorm_cpu_info */
    int node;        /* index into machine.node */
} bnorm_cpu;

typedef struct {     /* a NUMA node with such CPUs */
    int os_index;
    int memory;      /* os_index of the node to place memory on: itself, or the
                        nearest with memory */
    int first_cpu, cpus; /* its part of machine.cpu */
    double bytes;    /* local memory; 0: none, or unknown */
} bnorm_numa_node;

typedef struct {
    int cpus, cores, packages, kinds;
    int nodes;        /* 1 .. BNORM_MOST_NODES; of more, the last takes the rest */
    int memory_nodes; /* NUMA nodes in all, those without CPUs of ours, too */
    size_t l1;        /* bytes of one first-level data cache */
    size_t l2;        /* bytes of one second-level cache */
    size_t llc;       /* bytes of one last-level cache */
    int l2_sharers;   /* usable CPUs that share one */
    int llc_sharers;
    int flat;         /* no hwloc: one node, cache sizes from the system or assumed */
    int foreign;      /* described, not here: for planning only */
    bnorm_cpu *cpu;   /* [cpus] in topology order, node by node */
    bnorm_numa_node *node; /* [nodes] */
    int *node_at;     /* [os_cpus]: by a CPU's os_index, the node it is on; -1: none
                         of ours.  CPUs that are not ours, too; NULL when flat */
    int os_cpus;
    void *hwloc;      /* the loaded topology; NULL: none */
} bnorm_machine;

/* This machine, or the one that a synthetic description or an XML file describes
 * (at most one of them).  ARGUMENT: it can't be read; UNSUPPORTED: no hwloc to
 * read it with; MEMORY.  places, or NULL: CPUs that OpenMP binds threads to, which this
 * process may use though its own mask has one of them.  This machine fails for want of
 * memory only: what cannot be found out is assumed. */
bnorm_status bnorm_topology_read(bnorm_machine *machine, const char *synthetic, const char *xml,
                                 const bnorm_affinity *places);
void bnorm_topology_free(bnorm_machine *machine);

/* What a thread can keep in cache to itself: its part of L2 or of the last level,
 * whichever is more. */
size_t bnorm_topology_cache_share(const bnorm_machine *machine);

/* Index of the node that the calling thread runs on now; -1: none of ours. */
int bnorm_topology_here(const bnorm_machine *machine);

/* Ask for whole pages from start on to be on that node (index): those not yet
 * touched, or with migrate all of them.  Another node serves where that one is
 * full.  0, or errno. */
int bnorm_topology_place(const bnorm_machine *machine, void *start, size_t bytes, int node,
                         int migrate);

#endif
