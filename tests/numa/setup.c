/* SPDX-License-Identifier: BSD-3-Clause */
#include "numa/setup.h"

#include <stdlib.h>
#include <string.h>

#include "numa/system.h"
#include "support/data.h"
#include "support/harness.h"

const setup_shape setup_shapes[SETUP_SHAPES] = {
    {"rows", BNORM_ROWS, 0, 4000, 600},
    {"panels of 16", BNORM_PANELS, 16, 4000, 600},
    {"panels of 8", BNORM_PANELS, 8, 4000, 300},
};

int setup_open(setup *s, const setup_shape *shape, int threads, bnorm_binding binding,
               bnorm_pages pages)
{
    bnorm_context_options options;
    memset(s, 0, sizeof *s);
    bnorm_context_options_init(&options, sizeof options);
    bnorm_problem_init(&s->problem, sizeof s->problem);
    options.threads = threads;
    options.binding = binding;
    options.pages = pages;
    s->problem.rows = shape->rows;
    s->problem.cols = shape->cols;
    s->problem.layout = shape->layout;
    s->problem.panel_width = shape->panel_width;
    if (bnorm_context_create(&s->context, &options) != BNORM_OK ||
        bnorm_plan_create(&s->plan, s->context, &s->problem) != BNORM_OK) {
        harness_note("%s: %s", shape->name, bnorm_last_error());
        CU_FAIL("no plan");
        return -1;
    }
    return 0;
}

int setup_alloc(setup *s)
{
    for (int t = 0; t < SETUP_TENSORS; t++)
        if (bnorm_alloc(s->plan, (bnorm_tensor)t, &s->tensor[t]) != BNORM_OK) {
            harness_note("tensor %d: %s", t, bnorm_last_error());
            CU_FAIL("no memory");
            return -1;
        }
    return 0;
}

void setup_close(setup *s)
{
    for (int t = 0; t < SETUP_TENSORS; t++)
        bnorm_free(s->tensor[t].data);
    bnorm_plan_destroy(s->plan);
    bnorm_context_destroy(s->context);
}

float *setup_at(const bnorm_problem *problem, const bnorm_matrix *matrix, int64_t row, int64_t col)
{
    int64_t w = problem->panel_width, offset = row * matrix->ld + col;
    if (problem->layout == BNORM_PANELS)
        offset = col / w * matrix->ld + row * w + col % w;
    return (float *)matrix->data + offset;
}

size_t setup_bytes(const bnorm_problem *problem, const bnorm_matrix *matrix)
{
    float *last = setup_at(problem, matrix, problem->rows - 1, problem->cols - 1);
    return (size_t)((char *)(last + 1) - (char *)matrix->data);
}

void setup_fill(const bnorm_problem *problem, const bnorm_matrix *matrix, uint64_t seed)
{
    for (int64_t row = 0; row < problem->rows; row++)
        for (int64_t col = 0; col < problem->cols; col++)
            *setup_at(problem, matrix, row, col) =
                (float)data_uniform(seed, (uint64_t)(row * problem->cols + col));
}

uint64_t setup_hash(uint64_t hash, const bnorm_problem *problem, const bnorm_matrix *matrix)
{
    int64_t step = problem->layout == BNORM_PANELS ? problem->panel_width : problem->cols;
    for (int64_t row = 0; row < problem->rows; row++)
        for (int64_t col = 0; col < problem->cols; col += step) {
            int64_t n = problem->cols - col < step ? problem->cols - col : step;
            hash = harness_hash_f32(hash, setup_at(problem, matrix, row, col), n);
        }
    return hash;
}

int64_t setup_blocks(const bnorm_plan *plan, unsigned operation)
{
    bnorm_description d = {.struct_size = sizeof d};
    if (bnorm_plan_describe(plan, operation, &d) != BNORM_OK)
        return 0;
    return d.row_groups * d.col_blocks;
}

double setup_planned_remote(const bnorm_plan *plan, unsigned operation)
{
    double sum = 0;
    for (int64_t i = 0; i < setup_blocks(plan, operation); i++) {
        bnorm_block_info block = {.struct_size = sizeof block};
        CU_ASSERT_EQUAL(bnorm_plan_block(plan, operation, i, &block), BNORM_OK);
        sum += block.remote_bytes;
    }
    return sum;
}

/* ---- where pages are, and whose they are ------------------------------------------ */

enum { NOBODY = -1, SEVERAL = -2 };

typedef struct {
    int node;        /* the system's number */
    int owner;       /* index of a node; NOBODY; SEVERAL */
    int owner_memory; /* the memory_index of its owners; SEVERAL */
} page;

typedef struct {
    page *pages;
    int64_t page_bytes;
    uintptr_t first; /* number of the first page in the address space */
} map;

static void meet(int *known, int now)
{
    *known = *known == NOBODY || *known == now ? now : SEVERAL;
}

/* Elements from `data` on belong to a block, whose node has its memory there. */
static void belong(map *m, const float *data, int64_t elements, const bnorm_block_info *block,
                   int memory, setup_count *count)
{
    int thread = block->thread < SETUP_THREADS ? block->thread : SETUP_THREADS - 1;
    uintptr_t begin = (uintptr_t)data, end = begin + (uintptr_t)elements * sizeof *data;
    while (begin < end) {
        uintptr_t number = begin / (uintptr_t)m->page_bytes;
        uintptr_t next = (number + 1) * (uintptr_t)m->page_bytes;
        double bytes = (double)((next < end ? next : end) - begin);
        page *p = &m->pages[number - m->first];
        meet(&p->owner, block->node);
        meet(&p->owner_memory, memory);
        *(p->node == SYSTEM_ABSENT ? &count->absent_bytes
          : p->node == memory      ? &count->local
                                   : &count->remote) += bytes;
        if (p->node == memory)
            count->thread_local[thread] += bytes;
        else
            count->thread_remote[thread] += bytes;
        begin = next;
    }
}

static void own_blocks(const setup *s, const bnorm_plan *plan, unsigned operation,
                       const bnorm_matrix *matrix, map *m, setup_count *count)
{
    for (int64_t i = 0; i < setup_blocks(plan, operation); i++) {
        bnorm_block_info block = {.struct_size = sizeof block};
        bnorm_node_info node = {.struct_size = sizeof node};
        CU_ASSERT_EQUAL(bnorm_plan_block(plan, operation, i, &block), BNORM_OK);
        CU_ASSERT_EQUAL(bnorm_context_node(s->context, block.node, &node), BNORM_OK);
        for (int64_t row = block.row; row < block.row + block.rows; row++)
            belong(m, setup_at(&s->problem, matrix, row, block.col), block.cols, &block,
                   node.memory_index, count);
        count->elements += (double)block.rows * (double)block.cols;
    }
}

/* The index of the first node that has its memory there; -1: none. */
static int index_of(const bnorm_context *context, int memory)
{
    bnorm_node_info node = {.struct_size = sizeof node};
    for (int i = 0; bnorm_context_node(context, i, &node) == BNORM_OK; i++)
        if (node.memory_index == memory)
            return i;
    return -1;
}

static void count_pages(const setup *s, const map *m, int64_t pages, setup_count *count)
{
    for (int64_t i = 0; i < pages; i++) {
        const page *p = &m->pages[i];
        if (p->owner == NOBODY)
            continue;
        int index = index_of(s->context, p->node);
        count->pages++;
        count->shared += p->owner == SEVERAL;
        if (p->node == SYSTEM_ABSENT)
            count->absent++;
        else if (index < 0)
            count->other++;
        else
            count->node_pages[index]++;
        count->misplaced += p->owner_memory >= 0 && p->node != p->owner_memory;
    }
}

int setup_look(const setup *s, const bnorm_plan *plan, unsigned operation,
               const bnorm_matrix *matrix, int64_t page_bytes, setup_count *count)
{
    map m = {.page_bytes = page_bytes, .first = (uintptr_t)matrix->data / (uintptr_t)page_bytes};
    uintptr_t last = ((uintptr_t)matrix->data + setup_bytes(&s->problem, matrix) - 1) /
                     (uintptr_t)page_bytes;
    int64_t pages = (int64_t)(last - m.first) + 1, small = page_bytes / system_page();
    int *where = malloc((size_t)(pages * small) * sizeof *where);
    m.pages = malloc((size_t)pages * sizeof *m.pages);
    memset(count, 0, sizeof *count);
    int error = where == NULL || m.pages == NULL;
    if (!error)
        error = system_where((const void *)(m.first * (uintptr_t)page_bytes), pages * small, where);
    CU_ASSERT_EQUAL(error, 0);
    if (!error) {
        for (int64_t i = 0; i < pages; i++)
            m.pages[i] = (page){where[i * small], NOBODY, NOBODY};
        own_blocks(s, plan, operation, matrix, &m, count);
        count_pages(s, &m, pages, count);
        CU_ASSERT_EQUAL(count->elements, (double)(s->problem.rows * s->problem.cols));
    }
    free(where);
    free(m.pages);
    return error ? -1 : 0;
}

static int nodes_of(const bnorm_plan *plan, unsigned operation)
{
    bnorm_description d = {.struct_size = sizeof d};
    CU_ASSERT_EQUAL(bnorm_plan_describe(plan, operation, &d), BNORM_OK);
    return d.nodes;
}

static void compare(const bnorm_placement_report *report, const setup_count *count)
{
    CU_ASSERT_EQUAL(report->pages, count->pages);
    CU_ASSERT_EQUAL(report->absent_pages, count->absent);
    CU_ASSERT_EQUAL(report->other_pages, count->other);
    CU_ASSERT_EQUAL(memcmp(report->node_pages, count->node_pages, sizeof report->node_pages), 0);
    CU_ASSERT_EQUAL(report->local_bytes, count->local);
    CU_ASSERT_EQUAL(report->remote_bytes, count->remote);
    CU_ASSERT_EQUAL(report->absent_bytes, count->absent_bytes);
    if (report->remote_bytes != count->remote || report->local_bytes != count->local)
        harness_note("local %.0f, remote %.0f, absent %.0f; the report: %.0f, %.0f, %.0f",
                     count->local, count->remote, count->absent_bytes, report->local_bytes,
                     report->remote_bytes, report->absent_bytes);
}

void setup_agrees(const setup *s, const bnorm_plan *plan, const bnorm_matrix *matrix,
                  setup_count *count)
{
    bnorm_placement_report report = {.struct_size = sizeof report};
    setup_count found;
    double each[SETUP_OPERATIONS] = {0};
    int most = 0;
    memset(count, 0, sizeof *count);
    CU_ASSERT_EQUAL_FATAL(bnorm_placement(plan, matrix, &report), BNORM_OK);
    for (int i = 0; i < SETUP_OPERATIONS; i++)
        most = nodes_of(plan, 1u << i) > most ? nodes_of(plan, 1u << i) : most;
    for (int i = 0; i < SETUP_OPERATIONS; i++) {
        if (setup_look(s, plan, 1u << i, matrix, report.page_bytes, &found) != 0)
            return;
        each[i] = found.remote;
        if (nodes_of(plan, 1u << i) < most)
            continue;
        compare(&report, &found);
        *count = found;
    }
    memcpy(count->each, each, sizeof each);
}
