/* SPDX-License-Identifier: BSD-3-Clause */
/* The edge values that bnorm.h promises, and data that break naive sums. */
#include "support/contexts.h"
#include "support/harness.h"
#include "support/trial.h"

#include <float.h>
#include <math.h>
#include <string.h>

static const unsigned operations[] = {BNORM_FORWARD, BNORM_BACKWARD, BNORM_FORWARD_BACKWARD,
                                      BNORM_STEP};

static contexts all;

static void open_all(void)
{
    int threads[] = {1, 3};
    CU_ASSERT_FATAL(contexts_open(&all, threads, 2) == 0);
}

/* The trial, for training operations, with every context. */
static void right_everywhere(trial_spec s)
{
    static int calls;
    if (!harness_sampled(calls++))
        return;
    for (int op = 0; op < HARNESS_COUNT(operations); op++)
        for (int i = 0; i < all.count; i++) {
            s.operation = operations[op];
            s.strategy = (bnorm_strategy)((op + i) % TRIAL_STRATEGIES);
            s.place = (op + i) % 2 ? GUARD_END : GUARD_START;
            CU_ASSERT(trial_right(&s, all.context[i]));
        }
}

/* y of a constant column is beta to the bit, its mean the constant, dgamma 0. */
static void expect_constant(const trial_spec *s, const bnorm_context *context)
{
    trial t;
    CU_ASSERT_FATAL(trial_open(&t, s) == 0);
    CU_ASSERT(trial_run(&t, context) == BNORM_OK);
    double rstd = s->eps > 0 ? 1 / sqrt(s->eps) : 0;
    for (int64_t col = 0; col < s->cols; col++) {
        double beta = t.args.beta ? data_get(s->stats_dtype, t.args.beta, col) : 0;
        double value = data_get(s->dtype, t.x_copy.matrix.data, col);
        int wrong = 0;
        for (int64_t row = 0; row < s->rows; row++)
            wrong += data_get(s->dtype, t.y.matrix.data, row * t.y.matrix.ld + col) !=
                     (s->dtype == BNORM_F32 ? (float)beta : beta);
        CU_ASSERT_EQUAL(wrong, 0);
        CU_ASSERT_EQUAL(data_get(s->stats_dtype, t.args.mean, col), value);
        CU_ASSERT_EQUAL(data_get(s->stats_dtype, t.args.dgamma, col), 0);
        CU_ASSERT_DOUBLE_EQUAL(data_get(s->stats_dtype, t.args.rstd, col), rstd, rstd * 0x1p-23);
    }
    trial_close(&t);
}

static void constant_column(void)
{
    static const double value[] = {0, 1, 0.1, 1e4, -1e30, 3e38, 1e-40};
    static const int64_t rows[] = {1, 2, 64, 65, 1000};
    open_all();
    for (int v = 0; v < HARNESS_COUNT(value); v++)
        for (int r = 0; r < HARNESS_COUNT(rows); r++)
            for (int types = 0; types < 3; types++) {
                trial_spec s = trial_default(rows[r], 19);
                s.dtype = types == 2 ? BNORM_F64 : BNORM_F32;
                s.stats_dtype = types ? BNORM_F64 : BNORM_F32;
                s.x = (data_spec){DATA_CONSTANT, value[v], fabs(value[v]) / 64, 3};
                s.eps = (v + r) % 2 ? 1e-5 : 0;
                s.absent = types == 1 ? TRIAL_NO_BETA : 0;
                if (!harness_sampled(v + r + types))
                    continue;
                for (int i = 0; i < all.count; i++)
                    expect_constant(&s, all.context[i]);
                if (fabs(value[v]) < 1e38) /* 3e38 +- 6/64 of it may be infinite: y only */
                    right_everywhere(s);
            }
    contexts_close(&all);
}

static void empty_batch(void)
{
    static const unsigned flags[] = {0, BNORM_ACCUMULATE, BNORM_UNBIASED_VARIANCE,
                                     BNORM_CUMULATIVE_AVERAGE};
    open_all();
    for (int f = 0; f < HARNESS_COUNT(flags); f++)
        for (int spare = 0; spare <= 10; spare += 10) {
            trial_spec s = trial_default(0, 21);
            s.flags = flags[f];
            s.spare_rows = spare;
            right_everywhere(s);
        }
    contexts_close(&all);
}

/* One row has no unbiased variance: refused before anything is written. */
static void one_row_unbiased(void)
{
    open_all();
    trial_spec s = trial_default(1, 9);
    trial t;
    s.operation = BNORM_FORWARD;
    s.flags = BNORM_UNBIASED_VARIANCE;
    CU_ASSERT_FATAL(trial_open(&t, &s) == 0);
    uint64_t before = trial_hash(&t);
    CU_ASSERT_EQUAL(trial_run(&t, all.context[0]), BNORM_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(trial_hash(&t), before);
    trial_close(&t);
    s.absent = TRIAL_NO_RUNNING;
    CU_ASSERT(trial_right(&s, all.context[0]));
    s.absent = 0;
    s.flags = 0;
    right_everywhere(s);
    contexts_close(&all);
}

/* 1/sqrt(var) beyond the largest float. */
static void saturated_rstd(void)
{
    open_all();
    trial_spec s = trial_default(100, 5);
    trial t;
    s.eps = 0;
    s.x = (data_spec){DATA_NORMAL, 0, 1e-42, 5};
    s.absent = TRIAL_NO_GAMMA; /* gamma * rstd would saturate a second time */
    right_everywhere(s);
    CU_ASSERT_FATAL(trial_open(&t, &s) == 0);
    CU_ASSERT(trial_run(&t, all.context[0]) == BNORM_OK);
    for (int64_t col = 0; col < s.cols; col++)
        CU_ASSERT_EQUAL(data_get(s.stats_dtype, t.args.rstd, col), (double)FLT_MAX);
    trial_close(&t);
    contexts_close(&all);
}

/* A variance that double cannot hold is 0 or infinite: rstd = 0 and y = beta. */
static void variance_beyond_double(void)
{
    static const double sigma[] = {1e-300, 1e300};
    open_all();
    for (int i = 0; i < 2; i++)
        for (int64_t rows = 50; rows <= 250; rows += 100) {
            trial_spec s = trial_default(rows, 5);
            s.dtype = s.stats_dtype = BNORM_F64;
            s.eps = 0;
            s.x = (data_spec){DATA_NORMAL, 0, sigma[i], 5};
            right_everywhere(s);
        }
    contexts_close(&all);
}

/* Do the outputs of a column agree to the bit? */
static int same_column(const trial *a, const trial *b, int64_t col)
{
    const guard *pairs[][2] = {{&a->y, &b->y}, {&a->dx, &b->dx}};
    size_t size = data_size(a->spec.dtype), stat = data_size(a->spec.stats_dtype);
    for (int m = 0; m < 2; m++)
        for (int64_t row = 0; row < a->spec.rows; row++) {
            size_t at = (size_t)(row * pairs[m][0]->matrix.ld + col) * size;
            if (memcmp((char *)pairs[m][0]->matrix.data + at,
                       (char *)pairs[m][1]->matrix.data + at, size) != 0)
                return 0;
        }
    for (int i = 0; i < TRIAL_VECTORS; i++)
        if (memcmp((char *)a->vector[i].matrix.data + (size_t)col * stat,
                   (char *)b->vector[i].matrix.data + (size_t)col * stat, stat) != 0)
            return 0;
    return 1;
}

/* Every third column of x, or of dy, holds NaN or infinity: the oracle knows
 * what becomes of it, and the others have the bits they have without it. */
static void expect_contained(trial_spec s, int in_dy, const bnorm_context *context)
{
    data_spec *poisoned = in_dy ? &s.dy : &s.x;
    trial with, without;
    poisoned->kind = DATA_NAN;
    right_everywhere(s);
    CU_ASSERT_FATAL(trial_open(&with, &s) == 0);
    poisoned->kind = DATA_NORMAL; /* the same numbers where DATA_NAN is finite */
    CU_ASSERT_FATAL(trial_open(&without, &s) == 0);
    CU_ASSERT(trial_run(&with, context) == BNORM_OK);
    CU_ASSERT(trial_run(&without, context) == BNORM_OK);
    int differing = 0;
    for (int64_t col = 0; col < s.cols; col++)
        differing += same_column(&with, &without, col) != (col % 3 != 1);
    CU_ASSERT_EQUAL(differing, 0);
    trial_close(&with);
    trial_close(&without);
}

static void nan_columns(void)
{
    open_all();
    for (int types = 0; types < 3; types++)
        for (int64_t rows = 30; rows <= 330; rows += 100) {
            trial_spec s = trial_default(rows, 37);
            s.dtype = types == 2 ? BNORM_F64 : BNORM_F32;
            s.stats_dtype = types ? BNORM_F64 : BNORM_F32;
            expect_contained(s, 0, all.context[0]);
            expect_contained(s, 1, all.context[0]);
        }
    contexts_close(&all);
}

/* Columns of nothing but one infinity, or NaN: equal bits, and not constant. */
static void infinite_columns(void)
{
    const double value[] = {(double)INFINITY, -(double)INFINITY, (double)NAN};
    open_all();
    for (int v = 0; v < 3; v++)
        for (int64_t rows = 1; rows <= 200; rows += 40)
            for (int i = 0; i < all.count; i++) {
                trial_spec s = trial_default(rows, 18);
                s.x = (data_spec){DATA_CONSTANT, value[v], 0, 1};
                s.strategy = (bnorm_strategy)(v % TRIAL_STRATEGIES);
                CU_ASSERT(trial_right(&s, all.context[i]));
            }
    contexts_close(&all);
}

/* Given statistics: x is not looked at for dx, and they show without any rows. */
static void given_statistics(void)
{
    open_all();
    trial_spec s = trial_default(150, 20);
    s.flags = BNORM_GLOBAL_STATISTICS;
    s.x.kind = DATA_NAN;
    right_everywhere(s);
    s.x.kind = DATA_NORMAL;
    s.dy.kind = DATA_NAN;
    right_everywhere(s);
    s.dy.kind = DATA_NORMAL;
    s.rows = 0;
    right_everywhere(s);
    s.operation = BNORM_INFER;
    s.flags = 0;
    CU_ASSERT(trial_right(&s, all.context[0]));
    contexts_close(&all);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"constant column", constant_column},   {"empty batch", empty_batch},
        {"one row, unbiased", one_row_unbiased}, {"saturated rstd", saturated_rstd},
        {"variance beyond double", variance_beyond_double},
        {"NaN columns", nan_columns},           {"infinite columns", infinite_columns},
        {"given statistics", given_statistics},
    };
    return harness_main(argc, argv, "edges", cases, HARNESS_COUNT(cases));
}
