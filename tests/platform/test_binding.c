/* SPDX-License-Identifier: BSD-3-Clause */
/* Binding a thread to a CPU, and letting it go again. */
#define _GNU_SOURCE
#include "platform/binding.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <string.h>

#include "support/harness.h"

/* The calling thread's mask as the system has it; 0 when it has none. */
static int ask(bnorm_affinity *affinity)
{
    memset(affinity, 0, sizeof *affinity);
    int known = sched_getaffinity(0, sizeof affinity->mask, (cpu_set_t *)affinity->mask) == 0;
    if (!known)
        harness_skip("no affinity masks here");
    return known;
}

static int same(const bnorm_affinity *a, const bnorm_affinity *b)
{
    return memcmp(a->mask, b->mask, sizeof a->mask) == 0;
}

static void a_thread_goes_where_it_is_bound_and_back(void)
{
    bnorm_affinity all, bound, before;
    int wrong = 0;
    if (!ask(&all))
        return;
    for (int cpu = 0; cpu < BNORM_BINDING_CPUS; cpu++) {
        if (!bnorm_affinity_has(&all, cpu))
            continue;
        CU_ASSERT_EQUAL_FATAL(bnorm_binding_set(cpu, &before), 0);
        CU_ASSERT(same(&before, &all));
        CU_ASSERT_EQUAL(sched_getcpu(), cpu);
        ask(&bound);
        for (int other = 0; other < BNORM_BINDING_CPUS; other++)
            wrong += bnorm_affinity_has(&bound, other) != (other == cpu);
        bnorm_binding_restore(&before);
        ask(&bound);
        CU_ASSERT(same(&bound, &all));
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void bindings_nest(void)
{
    bnorm_affinity all, now, outer, inner;
    int first = 0, last = 0;
    if (!ask(&all))
        return;
    for (int cpu = BNORM_BINDING_CPUS - 1; cpu >= 0; cpu--) {
        first = bnorm_affinity_has(&all, cpu) ? cpu : first;
        last = bnorm_affinity_has(&all, cpu) && last == 0 ? cpu : last;
    }
    CU_ASSERT_EQUAL_FATAL(bnorm_binding_set(first, &outer), 0);
    CU_ASSERT_EQUAL_FATAL(bnorm_binding_set(last, &inner), 0);
    CU_ASSERT_EQUAL(sched_getcpu(), last);
    bnorm_binding_restore(&inner);
    CU_ASSERT_EQUAL(sched_getcpu(), first);
    bnorm_binding_restore(&outer);
    ask(&now);
    CU_ASSERT(same(&now, &all));
}

/* A CPU that there is no number for, and one that no machine here has. */
static void a_refused_binding_changes_nothing(void)
{
    const int none[] = {-1, BNORM_BINDING_CPUS, BNORM_BINDING_CPUS - 1};
    bnorm_affinity all, now, before;
    if (!ask(&all))
        return;
    for (int i = 0; i < 3; i++) {
        if (none[i] == BNORM_BINDING_CPUS - 1 && bnorm_affinity_has(&all, none[i]))
            continue;
        CU_ASSERT_EQUAL(bnorm_binding_set(none[i], &before), EINVAL);
        ask(&now);
        CU_ASSERT(same(&now, &all));
    }
}

static void *ask_on_a_thread(void *affinity)
{
    bnorm_affinity *mine = affinity;
    sched_getaffinity(0, sizeof mine->mask, (cpu_set_t *)mine->mask);
    return NULL;
}

static void *bind_on_a_thread(void *cpu)
{
    bnorm_affinity before;
    bnorm_binding_set(*(int *)cpu, &before); /* and ends as it is */
    return NULL;
}

/* What a thread does is nobody else's: not its creator's, and a thread that is
 * created between set and restore is the only one to inherit it. */
static void only_the_calling_thread_is_bound(void)
{
    bnorm_affinity all, now, theirs, before;
    pthread_t thread;
    int cpu = 0;
    if (!ask(&all))
        return;
    while (!bnorm_affinity_has(&all, cpu))
        cpu++;
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, bind_on_a_thread, &cpu), 0);
    pthread_join(thread, NULL);
    ask(&now);
    CU_ASSERT(same(&now, &all));

    memset(&theirs, 0, sizeof theirs);
    CU_ASSERT_EQUAL_FATAL(bnorm_binding_set(cpu, &before), 0);
    bnorm_binding_restore(&before);
    CU_ASSERT_EQUAL_FATAL(pthread_create(&thread, NULL, ask_on_a_thread, &theirs), 0);
    pthread_join(thread, NULL);
    CU_ASSERT(same(&theirs, &all));
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"a thread goes where it is bound, and back", a_thread_goes_where_it_is_bound_and_back},
        {"bindings nest", bindings_nest},
        {"a refused binding changes nothing", a_refused_binding_changes_nothing},
        {"only the calling thread is bound", only_the_calling_thread_is_bound},
    };
    return harness_main(argc, argv, "platform/binding", cases, HARNESS_COUNT(cases));
}
