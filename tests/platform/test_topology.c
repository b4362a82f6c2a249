/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine, with hwloc or without: nothing impossible is said about it. */
#define _GNU_SOURCE
#include "platform/topology.h"

#include <sched.h>

#include "support/harness.h"

static void numbers_are_possible(void)
{
    bnorm_machine m = {0};
    bnorm_topology_read(&m);
    CU_ASSERT(m.cpus >= 1);
    CU_ASSERT(m.nodes >= 1 && m.nodes <= m.cpus);
    CU_ASSERT(m.l2 >= 16 << 10 && m.llc >= m.l2);
    CU_ASSERT(m.l2_sharers >= 1 && m.l2_sharers <= m.cpus);
    CU_ASSERT(m.llc_sharers >= m.l2_sharers && m.llc_sharers <= m.cpus);
}

static void cpus_are_those_of_the_affinity_mask(void)
{
    cpu_set_t all, one;
    bnorm_machine m;
    if (sched_getaffinity(0, sizeof all, &all) != 0) {
        harness_skip("no affinity masks here");
        return;
    }
    bnorm_topology_read(&m);
    CU_ASSERT_EQUAL(m.cpus, CPU_COUNT(&all));
    int last = 0;
    for (int cpu = 0; cpu < CPU_SETSIZE; cpu++)
        if (CPU_ISSET(cpu, &all))
            last = cpu;
    CPU_ZERO(&one);
    CPU_SET(last, &one);
    CU_ASSERT_EQUAL_FATAL(sched_setaffinity(0, sizeof one, &one), 0);
    bnorm_topology_read(&m);
    sched_setaffinity(0, sizeof all, &all);
    CU_ASSERT_EQUAL(m.cpus, 1);
    CU_ASSERT(m.l2_sharers == 1 && m.llc_sharers == 1 && m.nodes == 1);
}

/* A thread's share: of L2 alone, or of the last level where that is more. */
static void cache_shares(void)
{
    bnorm_machine m = {8, 1, 1 << 20, 32 << 20, 1, 8, 0};
    CU_ASSERT_EQUAL(bnorm_topology_cache_share(&m), 4 << 20);
    m.llc = 4 << 20;
    CU_ASSERT_EQUAL(bnorm_topology_cache_share(&m), 1 << 20);
    m.l2_sharers = 4;
    m.llc = m.l2 = 2 << 20;
    m.llc_sharers = 4;
    CU_ASSERT_EQUAL(bnorm_topology_cache_share(&m), 512 << 10);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"numbers are possible", numbers_are_possible},
        {"CPUs are those of the affinity mask", cpus_are_those_of_the_affinity_mask},
        {"a thread's share of the caches", cache_shares},
    };
    return harness_main(argc, argv, "platform/topology", cases, HARNESS_COUNT(cases));
}
