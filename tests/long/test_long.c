/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * What takes minutes or gibibytes: run by `make check-long`, skipped otherwise.
 *
 *   random shapes           BNORM_TEST_SEED repeats a run, BNORM_TEST_TRIALS sets its
 *                           length (default 3000)
 *   ten million rows        every kind of data, oracle on everything
 *   more than 2^31 elements forward in place (9 GiB), and both passes (18 GiB)
 */
#include "support/contexts.h"
#include "support/harness.h"
#include "support/trial.h"

#include <stdlib.h>
#include <time.h>

static int not_asked(void)
{
    if (harness_long())
        return 0;
    harness_skip("make check-long runs it");
    return 1;
}

static uint64_t number_from(const char *name, uint64_t otherwise)
{
    const char *text = getenv(name);
    return text != NULL && text[0] != '\0' ? strtoull(text, NULL, 0) : otherwise;
}

/* Choices of one trial, in the order in which they are asked for. */
typedef struct {
    uint64_t seed, asked;
} dice;

static int64_t roll(dice *d, int64_t count)
{
    return (int64_t)(data_bits(d->seed, d->asked++) % (uint64_t)count);
}

/* Mostly small; now and then long or wide, to 2^18 elements. */
static int64_t roll_size(dice *d, int64_t most)
{
    int64_t bits = roll(d, 18), size = 1 + roll(d, INT64_C(1) << bits);
    return size < most ? size : most;
}

static trial_spec roll_trial(dice *d)
{
    static const unsigned operations[] = {BNORM_FORWARD, BNORM_BACKWARD, BNORM_FORWARD_BACKWARD,
                                          BNORM_STEP, BNORM_INFER};
    static const int64_t panels[] = {0, 0, 8, 16};
    static const double eps[] = {1e-5, 1e-3, 1}, sigma[] = {1, 1e-4, 1e12, 1e-12};
    int64_t cols = roll_size(d, 4000), rows = roll_size(d, (INT64_C(1) << 18) / cols + 1);
    trial_spec s = trial_default(rows + 1, cols);
    s.operation = operations[roll(d, 5)];
    s.flags = (unsigned)roll(d, 64);
    s.absent = (unsigned)roll(d, 1024);
    if (s.operation == BNORM_STEP)
        s.flags &= ~(unsigned)BNORM_IN_PLACE_Y;
    if (s.operation == BNORM_INFER || (s.flags & BNORM_IN_PLACE_Y))
        s.absent &= ~(unsigned)TRIAL_NO_Y;
    if (s.flags & BNORM_IN_PLACE_DX)
        s.absent &= ~(unsigned)(TRIAL_NO_DX | TRIAL_NO_DY);
    int types = (int)roll(d, 3);
    s.dtype = types == 2 ? BNORM_F64 : BNORM_F32;
    s.stats_dtype = types ? BNORM_F64 : BNORM_F32;
    s.strategy = (bnorm_strategy)roll(d, TRIAL_STRATEGIES);
    s.pad = roll(d, 2) * roll(d, 40);
    s.spare_rows = roll(d, 2) * roll(d, 1000);
    s.eps = eps[roll(d, 3)];
    s.place = roll(d, 2) ? GUARD_END : GUARD_START;
    s.x = (data_spec){(data_kind)roll(d, DATA_KINDS), (double)(roll(d, 3) * roll(d, 1000)),
                      sigma[roll(d, 4)], d->seed};
    s.dy = (data_spec){(data_kind)roll(d, DATA_KINDS), 0.5, 1, d->seed + 1};
    s.panel = panels[roll(d, 4)];
    return s;
}

static void random_shapes(void)
{
    if (not_asked())
        return;
    contexts all;
    int threads[] = {1, 2, 5, 16};
    uint64_t seed = number_from("BNORM_TEST_SEED", (uint64_t)time(NULL));
    uint64_t trials = number_from("BNORM_TEST_TRIALS", 3000);
    CU_ASSERT_FATAL(contexts_open(&all, threads, 4) == 0);
    harness_note("BNORM_TEST_SEED=%llu BNORM_TEST_TRIALS=%llu", (unsigned long long)seed,
                 (unsigned long long)trials);
    for (uint64_t n = 0; n < trials; n++) {
        dice d = {data_bits(seed, n), 0};
        trial_spec s = roll_trial(&d);
        CU_ASSERT(trial_right(&s, all.context[roll(&d, all.count)]));
    }
    contexts_close(&all);
}

static void ten_million_rows(void)
{
    enum { ROWS = 10000000, COLS = 4 };
    if (not_asked() || harness_lacks_memory(INT64_C(3) << 30))
        return;
    bnorm_context *context = contexts_one(0);
    CU_ASSERT_FATAL(context != NULL);
    for (int kind = 0; kind < DATA_KINDS; kind++) {
        trial_spec s = trial_default(ROWS, COLS);
        s.x = (data_spec){(data_kind)kind, 1e4, 1e-2, 5};
        s.eps = kind == DATA_CONSTANT ? 1e-5 : 0;
        CU_ASSERT(trial_right(&s, context));
    }
    bnorm_context_destroy(context);
}

/* 2^25 + 3 rows of 65 columns: elements, and so offsets, do not fit in 32 bits. */
enum { HUGE_ROWS = (1 << 25) + 3, HUGE_COLS = 65 };

/* Column col of the matrices that the call overwrote, made again, against the
 * oracle, which is shown this one column. */
static double compare_column(const bnorm_problem *problem, const bnorm_args *args,
                             unsigned operation, const data_spec spec[2], int64_t col,
                             float *columns, oracle_report *report)
{
    bnorm_problem one = *problem;
    bnorm_args before, after = *args;
    one.cols = 1;
    for (int which = 0; which < (operation == BNORM_FORWARD ? 1 : 2); which++)
        for (int64_t row = 0; row < HUGE_ROWS; row++)
            columns[which * (int64_t)HUGE_ROWS + row] =
                (float)data_element(&spec[which], HUGE_ROWS, row, col);
    after.y.data = (float *)args->y.data + col;
    if (args->dx.data != NULL)
        after.dx.data = (float *)args->dx.data + col;
    after.mean = (float *)args->mean + col;
    after.rstd = (float *)args->rstd + col;
    before = after;
    before.x = (bnorm_matrix){columns, 1};
    before.dy = (bnorm_matrix){columns + HUGE_ROWS, 1};
    return oracle_compare(&one, &before, &after, operation, report);
}

static void run_huge(unsigned operation)
{
    const data_spec spec[2] = {{DATA_DRIFTING, 5, 2, 6}, {DATA_NORMAL, 0.1, 1, 7}};
    const size_t bytes = (size_t)HUGE_ROWS * HUGE_COLS * sizeof(float);
    const int both = operation != BNORM_FORWARD;
    float mean[HUGE_COLS], rstd[HUGE_COLS];
    bnorm_context *context = contexts_one(0);
    bnorm_plan *plan = NULL;
    bnorm_problem problem;
    bnorm_args args;
    CU_ASSERT_FATAL(context != NULL);
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = HUGE_ROWS;
    problem.cols = HUGE_COLS;
    problem.operations = operation;
    problem.flags = BNORM_IN_PLACE_Y | BNORM_IN_PLACE_DX;
    CU_ASSERT(bnorm_plan_create(&plan, context, &problem) == BNORM_OK);
    bnorm_args_init(&args, sizeof args);
    args.x = args.y = (bnorm_matrix){malloc(bytes), HUGE_COLS};
    if (both)
        args.dy = args.dx = (bnorm_matrix){malloc(bytes), HUGE_COLS};
    args.mean = mean;
    args.rstd = rstd;
    float *columns = malloc(2 * sizeof(float) * HUGE_ROWS);
    if (args.x.data != NULL && (args.dy.data != NULL || !both) && columns != NULL) {
        static const int64_t looked_at[] = {0, 31, 64};
        data_fill(&spec[0], BNORM_F32, args.x, HUGE_ROWS, HUGE_COLS);
        if (both)
            data_fill(&spec[1], BNORM_F32, args.dy, HUGE_ROWS, HUGE_COLS);
        CU_ASSERT(
            (both ? bnorm_forward_backward(plan, &args) : bnorm_forward(plan, &args)) == BNORM_OK);
        for (int i = 0; i < HARNESS_COUNT(looked_at); i++) {
            char text[200];
            oracle_report report;
            CU_ASSERT(compare_column(&problem, &args, operation, spec, looked_at[i], columns,
                                     &report) <= 1);
            oracle_format(&report, text, sizeof text);
            harness_note("column %lld: worst %s", (long long)looked_at[i], text);
        }
    } else {
        CU_FAIL("out of memory, though it was said to be there");
    }
    free(columns);
    free(args.x.data);
    free(args.dy.data);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
}

/* The matrices, two columns in float, in double and what the library holds. */
static int64_t huge_memory(int matrices)
{
    return (int64_t)HUGE_ROWS * (HUGE_COLS * 4 * matrices + 2 * 4 + 2 * 8) + (INT64_C(1) << 28);
}

static void huge_forward(void)
{
    if (!not_asked() && !harness_lacks_memory(huge_memory(1)))
        run_huge(BNORM_FORWARD);
}

static void huge_forward_backward(void)
{
    if (!not_asked() && !harness_lacks_memory(huge_memory(2)))
        run_huge(BNORM_FORWARD_BACKWARD);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"random shapes", random_shapes},
        {"ten million rows", ten_million_rows},
        {"more than 2^31 elements, forward", huge_forward},
        {"more than 2^31 elements, forward_backward", huge_forward_backward},
    };
    return harness_main(argc, argv, "long", cases, HARNESS_COUNT(cases));
}
