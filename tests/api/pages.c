/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/pages.h"

#include <errno.h>
#include <string.h>

#include "api/fixture.h"
#include "platform/pages.h"
#include "support/harness.h"

pages_table pages;

int __real_bnorm_pages_where(const void *const *address, int count, int *node);
int __wrap_bnorm_pages_where(const void *const *address, int count, int *node);
int __real_bnorm_topology_place(const bnorm_machine *machine, void *start, size_t bytes, int node,
                                int migrate);
int __wrap_bnorm_topology_place(const bnorm_machine *machine, void *start, size_t bytes, int node,
                                int migrate);

int __wrap_bnorm_pages_where(const void *const *address, int count, int *node)
{
    pages.questions += count;
    if (pages.error)
        return pages.error;
    if (!pages.faked)
        return __real_bnorm_pages_where(address, count, node);
    for (int i = 0; i < count; i++) {
        const char *at = address[i];
        const int64_t page = (int64_t)((uintptr_t)at / (uintptr_t)bnorm_pages_size());
        node[i] = pages.turns ? (int)(page / pages.turns % 4) : pages.elsewhere;
        for (int p = pages.count - 1; p >= 0; p--)
            if (at >= pages.place[p].begin && at < pages.place[p].end) {
                node[i] = pages.place[p].node;
                break;
            }
    }
    return 0;
}

int __wrap_bnorm_topology_place(const bnorm_machine *machine, void *start, size_t bytes, int node,
                                int migrate)
{
    if (!pages.faked)
        return __real_bnorm_topology_place(machine, start, bytes, node, migrate);
    if (pages.refusal && (pages.refusal != EINVAL || (uintptr_t)start % (1 << 21)))
        return pages.refusal;
    if (!pages.stays && pages.count < PAGES_PLACES_MOST) {
        pages.place[pages.count].begin = start;
        pages.place[pages.count].end = (char *)start + bytes;
        pages.place[pages.count++].node = machine->node[node].memory;
    }
    return 0;
}

void pages_real(void)
{
    memset(&pages, 0, sizeof pages);
}

void pages_put(const bnorm_matrix *matrix, int64_t begin, int64_t end, int node)
{
    pages.place[pages.count].begin = (const char *)matrix->data + begin;
    pages.place[pages.count].end = (const char *)matrix->data + end;
    pages.place[pages.count++].node = node;
}

const char pages_machine[] = "pack:2 numa:4 core:16 pu:2";

char pages_log[256];

static void note(void *user, const char *line)
{
    (void)user;
    strncpy(pages_log, line, sizeof pages_log - 1);
}

bnorm_context *pages_context(int threads, int present)
{
    bnorm_context_options options;
    bnorm_context *context = NULL;
    bnorm_context_options_init(&options, sizeof options);
    options.synthetic = pages_machine;
    options.threads = threads;
    options.log = note;
    if (bnorm_context_create(&context, &options) != BNORM_OK) {
        harness_skip(bnorm_last_error());
        return NULL;
    }
    if (present)
        context->machine.foreign = 0;
    memset(&pages, 0, sizeof pages);
    pages.faked = present;
    pages.elsewhere = PAGES_ABSENT;
    return context;
}

bnorm_plan *pages_plan(const bnorm_context *context, int64_t rows, int64_t cols,
                       bnorm_layout layout)
{
    bnorm_problem problem;
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = rows;
    problem.cols = cols;
    problem.layout = layout;
    return fixture_plan(context, &problem);
}

int pages_same_shards(const bnorm_plan *a, const bnorm_plan *b)
{
    int same = a->shards.count == b->shards.count;
    for (int i = 0; same && i < a->shards.count; i++)
        same = a->shards.shard[i].begin == b->shards.shard[i].begin &&
               a->shards.shard[i].end == b->shards.shard[i].end &&
               a->shards.shard[i].node == b->shards.shard[i].node;
    return same;
}

bnorm_placement_report pages_report(const bnorm_plan *plan, const bnorm_matrix *matrix)
{
    bnorm_placement_report report = {.struct_size = sizeof report};
    CU_ASSERT_EQUAL(bnorm_placement(plan, matrix, &report), BNORM_OK);
    return report;
}
