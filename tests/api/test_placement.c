/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Matrices on NUMA nodes: allocation, reports, migration, plans for where they lie,
 * and what a plan says of its blocks.  The linker gives the questions about pages,
 * and the requests to place them, to this test: one machine has one node, another a
 * table of pages in place of the system's.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "api/fixture.h"
#include "plan/plan.h"
#include "platform/pages.h"
#include "support/harness.h"

enum { PLACES_MOST = 4096, ABSENT = -1 };

/* ---- the pages of this test ------------------------------------------------------- */

static struct {
    int faked;     /* else: the system's */
    int elsewhere; /* node of pages that nobody placed, or ABSENT */
    int64_t turns; /* > 0: those take turns of so many pages among nodes 0 to 3 */
    int refusal;   /* errno of every request; EINVAL: of those not of huge pages */
    int stays;     /* requests are granted, and pages stay */
    int error;     /* errno of every question */
    int count, questions;
    struct {
        const char *begin, *end;
        int node;
    } place[PLACES_MOST];
} fake;

int __real_bnorm_pages_where(const void *const *address, int count, int *node);
int __wrap_bnorm_pages_where(const void *const *address, int count, int *node);
int __real_bnorm_topology_place(const bnorm_machine *machine, void *start, size_t bytes, int node,
                                int migrate);
int __wrap_bnorm_topology_place(const bnorm_machine *machine, void *start, size_t bytes, int node,
                                int migrate);

int __wrap_bnorm_pages_where(const void *const *address, int count, int *node)
{
    fake.questions += count;
    if (fake.error)
        return fake.error;
    if (!fake.faked)
        return __real_bnorm_pages_where(address, count, node);
    for (int i = 0; i < count; i++) {
        const char *at = address[i];
        const int64_t page = (int64_t)((uintptr_t)at / (uintptr_t)bnorm_pages_size());
        node[i] = fake.turns ? (int)(page / fake.turns % 4) : fake.elsewhere;
        for (int p = fake.count - 1; p >= 0; p--)
            if (at >= fake.place[p].begin && at < fake.place[p].end) {
                node[i] = fake.place[p].node;
                break;
            }
    }
    return 0;
}

int __wrap_bnorm_topology_place(const bnorm_machine *machine, void *start, size_t bytes, int node,
                                int migrate)
{
    if (!fake.faked)
        return __real_bnorm_topology_place(machine, start, bytes, node, migrate);
    if (fake.refusal && (fake.refusal != EINVAL || (uintptr_t)start % (1 << 21)))
        return fake.refusal;
    if (!fake.stays && fake.count < PLACES_MOST) {
        fake.place[fake.count].begin = start;
        fake.place[fake.count].end = (char *)start + bytes;
        fake.place[fake.count++].node = machine->node[node].memory;
    }
    return 0;
}

/* Pages [begin, end) of [0, 1000) parts of a matrix are on that node of the system. */
static void put(const bnorm_matrix *matrix, int64_t bytes, int begin, int end, int node)
{
    char *data = matrix->data;
    fake.place[fake.count].begin = data + bytes / 1000 * begin;
    fake.place[fake.count].end = end == 1000 ? data + bytes : data + bytes / 1000 * end;
    fake.place[fake.count++].node = node;
}

/* ---- contexts ----------------------------------------------------------------------- */

static const char four_nodes[] = "pack:2 numa:4 core:16 pu:2";

static char logged[256];

static void note(void *user, const char *line)
{
    (void)user;
    strncpy(logged, line, sizeof logged - 1);
}

/* A described machine; present: as if it were this one. NULL: without hwloc. */
static bnorm_context *described(const char *synthetic, int threads, int present)
{
    bnorm_context_options options;
    bnorm_context *context = NULL;
    bnorm_context_options_init(&options, sizeof options);
    options.synthetic = synthetic;
    options.threads = threads;
    options.log = note;
    if (bnorm_context_create(&context, &options) != BNORM_OK) {
        harness_skip(bnorm_last_error());
        return NULL;
    }
    if (present)
        context->machine.foreign = 0;
    memset(&fake, 0, sizeof fake);
    fake.faked = present;
    fake.elsewhere = ABSENT;
    return context;
}

static bnorm_plan *plan_for(const bnorm_context *context, int64_t rows, int64_t cols,
                            bnorm_layout layout)
{
    bnorm_problem problem;
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = rows;
    problem.cols = cols;
    problem.layout = layout;
    return fixture_plan(context, &problem);
}

static int same_shards(const bnorm_plan *a, const bnorm_plan *b)
{
    int same = a->shards.count == b->shards.count;
    for (int i = 0; same && i < a->shards.count; i++)
        same = a->shards.shard[i].begin == b->shards.shard[i].begin &&
               a->shards.shard[i].end == b->shards.shard[i].end &&
               a->shards.shard[i].node == b->shards.shard[i].node;
    return same;
}

static bnorm_placement_report report_of(const bnorm_plan *plan, const bnorm_matrix *matrix)
{
    bnorm_placement_report report = {.struct_size = sizeof report};
    CU_ASSERT_EQUAL(bnorm_placement(plan, matrix, &report), BNORM_OK);
    return report;
}

/* ---- what is refused ------------------------------------------------------------------ */

typedef struct {
    const char *name;
    int panels;
    bnorm_matrix matrix;
    const char *words[2];
} bad_matrix;

static char memory[64 * 100];

static const bad_matrix bad_matrices[] = {
    {"data NULL", 0, {NULL, 0}, {"matrix->data", "NULL"}},
    {"data between elements", 0, {memory + 2, 0}, {"matrix->data", "multiple of 4"}},
    {"ld small", 0, {memory, 9}, {"matrix->ld is 9", "10"}},
    {"ld negative", 0, {memory, -1}, {"matrix->ld is -1", "10"}},
    {"ld large", 0, {memory, INT64_MAX / 4}, {"matrix->ld", "at most"}},
    {"panels: ld small", 1, {memory, 10}, {"matrix->ld is 10", "panel"}},
    {"panels: ld large", 1, {memory, INT64_MAX / 4 + 1}, {"matrix->ld", "at most"}},
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
    bnorm_plan *plans[2] = {plan_for(context, 100, 10, BNORM_ROWS),
                            plan_for(context, 100, 10, BNORM_PANELS)};
    memset(&fake, 0, sizeof fake);
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
    CU_ASSERT_EQUAL(fake.questions, 0);
    bnorm_plan_destroy(plans[0]);
    bnorm_plan_destroy(plans[1]);
    bnorm_context_destroy(context);
}

static void null_and_sizes_are_refused(void)
{
    static const char *const plan_words[] = {"plan", "NULL"}, *const words[] = {"struct_size", "1"};
    static const char *const matrix_words[] = {"matrix", "NULL"};
    bnorm_context *context = fixture_context(1);
    bnorm_plan *plan = plan_for(context, 100, 10, BNORM_ROWS), *adapted = NULL;
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
    bnorm_context *context = described(four_nodes, 0, 0);
    if (!context)
        return;
    bnorm_plan *plan = plan_for(context, 100, 10, BNORM_ROWS), *adapted = NULL;
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
    bnorm_plan *plan = plan_for(context, rows, cols, layout), *adapted = NULL;
    const double bytes = (double)rows * (double)cols * 4;
    bnorm_matrix matrix;
    bnorm_placement_report report;
    CU_ASSERT_EQUAL_FATAL(bnorm_alloc(plan, BNORM_DY, &matrix), BNORM_OK);
    report = report_of(plan, &matrix);
    CU_ASSERT(report.pages > 0 && report.absent_pages == report.pages);
    CU_ASSERT_EQUAL(report.absent_bytes, bytes);
    CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_OK);
    CU_ASSERT(adapted && same_shards(plan, adapted));
    bnorm_plan_destroy(adapted);

    memset(matrix.data, 0, (size_t)(layout == BNORM_PANELS ? (cols + 15) / 16 : rows) *
                               (size_t)matrix.ld * 4);
    report = report_of(plan, &matrix);
    CU_ASSERT_EQUAL(report.absent_pages, 0);
    CU_ASSERT_EQUAL(report.local_bytes + report.remote_bytes, bytes);
    if (context->machine.memory_nodes == 1) {
        CU_ASSERT_EQUAL(report.local_bytes, bytes);
        CU_ASSERT_EQUAL(report.node_pages[0], report.pages);
        CU_ASSERT_EQUAL(bnorm_migrate(plan, &matrix), BNORM_OK);
        CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_OK);
        CU_ASSERT(adapted && same_shards(plan, adapted));
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
    memset(&fake, 0, sizeof fake);
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

static void silence_of_the_system_is_reported(void)
{
    bnorm_context *context = fixture_context(2);
    bnorm_plan *plan = plan_for(context, 100, 10, BNORM_ROWS), *adapted = NULL;
    const bnorm_matrix matrix = {memory, 0};
    bnorm_placement_report report = {.struct_size = sizeof report};
    memset(&fake, 0, sizeof fake);
    fake.error = ENOSYS;
    CU_ASSERT_EQUAL(bnorm_placement(plan, &matrix, &report), BNORM_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_ERR_UNSUPPORTED);
    fake.error = EPERM;
    CU_ASSERT_EQUAL(bnorm_placement(plan, &matrix, &report), BNORM_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), strerror(EPERM)));
    CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_ERR_SYSTEM);
    CU_ASSERT_PTR_NULL(adapted);
    fake.error = 0;
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
}

/* ---- four nodes ----------------------------------------------------------------------------- */

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
    bnorm_context *context = described(four_nodes, 0, 0);
    if (!context)
        return;
    for (int panels = 0; panels < 2; panels++) {
        const bnorm_layout layout = panels ? BNORM_PANELS : BNORM_ROWS;
        bnorm_plan *even = plan_for(context, 1048576, 512, layout);
        bnorm_plan *odd = plan_for(context, 1000003, 513, layout);
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
    bnorm_plan *plan = plan_for(context, rows, cols, layout), *adapted = NULL;
    bnorm_matrix matrix;
    fake.count = 0;
    CU_ASSERT_EQUAL_FATAL(bnorm_alloc(plan, BNORM_Y, &matrix), BNORM_OK);
    bnorm_placement_report report = report_of(plan, &matrix);
    CU_ASSERT_EQUAL(report.absent_pages + report.other_pages, 0);
    CU_ASSERT_EQUAL(report.remote_bytes, predicted(plan, BNORM_INFER));
    CU_ASSERT(report.remote_bytes <= edges(plan));
    CU_ASSERT_EQUAL(report.local_bytes + report.remote_bytes, (double)rows * (double)cols * 4);
    for (int k = 0; k < context->machine.nodes; k++)
        CU_ASSERT(report.node_pages[k] > 0);
    CU_ASSERT_EQUAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_OK);
    CU_ASSERT(adapted && same_shards(plan, adapted));
    bnorm_plan_destroy(adapted);
    CU_ASSERT_EQUAL(bnorm_migrate(plan, &matrix), BNORM_OK);
    bnorm_free(matrix.data);
    bnorm_plan_destroy(plan);
}

static void matrices_are_allocated_where_planned(void)
{
    bnorm_context *context = described(four_nodes, 0, 1);
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
    bnorm_context *context = described(four_nodes, 0, 1);
    if (!context)
        return;
    bnorm_plan *plan = plan_for(context, 65536, 64, BNORM_ROWS);
    bnorm_matrix matrix;
    logged[0] = '\0';
    fake.refusal = EPERM;
    CU_ASSERT_EQUAL_FATAL(bnorm_alloc(plan, BNORM_DX, &matrix), BNORM_OK);
    CU_ASSERT_PTR_NOT_NULL(strstr(logged, "dx"));
    CU_ASSERT_PTR_NOT_NULL(strstr(logged, strerror(EPERM)));
    CU_ASSERT_EQUAL(bnorm_migrate(plan, &matrix), BNORM_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), strerror(EPERM)));
    fake.refusal = EINVAL; /* huge pages: whole ones, or none */
    CU_ASSERT_EQUAL(bnorm_migrate(plan, &matrix), BNORM_OK);
    bnorm_placement_report report = report_of(plan, &matrix);
    CU_ASSERT(report.absent_pages == 0 && report.remote_bytes <= 7 * (1 << 21));
    fake.refusal = fake.count = 0;
    fake.stays = 1;
    fake.elsewhere = 0;
    CU_ASSERT_EQUAL(bnorm_migrate(plan, &matrix), BNORM_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "stayed"));
    logged[0] = '\0';
    bnorm_free(matrix.data);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
}

/* Any memory: an address within a page, and a slice of a wide matrix, of whose rows
 * most pages are another's. */
static void slices_are_reported_and_moved(void)
{
    bnorm_context *context = described(four_nodes, 0, 1);
    if (!context)
        return;
    const int64_t page = bnorm_pages_size(), rows = 1000, cols = 100, ld = 5 * page / 4;
    char *wide = malloc((size_t)(rows * ld * 4) + 64);
    bnorm_plan *plan = plan_for(context, rows, cols, BNORM_ROWS);
    const bnorm_matrix matrix = {wide + 12, ld};
    const bnorm_matrix spot = {memory, 0};
    int64_t pages = 0;
    for (int64_t r = 0; r < rows; r++) {
        uintptr_t begin = (uintptr_t)matrix.data + (uintptr_t)(r * ld * 4);
        pages += (int64_t)((begin + 399) / (uintptr_t)page - begin / (uintptr_t)page) + 1;
    }
    fake.elsewhere = 0;
    bnorm_placement_report report = report_of(plan, &matrix);
    CU_ASSERT_EQUAL(report.pages, pages);
    CU_ASSERT_EQUAL(report.node_pages[0], pages);
    CU_ASSERT_EQUAL(report.local_bytes + report.remote_bytes, 400e3);
    CU_ASSERT(report.local_bytes >= 400e3 / 16 && report.remote_bytes >= 400e3 / 2);
    fake.elsewhere = 1000; /* nobody's */
    report = report_of(plan, &matrix);
    CU_ASSERT_EQUAL(report.other_pages, pages);
    CU_ASSERT_EQUAL(report.remote_bytes, 400e3);
    CU_ASSERT_EQUAL(bnorm_migrate(plan, &matrix), BNORM_OK);
    report = report_of(plan, &matrix);
    CU_ASSERT_EQUAL(report.other_pages, 0);
    CU_ASSERT(report.remote_bytes <= edges(plan));
    /* one page, or two */
    bnorm_plan *small = plan_for(context, 4, 3, BNORM_ROWS);
    report = report_of(small, &spot);
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
    bnorm_plan *plan = plan_for(context, 32000, 16 * 64, layout), *adapted = NULL;
    const int64_t bytes = 32000 * 16 * 64 * 4;
    bnorm_matrix matrix;
    bnorm_alloc(plan, BNORM_X, &matrix);
    fake.count = 0;
    for (int i = 0; i < 4; i++)
        put(&matrix, bytes, 250 * i, 250 * (i + 1), os[i]);
    CU_ASSERT_EQUAL_FATAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_OK);
    CU_ASSERT_EQUAL_FATAL(adapted->shards.count, 4);
    CU_ASSERT_EQUAL(context->machine.node[adapted->shards.shard[0].node].memory, os[0]);
    CU_ASSERT_EQUAL(context->machine.node[adapted->shards.shard[3].node].memory, os[3]);
    bnorm_placement_report before = report_of(plan, &matrix);
    bnorm_placement_report report = report_of(adapted, &matrix);
    CU_ASSERT(before.remote_bytes > (double)bytes / 2);
    CU_ASSERT(report.remote_bytes <= 4. * 64 * 64 * 1024); /* a leaf at each edge */
    bnorm_plan_destroy(adapted);

    fake.count = 0; /* a quarter is on nobody's node: it stays with its owner */
    put(&matrix, bytes, 0, 250, 1000);
    put(&matrix, bytes, 250, 1000, os[0]);
    CU_ASSERT_EQUAL_FATAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_OK);
    CU_ASSERT_EQUAL(adapted->shards.shard[0].node, plan->shards.shard[0].node);
    CU_ASSERT_EQUAL(adapted->shards.shard[adapted->shards.count - 1].node, 3);
    report = report_of(adapted, &matrix);
    CU_ASSERT(report.local_bytes >= .74 * (double)bytes);
    bnorm_plan_destroy(adapted);
    bnorm_free(matrix.data);
    bnorm_plan_destroy(plan);
}

static void plans_adapt_to_matrices(void)
{
    bnorm_context *context = described(four_nodes, 0, 1);
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
    bnorm_context *context = described(four_nodes, 0, 1);
    if (!context)
        return;
    for (int i = 0; i < 10; i++) {
        /* every fourth page would be asked about, or every second */
        bnorm_plan *plan = plan_for(context, 40009, i % 3 ? 512 : 1024,
                                    i % 2 ? BNORM_PANELS : BNORM_ROWS);
        bnorm_plan *adapted = NULL;
        bnorm_matrix matrix;
        bnorm_alloc(plan, BNORM_X, &matrix);
        fake.count = fake.questions = 0;
        fake.turns = i < 8 ? turns[i / 2] : 0;
        CU_ASSERT_EQUAL_FATAL(bnorm_plan_adapt(&adapted, plan, &matrix), BNORM_OK);
        CU_ASSERT(same_shards(plan, adapted));
        CU_ASSERT(fake.questions > 0 && fake.questions < 70000);
        bnorm_plan_destroy(adapted);
        bnorm_free(matrix.data);
        bnorm_plan_destroy(plan);
    }
    bnorm_context_destroy(context);
}

static void nothing_is_nowhere(void)
{
    bnorm_context *context = described(four_nodes, 0, 1);
    const bnorm_matrix none = {NULL, 0};
    if (!context)
        return;
    for (int i = 0; i < 4; i++) {
        bnorm_plan *adapted = NULL, *plan = plan_for(context, i % 2 ? 0 : 100, i % 2 ? 100 : 0,
                                                     i / 2 ? BNORM_PANELS : BNORM_ROWS);
        bnorm_matrix matrix;
        bnorm_placement_report report = report_of(plan, &none);
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

static void machines_are_told_in_numbers(void)
{
    bnorm_context *context = described(four_nodes, 40, 0);
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
        {"a silent system is reported", silence_of_the_system_is_reported},
        {"plans keep blocks at home", plans_keep_blocks_at_home},
        {"matrices are allocated where planned", matrices_are_allocated_where_planned},
        {"refusals are logged", refusals_are_logged},
        {"slices are reported and moved", slices_are_reported_and_moved},
        {"plans adapt to matrices", plans_adapt_to_matrices},
        {"plans keep what cannot be told", plans_keep_what_cannot_be_told},
        {"nothing is nowhere", nothing_is_nowhere},
        {"machines are told in numbers", machines_are_told_in_numbers},
    };
    return harness_main(argc, argv, "api/placement", cases, HARNESS_COUNT(cases));
}
