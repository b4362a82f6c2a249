/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Data that naive sums get wrong, small enough to look at every output: orders
 * of rows, outliers, and the ends of the range.  test_large.c has the long ones.
 */
#include "support/contexts.h"
#include "support/harness.h"
#include "support/trial.h"

#include <math.h>

static const unsigned operations[] = {BNORM_FORWARD, BNORM_BACKWARD, BNORM_FORWARD_BACKWARD,
                                      BNORM_STEP};
static const int64_t rows_list[] = {64, 130, 1000};

static contexts all;

static void open_all(void)
{
    int threads[] = {2};
    CU_ASSERT_FATAL(contexts_open(&all, threads, 1) == 0);
}

static void right_everywhere(trial_spec s)
{
    static int calls;
    if (!harness_sampled(calls++))
        return;
    for (int op = 0; op < HARNESS_COUNT(operations); op++)
        for (int i = 0; i < all.count; i++) {
            s.operation = operations[op];
            s.strategy = (bnorm_strategy)((op + i) % TRIAL_STRATEGIES);
            CU_ASSERT(trial_right(&s, all.context[i]));
        }
}

/* Each kind of data in x, and in dy, with and without an offset. */
static void kinds(void)
{
    static const data_kind list[] = {DATA_SORTED, DATA_DRIFTING, DATA_OUTLIER,
                                     DATA_ZEROS_THEN_DATA};
    static const double mean[] = {0, 1e4};
    open_all();
    for (int k = 0; k < HARNESS_COUNT(list); k++)
        for (int m = 0; m < HARNESS_COUNT(mean); m++)
            for (int r = 0; r < HARNESS_COUNT(rows_list); r++)
                for (int types = 0; types < 2; types++) {
                    trial_spec s = trial_default(rows_list[r], 9);
                    s.dtype = s.stats_dtype = types ? BNORM_F64 : BNORM_F32;
                    s.eps = r == 0 ? 0 : 1e-5;
                    s.x = (data_spec){list[k], mean[m], 1, 7};
                    right_everywhere(s);
                    s.dy = s.x;
                    s.x = (data_spec){DATA_NORMAL, 0, 1, 8};
                    right_everywhere(s);
                }
    contexts_close(&all);
}

/* |dgamma - its value| over |rstd| sqrt(M2 of x * M2 of dy) = sqrt(m * M2 of dy). */
static long double comoment_error(const trial *t, const oracle_column *o, int64_t col)
{
    long double square = 0;
    for (int64_t row = 0; row < t->spec.rows; row++) {
        long double v = ((float *)t->dy_copy.matrix.data)[row * t->spec.cols + col] - o->mean_dy;
        square += v * v;
    }
    return fabsl(((double *)t->args.dgamma)[col] - o->dgamma) / sqrtl(square * o->rows);
}

/* A leaf whose first row is far off loses, shifted by that row, up to 194 * 2^-24 *
 * 64 of its moments (bounds.c; shifted squares are at most 64 times the others).  It
 * is done again in double: 194 * 2^-53 * 64 = 1.4e-12, for the rounding of the
 * results too.  Outliers of dy meet an x of small integers, whose sums are exact. */
static void careful_leaves(void)
{
    open_all();
    for (int i = 0; i < all.count; i++)
        for (int in_dy = 0; in_dy < 2; in_dy++) {
            trial_spec s = trial_default(64, 20);
            trial t;
            s.stats_dtype = BNORM_F64;
            s.eps = 0;
            s.momentum = 1;
            s.x = (data_spec){in_dy ? DATA_SORTED : DATA_OUTLIER, 3, in_dy ? 1000 : 1.7, 1};
            s.dy.kind = in_dy ? DATA_OUTLIER : DATA_NORMAL;
            CU_ASSERT_FATAL(trial_open(&t, &s) == 0);
            CU_ASSERT(trial_run(&t, all.context[i]) == BNORM_OK);
            for (int64_t col = 0; col < s.cols; col++) {
                oracle_column o;
                CU_ASSERT_FATAL(oracle_compute(&t.problem, &t.before, s.operation, col, &o, NULL,
                                               NULL) == 0);
                CU_ASSERT(fabsl(((double *)t.args.running_var)[col] / o.var - 1) < 1.4e-12L);
                CU_ASSERT(comoment_error(&t, &o, col) < 1.4e-12L);
            }
            trial_close(&t);
        }
    contexts_close(&all);
}

static void sizes(const data_spec *x, int count, bnorm_dtype dtype)
{
    open_all();
    for (int i = 0; i < count; i++)
        for (int r = 0; r < HARNESS_COUNT(rows_list); r++)
            for (int e = 0; e < 2; e++) {
                trial_spec s = trial_default(rows_list[r], 9);
                s.dtype = s.stats_dtype = dtype;
                s.eps = e ? 1e-5 : 0;
                s.x = x[i];
                right_everywhere(s);
            }
    contexts_close(&all);
}

static void sizes_f32(void)
{
    static const data_spec x[] = {
        {DATA_NORMAL, 0, 1e30, 1},     {DATA_NORMAL, 1e30, 1e27, 2}, {DATA_NORMAL, 1e30, 1e30, 3},
        {DATA_NORMAL, 0, 1e25, 4},     {DATA_NORMAL, 0, 1e-25, 5},   {DATA_NORMAL, 1e25, 1e19, 6},
        {DATA_NORMAL, 0, 1e18, 7},     {DATA_NORMAL, 0, 1e-18, 8},   {DATA_NORMAL, 1e4, 1e-2, 9},
        {DATA_NORMAL, 1e-30, 1e-37, 1}, {DATA_OUTLIER, 0, 1e30, 2},  {DATA_OUTLIER, 0, 1e-30, 3},
        {DATA_DRIFTING, 0, 1e34, 4},   {DATA_NORMAL, 16777216, 1, 5},
    };
    sizes(x, HARNESS_COUNT(x), BNORM_F32);
}

/* Below the smallest normal number, 1.2e-38: gradients of such x overflow, so
 * that forward is what can be looked at with eps 0. */
static void denormals(void)
{
    open_all();
    for (int r = 0; r < HARNESS_COUNT(rows_list); r++) {
        trial_spec s = trial_default(rows_list[r], 9);
        s.x = (data_spec){DATA_NORMAL, 0, 2e-39, 1};
        right_everywhere(s); /* eps 1e-5 */
        s.dy = (data_spec){DATA_NORMAL, 0, 1e-41, 2};
        right_everywhere(s);
        s.eps = 0;
        s.x.sigma = 1e-37;
        right_everywhere(s);
    }
    contexts_close(&all);
}

/* Variances within the range of double, at its ends and not. */
static void sizes_f64(void)
{
    static const data_spec x[] = {
        {DATA_NORMAL, 0, 1e140, 1}, {DATA_NORMAL, 1e150, 1e140, 2}, {DATA_NORMAL, 0, 1e-140, 3},
        {DATA_NORMAL, 1e7, 1e-4, 4}, {DATA_NORMAL, 1e300, 1e150, 5}, {DATA_NORMAL, 0, 1e-150, 6},
        {DATA_OUTLIER, 0, 1e130, 7}, {DATA_NORMAL, 0, 1e30, 8},
    };
    sizes(x, HARNESS_COUNT(x), BNORM_F64);
}

/* Gradients at the ends of the range: dx and the sums are what they are, or
 * infinite where float cannot hold them. */
static void gradient_sizes(void)
{
    static const data_spec dy[] = {
        {DATA_NORMAL, 0, 1e30, 1},  {DATA_NORMAL, 1e4, 1e-2, 2}, {DATA_NORMAL, 0, 1e-30, 3},
        {DATA_NORMAL, 0, 1e-25, 4}, {DATA_NORMAL, 0, 1e25, 5},   {DATA_CONSTANT, 1e36, 1e35, 6},
    };
    open_all();
    for (int i = 0; i < HARNESS_COUNT(dy); i++)
        for (int r = 0; r < HARNESS_COUNT(rows_list); r++) {
            trial_spec s = trial_default(rows_list[r], 9);
            s.dy = dy[i];
            right_everywhere(s);
            s.x = (data_spec){DATA_NORMAL, 0, dy[i].sigma > 1 ? 1e20 : 1e-10, 3};
            s.eps = 0;
            right_everywhere(s);
        }
    contexts_close(&all);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"orders and outliers", kinds}, {"careful leaves", careful_leaves},
        {"sizes, float32", sizes_f32},
        {"denormals", denormals},       {"sizes, float64", sizes_f64},
        {"sizes of gradients", gradient_sizes},
    };
    return harness_main(argc, argv, "difficult", cases, HARNESS_COUNT(cases));
}
