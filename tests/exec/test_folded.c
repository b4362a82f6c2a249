/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrices of a few columns, or of rows that do not end on cache lines, whose rows follow
 * each other without a gap: rows are folded, and the results are those of the same rows
 * with gaps between them. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "bnorm.h"
#include "plan/plan.h"
#include "support/data.h"
#include "support/harness.h"

enum { MOST_COLS = 4100, CHUNK = BNORM_FOLD * BNORM_LEAF_ROWS };

/* ---- one problem, with rows `gap` elements longer than they need be ---------------- */

typedef struct {
    bnorm_dtype dtype;
    int64_t rows, cols, gap, fewer; /* fewer: rows of an execution; 0: all */
    bnorm_plan *plan;
    char *x, *y, *dy, *dx;
    void *workspace; /* NULL: the plan's */
    double vector[8][MOST_COLS]; /* of any dtype */
} problem;

enum { GAMMA, BETA, MEAN, RSTD, DGAMMA, DBETA, RUNNING_MEAN, RUNNING_VAR };

static int times_one_and_a_half(void *user, const bnorm_block *block)
{
    const bnorm_dtype dtype = *(const bnorm_dtype *)user;
    for (int64_t row = 0; row < block->rows; row++)
        for (int64_t col = 0; col < block->cols; col++)
            data_set(dtype, block->dy, row * block->dy_ld + col,
                     1.5 * data_get(dtype, block->y, row * block->y_ld + col));
    return 0;
}

static char *matrix(const problem *p, uint64_t seed)
{
    const int64_t ld = p->cols + p->gap;
    const size_t size = data_size(p->dtype);
    char *data = aligned_alloc(64, (size_t)bnorm_round_up((p->rows + 1) * ld * (int64_t)size, 64));
    char *dense = malloc((size_t)((p->rows + 1) * p->cols) * size);
    CU_ASSERT_FATAL(data && dense);
    data_vector(p->dtype, dense, p->rows * p->cols, 0.5, 1, seed);
    if (p->rows > 200 && p->rows % 2) { /* leaves that have to be reduced again; beside such rows
                                           no other is seen in a result */
        data_set(p->dtype, dense, 128 * p->cols, 1e6);
        data_set(p->dtype, dense, 199 * p->cols + p->cols - 1, -3e18);
    }
    for (int64_t row = 0; row < p->rows; row++)
        memcpy(data + (size_t)(row * ld) * size, dense + (size_t)(row * p->cols) * size,
               (size_t)p->cols * size);
    free(dense);
    return data;
}

static void open_problem(problem *p, const bnorm_context *context, bnorm_dtype dtype, int64_t rows,
                         int64_t cols, int64_t gap, unsigned flags)
{
    bnorm_problem it;
    memset(p, 0, sizeof *p);
    p->dtype = dtype;
    p->rows = rows;
    p->cols = cols;
    p->gap = gap;
    bnorm_problem_init(&it, sizeof it);
    it.rows = rows;
    it.cols = cols;
    it.dtype = it.stats_dtype = dtype;
    it.flags = flags;
    CU_ASSERT_EQUAL_FATAL(bnorm_plan_create(&p->plan, context, &it), BNORM_OK);
    p->x = matrix(p, 1);
    p->y = matrix(p, 2);
    p->dy = matrix(p, 3);
    p->dx = matrix(p, 4);
    for (int i = 0; i < 8; i++)
        data_vector(dtype, p->vector[i], cols, 2, 0.25, 5 + (uint64_t)i);
}

/* As if the outputs were larger than any cache; and what is read, or not. */
static void store_past_caches(problem *p, int near)
{
    for (int i = 0; i < BNORM_OPERATIONS; i++) {
        const bnorm_tuning tuning = {.strategy = BNORM_STRATEGY_STREAM,
                                     .threads = p->plan->context->seats.threads,
                                     .stream = 1,
                                     .min_bytes = 32768,
                                     .max_bytes = 32768,
                                     .ahead_bytes = 4096};
        bnorm_plan_tune(p->plan, i, &tuning);
        p->plan->schedule[i].near = near;
    }
    const int64_t bytes = bnorm_round_up((int64_t)p->plan->workspace_bytes, BNORM_LINE);
    p->workspace = aligned_alloc(BNORM_LINE, (size_t)bytes);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p->workspace);
}

static void close_problem(problem *p)
{
    free(p->workspace);
    free(p->x);
    free(p->y);
    free(p->dy);
    free(p->dx);
    bnorm_plan_destroy(p->plan);
}

static void run(problem *p, unsigned operation)
{
    const int64_t ld = p->cols + p->gap;
    bnorm_args args;
    bnorm_args_init(&args, sizeof args);
    args.x = (bnorm_matrix){p->x, ld};
    args.y = (bnorm_matrix){p->y, ld};
    args.dy = (bnorm_matrix){operation == BNORM_STEP ? NULL : p->dy, ld};
    args.dx = (bnorm_matrix){p->dx, ld};
    args.gamma = p->vector[GAMMA];
    args.beta = p->vector[BETA];
    args.mean = operation & (BNORM_BACKWARD | BNORM_INFER) ? NULL : p->vector[MEAN];
    args.rstd = operation == BNORM_INFER ? NULL : p->vector[RSTD];
    args.dgamma = p->vector[DGAMMA];
    args.dbeta = p->vector[DBETA];
    args.running_mean = p->vector[RUNNING_MEAN];
    args.running_var = p->vector[RUNNING_VAR];
    args.upstream = times_one_and_a_half;
    args.user = &p->dtype;
    args.workspace = p->workspace;
    args.rows = p->fewer;
    const bnorm_status status = (operation == BNORM_FORWARD    ? bnorm_forward
                                 : operation == BNORM_BACKWARD ? bnorm_backward
                                 : operation == BNORM_STEP     ? bnorm_step
                                 : operation == BNORM_INFER    ? bnorm_infer
                                                               : bnorm_forward_backward)(p->plan,
                                                                                         &args);
    if (status != BNORM_OK)
        harness_note("operation %#x: %s", operation, bnorm_last_error());
    CU_ASSERT_EQUAL(status, BNORM_OK);
}

static int same_rows(const problem *a, const char *in_a, const problem *b, const char *in_b)
{
    const size_t size = data_size(a->dtype), row_a = (size_t)(a->cols + a->gap) * size,
                 row_b = (size_t)(b->cols + b->gap) * size;
    int same = 1;
    for (int64_t row = 0; row < a->rows; row++)
        same &= memcmp(in_a + (size_t)row * row_a, in_b + (size_t)row * row_b,
                       (size_t)a->cols * size) == 0;
    return same;
}

static const unsigned operations[] = {BNORM_FORWARD, BNORM_BACKWARD, BNORM_FORWARD_BACKWARD,
                                      BNORM_STEP, BNORM_INFER};

static void compare(const bnorm_context *context, bnorm_dtype dtype, int64_t rows, int64_t cols,
                    unsigned flags)
{
    problem dense, spaced;
    open_problem(&dense, context, dtype, rows, cols, 0, flags);
    open_problem(&spaced, context, dtype, rows, cols, 1, flags);
    if (cols > BNORM_FOLD_COLS) { /* of both, but only one's rows have no gap */
        store_past_caches(&dense, 22 << 10); /* row by row, and in bands */
        store_past_caches(&spaced, 0);
    }
    for (int i = 0; i < 10; i++) {
        dense.fewer = spaced.fewer = i < 5 || rows <= 130 ? 0 : 130;
        run(&dense, operations[i % 5]);
        run(&spaced, operations[i % 5]);
        const int same = same_rows(&dense, dense.y, &spaced, spaced.y) &&
                         same_rows(&dense, dense.dx, &spaced, spaced.dx) &&
                         memcmp(dense.vector, spaced.vector, sizeof dense.vector) == 0;
        if (!same)
            harness_note("%lld x %lld, dtype %d, operation %#x, flags %#x", (long long)rows,
                         (long long)cols, (int)dtype, operations[i % 5], flags);
        CU_ASSERT(same);
    }
    close_problem(&spaced);
    close_problem(&dense);
}

static bnorm_context *new_context(int threads)
{
    bnorm_context *context = NULL;
    bnorm_context_options options;
    bnorm_context_options_init(&options, sizeof options);
    options.threads = threads;
    CU_ASSERT_EQUAL_FATAL(bnorm_context_create(&context, &options), BNORM_OK);
    return context;
}

static void folding_changes_no_bit(void)
{
    static const int64_t rows[] = {2,         63,           CHUNK - 1,         CHUNK,
                                   CHUNK + 1, 3 * CHUNK + 5, 8 * CHUNK,        8 * CHUNK + 65,
                                   20011,     4 * CHUNK,     17 * CHUNK + 777};
    for (int threads = 1; threads <= 3; threads++) {
        bnorm_context *context = new_context(threads);
        for (int r = 0; r < 11; r++)
            for (int64_t cols = 1; cols <= BNORM_FOLD_COLS + 1; cols++)
                for (int dtype = BNORM_F32; dtype <= BNORM_F64; dtype++) {
                    compare(context, (bnorm_dtype)dtype, rows[r], cols, 0);
                    compare(context, (bnorm_dtype)dtype, rows[r], cols, BNORM_GLOBAL_STATISTICS);
                }
        bnorm_context_destroy(context);
    }
}

static void odd_rows_change_no_bit(void)
{
    static const int64_t rows[] = {1, 15, 200, 64 * 9 + 3};
    static const int64_t columns[] = {9, 17, 24, 63, 100, 520, 1500};
    for (int threads = 1; threads <= 3; threads += 2) {
        bnorm_context *context = new_context(threads);
        for (int r = 0; r < 4; r++)
            for (int c = 0; c < 7; c++)
                for (int dtype = BNORM_F32; dtype <= BNORM_F64; dtype++) {
                    compare(context, (bnorm_dtype)dtype, rows[r], columns[c], 0);
                    compare(context, (bnorm_dtype)dtype, rows[r], columns[c],
                            BNORM_GLOBAL_STATISTICS);
                }
        bnorm_context_destroy(context);
    }
}

/* ---- it is done ------------------------------------------------------------------ */

static const bnorm_kernel_set *counted;
static atomic_int folded, plain;

static void leaves_x(const bnorm_reduction *reduction, int64_t rows)
{
    atomic_fetch_add(reduction->cols >= BNORM_FOLD ? &folded : &plain,
                     (int)bnorm_leaf_count(rows));
    counted->leaves_x(reduction, rows);
}

static void count_leaves(problem *p)
{
    bnorm_kernel_set set = *(counted = p->plan->kernels);
    set.leaves_x = leaves_x;
    p->plan->kernels = &set;
    atomic_store(&folded, 0);
    atomic_store(&plain, 0);
    run(p, BNORM_FORWARD);
    p->plan->kernels = counted;
}

/* All leaves but the last one, which is not whole, and those left over by 16. */
static void leaves_are_folded(void)
{
    bnorm_context *context = new_context(1);
    for (int64_t cols = 1; cols <= BNORM_FOLD_COLS + 1; cols++)
        for (int64_t gap = 0; gap < 2; gap++) {
            const int leaves = 2 * 8 * BNORM_FOLD + 3 * BNORM_FOLD + 5;
            problem p;
            open_problem(&p, context, BNORM_F32, leaves * BNORM_LEAF_ROWS - 1, cols, gap, 0);
            count_leaves(&p);
            const int folds = gap == 0 && cols <= BNORM_FOLD_COLS;
            CU_ASSERT_EQUAL(atomic_load(&folded), folds ? 2 * 8 + 2 + 1 : 0);
            CU_ASSERT_EQUAL(atomic_load(&plain), folds ? 5 : leaves);
            close_problem(&p);
        }
    bnorm_context_destroy(context);
}

/* The second group begins between ranges, and soon comes to one. */
static void leaves_of_all_groups_are_folded(void)
{
    const int leaves = 2 * (8 * BNORM_FOLD * 4 + 6);
    bnorm_context *context = new_context(2);
    for (int64_t cols = 1; cols <= BNORM_FOLD_COLS; cols++) {
        problem p;
        open_problem(&p, context, BNORM_F32, leaves * BNORM_LEAF_ROWS, cols, 0, 0);
        CU_ASSERT_EQUAL_FATAL(p.plan->schedule[0].grid.row_groups, 2);
        count_leaves(&p);
        CU_ASSERT(atomic_load(&folded) >= leaves / BNORM_FOLD - 2);
        CU_ASSERT(atomic_load(&plain) < 2 * 8 + 2 * BNORM_FOLD);
        close_problem(&p);
    }
    bnorm_context_destroy(context);
}

static int64_t wide, narrow; /* columns of the tiles applied; one thread */

static void forward(bnorm_target y, bnorm_source x, const void *coefficients, int64_t rows,
                    ptrdiff_t cols)
{
    if (y.stream)
        wide = cols;
    else
        narrow = cols;
    counted->forward(y, x, coefficients, rows, cols);
}

/* As many as end on a cache line together, and what is left over one by one; none where
 * that would be too long a row. */
static void odd_rows_are_folded(void)
{
    static const struct {
        int64_t cols, gap, wide, narrow;
    } list[] = {{100, 0, 400, 100},  {24, 0, 48, 24},   {30, 0, 240, 30},  {63, 0, 1008, 63},
                {128, 0, 128, 0},      {301, 0, 4816, 301},  {100, 1, 0, 100},  {100, 12, 100, 0},
                {513, 0, 8208, 513}, {516, 0, 2064, 516},  {520, 0, 1040, 520},
                {1023, 0, 16368, 1023}, {4097, 0, 0, 4097}};
    bnorm_context *context = new_context(1);
    for (int i = 0; i < (int)(sizeof list / sizeof *list); i++) {
        problem p;
        open_problem(&p, context, BNORM_F32, 64 * 3 + 1, list[i].cols, list[i].gap, 0);
        store_past_caches(&p, 0);
        bnorm_kernel_set set = *(counted = p.plan->kernels);
        set.forward = forward;
        p.plan->kernels = &set;
        wide = narrow = 0;
        run(&p, BNORM_FORWARD);
        CU_ASSERT_EQUAL(wide, list[i].wide);
        CU_ASSERT_EQUAL(narrow, list[i].narrow);
        p.plan->kernels = counted;
        close_problem(&p);
    }
    bnorm_context_destroy(context);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"folding changes no bit", folding_changes_no_bit},
        {"rows of odd lengths change no bit", odd_rows_change_no_bit},
        {"leaves are folded", leaves_are_folded},
        {"leaves of all groups are folded", leaves_of_all_groups_are_folded},
        {"rows of odd lengths are folded", odd_rows_are_folded},
    };
    return harness_main(argc, argv, "exec/folded", cases, HARNESS_COUNT(cases));
}
