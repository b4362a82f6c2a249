/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From moments to what is applied per column: the formulas at the head of
 * bnorm.h in long double, both parts of the mean, and the edges.
 */
#include "exec/coefficients.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "support/data.h"
#include "support/harness.h"

enum { COLS = 5, FIRST = 3, PITCH = BNORM_GROUP, ALL_COLS = FIRST + COLS };

/* One column block (columns FIRST .. FIRST + COLS - 1 of a matrix) and all that
 * an execution has around it. */
typedef struct {
    bnorm_plan plan;
    bnorm_schedule schedule;
    bnorm_args args;
    bnorm_run run;
    bnorm_piece piece;
    double moments[BNORM_MOMENTS_XDY * PITCH];
    double coefficients[BNORM_COEFFICIENTS * PITCH]; /* of either type */
    double gamma[ALL_COLS], beta[ALL_COLS], mean[ALL_COLS], rstd[ALL_COLS], dgamma[ALL_COLS],
        dbeta[ALL_COLS], running_mean[ALL_COLS], running_var[ALL_COLS];
    int64_t batches;
} scene;

static void set_scene(scene *s, int64_t rows, bnorm_dtype dtype, bnorm_dtype stats, unsigned flags)
{
    memset(s, 0, sizeof *s);
    s->plan.problem = (bnorm_problem){.rows = rows, .cols = ALL_COLS, .dtype = dtype,
                                      .stats_dtype = stats, .eps = 1e-5, .flags = flags};
    s->schedule.workspace.pitch = PITCH;
    s->args = (bnorm_args){.rows = rows, .gamma = s->gamma, .beta = s->beta, .mean = s->mean,
                           .rstd = s->rstd, .dgamma = s->dgamma, .dbeta = s->dbeta,
                           .running_mean = s->running_mean, .running_var = s->running_var,
                           .batches = &s->batches, .momentum = 0.25};
    s->run.plan = &s->plan;
    s->run.schedule = &s->schedule;
    s->run.args = &s->args;
    s->run.operation = BNORM_FORWARD_BACKWARD;
    s->run.fold = 1;
    s->run.global = (flags & BNORM_GLOBAL_STATISTICS) != 0;
    s->run.rows = rows;
    s->piece.cols = (bnorm_range){FIRST, ALL_COLS};
    s->piece.part = (bnorm_range){0, COLS};
    s->piece.coefficients = s->coefficients;
    double *vectors[] = {s->gamma, s->beta, s->running_mean, s->running_var, s->dgamma, s->dbeta};
    for (int v = 0; v < 6; v++)
        data_vector(stats, vectors[v], ALL_COLS, v == 3 ? 9 : 1, 0.5, 71 + (uint64_t)v);
    for (int j = 0; j < COLS; j++) {
        s->moments[BNORM_MEAN_X * PITCH + j] = 1000 + data_normal(81, (uint64_t)j);
        s->moments[BNORM_M2 * PITCH + j] = (double)rows * (1 + data_uniform(82, (uint64_t)j));
        s->moments[BNORM_MEAN_DY * PITCH + j] = data_normal(83, (uint64_t)j);
        s->moments[BNORM_COMOMENT * PITCH + j] = (double)rows * data_normal(84, (uint64_t)j);
    }
}

static double coefficient(const scene *s, int plane, int j)
{
    return data_get(s->plan.problem.dtype, s->coefficients,
                    bnorm_group_at(BNORM_COEFFICIENTS, plane, j));
}

static long double relative(long double got, long double expected)
{
    return fabsl(got - expected) / (fabsl(expected) + LDBL_MIN);
}

/* y at x and dx at (x, dy) by the coefficients, in long double: what is left are
 * the roundings of the coefficients themselves. */
static long double apply_y(const scene *s, int j, long double x)
{
    return (x - coefficient(s, BNORM_X_HI, j)) * coefficient(s, BNORM_SCALE, j) +
           coefficient(s, BNORM_SHIFT, j);
}

static long double apply_dx(const scene *s, int j, long double x, long double dy)
{
    long double u = x - coefficient(s, BNORM_X_HI, j), e = dy - coefficient(s, BNORM_DY_HI, j);
    return (e - u * coefficient(s, BNORM_RSTD, j) * coefficient(s, BNORM_SLOPE, j)) *
               coefficient(s, BNORM_DX_SCALE, j) +
           coefficient(s, BNORM_DX_SHIFT, j);
}

/* Each coefficient is rounded once (e = 2^-24 or 2^-53) and rstd twice: with |x -
 * mu|*rstd <= 4 and |dy| <= 6 no term of y or dx exceeds 30, and 30 * 8 * e bounds
 * them all.  A mean rounded to float before it is subtracted would be off by up
 * to 1000 * 2^-24: half of that bound alone, and far beyond it with doubles'. */
static void the_formulas(void)
{
    static const bnorm_dtype types[][2] = {
        {BNORM_F32, BNORM_F32}, {BNORM_F32, BNORM_F64}, {BNORM_F64, BNORM_F64}};
    for (int t = 0; t < 3; t++) {
        scene s;
        set_scene(&s, 1000, types[t][0], types[t][1], 0);
        double e = types[t][0] == BNORM_F32 ? 0x1p-24 : 0x1p-53;
        double es = types[t][1] == BNORM_F32 ? 0x1p-23 : 0x1p-51;
        double before_mean[COLS], before_var[COLS], beside = data_get(types[t][1], s.dgamma, 0);
        for (int j = 0; j < COLS; j++) {
            before_mean[j] = data_get(types[t][1], s.running_mean, FIRST + j);
            before_var[j] = data_get(types[t][1], s.running_var, FIRST + j);
        }
        bnorm_coefficients_batch(&s.run, &s.piece, s.moments,
                                 BNORM_SIDE_FORWARD | BNORM_SIDE_BACKWARD);
        for (int j = 0; j < COLS; j++) {
            int c = FIRST + j;
            long double mu = s.moments[BNORM_MEAN_X * PITCH + j];
            long double var = s.moments[BNORM_M2 * PITCH + j] / 1000.0L;
            long double rstd = 1 / sqrtl(var + 1e-5L);
            long double mean_dy = s.moments[BNORM_MEAN_DY * PITCH + j];
            long double dgamma = rstd * s.moments[BNORM_COMOMENT * PITCH + j];
            long double gamma = data_get(types[t][1], s.gamma, c);
            long double beta = data_get(types[t][1], s.beta, c);
            long double x = mu + 3 / rstd, dy = mean_dy - 2, xhat = (x - mu) * rstd;
            long double dx = gamma * rstd * ((dy - mean_dy) - xhat * dgamma / 1000);
            CU_ASSERT(fabsl(apply_y(&s, j, x) - (gamma * xhat + beta)) <= 240 * e);
            CU_ASSERT(fabsl(apply_dx(&s, j, x, dy) - dx) <= 240 * (e > es ? e : es));
            CU_ASSERT(relative(data_get(types[t][1], s.mean, c), mu) <= es);
            CU_ASSERT(relative(data_get(types[t][1], s.rstd, c), rstd) <= es);
            CU_ASSERT(relative(data_get(types[t][1], s.dgamma, c), dgamma) <= 2 * es);
            CU_ASSERT(relative(data_get(types[t][1], s.dbeta, c), 1000 * mean_dy) <= es);
            CU_ASSERT(relative(data_get(types[t][1], s.running_mean, c),
                               0.75L * before_mean[j] + 0.25L * mu) <= es);
            CU_ASSERT(relative(data_get(types[t][1], s.running_var, c),
                               0.75L * before_var[j] + 0.25L * var) <= es);
        }
        /* the columns beside the block are another's */
        CU_ASSERT_EQUAL(data_get(types[t][1], s.dgamma, 0), beside);
        CU_ASSERT_EQUAL(data_get(types[t][1], s.mean, FIRST - 1), 0); /* as it was */
    }
}

static void running_statistics(void)
{
    scene s;
    double n = 1000, m2, before;
    set_scene(&s, 1000, BNORM_F64, BNORM_F64, BNORM_UNBIASED_VARIANCE);
    m2 = s.moments[BNORM_M2 * PITCH];
    before = s.running_var[FIRST];
    bnorm_coefficients_batch(&s.run, &s.piece, s.moments, BNORM_SIDE_FORWARD);
    CU_ASSERT(relative(s.running_var[FIRST], 0.75L * before + 0.25L * m2 / (n - 1)) <= 0x1p-50);

    set_scene(&s, 1000, BNORM_F64, BNORM_F64, BNORM_CUMULATIVE_AVERAGE);
    s.batches = 3; /* the fourth batch counts a quarter; the counter itself is the caller's */
    before = s.running_mean[FIRST];
    bnorm_coefficients_batch(&s.run, &s.piece, s.moments, BNORM_SIDE_FORWARD);
    CU_ASSERT(relative(s.running_mean[FIRST], 0.75L * before + 0.25L * s.moments[0]) <= 0x1p-50);
    CU_ASSERT_EQUAL(s.batches, 3);

    set_scene(&s, 1000, BNORM_F64, BNORM_F64, 0);
    s.args.momentum = 1; /* forget all, even what is not a number */
    s.running_mean[FIRST] = NAN;
    bnorm_coefficients_batch(&s.run, &s.piece, s.moments, BNORM_SIDE_FORWARD);
    CU_ASSERT_EQUAL(s.running_mean[FIRST], s.moments[0]);

    set_scene(&s, 1000, BNORM_F64, BNORM_F64, 0);
    before = s.running_mean[FIRST];
    bnorm_coefficients_batch(&s.run, &s.piece, s.moments, BNORM_SIDE_BACKWARD);
    CU_ASSERT_EQUAL(s.running_mean[FIRST], before);
    s.args.running_mean = s.args.running_var = NULL;
    bnorm_coefficients_batch(&s.run, &s.piece, s.moments, BNORM_SIDE_FORWARD);
    CU_ASSERT_EQUAL(s.running_mean[FIRST], before);
}

static void accumulation(void)
{
    scene once, twice;
    set_scene(&once, 1000, BNORM_F64, BNORM_F64, 0);
    set_scene(&twice, 1000, BNORM_F64, BNORM_F64, BNORM_ACCUMULATE);
    double before = twice.dgamma[FIRST], before_dbeta = twice.dbeta[FIRST];
    bnorm_coefficients_batch(&once.run, &once.piece, once.moments, BNORM_SIDE_BACKWARD);
    bnorm_coefficients_batch(&twice.run, &twice.piece, twice.moments, BNORM_SIDE_BACKWARD);
    CU_ASSERT_EQUAL(twice.dgamma[FIRST], before + once.dgamma[FIRST]);
    CU_ASSERT_EQUAL(twice.dbeta[FIRST], before_dbeta + once.dbeta[FIRST]);
    /* dx uses this batch's own sums */
    CU_ASSERT_EQUAL(memcmp(once.coefficients, twice.coefficients, sizeof once.coefficients), 0);
}

static void the_edges_of_rstd(void)
{
    CU_ASSERT_EQUAL(bnorm_rstd(0), 0);
    CU_ASSERT_EQUAL(bnorm_rstd(4), 0.5);
    CU_ASSERT(isfinite(bnorm_rstd(DBL_MIN)) && isfinite(bnorm_rstd(0x1p-1074)));
    CU_ASSERT(bnorm_rstd(DBL_MAX) > 0);
    CU_ASSERT(isnan(bnorm_rstd(NAN)));
}

/* var + eps == 0: rstd 0, y = beta for any x, dx = dgamma = 0. */
static void a_constant_column(void)
{
    for (int d = 0; d < 2; d++) {
        bnorm_dtype dtype = (bnorm_dtype)d;
        scene s;
        set_scene(&s, 64, dtype, dtype, 0);
        s.plan.problem.eps = 0;
        s.moments[BNORM_M2 * PITCH] = s.moments[BNORM_COMOMENT * PITCH] = 0;
        bnorm_coefficients_batch(&s.run, &s.piece, s.moments,
                                 BNORM_SIDE_FORWARD | BNORM_SIDE_BACKWARD);
        long double x = data_get(dtype, s.mean, FIRST);
        CU_ASSERT_EQUAL(apply_y(&s, 0, x), data_get(dtype, s.beta, FIRST));
        CU_ASSERT_EQUAL(apply_dx(&s, 0, x, 5), 0);
        CU_ASSERT_EQUAL(data_get(dtype, s.rstd, FIRST), 0);
        CU_ASSERT_EQUAL(data_get(dtype, s.dgamma, FIRST), 0);
    }
}

/* rstd beyond the largest float is stored as that: never infinite. */
static void rstd_saturates(void)
{
    scene s;
    set_scene(&s, 64, BNORM_F32, BNORM_F32, 0);
    s.plan.problem.eps = 1e-90; /* rstd 1e45 */
    s.moments[BNORM_M2 * PITCH] = 0;
    bnorm_coefficients_batch(&s.run, &s.piece, s.moments,
                             BNORM_SIDE_FORWARD | BNORM_SIDE_BACKWARD);
    CU_ASSERT_EQUAL(data_get(BNORM_F32, s.rstd, FIRST), FLT_MAX);
    for (int plane = 0; plane < BNORM_SPARE; plane++)
        CU_ASSERT(isfinite(coefficient(&s, plane, 0)));
}

static void a_poisoned_column(void)
{
    scene s;
    set_scene(&s, 64, BNORM_F32, BNORM_F32, 0);
    for (int plane = 0; plane < BNORM_MOMENTS_XDY; plane++)
        s.moments[plane * PITCH + 1] = NAN;
    bnorm_coefficients_batch(&s.run, &s.piece, s.moments,
                             BNORM_SIDE_FORWARD | BNORM_SIDE_BACKWARD);
    CU_ASSERT(isnan(data_get(BNORM_F32, s.mean, FIRST + 1)));
    CU_ASSERT(isnan(data_get(BNORM_F32, s.rstd, FIRST + 1)));
    for (int j = 0; j < COLS; j += 2) {
        CU_ASSERT(isfinite(data_get(BNORM_F32, s.mean, FIRST + j)));
        CU_ASSERT(isfinite(coefficient(&s, BNORM_SHIFT, j)));
    }
}

/* No rows: zeros are saved, running and accumulated values stay. */
static void no_rows(void)
{
    for (int accumulate = 0; accumulate < 2; accumulate++) {
        scene s;
        set_scene(&s, 0, BNORM_F64, BNORM_F64, accumulate ? BNORM_ACCUMULATE : 0);
        memset(s.moments, 0, sizeof s.moments);
        double mean = s.running_mean[FIRST], var = s.running_var[FIRST], dgamma = s.dgamma[FIRST];
        s.mean[FIRST] = s.rstd[FIRST] = 7;
        bnorm_coefficients_batch(&s.run, &s.piece, s.moments,
                                 BNORM_SIDE_FORWARD | BNORM_SIDE_BACKWARD);
        CU_ASSERT(s.mean[FIRST] == 0 && s.rstd[FIRST] == 0);
        CU_ASSERT(s.running_mean[FIRST] == mean && s.running_var[FIRST] == var);
        CU_ASSERT_EQUAL(s.dgamma[FIRST], accumulate ? dgamma : 0);
    }
}

/* Backward takes rstd as forward stored it, and needs none to be given. */
static void backward_takes_the_stored_rstd(void)
{
    scene s, found;
    set_scene(&s, 64, BNORM_F32, BNORM_F32, 0);
    set_scene(&found, 64, BNORM_F32, BNORM_F32, 0);
    s.run.operation = found.run.operation = BNORM_BACKWARD;
    data_vector(BNORM_F32, s.rstd, ALL_COLS, 0.125, 0, 1);
    found.args.rstd = NULL;
    bnorm_coefficients_batch(&s.run, &s.piece, s.moments, BNORM_SIDE_BACKWARD);
    bnorm_coefficients_batch(&found.run, &found.piece, found.moments, BNORM_SIDE_BACKWARD);
    CU_ASSERT_EQUAL(coefficient(&s, BNORM_RSTD, 0), 0.125);
    CU_ASSERT_EQUAL(data_get(BNORM_F32, s.rstd, FIRST), 0.125);
    long double rstd = 1 / sqrtl(found.moments[BNORM_M2 * PITCH] / 64.0L + 1e-5L);
    CU_ASSERT(relative(coefficient(&found, BNORM_RSTD, 0), rstd) <= 0x1p-23);
}

/* Global statistics: constants to the gradient. */
static void global_statistics(void)
{
    scene s;
    set_scene(&s, 1000, BNORM_F64, BNORM_F64, BNORM_GLOBAL_STATISTICS);
    bnorm_coefficients_global(&s.run, &s.piece, BNORM_SIDE_FORWARD | BNORM_SIDE_BACKWARD);
    bnorm_gradients_global(&s.run, &s.piece, s.moments);
    for (int j = 0; j < COLS; j++) {
        long double mu = s.running_mean[FIRST + j], n = 1000;
        long double rstd = 1 / sqrtl(s.running_var[FIRST + j] + 1e-5L);
        long double sum_dy = n * s.moments[BNORM_MEAN_DY * PITCH + j];
        /* sum dy (x - mu) = C + sum dy * (mean_x - mu) */
        long double dgamma = rstd * (s.moments[BNORM_COMOMENT * PITCH + j] +
                                     sum_dy * (s.moments[BNORM_MEAN_X * PITCH + j] - mu));
        long double y = s.gamma[FIRST + j] * 2 + s.beta[FIRST + j];
        CU_ASSERT(fabsl(apply_y(&s, j, mu + 2 / rstd) - y) <= 240 * 0x1p-53);
        CU_ASSERT(relative(s.dgamma[FIRST + j], dgamma) <= 0x1p-49);
        CU_ASSERT(relative(s.dbeta[FIRST + j], sum_dy) <= 0x1p-52);
        CU_ASSERT_EQUAL(s.running_mean[FIRST + j], (double)mu);
        CU_ASSERT_EQUAL(s.mean[FIRST + j], (double)mu);
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"the formulas", the_formulas},
        {"running statistics", running_statistics},
        {"accumulation", accumulation},
        {"the edges of rstd", the_edges_of_rstd},
        {"a constant column", a_constant_column},
        {"rstd saturates", rstd_saturates},
        {"a poisoned column", a_poisoned_column},
        {"no rows", no_rows},
        {"backward takes the stored rstd", backward_takes_the_stored_rstd},
        {"global statistics", global_statistics},
    };
    return harness_main(argc, argv, "exec/coefficients", cases, HARNESS_COUNT(cases));
}
