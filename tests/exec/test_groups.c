/* SPDX-License-Identifier: BSD-3-Clause */
/* Row groups that workers reduce to lists of their own, and keep in shorter ones, give the bits of
 * one thread: all rows, fewer, and those that end within a leaf. */
#include <stdlib.h>

#include "api/fixture.h"
#include "plan/plan.h"
#include "support/harness.h"

enum { ROWS = 16384, COLS = 300, GROUPS = 4 };

/* Four nodes with two threads each, as if they were this machine's; NULL: skipped. */
static bnorm_context *new_context(void)
{
    bnorm_context *context = fixture_machine("numa:4 core:2 pu:1", 0);
    if (context)
        context->machine.foreign = 0;
    return context;
}

/* One row group for each node, and so many column blocks that their lists are long together. */
static bnorm_plan *new_plan(const bnorm_context *context, const fixture *f)
{
    bnorm_plan *plan = fixture_plan(context, &f->problem);
    for (int index = 0; index < BNORM_OPERATIONS; index++) {
        bnorm_tuning tuning = plan->schedule[index].tuning;
        tuning.strategy = BNORM_STRATEGY_STREAM;
        tuning.threads = 8;
        tuning.min_bytes = tuning.max_bytes = BNORM_LINE;
        bnorm_plan_tune(plan, index, &tuning);
    }
    return plan;
}

/* In a workspace that sanitizers know the end of. */
static uint64_t hash_of(fixture *f, bnorm_plan *plan, const fixture_operation *op, int64_t rows)
{
    fixture_fill(f);
    f->args.rows = rows;
    f->args.workspace = aligned_alloc(BNORM_LINE, bnorm_plan_workspace_size(plan));
    CU_ASSERT_PTR_NOT_NULL_FATAL(f->args.workspace);
    CU_ASSERT_EQUAL(op->call(plan, &f->args), BNORM_OK);
    free(f->args.workspace);
    return fixture_hash(f, fixture_outputs(op->bit));
}

static void compare(int64_t rows, bnorm_dtype dtype, int split)
{
    static const int64_t fewer[] = {0, 16383, 12289, 12224, 8193, 8192, 8127, 4097, 100};
    bnorm_context *nodes = new_context();
    if (!nodes)
        return;
    bnorm_context *alone = fixture_context(1);
    fixture f;
    fixture_init(&f, rows, COLS, dtype, dtype);
    bnorm_plan *divided = new_plan(nodes, &f), *whole = fixture_plan(alone, &f.problem);
    for (int i = 0; i < FIXTURE_OPERATIONS; i++) {
        const fixture_operation *op = &fixture_operations[i];
        const bnorm_schedule *schedule = &divided->schedule[i];
        CU_ASSERT_EQUAL(schedule->grid.row_groups, GROUPS);
        if (op->bit != BNORM_INFER)
            CU_ASSERT_EQUAL(schedule->workspace.work_list.nodes > 0, split);
        for (size_t k = 0; k < sizeof fewer / sizeof *fewer; k++) {
            if (fewer[k] > rows)
                continue;
            const uint64_t expected = hash_of(&f, whole, op, fewer[k]);
            CU_ASSERT_EQUAL(hash_of(&f, divided, op, fewer[k]), expected);
            CU_ASSERT(fixture_guarded(&f));
        }
    }
    bnorm_plan_destroy(divided);
    bnorm_plan_destroy(whole);
    fixture_free(&f);
    bnorm_context_destroy(nodes);
    bnorm_context_destroy(alone);
}

static void shards_of_few_nodes(void)
{
    compare(ROWS, BNORM_F32, 1);
    compare(ROWS, BNORM_F64, 1);
    compare(ROWS - 37, BNORM_F32, 1);
}

/* Where shards begin anywhere their lists are hardly shorter in the end. */
static void shards_of_many_nodes(void)
{
    compare(13 * 64 + 1, BNORM_F32, 0);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"shards of few nodes", shards_of_few_nodes},
        {"shards of many nodes", shards_of_many_nodes},
    };
    return harness_main(argc, argv, "exec/groups", cases, HARNESS_COUNT(cases));
}
