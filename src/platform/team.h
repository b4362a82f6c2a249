/* SPDX-License-Identifier: BSD-3-Clause */
/* A team of threads that shares out items; the only user of OpenMP. */
#ifndef BNORM_PLATFORM_TEAM_H
#define BNORM_PLATFORM_TEAM_H

#include <fenv.h>
#include <stdint.h>

typedef struct {
    int index;            /* 0 .. threads-1 */
    const fenv_t *caller; /* floating-point environment of the calling thread */
} bnorm_worker;

typedef void bnorm_team_work(void *data, int64_t item, const bnorm_worker *worker);

/* Call work once for each item 0 .. items-1, on at most `threads` threads, and
 * return when all are done.  The team may be smaller: a nested region, a thread
 * limit, a forked child.  Consecutive items go to the same worker; which worker
 * gets an item depends on items and team only.  Work runs in the default
 * floating-point environment, and every thread gets its own back.  An item must
 * not wait for another.  threads = 1 does not enter the OpenMP runtime. */
void bnorm_team_run(int threads, int64_t items, bnorm_team_work *work, void *data);

/* Threads OpenMP would use.  *chosen: whether somebody said so, by OMP_NUM_THREADS
 * or omp_set_num_threads; otherwise it is what the affinity mask leaves. */
int bnorm_team_default(int *chosen);

/* Notice forks from now on.  A team's threads do not survive a fork, and libgomp
 * would wait for them for ever: in a child of a process that called this, teams
 * have one member. */
void bnorm_team_watch_forks(void);

#endif
