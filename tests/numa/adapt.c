/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans for memory that somebody else has placed, and memory brought to plans. */
#define _GNU_SOURCE
#include <string.h>

#include "numa/cases.h"
#include "numa/setup.h"
#include "numa/system.h"
#include "support/harness.h"

/* Rows of a whole number of pages, or panels: ranges can be cut anywhere. */
static const setup_shape shapes[] = {
    {"rows", BNORM_ROWS, 0, 4096, 512},
    {"panels of 16", BNORM_PANELS, 16, 4096, 512},
};

/* Where threads of the plan have their memory, last node first; how many different. */
static int memories(const bnorm_context *context, int memory[SYSTEM_NODES])
{
    bnorm_node_info node = {.struct_size = sizeof node};
    int count = 0, nodes = 0, seen[SYSTEM_NODES] = {0};
    while (bnorm_context_node(context, nodes, &node) == BNORM_OK)
        nodes++;
    while (nodes-- > 0)
        if (bnorm_context_node(context, nodes, &node) == BNORM_OK && node.threads > 0 &&
            !seen[node.memory_index]++)
            memory[count++] = node.memory_index;
    return count;
}

static bnorm_matrix dense(const setup *s)
{
    int panels = s->problem.layout == BNORM_PANELS;
    int64_t ld = panels ? s->problem.rows * s->problem.panel_width : s->problem.cols;
    bnorm_matrix matrix = {NULL, ld};
    matrix.data = system_map(setup_bytes(&s->problem, &matrix));
    CU_ASSERT_PTR_NOT_NULL_FATAL(matrix.data);
    return matrix;
}

/* Blocks of all operations that differ between plans. */
static int64_t different(const bnorm_plan *a, const bnorm_plan *b)
{
    int64_t count = 0;
    for (int op = 0; op < SETUP_OPERATIONS; op++) {
        int64_t blocks = setup_blocks(a, 1u << op);
        count += blocks != setup_blocks(b, 1u << op);
        for (int64_t i = 0; i < blocks; i++) {
            bnorm_block_info one, two;
            memset(&one, 0, sizeof one);
            memset(&two, 0, sizeof two);
            one.struct_size = two.struct_size = sizeof one;
            if (bnorm_plan_block(a, 1u << op, i, &one) != BNORM_OK ||
                bnorm_plan_block(b, 1u << op, i, &two) != BNORM_OK ||
                memcmp(&one, &two, sizeof one) != 0)
                count++;
        }
    }
    return count;
}

static uint64_t backward_hash(setup *s, bnorm_plan *plan, const bnorm_matrix *x)
{
    bnorm_args args;
    bnorm_args_init(&args, sizeof args);
    args.x = *x;
    args.y = s->tensor[BNORM_Y];
    args.dy = *x;
    args.dx = s->tensor[BNORM_DX];
    CU_ASSERT_EQUAL(bnorm_forward_backward(plan, &args), BNORM_OK);
    return setup_hash(setup_hash(HARNESS_HASH_START, &s->problem, &args.y), &s->problem, &args.dx);
}

/* The first 3/8 on the last node, the rest on the one before it. */
static void adapt_to_ranges(setup *s, const int *memory, int count)
{
    bnorm_matrix x = dense(s);
    size_t bytes = setup_bytes(&s->problem, &x), cut = bytes / 8 * 3;
    bnorm_plan *adapted = NULL;
    setup_count old, new;
    CU_ASSERT_EQUAL(system_prefer(x.data, cut, memory[0]), 0);
    CU_ASSERT_EQUAL(system_prefer((char *)x.data + cut, bytes - cut, memory[count > 1]), 0);
    setup_fill(&s->problem, &x, 3);
    setup_agrees(s, s->plan, &x, &old);
    CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, s->plan, &x), BNORM_OK);
    if (adapted != NULL) {
        setup_agrees(s, adapted, &x, &new);
        harness_note("%.0f bytes remote, then %.0f", old.remote, new.remote);
        CU_ASSERT_TRUE(count == 1 || old.remote > 0);
        CU_ASSERT_EQUAL(new.remote, 0);
        CU_ASSERT_EQUAL(new.misplaced, 0);
        CU_ASSERT_EQUAL(backward_hash(s, adapted, &x), backward_hash(s, s->plan, &x));
    }
    bnorm_plan_destroy(adapted);
    system_unmap(x.data, bytes);
}

static void adapt_to_turns(setup *s)
{
    bnorm_matrix x = dense(s);
    size_t bytes = setup_bytes(&s->problem, &x);
    bnorm_plan *adapted = NULL;
    setup_count count;
    CU_ASSERT_EQUAL(system_interleave(x.data, bytes), 0);
    setup_fill(&s->problem, &x, 3);
    CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, s->plan, &x), BNORM_OK);
    if (adapted != NULL) {
        setup_agrees(s, adapted, &x, &count);
        CU_ASSERT_EQUAL(different(s->plan, adapted), 0);
    }
    bnorm_plan_destroy(adapted);
    system_unmap(x.data, bytes);
}

/* All on one node, and not on whole pages; only shared pages may stay remote. */
static void migrate(setup *s, const int *memory, int count)
{
    bnorm_matrix x = dense(s);
    size_t bytes = setup_bytes(&s->problem, &x), page = (size_t)system_page();
    char *start = system_map(bytes + page);
    setup_count before, after;
    CU_ASSERT_PTR_NOT_NULL_FATAL(start);
    CU_ASSERT_EQUAL(system_prefer(start, bytes + page, memory[0]), 0);
    system_unmap(x.data, bytes);
    x.data = start + 640;
    setup_fill(&s->problem, &x, 4);
    uint64_t content = setup_hash(1, &s->problem, &x);
    setup_agrees(s, s->plan, &x, &before);
    CU_ASSERT_EQUAL(bnorm_migrate(s->plan, &x), BNORM_OK);
    setup_agrees(s, s->plan, &x, &after);
    harness_note("%.0f bytes remote, then %.0f, %lld pages shared", before.remote, after.remote,
                 (long long)after.shared);
    CU_ASSERT_TRUE(count == 1 || before.remote > 0);
    CU_ASSERT_EQUAL(after.misplaced, 0);
    CU_ASSERT_TRUE(after.remote <= (double)after.shared * (double)page);
    CU_ASSERT_EQUAL(setup_hash(1, &s->problem, &x), content);
    system_unmap(start, bytes + page);
}

typedef enum { RANGES, TURNS, MIGRATE } deed;

static void for_each_shape(deed what)
{
    for (int i = 0; i < 2; i++) {
        setup s;
        int memory[SYSTEM_NODES];
        if (setup_open(&s, &shapes[i], 0, BNORM_BIND_INHERIT, BNORM_PAGES_TRANSPARENT) == 0 &&
            setup_alloc(&s) == 0) {
            int count = memories(s.context, memory);
            harness_note("%s, %d nodes with memory", shapes[i].name, count);
            if (what == TURNS)
                adapt_to_turns(&s);
            else if (count > 0)
                (what == RANGES ? adapt_to_ranges : migrate)(&s, memory, count);
        }
        setup_close(&s);
    }
}

void numa_adapt_to_ranges(void)
{
    for_each_shape(RANGES);
}

void numa_adapt_to_turns(void)
{
    for_each_shape(TURNS);
}

void numa_migrate(void)
{
    for_each_shape(MIGRATE);
}
