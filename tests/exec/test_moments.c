/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Lists of complete nodes: whatever way leaves come together, the folded moments
 * have the bits of the tree, written here as a plain recursion.
 */
#include "exec/moments.h"

#include <stdlib.h>
#include <string.h>

#include "plan/workspace.h"
#include "support/data.h"
#include "support/harness.h"

enum { COLS = 3, PITCH = BNORM_GROUP, PLANES = BNORM_MOMENTS_XDY, NODES = 64 };

static const bnorm_kernel_set *kernels;

/* ---- leaves and the tree as the textbook has it ------------------------ */

typedef struct {
    double plane[PLANES * PITCH];
} moments;

/* Any numbers serve as the moments of a leaf: what counts is the order. */
static moments leaf_moments(int64_t leaf)
{
    moments m;
    for (int i = 0; i < PLANES * PITCH; i++)
        m.plane[i] = data_normal(51, (uint64_t)(leaf * PLANES * PITCH + i));
    return m;
}

static double rows_of(int64_t rows, int64_t first_leaf, int64_t end_leaf)
{
    int64_t begin = first_leaf * BNORM_LEAF_ROWS, end = end_leaf * BNORM_LEAF_ROWS;
    return (double)((end < rows ? end : rows) - (begin < rows ? begin : rows));
}

static moments node(int64_t rows, int level, int64_t index)
{
    if (level == 0)
        return leaf_moments(index);
    int64_t first = index << level, middle = first + (INT64_C(1) << (level - 1));
    moments a = node(rows, level - 1, 2 * index), b = node(rows, level - 1, 2 * index + 1);
    kernels->merge_xdy(a.plane, b.plane, PITCH, rows_of(rows, first, middle),
                       rows_of(rows, middle, (index + 1) << level), COLS);
    return a;
}

/* The complete nodes of the batch are the ones of the binary number of its
 * leaves, largest first; folded from the smallest. */
static moments tree(int64_t rows)
{
    int64_t leaves = (rows + BNORM_LEAF_ROWS - 1) / BNORM_LEAF_ROWS, end = leaves;
    moments folded = {{0}};
    for (int level = 0; end > 0; level++) {
        if (!(leaves >> level & 1))
            continue;
        int64_t begin = end - (INT64_C(1) << level);
        moments larger = node(rows, level, begin >> level);
        if (end < leaves)
            kernels->merge_xdy(larger.plane, folded.plane, PITCH, rows_of(rows, begin, end),
                               rows_of(rows, end, leaves), COLS);
        folded = larger;
        end = begin;
    }
    return folded;
}

/* ---- the library's lists ----------------------------------------------- */

static bnorm_list *new_list(int64_t rows)
{
    bnorm_list *list = malloc(sizeof *list + NODES * sizeof(bnorm_node));
    *list = (bnorm_list){.rows = rows, .cols = COLS, .pitch = PITCH, .planes = PLANES};
    list->moments = aligned_alloc(64, NODES * sizeof(moments));
    return list;
}

static void free_list(bnorm_list *list)
{
    free(list->moments);
    free(list);
}

static void push_leaves(bnorm_list *list, int64_t begin, int64_t end)
{
    for (int64_t leaf = begin; leaf < end; leaf++) {
        moments m = leaf_moments(leaf);
        memcpy(bnorm_list_next(list), m.plane, sizeof m.plane);
        bnorm_list_push(list, (bnorm_node){0, leaf}, kernels);
    }
}

static int same(const double *planes, const moments *expected)
{
    for (int plane = 0; plane < PLANES; plane++)
        if (memcmp(planes + plane * PITCH, expected->plane + plane * PITCH,
                   COLS * sizeof(double)) != 0)
            return 0;
    return 1;
}

/* Groups [0, cut1), [cut1, cut2), [cut2, leaves) in three lists. */
static int split_gives(int64_t rows, int64_t cut1, int64_t cut2, const moments *expected)
{
    int64_t leaves = (rows + BNORM_LEAF_ROWS - 1) / BNORM_LEAF_ROWS;
    bnorm_list *a = new_list(rows), *b = new_list(rows), *c = new_list(rows);
    push_leaves(a, 0, cut1);
    push_leaves(b, cut1, cut2);
    push_leaves(c, cut2, leaves);
    bnorm_list_append(a, b, kernels);
    bnorm_list_append(a, c, kernels);
    int good = b->count == 0 && c->count == 0 && same(bnorm_list_fold(a, kernels), expected);
    free_list(a);
    free_list(b);
    free_list(c);
    return good;
}

/* ---- cases --------------------------------------------------------------- */

static void one_list_is_the_tree(void)
{
    for (int64_t rows = 1; rows <= 40 * BNORM_LEAF_ROWS; rows += 21) {
        bnorm_list *list = new_list(rows);
        moments expected = tree(rows);
        push_leaves(list, 0, (rows + BNORM_LEAF_ROWS - 1) / BNORM_LEAF_ROWS);
        CU_ASSERT(same(bnorm_list_fold(list, kernels), &expected));
        CU_ASSERT_EQUAL(list->count, 0);
        free_list(list);
    }
}

static void every_split_is_the_tree(void)
{
    int wrong = 0;
    for (int64_t leaves = 1; leaves <= 20; leaves++) {
        int64_t rows = leaves * BNORM_LEAF_ROWS - leaves % 3 * 31; /* whole and broken ends */
        moments expected = tree(rows);
        for (int64_t i = 0; i <= leaves; i++)
            for (int64_t j = i; j <= leaves; j++)
                wrong += !split_gives(rows, i, j, &expected);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* Groups may also be merged with one another first: ((a b) (c d)) is a b c d. */
static void appending_is_associative(void)
{
    int64_t rows = 1000, leaves = 16, cuts[] = {0, 3, 7, 12, leaves};
    moments expected = tree(rows);
    bnorm_list *list[4];
    for (int i = 0; i < 4; i++) {
        list[i] = new_list(rows);
        push_leaves(list[i], cuts[i], cuts[i + 1]);
    }
    bnorm_list_append(list[2], list[3], kernels);
    bnorm_list_append(list[1], list[2], kernels);
    bnorm_list_append(list[0], list[1], kernels);
    CU_ASSERT(same(bnorm_list_fold(list[0], kernels), &expected));
    for (int i = 0; i < 4; i++)
        free_list(list[i]);
}

static void large_splits_are_the_tree(void)
{
    int wrong = 0;
    for (uint64_t i = 0; i < 20; i++) {
        int64_t rows = 64 + (int64_t)(data_bits(52, 3 * i) % 30000);
        int64_t leaves = (rows + BNORM_LEAF_ROWS - 1) / BNORM_LEAF_ROWS;
        int64_t cut1 = (int64_t)(data_bits(52, 3 * i + 1) % (uint64_t)(leaves + 1));
        int64_t cut2 = cut1 + (int64_t)(data_bits(52, 3 * i + 2) % (uint64_t)(leaves - cut1 + 1));
        moments expected = tree(rows);
        wrong += !split_gives(rows, cut1, cut2, &expected);
    }
    CU_ASSERT_EQUAL(wrong, 0);
}

/* Merged column by column, as threads may share it: the same moments, and the lists stay. */
static void parts_of_lists_are_the_tree(void)
{
    const int64_t rows = 1000, cut = 5, leaves = 16;
    const moments expected = tree(rows);
    bnorm_list *a = new_list(rows), *b = new_list(rows);
    push_leaves(a, 0, cut);
    push_leaves(b, cut, leaves);
    const int nodes_of_a = a->count, nodes_of_b = b->count;
    for (int64_t j = COLS - 1; j >= 0; j--) {
        const bnorm_range part = {j, j + 1};
        bnorm_list_view view, other;
        bnorm_list *list = bnorm_list_part(&view, a, part);
        bnorm_list_append(list, bnorm_list_part(&other, b, part), kernels);
        const double *folded = bnorm_list_fold(list, kernels);
        for (int plane = 0; plane < PLANES; plane++)
            CU_ASSERT(memcmp(folded + plane * PITCH, expected.plane + plane * PITCH + j,
                             sizeof(double)) == 0);
    }
    CU_ASSERT(a->count == nodes_of_a && b->count == nodes_of_b);
    free_list(a);
    free_list(b);
}

static void no_rows_are_zeros(void)
{
    static const moments zero;
    bnorm_list *list = new_list(0);
    memset(list->moments, 0xFF, NODES * sizeof(moments));
    CU_ASSERT(same(bnorm_list_fold(list, kernels), &zero));
    free_list(list);
}

typedef struct {
    int column, work, kept; /* of group 0's list, of one that a group's leaves come in to, and of
                               what remains of any but the first and the last group */
} node_counts;

static void note(int *most, const bnorm_list *list)
{
    *most = list->count + 1 > *most ? list->count + 1 : *most;
}

/* The most nodes that lists of the grid hold at once, the new one included: while
 * leaves come in, and while group 0 takes in the others.  No columns: only the
 * nodes matter. */
static node_counts most_nodes(const bnorm_grid *grid)
{
    node_counts most = {0, 0, 0};
    bnorm_list *all = new_list(grid->rows), *one = new_list(grid->rows);
    all->cols = one->cols = 0;
    for (int64_t g = 0; g < grid->row_groups; g++) {
        bnorm_range rows = bnorm_grid_rows(grid, g);
        bnorm_list *own = g == 0 ? all : one;
        int64_t end = (rows.end + BNORM_LEAF_ROWS - 1) / BNORM_LEAF_ROWS;
        for (int64_t leaf = rows.begin / BNORM_LEAF_ROWS; leaf < end; leaf++) {
            note(g == 0 ? &most.column : &most.work, own);
            bnorm_list_push(own, (bnorm_node){0, leaf}, kernels);
        }
        if (g > 0 && g + 1 < grid->row_groups && one->count > most.kept)
            most.kept = one->count;
        for (int i = 0; own == one && i < one->count; i++) {
            note(&most.column, all);
            bnorm_list_push(all, one->node[i], kernels);
        }
        one->count = 0;
    }
    free_list(all);
    free_list(one);
    return most;
}

/* Of one thread, which has lists of its own where that is any use, or as many as groups. */
static node_counts capacity(const bnorm_grid *grid, int64_t threads)
{
    bnorm_schedule schedule = {.threads = (int)threads, .grid = *grid,
                               .step_rows = BNORM_LEAF_ROWS};
    bnorm_workspace_layout(&schedule, sizeof(float), PLANES, 0, 0);
    const bnorm_workspace *workspace = &schedule.workspace;
    const int last = workspace->last_list.nodes, kept = workspace->group_list.nodes;
    if (workspace->work_list.nodes) {
        CU_ASSERT_EQUAL(workspace->work_list.nodes, last);
    } else if (grid->row_groups > 1) {
        CU_ASSERT_EQUAL(kept, last);
    }
    return (node_counts){workspace->column_list.nodes, last, kept};
}

/* 16 columns; `shards` of uneven lengths, on any nodes, in groups of about as many
 * leaves each.  One shard: exactly `groups` row groups. */
static bnorm_grid divided(int64_t leaves, int64_t groups, int shards)
{
    bnorm_grid grid = {.rows = leaves * BNORM_LEAF_ROWS, .cols = 16, .unit = 16, .col_blocks = 1,
                       .shards = {.count = shards}};
    int64_t begin = 0;
    for (int i = 0; i < shards; i++) {
        bnorm_shard *shard = &grid.shards.shard[i];
        int64_t most = leaves - begin - (shards - 1 - i); /* one leaf for each later one */
        int64_t length = 1 + (int64_t)(data_bits(53, (uint64_t)(leaves + i)) % (uint64_t)most);
        *shard = (bnorm_shard){begin, i == shards - 1 ? leaves : begin + length, 1, (7 - i) % 3};
        shard->groups = bnorm_max((shard->end - begin) * groups / leaves, 1);
        grid.row_groups += shard->groups;
        begin = shard->end;
    }
    return grid;
}

static int overrun(const bnorm_grid *grid, node_counts room)
{
    node_counts most = most_nodes(grid);
    return most.column > room.column || most.work > room.work || most.kept > room.kept;
}

static void the_workspace_holds_the_nodes(void)
{
    int overruns = 0;
    for (int64_t leaves = 1; leaves <= 300; leaves++)
        for (int64_t groups = 1; groups <= leaves; groups += 1 + groups / 2) {
            bnorm_grid grid = divided(leaves, groups, 1);
            CU_ASSERT_EQUAL(grid.row_groups, groups);
            overruns += overrun(&grid, capacity(&grid, groups));
        }
    CU_ASSERT_EQUAL(overruns, 0);
}

/* The highest group decides, whichever shard it is in. */
static void the_workspace_holds_the_nodes_of_shards(void)
{
    int overruns = 0, trials = 0;
    for (int64_t leaves = 8; leaves <= 300; leaves++)
        for (int64_t groups = 1; groups <= leaves; groups += 1 + groups / 2)
            for (int shards = 2; shards <= 8; shards++) {
                if (!harness_sampled(trials++))
                    continue;
                bnorm_grid grid = divided(leaves, groups, shards);
                overruns += overrun(&grid, capacity(&grid, grid.row_groups));
                overruns += overrun(&grid, capacity(&grid, 1));
            }
    CU_ASSERT_EQUAL(overruns, 0);
}

/* Fewer rows than planned move the edges of the groups: to where more nodes are
 * needed, perhaps, but never more than there is room for. */
static void fewer_rows_need_no_more_nodes(void)
{
    static const int64_t planned[][2] = {{16, 4}, {64, 4}, {127, 5}, {256, 3}, {1024, 2}};
    int overruns = 0;
    for (int i = 0; i < 15; i++) {
        bnorm_grid grid = divided(planned[i % 5][0], planned[i % 5][1], 1 + 2 * (i / 5));
        node_counts room = capacity(&grid, 1);
        for (int64_t leaves = 1; leaves <= planned[i % 5][0]; leaves++) {
            bnorm_grid shorter = bnorm_partition_shorten(&grid, leaves * BNORM_LEAF_ROWS - 1);
            overruns += overrun(&shorter, room);
        }
    }
    CU_ASSERT_EQUAL(overruns, 0);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"one list is the tree", one_list_is_the_tree},
        {"every split in three is the tree", every_split_is_the_tree},
        {"appending is associative", appending_is_associative},
        {"large batches, random splits", large_splits_are_the_tree},
        {"parts of lists are the tree", parts_of_lists_are_the_tree},
        {"no rows are zeros", no_rows_are_zeros},
        {"the workspace holds the nodes", the_workspace_holds_the_nodes},
        {"the workspace holds the nodes of shards", the_workspace_holds_the_nodes_of_shards},
        {"fewer rows need no more nodes", fewer_rows_need_no_more_nodes},
    };
    kernels = &bnorm_kernels_best()->dtype[BNORM_F32];
    return harness_main(argc, argv, "exec/moments", cases, HARNESS_COUNT(cases));
}
