/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The library on a machine of several NUMA nodes: where memory lies and threads run,
 * against the plan and against what the system says.  `make check-numa` runs this on
 * emulated machines; it can be run on a real one, too.
 *
 * BNORM_TEST_NODES, BNORM_TEST_CPUS: how many nodes with usable CPUs, and how many of those
 * CPUs, there must be.
 */
#define _GNU_SOURCE
#include <stdlib.h>

#include "bnorm.h"
#include "numa/cases.h"
#include "numa/system.h"
#include "support/harness.h"

static int expected(const char *name, int otherwise)
{
    const char *value = getenv(name);
    return value != NULL ? atoi(value) : otherwise;
}

/* Every CPU is one of ours, once, with its node's number; returns how many. */
static int check_cpus(const bnorm_context *context)
{
    bnorm_cpu_info cpu = {.struct_size = sizeof cpu};
    cpu_set_t mine, seen;
    int count = 0;
    CPU_ZERO(&seen);
    sched_getaffinity(0, sizeof mine, &mine);
    for (; bnorm_context_cpu(context, count, &cpu) == BNORM_OK; count++) {
        bnorm_node_info node = {.struct_size = sizeof node};
        CU_ASSERT_TRUE(CPU_ISSET((size_t)cpu.os_index, &mine));
        CU_ASSERT_FALSE(CPU_ISSET((size_t)cpu.os_index, &seen));
        CPU_SET((size_t)cpu.os_index, &seen);
        CU_ASSERT_EQUAL(bnorm_context_node(context, cpu.node, &node), BNORM_OK);
        CU_ASSERT_EQUAL(node.os_index, system_node_of(cpu.os_index));
    }
    CU_ASSERT_TRUE(CPU_EQUAL(&mine, &seen));
    return count;
}

/* A node's memory is its own where that may be used, else the nearest that may. */
static void check_memory(const bnorm_node_info *node)
{
    int own = node->memory_index == node->os_index;
    int distance = system_distance(node->os_index, node->memory_index);
    harness_note("node %d: memory on %d (distance %d), %d CPUs, %d threads, %.0f MiB",
                 node->os_index, node->memory_index, distance, node->cpus, node->threads,
                 node->memory / 0x1p20);
    CU_ASSERT_TRUE(system_allows(node->memory_index));
    CU_ASSERT_EQUAL(own, system_allows(node->os_index));
    for (int other = 0; other < SYSTEM_NODES; other++)
        if (system_allows(other))
            CU_ASSERT_TRUE(own || distance <= system_distance(node->os_index, other));
    if (own)
        CU_ASSERT_EQUAL(node->memory, (double)system_memory(node->os_index));
}

static void what_the_system_has(void)
{
    bnorm_context *context = NULL;
    CU_ASSERT_EQUAL_FATAL(bnorm_context_create(&context, NULL), BNORM_OK);
    harness_note("%s", bnorm_context_describe(context));
    bnorm_node_info node = {.struct_size = sizeof node};
    int nodes = 0, cpus = 0, threads = 0, there = check_cpus(context);
    for (; bnorm_context_node(context, nodes, &node) == BNORM_OK; nodes++) {
        check_memory(&node);
        cpus += node.cpus;
        threads += node.threads;
    }
    CU_ASSERT_EQUAL(cpus, there);
    CU_ASSERT_EQUAL(threads, bnorm_context_threads(context));
    CU_ASSERT_EQUAL(nodes, expected("BNORM_TEST_NODES", nodes));
    CU_ASSERT_EQUAL(cpus, expected("BNORM_TEST_CPUS", cpus));
    bnorm_context_destroy(context);
}

/* Threads first: in a process that has no others yet, those that appear are seen, too. */
static const harness_case cases[] = {
    {"affinity comes back, whatever happens", numa_affinity_comes_back},
    {"bound threads run where the plan says", numa_bound_threads},
    {"spread and compact choose CPUs as they say", numa_choice_of_cpus},
    {"threads in reversed places work for the nodes they are on", numa_reversed_places},
    {"what the system has", what_the_system_has},
    {"pages lie where the plan says", numa_pages_where_planned},
    {"small and huge pages, too", numa_pages_of_each_kind},
    {"pages that nobody touched are absent", numa_pages_absent},
    {"memory that one thread touched is remote to others", numa_pages_of_others},
    {"packing fills pages where they belong", numa_packing},
    {"a plan adapts to ranges that lie anywhere", numa_adapt_to_ranges},
    {"a plan stays when pages lie in turns", numa_adapt_to_turns},
    {"migration brings pages to the plan", numa_migrate},
    {"bits", numa_bits},
    {"a full node: others help out", numa_full_node},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, "numa", cases, HARNESS_COUNT(cases));
}
