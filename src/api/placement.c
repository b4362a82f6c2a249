/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/placement.h"

#include <errno.h>
#include <string.h>

#include "api/check.h"
#include "base/amount.h"
#include "platform/pages.h"

bnorm_status bnorm_fail_pages(int error)
{
    return bnorm_fail(error == ENOSYS ? BNORM_ERR_UNSUPPORTED : BNORM_ERR_SYSTEM,
                      "the system does not tell where pages are: %s", strerror(error));
}

bnorm_status bnorm_check_placed(const bnorm_plan *plan, const bnorm_matrix *matrix,
                                bnorm_matrix *complete)
{
    bnorm_region region;
    if (!plan)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "plan is NULL");
    BNORM_TRY(bnorm_check_here(plan));
    BNORM_TRY(bnorm_check_matrix("matrix", plan, plan->problem.rows, plan->panel, matrix, &region));
    *complete = (bnorm_matrix){matrix->data, region.ld};
    return BNORM_OK;
}

/* `offset` bytes from the page that the matrix starts in, which is anybody's memory:
 * an address, not a pointer into the matrix. */
static void *page_address(const bnorm_matrix *matrix, int64_t lead, int64_t offset)
{
    return (void *)((uintptr_t)matrix->data - (uintptr_t)lead + (uintptr_t)offset);
}

/* ---- where pages are ---------------------------------------------------------- */

typedef struct {
    const bnorm_plan *plan;
    const bnorm_matrix *matrix;
    int64_t lead;     /* of the matrix's start into its page */
    bnorm_extent extent[BNORM_MOST_SHARDS];
    int extents, now; /* the extent that has the next page's first byte */
    bnorm_placement_report *report;
} survey;

/* The first of our nodes that has this memory; -1: none. */
static int node_of_memory(const bnorm_machine *machine, int os_index)
{
    for (int k = 0; k < machine->nodes; k++)
        if (machine->node[k].memory == os_index)
            return k;
    return -1;
}

/* Note that a page of the matrix is on a node of the system (-1: absent). */
static void note_page(survey *s, int64_t page, int os_index)
{
    const bnorm_machine *machine = &s->plan->context->machine;
    bnorm_placement_report *report = s->report;
    const int64_t begin = page * report->page_bytes - s->lead;
    const int64_t end = begin + report->page_bytes;
    const int node = node_of_memory(machine, os_index);

    report->pages++;
    if (os_index < 0)
        report->absent_pages++;
    else if (node < 0)
        report->other_pages++;
    else
        report->node_pages[node]++;
    while (s->now < s->extents - 1 && s->extent[s->now].end <= begin)
        s->now++;
    for (int i = s->now; i < s->extents && s->extent[i].begin < end; i++) {
        const bnorm_extent *extent = &s->extent[i];
        const double bytes = (double)bnorm_placement_elements(
            s->plan, s->matrix->ld, bnorm_max(begin, extent->begin), bnorm_min(end, extent->end));
        if (os_index < 0)
            report->absent_bytes += bytes;
        else if (machine->node[extent->node].memory == os_index)
            report->local_bytes += bytes;
        else
            report->remote_bytes += bytes;
    }
}

/* All pages that hold elements, some at a time. */
static int survey_pages(survey *s)
{
    const int64_t page_bytes = s->report->page_bytes, ld = s->matrix->ld;
    const int64_t end = bnorm_placement_next(s->plan, ld, PTRDIFF_MAX);
    const void *address[BNORM_PAGES_ASKED];
    int64_t page[BNORM_PAGES_ASKED];
    int node[BNORM_PAGES_ASKED];

    for (int64_t at = bnorm_placement_next(s->plan, ld, 0); at < end;) {
        int count = 0, error;
        while (count < BNORM_PAGES_ASKED && at < end) {
            page[count] = (s->lead + at) / page_bytes;
            address[count] = page_address(s->matrix, s->lead, page[count] * page_bytes);
            at = bnorm_placement_next(s->plan, ld, (page[count] + 1) * page_bytes - s->lead);
            count++;
        }
        error = bnorm_pages_where(address, count, node);
        if (error)
            return error;
        for (int i = 0; i < count; i++)
            note_page(s, page[i], node[i]);
    }
    return 0;
}

static bnorm_status report_pages(const bnorm_plan *plan, const bnorm_matrix *matrix,
                                 bnorm_placement_report *report)
{
    survey s = {.plan = plan, .matrix = matrix, .report = report};
    *report = (bnorm_placement_report){.struct_size = sizeof *report,
                                       .page_bytes = bnorm_pages_size()};
    s.lead = (int64_t)((uintptr_t)matrix->data % (uintptr_t)report->page_bytes);
    s.extents = bnorm_placement_extents(plan, matrix->ld, s.extent);
    const int error = survey_pages(&s);
    return error ? bnorm_fail_pages(error) : BNORM_OK;
}

bnorm_status bnorm_placement(const bnorm_plan *plan, const bnorm_matrix *matrix,
                             bnorm_placement_report *report)
{
    bnorm_matrix complete;
    bnorm_placement_report found;
    if (!report)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "report is NULL");
    BNORM_TRY(bnorm_check_size("report", report->struct_size, sizeof *report));
    BNORM_TRY(bnorm_check_placed(plan, matrix, &complete));
    BNORM_TRY(report_pages(plan, &complete, &found));
    *report = found;
    return BNORM_OK;
}

/* ---- moving them -------------------------------------------------------------- */

/* As bnorm_place_matrix, by pages of that size. */
static bnorm_placing place_pages(const bnorm_plan *plan, const bnorm_matrix *matrix,
                                 int64_t page_bytes)
{
    const int64_t lead = (int64_t)((uintptr_t)matrix->data % (uintptr_t)page_bytes);
    const int64_t end = bnorm_placement_next(plan, matrix->ld, PTRDIFF_MAX);
    bnorm_extent extent[BNORM_MOST_SHARDS];
    const int extents = bnorm_placement_extents(plan, matrix->ld, extent);
    bnorm_placing placing = {.page_bytes = page_bytes};
    for (int i = 0; i < extents; i++) {
        extent[i].end = bnorm_min(extent[i].end, end); /* padding at the end may be another's */
        bnorm_range pages = bnorm_placement_pages(&extent[i], lead, page_bytes);
        if (pages.begin >= pages.end)
            continue;
        int refused = bnorm_topology_place(
            &plan->context->machine, page_address(matrix, lead, pages.begin * page_bytes),
            (size_t)((pages.end - pages.begin) * page_bytes), extent[i].node, 1);
        if (refused && !placing.error) {
            placing.error = refused;
            placing.node = extent[i].node;
        }
    }
    return placing;
}

bnorm_placing bnorm_place_matrix(const bnorm_plan *plan, const bnorm_matrix *matrix)
{
    bnorm_placing placing = place_pages(plan, matrix, bnorm_pages_size());
    /* Huge pages from the pool can't be divided. */
    return placing.error == EINVAL ? place_pages(plan, matrix, BNORM_HUGE_PAGE) : placing;
}

bnorm_status bnorm_migrate(const bnorm_plan *plan, const bnorm_matrix *matrix)
{
    bnorm_matrix complete;
    bnorm_placement_report report;
    char remote[BNORM_AMOUNT], all[BNORM_AMOUNT];
    BNORM_TRY(bnorm_check_placed(plan, matrix, &complete));
    const bnorm_machine *machine = &plan->context->machine;
    if (machine->memory_nodes <= 1)
        return BNORM_OK; /* there is nowhere else */
    const bnorm_placing placing = bnorm_place_matrix(plan, &complete);
    if (placing.error)
        return bnorm_fail(BNORM_ERR_SYSTEM, "the system refuses to move pages to node %d: %s",
                          machine->node[placing.node].memory, strerror(placing.error));
    BNORM_TRY(report_pages(plan, &complete, &report));
    /* What is on a page that two extents share can't be at home in both. */
    const double shared = (double)placing.page_bytes * plan->shards.count;
    if (report.remote_bytes > shared)
        return bnorm_fail(BNORM_ERR_SYSTEM, "%s of %s stayed on other nodes than the plan's",
                          bnorm_amount(remote, report.remote_bytes),
                          bnorm_amount(all, report.remote_bytes + report.local_bytes));
    return BNORM_OK;
}
