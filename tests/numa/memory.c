/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the pages of tensors are. */
#define _GNU_SOURCE
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "numa/cases.h"
#include "numa/setup.h"
#include "numa/system.h"
#include "support/harness.h"

/* How many nodes have memory of their own that threads of the plan use. */
static int memories_of(const bnorm_context *context)
{
    bnorm_node_info node = {.struct_size = sizeof node};
    int count = 0, seen[SYSTEM_NODES] = {0};
    for (int i = 0; bnorm_context_node(context, i, &node) == BNORM_OK; i++)
        if (node.threads > 0 && !seen[node.memory_index]++)
            count++;
    return count;
}

static int last_cpu(const bnorm_context *context)
{
    bnorm_cpu_info cpu = {.struct_size = sizeof cpu};
    int last = -1;
    for (int i = 0; bnorm_context_cpu(context, i, &cpu) == BNORM_OK; i++)
        last = cpu.os_index;
    return last;
}

/* Zeros to all tensors, from one CPU: its node would have them all by first touch. */
static void touch(setup *s)
{
    cpu_set_t before;
    system_pin(last_cpu(s->context), &before);
    for (int t = 0; t < SETUP_TENSORS; t++)
        memset(s->tensor[t].data, 0, setup_bytes(&s->problem, &s->tensor[t]));
    system_unpin(&before);
}

/* How many pages may lie elsewhere, at most, as huge ones come from a pool. */
enum { NONE = 0, ANY = INT32_MAX };

/* All tensors of a plan: every page that one node's threads have to themselves is there,
 * what is remote is what the plan says, and all nodes have some. */
static void check_tensors(setup *s, int64_t elsewhere)
{
    for (int t = 0; t < SETUP_TENSORS; t++) {
        setup_count count;
        setup_agrees(s, s->plan, &s->tensor[t], &count);
        CU_ASSERT_EQUAL(count.absent, 0);
        CU_ASSERT_TRUE(count.misplaced <= elsewhere);
        int used = 0;
        for (int i = 0; i < BNORM_MOST_NODES; i++)
            used += count.node_pages[i] > 0;
        if (elsewhere == NONE) /* huge pages may be too few for all nodes */
            CU_ASSERT_EQUAL(used, memories_of(s->context));
        for (int i = 0; i < SETUP_OPERATIONS && elsewhere == NONE; i++)
            CU_ASSERT_EQUAL(setup_planned_remote(s->plan, 1u << i), count.each[i]);
        if (t == 0)
            harness_note("%lld pages on %d nodes, %lld shared, %lld misplaced, %.0f bytes remote",
                         (long long)count.pages, used, (long long)count.shared,
                         (long long)count.misplaced, count.remote);
    }
}

/* What the pool's huge pages do to placement: they cannot be divided, and nodes that
 * have too few leave theirs to others. */
static int64_t by_pool(const bnorm_context *context)
{
    enum { ENOUGH = 8, SMALL_IN_HUGE = 512 };
    bnorm_node_info node = {.struct_size = sizeof node};
    int least = INT32_MAX, all = 0;
    for (int i = 0; i < SYSTEM_NODES; i++)
        all += system_free_huge(i);
    for (int i = 0; bnorm_context_node(context, i, &node) == BNORM_OK; i++)
        if (system_free_huge(node.memory_index) < least)
            least = system_free_huge(node.memory_index);
    harness_note("%d huge pages free, at least %d on a node", all, least);
    return all == 0 ? NONE : least < ENOUGH ? ANY : SMALL_IN_HUGE * memories_of(context);
}

static void check_placement(const setup_shape *shape, int threads, bnorm_binding binding,
                            bnorm_pages pages)
{
    setup s;
    harness_note("%s, %d threads, binding %d, pages %d", shape->name, threads, binding, pages);
    if (setup_open(&s, shape, threads, binding, pages) == 0) {
        int64_t elsewhere = pages == BNORM_PAGES_HUGE ? by_pool(s.context) : NONE;
        if (setup_alloc(&s) == 0) {
            touch(&s);
            check_tensors(&s, elsewhere);
        }
    }
    setup_close(&s);
}

/* What `bnorm-bench topo` says of the same plan is compared with this. */
static void tell_bytes_of_threads(void)
{
    setup s;
    setup_count count;
    if (setup_open(&s, &setup_shapes[0], 0, BNORM_BIND_INHERIT, BNORM_PAGES_SMALL) == 0 &&
        setup_alloc(&s) == 0) {
        touch(&s);
        int failed = setup_look(&s, s.plan, BNORM_FORWARD, &s.tensor[BNORM_X], system_page(),
                                &count);
        for (int i = 0; i < bnorm_context_threads(s.context) && i < SETUP_THREADS && !failed; i++)
            harness_note("thread %d: local %.0f, remote %.0f", i, count.thread_local[i],
                         count.thread_remote[i]);
    }
    setup_close(&s);
}

/* Also of fewer threads than nodes, and of more than CPUs. */
void numa_pages_where_planned(void)
{
    static const int threads[] = {0, 3, 20};
    for (int i = 0; i < SETUP_SHAPES; i++)
        for (int j = 0; j < 3; j++)
            check_placement(&setup_shapes[i], threads[j],
                            j % 2 ? BNORM_BIND_SPREAD : BNORM_BIND_INHERIT,
                            BNORM_PAGES_TRANSPARENT);
    tell_bytes_of_threads();
}

/* Huge pages: from the pool, where there is one. */
void numa_pages_of_each_kind(void)
{
    for (int i = 0; i < SETUP_SHAPES; i++) {
        check_placement(&setup_shapes[i], 0, BNORM_BIND_COMPACT, BNORM_PAGES_SMALL);
        check_placement(&setup_shapes[i], 0, BNORM_BIND_COMPACT, BNORM_PAGES_HUGE);
    }
}

void numa_pages_absent(void)
{
    for (int i = 0; i < SETUP_SHAPES; i++) {
        setup s;
        setup_count count;
        if (setup_open(&s, &setup_shapes[i], 0, BNORM_BIND_INHERIT, BNORM_PAGES_SMALL) == 0 &&
            setup_alloc(&s) == 0) {
            setup_agrees(&s, s.plan, &s.tensor[BNORM_X], &count);
            CU_ASSERT_EQUAL(count.absent, count.pages);
            CU_ASSERT_EQUAL(count.absent_bytes, 4 * count.elements);
        }
        setup_close(&s);
    }
}

/* The check can fail: memory from elsewhere, touched by one thread, is on one node. */
void numa_pages_of_others(void)
{
    for (int i = 0; i < SETUP_SHAPES; i++) {
        setup s;
        setup_count count;
        if (setup_open(&s, &setup_shapes[i], 0, BNORM_BIND_INHERIT, BNORM_PAGES_SMALL) == 0 &&
            setup_alloc(&s) == 0) {
            size_t bytes = setup_bytes(&s.problem, &s.tensor[BNORM_X]);
            bnorm_matrix plain = {system_map(bytes), s.tensor[BNORM_X].ld};
            cpu_set_t before;
            CU_ASSERT_PTR_NOT_NULL_FATAL(plain.data);
            system_pin(last_cpu(s.context), &before);
            memset(plain.data, 0, bytes);
            system_unpin(&before);
            setup_agrees(&s, s.plan, &plain, &count);
            int memories = memories_of(s.context);
            if (memories > 1) {
                CU_ASSERT_TRUE(count.misplaced > count.pages / 4);
                CU_ASSERT_TRUE(count.remote > 4 * count.elements / 4);
            } else {
                CU_ASSERT_EQUAL(count.remote, 0);
            }
            harness_note("%s: %.0f%% remote", setup_shapes[i].name,
                         100 * count.remote / (4 * count.elements));
            system_unmap(plain.data, bytes);
        }
        setup_close(&s);
    }
}

/* ---- a full node -------------------------------------------------------------------- */

enum { CHUNK = 1 << 20, CHUNKS = 1 << 10 };

typedef struct {
    void *chunk[CHUNKS];
    int count;
} ballast;

/* Fill a node until it has no room for another chunk; 0, or -1: it is too big. */
static int fill(ballast *b, int node)
{
    int64_t pages = CHUNK / system_page();
    int *where = malloc((size_t)pages * sizeof *where), elsewhere = 0;
    while (where != NULL && elsewhere == 0 && b->count < CHUNKS) {
        void *chunk = system_map(CHUNK);
        if (chunk == NULL || system_prefer(chunk, CHUNK, node) != 0)
            break;
        memset(chunk, 1, CHUNK);
        b->chunk[b->count++] = chunk;
        if (system_where(chunk, pages, where) != 0)
            break;
        for (int64_t i = 0; i < pages; i++)
            elsewhere += where[i] != node;
    }
    free(where);
    return elsewhere > 0 ? 0 : -1;
}

/* The system makes room on a full node when it finds the time: fill that, too. */
static int fill_up(ballast *b, int node)
{
    int before, error;
    b->count = 0;
    do {
        before = b->count;
        error = fill(b, node);
        usleep(100000);
    } while (error == 0 && b->count > before + 1);
    harness_note("filled with %d MiB, free %.1f MiB", b->count,
                 (double)system_free_memory(node) / 0x1p20);
    return error;
}

static void empty(ballast *b)
{
    while (b->count > 0)
        system_unmap(b->chunk[--b->count], CHUNK);
}

static uint64_t forward_hash(setup *s)
{
    bnorm_args args;
    bnorm_args_init(&args, sizeof args);
    setup_fill(&s->problem, &s->tensor[BNORM_X], 1);
    setup_fill(&s->problem, &s->tensor[BNORM_DY], 2);
    args.x = s->tensor[BNORM_X];
    args.y = s->tensor[BNORM_Y];
    args.dy = s->tensor[BNORM_DY];
    args.dx = s->tensor[BNORM_DX];
    CU_ASSERT_EQUAL(bnorm_forward_backward(s->plan, &args), BNORM_OK);
    uint64_t hash = setup_hash(HARNESS_HASH_START, &s->problem, &args.y);
    return setup_hash(hash, &s->problem, &args.dx);
}

/* More is asked of the node than it has, and the process lives. */
static void alloc_on_full(const setup_shape *shape, int memory, uint64_t expected)
{
    setup s;
    if (setup_open(&s, shape, 0, BNORM_BIND_INHERIT, BNORM_PAGES_TRANSPARENT) == 0 &&
        setup_alloc(&s) == 0) {
        setup_count count;
        double remote = 0;
        CU_ASSERT_EQUAL(forward_hash(&s), expected);
        for (int t = 0; t < SETUP_TENSORS; t++) {
            setup_agrees(&s, s.plan, &s.tensor[t], &count);
            remote += count.remote;
            CU_ASSERT_EQUAL(count.absent, 0);
        }
        harness_note("%s, node %d full: %.0f KiB remote", shape->name, memory, remote / 1024);
        CU_ASSERT_TRUE(remote > 0);
    }
    setup_close(&s);
}

/* Where the last node has its memory. */
static int victim(const bnorm_context *context)
{
    bnorm_node_info node = {.struct_size = sizeof node};
    int memory = -1;
    for (int i = 0; bnorm_context_node(context, i, &node) == BNORM_OK; i++)
        memory = node.memory_index;
    return memory;
}

void numa_full_node(void)
{
    static const setup_shape large[] = {{"rows", BNORM_ROWS, 0, 4000, 1600},
                                        {"panels", BNORM_PANELS, 16, 4000, 1600}};
    static ballast b;
    for (int i = 0; i < 2; i++) {
        setup s;
        int opened = setup_open(&s, &large[i], 0, BNORM_BIND_INHERIT, BNORM_PAGES_TRANSPARENT);
        int several = opened == 0 && memories_of(s.context) > 1, node = victim(s.context);
        uint64_t expected = 0;
        if (several && setup_alloc(&s) == 0)
            expected = forward_hash(&s);
        setup_close(&s);
        if (!several || system_free_memory(node) > ((int64_t)CHUNKS - 1) * CHUNK) {
            harness_skip("needs several nodes of less than 1 GiB");
            return;
        }
        CU_ASSERT_EQUAL(fill_up(&b, node), 0);
        alloc_on_full(&large[i], node, expected);
        empty(&b);
    }
}

/* ---- packing ------------------------------------------------------------------------ */

/* Panels that nobody has touched: bnorm_pack does, and every page is where it belongs. */
void numa_packing(void)
{
    for (int i = 0; i < SETUP_SHAPES; i++) {
        setup s;
        bnorm_matrix from, to;
        if (setup_shapes[i].layout != BNORM_PANELS)
            continue;
        if (setup_open(&s, &setup_shapes[i], 0, BNORM_BIND_INHERIT, BNORM_PAGES_TRANSPARENT) == 0 &&
            setup_alloc(&s) == 0) {
            bnorm_problem rowwise = s.problem;
            size_t bytes = (size_t)(rowwise.rows * rowwise.cols) * sizeof(float);
            setup_count count;
            rowwise.layout = BNORM_ROWS;
            from = (bnorm_matrix){system_map(bytes), rowwise.cols};
            to = (bnorm_matrix){system_map(bytes), rowwise.cols};
            CU_ASSERT_TRUE_FATAL(from.data != NULL && to.data != NULL);
            setup_fill(&rowwise, &from, 7);
            CU_ASSERT_EQUAL(bnorm_pack(s.plan, 0, &from, &s.tensor[BNORM_X]), BNORM_OK);
            CU_ASSERT_EQUAL(setup_hash(1, &s.problem, &s.tensor[BNORM_X]),
                            setup_hash(1, &rowwise, &from));
            setup_agrees(&s, s.plan, &s.tensor[BNORM_X], &count);
            CU_ASSERT_EQUAL(count.misplaced, 0);
            CU_ASSERT_EQUAL(count.absent, 0);
            CU_ASSERT_EQUAL(bnorm_unpack(s.plan, 0, &s.tensor[BNORM_X], &to), BNORM_OK);
            CU_ASSERT_EQUAL(memcmp(from.data, to.data, bytes), 0);
            system_unmap(from.data, bytes);
            system_unmap(to.data, bytes);
        }
        setup_close(&s);
    }
}
