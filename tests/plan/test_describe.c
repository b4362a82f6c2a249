/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What a plan says about itself: bytes by the traffic model, a workspace that is
 * small beside the data, and words that agree with the numbers.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/fixture.h"
#include "plan/plan.h"
#include "plan/traffic.h"
#include "support/data.h"
#include "support/harness.h"

/* The table of doc/architecture.md, in units of one matrix. */
static const struct {
    unsigned operation;
    int compulsory, resident_reads, stream_reads, writes;
} units[] = {
    {BNORM_FORWARD, 2, 1, 2, 1},
    {BNORM_BACKWARD, 3, 2, 4, 1},
    {BNORM_FORWARD_BACKWARD, 4, 2, 4, 2},
    {BNORM_STEP, 3, 1, 3, 2},
    {BNORM_INFER, 2, 1, 1, 1},
};

static bnorm_plan *new_plan(const bnorm_context *context, int64_t rows, int64_t cols,
                            bnorm_dtype dtype, bnorm_strategy strategy)
{
    bnorm_problem problem;
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = rows;
    problem.cols = cols;
    problem.dtype = problem.stats_dtype = dtype;
    problem.strategy = strategy;
    return fixture_plan(context, &problem);
}

static bnorm_description describe(const bnorm_plan *plan, unsigned operation)
{
    bnorm_description d;
    memset(&d, 0xA5, sizeof d);
    d.struct_size = sizeof d;
    CU_ASSERT_EQUAL_FATAL(bnorm_plan_describe(plan, operation, &d), BNORM_OK);
    return d;
}

static void bytes_follow_the_model(void)
{
    bnorm_context *context = fixture_context(2);
    for (int i = 0; i < 5; i++)
        for (int strategy = BNORM_STRATEGY_STREAM; strategy <= BNORM_STRATEGY_RESIDENT; strategy++)
            for (int d = 0; d < 2; d++) {
                bnorm_plan *plan = new_plan(context, 3000, 200, (bnorm_dtype)d,
                                            (bnorm_strategy)strategy);
                bnorm_description it = describe(plan, units[i].operation);
                double matrix = 3000.0 * 200.0 * (double)data_size((bnorm_dtype)d);
                int resident = strcmp(it.strategy, "resident") == 0;
                int reads = resident ? units[i].resident_reads : units[i].stream_reads;
                CU_ASSERT(resident || strcmp(it.strategy, "stream") == 0);
                CU_ASSERT_EQUAL(it.bytes_read, reads * matrix);
                CU_ASSERT_EQUAL(it.bytes_written, units[i].writes * matrix);
                CU_ASSERT_EQUAL(it.bytes_compulsory, units[i].compulsory * matrix);
                CU_ASSERT(it.bytes_read + it.bytes_written >= it.bytes_compulsory);
                bnorm_plan_destroy(plan);
            }
    bnorm_context_destroy(context);
}

/* Global statistics need no second pass over x. */
static void global_statistics_read_once(void)
{
    for (int i = 0; i < 5; i++) {
        int index = bnorm_operation_index(units[i].operation);
        bnorm_traffic stream = bnorm_traffic_of(index, BNORM_STRATEGY_STREAM, 0);
        bnorm_traffic global = bnorm_traffic_of(index, BNORM_STRATEGY_STREAM, 1);
        CU_ASSERT(global.reads <= stream.reads);
        CU_ASSERT_EQUAL(global.writes, stream.writes);
        CU_ASSERT_EQUAL(global.least, stream.least);
        CU_ASSERT(global.reads + global.writes >= global.least);
    }
}

/* Rows of 512 floats, of which a plan reads just less or more than so many times what the caches
 * hold, by the size of L1. */
static void check_near(bnorm_context *context, int l1, double times)
{
    enum { COLS = 512 };
    const double caches = 2 * (double)bnorm_topology_cache_share(&context->machine);
    context->machine.l1 = (size_t)l1 << 10;
    for (int more = 0; more < 2; more++) {
        const int64_t rows = (int64_t)(times * caches / COLS / 4) + more * 2 - 1;
        const int near = l1 * 704; /* eleven sixteenths */
        bnorm_plan *plan = new_plan(context, rows, COLS, BNORM_F32, BNORM_STRATEGY_AUTO);
        CU_ASSERT_EQUAL_FATAL(plan->schedule[0].threads, 2);
        CU_ASSERT_EQUAL(plan->schedule[0].near, more * near); /* forward reads one matrix */
        CU_ASSERT_EQUAL(plan->schedule[1].near, near);        /* backward two */
        bnorm_plan_destroy(plan);
        plan = new_plan(context, rows / 2 + more * 2 - 1, COLS, BNORM_F32, BNORM_STRATEGY_AUTO);
        CU_ASSERT_EQUAL(plan->schedule[1].near, more * near);
        bnorm_plan_destroy(plan);
    }
}

/* Rows and stores on either side of what the caches hold (plan/planner.c, estimate.c). */
static void what_caches_hold(void)
{
    enum { COLS = 512, BYTES = COLS * 4 };
    bnorm_context *context = fixture_context(2);
    const double llc = (double)context->machine.llc;
    check_near(context, 32, 1.6);
    check_near(context, 48, 1.0);
    for (int more = 0; more < 2; more++) {
        bnorm_plan *plan = new_plan(context, (int64_t)(0.8 * llc / 2 / BYTES) + more * 2 - 1, COLS,
                                    BNORM_F32, BNORM_STRATEGY_AUTO);
        CU_ASSERT_EQUAL(plan->schedule[0].stream, more);
        bnorm_plan_destroy(plan);
        plan = new_plan(context, (int64_t)(0.64 * llc / 3 / BYTES) + more * 2 - 1, COLS, BNORM_F32,
                        BNORM_STRATEGY_AUTO);
        CU_ASSERT_EQUAL(plan->schedule[1].stream, more);
        bnorm_plan_destroy(plan);
    }
    bnorm_context_destroy(context);
}

/* The machine that the shapes below are for, as far as its kernels go. */
static bnorm_context *one_cache_for_two(void)
{
    bnorm_context *context = fixture_context(2);
    context->machine.l2 = 1 << 20;
    context->machine.llc = 32 << 20;
    context->machine.l2_sharers = 1;
    context->machine.llc_sharers = 2;
    return context;
}

/* With AVX-512 and a large L1, rows whose sums it does not keep are divided in strips of a tile, if
 * two matrices' strips stay in a thread's share of cache, and rows end on lines.  Matrices that
 * begin off lines are in whole rows all the same. */
static void wide_rows_in_strips(void)
{
    static const struct {
        int64_t rows, cols;
        int l1, strips; /* KiB; as far as tiles are wide enough */
    } list[] = {{16384, 4096, 48, 1}, {16384, 4096, 32, 0}, {16384, 1024, 48, 0},
                {65536, 4096, 48, 0}, {16384, 4097, 48, 0}, {16384, 1280, 48, 1}};
    bnorm_context *context = one_cache_for_two();
    const int wide = context->kernels->dtype[BNORM_F32].abreast * 4 >= 256;
    for (int i = 0; i < HARNESS_COUNT(list); i++) {
        context->machine.l1 = (size_t)list[i].l1 << 10;
        bnorm_plan *plan = new_plan(context, list[i].rows, list[i].cols, BNORM_F32,
                                    BNORM_STRATEGY_AUTO);
        const bnorm_description d = describe(plan, BNORM_BACKWARD);
        const bnorm_schedule *off = &plan->off_lines[1];
        CU_ASSERT_EQUAL(d.block_cols == 64, wide && list[i].strips);
        CU_ASSERT_EQUAL(strcmp(d.strategy, "resident") == 0, wide && list[i].strips);
        CU_ASSERT_EQUAL(strcmp(describe(plan, BNORM_FORWARD).strategy, "stream"), 0);
        CU_ASSERT_EQUAL(strcmp(describe(plan, BNORM_STEP).strategy, "stream"), 0);
        CU_ASSERT_EQUAL(off->threads, wide && list[i].strips ? 2 : 0);
        CU_ASSERT(off->threads == 0 || off->grid.col_blocks == 1);
        CU_ASSERT(d.workspace_bytes >= off->workspace.total);
        CU_ASSERT(plan->workspace_bytes >= d.workspace_bytes);
        CU_ASSERT_EQUAL(strstr(bnorm_plan_text(plan), "; off cache lines 2 row groups x 1 column")
                        != NULL, off->threads > 0);
        bnorm_plan_destroy(plan);
    }
    bnorm_context_destroy(context);
}

/* Nor where nodes own rows. */
static void no_strips_of_owned_rows(void)
{
    for (int nodes = 1; nodes <= 2; nodes++) {
        bnorm_context *context = fixture_machine(nodes == 1 ? "numa:1 l3:1 core:2 pu:1"
                                                            : "numa:2 l3:1 core:1 pu:1", 0);
        if (!context)
            return;
        context->machine.l1 = 48 << 10;
        context->machine.llc = 32 << 20;
        bnorm_plan *plan = new_plan(context, 8192, 4096, BNORM_F32, BNORM_STRATEGY_AUTO);
        const int wide = context->kernels->dtype[BNORM_F32].abreast * 4 >= 256;
        CU_ASSERT_EQUAL(describe(plan, BNORM_BACKWARD).block_cols == 64, wide && nodes == 1);
        CU_ASSERT_EQUAL(describe(plan, BNORM_BACKWARD).nodes == 2, nodes == 2);
        bnorm_plan_destroy(plan);
        bnorm_context_destroy(context);
    }
}

/* What is read is not prefetched while it is no more than 0.6 of the last-level cache. */
static void what_is_cached_is_not_prefetched(void)
{
    enum { COLS = 256 };
    bnorm_context *context = one_cache_for_two();
    const double cached = 0.6 * (double)context->machine.llc;
    for (int more = 0; more < 2; more++)
        for (int matrices = 1; matrices <= 2; matrices++) {
            const int64_t rows = (int64_t)(cached / matrices / COLS / 4) + more * 2 - 1;
            bnorm_plan *plan = new_plan(context, rows, COLS, BNORM_F32, BNORM_STRATEGY_AUTO);
            const bnorm_description d =
                describe(plan, matrices == 1 ? BNORM_FORWARD : BNORM_BACKWARD);
            CU_ASSERT_EQUAL(d.reduce_ahead != 0, more);
            CU_ASSERT(more || d.apply_ahead == 0);
            bnorm_plan_destroy(plan);
        }
    bnorm_context_destroy(context);
}

/* Rows of several tiles are prefetched; of one tile, x alone where they end within a vector, and x
 * and dy where they do soon after the first one. */
static void check_prefetched(bnorm_context *context, int cols)
{
    const bnorm_kernel_set *set = &context->kernels->dtype[BNORM_F32];
    bnorm_plan *plan = new_plan(context, 1 << 20, cols, BNORM_F32, BNORM_STRATEGY_AUTO);
    const bnorm_schedule *backward = &plan->schedule[1];
    const int tiles = cols > set->abreast, large = backward->near >= BNORM_LARGE_NEAR;
    const int parts = cols > set->lanes && cols % set->lanes != 0;
    const int soon = tiles || (parts && cols <= set->lanes + set->lanes / 4);
    CU_ASSERT_EQUAL(describe(plan, BNORM_FORWARD).reduce_ahead > 0, tiles || parts);
    CU_ASSERT_EQUAL(backward->reduce_ahead > 0, soon);
    CU_ASSERT_EQUAL(plan->schedule[2].reduce_ahead > 0, soon);
    CU_ASSERT_EQUAL(plan->schedule[3].reduce_ahead > 0, tiles || parts); /* step */
    CU_ASSERT_EQUAL(backward->down, backward->fold * cols > bnorm_plan_tile_cols(plan));
    const int64_t least = large || !backward->down || cols <= set->lanes ? 0
                                                                        : (16 << 10) / (cols * 4);
    CU_ASSERT(describe(plan, BNORM_BACKWARD).apply_ahead <= -least);
    CU_ASSERT(!large || !backward->down || cols * backward->fold > 1000 || backward->apply_ahead == 0);
    bnorm_plan_destroy(plan);
}

static void what_is_prefetched(void)
{
    bnorm_context *context = fixture_context(2);
    for (int l1 = 32; l1 <= 48; l1 += 16)
        for (int cols = 1; cols <= 100; cols++) {
            context->machine.l1 = (size_t)l1 << 10;
            check_prefetched(context, cols);
        }
    bnorm_context_destroy(context);
}

/* Into a large L1 4 KiB, while it keeps the seven arrays of a row; then rows of high tiles. */
static void how_far_is_prefetched(void)
{
    bnorm_context *context = fixture_context(2);
    const int high = context->kernels->dtype[BNORM_F32].abreast * 4 >= 256 ? 8 : BNORM_BAND;
    for (int l1 = 32; l1 <= 48; l1 += 16)
        for (int cols = 512; cols <= 2048; cols *= 2) {
            context->machine.l1 = (size_t)l1 << 10;
            bnorm_plan *plan = new_plan(context, 1 << 17, cols, BNORM_F32, BNORM_STRATEGY_AUTO);
            CU_ASSERT_EQUAL(describe(plan, BNORM_BACKWARD).reduce_ahead,
                            l1 == 32       ? (cols == 512 ? 8 : 4)
                            : cols == 2048 ? high
                                           : 1024 / cols);
            bnorm_plan_destroy(plan);
        }
    bnorm_context_destroy(context);
}

/* Bytes of a block beyond any integer. */
static void the_largest_problems_are_planned(void)
{
    bnorm_context *context = fixture_context(2);
    for (int layout = BNORM_ROWS; layout <= BNORM_PANELS; layout++) {
        bnorm_problem problem;
        bnorm_plan *plan = NULL;
        bnorm_problem_init(&problem, sizeof problem);
        problem.rows = ((int64_t)1 << (layout == BNORM_ROWS ? 57 : 55)) - 1;
        problem.cols = 8;
        problem.operations = BNORM_BACKWARD;
        problem.dtype = problem.stats_dtype = BNORM_F64;
        problem.layout = (bnorm_layout)layout;
        problem.panel_width = layout == BNORM_PANELS ? 8 : 0;
        CU_ASSERT_EQUAL_FATAL(bnorm_plan_create(&plan, context, &problem), BNORM_OK);
        const bnorm_schedule *schedule = &plan->schedule[bnorm_operation_index(BNORM_BACKWARD)];
        CU_ASSERT_EQUAL(schedule->strategy, BNORM_STRATEGY_STREAM);
        CU_ASSERT(schedule->lag == 1 && schedule->compulsory > 0x1p60);
        bnorm_plan_destroy(plan);
    }
    bnorm_context_destroy(context);
}

static void the_strategy_asked_for(void)
{
    bnorm_context *context = fixture_context(2);
    bnorm_plan *plan = new_plan(context, 1 << 20, 64, BNORM_F32, BNORM_STRATEGY_STREAM);
    CU_ASSERT_STRING_EQUAL(describe(plan, BNORM_FORWARD_BACKWARD).strategy, "stream");
    bnorm_plan_destroy(plan);
    plan = new_plan(context, 2000, 512, BNORM_F32, BNORM_STRATEGY_RESIDENT);
    CU_ASSERT_STRING_EQUAL(describe(plan, BNORM_FORWARD_BACKWARD).strategy, "resident");
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_plan_text(plan), "estimated: asked for"));
    bnorm_plan_destroy(plan);
    plan = new_plan(context, 2000, 512, BNORM_F32, BNORM_STRATEGY_PIPELINED);
    CU_ASSERT_STRING_EQUAL(describe(plan, BNORM_INFER).strategy, "resident"); /* one pass */
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_plan_text(plan), "asked for, does not apply"));
    bnorm_plan_destroy(plan);
    plan = new_plan(context, 1 << 20, 64, BNORM_F32, BNORM_STRATEGY_AUTO);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_plan_text(plan), ": 256 MiB of a block to read again"));
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_plan_text(plan), ": one pass"));
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
}

/* A problem of a few microseconds is one thread's; a larger one is the team's, but
 * for what was asked. */
static void small_problems_have_no_team(void)
{
    bnorm_context *context = fixture_context(2);
    static const struct {
        int64_t rows, cols;
        bnorm_strategy asked;
        int threads;
    } cases[] = {{32, 16, BNORM_STRATEGY_AUTO, 1},    {32, 64, BNORM_STRATEGY_AUTO, 1},
                 {256, 16, BNORM_STRATEGY_AUTO, 1},   {256, 64, BNORM_STRATEGY_AUTO, 1},
                 {1024, 64, BNORM_STRATEGY_AUTO, 2},  {65536, 16, BNORM_STRATEGY_AUTO, 2},
                 {512, 64, BNORM_STRATEGY_STREAM, 2}, {4096, 64, BNORM_STRATEGY_SMALL, 1},
                 {256, 192, BNORM_STRATEGY_AUTO, 2}};
    for (int i = 0; i < 9; i++) {
        bnorm_plan *plan = new_plan(context, cases[i].rows, cases[i].cols, BNORM_F32,
                                    cases[i].asked);
        bnorm_description d = describe(plan, BNORM_FORWARD_BACKWARD);
        CU_ASSERT_EQUAL(d.threads, cases[i].threads);
        CU_ASSERT_EQUAL(strcmp(d.strategy, "small") == 0, cases[i].threads == 1);
        CU_ASSERT_EQUAL(strstr(bnorm_plan_text(plan), "too little work for a team") != NULL,
                        cases[i].threads == 1 && cases[i].asked == BNORM_STRATEGY_AUTO);
        bnorm_plan_destroy(plan);
    }
    bnorm_context_destroy(context);
}

/* A block that is said to be resident fits in the thread's share of cache. */
static void resident_blocks_fit(void)
{
    static const int64_t shapes[][2] = {{500, 512}, {2450, 2048}, {9800, 1024}, {16384, 4096}};
    bnorm_context *context = fixture_context(2);
    const bnorm_machine *machine = &context->machine;
    int resident = 0;
    for (int s = 0; s < 4; s++)
        for (int i = 0; i < 3; i++) {
            bnorm_plan *plan = new_plan(context, shapes[s][0], shapes[s][1], BNORM_F32,
                                        BNORM_STRATEGY_AUTO);
            bnorm_description d = describe(plan, units[i].operation);
            int matrices = units[i].operation == BNORM_FORWARD ? 1 : 2; /* x; x and dy */
            double held = (double)matrices * (double)shapes[s][0] * (double)d.block_cols * 4;
            if (strcmp(d.strategy, "resident") == 0) {
                resident++;
                CU_ASSERT(held <= (double)bnorm_topology_cache_share(machine));
            }
            bnorm_plan_destroy(plan);
        }
    CU_ASSERT(resident > 0);
    bnorm_context_destroy(context);
}

/* On many nodes rows are read where they lie, if lists of nodes have room at all; and the
 * workspace keeps its bound. */
static void nodes_own_rows(void)
{
    static const int64_t shapes[][2] = {{16384, 4096}, {16384, 1024}, {9800, 1024},  {20000, 2000},
                                        {30000, 3000}, {8192, 8192},  {65536, 1024}, {140000, 256},
                                        {32768, 8192}};
    bnorm_context *context = fixture_machine("pack:2 numa:4 l3:2 core:8 pu:1", 0);
    if (!context)
        return;
    for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
        bnorm_plan *plan = new_plan(context, shapes[s][0], shapes[s][1], BNORM_F32,
                                    BNORM_STRATEGY_AUTO);
        const double matrix = 4.0 * (double)shapes[s][0] * (double)shapes[s][1];
        for (int i = 0; i < 3; i++) {
            bnorm_description d = describe(plan, units[i].operation);
            const bnorm_workspace *w = &plan->schedule[i].workspace;
            const double alone = (double)d.threads *
                                 (double)(w->worker_bytes - (w->list - w->leaves));
            if (d.nodes != 8)
                harness_note("%lld x %lld, operation %#x: %d nodes own rows",
                             (long long)shapes[s][0], (long long)shapes[s][1],
                             units[i].operation, d.nodes);
            CU_ASSERT_EQUAL(d.nodes, 8);
            CU_ASSERT(d.threads >= 0.9 * 128);
            CU_ASSERT((double)d.workspace_bytes - alone <= 0.02 * matrix + (1 << 20));
        }
        bnorm_plan_destroy(plan);
    }
    bnorm_context_destroy(context);
}

/* Shards that begin where few nodes remain are hardly longer than their exact parts, on nodes with
 * uneven seats, too. */
static void shards_are_fair(void)
{
    for (int threads = 4; threads <= 8; threads++) {
        bnorm_context *context = fixture_machine("numa:4 core:2 pu:1", threads);
        if (!context)
            return;
        const bnorm_seats *seats = &context->seats;
        for (int64_t rows = 500; rows <= 20000; rows += 500) {
            bnorm_plan *plan = new_plan(context, rows, 8192, BNORM_F32, BNORM_STRATEGY_AUTO);
            const bnorm_shards exact = bnorm_shards_by_seats(bnorm_leaf_count(rows), 1,
                                                             seats->nodes, seats->count);
            int unfair = plan->shards.count != exact.count;
            for (int i = 0; i < exact.count && !unfair; i++)
                unfair = (double)bnorm_shard_length(&plan->shards.shard[i]) >
                         1.06 * (double)bnorm_shard_length(&exact.shard[i]);
            CU_ASSERT_FALSE(unfair);
            bnorm_plan_destroy(plan);
        }
        bnorm_context_destroy(context);
    }
}

/* At most 2% of X, 1 MiB, and for each thread one tile of y and of dy (what step
 * shows its upstream function; rows padded to BNORM_GROUP), for the shapes
 * that matter and many threads. */
static void workspaces_are_small(void)
{
    static const int64_t shapes[][2] = {
        {65536, 1024},  {16384, 4096},  {1048576, 64}, {262144, 256}, {200000, 100},
        {50000, 1000},  {32768, 1023},  {100000, 32},  {140000, 256}, {140000, 1},
        {627200, 64},   {156800, 256},  {39200, 512},  {9800, 1024},  {2450, 2048},
    };
    static const int threads[] = {1, 2, 8, 64};
    for (int t = 0; t < 4; t++) {
        bnorm_context *context = fixture_context(threads[t]);
        for (size_t s = 0; s < sizeof shapes / sizeof shapes[0]; s++) {
            bnorm_plan *plan = new_plan(context, shapes[s][0], shapes[s][1], BNORM_F32,
                                        BNORM_STRATEGY_AUTO);
            double matrix = 4.0 * (double)shapes[s][0] * (double)shapes[s][1];
            for (int i = 0; i < 5; i++) {
                bnorm_description d = describe(plan, units[i].operation);
                int64_t pitch = bnorm_round_up(d.block_cols, BNORM_GROUP);
                double tile = 2 * 4.0 * (double)pitch * (double)d.block_rows;
                double most = 0.02 * matrix + (1 << 20) + d.threads * tile;
                if (!((double)d.workspace_bytes <= most))
                    harness_note("%lld x %lld, operation %#x, %d threads: %zu bytes, at most %.0f",
                                 (long long)shapes[s][0], (long long)shapes[s][1],
                                 units[i].operation, threads[t], d.workspace_bytes, most);
                CU_ASSERT((double)d.workspace_bytes <= most);
                CU_ASSERT(d.workspace_bytes <= bnorm_plan_workspace_size(plan));
            }
            bnorm_plan_destroy(plan);
        }
        bnorm_context_destroy(context);
    }
}

static int is_apart(size_t gap, size_t bytes)
{
    return gap >= (2 * bytes < 24 << 10 ? 2 * bytes : 24 << 10);
}

/* What one thread writes row by row, or leaf by leaf, is far from what another does, or CPUs that
 * prefetch beyond it take its lines away: twice its size behind it, or 24 KiB. */
static void sums_are_apart(void)
{
    static const int64_t cols[] = {1, 16, 64, 200, 512, 1024, 4096};
    bnorm_context *context = fixture_context(4);
    for (int c = 0; c < 7; c++) {
        bnorm_plan *plan = new_plan(context, 65536, cols[c], BNORM_F32, BNORM_STRATEGY_AUTO);
        for (int i = 0; i < 4; i++) {
            const int index = bnorm_operation_index(units[i].operation);
            const bnorm_workspace *workspace = &plan->schedule[index].workspace;
            const size_t sums = BNORM_SUMS * (size_t)workspace->pitch * 4;
            CU_ASSERT(is_apart(workspace->worker_bytes - workspace->sums - sums, sums));
            if (workspace->chunk > 1)
                CU_ASSERT(is_apart(workspace->worker_bytes - workspace->list, workspace->list));
        }
        bnorm_plan_destroy(plan);
    }
    bnorm_context_destroy(context);
}

/* However wide the matrix: what a block keeps per column (5 sums, the moments of
 * two nodes) stays in L2, or every leaf would write it to memory. */
static void wide_problems_have_narrow_blocks(void)
{
    enum { SMALL_L2 = 256 << 10, PER_COLUMN = 5 * 4 + 2 * 4 * 8 };
    bnorm_context *context = fixture_context(1);
    const bnorm_machine *machine = &context->machine;
    const size_t l2 = machine->l2_sharers > 1 ? machine->l2 / (size_t)machine->l2_sharers
                                              : machine->l2;
    bnorm_plan *plan = new_plan(context, 1000, 1 << 20, BNORM_F32, BNORM_STRATEGY_STREAM);
    for (int i = 0; i < 4; i++)
        CU_ASSERT(describe(plan, units[i].operation).block_cols * PER_COLUMN <=
                  (int64_t)(l2 > SMALL_L2 ? l2 : SMALL_L2));
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
}

static void numbers_are_possible(void)
{
    static const int64_t shapes[][2] = {{0, 0}, {1, 1}, {0, 5}, {5, 0}, {1000, 7}, {70000, 100}};
    bnorm_context *context = fixture_context(5);
    for (int s = 0; s < 6; s++) {
        bnorm_plan *plan = new_plan(context, shapes[s][0], shapes[s][1], BNORM_F64,
                                    BNORM_STRATEGY_AUTO);
        for (int i = 0; i < 5; i++) {
            bnorm_description d = describe(plan, units[i].operation);
            CU_ASSERT_EQUAL(d.struct_size, sizeof d);
            CU_ASSERT_STRING_EQUAL(d.isa, bnorm_context_isa(context));
            CU_ASSERT(d.threads >= 1 && d.threads <= 5);
            CU_ASSERT(d.row_groups >= 1 && d.col_blocks >= (shapes[s][1] > 0));
            CU_ASSERT(d.block_cols >= 0 && d.block_cols <= shapes[s][1]);
            CU_ASSERT(d.col_blocks * d.block_cols >= shapes[s][1]);
            CU_ASSERT(d.block_rows >= 1 && d.block_rows % BNORM_LEAF_ROWS == 0);
            CU_ASSERT(d.nontemporal == 0 || d.nontemporal == 1);
        }
        bnorm_plan_destroy(plan);
    }
    bnorm_context_destroy(context);
}

/* Rows of eight floats are a vector of AVX2 and half of one of AVX-512; fewer are folded. */
static void vectors_fit_rows(void)
{
    bnorm_context *context = fixture_context(2);
    for (int64_t cols = 1; cols <= 17; cols++) {
        const bnorm_kernels *fit = context->kernels;
        bnorm_plan *plan = new_plan(context, 5000, cols, BNORM_F32, BNORM_STRATEGY_AUTO);
        if (cols == 8)
            fit = bnorm_kernels_for_width(context->kernels, BNORM_F32, cols);
        CU_ASSERT_STRING_EQUAL(describe(plan, BNORM_FORWARD).isa, fit->isa);
        CU_ASSERT_PTR_EQUAL(plan->kernels, &fit->dtype[BNORM_F32]);
        bnorm_plan_destroy(plan);
    }
    bnorm_context_destroy(context);
}

/* Where rows are one tile and not folded; not a step's. */
static void leaves_of_one_tile_are_merged_late(void)
{
    bnorm_context *context = fixture_context(2);
    for (int d = 0; d < BNORM_DTYPES; d++)
        for (int64_t cols = 1; cols <= 80; cols++)
            for (int large = 0; large < 2; large++) {
                bnorm_plan *plan = new_plan(context, large ? INT64_C(1) << 30 : 1000, cols,
                                            (bnorm_dtype)d, BNORM_STRATEGY_AUTO);
                for (int operation = 0; operation < 4; operation++) {
                    const bnorm_schedule *schedule = &plan->schedule[operation];
                    const int64_t width = bnorm_grid_width(&schedule->grid);
                    const int late = cols > BNORM_FOLD_COLS && width <= plan->kernels->abreast;
                    CU_ASSERT_EQUAL(schedule->workspace.chunk > 1,
                                    late && 1 << operation != BNORM_STEP);
                }
                bnorm_plan_destroy(plan);
            }
    bnorm_context_destroy(context);
}

/* What streams would not stay in a thread's share of cache, and all else does.  (Columns that a
 * panel lacks take room, too, and the reason does not speak of them.) */
static void reasons_agree_with_choices(void)
{
    static const int64_t rows[] = {3000, 20000, 100000, 1000000, 30000000};
    static const int64_t cols[] = {1, 8, 60, 64, 100, 512, 1000, 1024, 4096, 50000};
    bnorm_context *context = fixture_context(2);
    for (int r = 0; r < 5; r++)
        for (int c = 0; c < 10; c++)
            for (int panels = 0; panels < (cols[c] < 16 ? 1 : 2); panels++) {
                bnorm_problem problem;
                bnorm_problem_init(&problem, sizeof problem);
                problem.rows = rows[r];
                problem.cols = cols[c];
                problem.layout = panels ? BNORM_PANELS : BNORM_ROWS;
                problem.operations = BNORM_FORWARD | BNORM_FORWARD_BACKWARD;
                bnorm_plan *plan = fixture_plan(context, &problem);
                const char *text = bnorm_plan_text(plan);
                for (const char *line = text; line; line = strchr(line + 1, '\n')) {
                    char one[512];
                    snprintf(one, sizeof one, "%.*s", (int)strcspn(line + 1, "\n") + 1, line);
                    const int streams = strstr(one, ": stream,") != NULL;
                    if (!strstr(one, "read again") || strstr(one, "shared by"))
                        continue;
                    if (!strstr(one, streams ? "; more than a" : "; within a"))
                        harness_note("%s", one);
                    CU_ASSERT_PTR_NOT_NULL(strstr(one, streams ? "; more than a" : "; within a"));
                }
                bnorm_plan_destroy(plan);
            }
    bnorm_context_destroy(context);
}

/* One line for each declared operation, and the same numbers in it. */
static void words_agree_with_numbers(void)
{
    bnorm_context *context = fixture_context(3);
    for (unsigned operations = 1; operations <= BNORM_ALL_OPERATIONS; operations++) {
        bnorm_problem problem;
        bnorm_problem_init(&problem, sizeof problem);
        problem.rows = 5000;
        problem.cols = 300;
        problem.operations = operations;
        bnorm_plan *plan = fixture_plan(context, &problem);
        const char *at = bnorm_plan_text(plan);
        for (int i = 0; i < 5; i++) {
            char words[64];
            if (!(operations & units[i].operation))
                continue;
            bnorm_description d = describe(plan, units[i].operation);
            size_t length = strcspn(at, "\n");
            char line[512];
            snprintf(line, sizeof line, "%.*s", (int)length, at);
            snprintf(words, sizeof words, "%s:", fixture_operations[i].name);
            CU_ASSERT_EQUAL(strncmp(line, words, strlen(words)), 0);
            snprintf(words, sizeof words, "%lld row groups x %lld column blocks",
                     (long long)d.row_groups, (long long)d.col_blocks);
            CU_ASSERT_PTR_NOT_NULL(strstr(line, words));
            CU_ASSERT_PTR_NOT_NULL(strstr(line, d.strategy));
            CU_ASSERT_PTR_NOT_NULL(strstr(line, d.isa));
            CU_ASSERT_EQUAL(strstr(line, ", prefetched") != NULL, d.reduce_ahead || d.apply_ahead);
            at += length + (at[length] == '\n');
        }
        CU_ASSERT_EQUAL(*at, '\0');
        bnorm_plan_destroy(plan);
    }
    bnorm_context_destroy(context);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"bytes follow the model", bytes_follow_the_model},
        {"global statistics read once", global_statistics_read_once},
        {"the strategy asked for", the_strategy_asked_for},
        {"what caches hold", what_caches_hold},
        {"wide rows in strips", wide_rows_in_strips},
        {"no strips of owned rows", no_strips_of_owned_rows},
        {"what is cached is not prefetched", what_is_cached_is_not_prefetched},
        {"what is prefetched", what_is_prefetched},
        {"how far is prefetched", how_far_is_prefetched},
        {"nodes own rows", nodes_own_rows},
        {"shards are fair", shards_are_fair},
        {"resident blocks fit in cache", resident_blocks_fit},
        {"small problems have no team", small_problems_have_no_team},
        {"the largest problems are planned", the_largest_problems_are_planned},
        {"workspaces are small", workspaces_are_small},
        {"threads' sums are apart", sums_are_apart},
        {"wide problems have narrow blocks", wide_problems_have_narrow_blocks},
        {"numbers are possible", numbers_are_possible},
        {"vectors fit rows", vectors_fit_rows},
        {"leaves of one tile are merged late", leaves_of_one_tile_are_merged_late},
        {"reasons agree with choices", reasons_agree_with_choices},
        {"words agree with numbers", words_agree_with_numbers},
    };
    return harness_main(argc, argv, "plan/describe", cases, HARNESS_COUNT(cases));
}
