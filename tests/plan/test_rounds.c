/* SPDX-License-Identifier: BSD-3-Clause */
/* Panels that threads share: every item is in one round, each takes the place of one of the round
 * before, and no node's threads have more than they can take at once. */
#include "plan/rounds.h"

#include "kernels/kernels.h"
#include "support/harness.h"

enum { ROWS = 1000, WIDTH = 16, MOST_ITEMS = 1000 };

typedef struct {
    int nodes;
    int seats[4];
    int64_t sharing, groups; /* asked for, and what that comes to; 1: not shared */
} team;

static const team teams[] = {
    {1, {2}, 2, 2},       {1, {3}, 2, 3},        {1, {4}, 2, 2},     {1, {5}, 2, 5},
    {1, {8}, 3, 4},       {1, {8}, 9, 1},        {1, {1}, 2, 1},     {2, {4, 4}, 2, 2},
    {2, {4, 4}, 3, 4},    {2, {16, 15}, 2, 2},  {2, {4, 1}, 2, 1},  {3, {6, 0, 6}, 4, 6},
    {4, {2, 2, 2, 2}, 2, 2}, {1, {6}, 0, 1},     {1, {6}, 1, 1},     {1, {7}, 2, 2},
};

static bnorm_grid grid_of(const team *t, int64_t panels, int split)
{
    bnorm_shards shards = bnorm_shards_by_seats(panels, 1, t->nodes, t->seats);
    if (split && shards.count == 1 && panels > 1) { /* two shards of one node */
        shards.count = 2;
        shards.shard[1] = shards.shard[0];
        shards.shard[0].end = shards.shard[1].begin = panels / 3 + 1;
    }
    const bnorm_division division = {.rows = ROWS,
                                     .cols = panels * WIDTH,
                                     .unit = WIDTH,
                                     .panels = 1,
                                     .most_groups = ROWS,
                                     .sharing = t->sharing,
                                     .nodes = t->nodes,
                                     .seats = t->seats,
                                     .shards = &shards};
    return bnorm_partition(&division);
}

static int place_of(const bnorm_grid *grid, bnorm_place place)
{
    return (int)(place.block * grid->row_groups + place.group);
}

/* Items of the round, and slots of panels that are at work; how often each place of the grid was met is counted in `met`. */
static void check_round(const bnorm_grid *grid, const team *t, int64_t round, int *met)
{
    int64_t slots = bnorm_grid_slots(grid);
    int taken[MOST_ITEMS] = {0};
    const bnorm_grid part = bnorm_grid_round(grid, round);
    const bnorm_grid later = bnorm_grid_round(grid, round + 1);
    int64_t of_node[4] = {0}, followed = 0;
    for (int64_t item = 0; item < bnorm_grid_items(&part); item++) {
        bnorm_place place = bnorm_grid_item(&part, item);
        met[place_of(grid, place)]++;
        of_node[place.node]++;
        place.block = bnorm_grid_next(grid, place.block);
        followed += place.block >= 0;
        if (place.group == 0) {
            taken[bnorm_grid_slot(grid, bnorm_grid_item(&part, item).block)]++;
            if (place.block >= 0)
                taken[bnorm_grid_slot(grid, place.block)]++;
        }
    }
    for (int64_t slot = 0; slot < slots; slot++)
        CU_ASSERT(taken[slot] <= 1);
    for (int k = 0; k < t->nodes; k++)
        CU_ASSERT(of_node[k] <= t->seats[k]);
    CU_ASSERT_EQUAL(followed, bnorm_grid_items(&later));
}

/* The round of every item, and its number there, lead back to it. */
static void check_way_back(const bnorm_grid *grid)
{
    for (int64_t item = 0; item < bnorm_grid_items(grid); item++) {
        int64_t there = item;
        const bnorm_grid part = bnorm_grid_round_of(grid, &there);
        const bnorm_place a = bnorm_grid_item(grid, item), b = bnorm_grid_item(&part, there);
        CU_ASSERT(a.group == b.group && a.block == b.block && a.node == b.node);
        CU_ASSERT(there < bnorm_grid_items(&part));
    }
}

static void every_item_has_its_round(void)
{
    for (size_t i = 0; i < sizeof teams / sizeof *teams; i++)
        for (int64_t panels = 33; panels <= 60; panels++)
            for (int split = 0; split < 2; split++) {
                const bnorm_grid grid = grid_of(&teams[i], panels, split);
                int met[MOST_ITEMS] = {0}, wrong = 0;
                if (grid.row_groups != teams[i].groups)
                    harness_note("team %zu: %lld", i, (long long)grid.row_groups);
                CU_ASSERT_EQUAL(grid.row_groups, teams[i].groups);
                CU_ASSERT((grid.rounds > 1) == (grid.row_groups > 1));
                for (int64_t round = 0; grid.rounds > 1 && round < grid.rounds; round++)
                    check_round(&grid, &teams[i], round, met);
                for (int64_t item = 0; grid.rounds > 1 && item < bnorm_grid_items(&grid); item++)
                    wrong += met[item] != 1;
                CU_ASSERT_EQUAL(wrong, 0);
                check_way_back(&grid);
            }
}

/* Fewer panels than threads are all at work at once, as they always were. */
static void few_panels_are_one_round(void)
{
    static const team four = {1, {4}, 2, 2};
    const bnorm_grid grid = grid_of(&four, 2, 0);
    CU_ASSERT_EQUAL(grid.row_groups, 2);
    CU_ASSERT_EQUAL(grid.rounds, 1);
}

/* With fewer rows than planned for, down to one leaf and none. */
static void fewer_rows(void)
{
    static const team two = {1, {2}, 2, 2};
    const bnorm_grid grid = grid_of(&two, 8, 0);
    for (int64_t rows = 0; rows <= 200; rows += 50) {
        const bnorm_grid shorter = bnorm_partition_shorten(&grid, rows);
        int met[MOST_ITEMS] = {0};
        for (int64_t round = 0; round < shorter.rounds; round++)
            check_round(&shorter, &two, round, met);
        for (int64_t item = 0; item < bnorm_grid_items(&shorter); item++)
            CU_ASSERT_EQUAL(met[item], 1);
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"every item has its round, and its place there", every_item_has_its_round},
        {"few panels are one round", few_panels_are_one_round},
        {"fewer rows than planned", fewer_rows},
    };
    return harness_main(argc, argv, "plan/rounds", cases, HARNESS_COUNT(cases));
}
