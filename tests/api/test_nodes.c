/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Matrices on a machine of eight nodes: allocated, reported and moved, plans for
 * where they lie, and what plans say of their blocks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/fixture.h"
#include "api/pages.h"
#include "platform/pages.h"
#include "support/harness.h"

/* Bytes that extents share pages for: at most a page at each of their edges. */
static double edges(const bnorm_plan *plan)
{
    return (double)(plan->shards.count - 1) * (double)bnorm_pages_size();
}

/* Remote bytes of all blocks, as the plan says; also: the blocks are the matrix. */
static double predicted(const bnorm_plan *plan, unsigned operation)
{
    bnorm_description description = {.struct_size = sizeof description};
    double bytes = 0, remote = 0;
    bnorm_plan_describe(plan, operation, &description);
    for (int64_t i = 0; i < description.row_groups * description.col_blocks; i++) {
        bnorm_block_info block = {.struct_size = sizeof block};
        CU_ASSERT_EQUAL_FATAL(bnorm_plan_block(plan, operation, i, &block), BNORM_OK);
        CU_ASSERT(block.thread >= 0 && block.thread < description.threads);
        CU_ASSERT_EQUAL(plan->context->machine.cpu[block.cpu].node, block.node);
        CU_ASSERT(block.remote_bytes >= 0 && block.remote_bytes <= block.bytes);
        bytes += block.bytes;
        remote += block.remote_bytes;
    }
    CU_ASSERT_EQUAL(bytes, (double)plan->problem.rows * (double)plan->problem.cols * 4);
    return remote;
}

static void plans_keep_blocks_at_home(void)
{
    bnorm_context *context = pages_context(0, 0);
    if (!context)
        return;
    for (int panels = 0; panels < 2; panels++) {
        const bnorm_layout layout = panels ? BNORM_PANELS : BNORM_ROWS;
        bnorm_plan *even = pages_plan(context, 1048576, 512, layout);
        bnorm_plan *odd = pages_plan(context, 1000003, 513, layout);
        CU_ASSERT_EQUAL(even->shards.count, context->machine.nodes);
        for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
            CU_ASSERT_EQUAL(predicted(even, 1u << o), 0);
            CU_ASSERT(predicted(odd, 1u << o) <= edges(odd));
        }
        bnorm_plan_destroy(even);
        bnorm_plan_destroy(odd);
    }
    bnorm_context_destroy(context);
}

/* bnorm_alloc, then bnorm_placement: what the plan said of its blocks, page by page;
 * and the plan for where the matrix lies is the plan it was allocated for. */
static void allocated_where_planned(bnorm_context *context, int64_t rows, int64_t cols,
                                    bnorm_layout layout)
{
    bnorm_plan *plan = pages_plan(context, rows, cols, layout), *adapted = NULL;
    bnorm_matrix matrix;
    pages.count = 0;
    CU_ASSERT_EQUAL_FATAL(bnorm_alloc(plan, BNORM_Y, &matrix), BNORM_OK);
    bnorm_placement_report report = pages_report(plan, &matrix);
    CU_ASSERT_EQUAL(report.absent_pages + report.other_pages, 0);
    CU_ASSERT_EQUAL(report.remote_bytes, predicted(plan, BNORM_INFER));
    CU_ASSERT(report.remote_bytes <= edges(plan));
    CU_ASSERT_EQUAL(report.local_bytes + report.remote_bytes, (double)rows * (double)cols * 4);
    for (int k = 0; k < context->machine.nodes; k++)
        CU_ASSERT(report.node_pages[k] > 0);
    CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_OK);
    CU_ASSERT(adapted && pages_same_shards(plan, adapted));
    bnorm_plan_destroy(adapted);
    CU_ASSERT_EQUAL(bnorm_migrate(plan, &matrix), BNORM_OK);
    bnorm_free(matrix.data);
    bnorm_plan_destroy(plan);
}

static void matrices_are_allocated_where_planned(void)
{
    bnorm_context *context = pages_context(0, 1);
    if (!context)
        return;
    for (int panels = 0; panels < 2; panels++) {
        const bnorm_layout layout = panels ? BNORM_PANELS : BNORM_ROWS;
        allocated_where_planned(context, 65536, 512, layout);
        allocated_where_planned(context, 40009, 513, layout);
        allocated_where_planned(context, 10000, 2049, layout);
    }
    bnorm_context_destroy(context);
}

static void refusals_are_logged(void)
{
    bnorm_context *context = pages_context(0, 1);
    if (!context)
        return;
    bnorm_plan *plan = pages_plan(context, 65536, 64, BNORM_ROWS);
    bnorm_matrix matrix;
    pages_log[0] = '\0';
    pages.refusal = EPERM;
    CU_ASSERT_EQUAL_FATAL(bnorm_alloc(plan, BNORM_DX, &matrix), BNORM_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(pages_log, "dx"));
    CU_ASSERT_PTR_NOT_NULL(strstr(pages_log, strerror(EPERM)));
    CU_ASSERT_EQUAL(bnorm_migrate(plan, &matrix), BNORM_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), strerror(EPERM)));
    pages.refusal = EINVAL; /* huge pages: whole ones, or none */
    CU_ASSERT_EQUAL(bnorm_migrate(plan, &matrix), BNORM_OK);
    bnorm_placement_report report = pages_report(plan, &matrix);
    CU_ASSERT(report.absent_pages == 0 && report.remote_bytes <= 7 * (1 << 21));
    pages.refusal = pages.count = 0;
    pages.stays = 1;
    pages.elsewhere = 0;
    CU_ASSERT_EQUAL(bnorm_migrate(plan, &matrix), BNORM_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "stayed"));
    pages_log[0] = '\0';
    bnorm_free(matrix.data);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
}

/* Any memory: an address within a page, and a slice of a wide matrix, of whose rows
 * most pages are another's. */
static void slices_are_reported_and_moved(void)
{
    bnorm_context *context = pages_context(0, 1);
    if (!context)
        return;
    const int64_t page = bnorm_pages_size(), rows = 1000, cols = 100, ld = 5 * page / 4;
    char *wide = malloc((size_t)(rows * ld * 4) + 64);
    bnorm_plan *plan = pages_plan(context, rows, cols, BNORM_ROWS);
    const bnorm_matrix matrix = {wide + 12, ld};
    const bnorm_matrix spot = {wide, 0};
    int64_t holding = 0;
    for (int64_t r = 0; r < rows; r++) {
        uintptr_t begin = (uintptr_t)matrix.data + (uintptr_t)(r * ld * 4);
        holding += (int64_t)((begin + 399) / (uintptr_t)page - begin / (uintptr_t)page) + 1;
    }
    pages.elsewhere = 0;
    bnorm_placement_report report = pages_report(plan, &matrix);
    CU_ASSERT_EQUAL(report.pages, holding);
    CU_ASSERT_EQUAL(report.node_pages[0], holding);
    CU_ASSERT_EQUAL(report.local_bytes + report.remote_bytes, 400e3);
    CU_ASSERT(report.local_bytes >= 400e3 / 16 && report.remote_bytes >= 400e3 / 2);
    pages.elsewhere = 1000; /* nobody's */
    report = pages_report(plan, &matrix);
    CU_ASSERT_EQUAL(report.other_pages, holding);
    CU_ASSERT_EQUAL(report.remote_bytes, 400e3);
    CU_ASSERT_EQUAL(bnorm_migrate(plan, &matrix), BNORM_OK);
    report = pages_report(plan, &matrix);
    CU_ASSERT_EQUAL(report.other_pages, 0);
    CU_ASSERT(report.remote_bytes <= edges(plan));
    pages.count = 0; /* a matrix of 48 bytes: on one page, or two */
    bnorm_plan *small = pages_plan(context, 4, 3, BNORM_ROWS);
    report = pages_report(small, &spot);
    CU_ASSERT(report.pages <= 2 && report.other_pages == report.pages);
    bnorm_plan_destroy(small);
    free(wide);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
}

static void adapts_to_four_quarters(bnorm_context *context, bnorm_layout layout)
{
    const int os[4] = {context->machine.node[3].memory, context->machine.node[1].memory,
                       context->machine.node[0].memory, context->machine.node[2].memory};
    bnorm_plan *plan = pages_plan(context, 32000, 16 * 64, layout), *adapted = NULL;
    const int64_t bytes = 32000 * 16 * 64 * 4;
    bnorm_matrix matrix;
    bnorm_alloc(plan, BNORM_X, &matrix);
    pages.count = 0;
    for (int i = 0; i < 4; i++)
        pages_put(&matrix, bytes / 4 * i, bytes / 4 * (i + 1), os[i]);
    CU_ASSERT_EQUAL_FATAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_OK);
    CU_ASSERT_EQUAL_FATAL(adapted->shards.count, 4);
    CU_ASSERT_EQUAL(context->machine.node[adapted->shards.shard[0].node].memory, os[0]);
    CU_ASSERT_EQUAL(context->machine.node[adapted->shards.shard[3].node].memory, os[3]);
    bnorm_placement_report before = pages_report(plan, &matrix);
    bnorm_placement_report report = pages_report(adapted, &matrix);
    CU_ASSERT(before.remote_bytes > (double)bytes / 2);
    CU_ASSERT(report.remote_bytes <= 4. * 64 * 64 * 1024); /* a leaf at each edge */
    bnorm_plan_destroy(adapted);

    pages.count = 0; /* a quarter is on nobody's node: it stays with its owner */
    pages_put(&matrix, 0, bytes / 4, 1000);
    pages_put(&matrix, bytes / 4, bytes, os[0]);
    CU_ASSERT_EQUAL_FATAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_OK);
    CU_ASSERT_EQUAL(adapted->shards.shard[0].node, plan->shards.shard[0].node);
    CU_ASSERT_EQUAL(adapted->shards.shard[adapted->shards.count - 1].node, 3);
    report = pages_report(adapted, &matrix);
    CU_ASSERT(report.local_bytes >= .74 * (double)bytes);
    bnorm_plan_destroy(adapted);
    bnorm_free(matrix.data);
    bnorm_plan_destroy(plan);
}

static void plans_adapt_to_matrices(void)
{
    bnorm_context *context = pages_context(0, 1);
    if (!context)
        return;
    adapts_to_four_quarters(context, BNORM_ROWS);
    adapts_to_four_quarters(context, BNORM_PANELS);
    bnorm_context_destroy(context);
}

/* Pages in turns on all nodes, whatever the step between samples; and no pages. */
static void plans_keep_what_cannot_be_told(void)
{
    static const int64_t turns[] = {1, 2, 3, 8};
    bnorm_context *context = pages_context(0, 1);
    if (!context)
        return;
    for (int i = 0; i < 10; i++) {
        /* every fourth page would be asked about, or every second */
        bnorm_plan *plan = pages_plan(context, 40009, i % 3 ? 512 : 1024,
                                    i % 2 ? BNORM_PANELS : BNORM_ROWS);
        bnorm_plan *adapted = NULL;
        bnorm_matrix matrix;
        bnorm_alloc(plan, BNORM_X, &matrix);
        pages.count = pages.questions = 0;
        pages.turns = i < 8 ? turns[i / 2] : 0;
        CU_ASSERT_EQUAL_FATAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_OK);
        CU_ASSERT(pages_same_shards(plan, adapted));
        CU_ASSERT(pages.questions > 0 && pages.questions < 70000);
        bnorm_plan_destroy(adapted);
        bnorm_free(matrix.data);
        bnorm_plan_destroy(plan);
    }
    bnorm_context_destroy(context);
}

static void nothing_is_nowhere(void)
{
    bnorm_context *context = pages_context(0, 1);
    const bnorm_matrix none = {NULL, 0};
    if (!context)
        return;
    for (int i = 0; i < 4; i++) {
        bnorm_plan *adapted = NULL, *plan = pages_plan(context, i % 2 ? 0 : 100, i % 2 ? 100 : 0,
                                                     i / 2 ? BNORM_PANELS : BNORM_ROWS);
        bnorm_matrix matrix;
        bnorm_placement_report report = pages_report(plan, &none);
        CU_ASSERT(report.pages == 0 && report.local_bytes == 0 && report.remote_bytes == 0);
        CU_ASSERT_EQUAL(bnorm_migrate(plan, &none), BNORM_OK);
        CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, plan, &none), BNORM_OK);
        CU_ASSERT_EQUAL(bnorm_alloc(plan, BNORM_X, &matrix), BNORM_OK);
        bnorm_free(matrix.data);
        bnorm_plan_destroy(adapted);
        bnorm_plan_destroy(plan);
    }
    bnorm_context_destroy(context);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"plans keep blocks at home", plans_keep_blocks_at_home},
        {"matrices are allocated where planned", matrices_are_allocated_where_planned},
        {"refusals are logged", refusals_are_logged},
        {"slices are reported and moved", slices_are_reported_and_moved},
        {"plans adapt to matrices", plans_adapt_to_matrices},
        {"plans keep what cannot be told", plans_keep_what_cannot_be_told},
        {"nothing is nowhere", nothing_is_nowhere},
    };
    return harness_main(argc, argv, "api/nodes", cases, HARNESS_COUNT(cases));
}
