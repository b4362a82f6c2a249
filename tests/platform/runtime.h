/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How a test sees that the OpenMP runtime was entered: the linker gives gcc's
 * way in, GOMP_parallel, to a function that counts (--wrap).  Built with another
 * compiler, whose way in is another, the count says so.
 */
#ifndef BNORM_TEST_RUNTIME_H
#define BNORM_TEST_RUNTIME_H

/* Parallel regions entered so far; -1 when they cannot be counted. */
int runtime_regions(void);

/* Threads of this process now (/proc/self/task); -1 when it cannot be read. */
int runtime_threads(void);

#endif
