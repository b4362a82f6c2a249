/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where matrices are on this machine, what is refused, and what a context says of
 * its machine.
 */
#include <errno.h>
#include <string.h>

#include "api/fixture.h"
#include "api/pages.h"
#include "platform/pages.h"
#include "support/harness.h"

/* ---- what is refused ------------------------------------------------------------------ */

typedef struct {
    const char *name;
    int panels;
    bnorm_matrix matrix;
    const char *words[2];
} bad_matrix;

static char memory[64 * 100];

static const bad_matrix bad_matrices[] = {
    {"data NULL", 0, {NULL, 0}, {"matrix.data", "NULL"}},
    {"data between elements", 0, {memory + 2, 0}, {"matrix.data", "multiple of 4"}},
    {"ld small", 0, {memory, 9}, {"matrix.ld is 9", "10"}},
    {"ld negative", 0, {memory, -1}, {"matrix.ld is -1", "10"}},
    {"ld large", 0, {memory, INT64_MAX / 4}, {"matrix.ld", "at most"}},
    {"panels: ld small", 1, {memory, 10}, {"matrix.ld is 10", "panel"}},
    {"panels: ld large", 1, {memory, INT64_MAX / 4 + 1}, {"matrix.ld", "at most"}},
};

static int refused(const char *name, bnorm_status status, bnorm_status expected,
                   const char *const *words)
{
    int good = status == expected;
    for (int i = 0; i < 2 && words[i]; i++)
        good = good && strstr(bnorm_last_error(), words[i]);
    if (!good)
        harness_note("%s: %s: \"%s\"", name, bnorm_strerror(status), bnorm_last_error());
    return good;
}

static void bad_matrices_are_refused(void)
{
    bnorm_context *context = fixture_context(1);
    bnorm_plan *plans[2] = {pages_plan(context, 100, 10, BNORM_ROWS),
                            pages_plan(context, 100, 10, BNORM_PANELS)};
    pages_real();
    for (size_t i = 0; i < sizeof bad_matrices / sizeof bad_matrices[0]; i++) {
        const bad_matrix *bad = &bad_matrices[i];
        const bnorm_plan *plan = plans[bad->panels];
        bnorm_placement_report report = {.struct_size = sizeof report, .pages = 77};
        bnorm_plan *adapted = NULL;
        CU_ASSERT(refused(bad->name, bnorm_placement(plan, &bad->matrix, &report),
                          BNORM_ERR_ARGUMENT, bad->words));
        CU_ASSERT(refused(bad->name, bnorm_migrate(plan, &bad->matrix), BNORM_ERR_ARGUMENT,
                          bad->words));
        CU_ASSERT(refused(bad->name, bnorm_plan_adapt(&adapted, plan, &bad->matrix),
                          BNORM_ERR_ARGUMENT, bad->words));
        CU_ASSERT(report.pages == 77 && adapted == NULL);
    }
    CU_ASSERT_EQUAL(pages.questions, 0);
    bnorm_plan_destroy(plans[0]);
    bnorm_plan_destroy(plans[1]);
    bnorm_context_destroy(context);
}

static void null_and_sizes_are_refused(void)
{
    static const char *const plan_words[] = {"plan", "NULL"}, *const words[] = {"struct_size", "1"};
    static const char *const matrix_words[] = {"matrix", "NULL"};
    bnorm_context *context = fixture_context(1);
    bnorm_plan *plan = pages_plan(context, 100, 10, BNORM_ROWS), *adapted = NULL;
    const bnorm_matrix matrix = {memory, 0};
    bnorm_placement_report report = {.struct_size = sizeof report}, small = {.struct_size = 1};
    bnorm_block_info block = {.struct_size = 1};
    bnorm_cpu_info cpu = {.struct_size = 1};
    bnorm_node_info node = {.struct_size = 1};
    const bnorm_status arg = BNORM_ERR_ARGUMENT, unsupported = BNORM_ERR_UNSUPPORTED;
    CU_ASSERT(refused("placement", bnorm_placement(NULL, &matrix, &report), arg, plan_words));
    CU_ASSERT(refused("placement", bnorm_placement(plan, NULL, &report), arg, matrix_words));
    CU_ASSERT_EQUAL(bnorm_placement(plan, &matrix, NULL), arg);
    CU_ASSERT(refused("placement", bnorm_placement(plan, &matrix, &small), unsupported, words));
    CU_ASSERT(refused("migrate", bnorm_migrate(NULL, &matrix), arg, plan_words));
    CU_ASSERT(refused("migrate", bnorm_migrate(plan, NULL), arg, matrix_words));
    CU_ASSERT_EQUAL(bnorm_plan_adapt(NULL, plan, &matrix), arg);
    CU_ASSERT(refused("adapt", bnorm_plan_adapt(&adapted, NULL, &matrix), arg, plan_words));
    CU_ASSERT(refused("adapt", bnorm_plan_adapt(&adapted, plan, NULL), arg, matrix_words));
    CU_ASSERT(refused("block", bnorm_plan_block(NULL, BNORM_STEP, 0, &block), arg, plan_words));
    CU_ASSERT_EQUAL(bnorm_plan_block(plan, BNORM_STEP, 0, NULL), arg);
    CU_ASSERT(refused("block", bnorm_plan_block(plan, BNORM_STEP, 0, &block), unsupported, words));
    CU_ASSERT(refused("cpu", bnorm_context_cpu(context, 0, &cpu), unsupported, words));
    CU_ASSERT(refused("node", bnorm_context_node(context, 0, &node), unsupported, words));
    CU_ASSERT_EQUAL(bnorm_context_cpu(NULL, 0, &cpu), arg);
    CU_ASSERT_EQUAL(bnorm_context_node(NULL, 0, &node), arg);
    CU_ASSERT_EQUAL(bnorm_context_cpu(context, 0, NULL), arg);
    CU_ASSERT_EQUAL(bnorm_context_node(context, 0, NULL), arg);
    block.struct_size = sizeof block;
    cpu.struct_size = sizeof cpu;
    node.struct_size = sizeof node;
    CU_ASSERT_EQUAL(bnorm_plan_block(plan, BNORM_STEP, -1, &block), arg);
    CU_ASSERT_EQUAL(bnorm_plan_block(plan, BNORM_STEP, INT64_MAX, &block), arg);
    CU_ASSERT_EQUAL(bnorm_plan_block(plan, BNORM_STEP | BNORM_INFER, 0, &block), arg);
    CU_ASSERT_EQUAL(bnorm_context_cpu(context, -1, &cpu), arg);
    CU_ASSERT_EQUAL(bnorm_context_cpu(context, context->machine.cpus, &cpu), arg);
    CU_ASSERT_EQUAL(bnorm_context_node(context, -1, &node), arg);
    CU_ASSERT_EQUAL(bnorm_context_node(context, context->machine.nodes, &node), arg);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
}

static void described_machines_have_no_memory(void)
{
    bnorm_context *context = pages_context(0, 0);
    if (!context)
        return;
    bnorm_plan *plan = pages_plan(context, 100, 10, BNORM_ROWS), *adapted = NULL;
    bnorm_matrix matrix = {memory, 0};
    bnorm_placement_report report = {.struct_size = sizeof report};
    CU_ASSERT_EQUAL(bnorm_alloc(plan, BNORM_X, &matrix), BNORM_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(bnorm_placement(plan, &matrix, &report), BNORM_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(bnorm_migrate(plan, &matrix), BNORM_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_ERR_UNSUPPORTED);
    CU_ASSERT(matrix.data == memory && adapted == NULL);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
}

/* ---- this machine ------------------------------------------------------------------------ */

static void here(int64_t rows, int64_t cols, bnorm_layout layout)
{
    bnorm_context *context = fixture_context(3);
    bnorm_plan *plan = pages_plan(context, rows, cols, layout), *adapted = NULL;
    const double bytes = (double)rows * (double)cols * 4;
    bnorm_matrix matrix;
    bnorm_placement_report report;
    CU_ASSERT_EQUAL_FATAL(bnorm_alloc(plan, BNORM_DY, &matrix), BNORM_OK);
    report = pages_report(plan, &matrix);
    CU_ASSERT(report.pages > 0 && report.absent_pages == report.pages);
    CU_ASSERT_EQUAL(report.absent_bytes, bytes);
    CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_OK);
    CU_ASSERT(adapted && pages_same_shards(plan, adapted));
    bnorm_plan_destroy(adapted);

    memset(matrix.data, 0, (size_t)(layout == BNORM_PANELS ? (cols + 15) / 16 : rows) *
                               (size_t)matrix.ld * 4);
    report = pages_report(plan, &matrix);
    CU_ASSERT_EQUAL(report.absent_pages, 0);
    CU_ASSERT_EQUAL(report.local_bytes + report.remote_bytes, bytes);
    if (context->machine.memory_nodes == 1) {
        CU_ASSERT_EQUAL(report.local_bytes, bytes);
        CU_ASSERT_EQUAL(report.node_pages[0], report.pages);
        CU_ASSERT_EQUAL(bnorm_migrate(plan, &matrix), BNORM_OK);
        CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_OK);
        CU_ASSERT(adapted && pages_same_shards(plan, adapted));
        CU_ASSERT_STRING_EQUAL(bnorm_plan_text(plan), bnorm_plan_text(adapted));
        bnorm_plan_destroy(adapted);
    }
    bnorm_free(matrix.data);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
}

static void this_machine_has_all_pages(void)
{
    int node, on_stack;
    const void *address = &on_stack;
    memset(&pages, 0, sizeof pages);
    if (bnorm_pages_where(&address, 1, &node) != 0) {
        harness_skip("the system does not tell where pages are");
        return;
    }
    for (int panels = 0; panels < 2; panels++) {
        here(1000, 513, panels ? BNORM_PANELS : BNORM_ROWS);
        here(65, 3, panels ? BNORM_PANELS : BNORM_ROWS);
        here(1, 10000, panels ? BNORM_PANELS : BNORM_ROWS);
    }
}

/* Addresses are asked about, never followed: nothing needs to be there.  What is
 * computed of them is no pointer: `make check-san` sees it. */
static void nothing_may_be_at_an_address(void)
{
    static const uintptr_t at[] = {16, 4096, UINTPTR_MAX / 2 - 4095, UINTPTR_MAX - 4095};
    for (size_t i = 0; i < 2 * HARNESS_COUNT(at); i++) {
        const bnorm_layout layout = i % 2 ? BNORM_PANELS : BNORM_ROWS;
        bnorm_context *context = pages_context(8, 1);
        if (!context)
            return;
        bnorm_plan *plan = pages_plan(context, 2000, 40, layout), *adapted = NULL;
        const bnorm_matrix matrix = {(void *)at[i / 2], 0};
        bnorm_placement_report report = pages_report(plan, &matrix);
        CU_ASSERT(report.pages > 0 && report.absent_pages == report.pages);
        CU_ASSERT_EQUAL(report.absent_bytes, 2000. * 40 * 4);
        CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_OK);
        CU_ASSERT(adapted && pages_same_shards(plan, adapted));
        bnorm_plan_destroy(adapted);
        pages.refusal = EFAULT;
        CU_ASSERT_EQUAL(bnorm_migrate(plan, &matrix), BNORM_ERR_SYSTEM);
        bnorm_plan_destroy(plan);
        bnorm_context_destroy(context);
    }
}

static void silence_of_the_system_is_reported(void)
{
    bnorm_context *context = fixture_context(2);
    bnorm_plan *plan = pages_plan(context, 100, 10, BNORM_ROWS), *adapted = NULL;
    const bnorm_matrix matrix = {memory, 0};
    bnorm_placement_report report = {.struct_size = sizeof report};
    memset(&pages, 0, sizeof pages);
    pages.error = ENOSYS;
    CU_ASSERT_EQUAL(bnorm_placement(plan, &matrix, &report), BNORM_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_ERR_UNSUPPORTED);
    pages.error = EPERM;
    CU_ASSERT_EQUAL(bnorm_placement(plan, &matrix, &report), BNORM_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), strerror(EPERM)));
    CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_ERR_SYSTEM);
    CU_ASSERT_PTR_NULL(adapted);
    pages.error = 0;
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
}

static void machines_are_told_in_numbers(void)
{
    bnorm_context *context = pages_context(40, 0);
    int cpus = 0, threads = 0;
    if (!context)
        return;
    bnorm_cpu_info cpu = {.struct_size = sizeof cpu};
    bnorm_node_info node = {.struct_size = sizeof node};
    for (int k = 0; bnorm_context_node(context, k, &node) == BNORM_OK; k++) {
        for (int i = 0; i < node.cpus; i++, cpus++) {
            CU_ASSERT_EQUAL(bnorm_context_cpu(context, cpus, &cpu), BNORM_OK);
            CU_ASSERT(cpu.node == k && cpu.sibling >= 0 && cpu.sibling < 2 && cpu.package < 2);
        }
        threads += node.threads;
        CU_ASSERT_EQUAL(node.memory_index, node.os_index);
    }
    CU_ASSERT_EQUAL(cpus, context->machine.cpus);
    CU_ASSERT_EQUAL(cpus, 2 * 4 * 16 * 2);
    CU_ASSERT_EQUAL(threads, 40);
    CU_ASSERT_EQUAL(bnorm_context_cpu(context, cpus, &cpu), BNORM_ERR_ARGUMENT);
    bnorm_context_destroy(context);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"bad matrices are refused", bad_matrices_are_refused},
        {"NULL and sizes are refused", null_and_sizes_are_refused},
        {"described machines have no memory", described_machines_have_no_memory},
        {"this machine has all pages", this_machine_has_all_pages},
        {"nothing may be at an address", nothing_may_be_at_an_address},
        {"a silent system is reported", silence_of_the_system_is_reported},
        {"machines are told in numbers", machines_are_told_in_numbers},
    };
    return harness_main(argc, argv, "api/placement", cases, HARNESS_COUNT(cases));
}
