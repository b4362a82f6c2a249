/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrices of a few columns, or of rows that do not begin or end on cache lines, whose rows
 * follow each other without a gap: rows are folded, and the results are those of the same rows
 * with gaps between them. */
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bnorm.h"
#include "plan/plan.h"
#include "support/data.h"
#include "support/harness.h"

enum { MOST_COLS = 4100, CHUNK = BNORM_FOLD * BNORM_LEAF_ROWS };

/* ---- one problem, with rows `gap` elements longer than they need be ---------------- */

enum { X, Y, DY, DX, MATRICES };

typedef struct {
    bnorm_dtype dtype;
    int64_t rows, cols, gap, fewer; /* fewer: rows of an execution; 0: all */
    bnorm_plan *plan;
    int off[MATRICES]; /* elements from a cache line */
    char *matrix[MATRICES];
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

/* What stands before a matrix and behind it. */
enum { OUTSIDE = 0x5a, OUTSIDE_BYTES = 2 * BNORM_LINE };

static size_t matrix_bytes(const problem *p)
{
    return (size_t)(p->rows * (p->cols + p->gap)) * data_size(p->dtype);
}

static char *memory_of(const problem *p, int i)
{
    return p->matrix[i] - (size_t)p->off[i] * data_size(p->dtype) - BNORM_LINE;
}

static int is_as_it_was_outside(const problem *p, int i)
{
    const char *begin = memory_of(p, i), *end = p->matrix[i] + matrix_bytes(p);
    int is = 1;
    for (const char *at = begin; at < p->matrix[i]; at++)
        is &= *at == OUTSIDE;
    for (const char *at = end; at < end + BNORM_LINE; at++)
        is &= *at == OUTSIDE;
    return is;
}

static char *matrix(const problem *p, int off, uint64_t seed)
{
    const int64_t ld = p->cols + p->gap;
    const size_t size = data_size(p->dtype);
    const size_t bytes = matrix_bytes(p) + BNORM_LINE + OUTSIDE_BYTES;
    const size_t room = (size_t)bnorm_round_up((int64_t)bytes, BNORM_LINE);
    char *memory = aligned_alloc(BNORM_LINE, room);
    CU_ASSERT_FATAL(memory && (size_t)off * size < BNORM_LINE);
    char *data = (char *)memset(memory, OUTSIDE, room) + BNORM_LINE + (size_t)off * size;
    char *dense = malloc((size_t)((p->rows + 1) * p->cols) * size);
    CU_ASSERT_PTR_NOT_NULL_FATAL(dense);
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

static const int on_lines[MATRICES];

static void open_problem(problem *p, const bnorm_context *context, bnorm_dtype dtype, int64_t rows,
                         int64_t cols, int64_t gap, const int *off, unsigned flags)
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
    for (int i = 0; i < MATRICES; i++)
        p->matrix[i] = matrix(p, p->off[i] = off[i], 1 + (uint64_t)i);
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
    for (int i = 0; i < MATRICES; i++)
        free(memory_of(p, i));
    bnorm_plan_destroy(p->plan);
}

static void run(problem *p, unsigned operation)
{
    const int64_t ld = p->cols + p->gap;
    bnorm_args args;
    bnorm_args_init(&args, sizeof args);
    args.x = (bnorm_matrix){p->matrix[X], ld};
    args.y = (bnorm_matrix){p->matrix[Y], ld};
    args.dy = (bnorm_matrix){operation == BNORM_STEP ? NULL : p->matrix[DY], ld};
    args.dx = (bnorm_matrix){p->matrix[DX], ld};
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

static int same_rows(const problem *a, const problem *b, int i)
{
    const char *in_a = a->matrix[i], *in_b = b->matrix[i];
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
                    const int *off, unsigned flags)
{
    problem dense, spaced;
    open_problem(&dense, context, dtype, rows, cols, 0, off, flags);
    open_problem(&spaced, context, dtype, rows, cols, 1, on_lines, flags);
    if (cols > BNORM_FOLD_COLS || off != on_lines) { /* of both, but only one's rows have no gap */
        store_past_caches(&dense, 22 << 10); /* row by row, and in bands */
        store_past_caches(&spaced, 0);
    }
    for (int i = 0; i < 10; i++) {
        dense.fewer = spaced.fewer = i < 5 || rows <= 130 ? 0 : 130;
        run(&dense, operations[i % 5]);
        run(&spaced, operations[i % 5]);
        const int same = same_rows(&dense, &spaced, Y) && same_rows(&dense, &spaced, DX) &&
                         is_as_it_was_outside(&dense, Y) && is_as_it_was_outside(&dense, DX) &&
                         memcmp(dense.vector, spaced.vector, sizeof dense.vector) == 0;
        if (!same)
            harness_note("%lld x %lld, dtype %d, y %d and dx %d off lines, operation %#x, flags %#x",
                         (long long)rows, (long long)cols, (int)dtype, off[Y], off[DX],
                         operations[i % 5], flags);
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
                    compare(context, (bnorm_dtype)dtype, rows[r], cols, on_lines, 0);
                    compare(context, (bnorm_dtype)dtype, rows[r], cols, on_lines,
                            BNORM_GLOBAL_STATISTICS);
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
                    compare(context, (bnorm_dtype)dtype, rows[r], columns[c], on_lines, 0);
                    compare(context, (bnorm_dtype)dtype, rows[r], columns[c], on_lines,
                            BNORM_GLOBAL_STATISTICS);
                }
        bnorm_context_destroy(context);
    }
}

/* What is written off a cache line, both matrices alike or not; what is read, too, or not. */
static void first_lines_change_no_bit(void)
{
    static const int64_t rows[] = {3, 200, 64 * 9 + 3};
    static const int64_t columns[] = {1, 5, 9, 16, 63, 64, 100, 256, 1500};
    bnorm_context *contexts[] = {new_context(1), new_context(3)};
    for (int r = 0; r < HARNESS_COUNT(rows); r++)
        for (int c = 0; c < HARNESS_COUNT(columns); c++)
            for (int dtype = BNORM_F32; dtype <= BNORM_F64; dtype++)
                for (int i = 0, lanes = dtype == BNORM_F32 ? 16 : 8; i < lanes; i++) {
                    const int off[] = {i % 3 ? i : 0, i, i % 2 ? i : 1,
                                       i % 4 ? i : (i + 5) % lanes};
                    compare(contexts[(r + c + i) % 2], (bnorm_dtype)dtype, rows[r], columns[c], off,
                            i % 4 == 2 ? BNORM_GLOBAL_STATISTICS : 0);
                }
    for (int i = 0; i < 2; i++)
        bnorm_context_destroy(contexts[i]);
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
            open_problem(&p, context, BNORM_F32, leaves * BNORM_LEAF_ROWS - 1, cols, gap, on_lines,
                         0);
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
        open_problem(&p, context, BNORM_F32, leaves * BNORM_LEAF_ROWS, cols, 0, on_lines, 0);
        CU_ASSERT_EQUAL_FATAL(p.plan->schedule[0].grid.row_groups, 2);
        count_leaves(&p);
        CU_ASSERT(atomic_load(&folded) >= leaves / BNORM_FOLD - 2);
        CU_ASSERT(atomic_load(&plain) < 2 * 8 + 2 * BNORM_FOLD);
        close_problem(&p);
    }
    bnorm_context_destroy(context);
}

static char applied[200]; /* rows x columns of the tiles; stored past the cache: + */

static void note(bnorm_target target, int64_t rows, ptrdiff_t cols)
{
    const size_t length = strlen(applied);
    snprintf(applied + length, sizeof applied - length, " %lldx%lld%s", (long long)rows,
             (long long)cols, target.stream ? "+" : "");
}

static void forward(bnorm_target y, bnorm_source x, const void *coefficients, int64_t rows,
                    ptrdiff_t cols)
{
    note(y, rows, cols);
    counted->forward(y, x, coefficients, rows, cols);
}

static void backward(bnorm_target dx, bnorm_source x, bnorm_source dy, const void *coefficients,
                     int64_t rows, ptrdiff_t cols)
{
    note(dx, rows, cols);
    counted->backward(dx, x, dy, coefficients, rows, cols);
}

static void both(bnorm_target y, bnorm_target dx, bnorm_source x, bnorm_source dy,
                 const void *coefficients, int64_t rows, ptrdiff_t cols)
{
    note((bnorm_target){NULL, 0, y.stream && dx.stream}, rows, cols);
    counted->both(y, dx, x, dy, coefficients, rows, cols);
}

static atomic_int columns_at_once;

static void keep_widest(ptrdiff_t cols)
{
    int most = atomic_load(&columns_at_once);
    while (cols > most && !atomic_compare_exchange_weak(&columns_at_once, &most, (int)cols))
        ;
}

static void widest(bnorm_target dx, bnorm_source x, bnorm_source dy, const void *coefficients,
                   int64_t rows, ptrdiff_t cols)
{
    keep_widest(cols);
    counted->backward(dx, x, dy, coefficients, rows, cols);
}

static void widest_both(bnorm_target y, bnorm_target dx, bnorm_source x, bnorm_source dy,
                        const void *coefficients, int64_t rows, ptrdiff_t cols)
{
    keep_widest(cols);
    counted->both(y, dx, x, dy, coefficients, rows, cols);
}

static void expect_applied(const bnorm_context *context, bnorm_dtype dtype, int64_t cols,
                           int64_t gap, const int *off, unsigned operation, const char *expected)
{
    problem p;
    open_problem(&p, context, dtype, 63, cols, gap, off, 0);
    store_past_caches(&p, 0);
    bnorm_kernel_set set = *(counted = p.plan->kernels);
    set.forward = forward;
    set.backward = backward;
    set.both = both;
    p.plan->kernels = &set;
    applied[0] = '\0';
    run(&p, operation);
    if (strcmp(applied, expected) != 0)
        harness_note("%lld columns, %d off lines, operation %#x: tiles%s, not%s", (long long)cols,
                     off[Y], operation, applied, expected);
    CU_ASSERT_STRING_EQUAL(applied, expected);
    p.plan->kernels = counted;
    close_problem(&p);
}

/* Strips of wide rows, where they pay, are for matrices on lines; others, and those with gaps, are
 * in whole rows, and all have the same bits. */
static void strips_are_on_lines(void)
{
    enum { ROWS = 640, COLS = 2048 };
    static const struct {
        int gap, off[MATRICES], strips;
    } list[] = {{0, {0}, 1}, {16, {0}, 1}, {0, {4, 4, 4, 4}, 0}, {0, {0, 0, 4, 0}, 0}, {4, {0}, 0}};
    bnorm_context *context = new_context(2);
    const int wide = context->kernels->dtype[BNORM_F32].abreast * 4 >= 256;
    context->machine.l1 = 48 << 10;
    context->machine.l2 = 256 << 10;
    context->machine.llc = 1 << 20;
    context->machine.l2_sharers = 1;
    context->machine.llc_sharers = 2;
    problem first;
    open_problem(&first, context, BNORM_F32, ROWS, COLS, 1, on_lines, 0);
    for (int i = 0; i < HARNESS_COUNT(list); i++) {
        problem p;
        open_problem(&p, context, BNORM_F32, ROWS, COLS, list[i].gap, list[i].off, 0);
        bnorm_kernel_set set = *(counted = p.plan->kernels);
        set.backward = widest;
        set.both = widest_both;
        p.plan->kernels = &set;
        /* backward takes the rstd of forward */
        for (int operation = BNORM_FORWARD_BACKWARD; operation >= BNORM_BACKWARD; operation /= 2) {
            atomic_store(&columns_at_once, 0);
            run(&p, (unsigned)operation);
            CU_ASSERT_EQUAL(atomic_load(&columns_at_once), wide && list[i].strips ? 64 : COLS);
            run(&first, (unsigned)operation);
            CU_ASSERT(same_rows(&p, &first, DX));
            CU_ASSERT(operation == BNORM_BACKWARD || same_rows(&p, &first, Y));
        }
        p.plan->kernels = counted;
        close_problem(&p);
    }
    close_problem(&first);
    bnorm_context_destroy(context);
}

/* As many as end on a cache line together, and what is left over in one; none where that would
 * be too long a row; and before them what is before the first line. */
static void odd_rows_are_folded(void)
{
    static const struct {
        int64_t cols, gap;
        int off[MATRICES];
        unsigned operation;
        const char *applied;
    } list[] = {
        {100, 0, {0}, BNORM_FORWARD, " 15x400+ 1x300+"},
        {24, 0, {0}, BNORM_FORWARD, " 31x48+ 1x24+"},
        {30, 0, {0}, BNORM_FORWARD, " 7x240+ 1x210+"},
        {63, 0, {0}, BNORM_FORWARD, " 3x1008+ 1x945+"},
        {128, 0, {0}, BNORM_FORWARD, " 63x128+"},
        {100, 1, {0}, BNORM_FORWARD, " 63x100"},
        {100, 12, {0}, BNORM_FORWARD, " 63x100+"},
        {513, 0, {0}, BNORM_FORWARD, " 3x8208+ 1x7695+"},
        {516, 0, {0}, BNORM_FORWARD, " 15x2064+ 1x1548+"},
        {1023, 0, {0}, BNORM_FORWARD, " 3x16368+ 1x15345+"},
        {4097, 0, {0}, BNORM_FORWARD, " 63x4097"},
        {128, 0, {4, 4, 4, 4}, BNORM_FORWARD, " 1x12 62x128+ 1x116+"},
        {128, 0, {0, 4, 0, 0}, BNORM_FORWARD, " 1x12 62x128+ 1x116+"},
        {128, 0, {4, 0, 4, 4}, BNORM_FORWARD, " 63x128+"},
        {128, 0, {4, 0, 4, 4}, BNORM_BACKWARD, " 1x12 62x128+ 1x116+"},
        {128, 0, {4, 0, 4, 4}, BNORM_FORWARD_BACKWARD, " 63x128"},
        {128, 0, {0, 1, 0, 1}, BNORM_FORWARD_BACKWARD, " 1x15 62x128+ 1x113+"},
        {100, 0, {4, 4, 4, 4}, BNORM_FORWARD, " 1x12 15x400+ 1x288+"},
        {100, 12, {4, 4, 4, 4}, BNORM_FORWARD, " 63x100"},
        {4097, 0, {4, 4, 4, 4}, BNORM_FORWARD, " 63x4097"},
    };
    bnorm_context *context = new_context(1);
    for (int i = 0; i < HARNESS_COUNT(list); i++)
        expect_applied(context, BNORM_F32, list[i].cols, list[i].gap, list[i].off,
                       list[i].operation, list[i].applied);
    expect_applied(context, BNORM_F64, 128, 0, (const int[]){2, 2, 2, 2}, BNORM_FORWARD,
                   " 1x6 62x128+ 1x122+");
    bnorm_context_destroy(context);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"folding changes no bit", folding_changes_no_bit},
        {"rows of odd lengths change no bit", odd_rows_change_no_bit},
        {"leaves are folded", leaves_are_folded},
        {"leaves of all groups are folded", leaves_of_all_groups_are_folded},
        {"first whole lines change no bit", first_lines_change_no_bit},
        {"strips are on lines", strips_are_on_lines},
        {"rows of odd lengths are folded, from the first whole line on", odd_rows_are_folded},
    };
    return harness_main(argc, argv, "exec/folded", cases, HARNESS_COUNT(cases));
}
