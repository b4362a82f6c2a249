/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "numa/system.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Of linux/mempolicy.h, which not every system with the calls has. */
enum { PREFERRED = 1, INTERLEAVED = 3 };

int system_node_of(int cpu)
{
    char path[100];
    for (int node = 0; node < SYSTEM_NODES; node++) {
        snprintf(path, sizeof path, "/sys/devices/system/cpu/cpu%d/node%d", cpu, node);
        if (access(path, F_OK) == 0)
            return node;
    }
    return -1;
}

/* A line "Node 2 MemFree:  1234 kB" of the node's meminfo. */
static int64_t meminfo(int node, const char *name)
{
    char line[200], format[100];
    long long kib = -1;
    snprintf(line, sizeof line, "/sys/devices/system/node/node%d/meminfo", node);
    snprintf(format, sizeof format, "Node %d %s: %%lld kB", node, name);
    FILE *file = fopen(line, "r");
    while (file != NULL && kib < 0 && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, format, &kib) != 1)
            kib = -1;
    if (file != NULL)
        fclose(file);
    return kib < 0 ? -1 : kib * 1024;
}

int64_t system_memory(int node)
{
    return meminfo(node, "MemTotal");
}

int64_t system_free_memory(int node)
{
    return meminfo(node, "MemFree");
}

int system_free_huge(int node)
{
    char path[100];
    int count = 0;
    snprintf(path, sizeof path,
             "/sys/devices/system/node/node%d/hugepages/hugepages-2048kB/free_hugepages", node);
    FILE *file = fopen(path, "r");
    if (file != NULL && fscanf(file, "%d", &count) != 1)
        count = 0;
    if (file != NULL)
        fclose(file);
    return count;
}

/* Mems_allowed_list of this process: "0,2-3". */
int system_allows(int node)
{
    char line[1000];
    int allowed = 0;
    FILE *file = fopen("/proc/self/status", "r");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "Mems_allowed_list:", 18) != 0)
            continue;
        const char *between = ", \t\n";
        for (char *part = strtok(line + 18, between); part; part = strtok(NULL, between)) {
            int first, last, found = sscanf(part, "%d-%d", &first, &last);
            if (found >= 1 && first <= node && node <= (found == 2 ? last : first))
                allowed = 1;
        }
    }
    if (file != NULL)
        fclose(file);
    return allowed && system_memory(node) > 0;
}

/* The file has one number for each node that is online, in order. */
int system_distance(int from, int to)
{
    char path[100];
    int distance = -1;
    snprintf(path, sizeof path, "/sys/devices/system/node/node%d/distance", from);
    FILE *file = fopen(path, "r");
    for (int node = 0; file != NULL && node <= to; node++)
        if (system_memory(node) >= 0 && fscanf(file, "%d", &distance) != 1)
            distance = -1;
    if (file != NULL)
        fclose(file);
    return distance;
}

int64_t system_page(void)
{
    return sysconf(_SC_PAGESIZE);
}

int system_where(const void *start, int64_t pages, int *node)
{
    enum { ASKED = 512 };
    void *address[ASKED];
    char *first = (char *)((uintptr_t)start / (uintptr_t)system_page() * (uintptr_t)system_page());
    for (int64_t done = 0; done < pages; done += ASKED) {
        int64_t n = pages - done < ASKED ? pages - done : ASKED;
        for (int64_t i = 0; i < n; i++)
            address[i] = first + (done + i) * system_page();
        if (syscall(SYS_move_pages, 0, (unsigned long)n, address, NULL, node + done, 0) != 0)
            return errno;
        for (int64_t i = 0; i < n; i++)
            if (node[done + i] < 0)
                node[done + i] = SYSTEM_ABSENT;
    }
    return 0;
}

void *system_map(size_t bytes)
{
    void *start =
        mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (start == MAP_FAILED)
        return NULL;
    madvise(start, bytes, MADV_NOHUGEPAGE);
    return start;
}

void system_unmap(void *start, size_t bytes)
{
    munmap(start, bytes);
}

/* Bytes are rounded to whole pages; start is on one. */
static int bind_memory(void *start, size_t bytes, int mode, unsigned long nodes)
{
    /* The kernel looks at one bit less than it is told. */
    if (syscall(SYS_mbind, start, bytes, mode, &nodes, sizeof nodes * CHAR_BIT + 1, 0) != 0)
        return errno;
    return 0;
}

int system_prefer(void *start, size_t bytes, int node)
{
    return bind_memory(start, bytes, PREFERRED, 1ul << node);
}

int system_interleave(void *start, size_t bytes)
{
    unsigned long nodes = 0;
    for (int node = 0; node < SYSTEM_NODES; node++)
        if (system_allows(node))
            nodes |= 1ul << node;
    return bind_memory(start, bytes, INTERLEAVED, nodes);
}

void system_read_affinities(system_affinities *all)
{
    DIR *threads = opendir("/proc/self/task");
    all->count = 0;
    for (struct dirent *d; threads != NULL && (d = readdir(threads)) != NULL;) {
        pid_t thread = (pid_t)atoi(d->d_name);
        if (thread > 0 && all->count < SYSTEM_THREADS &&
            sched_getaffinity(thread, sizeof(cpu_set_t), &all->entry[all->count].cpus) == 0)
            all->entry[all->count++].thread = thread;
    }
    if (threads != NULL)
        closedir(threads);
}

static const cpu_set_t *find(const system_affinities *all, pid_t thread)
{
    for (int i = 0; i < all->count; i++)
        if (all->entry[i].thread == thread)
            return &all->entry[i].cpus;
    return NULL;
}

int system_affinities_changed(const system_affinities *before, const system_affinities *after)
{
    const cpu_set_t *caller = find(before, (pid_t)syscall(SYS_gettid));
    int changed = 0;
    for (int i = 0; i < after->count; i++) {
        const cpu_set_t *was = find(before, after->entry[i].thread);
        changed += !CPU_EQUAL(was != NULL ? was : caller, &after->entry[i].cpus);
    }
    return changed;
}

void system_pin(int cpu, cpu_set_t *before)
{
    cpu_set_t one;
    sched_getaffinity(0, sizeof *before, before);
    CPU_ZERO(&one);
    CPU_SET((size_t)cpu, &one);
    sched_setaffinity(0, sizeof one, &one);
}

void system_unpin(const cpu_set_t *before)
{
    sched_setaffinity(0, sizeof *before, before);
}
