/* SPDX-License-Identifier: BSD-3-Clause */
/* Machines that are described to hwloc, well and badly. */
#define _GNU_SOURCE
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "platform/machines.h"
#include "support/harness.h"

static void synthetic_machines(void)
{
    static const struct {
        const char *text;
        int nodes, memory_nodes, packages, cores, cpus, l2_sharers, llc_sharers;
    } expected[] = {
        {"pu:1", 1, 1, 1, 1, 1, 1, 1},
        {"numa:1 core:24 pu:1", 1, 1, 1, 24, 24, 1, 1},
        {"numa:2 core:24 pu:1", 2, 2, 1, 48, 48, 1, 1},
        {"numa:4 core:16 pu:2", 4, 4, 1, 64, 128, 1, 1},
        {"node:4 pu:2", 4, 4, 1, 8, 8, 1, 1},
        {"pack:2 numa:4 core:16 pu:2", 8, 8, 2, 128, 256, 1, 1},
        {"pack:2 [numa] core:4 pu:2", 2, 2, 2, 8, 16, 1, 1},
        {"pack:2 [numa] [numa] core:4 pu:1", 2, 4, 2, 8, 8, 1, 1},
        {"[numa] pack:2 core:4 pu:1", 1, 1, 2, 8, 8, 1, 1},
        {"[numa] pack:2 [numa] core:4 pu:1", 2, 3, 2, 8, 8, 1, 1},
        {"numa:2(memory=0) core:2 pu:1", 2, 2, 1, 4, 4, 1, 1},
        {"numa:2 pack:2 l3:1 l2:2 core:2 pu:2", 2, 2, 4, 16, 32, 4, 8},
        {"numa:80 core:1 pu:2", 64, 80, 1, 80, 160, 1, 1},
    };
    if (machine_lacks_hwloc())
        return;
    for (int i = 0; i < HARNESS_COUNT(expected); i++) {
        bnorm_machine m;
        harness_note("%s", expected[i].text);
        CU_ASSERT_EQUAL_FATAL(bnorm_topology_read(&m, expected[i].text, NULL, NULL), BNORM_OK);
        CU_ASSERT(machine_is_possible(&m));
        CU_ASSERT(m.foreign && m.kinds == 1);
        CU_ASSERT_EQUAL(m.nodes, expected[i].nodes);
        CU_ASSERT_EQUAL(m.memory_nodes, expected[i].memory_nodes);
        CU_ASSERT_EQUAL(m.packages, expected[i].packages);
        CU_ASSERT_EQUAL(m.cores, expected[i].cores);
        CU_ASSERT_EQUAL(m.cpus, expected[i].cpus);
        CU_ASSERT_EQUAL(m.l2_sharers, expected[i].l2_sharers);
        CU_ASSERT_EQUAL(m.llc_sharers, expected[i].llc_sharers);
        for (int k = 0; k < m.nodes; k++)
            CU_ASSERT_EQUAL(m.node[k].memory, m.node[k].os_index);
        CU_ASSERT_EQUAL(bnorm_topology_here(&m), -1);
        CU_ASSERT_EQUAL(bnorm_topology_place(&m, NULL, 0, 0, 0), ENOSYS);
        bnorm_topology_free(&m);
    }
}

/* Nodes beyond the last that plans tell apart: its CPUs and bytes are theirs, too. */
static void the_last_node_takes_the_rest(void)
{
    bnorm_machine m;
    if (machine_lacks_hwloc())
        return;
    CU_ASSERT_EQUAL_FATAL(
        bnorm_topology_read(&m, "numa:70(memory=1000) core:1 pu:2", NULL, NULL), BNORM_OK);
    const bnorm_numa_node *last = &m.node[BNORM_MOST_NODES - 1];
    CU_ASSERT(last->cpus == 2 * 7 && last[-1].cpus == 2);
    CU_ASSERT(last->os_index == 63 && last->memory == 63);
    CU_ASSERT(last->bytes == 7000 && last[-1].bytes == 1000);
    bnorm_topology_free(&m);
}

/* Skips the case where it can't be. */
static int read_xml(bnorm_machine *m, const char *text)
{
    machine_file file;
    if (machine_lacks_hwloc() || machine_write(&file, text) != 0)
        return -1;
    bnorm_status status = bnorm_topology_read(m, NULL, file.path, NULL);
    machine_remove(&file);
    CU_ASSERT_EQUAL(status, BNORM_OK);
    if (status != BNORM_OK)
        return -1;
    CU_ASSERT(machine_is_possible(m));
    CU_ASSERT(m->foreign && !m->flat);
    return 0;
}

/* Node 0 has no memory and is nearest to node 2; node 3 has no CPUs; the CPUs of
 * package 1 are as close to node 1 as to node 2. */
static void a_machine_of_odd_nodes(void)
{
    bnorm_machine m;
    if (read_xml(&m, machine_odd(1)) != 0)
        return;
    CU_ASSERT_FATAL(m.nodes == 2 && m.cpus == 8);
    CU_ASSERT_EQUAL(m.memory_nodes, 4);
    CU_ASSERT(m.node[0].os_index == 0 && m.node[0].memory == 2 && m.node[0].bytes == 0);
    CU_ASSERT(m.node[1].os_index == 1 && m.node[1].memory == 1 && m.node[1].bytes == 8000);
    CU_ASSERT(m.node[0].cpus == 6 && m.node[1].cpus == 2);
    CU_ASSERT(m.packages == 2 && m.cores == 6);
    bnorm_topology_free(&m);
    if (read_xml(&m, machine_odd(0)) != 0)
        return;
    CU_ASSERT_EQUAL(m.node[0].memory, 1); /* the first with memory */
    bnorm_topology_free(&m);
}

/* Two cores of two logical CPUs are fast, all others slow. */
static void a_machine_of_two_kinds(void)
{
    static const int core[] = {0, 0, 1, 1, 2, 3, 4, 5}, sibling[] = {0, 1, 0, 1, 0, 0, 0, 0};
    static const int kind[] = {1, 1, 1, 1, 0, 0, 0, 0};
    bnorm_machine m;
    if (read_xml(&m, machine_odd(1)) != 0)
        return;
    CU_ASSERT_EQUAL(m.kinds, 2);
    CU_ASSERT_EQUAL_FATAL(m.cpus, 8);
    for (int i = 0; i < m.cpus; i++) {
        CU_ASSERT_EQUAL(m.cpu[i].os_index, i);
        CU_ASSERT_EQUAL(m.cpu[i].core, core[i]);
        CU_ASSERT_EQUAL(m.cpu[i].sibling, sibling[i]);
        CU_ASSERT_EQUAL(m.cpu[i].kind, kind[i]);
        CU_ASSERT_EQUAL(m.cpu[i].package, i >= 6);
    }
    bnorm_topology_free(&m);
}

/* Bytes written to standard error by reading a description that is refused. */
static long count_printed(const char *synthetic, const char *xml)
{
    bnorm_machine m;
    FILE *caught = tmpfile();
    int own = dup(STDERR_FILENO);
    if (!caught || own < 0)
        return -1;
    fflush(stderr);
    dup2(fileno(caught), STDERR_FILENO);
    bnorm_status status = bnorm_topology_read(&m, synthetic, xml, NULL);
    fflush(stderr);
    long printed = lseek(STDERR_FILENO, 0, SEEK_CUR);
    dup2(own, STDERR_FILENO);
    close(own);
    fclose(caught);
    CU_ASSERT_EQUAL(status, MACHINE_HWLOC ? BNORM_ERR_ARGUMENT : BNORM_ERR_UNSUPPORTED);
    CU_ASSERT(!m.cpu && !m.node && !m.hwloc);
    return printed;
}

static void descriptions_that_cannot_be_read(void)
{
    static const char *const synthetic[] = {"", "nonsense", "numa:", "numa:0 pu:1", "pu:2 core:2",
                                            "numa:2 core:2", "foo:1 pu:2"};
    static const char *const xml[] = {"", "nothing here", "<topology",
                                      "<?xml version=\"1.0\"?><a/>"};
    for (int i = 0; i < HARNESS_COUNT(synthetic); i++) {
        CU_ASSERT_EQUAL(count_printed(synthetic[i], NULL), 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "options.synthetic"));
        CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), synthetic[i]));
    }
    CU_ASSERT_EQUAL(count_printed(NULL, "/no/such/file"), 0);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "options.xml is \"/no/such/file\""));
    CU_ASSERT_EQUAL(count_printed(NULL, "/"), 0);
    for (int i = 0; i < HARNESS_COUNT(xml); i++) {
        machine_file file;
        if (machine_write(&file, xml[i]) != 0)
            return;
        CU_ASSERT_EQUAL(count_printed(NULL, file.path), 0);
        CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), file.path));
        machine_remove(&file);
    }
}

static void two_descriptions_are_one_too_many(void)
{
    bnorm_machine m;
    CU_ASSERT_EQUAL(bnorm_topology_read(&m, "numa:2 pu:1", "file.xml", NULL), BNORM_ERR_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "numa:2 pu:1"));
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "file.xml"));
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"synthetic machines", synthetic_machines},
        {"the last node takes the rest", the_last_node_takes_the_rest},
        {"a machine of odd nodes", a_machine_of_odd_nodes},
        {"a machine of two kinds", a_machine_of_two_kinds},
        {"descriptions that cannot be read", descriptions_that_cannot_be_read},
        {"two descriptions are one too many", two_descriptions_are_one_too_many},
    };
    return harness_main(argc, argv, "platform/described", cases, HARNESS_COUNT(cases));
}
