/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/topology_hwloc.h"

#include <errno.h>

#include "base/status.h"

/* hwloc prints nothing about descriptions that it can't read.  It does, once in a
 * process and unless HWLOC_HIDE_ERRORS=2, about an XML file whose objects are out of
 * order (lstopo writes none), and where the system contradicts itself about this
 * machine; that is the user's environment to change, not a library's. */
#ifdef HAVE_HWLOC
#include <hwloc.h>

#include "platform/memory.h"

/* What is needed only while a machine is read.  Objects of hwloc are named by
 * their logical indices. */
typedef struct {
    hwloc_topology_t topology;
    hwloc_bitmap_t usable;
    int pus, numas, kinds;
    int *home;    /* [pus]: the NUMA node of each PU */
    int *index;   /* [numas]: into machine->node, or -1 */
    int *pu;      /* [machine->cpus]: the PU of each CPU */
    int *core, *package, *siblings, *kind; /* tables to number with, zero */
    int *memory;  /* the block that holds them all */
} survey;

static bnorm_status no_memory(void)
{
    return bnorm_fail(BNORM_ERR_MEMORY, "no memory for a description of the machine");
}

/* ---- nodes ------------------------------------------------------------------- */

/* The NUMA node that a child for memory is, or that it caches. */
static hwloc_obj_t numa_of(hwloc_obj_t memory)
{
    while (memory && memory->type != HWLOC_OBJ_NUMANODE)
        memory = memory->memory_first_child;
    return memory;
}

/* A cpuset may leave out the memory of nodes whose CPUs are ours. */
static int has_memory(hwloc_topology_t topology, hwloc_obj_t numa)
{
    return numa->attr->numanode.local_memory > 0 &&
           hwloc_bitmap_isset(hwloc_topology_get_allowed_nodeset(topology), numa->os_index);
}

/* The closest node whose CPUs include this one; of several that are as close (fast
 * and slow memory of the same CPUs) the first with memory, else the first.  None at
 * all, where the system does not tell: a node near it, else the first. */
static hwloc_obj_t find_home(hwloc_topology_t topology, hwloc_obj_t pu)
{
    for (hwloc_obj_t above = pu; above; above = above->parent) {
        hwloc_obj_t found = NULL;
        for (hwloc_obj_t child = above->memory_first_child; child; child = child->next_sibling) {
            hwloc_obj_t numa = numa_of(child);
            if (!numa || !hwloc_bitmap_isset(numa->cpuset, pu->os_index))
                continue;
            if (!found || (!has_memory(topology, found) && has_memory(topology, numa)))
                found = numa;
        }
        if (found)
            return found;
    }
    hwloc_obj_t numa = NULL;
    while ((numa = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, numa)))
        if (pu->nodeset && hwloc_bitmap_isset(pu->nodeset, numa->os_index))
            return numa;
    return hwloc_get_obj_by_type(topology, HWLOC_OBJ_NUMANODE, 0);
}

/* The nearest node with memory; the first where distances are not known; the node
 * itself where none has any, as sizes are not known then. */
static hwloc_obj_t nearest_memory(hwloc_topology_t topology, hwloc_obj_t from)
{
    struct hwloc_distances_s *latency = NULL;
    unsigned matrices = 1;
    hwloc_uint64_t least = 0;
    hwloc_obj_t numa = NULL, first = NULL, nearest = NULL;

    if (has_memory(topology, from))
        return from;
    if (hwloc_distances_get_by_type(topology, HWLOC_OBJ_NUMANODE, &matrices, &latency,
                                    HWLOC_DISTANCES_KIND_MEANS_LATENCY, 0) != 0 ||
        matrices == 0)
        latency = NULL;
    while ((numa = hwloc_get_next_obj_by_type(topology, HWLOC_OBJ_NUMANODE, numa))) {
        hwloc_uint64_t there, back;
        if (!has_memory(topology, numa))
            continue;
        first = first ? first : numa;
        if (latency && hwloc_distances_obj_pair_values(latency, from, numa, &there, &back) == 0 &&
            (!nearest || there < least)) {
            nearest = numa;
            least = there;
        }
    }
    if (latency)
        hwloc_distances_release(topology, latency);
    return nearest ? nearest : first ? first : from;
}

/* Nodes with usable CPUs, in logical order, and how many each has.  Beyond the
 * last that plans tell apart, the last takes them. */
static void number_nodes(survey *s, bnorm_machine *machine)
{
    for (int i = 0; i < s->numas; i++)
        s->index[i] = -1;
    for (int i = 0; i < s->pus; i++) {
        hwloc_obj_t pu = hwloc_get_obj_by_type(s->topology, HWLOC_OBJ_PU, (unsigned)i);
        s->home[i] = (int)find_home(s->topology, pu)->logical_index;
        if (hwloc_bitmap_isset(s->usable, pu->os_index))
            s->index[s->home[i]] = 0;
    }
    for (int i = 0; i < s->numas; i++) {
        if (s->index[i] < 0)
            continue;
        if (machine->nodes < BNORM_MOST_NODES)
            machine->nodes++;
        s->index[i] = machine->nodes - 1;
    }
}

static void describe_nodes(const survey *s, bnorm_machine *machine)
{
    for (int i = s->numas - 1; i >= 0; i--) {
        if (s->index[i] < 0)
            continue;
        hwloc_obj_t numa = hwloc_get_obj_by_type(s->topology, HWLOC_OBJ_NUMANODE, (unsigned)i);
        bnorm_numa_node *node = &machine->node[s->index[i]];
        node->os_index = (int)numa->os_index;
        node->memory = (int)nearest_memory(s->topology, numa)->os_index;
        if (has_memory(s->topology, numa))
            node->bytes += (double)numa->attr->numanode.local_memory;
    }
}

/* ---- CPUs -------------------------------------------------------------------- */

/* CPUs node by node, within a node in logical order. */
static void order_cpus(const survey *s, bnorm_machine *machine)
{
    int cpus = 0;
    for (int k = 0; k < machine->nodes; k++) {
        machine->node[k].first_cpu = cpus;
        for (int i = 0; i < s->pus; i++) {
            hwloc_obj_t pu = hwloc_get_obj_by_type(s->topology, HWLOC_OBJ_PU, (unsigned)i);
            if (s->index[s->home[i]] != k || !hwloc_bitmap_isset(s->usable, pu->os_index))
                continue;
            machine->cpu[cpus].os_index = (int)pu->os_index;
            machine->cpu[cpus].node = k;
            s->pu[cpus++] = i;
        }
        machine->node[k].cpus = cpus - machine->node[k].first_cpu;
    }
}

/* The number of what hwloc calls `key`: what is seen first is 0. */
static int number(int *table, int key, int *count)
{
    if (!table[key])
        table[key] = ++*count;
    return table[key] - 1;
}

/* What hwloc calls the object of this type that a PU is part of; otherwise a PU
 * is `alone`. */
static int key_of(const survey *s, hwloc_obj_t pu, hwloc_obj_type_t type, int alone)
{
    hwloc_obj_t object = hwloc_get_ancestor_obj_by_type(s->topology, type, pu);
    return object ? (int)object->logical_index
                  : hwloc_get_nbobjs_by_type(s->topology, type) + alone;
}

static void describe_cpus(const survey *s, bnorm_machine *machine)
{
    for (int i = 0; i < machine->cpus; i++) {
        bnorm_cpu *cpu = &machine->cpu[i];
        hwloc_obj_t pu = hwloc_get_obj_by_type(s->topology, HWLOC_OBJ_PU, (unsigned)s->pu[i]);
        int kind = s->kinds ? hwloc_cpukinds_get_by_cpuset(s->topology, pu->cpuset, 0) : 0;
        cpu->package = number(s->package, key_of(s, pu, HWLOC_OBJ_PACKAGE, 0),
                              &machine->packages);
        cpu->core = number(s->core, key_of(s, pu, HWLOC_OBJ_CORE, s->pu[i]), &machine->cores);
        cpu->sibling = s->siblings[cpu->core]++;
        cpu->kind = kind < 0 ? 0 : kind;
        s->kind[cpu->kind] = 1;
    }
    /* The kinds there are, in hwloc's order: rising efficiency class. */
    for (int k = 0; k <= s->kinds; k++)
        s->kind[k] = s->kind[k] ? machine->kinds++ : 0;
    for (int i = 0; i < machine->cpus; i++)
        machine->cpu[i].kind = s->kind[machine->cpu[i].kind];
}

/* Size of the cache of this type above a CPU, and how many of the usable CPUs
 * share it; unchanged when there is none. */
static void find_cache(const survey *s, hwloc_obj_type_t type, size_t *size, int *sharers)
{
    hwloc_obj_t cpu = hwloc_get_pu_obj_by_os_index(s->topology,
                                                   (unsigned)hwloc_bitmap_first(s->usable));
    hwloc_obj_t cache = cpu ? hwloc_get_ancestor_obj_by_type(s->topology, type, cpu) : NULL;
    int shared = 0;
    if (!cache || cache->attr->cache.size == 0)
        return;
    for (int i = hwloc_bitmap_first(s->usable); i >= 0; i = hwloc_bitmap_next(s->usable, i))
        shared += hwloc_bitmap_isset(cache->cpuset, (unsigned)i);
    *size = (size_t)cache->attr->cache.size;
    *sharers = shared;
}

/* ---- reading ----------------------------------------------------------------- */

/* A thread may come to run on any CPU that there is. */
static int note_nodes(const survey *s, bnorm_machine *machine)
{
    machine->os_cpus = hwloc_bitmap_last(hwloc_topology_get_topology_cpuset(s->topology)) + 1;
    machine->node_at = bnorm_memory_get(sizeof *machine->node_at * (size_t)machine->os_cpus);
    if (!machine->node_at)
        return -1;
    for (int i = 0; i < machine->os_cpus; i++)
        machine->node_at[i] = -1;
    for (int i = 0; i < s->pus; i++) {
        hwloc_obj_t pu = hwloc_get_obj_by_type(s->topology, HWLOC_OBJ_PU, (unsigned)i);
        machine->node_at[pu->os_index] = s->index[s->home[i]];
    }
    return 0;
}

/* Fill s->usable: for this machine what the process may use, its mask or what
 * OpenMP's places have of it.  0: there is none. */
static int find_usable(const survey *s, int foreign, const bnorm_affinity *places)
{
    hwloc_const_bitmap_t allowed = hwloc_topology_get_allowed_cpuset(s->topology);
    if (foreign || hwloc_get_cpubind(s->topology, s->usable, HWLOC_CPUBIND_PROCESS) != 0)
        hwloc_bitmap_copy(s->usable, allowed);
    for (int cpu = 0; places && !foreign && cpu < BNORM_BINDING_CPUS; cpu++)
        if (bnorm_affinity_has(places, cpu))
            hwloc_bitmap_set(s->usable, (unsigned)cpu);
    hwloc_bitmap_and(s->usable, s->usable, allowed);
    return hwloc_bitmap_weight(s->usable);
}

static int allocate_tables(survey *s, int cpus)
{
    const int cores = hwloc_get_nbobjs_by_type(s->topology, HWLOC_OBJ_CORE) + s->pus;
    const int packages = hwloc_get_nbobjs_by_type(s->topology, HWLOC_OBJ_PACKAGE) + 1;
    s->memory = bnorm_memory_get(sizeof(int) * ((size_t)s->pus + (size_t)s->numas +
                                                2 * (size_t)cpus + (size_t)cores +
                                                (size_t)packages + (size_t)s->kinds + 1));
    if (!s->memory)
        return -1;
    s->home = s->memory;
    s->index = s->home + s->pus;
    s->pu = s->index + s->numas;
    s->siblings = s->pu + cpus;
    s->core = s->siblings + cpus;
    s->package = s->core + cores;
    s->kind = s->package + packages;
    return 0;
}

static bnorm_status read_loaded(survey *s, bnorm_machine *machine)
{
    machine->cpus = hwloc_bitmap_weight(s->usable);
    machine->memory_nodes = s->numas;
    if (allocate_tables(s, machine->cpus) != 0)
        return no_memory();
    number_nodes(s, machine);
    machine->cpu = bnorm_memory_get(sizeof *machine->cpu * (size_t)machine->cpus);
    machine->node = bnorm_memory_get(sizeof *machine->node * (size_t)machine->nodes);
    if (!machine->cpu || !machine->node || (!machine->foreign && note_nodes(s, machine) != 0))
        return no_memory();
    describe_nodes(s, machine);
    order_cpus(s, machine);
    describe_cpus(s, machine);
    int cores_cpus; /* that share an L1, whose size alone matters */
    find_cache(s, HWLOC_OBJ_L1CACHE, &machine->l1, &cores_cpus);
    find_cache(s, HWLOC_OBJ_L2CACHE, &machine->l2, &machine->l2_sharers);
    machine->llc = machine->l2;
    machine->llc_sharers = machine->l2_sharers;
    find_cache(s, HWLOC_OBJ_L3CACHE, &machine->llc, &machine->llc_sharers);
    return BNORM_OK;
}

static bnorm_status refuse(const char *option, const char *value, const char *expected)
{
    if (errno == ENOMEM)
        return no_memory();
    return bnorm_fail(BNORM_ERR_ARGUMENT, "options.%s is \"%.100s\"; expected %s", option, value,
                      expected);
}

static bnorm_status refuse_foreign(const char *synthetic, const char *xml)
{
    return synthetic ? refuse("synthetic", synthetic,
                              "a machine down to its CPUs, like \"numa:4 core:16 pu:2\"")
                     : refuse("xml", xml, "a file that hwloc's lstopo wrote");
}

bnorm_status bnorm_hwloc_read(bnorm_machine *machine, const char *synthetic, const char *xml,
                              const bnorm_affinity *places)
{
    survey s = {0};
    bnorm_status status = BNORM_OK;
    hwloc_topology_t topology;

    if (hwloc_topology_init(&topology) != 0)
        return no_memory();
    machine->hwloc = s.topology = topology;
    errno = 0;
    if ((synthetic && hwloc_topology_set_synthetic(topology, synthetic) != 0) ||
        (xml && hwloc_topology_set_xml(topology, xml) != 0))
        return refuse_foreign(synthetic, xml);
    /* Otherwise hwloc would not say on which node a CPU is whose memory is not ours. */
    if (!machine->foreign)
        hwloc_topology_set_flags(topology, HWLOC_TOPOLOGY_FLAG_INCLUDE_DISALLOWED);
    int unread = hwloc_topology_load(topology);
    if (unread && machine->foreign)
        return refuse_foreign(synthetic, xml);
    if (unread && errno == ENOMEM)
        return no_memory();
    s.usable = hwloc_bitmap_alloc();
    if (!s.usable)
        return no_memory();
    /* The environment may have told hwloc to look at another machine. */
    if (!unread && (machine->foreign || hwloc_topology_is_thissystem(topology)) &&
        find_usable(&s, machine->foreign, places) > 0) {
        s.pus = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_PU);
        s.numas = hwloc_get_nbobjs_by_type(topology, HWLOC_OBJ_NUMANODE);
        s.kinds = hwloc_cpukinds_get_nr(topology, 0);
        s.kinds = s.kinds < 0 ? 0 : s.kinds;
    }
    if (s.pus > 0 && s.numas > 0)
        status = read_loaded(&s, machine);
    else if (machine->foreign)
        status = refuse_foreign(synthetic, xml);
    if (!machine->cpus) {
        bnorm_hwloc_free(topology);
        machine->hwloc = NULL;
    }
    bnorm_memory_put(s.memory);
    hwloc_bitmap_free(s.usable);
    return status;
}

void bnorm_hwloc_free(void *topology)
{
    if (topology)
        hwloc_topology_destroy(topology);
}

int bnorm_hwloc_place(void *topology, void *start, size_t bytes, int os_index, int migrate)
{
    const struct hwloc_topology_support *support = hwloc_topology_get_support(topology);
    const int flags = HWLOC_MEMBIND_BYNODESET | (migrate ? HWLOC_MEMBIND_MIGRATE : 0);
    if (!support->membind->set_area_membind || !support->membind->bind_membind ||
        (migrate && !support->membind->migrate_membind))
        return ENOSYS;
    hwloc_bitmap_t nodes = hwloc_bitmap_alloc();
    if (!nodes)
        return ENOMEM;
    /* Never strictly: a process that is bound to a full node is killed. */
    int error = hwloc_bitmap_only(nodes, (unsigned)os_index) != 0 ||
                        hwloc_set_area_membind(topology, start, bytes, nodes,
                                               HWLOC_MEMBIND_BIND, flags) != 0
                    ? errno
                    : 0;
    hwloc_bitmap_free(nodes);
    return error;
}

#else

bnorm_status bnorm_hwloc_read(bnorm_machine *machine, const char *synthetic, const char *xml,
                              const bnorm_affinity *places)
{
    (void)places;
    if (!machine->foreign)
        return BNORM_OK;
    return bnorm_fail(BNORM_ERR_UNSUPPORTED,
                      "options.%s is \"%.100s\", but this library was built without hwloc",
                      synthetic ? "synthetic" : "xml", synthetic ? synthetic : xml);
}

void bnorm_hwloc_free(void *topology)
{
    (void)topology;
}

int bnorm_hwloc_place(void *topology, void *start, size_t bytes, int os_index, int migrate)
{
    (void)topology, (void)start, (void)bytes, (void)os_index, (void)migrate;
    return ENOSYS;
}

#endif
