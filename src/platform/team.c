/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/team.h"

#include <omp.h>
#include <pthread.h>
#include <signal.h>

#include "base/env.h"
#include "base/environment.h"
#include "base/range.h"

/* The one mutable global: a fork happens to the process, not to a context. */
static volatile sig_atomic_t forked;

static void note_fork(void)
{
    forked = 1;
}

static void register_note(void)
{
    pthread_atfork(NULL, NULL, note_fork);
}

void bnorm_team_watch_forks(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;
    pthread_once(&once, register_note);
}

int bnorm_team_default(int *chosen)
{
    int threads = omp_get_max_threads();
    *chosen = bnorm_env_has_threads() || threads != omp_get_num_procs();
    return threads;
}

static void run_items(bnorm_range items, bnorm_team_work *work, void *data,
                      const bnorm_worker *worker)
{
    fenv_t own;
    bnorm_environment_enter(&own);
    for (int64_t item = items.begin; item < items.end; item++)
        work(data, item, worker);
    bnorm_environment_leave(&own);
}

void bnorm_team_run(int threads, int64_t items, bnorm_team_work *work, void *data)
{
    fenv_t caller;
    fegetenv(&caller);
    if (threads > items)
        threads = (int)items;
    if (threads <= 1 || forked) {
        bnorm_worker worker = {0, &caller};
        run_items((bnorm_range){0, items}, work, data, &worker);
        return;
    }
#pragma omp parallel num_threads(threads)
    {
        bnorm_worker worker = {omp_get_thread_num(), &caller};
        run_items(bnorm_range_part(items, omp_get_num_threads(), worker.index), work, data,
                  &worker);
    }
    bnorm_environment_leave(&caller); /* the runtime may compute, too: OMP_DYNAMIC */
}
