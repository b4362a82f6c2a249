/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "platform/machines.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "support/harness.h"

int machine_lacks_hwloc(void)
{
    if (!MACHINE_HWLOC)
        harness_skip("built without hwloc");
    return !MACHINE_HWLOC;
}

/* ---- what holds for every machine ------------------------------------------------- */

static int count_wrong_nodes(const bnorm_machine *m)
{
    int wrong = m->nodes < 1 || m->nodes > BNORM_MOST_NODES || m->memory_nodes < m->nodes;
    int cpus = 0;
    for (int k = 0; k < m->nodes; k++) {
        wrong += m->node[k].first_cpu != cpus || m->node[k].cpus < 1;
        for (int i = 0; i < m->node[k].cpus; i++)
            wrong += m->cpu[cpus + i].node != k;
        cpus += m->node[k].cpus;
    }
    return wrong + (cpus != m->cpus);
}

/* Numbers begin with 0 and rise; siblings are counted within a core. */
static int count_wrong_cpus(const bnorm_machine *m)
{
    int cores = 0, packages = 0, kinds = 0, wrong = m->cpus < 1;
    for (int i = 0; i < m->cpus; i++) {
        const bnorm_cpu *cpu = &m->cpu[i];
        int siblings = 0;
        wrong += cpu->core > cores || cpu->package > packages || cpu->kind < 0;
        for (int j = 0; j < i; j++) {
            siblings += m->cpu[j].core == cpu->core;
            wrong += m->cpu[j].os_index == cpu->os_index;
            wrong += m->cpu[j].core == cpu->core && m->cpu[j].package != cpu->package;
        }
        wrong += cpu->sibling != siblings;
        cores += cpu->core == cores;
        packages += cpu->package == packages;
        kinds = cpu->kind >= kinds ? cpu->kind + 1 : kinds;
    }
    return wrong + (cores != m->cores) + (packages != m->packages) + (kinds != m->kinds);
}

int machine_is_possible(const bnorm_machine *m)
{
    return count_wrong_nodes(m) == 0 && count_wrong_cpus(m) == 0 && m->l2 >= 16 << 10 &&
           m->llc >= m->l2 && m->l2_sharers >= 1 && m->l2_sharers <= m->llc_sharers &&
           m->llc_sharers <= m->cpus && m->flat == !m->hwloc;
}

/* ---- machines that are written down ------------------------------------------------ */

/* Sets are written as hwloc does: bits in hexadecimal.  gp: unique. */
#define BEGIN(type, os, gp, cpus, nodes)                                                           \
    "<object type=\"" type "\" os_index=\"" os "\" gp_index=\"" gp "\" cpuset=\"" cpus             \
    "\" complete_cpuset=\"" cpus "\" nodeset=\"" nodes "\" complete_nodeset=\"" nodes "\""
#define END "</object>\n"
#define PU(os, gp, cpu, nodes) BEGIN("PU", os, gp, cpu, nodes) "/>\n"
#define NUMA(os, gp, cpus, node, bytes)                                                            \
    BEGIN("NUMANode", os, gp, cpus, node) " local_memory=\"" bytes "\"/>\n"

#define PACKAGE_0                                                                                  \
    BEGIN("Package", "0", "3", "0x3f", "0x9") ">\n"                                                \
    NUMA("0", "4", "0x3f", "0x1", "0")                                                             \
    BEGIN("Core", "0", "5", "0x3", "0x9") ">\n" PU("0", "6", "0x1", "0x9")                         \
        PU("1", "7", "0x2", "0x9") END                                                             \
    BEGIN("Core", "1", "8", "0xc", "0x9") ">\n" PU("2", "9", "0x4", "0x9")                         \
        PU("3", "10", "0x8", "0x9") END                                                            \
    BEGIN("Core", "2", "11", "0x10", "0x9") ">\n" PU("4", "12", "0x10", "0x9") END                 \
    BEGIN("Core", "3", "13", "0x20", "0x9") ">\n" PU("5", "14", "0x20", "0x9") END END

#define PACKAGE_1                                                                                  \
    BEGIN("Package", "1", "15", "0xc0", "0xe") ">\n"                                               \
    NUMA("1", "16", "0xc0", "0x2", "8000")                                                         \
    NUMA("2", "17", "0xc0", "0x4", "4000")                                                         \
    BEGIN("Core", "4", "18", "0x40", "0xe") ">\n" PU("6", "19", "0x40", "0xe") END                 \
    BEGIN("Core", "5", "20", "0x80", "0xe") ">\n" PU("7", "21", "0x80", "0xe") END END

#define MACHINE                                                                                    \
    "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"                                                 \
    "<!DOCTYPE topology SYSTEM \"hwloc2.dtd\">\n"                                                  \
    "<topology version=\"2.0\">\n" BEGIN("Machine", "0", "1", "0xff", "0xf")                       \
    " allowed_cpuset=\"0xff\" allowed_nodeset=\"0xf\">\n"                                          \
    NUMA("3", "2", "0x0", "0x8", "16000") PACKAGE_0 PACKAGE_1 END

/* Row by row, from node 0, 1, 2, 3; length is that of the text. */
#define DISTANCES                                                                                  \
    "<distances2 type=\"NUMANode\" nbobjs=\"4\" kind=\"5\" name=\"NUMALatency\""                   \
    " indexing=\"os\">\n<indexes length=\"8\">0 1 2 3 </indexes>\n<u64values length=\"48\">"       \
    "10 30 20 25 30 10 30 30 20 30 10 30 25 30 30 10 </u64values>\n</distances2>\n"

#define KINDS                                                                                      \
    "<cpukind cpuset=\"0xf0\"><info name=\"CoreType\" value=\"IntelAtom\"/></cpukind>\n"           \
    "<cpukind cpuset=\"0x0f\"><info name=\"CoreType\" value=\"IntelCore\"/></cpukind>\n"

const char *machine_odd(int distances)
{
    return distances ? MACHINE DISTANCES KINDS "</topology>\n" : MACHINE KINDS "</topology>\n";
}

int machine_write(machine_file *file, const char *text)
{
    const size_t length = strlen(text);
    strcpy(file->path, "/tmp/bnorm-machine-XXXXXX");
    int opened = mkstemp(file->path);
    int written = opened >= 0 && write(opened, text, length) == (ssize_t)length;
    if (opened >= 0)
        close(opened);
    if (opened >= 0 && !written)
        machine_remove(file);
    if (!written)
        harness_skip("no room for a file in /tmp");
    return written ? 0 : -1;
}

void machine_remove(const machine_file *file)
{
    unlink(file->path);
}
