/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The grid: every element in exactly one item, groups of rows that end on leaves and
 * lie on one node, blocks that begin on cache lines, and nobody idle while another
 * thread has two items (tests/plan/grids_wrong.c).  All pairs of levels of ten
 * factors here, their whole product in tests/long/test_partitions.c.
 */
#include "plan/partition.h"

#include <math.h>

#include "kernels/kernels.h"
#include "plan/grids.h"
#include "support/harness.h"
#include "support/pairs.h"

enum { ENOUGH = 5 }; /* notes of one case */

static void report_trial(void *data, const int *level)
{
    int *wrong = data;
    static grids_case c;
    CU_ASSERT_FATAL(grids_make(&c, level) == 0);
    if (*wrong < ENOUGH)
        *wrong += grids_report(&c);
}

static void all_pairs(void)
{
    int wrong = 0, trials = pairs_all(GRIDS_FACTORS, grids_levels, report_trial, &wrong);
    CU_ASSERT_EQUAL(wrong, 0);
    CU_ASSERT(trials > 0);
    harness_note("%d trials of %lld", trials,
                 (long long)pairs_product(GRIDS_FACTORS, grids_levels));
}

/* A case with one range of columns, seats to be chosen. */
static grids_case request(int64_t rows, int64_t cols, int64_t unit, int64_t min_cols,
                          int64_t max_cols)
{
    grids_case c = {.division = {.rows = rows, .cols = cols, .unit = unit, .min_cols = min_cols,
                                 .max_cols = max_cols, .most_groups = INT64_MAX},
                    .shorter = rows / 3};
    return c;
}

static void small_sizes(void)
{
    static const int64_t rows[] = {0, 1, 63, 64, 65, 127, 128, 129, 320, 1000};
    static const int64_t limits[][2] = {{1, 1}, {1, 8}, {4, 16}, {16, 16}, {16, 64}, {64, 64}};
    int wrong = 0, trials = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int64_t cols = 0; cols <= 70; cols++)
            for (int seats = 1; seats <= 9; seats++)
                for (int64_t unit = 1; unit <= 16; unit *= 4)
                    for (int l = 0; l < 6 && wrong < ENOUGH; l++) {
                        if (!harness_sampled(trials++))
                            continue;
                        grids_case c = request(rows[i], cols, unit, limits[l][0], limits[l][1]);
                        grids_seats(&c, 1, &seats);
                        wrong += grids_report(&c);
                    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static const int two[] = {8, 8}, uneven[] = {16, 15, 1}, holes[] = {5, 0, 7};

static void every_width(void)
{
    int wrong = 0;
    for (int64_t cols = 1; cols <= 4096; cols++)
        for (int layout = 0; layout < 4 && wrong < ENOUGH; layout++) {
            if (!harness_sampled((int)cols))
                continue;
            grids_case c = request(70000, cols, layout % 2 ? 16 : 8, 128, 1024);
            c.division.panels = layout / 2;
            grids_seats(&c, 2, two);
            wrong += grids_report(&c);
            grids_seats(&c, 3, uneven);
            wrong += grids_report(&c);
            grids_seats(&c, 3, holes);
            wrong += grids_report(&c);
        }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void every_pair_of_seats(void)
{
    int wrong = 0;
    for (int a = 0; a <= 24; a++)
        for (int b = a == 0; b <= 24; b++)
            for (int64_t n = 1; n <= 50 && wrong < ENOUGH; n++) {
                if (!harness_sampled(a + b + (int)n))
                    continue;
                int seats[] = {a, b};
                grids_case c = request(64 * n, 40, 16, 16, 4096);
                grids_seats(&c, 2, seats);
                wrong += grids_report(&c);
                c = request(70000, 16 * n, 16, 16, 4096);
                c.division.panels = 1;
                grids_seats(&c, 2, seats);
                wrong += grids_report(&c);
            }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* Too few columns for the threads: rows are divided, and all threads work. */
static void narrow_problems_use_all_threads(void)
{
    static const int seats[] = {16};
    for (int64_t cols = 1; cols <= 64; cols *= 4) {
        grids_case c = request(100000, cols, 16, 16, 4096);
        grids_seats(&c, 1, seats);
        bnorm_grid grid = bnorm_partition(&c.division);
        CU_ASSERT_EQUAL(bnorm_grid_items(&grid), 16);
        grids_seats(&c, 2, two);
        grid = bnorm_partition(&c.division);
        CU_ASSERT_EQUAL(bnorm_grid_items(&grid), 16);
    }
}

/* Enough columns: rows stay whole within a node, and every thread has as many blocks:
 * one where they may be as wide as they like, more where they must be narrow. */
static void wide_problems_keep_rows_whole(void)
{
    for (int threads = 1; threads <= 16; threads++)
        for (int nodes = 1; nodes <= 4; nodes++) {
            const int four[] = {threads, threads, threads, threads};
            grids_case c = request(65536, 1024, 16, 16, 64);
            grids_seats(&c, nodes, four);
            bnorm_grid grid = bnorm_partition(&c.division);
            CU_ASSERT(bnorm_grid_busy(&grid, nodes * threads) > 0.9);
            if (16 % threads != 0)
                continue; /* as many blocks, or some fewer */
            CU_ASSERT_EQUAL(grid.row_groups, nodes);
            c.division.max_cols = 4096;
            grid = bnorm_partition(&c.division);
            CU_ASSERT_EQUAL(grid.row_groups, nodes);
            CU_ASSERT_EQUAL(grid.col_blocks, threads);
        }
    /* Row groups keep threads busier, 98% of the time and not 64/75; but of few rows merging
     * costs more. */
    static const int fifteen[] = {15};
    grids_case c = request(6400, 1024, 16, 16, 4096);
    grids_seats(&c, 1, fifteen);
    bnorm_grid grid = bnorm_partition(&c.division);
    CU_ASSERT(grid.row_groups == 1 && grid.col_blocks == 15);
    c = request(65536, 1024, 16, 16, 4096);
    grids_seats(&c, 1, fifteen);
    grid = bnorm_partition(&c.division);
    CU_ASSERT(grid.row_groups > 1 && bnorm_grid_busy(&grid, 15) > 0.98);
}

/* As many blocks for each thread, or rows are divided: hardly any has a block more than
 * another, or none. */
static void blocks_that_do_not_come_out_even(void)
{
    for (int threads = 2; threads <= 64; threads++)
        for (int64_t blocks = 1; blocks < 2 * threads; blocks++) {
            grids_case c = request(1000000, 64 * blocks, 16, 64, 64);
            grids_seats(&c, 1, &threads);
            const bnorm_grid grid = bnorm_partition(&c.division);
            CU_ASSERT_EQUAL(grid.col_blocks, blocks);
            CU_ASSERT(bnorm_grid_busy(&grid, threads) > 0.88);
        }
}

/* The words of partition.h. */
static void the_example(void)
{
    static const bnorm_grid grid = {150, 100, 16, 0, 2, 3, 1,
                                    {1, {{0, 3, 2, BNORM_ANY_NODE}}},
                                    {0}};
    bnorm_range rows = bnorm_grid_rows(&grid, 1), cols = bnorm_grid_cols(&grid, 2);
    CU_ASSERT(rows.begin == 128 && rows.end == 150);
    CU_ASSERT(cols.begin == 80 && cols.end == 100);
    CU_ASSERT_EQUAL(bnorm_grid_width(&grid), 48);
    CU_ASSERT_EQUAL(bnorm_grid_height(&grid), 2);
}

static int place_is(const bnorm_grid *grid, int64_t item, int64_t group, int64_t block, int node)
{
    bnorm_place place = bnorm_grid_item(grid, item);
    return place.group == group && place.block == block && place.node == node;
}

/* Node 1 has the first and the last leaves: groups are in the order of rows, items in
 * that of nodes. */
static void items_go_node_by_node(void)
{
    bnorm_grid grid = {
        640, 32, 16, 0, 4, 2, 1, {3, {{0, 3, 1, 1}, {3, 6, 2, 0}, {6, 10, 1, 1}}}, {0}};
    bnorm_grid_number(&grid);
    const int64_t *first = bnorm_grid_homes(&grid);
    CU_ASSERT(place_is(&grid, 0, 1, 0, 0) && place_is(&grid, 1, 1, 1, 0));
    CU_ASSERT(place_is(&grid, 2, 2, 0, 0) && place_is(&grid, 3, 2, 1, 0));
    CU_ASSERT(place_is(&grid, 4, 0, 0, 1) && place_is(&grid, 5, 0, 1, 1));
    CU_ASSERT(place_is(&grid, 6, 3, 0, 1) && place_is(&grid, 7, 3, 1, 1));
    CU_ASSERT_EQUAL(bnorm_grid_rows(&grid, 2).begin, 5 * 64);
    CU_ASSERT_FATAL(first != NULL);
    CU_ASSERT(first[0] == 0 && first[1] == 4 && first[2] == 8 && first[BNORM_MOST_NODES] == 8);
}

static void panels_go_node_by_node(void)
{
    bnorm_grid grid = {
        640, 50, 16, 1, 2, 4, 1, {3, {{0, 1, 1, 1}, {1, 3, 1, 0}, {3, 4, 1, 1}}}, {0}};
    bnorm_grid_number(&grid);
    CU_ASSERT(place_is(&grid, 0, 0, 1, 0) && place_is(&grid, 1, 1, 1, 0));
    CU_ASSERT(place_is(&grid, 2, 0, 2, 0) && place_is(&grid, 3, 1, 2, 0));
    CU_ASSERT(place_is(&grid, 4, 0, 0, 1) && place_is(&grid, 5, 1, 0, 1));
    CU_ASSERT(place_is(&grid, 6, 0, 3, 1) && place_is(&grid, 7, 1, 3, 1));
    CU_ASSERT_EQUAL(bnorm_grid_cols(&grid, 3).end, 50);
}

/* As exactly as whole leaves allow, however many there are. */
static void shards_are_in_proportion(void)
{
    static const int64_t counts[] = {0, 1, 2, 31, 32, 33, 1000, INT64_C(1) << 34, INT64_MAX / 64};
    static const int large[] = {20000, 1, 40000};
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        for (int shift = 0; shift < 2; shift++) {
            const int *seats = shift ? large : uneven;
            const int64_t all = shift ? 60001 : 32;
            bnorm_shards shards = bnorm_shards_by_seats(counts[i], 1, 3, seats);
            int64_t at = 0;
            int wrong = 0;
            for (int k = 0; k < shards.count; k++) {
                const bnorm_shard *shard = &shards.shard[k];
                double fair = (double)counts[i] * seats[shard->node] / (double)all;
                double error = (double)(shard->end - shard->begin) - fair;
                wrong += shard->begin != at || shard->end <= at;
                wrong += error > 1 + 1e-15 * fair || error < -1 - 1e-15 * fair;
                at = shard->end;
            }
            CU_ASSERT_EQUAL(wrong, 0);
            CU_ASSERT_EQUAL(at, counts[i]);
        }
}

/* At multiples of a unit, each nearest to where it would be. */
static void shards_end_at_units(void)
{
    static const int seats[] = {1, 2, 1};
    for (int64_t count = 0; count <= 100; count++)
        for (int64_t unit = 1; unit <= 16; unit *= 2) {
            bnorm_shards shards = bnorm_shards_by_seats(count, unit, 3, seats);
            int64_t at = 0;
            int wrong = 0;
            for (int k = 0; k < shards.count; k++) {
                const bnorm_shard *shard = &shards.shard[k];
                double fair = (double)count * (shard->node == 0 ? 0.25 : 0.75);
                wrong += shard->begin != at || shard->end <= at;
                wrong += shard->end < count &&
                         (shard->end % unit != 0 ||
                          fabs((double)shard->end - fair) > (double)unit / 2 + 0.5);
                at = shard->end;
            }
            CU_ASSERT_EQUAL(wrong, 0);
            CU_ASSERT_EQUAL(at, count);
        }
}

static void fewer_rows_keep_the_rules(void)
{
    static const int sixteen[] = {16};
    int wrong = 0;
    for (int nodes = 1; nodes <= 2; nodes++) {
        grids_case c = request(6400, 16, 16, 16, 64);
        grids_seats(&c, nodes, nodes == 1 ? sixteen : two);
        bnorm_grid grid = bnorm_partition(&c.division);
        CU_ASSERT_EQUAL(grid.row_groups, 16);
        for (c.shorter = 0; c.shorter <= 6400 && wrong < ENOUGH; c.shorter++)
            wrong += grids_report(&c);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void leaves(void)
{
    CU_ASSERT_EQUAL(bnorm_leaf_count(0), 0);
    CU_ASSERT_EQUAL(bnorm_leaf_count(1), 1);
    CU_ASSERT_EQUAL(bnorm_leaf_count(64), 1);
    CU_ASSERT_EQUAL(bnorm_leaf_count(65), 2);
    CU_ASSERT_EQUAL(bnorm_leaf_count(INT64_MAX), INT64_MAX / 64 + 1);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"all pairs of machines, threads, problems and limits", all_pairs},
        {"small sizes, all", small_sizes},
        {"every number of columns", every_width},
        {"every pair of seats", every_pair_of_seats},
        {"narrow problems use all threads", narrow_problems_use_all_threads},
        {"wide problems keep their rows whole", wide_problems_keep_rows_whole},
        {"blocks that do not come out even", blocks_that_do_not_come_out_even},
        {"the example of the header", the_example},
        {"items go node by node", items_go_node_by_node},
        {"panels go node by node", panels_go_node_by_node},
        {"shards are in proportion to seats", shards_are_in_proportion},
        {"shards end at units", shards_end_at_units},
        {"fewer rows keep the rules", fewer_rows_keep_the_rules},
        {"leaves", leaves},
    };
    return harness_main(argc, argv, "plan/partition", cases, HARNESS_COUNT(cases));
}
