/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/grids.h"

#include "base/sizes.h"
#include "kernels/kernels.h"
#include "support/data.h"
#include "support/harness.h"

#define COUNT(array) ((int)(sizeof(array) / sizeof((array)[0])))

/* ---- levels --------------------------------------------------------------------- */

static const struct {
    int nodes, cores[8];
} machines[] = {
    {1, {8}}, {2, {16, 16}}, {4, {16, 16, 16, 16}}, {8, {32, 32, 32, 32, 32, 32, 32, 32}},
    {2, {3, 1}}, {2, {3, 5}}, {3, {16, 15, 1}}, {3, {5, 0, 7}},
};
static const bnorm_binding bindings[] = {BNORM_BIND_SPREAD, BNORM_BIND_COMPACT};
static const int threads[] = {1,  2,  3,  4,  5,  7,  8,   12,  16,  24,
                              31, 32, 48, 64, 96, 127, 128, 200, 255, 256};
static const struct {
    int panels, size; /* columns of a panel, or 0; bytes of an element */
} layouts[] = {{0, 4}, {0, 8}, {16, 4}, {8, 8}};
static const int64_t cols[] = {0,   1,   7,    16,   17,   33,   64,   100,
                               255, 256, 1000, 1023, 1024, 2047, 4095, 4096};
static const int64_t rows[] = {0,     1,      64, 65, 1000, 4095, 65536, 140001,
                               (INT64_C(1) << 31) + 5, INT64_C(1) << 40};
/* As the planner has them: bytes of blocks from memory, from cache, where the workspace
 * must be small; and blocks that stay in cache, of so many lines. */
static const struct {
    int64_t min_bytes, max_bytes;
} limits[] = {{4096, 4096}, {512, 4096}, {64, 4096}, {64, 256}, {64, 64}, {64, 3 * 64},
              {64, 7 * 64}};
static const double groups[] = {1, 0.75, 0.3, 0}; /* of the threads; at least one */
enum { BY_SEATS, BACKWARDS, IN_TURNS, SHORT, ON_ONE, SHARDINGS };

const int grids_levels[GRIDS_FACTORS] = {
    [GRIDS_MACHINE] = COUNT(machines), [GRIDS_THREADS] = COUNT(threads),
    [GRIDS_SMT] = 2,                   [GRIDS_BINDING] = COUNT(bindings),
    [GRIDS_LAYOUT] = COUNT(layouts),   [GRIDS_COLS] = COUNT(cols),
    [GRIDS_ROWS] = COUNT(rows),        [GRIDS_LIMITS] = COUNT(limits),
    [GRIDS_GROUPS] = COUNT(groups),    [GRIDS_SHARDS] = SHARDINGS,
};

/* ---- cases ---------------------------------------------------------------------- */

/* The seats that a machine gives; nodes without cores are there, but have none. */
static int choose_seats(bnorm_seats *seats, int m, int smt, int count, bnorm_binding binding)
{
    bnorm_cpu cpu[512];
    bnorm_numa_node node[8];
    int at[8];
    bnorm_machine machine = {.cpu = cpu, .node = node};
    for (int k = 0; k < machines[m].nodes; k++) {
        const int cpus = machines[m].cores[k] * smt;
        if (cpus == 0)
            continue;
        at[machine.nodes] = k;
        node[machine.nodes] = (bnorm_numa_node){.first_cpu = machine.cpus, .cpus = cpus};
        for (int i = 0; i < cpus; i++)
            cpu[machine.cpus++] = (bnorm_cpu){.sibling = i % smt, .node = machine.nodes};
        machine.nodes++;
    }
    bnorm_seats chosen;
    if (bnorm_seats_choose(&chosen, &machine, count, binding) != 0)
        return -1;
    *seats = (bnorm_seats){.threads = count, .nodes = machines[m].nodes};
    for (int k = 0; k < machine.nodes; k++)
        seats->count[at[k]] = chosen.count[k];
    bnorm_seats_free(&chosen);
    return 0;
}

/* Shards of uneven lengths, on the nodes in turns, forwards or backwards. */
static bnorm_shards uneven(int64_t count, int nodes, int most, int backwards)
{
    bnorm_shards shards = {.count = (int)bnorm_min(count, most)};
    const int n = shards.count;
    double weight = 0, all = 0;
    for (int i = 0; i < n; i++)
        all += data_uniform(61, (uint64_t)i);
    int64_t begin = 0;
    for (int i = 0; i < n; i++) {
        weight += data_uniform(61, (uint64_t)i);
        int64_t end = i == n - 1 ? count : i + 1 + (int64_t)((double)(count - n) * weight / all);
        shards.shard[i] = (bnorm_shard){begin, end, 1, (backwards ? n - 1 - i : i) % nodes};
        begin = end;
    }
    return shards;
}

/* As many of one leaf or panel as there can be, then the rest. */
static bnorm_shards as_short_as_can_be(int64_t count, int nodes)
{
    bnorm_shards shards = {.count = (int)bnorm_min(count, BNORM_MOST_SHARDS)};
    for (int i = 0; i < shards.count; i++)
        shards.shard[i] = (bnorm_shard){i, i + 1, 1, (i * 5 + 3) % nodes};
    if (count > 0)
        shards.shard[shards.count - 1].end = count;
    return shards;
}

/* Leaves or panels that are owned. */
static int64_t owned(const bnorm_division *d)
{
    return d->panels ? bnorm_ceil_div(d->cols, d->unit) : bnorm_leaf_count(d->rows);
}

static bnorm_shards make_shards(int how, int64_t count, const bnorm_seats *seats)
{
    const int nodes = seats->nodes;
    bnorm_shards all = {count > 0, {{0, count, 1, nodes - 1}}};
    return how == BACKWARDS  ? uneven(count, nodes, nodes, 1)
           : how == IN_TURNS ? uneven(count, nodes, 3 * nodes + 1, 0)
           : how == SHORT    ? as_short_as_can_be(count, nodes)
           : how == ON_ONE   ? all
                             : bnorm_shards_by_seats(count, 1, nodes, seats->count);
}

int grids_make(grids_case *c, const int *level)
{
    const int size = layouts[level[GRIDS_LAYOUT]].size, panel = layouts[level[GRIDS_LAYOUT]].panels;
    const int64_t unit = panel ? panel : BNORM_LINE / size;
    if (choose_seats(&c->seats, level[GRIDS_MACHINE], level[GRIDS_SMT] + 1,
                     threads[level[GRIDS_THREADS]], bindings[level[GRIDS_BINDING]]) != 0)
        return -1;
    c->division = (bnorm_division){
        .rows = rows[level[GRIDS_ROWS]],
        .cols = cols[level[GRIDS_COLS]],
        .unit = unit,
        .panels = panel > 0,
        .min_cols = limits[level[GRIDS_LIMITS]].min_bytes / size,
        .max_cols = limits[level[GRIDS_LIMITS]].max_bytes / size,
        .most_groups = bnorm_max((int64_t)(groups[level[GRIDS_GROUPS]] * c->seats.threads), 1),
        .nodes = c->seats.nodes,
        .seats = c->seats.count,
        .shards = &c->shards,
    };
    c->by_seats = level[GRIDS_SHARDS] == BY_SEATS;
    c->shards = make_shards(level[GRIDS_SHARDS], owned(&c->division), &c->seats);
    /* Some leaves fewer, or many. */
    c->shorter = c->division.rows *
                 (int64_t)(data_bits(62, (uint64_t)(level[GRIDS_COLS] + level[GRIDS_THREADS])) %
                           17) / 16;
    return 0;
}

void grids_seats(grids_case *c, int nodes, const int *count)
{
    c->seats = (bnorm_seats){.nodes = nodes};
    for (int k = 0; k < nodes; k++) {
        c->seats.count[k] = count[k];
        c->seats.threads += count[k];
    }
    c->division.nodes = nodes;
    c->division.seats = c->seats.count;
    c->division.shards = &c->shards;
    c->by_seats = 1;
    c->shards = bnorm_shards_by_seats(owned(&c->division), 1, nodes, count);
}

int grids_report(const grids_case *c)
{
    const bnorm_division *d = &c->division;
    bnorm_grid grid = bnorm_partition(d);
    const char *wrong = grids_wrong(c, &grid), *rest = "";
    if (!wrong) {
        wrong = grids_shorter_wrong(c, &grid, c->shorter);
        rest = " (shorter)";
    }
    if (!wrong)
        return 0;
    harness_note("%lld (%lld) x %lld, unit %lld%s, blocks of %lld to %lld, %lld groups, %d shards"
                 "%s: %lld x %lld: %s%s",
                 (long long)d->rows, (long long)c->shorter, (long long)d->cols,
                 (long long)d->unit, d->panels ? " in panels" : "", (long long)d->min_cols,
                 (long long)d->max_cols, (long long)d->most_groups, c->shards.count,
                 c->by_seats ? " by seats" : "", (long long)grid.row_groups,
                 (long long)grid.col_blocks, wrong, rest);
    for (int k = 0; k < d->nodes; k++)
        harness_note("  node %d: %d seats", k, d->seats[k]);
    return 1;
}
