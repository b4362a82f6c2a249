/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How many threads a context asks for, by precedence: the option, the user's
 * words to OpenMP, what affinity mask and quota leave.  And that a team which
 * turns out smaller gives the same bits.
 *
 * OpenMP reads its variables before main: the program runs itself again, with
 * one word that says what to print.
 */
#define _GNU_SOURCE
#include <omp.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/fixture.h"
#include "platform/quota.h"
#include "platform/runtime.h"
#include "support/harness.h"

enum { TEAM = 7 };

/* ---- what the program does when it runs itself -------------------------- */

static int context_threads(int asked)
{
    bnorm_context *context = fixture_context(asked);
    int threads = bnorm_context_threads(context);
    bnorm_context_destroy(context);
    return threads;
}

static atomic_int regions; /* parallel regions that operations entered */

/* All operations with a team of so many, by one hash for each. */
static void run_operations(int threads, uint64_t hashes[FIXTURE_OPERATIONS])
{
    bnorm_context *context = fixture_context(threads);
    fixture f;
    fixture_init(&f, 1500, 40, BNORM_F32, BNORM_F32);
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
        const fixture_operation *operation = &fixture_operations[o];
        fixture_fill(&f);
        int before = runtime_regions();
        bnorm_status status = operation->call(plan, &f.args);
        atomic_fetch_add(&regions, runtime_regions() - before);
        hashes[o] = status ? 0 : fixture_hash(&f, fixture_outputs(operation->bit));
    }
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
    fixture_free(&f);
}

static uint64_t run_all(int threads)
{
    uint64_t hashes[FIXTURE_OPERATIONS];
    run_operations(threads, hashes);
    return harness_hash_bytes(HARNESS_HASH_START, hashes, sizeof hashes);
}

static int answer(const char *question)
{
    unsigned long long value = 0;
    if (strcmp(question, "threads") == 0)
        value = (unsigned long long)context_threads(0);
    else if (strcmp(question, "option") == 0)
        value = (unsigned long long)context_threads(TEAM);
    else
        value = run_all(TEAM);
    return printf("%llu\n", value) < 0;
}

/* ---- asking --------------------------------------------------------------- */

typedef struct {
    const char *variable, *value; /* NULL: none */
    int one_cpu;                  /* bind to one CPU first */
} surroundings;

static void become(const char *question, const surroundings *around, int out)
{
    unsetenv("OMP_NUM_THREADS");
    if (around->variable)
        setenv(around->variable, around->value, 1);
    if (around->one_cpu) {
        cpu_set_t set;
        sched_getaffinity(0, sizeof set, &set);
        for (int cpu = 0, left = 1; cpu < CPU_SETSIZE; cpu++)
            if (CPU_ISSET(cpu, &set) && left-- <= 0)
                CPU_CLR(cpu, &set);
        sched_setaffinity(0, sizeof set, &set);
    }
    dup2(out, STDOUT_FILENO);
    execl("/proc/self/exe", "test_threads", "answer", question, (char *)NULL);
    _exit(99);
}

/* The answer of this program, run again; -1: it cannot be run again here (an
 * emulator that runs one program). */
static long long ask(const char *question, surroundings around)
{
    int ends[2];
    unsigned long long value;
    if (pipe(ends) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0)
        become(question, &around, ends[1]);
    close(ends[1]);
    FILE *from = fdopen(ends[0], "r");
    int got = fscanf(from, "%llu", &value);
    fclose(from);
    waitpid(child, NULL, 0);
    return got == 1 ? (long long)value : -1;
}

static int cannot_ask(void)
{
    static long long answered;
    if (!answered)
        answered = ask("option", (surroundings){0});
    if (answered != TEAM)
        harness_skip("this program cannot run itself again here");
    return answered != TEAM;
}

/* ---- cases ---------------------------------------------------------------- */

static void the_option_comes_first(void)
{
    if (cannot_ask())
        return;
    CU_ASSERT_EQUAL(ask("option", (surroundings){"OMP_NUM_THREADS", "2", 0}), TEAM);
    CU_ASSERT_EQUAL(ask("option", (surroundings){NULL, NULL, 1}), TEAM);
}

static void then_the_users_words_to_openmp(void)
{
    if (cannot_ask())
        return;
    CU_ASSERT_EQUAL(ask("threads", (surroundings){"OMP_NUM_THREADS", "5", 0}), 5);
    CU_ASSERT_EQUAL(ask("threads", (surroundings){"OMP_NUM_THREADS", "5", 1}), 5);
    CU_ASSERT_EQUAL(ask("threads", (surroundings){"OMP_NUM_THREADS", "3,2", 0}), 3);
}

static void omp_set_num_threads_counts(void)
{
    int before = omp_get_max_threads();
    omp_set_num_threads(11);
    int threads = context_threads(0);
    omp_set_num_threads(before);
    CU_ASSERT_EQUAL(threads, 11);
}

static void then_mask_and_quota(void)
{
    cpu_set_t set;
    if (cannot_ask())
        return;
    int cpus = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
    int quota = bnorm_quota_cpus("/proc/self/cgroup", "/sys/fs/cgroup");
    int expected = quota && quota < cpus ? quota : cpus;
    CU_ASSERT_EQUAL(ask("threads", (surroundings){0}), expected);
    CU_ASSERT_EQUAL(ask("threads", (surroundings){NULL, NULL, 1}), 1);
}

static void a_thread_limit_gives_the_same_bits(void)
{
    long long expected = (long long)run_all(1);
    if (cannot_ask())
        return;
    CU_ASSERT_EQUAL(ask("hash", (surroundings){"OMP_THREAD_LIMIT", "2", 0}), expected);
    CU_ASSERT_EQUAL(ask("hash", (surroundings){"OMP_THREAD_LIMIT", "1", 0}), expected);
    CU_ASSERT_EQUAL(ask("hash", (surroundings){"OMP_DYNAMIC", "true", 0}), expected);
    CU_ASSERT_EQUAL(ask("hash", (surroundings){"OMP_NUM_THREADS", "3", 0}), expected);
    CU_ASSERT_EQUAL(ask("hash", (surroundings){NULL, NULL, 1}), expected);
}

static void every_team_gives_the_same_bits(void)
{
    static const int teams[] = {2, 3, 7, 16};
    uint64_t expected[FIXTURE_OPERATIONS], got[FIXTURE_OPERATIONS];
    run_operations(1, expected);
    for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
        CU_ASSERT_NOT_EQUAL(expected[o], 0);
        harness_hash(fixture_operations[o].name, expected[o]);
    }
    for (int t = 0; t < 4; t++) {
        run_operations(teams[t], got);
        for (int o = 0; o < FIXTURE_OPERATIONS; o++)
            CU_ASSERT_EQUAL(got[o], expected[o]);
    }
}

static void inside_a_callers_region(void)
{
    uint64_t expected = run_all(1), hash[4];
    int levels = omp_get_max_active_levels();
    for (int nested = 0; nested < 2; nested++) {
        int wrong = 0;
        omp_set_max_active_levels(nested ? 2 : 1);
#pragma omp parallel for num_threads(2) schedule(static, 1)
        for (int i = 0; i < 4; i++)
            hash[i] = run_all(3);
        omp_set_max_active_levels(levels);
        for (int i = 0; i < 4; i++)
            wrong += hash[i] != expected;
        CU_ASSERT_EQUAL(wrong, 0);
    }
}

/* No new thread and no parallel region with threads = 1, in any operation. */
static void one_thread_stays_alone(void)
{
    int threads = runtime_threads();
    atomic_store(&regions, 0);
    run_all(1);
    CU_ASSERT_EQUAL(atomic_load(&regions), 0);
    CU_ASSERT_EQUAL(runtime_threads(), threads);
    run_all(3);
    CU_ASSERT(runtime_regions() < 0 || atomic_load(&regions) > 0); /* it does count */
}

/* Nobody asked for binding: the masks of all threads are as before. */
static void nothing_is_bound(void)
{
    cpu_set_t before, after;
    if (sched_getaffinity(0, sizeof before, &before) != 0 || getenv("OMP_PROC_BIND")) {
        harness_skip("no affinity masks here, or OpenMP was told to bind");
        return;
    }
    run_all(3);
    CU_ASSERT_EQUAL(sched_getaffinity(0, sizeof after, &after), 0);
    CU_ASSERT(CPU_EQUAL(&before, &after));
    int different = 0;
#pragma omp parallel num_threads(3) reduction(+ : different)
    {
        cpu_set_t mine;
        different += sched_getaffinity(0, sizeof mine, &mine) != 0 || !CPU_EQUAL(&before, &mine);
    }
    CU_ASSERT_EQUAL(different, 0);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"one thread stays alone", one_thread_stays_alone},
        {"the option comes first", the_option_comes_first},
        {"then OMP_NUM_THREADS", then_the_users_words_to_openmp},
        {"or omp_set_num_threads", omp_set_num_threads_counts},
        {"then affinity mask and quota", then_mask_and_quota},
        {"every team gives the same bits", every_team_gives_the_same_bits},
        {"a thread limit gives the same bits", a_thread_limit_gives_the_same_bits},
        {"inside a caller's parallel region", inside_a_callers_region},
        {"nothing is bound", nothing_is_bound},
    };
    if (argc == 3 && strcmp(argv[1], "answer") == 0)
        return answer(argv[2]);
    return harness_main(argc, argv, "platform/threads", cases, HARNESS_COUNT(cases));
}
