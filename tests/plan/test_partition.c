/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The grid: every element in exactly one item, groups of rows that end on
 * leaves, blocks that begin on cache lines, and nobody idle while another
 * thread has two items.  Exhaustive over small sizes, all pairs of large ones.
 */
#include "plan/partition.h"

#include "kernels/kernels.h"
#include "support/harness.h"

typedef struct {
    int64_t rows, cols, unit, min_cols, max_cols;
    int threads;
} request;

static bnorm_grid divide(const request *r)
{
    return bnorm_partition(r->rows, r->cols, r->unit, r->threads, r->min_cols, r->max_cols,
                           r->threads);
}

/* Ranges that follow each other from 0 to n, inner edges on multiples of unit,
 * sizes within one unit of each other: then nothing is covered twice or not. */
static const char *check_edges(bnorm_range (*part)(const bnorm_grid *, int64_t),
                               const bnorm_grid *grid, int64_t parts, int64_t n, int64_t unit)
{
    int64_t at = 0, least = INT64_MAX, most = 0;
    for (int64_t i = 0; i < parts; i++) {
        bnorm_range range = part(grid, i);
        if (range.begin != at)
            return "a part does not begin where the one before ends";
        if (range.end <= range.begin && n > 0)
            return "an empty part";
        if (range.begin % unit != 0)
            return "an edge is not on a leaf or a cache line";
        int64_t units = bnorm_ceil_div(range.end - range.begin, unit);
        least = bnorm_min(least, units);
        most = bnorm_max(most, units);
        at = range.end;
    }
    if (at != n)
        return "the last part does not end at the end";
    return parts > 0 && most - least > 1 ? "parts differ by more than one unit" : NULL;
}

/* What is wrong with a grid; NULL: nothing. */
static const char *check(const request *r, const bnorm_grid *grid)
{
    const char *wrong;
    if (grid->row_groups < 1 || grid->col_blocks < (r->cols > 0))
        return "no groups or no blocks";
    wrong = check_edges(bnorm_grid_rows, grid, grid->row_groups, r->rows, BNORM_LEAF_ROWS);
    if (!wrong)
        wrong = check_edges(bnorm_grid_cols, grid, grid->col_blocks, r->cols, r->unit);
    if (wrong)
        return wrong;
    if (bnorm_grid_width(grid) > bnorm_max(r->max_cols / r->unit, 1) * r->unit)
        return "a block is wider than max_cols";
    /* More items than threads only where blocks would be too wide otherwise,
     * and then rows are not divided: no merging that nobody needs. */
    if (grid->row_groups > 1 && grid->row_groups * grid->col_blocks > r->threads)
        return "rows are divided although there are enough blocks";
    /* Items are shared out by bnorm_range_part: one thread has two of them only
     * when every thread has one. */
    int64_t items = grid->row_groups * grid->col_blocks;
    bnorm_range first = bnorm_range_part(items, r->threads, 0);
    bnorm_range last = bnorm_range_part(items, r->threads, r->threads - 1);
    if (first.end - first.begin >= 2 && last.end == last.begin)
        return "a thread is idle while another has two items";
    return NULL;
}

static int report(const request *r)
{
    bnorm_grid grid = divide(r);
    const char *wrong = check(r, &grid);
    if (wrong)
        harness_note("%lld x %lld, unit %lld, %d threads, blocks of %lld to %lld: "
                     "%lld x %lld: %s",
                     (long long)r->rows, (long long)r->cols, (long long)r->unit, r->threads,
                     (long long)r->min_cols, (long long)r->max_cols,
                     (long long)grid.row_groups, (long long)grid.col_blocks, wrong);
    return wrong != NULL;
}

static void small_sizes(void)
{
    static const int64_t rows[] = {0, 1, 63, 64, 65, 127, 128, 129, 320, 1000};
    static const int64_t limits[][2] = {{1, 1}, {1, 8}, {4, 16}, {16, 16}, {16, 64}, {64, 64}};
    int wrong = 0;
    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
        for (int64_t cols = 0; cols <= 70; cols++)
            for (int threads = 1; threads <= 9; threads++)
                for (int64_t unit = 1; unit <= 16; unit *= 4)
                    for (int l = 0; l < 6 && wrong < 5; l++) {
                        request r = {rows[i], cols, unit, limits[l][0], limits[l][1], threads};
                        wrong += report(&r);
                    }
    CU_ASSERT_EQUAL(wrong, 0);
}

static void large_sizes(void)
{
    static const int64_t rows[] = {1 << 10, 65536, 140001, (INT64_C(1) << 31) + 5,
                                   INT64_C(1) << 40};
    static const int64_t cols[] = {1, 16, 64, 100, 1000, 1023, 1024, 4096, 1 << 20};
    static const int threads[] = {1, 2, 3, 7, 16, 64, 96, 128, 255, 256, 1024};
    static const int64_t limits[][2] = {{16, 32}, {16, 4096}, {256, 2048}, {4096, 4096}};
    int wrong = 0;
    for (int i = 0; i < 5; i++)
        for (int j = 0; j < 9; j++)
            for (int k = 0; k < 11; k++)
                for (int l = 0; l < 8 && wrong < 5; l++) {
                    request r = {rows[i], cols[j], l % 2 ? 16 : 8, limits[l / 2][0],
                                 limits[l / 2][1], threads[k]};
                    wrong += report(&r);
                }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* Too few columns for the threads: rows are divided, and all threads work. */
static void narrow_problems_use_all_threads(void)
{
    static const int64_t cols[] = {1, 16, 64};
    for (int i = 0; i < 3; i++) {
        request r = {100000, cols[i], 16, 16, 4096, 16};
        bnorm_grid grid = divide(&r);
        CU_ASSERT_EQUAL(grid.row_groups * grid.col_blocks, 16);
    }
}

/* Enough columns: rows stay whole, and every thread has as many blocks. */
static void wide_problems_keep_rows_whole(void)
{
    for (int threads = 1; threads <= 16; threads *= 2) {
        request r = {65536, 1024, 16, 16, 4096, threads};
        bnorm_grid grid = divide(&r);
        CU_ASSERT_EQUAL(grid.row_groups, 1);
        CU_ASSERT_EQUAL(grid.col_blocks % threads, 0);
    }
}

/* The divisions of the words in partition.h. */
static void the_example(void)
{
    bnorm_grid grid = {150, 100, 16, 2, 3};
    bnorm_range rows = bnorm_grid_rows(&grid, 1), cols = bnorm_grid_cols(&grid, 2);
    CU_ASSERT(rows.begin == 128 && rows.end == 150);
    CU_ASSERT(cols.begin == 80 && cols.end == 100);
    CU_ASSERT_EQUAL(bnorm_grid_width(&grid), 48);
}

static void fewer_rows_keep_the_rules(void)
{
    request r = {6400, 16, 16, 16, 64, 16};
    bnorm_grid grid = divide(&r);
    int wrong = 0;
    CU_ASSERT_EQUAL(grid.row_groups, 16);
    for (r.rows = 0; r.rows <= 6400; r.rows++) {
        bnorm_grid shorter = bnorm_partition_shorten(&grid, r.rows);
        wrong += check(&r, &shorter) != NULL || shorter.col_blocks != grid.col_blocks;
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
        {"small sizes, all", small_sizes},
        {"large sizes, all pairs", large_sizes},
        {"narrow problems use all threads", narrow_problems_use_all_threads},
        {"wide problems keep their rows whole", wide_problems_keep_rows_whole},
        {"the example of the header", the_example},
        {"fewer rows keep the rules", fewer_rows_keep_the_rules},
        {"leaves", leaves},
    };
    return harness_main(argc, argv, "plan/partition", cases, HARNESS_COUNT(cases));
}
