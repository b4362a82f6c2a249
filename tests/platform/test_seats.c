/* SPDX-License-Identifier: BSD-3-Clause */
/* Seats and shares on machines of all shapes: arithmetic, no threads. */
#include "platform/seats.h"

#include <stdlib.h>

#include "support/harness.h"

enum { MOST_CPUS = 512, MOST_THREADS = 256 };

/* A machine by hand: cores[k] on node k, each of smt logical CPUs, or on a node
 * of single ones of one. */
typedef struct {
    bnorm_machine machine;
    bnorm_cpu cpu[MOST_CPUS];
    bnorm_numa_node node[BNORM_MOST_NODES];
} made;

typedef struct {
    const char *name;
    int nodes, smt, cores[8];
    int single[8];
} shape;

static const shape shapes[] = {
    {"one CPU", 1, 1, {1}, {0}},
    {"one node of 64 cores", 1, 1, {64}, {0}},
    {"one node of 16 x 2", 1, 2, {16}, {0}},
    {"two nodes of 24", 2, 1, {24, 24}, {0}},
    {"two nodes of 2", 2, 1, {2, 2}, {0}},
    {"four nodes of 16 x 2", 4, 2, {16, 16, 16, 16}, {0}},
    {"four nodes of 8 x 4", 4, 4, {8, 8, 8, 8}, {0}},
    {"eight nodes of 8 x 2", 8, 2, {8, 8, 8, 8, 8, 8, 8, 8}, {0}},
    {"unequal", 3, 1, {1, 7, 30}, {0}},
    {"unequal, hybrid", 4, 2, {3, 8, 1, 5}, {0, 1, 0, 1}},
    {"a core each", 8, 2, {1, 1, 1, 1, 1, 1, 1, 1}, {1, 0, 1, 0, 1, 0, 1, 0}},
};
enum { SHAPES = sizeof shapes / sizeof shapes[0] };

static const bnorm_binding bindings[] = {BNORM_BIND_SPREAD, BNORM_BIND_COMPACT,
                                         BNORM_BIND_INHERIT};

static void make(made *m, const shape *s)
{
    int cpus = 0, cores = 0;
    for (int k = 0; k < s->nodes; k++) {
        m->node[k] = (bnorm_numa_node){.os_index = k, .memory = k, .first_cpu = cpus};
        for (int c = 0; c < s->cores[k]; c++, cores++)
            for (int i = 0; i < (s->single[k] ? 1 : s->smt); i++, cpus++)
                m->cpu[cpus] = (bnorm_cpu){
                    .os_index = cpus, .core = cores, .sibling = i, .node = k};
        m->node[k].cpus = cpus - m->node[k].first_cpu;
    }
    m->machine = (bnorm_machine){.cpus = cpus, .cores = cores, .packages = 1, .kinds = 1,
                                 .nodes = s->nodes, .memory_nodes = s->nodes, .cpu = m->cpu,
                                 .node = m->node};
}

static int equal(const int *a, const int *b, int n)
{
    for (int i = 0; i < n; i++)
        if (a[i] != b[i])
            return 0;
    return 1;
}

/* ---- seats -------------------------------------------------------------------- */

/* How often each CPU is taken, when everything that holds for all bindings does:
 * CPUs rise, are taken equally often but for one time, and are counted by node. */
static int count_seats(const bnorm_seats *seats, const made *m, int threads, int *times)
{
    int count[BNORM_MOST_NODES] = {0}, wrong = 0;
    wrong += seats->threads != threads || seats->nodes != m->machine.nodes;
    for (int i = 0; i < m->machine.cpus; i++)
        times[i] = 0;
    for (int i = 0; i < threads; i++) {
        int cpu = seats->cpu[i];
        if (cpu < 0 || cpu >= m->machine.cpus)
            return 1;
        wrong += i > 0 && cpu < seats->cpu[i - 1];
        wrong += bnorm_seats_node(seats, i) != m->cpu[cpu].node;
        count[m->cpu[cpu].node]++;
        times[cpu]++;
    }
    for (int i = 0; i < m->machine.cpus; i++)
        wrong += times[i] - threads / m->machine.cpus < 0 ||
                 times[i] - threads / m->machine.cpus > 1;
    for (int k = 0; k < m->machine.nodes; k++)
        wrong += count[k] != seats->count[k];
    return wrong;
}

/* A node's seats are within one of its part of the threads; a CPU has one more
 * than others when all earlier siblings on the node have, and all earlier cores. */
static int count_unspread(const bnorm_seats *seats, const made *m, const int *times)
{
    int wrong = 0;
    for (int k = 0; k < m->machine.nodes; k++) {
        const int begin = m->node[k].first_cpu, end = begin + m->node[k].cpus;
        const int64_t exact = (int64_t)seats->threads * m->node[k].cpus;
        const int64_t here = (int64_t)seats->count[k] * m->machine.cpus;
        wrong += llabs(here - exact) >= m->machine.cpus;
        for (int a = begin; a < end; a++)
            for (int b = begin; b < end; b++) {
                int earlier = m->cpu[a].sibling < m->cpu[b].sibling ||
                              (m->cpu[a].sibling == m->cpu[b].sibling && a < b);
                wrong += earlier && times[a] < times[b];
            }
    }
    return wrong;
}

static void seats_are_spread(void)
{
    static made m;
    int times[MOST_CPUS], wrong = 0;
    for (int s = 0; s < SHAPES; s++) {
        make(&m, &shapes[s]);
        for (int threads = 1; threads <= MOST_THREADS; threads++) {
            bnorm_seats spread, inherited;
            CU_ASSERT_EQUAL_FATAL(
                bnorm_seats_choose(&spread, &m.machine, threads, BNORM_BIND_SPREAD), 0);
            CU_ASSERT_EQUAL_FATAL(
                bnorm_seats_choose(&inherited, &m.machine, threads, BNORM_BIND_INHERIT), 0);
            int bad = count_seats(&spread, &m, threads, times) ||
                      count_unspread(&spread, &m, times) ||
                      !equal(spread.cpu, inherited.cpu, threads) ||
                      spread.binding != BNORM_BIND_SPREAD ||
                      inherited.binding != BNORM_BIND_INHERIT;
            if (bad)
                harness_note("%s, %d threads", shapes[s].name, threads);
            wrong += bad;
            bnorm_seats_free(&spread);
            bnorm_seats_free(&inherited);
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void seats_are_compact(void)
{
    static made m;
    int times[MOST_CPUS], wrong = 0;
    for (int s = 0; s < SHAPES; s++) {
        make(&m, &shapes[s]);
        for (int threads = 1; threads <= MOST_THREADS; threads++) {
            bnorm_seats seats;
            CU_ASSERT_EQUAL_FATAL(
                bnorm_seats_choose(&seats, &m.machine, threads, BNORM_BIND_COMPACT), 0);
            int bad = count_seats(&seats, &m, threads, times);
            for (int i = 1; i < m.machine.cpus; i++)
                bad += times[i - 1] < times[i];
            if (bad)
                harness_note("%s, %d threads", shapes[s].name, threads);
            wrong += bad != 0;
            bnorm_seats_free(&seats);
        }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* Two nodes, each with two cores of two logical CPUs: 0 1 | 2 3 || 4 5 | 6 7. */
static void seats_by_hand(void)
{
    static const shape s = {"", 2, 2, {2, 2}, {0}};
    static const struct {
        bnorm_binding binding;
        int threads, cpu[12];
    } expected[] = {
        {BNORM_BIND_SPREAD, 1, {0}},
        {BNORM_BIND_SPREAD, 2, {0, 4}},
        {BNORM_BIND_SPREAD, 3, {0, 2, 4}},
        {BNORM_BIND_SPREAD, 4, {0, 2, 4, 6}},
        {BNORM_BIND_SPREAD, 5, {0, 1, 2, 4, 6}},
        {BNORM_BIND_SPREAD, 7, {0, 1, 2, 3, 4, 5, 6}},
        {BNORM_BIND_SPREAD, 10, {0, 0, 1, 2, 3, 4, 4, 5, 6, 7}},
        {BNORM_BIND_SPREAD, 12, {0, 0, 1, 2, 2, 3, 4, 4, 5, 6, 6, 7}},
        {BNORM_BIND_COMPACT, 1, {0}},
        {BNORM_BIND_COMPACT, 3, {0, 1, 2}},
        {BNORM_BIND_COMPACT, 5, {0, 1, 2, 3, 4}},
        {BNORM_BIND_COMPACT, 10, {0, 0, 1, 1, 2, 3, 4, 5, 6, 7}},
    };
    static made m;
    make(&m, &s);
    for (int i = 0; i < HARNESS_COUNT(expected); i++) {
        bnorm_seats seats;
        CU_ASSERT_EQUAL_FATAL(bnorm_seats_choose(&seats, &m.machine, expected[i].threads,
                                                 expected[i].binding), 0);
        CU_ASSERT(equal(seats.cpu, expected[i].cpu, expected[i].threads));
        bnorm_seats_free(&seats);
        CU_ASSERT_PTR_NULL(seats.cpu);
    }
}

/* ---- shares -------------------------------------------------------------------- */

/* Items on nodes; way 0: as many as threads, 1: none on some, 2: all on the last,
 * 3: none at all, others: random. */
static void lay_out(int64_t *first, const bnorm_seats *seats, int way)
{
    first[0] = 0;
    for (int k = 0; k < seats->nodes; k++) {
        int64_t items = rand() % 40;
        switch (way) {
        case 0: items = seats->count[k]; break;
        case 1: items = k % 2 ? 0 : 13; break;
        case 2: items = k == seats->nodes - 1 ? 1000 : 0; break;
        case 3: items = 0; break;
        }
        first[k + 1] = first[k] + items;
    }
}

/* Shares of a team where each node with items has threads: in order, at least one
 * for each such node, none for others, no more than items, near their part of the team. */
static int count_unfair(const bnorm_seats *seats, const int64_t *first, int team,
                        const int *share)
{
    int wrong = 0, seated = 0, scarce = 0, exact = team == seats->threads;
    for (int k = 0; k < seats->nodes; k++) {
        seated += first[k] < first[k + 1] ? seats->count[k] : 0;
        exact = exact && first[k] < first[k + 1] && seats->count[k] > 0 &&
                first[k + 1] - first[k] >= seats->count[k];
    }
    for (int k = 0; k < seats->nodes; k++) {
        const int64_t items = first[k + 1] - first[k], due = (int64_t)team * seats->count[k];
        scarce += items > 0 && (due < seated || items * seated < due);
    }
    for (int k = 0; k < seats->nodes; k++) {
        const int64_t part = share[k + 1] - share[k];
        wrong += team <= first[seats->nodes] && part > first[k + 1] - first[k];
        wrong += first[k] < first[k + 1] ? part < 1 : part != 0;
        wrong += exact && part != seats->count[k];
        if (seated > 0 && !scarce && first[k] < first[k + 1])
            wrong += llabs(part * seated - (int64_t)team * seats->count[k]) >= seated;
    }
    return wrong;
}

/* Every item is in one share; shares are in order, and within a node balanced. */
static int count_lost(const bnorm_seats *seats, const int64_t *first, int team, const int *share,
                      int by_node)
{
    int64_t next = 0;
    int wrong = 0;
    for (int i = 0; i < team; i++) {
        int node = 0;
        while (i >= share[node + 1])
            node++;
        const int64_t begin = by_node ? first[node] : 0;
        const int64_t end = by_node ? first[node + 1] : first[seats->nodes];
        const bnorm_range part = bnorm_range_part(end - begin, share[node + 1] - share[node],
                                                  i - share[node]);
        const bnorm_range items = bnorm_seats_items(seats, first, share, team, i);
        wrong += items.begin != next || items.begin != begin + part.begin ||
                 items.end != begin + part.end;
        next = items.end;
    }
    return wrong + (next != first[seats->nodes]);
}

static int count_wrong_shares(const bnorm_seats *seats, const int64_t *first, int team)
{
    int share[BNORM_MOST_NODES + 1], busy = 0, wrong;
    for (int k = 0; k < seats->nodes; k++)
        busy += first[k] < first[k + 1];
    bnorm_seats_shares(seats, first, team, share);
    wrong = share[0] != 0 || share[seats->nodes] != team;
    for (int k = 0; k < seats->nodes; k++)
        wrong += share[k] > share[k + 1];
    if (wrong)
        return wrong;
    if (busy > 0 && team >= busy)
        wrong += count_unfair(seats, first, team, share);
    else
        wrong += share[1] != team;
    return wrong + count_lost(seats, first, team, share, busy > 0 && team >= busy);
}

static void every_item_is_in_one_share(void)
{
    static made m;
    int wrong = 0, trials = 0;
    srand(20);
    for (int s = 0; s < SHAPES; s++) {
        make(&m, &shapes[s]);
        for (int threads = 1; threads <= MOST_THREADS; threads += 1 + threads / 16)
            for (int b = 0; b < 2; b++) {
                bnorm_seats seats;
                CU_ASSERT_EQUAL_FATAL(
                    bnorm_seats_choose(&seats, &m.machine, threads, bindings[b]), 0);
                for (int way = 0; way < 6; way++) {
                    int64_t first[BNORM_MOST_NODES + 1];
                    lay_out(first, &seats, way);
                    for (int team = 1; team <= threads; team++)
                        wrong += harness_sampled(trials++) &&
                                 count_wrong_shares(&seats, first, team) != 0;
                }
                bnorm_seats_free(&seats);
            }
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* The example of the header. */
static void shares_by_hand(void)
{
    static const shape s = {"", 2, 1, {2, 2}, {0}};
    static const int64_t first[] = {0, 6, 8};
    static const struct {
        int team, share[3];
        int64_t end[4];
    } expected[] = {
        {4, {0, 2, 4}, {3, 6, 7, 8}},
        {3, {0, 2, 3}, {3, 6, 8}},
        {2, {0, 1, 2}, {6, 8}},
        {1, {0, 1, 1}, {8}},
    };
    static made m;
    bnorm_seats seats;
    make(&m, &s);
    CU_ASSERT_EQUAL_FATAL(bnorm_seats_choose(&seats, &m.machine, 4, BNORM_BIND_SPREAD), 0);
    for (int i = 0; i < HARNESS_COUNT(expected); i++) {
        int share[3];
        bnorm_seats_shares(&seats, first, expected[i].team, share);
        CU_ASSERT(equal(share, expected[i].share, 3));
        for (int k = 0; k < expected[i].team; k++) {
            bnorm_range items = bnorm_seats_items(&seats, first, share, expected[i].team, k);
            CU_ASSERT_EQUAL(items.begin, k ? expected[i].end[k - 1] : 0);
            CU_ASSERT_EQUAL(items.end, expected[i].end[k]);
        }
    }
    bnorm_seats_free(&seats);
}

/* A matrix may lie where the plan has no thread. */
static void nodes_without_seats_have_shares(void)
{
    static const shape s = {"", 4, 1, {2, 2, 2, 2}, {0}};
    static const int64_t far[] = {0, 0, 0, 5, 9}, all[] = {0, 100, 101, 102, 103};
    static const int of_far[] = {0, 0, 0, 1, 2}, of_all[] = {0, 1, 2, 3, 4};
    static made m;
    bnorm_seats seats;
    int share[5];
    make(&m, &s);
    CU_ASSERT_EQUAL_FATAL(bnorm_seats_choose(&seats, &m.machine, 2, BNORM_BIND_COMPACT), 0);
    bnorm_seats_shares(&seats, far, 2, share);
    CU_ASSERT(equal(share, of_far, 5));
    bnorm_seats_free(&seats);
    CU_ASSERT_EQUAL_FATAL(bnorm_seats_choose(&seats, &m.machine, 4, BNORM_BIND_COMPACT), 0);
    bnorm_seats_shares(&seats, all, 4, share);
    CU_ASSERT(equal(share, of_all, 5));
    bnorm_seats_free(&seats);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"seats are spread", seats_are_spread},
        {"seats are compact", seats_are_compact},
        {"seats by hand", seats_by_hand},
        {"every item is in one share", every_item_is_in_one_share},
        {"shares by hand", shares_by_hand},
        {"nodes without seats have shares", nodes_without_seats_have_shares},
    };
    return harness_main(argc, argv, "platform/seats", cases, HARNESS_COUNT(cases));
}
