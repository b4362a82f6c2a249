/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "platform/topology.h"

#include <sched.h>
#include <unistd.h>
#ifdef HAVE_HWLOC
#include <hwloc.h>
#endif

static int count_cpus(void)
{
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0)
        return CPU_COUNT(&set);
    long online = sysconf(_SC_NPROCESSORS_ONLN);
    return online > 0 ? (int)online : 1;
}

static size_t ask_size(int name, size_t assumed)
{
    long size = sysconf(name);
    return size > 0 ? (size_t)size : assumed;
}

/* One node, a private L2 for each CPU, one last-level cache for all. */
static void assume_flat(bnorm_machine *machine)
{
    size_t l2 = 1 << 20, l3 = 0;
#ifdef _SC_LEVEL2_CACHE_SIZE
    l2 = ask_size(_SC_LEVEL2_CACHE_SIZE, l2);
    l3 = ask_size(_SC_LEVEL3_CACHE_SIZE, l3);
#endif
    machine->cpus = count_cpus();
    machine->nodes = 1;
    machine->l2 = l2;
    machine->llc = l3 ? l3 : l2;
    machine->l2_sharers = 1;
    machine->llc_sharers = l3 ? machine->cpus : 1;
    machine->flat = 1;
}

#ifdef HAVE_HWLOC
/* Size of the cache of this type above a CPU, and how many of the usable CPUs
 * share it; unchanged when there is none. */
static void find_cache(hwloc_topology_t topology, hwloc_const_cpuset_t usable,
                       hwloc_obj_type_t type, size_t *size, int *sharers)
{
    hwloc_obj_t cpu = hwloc_get_pu_obj_by_os_index(topology, hwloc_bitmap_first(usable));
    hwloc_obj_t cache = cpu ? hwloc_get_ancestor_obj_by_type(topology, type, cpu) : NULL;
    hwloc_bitmap_t shared = cache ? hwloc_bitmap_alloc() : NULL;
    if (!shared)
        return;
    hwloc_bitmap_and(shared, cache->cpuset, usable);
    *size = (size_t)cache->attr->cache.size;
    *sharers = hwloc_bitmap_weight(shared);
    hwloc_bitmap_free(shared);
}

static void read_hwloc(hwloc_topology_t topology, hwloc_bitmap_t usable, hwloc_bitmap_t nodes,
                       bnorm_machine *machine)
{
    if (hwloc_topology_load(topology) != 0)
        return;
    if (hwloc_get_cpubind(topology, usable, HWLOC_CPUBIND_PROCESS) != 0)
        hwloc_bitmap_copy(usable, hwloc_topology_get_allowed_cpuset(topology));
    hwloc_bitmap_and(usable, usable, hwloc_topology_get_allowed_cpuset(topology));
    int cpus = hwloc_bitmap_weight(usable);
    if (cpus <= 0)
        return;
    hwloc_cpuset_to_nodeset(topology, usable, nodes);
    machine->cpus = cpus;
    machine->nodes = hwloc_bitmap_weight(nodes) > 0 ? hwloc_bitmap_weight(nodes) : 1;
    find_cache(topology, usable, HWLOC_OBJ_L2CACHE, &machine->l2, &machine->l2_sharers);
    machine->llc = machine->l2;
    machine->llc_sharers = machine->l2_sharers;
    find_cache(topology, usable, HWLOC_OBJ_L3CACHE, &machine->llc, &machine->llc_sharers);
    machine->flat = 0;
}
#endif

void bnorm_topology_read(bnorm_machine *machine)
{
    assume_flat(machine);
#ifdef HAVE_HWLOC
    hwloc_topology_t topology;
    if (hwloc_topology_init(&topology) != 0)
        return;
    hwloc_bitmap_t usable = hwloc_bitmap_alloc(), nodes = hwloc_bitmap_alloc();
    if (usable && nodes)
        read_hwloc(topology, usable, nodes, machine);
    hwloc_bitmap_free(usable);
    hwloc_bitmap_free(nodes);
    hwloc_topology_destroy(topology);
#endif
}

size_t bnorm_topology_cache_share(const bnorm_machine *machine)
{
    size_t l2 = machine->l2 / (size_t)machine->l2_sharers;
    size_t llc = machine->llc / (size_t)machine->llc_sharers;
    return llc > l2 ? llc : l2;
}
