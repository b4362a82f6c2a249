/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What the library takes from the allocator and the system, by the linker's
 * --wrap: malloc and its kin, mmap, and what gives back.  Only calls from objects
 * that are linked statically pass here, so the OpenMP runtime, hwloc and the C
 * library do not count, unless all is static, as in make check-isa; nor does anything
 * while nobody watches.
 */
#ifndef BNORM_TEST_ALLOCATIONS_H
#define BNORM_TEST_ALLOCATIONS_H

/* Begin to count.  fail_at > 0: that request, counted from here, fails. */
void allocations_watch(int fail_at);

/* Stop; returns how many requests there were. */
int allocations_stop(void);

/* Blocks requested while watching and not yet given back. */
int allocations_held(void);

#endif
