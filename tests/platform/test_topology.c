/* SPDX-License-Identifier: BSD-3-Clause */
/* This machine, with hwloc or without: nothing impossible is said about it, and
 * nothing is kept.  test_described.c has other machines. */
#define _GNU_SOURCE
#include "platform/topology.h"

#include <errno.h>
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/allocations.h"
#include "platform/binding.h"
#include "platform/machines.h"
#include "platform/team.h"
#include "support/harness.h"

static void this_machine_is_possible(void)
{
    bnorm_machine m;
    CU_ASSERT_EQUAL_FATAL(bnorm_topology_read(&m, NULL, NULL, NULL), BNORM_OK);
    CU_ASSERT(machine_is_possible(&m));
    CU_ASSERT_EQUAL(m.foreign, 0);
    CU_ASSERT(m.flat || MACHINE_HWLOC);
    bnorm_topology_free(&m);
    CU_ASSERT(!m.cpu && !m.node && !m.hwloc && !m.cpus);
}

/* Whether the machine is the CPUs of a mask; prints nothing, for children. */
static int is_mask(const cpu_set_t *mask)
{
    bnorm_machine m;
    int same = bnorm_topology_read(&m, NULL, NULL, NULL) == BNORM_OK && machine_is_possible(&m) &&
               m.cpus == CPU_COUNT(mask);
    for (int i = 0; same && i < m.cpus; i++)
        same = CPU_ISSET((size_t)m.cpu[i].os_index, mask) != 0;
    bnorm_topology_free(&m);
    return same;
}

static int is_mask_in_child(const cpu_set_t *mask)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        _exit(sched_setaffinity(0, sizeof *mask, mask) == 0 && is_mask(mask) ? 0 : 1);
    return child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status) &&
           WEXITSTATUS(status) == 0;
}

/* OpenMP has bound this process: its CPUs are not those of its mask. */
static int has_places(void)
{
    return getenv("OMP_PROC_BIND") || getenv("OMP_PLACES") || getenv("GOMP_CPU_AFFINITY");
}

/* ThreadSanitizer has a thread of its own in every process, with a mask of its own. */
#if defined(__has_feature)
#if __has_feature(thread_sanitizer)
#define WATCHED 1
#endif
#endif
#ifndef WATCHED
#define WATCHED 0
#endif

/* Each CPU alone, all but each. */
static void cpus_are_those_of_the_affinity_mask(void)
{
    cpu_set_t all, some;
    if (WATCHED || has_places() || sched_getaffinity(0, sizeof all, &all) != 0) {
        harness_skip("no affinity masks here");
        return;
    }
    CU_ASSERT(is_mask_in_child(&all));
    for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
        if (!CPU_ISSET(cpu, &all))
            continue;
        CPU_ZERO(&some);
        CPU_SET(cpu, &some);
        CU_ASSERT(is_mask_in_child(&some));
        CPU_XOR(&some, &some, &all);
        CU_ASSERT(CPU_COUNT(&some) == 0 || is_mask_in_child(&some));
    }
}

/* The mask of an initial thread that OpenMP has bound is one place.  The runtime
 * reads the environment before main: the program runs this case again. */
static const char bound_case[] = "a process that OpenMP binds has all of its places";

static void a_bound_process_has_all_of_its_places(void)
{
    enum { CANNOT_RUN = 99 }; /* no status of a test program */
    bnorm_machine m;
    int status = 0;
    if (has_places()) {
        bnorm_affinity places = {{0}};
        bnorm_team_places(&places);
        CU_ASSERT_EQUAL_FATAL(bnorm_topology_read(&m, NULL, NULL, &places), BNORM_OK);
        CU_ASSERT(machine_is_possible(&m));
        CU_ASSERT_EQUAL(m.cpus, omp_get_num_procs());
        bnorm_topology_free(&m);
        return;
    }
    pid_t child = fork();
    if (child == 0) {
        setenv("OMP_PROC_BIND", "spread", 1);
        setenv("OMP_PLACES", "threads", 1);
        if (freopen("/dev/null", "w", stdout))
            execl("/proc/self/exe", "test_topology", bound_case, (char *)NULL);
        _exit(CANNOT_RUN);
    }
    CU_ASSERT_FATAL(child > 0 && waitpid(child, &status, 0) == child);
    if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_RUN)
        harness_skip("this program cannot run itself again here");
    else
        CU_ASSERT(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* hwloc can be told to look elsewhere by the environment: then it says nothing
 * about this machine, which is taken to be flat. */
static void another_machine_in_the_environment_is_not_ours(void)
{
    cpu_set_t all, one;
    bnorm_machine m;
    if (machine_lacks_hwloc())
        return;
    setenv("HWLOC_SYNTHETIC", "numa:8 core:32 pu:2", 1);
    CU_ASSERT_EQUAL_FATAL(bnorm_topology_read(&m, NULL, NULL, NULL), BNORM_OK);
    CU_ASSERT(machine_is_possible(&m) && m.flat);
    CU_ASSERT_EQUAL(bnorm_topology_here(&m), 0);
    bnorm_topology_free(&m);
    if (!has_places() && sched_getaffinity(0, sizeof all, &all) == 0) {
        CU_ASSERT(is_mask_in_child(&all));
        for (size_t cpu = 0; cpu < CPU_SETSIZE; cpu++) {
            CPU_ZERO(&one);
            CPU_SET(cpu, &one);
            CU_ASSERT(!CPU_ISSET(cpu, &all) || is_mask_in_child(&one));
        }
    }
    unsetenv("HWLOC_SYNTHETIC");
}

/* Two nodes of a CPU each, which are this machine's: so hwloc is told. */
static void two_nodes_that_are_said_to_be_here(void)
{
    cpu_set_t all;
    bnorm_machine m;
    bnorm_affinity before;
    if (machine_lacks_hwloc())
        return;
    if (has_places() || sched_getaffinity(0, sizeof all, &all) != 0 || !CPU_ISSET(0, &all) ||
        !CPU_ISSET(1, &all)) {
        harness_skip("needs CPUs 0 and 1 in the mask");
        return;
    }
    setenv("HWLOC_SYNTHETIC", "numa:2 core:1 pu:1", 1);
    setenv("HWLOC_THISSYSTEM", "1", 1);
    bnorm_status status = bnorm_topology_read(&m, NULL, NULL, NULL);
    CU_ASSERT_EQUAL_FATAL(bnorm_binding_set(1, &before), 0);
    bnorm_machine part;
    CU_ASSERT_EQUAL(bnorm_topology_read(&part, NULL, NULL, NULL), BNORM_OK);
    bnorm_binding_restore(&before);
    setenv("HWLOC_SYNTHETIC", "pu:1", 1); /* where the mask has more */
    bnorm_machine small;
    CU_ASSERT_EQUAL(bnorm_topology_read(&small, NULL, NULL, NULL), BNORM_OK);
    unsetenv("HWLOC_SYNTHETIC");
    unsetenv("HWLOC_THISSYSTEM");
    CU_ASSERT(machine_is_possible(&small) && small.cpus == 1);
    bnorm_topology_free(&small);
    CU_ASSERT_EQUAL_FATAL(status, BNORM_OK);
    CU_ASSERT(machine_is_possible(&m) && machine_is_possible(&part));
    CU_ASSERT(!m.foreign && !m.flat);
    CU_ASSERT_EQUAL_FATAL(m.nodes, 2);
    CU_ASSERT(part.nodes == 1 && part.memory_nodes == 2 && part.node[0].os_index == 1);
    for (int k = 0; k < 2; k++) {
        CU_ASSERT_EQUAL_FATAL(bnorm_binding_set(k, &before), 0);
        CU_ASSERT_EQUAL(bnorm_topology_here(&m), k);
        CU_ASSERT_EQUAL(bnorm_topology_here(&part), k - 1); /* node 0 is not its */
        bnorm_binding_restore(&before);
    }
    bnorm_topology_free(&m);
    bnorm_topology_free(&part);
}

static void here_is_where_the_thread_is(void)
{
    bnorm_machine m;
    CU_ASSERT_EQUAL_FATAL(bnorm_topology_read(&m, NULL, NULL, NULL), BNORM_OK);
    for (int i = 0; i < m.cpus; i++) {
        bnorm_affinity before;
        if (bnorm_binding_set(m.cpu[i].os_index, &before) != 0)
            continue;
        CU_ASSERT_EQUAL(bnorm_topology_here(&m), m.cpu[i].node);
        bnorm_binding_restore(&before);
    }
    bnorm_topology_free(&m);
}

/* A policy that is strict would let the system kill the process where a node is
 * full.  The lines of numa_maps begin with an address and the policy. */
static int is_bound_strictly(const void *start)
{
    char line[512];
    int strict = 0;
    FILE *maps = fopen("/proc/self/numa_maps", "r");
    while (maps && fgets(line, sizeof line, maps)) {
        char *policy;
        if (strtoull(line, &policy, 16) == (uintptr_t)start)
            strict = strncmp(policy, " bind", 5) == 0;
    }
    if (maps)
        fclose(maps);
    return strict;
}

static void pages_are_placed(void)
{
    const size_t bytes = 16 * (size_t)sysconf(_SC_PAGESIZE);
    bnorm_machine m;
    CU_ASSERT_EQUAL_FATAL(bnorm_topology_read(&m, NULL, NULL, NULL), BNORM_OK);
    char *pages = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CU_ASSERT_FATAL(pages != MAP_FAILED);
    CU_ASSERT_EQUAL(bnorm_topology_place(&m, pages, bytes, -1, 0), EINVAL);
    CU_ASSERT_EQUAL(bnorm_topology_place(&m, pages, bytes, m.nodes, 0), EINVAL);
    for (int migrate = 0; migrate < 2 && m.memory_nodes == 1; migrate++)
        CU_ASSERT_EQUAL(bnorm_topology_place(&m, pages, bytes, 0, migrate), 0);
    m.memory_nodes += 1; /* now the system is really asked */
    if (!m.flat)
        for (int k = 0; k < m.nodes; k++)
            for (int migrate = 0; migrate < 2; migrate++) {
                int error = bnorm_topology_place(&m, pages, bytes, k, migrate);
                CU_ASSERT(error == 0 || error == ENOSYS || error == EPERM);
                if (error)
                    harness_note("node %d: %s", k, strerror(error));
                memset(pages, k + 1, bytes);
                CU_ASSERT_EQUAL(is_bound_strictly(pages), 0);
                CU_ASSERT(pages[0] == k + 1 && pages[bytes - 1] == k + 1);
            }
    else
        CU_ASSERT_EQUAL(bnorm_topology_place(&m, pages, bytes, 0, 0), ENOSYS);
    munmap(pages, bytes);
    bnorm_topology_free(&m);
}

/* A thread's share: of L2 alone, or of the last level where that is more. */
static void cache_shares(void)
{
    bnorm_machine m = {.l2 = 1 << 20, .llc = 32 << 20, .l2_sharers = 1, .llc_sharers = 8};
    CU_ASSERT_EQUAL(bnorm_topology_cache_share(&m), 4 << 20);
    m.llc = 4 << 20;
    CU_ASSERT_EQUAL(bnorm_topology_cache_share(&m), 1 << 20);
    m.l2_sharers = 4;
    m.llc = m.l2 = 2 << 20;
    m.llc_sharers = 4;
    CU_ASSERT_EQUAL(bnorm_topology_cache_share(&m), 512 << 10);
}

/* Sizes come from the description; without hwloc there is none to read. */
static void cache_sizes(void)
{
    bnorm_machine m;
    if (!MACHINE_HWLOC)
        return;
    CU_ASSERT_EQUAL_FATAL(bnorm_topology_read(&m, "numa:2 l3:1(size=33554432) core:4 "
                                              "l2:1(size=2097152) l1d:1(size=49152) pu:2",
                                              NULL, NULL), BNORM_OK);
    CU_ASSERT_EQUAL(m.l1, 48 << 10);
    CU_ASSERT_EQUAL(m.l2, 2 << 20);
    CU_ASSERT_EQUAL(m.llc, 32 << 20);
    CU_ASSERT_EQUAL(m.l2_sharers, 2);
    CU_ASSERT_EQUAL(m.llc_sharers, 8);
    bnorm_topology_free(&m);
}

/* Every request for memory fails in turn. */
static void memory_may_run_out(void)
{
    static const char *const synthetic[] = {NULL, "numa:4 core:2 pu:2"};
    for (int i = 0; i < 1 + MACHINE_HWLOC; i++) {
        int requests;
        bnorm_machine m;
        allocations_watch(0);
        CU_ASSERT_EQUAL(bnorm_topology_read(&m, synthetic[i], NULL, NULL), BNORM_OK);
        bnorm_topology_free(&m);
        requests = allocations_stop();
        CU_ASSERT(requests >= 2);
        CU_ASSERT_EQUAL(allocations_held(), 0);
        for (int failing = 1; failing <= requests; failing++) {
            allocations_watch(failing);
            bnorm_status status = bnorm_topology_read(&m, synthetic[i], NULL, NULL);
            allocations_stop();
            CU_ASSERT_EQUAL(status, BNORM_ERR_MEMORY);
            CU_ASSERT_EQUAL(allocations_held(), 0);
            CU_ASSERT_PTR_NULL(m.hwloc);
        }
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"this machine is possible", this_machine_is_possible},
        {"CPUs are those of the affinity mask", cpus_are_those_of_the_affinity_mask},
        {bound_case, a_bound_process_has_all_of_its_places},
        {"another machine in the environment is not ours",
         another_machine_in_the_environment_is_not_ours},
        {"two nodes that are said to be here", two_nodes_that_are_said_to_be_here},
        {"here is where the thread is", here_is_where_the_thread_is},
        {"pages are placed", pages_are_placed},
        {"a thread's share of the caches", cache_shares},
        {"the sizes of the caches", cache_sizes},
        {"memory may run out", memory_may_run_out},
    };
    return harness_main(argc, argv, "platform/topology", cases, HARNESS_COUNT(cases));
}
