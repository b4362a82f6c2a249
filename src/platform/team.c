/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/team.h"

#include <omp.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>

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

void bnorm_team_places(bnorm_affinity *cpus)
{
    const int places = omp_get_proc_bind() == omp_proc_bind_false ? 0 : omp_get_num_places();
    int ids[BNORM_BINDING_CPUS];
    for (int place = 0; place < places; place++) {
        const int count = omp_get_place_num_procs(place);
        if (count > BNORM_BINDING_CPUS)
            continue;
        omp_get_place_proc_ids(place, ids);
        for (int i = 0; i < count; i++)
            bnorm_affinity_add(cpus, ids[i]);
    }
}

/* One call of bnorm_team_run, shared by its team. */
typedef struct {
    const bnorm_seats *seats;
    int64_t items;
    const int64_t *first;
    bnorm_team_work *work;
    void *data;
    const fenv_t *caller;
    int share[BNORM_MOST_NODES + 1]; /* first share of each node */
    atomic_int taken[BNORM_MOST_NODES];
} team_call;

static void run_items(const team_call *call, bnorm_range items, int index)
{
    const bnorm_worker worker = {index, items, call->caller};
    fenv_t own;
    bnorm_environment_enter(&own);
    for (int64_t item = items.begin; item < items.end; item++)
        call->work(call->data, item, &worker);
    bnorm_environment_leave(&own);
}

/* As one thread of a team, and of its share: on that share's seat, if asked. */
static void run_seated(const team_call *call, const int64_t *first, bnorm_range items, int team,
                       int share)
{
    const bnorm_seats *seats = call->seats;
    bnorm_affinity before;
    int bound = 0;
    if (seats->binding != BNORM_BIND_INHERIT) {
        int seat = bnorm_seats_seat(seats, first, call->share, team, share);
        bound = bnorm_binding_set(seats->machine->cpu[seats->cpu[seat]].os_index, &before) == 0;
    }
    run_items(call, items, share);
    if (bound)
        bnorm_binding_restore(&before);
}

/* A share of node k that nobody has taken; -1: none is left. */
static int take_share(team_call *call, int k)
{
    int size = call->share[k + 1] - call->share[k];
    int taken = atomic_load(&call->taken[k]);
    while (taken < size)
        if (atomic_compare_exchange_weak(&call->taken[k], &taken, taken + 1))
            return call->share[k] + taken;
    return -1;
}

/* The share of the calling thread of the team: one of the node that it is on, else
 * one that no thread of its own node has taken.  Bound threads go to the seat of
 * the share that has their number. */
static int find_share(team_call *call)
{
    const bnorm_seats *seats = call->seats;
    int share = -1;
#pragma omp single
    bnorm_seats_shares(seats, call->first, omp_get_num_threads(), call->share);
    if (seats->binding != BNORM_BIND_INHERIT)
        return omp_get_thread_num();
    int here = bnorm_topology_here(seats->machine);
    if (here >= 0)
        share = take_share(call, here);
#pragma omp barrier
    for (int k = 0; k < seats->nodes && share < 0; k++)
        share = take_share(call, k);
    return share;
}

static void run_team(team_call *call, int threads)
{
    const int homes = call->first && call->seats->nodes > 1;
#pragma omp parallel num_threads(threads)
    {
        const int team = omp_get_num_threads();
        const int share = homes ? find_share(call) : omp_get_thread_num();
        run_seated(call, homes ? call->first : NULL,
                   homes ? bnorm_seats_items(call->seats, call->first, call->share, team, share)
                         : bnorm_range_part(call->items, team, share),
                   team, share);
    }
}

void bnorm_team_run(const bnorm_seats *seats, int threads, int64_t items, const int64_t *first,
                    bnorm_team_work *work, void *data)
{
    fenv_t caller;
    team_call call = {.seats = seats, .items = items, .first = first, .work = work, .data = data,
                      .caller = &caller};
    const int team = (int)bnorm_min(bnorm_min(threads, seats->threads), items);
    fegetenv(&caller);
    if (team <= 1 || forked) {
        run_seated(&call, NULL, (bnorm_range){0, items}, 1, 0);
        return;
    }
    run_team(&call, team);
    bnorm_environment_leave(&caller); /* the runtime may compute, too: OMP_DYNAMIC */
}
