/* SPDX-License-Identifier: BSD-3-Clause */
/* Leaves of one tile that are reduced many at a time and then merged give the bits of leaves merged
 * one by one. */
#include <stdlib.h>
#include <string.h>

#include "bnorm.h"
#include "plan/plan.h"
#include "support/data.h"
#include "support/harness.h"

enum { ROWS = 8077, FEWER = 5001, MOST_COLS = 64 };
enum { X, DY, Y, DX, MATRICES };
enum { GAMMA, BETA, MEAN, RSTD, DGAMMA, DBETA, VECTORS };

typedef struct {
    void *matrix[MATRICES];
    double vector[VECTORS][MOST_COLS]; /* of any dtype */
} arrays;

/* On as many threads; with caches so small that matrices are in memory, or as they are. */
static bnorm_context *new_context(const char *isa, int threads, int small)
{
    bnorm_context *context = NULL;
    bnorm_context_options options;
    bnorm_context_options_init(&options, sizeof options);
    options.isa = isa;
    options.threads = threads;
    CU_ASSERT_EQUAL_FATAL(bnorm_context_create(&context, &options), BNORM_OK);
    if (small)
        context->machine.l2 = context->machine.llc = 4096;
    return context;
}

static arrays new_arrays(bnorm_dtype dtype, int64_t cols)
{
    arrays a;
    memset(&a, 0, sizeof a);
    for (int m = 0; m < MATRICES; m++) {
        a.matrix[m] = aligned_alloc(64, ROWS * (size_t)cols * data_size(dtype) / 64 * 64 + 64);
        CU_ASSERT_PTR_NOT_NULL_FATAL(a.matrix[m]);
        data_vector(dtype, a.matrix[m], ROWS * cols, 0.5, 1, 11 + (uint64_t)m);
    }
    for (int v = 0; v < VECTORS; v++)
        data_vector(dtype, a.vector[v], cols, 2, 0.25, 21 + (uint64_t)v);
    return a;
}

/* Many leaves at a time, or one by one. */
static void run(const bnorm_context *context, bnorm_dtype dtype, int64_t cols, int64_t fewer,
                int late, arrays *a)
{
    bnorm_plan *plan = NULL;
    bnorm_problem problem;
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = ROWS;
    problem.cols = cols;
    problem.dtype = problem.stats_dtype = dtype;
    problem.operations = BNORM_FORWARD_BACKWARD;
    CU_ASSERT_EQUAL_FATAL(bnorm_plan_create(&plan, context, &problem), BNORM_OK);
    int *chunk = &plan->schedule[2].workspace.chunk;
    CU_ASSERT_EQUAL(*chunk > 1, cols > BNORM_FOLD_COLS && cols <= plan->kernels->abreast);
    CU_ASSERT(*chunk < ROWS / BNORM_LEAF_ROWS / bnorm_context_threads(context));
    if (!late)
        *chunk = 1;
    bnorm_args args;
    bnorm_args_init(&args, sizeof args);
    args.rows = fewer;
    args.x.data = a->matrix[X];
    args.dy.data = a->matrix[DY];
    args.y.data = a->matrix[Y];
    args.dx.data = a->matrix[DX];
    args.gamma = a->vector[GAMMA];
    args.beta = a->vector[BETA];
    args.mean = a->vector[MEAN];
    args.rstd = a->vector[RSTD];
    args.dgamma = a->vector[DGAMMA];
    args.dbeta = a->vector[DBETA];
    CU_ASSERT_EQUAL(bnorm_forward_backward(plan, &args), BNORM_OK);
    bnorm_plan_destroy(plan);
}

static void compare(const char *isa, bnorm_dtype dtype, int64_t cols, int threads, int64_t fewer)
{
    const size_t bytes = ROWS * (size_t)cols * data_size(dtype);
    bnorm_context *memory = new_context(isa, threads, 1), *cache = new_context(isa, 1, 0);
    arrays a = new_arrays(dtype, cols), b = new_arrays(dtype, cols);
    run(memory, dtype, cols, fewer, 1, &a);
    run(cache, dtype, cols, fewer, 0, &b);
    for (int m = 0; m < MATRICES; m++) {
        CU_ASSERT_EQUAL(memcmp(a.matrix[m], b.matrix[m], bytes), 0);
        free(a.matrix[m]);
        free(b.matrix[m]);
    }
    CU_ASSERT_EQUAL(memcmp(a.vector, b.vector, sizeof a.vector), 0);
    bnorm_context_destroy(cache);
    bnorm_context_destroy(memory);
}

static void late_merges_change_no_bit(void)
{
    static const struct {
        bnorm_dtype dtype;
        int64_t cols;
    } cases[] = {{BNORM_F32, 8}, {BNORM_F32, 12}, {BNORM_F32, 16}, {BNORM_F32, 17},
                 {BNORM_F32, 32}, {BNORM_F32, 40}, {BNORM_F32, 63}, {BNORM_F32, 64},
                 {BNORM_F64, 8}, {BNORM_F64, 15}, {BNORM_F64, 16}, {BNORM_F64, 32}};
    const char *isa;
    for (int i = 0, usable; (isa = bnorm_isa_name(i, &usable)) != NULL; i++)
        for (int c = 0; c < HARNESS_COUNT(cases) * usable; c++)
            for (int threads = 2; threads <= 5; threads += 3)
                for (int64_t fewer = 0; fewer <= FEWER; fewer += FEWER)
                    compare(isa, cases[c].dtype, cases[c].cols, threads, fewer);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"late merges change no bit", late_merges_change_no_bit},
    };
    return harness_main(argc, argv, "exec/late", cases, HARNESS_COUNT(cases));
}
