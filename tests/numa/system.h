/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the system says about nodes, pages and threads, by calls of the test's own: the
 * library is judged by it.  Nodes and CPUs are the system's numbers.  Linux only.
 */
#ifndef TESTS_NUMA_SYSTEM_H
#define TESTS_NUMA_SYSTEM_H

#include <sched.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

enum { SYSTEM_NODES = 64, SYSTEM_CPUS = 1024, SYSTEM_THREADS = 256, SYSTEM_ABSENT = -1 };

/* The node that a CPU belongs to; -1: the system has no nodes. */
int system_node_of(int cpu);

/* Bytes of memory of a node, and of it those that are free; -1: no such node. */
int64_t system_memory(int node);
int64_t system_free_memory(int node);

/* Huge pages of 2 MiB that a node's pool has left. */
int system_free_huge(int node);

/* Whether this process may have memory of a node that has some. */
int system_allows(int node);

/* How far the system says it is from a node to another; -1: it does not say. */
int system_distance(int from, int to);

/* node[i]: where page i (of 4 KiB or what the system has) from `start` on is, or
 * SYSTEM_ABSENT.  0, or errno. */
int system_where(const void *start, int64_t pages, int *node);
int64_t system_page(void);

/* Anonymous memory, not touched, without huge pages; NULL: none.  Where pages of a part of it
 * go when they are touched: on `node` as far as it has room, or on the nodes in turns. */
void *system_map(size_t bytes);
void system_unmap(void *start, size_t bytes);
int system_prefer(void *start, size_t bytes, int node);
int system_interleave(void *start, size_t bytes);

/* The CPU set of every thread of this process. */
typedef struct {
    int count;
    struct {
        pid_t thread;
        cpu_set_t cpus;
    } entry[SYSTEM_THREADS];
} system_affinities;

void system_read_affinities(system_affinities *all);

/* Threads whose set is not what it was; of new ones, is not that of the thread that
 * calls. */
int system_affinities_changed(const system_affinities *before, const system_affinities *after);

/* Run the calling thread on one CPU; back to a set. */
void system_pin(int cpu, cpu_set_t *before);
void system_unpin(const cpu_set_t *before);

#endif
