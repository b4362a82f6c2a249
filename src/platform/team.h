/* SPDX-License-Identifier: BSD-3-Clause */
/* A team of threads that shares out items; the only user of OpenMP. */
#ifndef BNORM_PLATFORM_TEAM_H
#define BNORM_PLATFORM_TEAM_H

#include <fenv.h>
#include <stdint.h>

#include "base/range.h"
#include "platform/binding.h"
#include "platform/seats.h"

typedef struct {
    int index;            /* 0 .. threads-1: its share, not OpenMP's number */
    bnorm_range items;    /* all of its share, which it works through in order */
    const fenv_t *caller; /* floating-point environment of the calling thread */
} bnorm_worker;

typedef void bnorm_team_work(void *data, int64_t item, const bnorm_worker *worker);

/* Call work once for each item 0 .. items-1, on at most `threads` threads (of
 * seats->threads), and
 * return when all are done.  The team may be smaller: a nested region, a thread
 * limit, a forked child.  Consecutive items go to the same worker.  Work runs in
 * the default floating-point environment, and every thread gets its own back.  An
 * item must not wait for another.  One thread or item: the OpenMP runtime is not
 * entered.
 *
 * first, or NULL: first[k] .. first[k+1]-1 are the items that live on node k (there
 * are seats->nodes of them).  They go to threads that run on that node, as far as
 * there are any.
 *
 * Threads are bound to their seats while they work if seats->binding says so. */
void bnorm_team_run(const bnorm_seats *seats, int threads, int64_t items, const int64_t *first,
                    bnorm_team_work *work, void *data);

/* Threads OpenMP would use.  *chosen: whether somebody said so, by OMP_NUM_THREADS
 * or omp_set_num_threads; otherwise it is what the affinity mask leaves. */
int bnorm_team_default(int *chosen);

/* Add the CPUs of the places that OpenMP binds threads to (OMP_PROC_BIND,
 * OMP_PLACES), by os_index; none where it binds none.  The runtime has bound the
 * initial thread to one place before main, so that its mask no longer says what the
 * process may use. */
void bnorm_team_places(bnorm_affinity *cpus);

/* Notice forks from now on.  A team's threads do not survive a fork, and libgomp
 * would wait for them for ever: in a child of a process that called this, teams
 * have one member. */
void bnorm_team_watch_forks(void);

#endif
