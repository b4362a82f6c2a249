/* SPDX-License-Identifier: BSD-3-Clause */
/* Where threads run, as an upstream function sees it. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "numa/cases.h"
#include "numa/setup.h"
#include "numa/system.h"
#include "support/harness.h"

enum { CALLS_MOST = 1 << 16 };

typedef struct { /* one call of the upstream function */
    int64_t row, col;
    int worker, cpu, allowed; /* where it was made, and how many CPUs the thread has */
} call;

typedef struct {
    call call[CALLS_MOST];
    atomic_int calls;
    int fails_from; /* calls from this one on fail; 0: none */
} witness;

/* Emulated machines are slow. */
static const setup_shape shapes[SETUP_SHAPES] = {
    {"rows", BNORM_ROWS, 0, 1000, 600},
    {"panels of 16", BNORM_PANELS, 16, 500, 600},
    {"panels of 8", BNORM_PANELS, 8, 500, 300},
};

static int look(void *user, const bnorm_block *block)
{
    witness *w = user;
    int n = atomic_fetch_add(&w->calls, 1);
    cpu_set_t set;
    if (n < CALLS_MOST && sched_getaffinity(0, sizeof set, &set) == 0)
        w->call[n] = (call){block->row, block->col, block->worker, sched_getcpu(),
                            CPU_COUNT(&set)};
    for (int64_t r = 0; r < block->rows; r++)
        for (int64_t c = 0; c < block->cols; c++)
            ((float *)block->dy)[r * block->dy_ld + c] =
                0.5f * ((const float *)block->y)[r * block->y_ld + c];
    return w->fails_from > 0 && n + 1 >= w->fails_from;
}

/* One step over the tensors; *w says who was called where. */
static bnorm_status step(setup *s, witness *w, int fails_from)
{
    bnorm_args args;
    bnorm_args_init(&args, sizeof args);
    args.x = s->tensor[BNORM_X];
    args.dx = s->tensor[BNORM_DX];
    args.dy = s->tensor[BNORM_DY];
    args.upstream = look;
    args.user = w;
    atomic_store(&w->calls, 0);
    w->fails_from = fails_from;
    return bnorm_step(s->plan, &args);
}

/* The plan's block that an element is in; its cpu is -1 when there is none. */
static bnorm_block_info block_of(const bnorm_plan *plan, int64_t row, int64_t col)
{
    bnorm_block_info block = {.struct_size = sizeof block};
    for (int64_t i = 0; i < setup_blocks(plan, BNORM_STEP); i++) {
        if (bnorm_plan_block(plan, BNORM_STEP, i, &block) != BNORM_OK)
            break;
        if (block.row <= row && row < block.row + block.rows && block.col <= col &&
            col < block.col + block.cols)
            return block;
    }
    return (bnorm_block_info){.cpu = -1};
}

/* Each call was made on the CPU (or at least on the node) that the plan names. */
static void check_calls(const setup *s, const witness *w, int bound)
{
    int calls = atomic_load(&w->calls), elsewhere = 0, other_node = 0, loose = 0;
    int used[SYSTEM_CPUS] = {0}, cpus = 0;
    CU_ASSERT_TRUE(calls > 0 && calls <= CALLS_MOST);
    for (int i = 0; i < calls && i < CALLS_MOST; i++) {
        const call *c = &w->call[i];
        bnorm_cpu_info cpu = {.struct_size = sizeof cpu};
        bnorm_node_info node = {.struct_size = sizeof node};
        bnorm_block_info block = block_of(s->plan, c->row, c->col);
        bnorm_status status = bnorm_context_cpu(s->context, block.cpu, &cpu);
        if (status == BNORM_OK)
            status = bnorm_context_node(s->context, block.node, &node);
        elsewhere += status != BNORM_OK || c->cpu != cpu.os_index;
        other_node += status != BNORM_OK || system_node_of(c->cpu) != node.os_index;
        loose += c->allowed != 1;
        cpus += !used[c->cpu]++;
    }
    if (bound)
        CU_ASSERT_EQUAL(elsewhere, 0);
    CU_ASSERT_EQUAL(other_node, 0);
    CU_ASSERT_EQUAL(loose, 0);
    harness_note("%d threads, binding %d: %d calls on %d CPUs, %d not on theirs, %d not on their "
                 "node", bnorm_context_threads(s->context), bound, calls, cpus, elsewhere,
                 other_node);
}

static int cpus_of(const bnorm_context *context)
{
    bnorm_cpu_info cpu = {.struct_size = sizeof cpu};
    int cpus = 0;
    while (bnorm_context_cpu(context, cpus, &cpu) == BNORM_OK)
        cpus++;
    return cpus;
}

static witness *new_witness(void)
{
    witness *w = calloc(1, sizeof *w);
    CU_ASSERT_PTR_NOT_NULL_FATAL(w);
    return w;
}

void numa_bound_threads(void)
{
    static const int threads[] = {1, 3, 0};
    witness *w = new_witness();
    for (int i = 0; i < SETUP_SHAPES; i++)
        for (int j = 0; j < 3; j++)
            for (int binding = BNORM_BIND_SPREAD; binding <= BNORM_BIND_COMPACT; binding++) {
                setup s;
                if (setup_open(&s, &shapes[i], threads[j], (bnorm_binding)binding,
                               BNORM_PAGES_TRANSPARENT) == 0 && setup_alloc(&s) == 0) {
                    CU_ASSERT_EQUAL(step(&s, w, 0), BNORM_OK);
                    check_calls(&s, w, binding);
                }
                setup_close(&s);
            }
    free(w);
}

/* ---- which CPUs are chosen ---------------------------------------------------------- */

/* CPUs of the plan's blocks: how many, and on how many cores. */
static void chosen(const setup *s, int *cpus, int *cores)
{
    int seen[SYSTEM_CPUS] = {0}, core_seen[SYSTEM_CPUS] = {0};
    *cpus = *cores = 0;
    for (int64_t i = 0; i < setup_blocks(s->plan, BNORM_STEP); i++) {
        bnorm_block_info block = {.struct_size = sizeof block};
        bnorm_cpu_info cpu = {.struct_size = sizeof cpu};
        CU_ASSERT_EQUAL(bnorm_plan_block(s->plan, BNORM_STEP, i, &block), BNORM_OK);
        CU_ASSERT_EQUAL(bnorm_context_cpu(s->context, block.cpu, &cpu), BNORM_OK);
        CU_ASSERT_EQUAL(block.node, cpu.node);
        *cpus += !seen[cpu.os_index]++;
        *cores += !core_seen[cpu.core]++;
    }
}

static int cores_of(const bnorm_context *context)
{
    bnorm_cpu_info cpu = {.struct_size = sizeof cpu};
    int cores = 0;
    for (int i = 0; bnorm_context_cpu(context, i, &cpu) == BNORM_OK; i++)
        cores += cpu.sibling == 0;
    return cores;
}

/* Spread: even among nodes of one size; compact: a node is full before the next. */
static void check_nodes(const setup *s, bnorm_binding binding)
{
    bnorm_node_info node = {.struct_size = sizeof node};
    int most = 0, least = SYSTEM_CPUS, partial = 0, wrong = 0;
    for (int i = 0; bnorm_context_node(s->context, i, &node) == BNORM_OK; i++) {
        most = node.threads > most ? node.threads : most;
        least = node.threads < least ? node.threads : least;
        wrong += partial && node.threads > 0;
        partial += node.threads < node.cpus;
    }
    if (binding == BNORM_BIND_SPREAD) {
        CU_ASSERT_TRUE(most - least <= 1);
    } else {
        CU_ASSERT_EQUAL(wrong, 0);
    }
}

void numa_choice_of_cpus(void)
{
    for (int binding = BNORM_BIND_SPREAD; binding <= BNORM_BIND_COMPACT; binding++)
        for (int threads = 1, cpus = 1; threads <= cpus; threads++) {
            setup s;
            if (setup_open(&s, &shapes[1], threads, (bnorm_binding)binding,
                           BNORM_PAGES_SMALL) == 0) {
                int used, cores, all_cores = cores_of(s.context);
                cpus = cpus_of(s.context);
                chosen(&s, &used, &cores);
                check_nodes(&s, (bnorm_binding)binding);
                CU_ASSERT_EQUAL(used, threads);
                if (binding == BNORM_BIND_SPREAD)
                    CU_ASSERT_EQUAL(cores, threads < all_cores ? threads : all_cores);
            }
            setup_close(&s);
        }
}

/* ---- affinity ----------------------------------------------------------------------- */

/* A team's threads appear, work bound, fail; the caller has a set of its own.  All of
 * them end with the sets they had. */
void numa_affinity_comes_back(void)
{
    witness *w = new_witness();
    for (int pinned = 0; pinned < 2; pinned++)
        for (int binding = BNORM_BIND_INHERIT; binding <= BNORM_BIND_COMPACT; binding++) {
            setup s;
            system_affinities before, after;
            cpu_set_t own;
            if (setup_open(&s, &shapes[pinned], 0, (bnorm_binding)binding,
                           BNORM_PAGES_TRANSPARENT) == 0 && setup_alloc(&s) == 0) {
                bnorm_cpu_info cpu = {.struct_size = sizeof cpu};
                CU_ASSERT_EQUAL(bnorm_context_cpu(s.context, 1, &cpu), BNORM_OK);
                sched_getaffinity(0, sizeof own, &own);
                if (pinned)
                    system_pin(cpu.os_index, &own);
                system_read_affinities(&before);
                CU_ASSERT_EQUAL(step(&s, w, 0), BNORM_OK);
                system_read_affinities(&after);
                CU_ASSERT_EQUAL(system_affinities_changed(&before, &after), 0);
                CU_ASSERT_EQUAL(step(&s, w, 2), BNORM_ERR_UPSTREAM);
                system_read_affinities(&after);
                CU_ASSERT_EQUAL(system_affinities_changed(&before, &after), 0);
                CU_ASSERT_TRUE(after.count >= bnorm_context_threads(s.context));
                system_unpin(&own);
            }
            setup_close(&s);
        }
    free(w);
}

/* ---- threads that the OpenMP runtime binds -------------------------------------------- */

static const char role[] = "BNORM_TEST_REVERSED_PLACES";

/* In the process that was started with the places: thread 0 is on the last CPU. */
static void check_reversed(void)
{
    witness *w = new_witness();
    for (int i = 0; i < SETUP_SHAPES; i++) {
        setup s;
        int threads = atoi(getenv(role));
        cpu_set_t before, after;
        if (setup_open(&s, &shapes[i], threads, BNORM_BIND_INHERIT,
                       BNORM_PAGES_TRANSPARENT) == 0 && setup_alloc(&s) == 0) {
            CU_ASSERT_EQUAL(cpus_of(s.context), threads);
            sched_getaffinity(0, sizeof before, &before);
            CU_ASSERT_EQUAL(CPU_COUNT(&before), 1);
            CU_ASSERT_EQUAL(step(&s, w, 0), BNORM_OK);
            check_calls(&s, w, 0);
            sched_getaffinity(0, sizeof after, &after);
            CU_ASSERT_TRUE(CPU_EQUAL(&before, &after));
        }
        setup_close(&s);
    }
    free(w);
}

/* What a child printed, as notes. */
static void show(FILE *output)
{
    char line[300];
    rewind(output);
    while (fgets(line, sizeof line, output) != NULL) {
        line[strcspn(line, "\n")] = '\0';
        harness_note("  %s", line);
    }
}

/* Start this program again: the runtime reads its places once. */
void numa_reversed_places(void)
{
    char places[SYSTEM_CPUS * 6] = "", count[20];
    if (getenv(role) != NULL) {
        check_reversed();
        return;
    }
    cpu_set_t mine;
    CU_ASSERT_EQUAL_FATAL(sched_getaffinity(0, sizeof mine, &mine), 0);
    for (int cpu = SYSTEM_CPUS - 1, used = 0; cpu >= 0; cpu--)
        if (CPU_ISSET((size_t)cpu, &mine))
            used += snprintf(places + used, sizeof places - (size_t)used, "%s{%d}",
                             used > 0 ? "," : "", cpu);
    snprintf(count, sizeof count, "%d", CPU_COUNT(&mine));
    FILE *output = tmpfile();
    CU_ASSERT_PTR_NOT_NULL_FATAL(output);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        setenv("OMP_PLACES", places, 1);
        setenv("OMP_PROC_BIND", "close", 1);
        setenv(role, count, 1);
        dup2(fileno(output), STDOUT_FILENO);
        execl("/proc/self/exe", "test_numa",
              "threads in reversed places work for the nodes they are on", (char *)NULL);
        _exit(127);
    }
    int status = -1;
    CU_ASSERT_EQUAL(waitpid(child, &status, 0), child);
    CU_ASSERT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    show(output);
    fclose(output);
}
