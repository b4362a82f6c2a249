/* SPDX-License-Identifier: BSD-3-Clause */
/* Blocks that are applied while the next one is reduced: the kernels for it run as
 * often as they should, and the outputs are those of one block after the other. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bnorm.h"
#include "plan/candidates.h"
#include "plan/plan.h"
#include "support/data.h"
#include "support/harness.h"

enum {
    ROWS = 9044, /* 142 leaves, the last one short */
    COLS = 300,
    WIDTH = 16,
    PANELS = (COLS + WIDTH - 1) / WIDTH,
    AMPLE = 64 << 20,
    GUARD = 64, /* bytes */
    SAMPLE = 2 * PANELS * ROWS * WIDTH, /* ample, too */
    LEAVES = (ROWS + BNORM_LEAF_ROWS - 1) / BNORM_LEAF_ROWS
};

/* ---- kernels that count ---------------------------------------------------------- */

static const bnorm_kernel_set *counted;
static atomic_int calls;

static int forward(const bnorm_reduction *next, const bnorm_application *now, int64_t rows)
{
    const int done = counted->next_forward(next, now, rows);
    atomic_fetch_add(&calls, done);
    return done;
}

static int backward(const bnorm_reduction *next, const bnorm_application *now, int64_t rows)
{
    const int done = counted->next_backward(next, now, rows);
    atomic_fetch_add(&calls, done);
    return done;
}

static int both(const bnorm_reduction *next, const bnorm_application *now, int64_t rows)
{
    const int done = counted->next_both(next, now, rows);
    atomic_fetch_add(&calls, done);
    return done;
}

/* ---- one problem ----------------------------------------------------------------- */

typedef struct {
    bnorm_context *context;
    bnorm_plan *plan;
    bnorm_matrix x, y, dy, dx;
    float gamma[COLS], beta[COLS], dgamma[COLS], dbeta[COLS];
    unsigned char *workspace; /* as large as asked for, and a guard behind it */
} problem;

/* What is in matrix i at first: drawn once. */
static const float *sample_of(int i)
{
    static float *sample[4];
    if (!sample[i]) {
        sample[i] = malloc(SAMPLE * sizeof(float));
        CU_ASSERT_PTR_NOT_NULL_FATAL(sample[i]);
        data_vector(BNORM_F32, sample[i], SAMPLE, 0.5, 1, (uint64_t)i);
    }
    return sample[i];
}

/* l2, llc: bytes of cache that each thread seems to have. */
static void open_problem(problem *p, unsigned operation, int threads, bnorm_strategy strategy,
                         size_t l2, size_t llc)
{
    bnorm_context_options options;
    bnorm_problem it;
    memset(p, 0, sizeof *p);
    bnorm_context_options_init(&options, sizeof options);
    options.threads = threads;
    bnorm_problem_init(&it, sizeof it);
    it.rows = ROWS;
    it.cols = COLS;
    it.layout = BNORM_PANELS;
    it.strategy = strategy;
    it.operations = operation;
    CU_ASSERT_EQUAL_FATAL(bnorm_context_create(&p->context, &options), BNORM_OK);
    bnorm_machine *machine = &p->context->machine;
    machine->l2 = l2;
    machine->llc = llc;
    machine->l2_sharers = machine->llc_sharers = 1;
    CU_ASSERT_EQUAL_FATAL(bnorm_plan_create(&p->plan, p->context, &it), BNORM_OK);
    bnorm_matrix *const matrices[] = {&p->x, &p->y, &p->dy, &p->dx};
    for (int i = 0; i < 4; i++) {
        CU_ASSERT_EQUAL_FATAL(bnorm_alloc(p->plan, (bnorm_tensor)i, matrices[i]), BNORM_OK);
        const int64_t elements = (PANELS - 1) * matrices[i]->ld + ROWS * WIDTH;
        CU_ASSERT_FATAL(elements <= SAMPLE);
        memcpy(matrices[i]->data, sample_of(i), (size_t)elements * sizeof(float));
    }
    const size_t bytes = bnorm_plan_workspace_size(p->plan);
    p->workspace = aligned_alloc(BNORM_LINE, bnorm_round_up((int64_t)bytes, BNORM_LINE) + GUARD);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p->workspace);
    memset(p->workspace, 0xFF, bytes + GUARD);
    data_vector(BNORM_F32, p->gamma, COLS, 1, 0.1, 7);
    data_vector(BNORM_F32, p->beta, COLS, 0, 0.1, 8);
}

static void close_problem(problem *p)
{
    const size_t bytes = bnorm_plan_workspace_size(p->plan);
    for (int i = 0; i < GUARD; i++)
        CU_ASSERT_EQUAL(p->workspace[bytes + (size_t)i], 0xFF);
    free(p->workspace);
    bnorm_free(p->x.data);
    bnorm_free(p->y.data);
    bnorm_free(p->dy.data);
    bnorm_free(p->dx.data);
    bnorm_plan_destroy(p->plan);
    bnorm_context_destroy(p->context);
}

static void run(problem *p, unsigned operation, int64_t rows)
{
    bnorm_args args;
    bnorm_args_init(&args, sizeof args);
    args.rows = rows;
    args.workspace = p->workspace;
    args.x = p->x;
    args.y = p->y;
    args.dy = p->dy;
    args.dx = p->dx;
    args.gamma = p->gamma;
    args.beta = p->beta;
    args.dgamma = p->dgamma;
    args.dbeta = p->dbeta;
    CU_ASSERT_EQUAL((operation == BNORM_FORWARD    ? bnorm_forward
                     : operation == BNORM_BACKWARD ? bnorm_backward
                                                   : bnorm_forward_backward)(p->plan, &args),
                    BNORM_OK);
}

static int same(const problem *a, const problem *b)
{
    const size_t bytes = ((PANELS - 1) * (size_t)a->y.ld + ROWS * WIDTH) * sizeof(float);
    return a->y.ld == b->y.ld && memcmp(a->y.data, b->y.data, bytes) == 0 &&
           memcmp(a->dx.data, b->dx.data, bytes) == 0 &&
           memcmp(a->dgamma, b->dgamma, sizeof a->dgamma) == 0 &&
           memcmp(a->dbeta, b->dbeta, sizeof a->dbeta) == 0;
}

/* Run an operation both ways on so many rows, counting calls.  Returns the pipelined schedule. */
static bnorm_schedule compare(unsigned operation, int threads, size_t l2, size_t llc, int64_t rows)
{
    problem resident, pipelined;
    open_problem(&resident, operation, threads, BNORM_STRATEGY_RESIDENT, AMPLE, AMPLE);
    open_problem(&pipelined, operation, threads, BNORM_STRATEGY_PIPELINED, l2, llc);
    const bnorm_schedule schedule = pipelined.plan->schedule[bnorm_operation_index(operation)];
    bnorm_kernel_set set = *pipelined.plan->kernels;
    counted = pipelined.plan->kernels;
    set.next_forward = forward;
    set.next_backward = backward;
    set.next_both = both;
    pipelined.plan->kernels = &set;
    atomic_store(&calls, 0);
    run(&resident, operation, rows);
    run(&pipelined, operation, rows);
    CU_ASSERT(same(&resident, &pipelined));
    pipelined.plan->kernels = counted;
    close_problem(&pipelined);
    close_problem(&resident);
    return schedule;
}

static const unsigned operations[] = {BNORM_FORWARD, BNORM_BACKWARD, BNORM_FORWARD_BACKWARD};

/* Each thread's first `lag` panels are reduced alone and its last applied alone.  The last of all
 * has fewer columns, and its turn is not taken together with another. */
static int called_for_some_team(int threads, int64_t chunks, int lag)
{
    for (int team = 1; team <= threads; team++)
        if (atomic_load(&calls) == (PANELS - team * lag - 1) * chunks)
            return 1;
    return 0;
}

static void blocks_overlap(void)
{
    for (int threads = 1; threads <= 3; threads++)
        for (int i = 0; i < 3; i++) {
            const bnorm_schedule schedule = compare(operations[i], threads, AMPLE, AMPLE, ROWS);
            const int64_t chunks = bnorm_ceil_div(LEAVES, schedule.workspace.chunk);
            CU_ASSERT_EQUAL(schedule.grid.row_groups, 1);
            CU_ASSERT(chunks > 1 && chunks < LEAVES);
            CU_ASSERT(called_for_some_team(threads, chunks, 1));
        }
}

/* From memory, a panel is applied when as much as L2 holds has been read since, if there are
 * enough of them. */
static void panels_lag(void)
{
    const double panel = ROWS * WIDTH * sizeof(float);
    for (int threads = 1; threads <= 3; threads++)
        for (int i = 0; i < 3; i++)
            for (int lag = 1; lag <= 3; lag++) {
                const double held = operations[i] == BNORM_FORWARD ? panel : 2 * panel;
                const size_t l2 = (size_t)((lag - 0.5) * held);
                const size_t llc = (size_t)(bnorm_max(lag, 2) * 4 * held);
                const bnorm_schedule schedule = compare(operations[i], threads, l2, llc, ROWS);
                const int64_t chunks = bnorm_ceil_div(LEAVES, schedule.workspace.chunk);
                CU_ASSERT_EQUAL(schedule.grid.row_groups, 1);
                CU_ASSERT_EQUAL(schedule.lag, lag <= PANELS / threads / 4 ? lag : 1);
                CU_ASSERT(called_for_some_team(threads, chunks, schedule.lag));
                compare(operations[i], threads, l2, llc, ROWS / 3);
            }
}

/* Half a panel of x and dy, not a whole one, fits in what threads seem to have: two, or all
 * three, take one at a time, and four two. */
static void threads_share_panels(void)
{
    const double panel = 2.0 * ROWS * WIDTH * sizeof(float);
    for (int threads = 2; threads <= 4; threads++)
        for (int i = 0; i < 3; i++) {
            const int groups = threads == 3 ? 3 : 2, abreast = threads / groups;
            const double share = operations[i] == BNORM_FORWARD ? 0.9 * panel : 1.8 * panel;
            for (int64_t rows = 1; rows < ROWS; rows *= 17)
                compare(operations[i], threads, (size_t)share, (size_t)share, rows);
            const bnorm_schedule schedule =
                compare(operations[i], threads, (size_t)share, (size_t)share, ROWS);
            int64_t chunks = 0; /* of all groups */
            for (int group = 0; group < groups; group++) {
                const bnorm_range rows = bnorm_grid_rows(&schedule.grid, group);
                chunks += bnorm_ceil_div(bnorm_leaf_count(rows.end - rows.begin),
                                        schedule.workspace.chunk);
            }
            CU_ASSERT_EQUAL(schedule.grid.row_groups, groups);
            CU_ASSERT_EQUAL(schedule.grid.rounds, (PANELS + abreast - 1) / abreast);
            CU_ASSERT_EQUAL(atomic_load(&calls), (PANELS - abreast - 1) * chunks);
        }
}

/* ---- when it is chosen ----------------------------------------------------------- */

static const char *strategy_of(const char *synthetic, int64_t rows, int64_t cols,
                               unsigned operation, bnorm_strategy asked)
{
    static char name[16];
    bnorm_context *context = NULL;
    bnorm_context_options options;
    bnorm_problem it;
    bnorm_plan *plan = NULL;
    bnorm_description d = {.struct_size = sizeof d};
    bnorm_context_options_init(&options, sizeof options);
    options.synthetic = synthetic;
    bnorm_problem_init(&it, sizeof it);
    it.rows = rows;
    it.cols = cols;
    it.layout = BNORM_PANELS;
    it.strategy = asked;
    if (bnorm_context_create(&context, &options) == BNORM_ERR_UNSUPPORTED)
        return NULL; /* no hwloc */
    CU_ASSERT_EQUAL_FATAL(bnorm_plan_create(&plan, context, &it), BNORM_OK);
    CU_ASSERT_EQUAL_FATAL(bnorm_plan_describe(plan, operation, &d), BNORM_OK);
    strncpy(name, d.strategy, sizeof name - 1);
    const bnorm_grid *grid = &plan->schedule[bnorm_operation_index(operation)].grid;
    if (asked == BNORM_STRATEGY_AUTO && strcmp(name, "pipelined") == 0)
        CU_ASSERT(bnorm_plan_sharing(plan, bnorm_operation_index(operation)) == 1 ||
                  grid->rounds > 1);
    CU_ASSERT(grid->rounds == 1 || strcmp(name, "pipelined") == 0);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
    return name;
}

/* Two panels of x and dy are at work, and what was used is in the way: four fit, or three and a
 * half where two threads share them. */
static void chosen_for_panels_that_fit(void)
{
    static const char two[] = "pack:1 numa:1 l3:1(size=33554432) l2:2(size=1048576) core:1 pu:1";
    static const char many[] = "numa:1 l3:1(size=33554432) l2:32(size=524288) core:1 pu:1";
    const bnorm_strategy chosen = BNORM_STRATEGY_AUTO, asked = BNORM_STRATEGY_PIPELINED;
    if (!strategy_of(two, 64, 64, BNORM_FORWARD, chosen)) {
        harness_skip("a library without hwloc describes no machines");
        return;
    }
    CU_ASSERT_STRING_EQUAL(strategy_of(two, 16384, 1024, BNORM_FORWARD_BACKWARD, chosen), "pipelined");
    CU_ASSERT_STRING_EQUAL(strategy_of(two, 65536, 1024, BNORM_FORWARD, chosen), "pipelined");
    CU_ASSERT_STRING_EQUAL(strategy_of(two, 65536, 1024, BNORM_BACKWARD, chosen), "pipelined");
    CU_ASSERT_STRING_EQUAL(strategy_of(two, 90000, 1024, BNORM_BACKWARD, chosen), "resident");
    CU_ASSERT_STRING_EQUAL(strategy_of(many, 9375, 8192, BNORM_BACKWARD, chosen), "pipelined");
    CU_ASSERT_STRING_EQUAL(strategy_of(many, 20000, 4096, BNORM_BACKWARD, chosen), "pipelined");
    strategy_of("numa:1 l2:1(size=3) core:4 pu:1", 100000, 256, BNORM_BACKWARD, chosen);
    CU_ASSERT_STRING_EQUAL(strategy_of(two, 1 << 20, 64, BNORM_BACKWARD, chosen), "stream");
    CU_ASSERT_STRING_EQUAL(strategy_of(two, 16384, 1024, BNORM_STEP, chosen), "resident");
    CU_ASSERT_STRING_EQUAL(strategy_of(two, 16384, 1024, BNORM_STEP, asked), "resident");
    CU_ASSERT_STRING_EQUAL(strategy_of(two, 16384, 1024, BNORM_INFER, asked), "resident");
}

/* Where L2 holds eight panels, and the last level four times that for each thread. */
static void says_how_far_panels_lag(void)
{
    static const struct {
        const char *machine, *words;
    } machines[] = {
        {"numa:1 l3:1(size=33554432) l2:2(size=1048576) core:1 pu:1", "when 8 others have been"},
        {"numa:1 l3:1(size=33554432) l2:1(size=2097152) core:2 pu:1", "when 8 others have been"},
        {"numa:1 l3:1(size=33554432) l2:4(size=4194304) core:1 pu:1", "read again; within a"},
    };
    for (int i = 0; i < 3; i++) {
        bnorm_context *context = NULL;
        bnorm_context_options options;
        bnorm_problem it;
        bnorm_plan *plan = NULL;
        bnorm_context_options_init(&options, sizeof options);
        options.synthetic = machines[i].machine;
        bnorm_problem_init(&it, sizeof it);
        it.rows = 2048;
        it.cols = 8192;
        it.layout = BNORM_PANELS;
        it.operations = BNORM_FORWARD;
        if (bnorm_context_create(&context, &options) == BNORM_ERR_UNSUPPORTED) {
            harness_skip("a library without hwloc describes no machines");
            return;
        }
        CU_ASSERT_EQUAL_FATAL(bnorm_plan_create(&plan, context, &it), BNORM_OK);
        CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_plan_text(plan), machines[i].words));
        bnorm_plan_destroy(plan);
        bnorm_context_destroy(context);
    }
}

/* Panels in cache are read once, however wide blocks may be. */
static void candidates_are_called_what_they_are(void)
{
    static const bnorm_strategy asked[] = {BNORM_STRATEGY_AUTO, BNORM_STRATEGY_PIPELINED};
    bnorm_tuning candidate[BNORM_MOST_CANDIDATES];
    for (int a = 0; a < 2; a++) {
        problem p;
        int pipelined = 0, lags = 0;
        open_problem(&p, BNORM_FORWARD_BACKWARD, 2, asked[a], AMPLE, AMPLE);
        for (int stage = 0; stage < BNORM_CANDIDATE_STAGES; stage++) {
            const bnorm_tuning from = bnorm_plan_estimate(p.plan, 2, 1);
            const int count = bnorm_plan_candidates(p.plan, 2, stage, &from, candidate);
            for (int i = 0; i < count; i++) {
                CU_ASSERT_NOT_EQUAL(candidate[i].strategy, BNORM_STRATEGY_STREAM);
                pipelined += candidate[i].strategy == BNORM_STRATEGY_PIPELINED;
                lags += candidate[i].lag_bytes != from.lag_bytes;
            }
        }
        CU_ASSERT(pipelined > 0 && lags > 0);
        close_problem(&p);
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"a block is applied while the next is reduced", blocks_overlap},
        {"or one that was reduced before the last", panels_lag},
        {"threads share panels that are too long for one", threads_share_panels},
        {"chosen where panels fit", chosen_for_panels_that_fit},
        {"says how far panels lag", says_how_far_panels_lag},
        {"candidates are called what they are", candidates_are_called_what_they_are},
    };
    return harness_main(argc, argv, "exec/pipelined", cases, HARNESS_COUNT(cases));
}
