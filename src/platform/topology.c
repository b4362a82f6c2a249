/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "platform/topology.h"

#include <errno.h>
#include <sched.h>
#include <unistd.h>

#include "base/status.h"
#include "platform/memory.h"
#include "platform/topology_hwloc.h"

static size_t ask_size(int name, size_t assumed)
{
    long size = sysconf(name);
    return size > 0 ? (size_t)size : assumed;
}

/* A private L1 and L2 for each CPU, and nothing beyond. */
static void assume_caches(bnorm_machine *machine)
{
    machine->l1 = 32 << 10;
    machine->l2 = 1 << 20;
#ifdef _SC_LEVEL1_DCACHE_SIZE
    if (!machine->foreign)
        machine->l1 = ask_size(_SC_LEVEL1_DCACHE_SIZE, machine->l1);
#endif
#ifdef _SC_LEVEL2_CACHE_SIZE
    if (!machine->foreign)
        machine->l2 = ask_size(_SC_LEVEL2_CACHE_SIZE, machine->l2);
#endif
    machine->llc = machine->l2;
    machine->l2_sharers = machine->llc_sharers = 1;
}

/* The CPUs in the affinity mask and OpenMP's places, or as many as there are, on one
 * node; each is a core, and they share the last-level cache. */
static bnorm_status read_flat(bnorm_machine *machine, const bnorm_affinity *places)
{
    bnorm_affinity ours = {{0}};
    int cpus = 0;
    int known = sched_getaffinity(0, sizeof ours.mask, (cpu_set_t *)ours.mask) == 0;
    for (int os = 0; known && os < BNORM_BINDING_CPUS; os++) {
        if (places && bnorm_affinity_has(places, os))
            bnorm_affinity_add(&ours, os);
        cpus += bnorm_affinity_has(&ours, os);
    }
    if (cpus == 0) {
        long online = sysconf(_SC_NPROCESSORS_ONLN);
        known = 0;
        cpus = online > 0 ? (int)online : 1;
    }
    machine->flat = 1;
    machine->cpus = machine->cores = cpus;
    machine->packages = machine->kinds = machine->nodes = machine->memory_nodes = 1;
#ifdef _SC_LEVEL3_CACHE_SIZE
    size_t l3 = ask_size(_SC_LEVEL3_CACHE_SIZE, 0);
    machine->llc = l3 ? l3 : machine->l2;
    machine->llc_sharers = l3 ? cpus : 1;
#endif
    machine->cpu = bnorm_memory_get(sizeof *machine->cpu * (size_t)cpus);
    machine->node = bnorm_memory_get(sizeof *machine->node);
    if (!machine->cpu || !machine->node)
        return bnorm_fail(BNORM_ERR_MEMORY, "no memory for a machine of %d CPUs", cpus);
    machine->node->cpus = cpus;
    for (int i = 0, os = 0; i < cpus; i++, os++) {
        while (known && !bnorm_affinity_has(&ours, os))
            os++;
        machine->cpu[i].os_index = os;
        machine->cpu[i].core = i;
    }
    return BNORM_OK;
}

bnorm_status bnorm_topology_read(bnorm_machine *machine, const char *synthetic, const char *xml,
                                 const bnorm_affinity *places)
{
    *machine = (bnorm_machine){.foreign = synthetic || xml};
    if (synthetic && xml)
        return bnorm_fail(BNORM_ERR_ARGUMENT,
                          "options.synthetic is \"%.80s\" and options.xml is \"%.80s\"; "
                          "expected one of them at most",
                          synthetic, xml);
    assume_caches(machine);
    bnorm_status status = bnorm_hwloc_read(machine, synthetic, xml, places);
    if (status == BNORM_OK && !machine->hwloc)
        status = read_flat(machine, places);
    if (status != BNORM_OK)
        bnorm_topology_free(machine);
    return status;
}

void bnorm_topology_free(bnorm_machine *machine)
{
    bnorm_memory_put(machine->cpu);
    bnorm_memory_put(machine->node);
    bnorm_memory_put(machine->node_at);
    bnorm_hwloc_free(machine->hwloc);
    *machine = (bnorm_machine){0};
}

size_t bnorm_topology_cache_share(const bnorm_machine *machine)
{
    size_t l2 = machine->l2 / (size_t)machine->l2_sharers;
    size_t llc = machine->llc / (size_t)machine->llc_sharers;
    return llc > l2 ? llc : l2;
}

int bnorm_topology_here(const bnorm_machine *machine)
{
    if (machine->foreign || machine->flat)
        return machine->foreign ? -1 : 0;
    int cpu = sched_getcpu();
    return cpu >= 0 && cpu < machine->os_cpus ? machine->node_at[cpu] : -1;
}

int bnorm_topology_place(const bnorm_machine *machine, void *start, size_t bytes, int node,
                         int migrate)
{
    if (machine->foreign)
        return ENOSYS;
    if (node < 0 || node >= machine->nodes)
        return EINVAL;
    if (machine->memory_nodes == 1)
        return 0;
    return bnorm_hwloc_place(machine->hwloc, start, bytes, machine->node[node].memory, migrate);
}
