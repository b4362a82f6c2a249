/* SPDX-License-Identifier: BSD-3-Clause */
/* What holds for every machine, and machines that are written down for hwloc. */
#ifndef TESTS_PLATFORM_MACHINES_H
#define TESTS_PLATFORM_MACHINES_H

#include "platform/topology.h"

#ifdef HAVE_HWLOC
enum { MACHINE_HWLOC = 1 };
#else
enum { MACHINE_HWLOC = 0 };
#endif

/* Where the library was built without hwloc: skips the case. */
int machine_lacks_hwloc(void);

/* Whether all that is said of a machine goes together. */
int machine_is_possible(const bnorm_machine *machine);

/*
 * Eight CPUs and four nodes,
 *
 *   package 0   node 0, no memory      cores 0-1 | 2-3 (fast), 4 | 5
 *   package 1   nodes 1 and 2          cores 6 | 7
 *   node 3      no CPUs
 *
 * with the distances between its nodes, or without.
 */
const char *machine_odd(int distances);

typedef struct {
    char path[64];
} machine_file;

/* Write text to a file of its own.  0; -1: it can't be, and the case is skipped. */
int machine_write(machine_file *file, const char *text);
void machine_remove(const machine_file *file);

#endif
