/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Long columns, where sums in float drift: means far from zero over millions of
 * rows.  The variance must be within 1e-6 of its value, far inside the worst
 * case of bounds.c (194 * 2^-24 * (1 + (mean - first)^2/sigma^2) per leaf, 1e-5
 * and more): roundings of 62,500 leaves average out, unless something drifts.
 */
#include "support/contexts.h"
#include "support/harness.h"
#include "support/trial.h"

#include <math.h>

/* The largest relative error of a column's variance, which running_var shows
 * when momentum is 1. */
static double variance_error(const trial *t)
{
    double worst = 0;
    for (int64_t col = 0; col < t->spec.cols; col++) {
        oracle_column o;
        if (oracle_compute(&t->problem, &t->before, t->spec.operation, col, &o, NULL, NULL) != 0)
            return (double)INFINITY;
        long double got = data_get(t->spec.stats_dtype, t->args.running_var, col);
        worst = fmax(worst, (double)fabsl(got / o.var - 1));
    }
    return worst;
}

static void expect_accurate(int64_t rows, int64_t cols, data_spec x)
{
    /* Six matrices with their copies, and two columns in double. */
    if (harness_lacks_memory(rows * cols * 6 * 4 + rows * 2 * 16 + (INT64_C(64) << 20)))
        return;
    bnorm_context *context = contexts_one(2);
    trial_spec s = trial_default(rows, cols);
    trial t;
    s.x = x;
    s.eps = 0;
    s.momentum = 1;
    s.stats_dtype = BNORM_F64; /* or the rounding of what is stored is all one sees */
    CU_ASSERT_FATAL(context != NULL);
    CU_ASSERT_FATAL(trial_open(&t, &s) == 0);
    if (trial_run(&t, context) == BNORM_OK) {
        char text[200];
        oracle_report report;
        double error = variance_error(&t), ratio = trial_compare(&t, &report);
        oracle_format(&report, text, sizeof text);
        harness_note("mean %g, sigma %g, %lld rows: variance off by %.1e; worst %s", x.mean,
                     x.sigma, (long long)rows, error, text);
        CU_ASSERT(error <= 1e-6);
        CU_ASSERT(ratio <= 1);
    } else {
        CU_FAIL(bnorm_last_error());
    }
    trial_close(&t);
    bnorm_context_destroy(context);
}

static void large(data_spec x)
{
    if (!harness_sampled(1))
        harness_skip("BNORM_TEST_SAMPLE leaves out what takes seconds");
    else if (x.mean == 1e4 && x.sigma == 1e-2)
        expect_accurate(10000000, 1, x);
    else
        expect_accurate(4000000, 2, x);
}

static void centred(void)
{
    large((data_spec){DATA_NORMAL, 0, 1, 1});
}

static void mean_1000(void)
{
    large((data_spec){DATA_NORMAL, 1000, 1, 2});
}

static void mean_10000(void)
{
    large((data_spec){DATA_NORMAL, 10000, 0.1, 3});
}

static void mean_10000_narrow(void)
{
    large((data_spec){DATA_NORMAL, 1e4, 1e-2, 4});
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"mean 0, sigma 1", centred},
        {"mean 1000, sigma 1", mean_1000},
        {"mean 10000, sigma 0.1", mean_10000},
        {"mean 10000, sigma 0.01", mean_10000_narrow},
    };
    return harness_main(argc, argv, "large", cases, HARNESS_COUNT(cases));
}
