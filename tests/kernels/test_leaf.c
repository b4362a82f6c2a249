/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From the sums of a leaf to its moments, against two passes in long double:
 * ordinary leaves, and those that have to be reduced again, carefully.
 *
 * Bounds, e = 2^-24 (float) or 2^-53 (double), n <= 64 rows.  An ordinary leaf:
 * the error of UU is at most (n+2)*e*UU, that of U*U/n at most 2*n*e*UU; with
 * UU <= 32*M2 that is below 2^13*e*M2 at the very worst; with a first row within
 * two standard deviations, as here, UU <= 5*M2: 1000*e.  A careful leaf of
 * floats is computed in double: 2^-40 is generous.  The mean is x0 + U/n, with
 * |U|'s error at most n*e*sum|u|: (n+1)*e*max|u|, plus one rounding to double.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/tables.h"
#include "support/data.h"
#include "support/harness.h"

enum { ROWS = BNORM_LEAF_ROWS, COLS = 20, LD = 24, PITCH = 32 };

static const bnorm_kernels *tables[TABLES_MOST];
static int table_count;

typedef struct {
    _Alignas(64) double sums[BNORM_SUMS * PITCH], moments[BNORM_MOMENTS_XDY * PITCH];
    double x[ROWS * LD], dy[ROWS * LD]; /* of either type */
} arrays;

static arrays *new_arrays(bnorm_dtype dtype)
{
    arrays *a = aligned_alloc(64, (sizeof *a + 63) / 64 * 64);
    data_vector(dtype, a->x, ROWS * LD, 3, 2, 31);
    data_vector(dtype, a->dy, ROWS * LD, -0.5, 1, 32);
    return a;
}

static void reduce(const bnorm_kernel_set *set, arrays *a, int with_dy, int rows, int cols)
{
    bnorm_source x = {a->x, LD, 0, 0, 0}, dy = {a->dy, LD, 0, 0, 0};
    memset(a->sums, 0, sizeof a->sums);
    memset(a->moments, 0, sizeof a->moments);
    if (with_dy) {
        set->sum_xdy(a->sums, &x, a->x, &dy, a->dy, rows, cols);
        set->leaf_xdy(a->moments, PITCH, a->sums, &x, &dy, rows, cols);
    } else {
        set->sum_x(a->sums, &x, a->x, rows, cols);
        set->leaf_x(a->moments, PITCH, a->sums, &x, rows, cols);
    }
}

/* The textbook: two passes. */
static void reference(bnorm_dtype dtype, const arrays *a, int rows, int col,
                      long double moments[BNORM_MOMENTS_XDY])
{
    long double mean = 0, mean_dy = 0, m2 = 0, co = 0;
    for (int i = 0; i < rows; i++) {
        mean += data_get(dtype, a->x, i * LD + col);
        mean_dy += data_get(dtype, a->dy, i * LD + col);
    }
    mean /= rows;
    mean_dy /= rows;
    for (int i = 0; i < rows; i++) {
        long double u = data_get(dtype, a->x, i * LD + col) - mean;
        m2 += u * u;
        co += u * (data_get(dtype, a->dy, i * LD + col) - mean_dy);
    }
    moments[BNORM_MEAN_X] = mean;
    moments[BNORM_M2] = m2;
    moments[BNORM_MEAN_DY] = mean_dy;
    moments[BNORM_COMOMENT] = co;
}

/* Moments of column col within: means by tolerance * spread, M2 relative, the
 * co-moment relative to sqrt(M2 * W2), its Cauchy-Schwarz bound. */
static int close_to(bnorm_dtype dtype, const arrays *a, int rows, int col, int with_dy,
                    double tolerance)
{
    long double expected[BNORM_MOMENTS_XDY], w2 = 0;
    reference(dtype, a, rows, col, expected);
    for (int i = 0; i < rows; i++) {
        long double w = data_get(dtype, a->dy, i * LD + col) - expected[BNORM_MEAN_DY];
        w2 += w * w;
    }
    const double *got = a->moments + col;
    long double m2 = expected[BNORM_M2], sigma = sqrtl(m2), sigma_dy = sqrtl(w2);
    long double error = fabsl(got[BNORM_MEAN_X * PITCH] - expected[BNORM_MEAN_X]);
    if (!(error <= tolerance * sigma + 2 * DBL_EPSILON * fabsl(expected[BNORM_MEAN_X])) ||
        !(fabsl(got[BNORM_M2 * PITCH] - m2) <= tolerance * m2 + 0x1p-1073L)) /* denormal M2 */
        return 0;
    if (!with_dy)
        return 1;
    error = fabsl(got[BNORM_MEAN_DY * PITCH] - expected[BNORM_MEAN_DY]);
    return error <= tolerance * sigma_dy + 2 * DBL_EPSILON * fabsl(expected[BNORM_MEAN_DY]) &&
           fabsl(got[BNORM_COMOMENT * PITCH] - expected[BNORM_COMOMENT]) <=
               tolerance * sigma * sigma_dy;
}

static double ordinary(bnorm_dtype dtype)
{
    return 1000 * (dtype == BNORM_F64 ? 0x1p-53 : 0x1p-24);
}

static void ordinary_leaves(void)
{
    for (int d = 0; d < BNORM_DTYPES; d++) {
        arrays *a = new_arrays((bnorm_dtype)d);
        for (int j = 0; j < COLS; j++) { /* the first row near the mean */
            data_set((bnorm_dtype)d, a->x, j, 3.5);
            data_set((bnorm_dtype)d, a->dy, j, -1);
        }
        for (int t = 0; t < table_count; t++)
            for (int rows = 2; rows <= ROWS; rows++)
                for (int with_dy = 0; with_dy < 2; with_dy++) {
                    int wrong = 0;
                    reduce(&tables[t]->dtype[d], a, with_dy, rows, COLS);
                    for (int j = 0; j < COLS; j++)
                        wrong += !close_to((bnorm_dtype)d, a, rows, j, with_dy,
                                           ordinary((bnorm_dtype)d));
                    CU_ASSERT_EQUAL(wrong, 0);
                }
        free(a);
    }
}

static void one_row(void)
{
    for (int d = 0; d < BNORM_DTYPES; d++) {
        arrays *a = new_arrays((bnorm_dtype)d);
        for (int t = 0; t < table_count; t++) {
            int wrong = 0;
            reduce(&tables[t]->dtype[d], a, 1, 1, COLS);
            for (int j = 0; j < COLS; j++)
                for (int plane = 0; plane < BNORM_MOMENTS_XDY; plane++) {
                    double expected = plane == BNORM_MEAN_X    ? data_get((bnorm_dtype)d, a->x, j)
                                      : plane == BNORM_MEAN_DY ? data_get((bnorm_dtype)d, a->dy, j)
                                                               : 0;
                    wrong += a->moments[plane * PITCH + j] != expected;
                }
            CU_ASSERT_EQUAL(wrong, 0);
        }
        free(a);
    }
}

/* Leaves whose float sums are worthless: what double gives is expected. */
static void careful_leaves(void)
{
    static const struct {
        const char *name;
        double first, mean, sigma; /* row 0, and the others */
    } hard[] = {
        {"first row an outlier", 1e6, 0, 1},
        {"first row far below", -3e8, 1, 1e-3},
        {"mean 1e4, sigma 1e-2, first row 0", 0, 1e4, 1e-2},
        {"squares overflow", 1e30, 2e30, 1e30},
        {"near the largest float", 1e38, 0, 3e37},
        {"squares underflow", 1e-30, 0, 1e-30},
        {"squares are denormal", 1e-21, 0, 1e-21},
        {"denormals", 0, 1e-40, 1e-41},
    };
    for (size_t i = 0; i < sizeof hard / sizeof hard[0]; i++) {
        arrays *a = new_arrays(BNORM_F32);
        data_vector(BNORM_F32, a->x, ROWS * LD, hard[i].mean, hard[i].sigma, 33);
        for (int j = 0; j < COLS; j++)
            data_set(BNORM_F32, a->x, j, hard[i].first);
        for (int t = 0; t < table_count; t++)
            for (int with_dy = 0; with_dy < 2; with_dy++) {
                int wrong = 0;
                reduce(&tables[t]->dtype[BNORM_F32], a, with_dy, ROWS, COLS);
                /* the co-moment's error is measured by dy's spread: ordinary */
                for (int j = 0; j < COLS; j++)
                    wrong += !close_to(BNORM_F32, a, ROWS, j, 0, 0x1p-40) ||
                             !close_to(BNORM_F32, a, ROWS, j, with_dy, ordinary(BNORM_F32));
                if (wrong)
                    harness_note("%s, %s: %d columns", tables[t]->isa, hard[i].name, wrong);
                CU_ASSERT_EQUAL(wrong, 0);
            }
        free(a);
    }
}

/* The same for dy: x's moments do not notice. */
static void careful_leaves_of_dy(void)
{
    static const double scale[] = {1e30, 1e-30, 1e-42};
    for (int i = 0; i < 3; i++)
        for (int t = 0; t < table_count; t++) {
            arrays *a = new_arrays(BNORM_F32);
            double before[BNORM_MOMENTS_X * PITCH];
            int wrong = 0;
            data_vector(BNORM_F32, a->dy, ROWS * LD, scale[i], scale[i], 34);
            reduce(&tables[t]->dtype[BNORM_F32], a, 0, ROWS, COLS);
            memcpy(before, a->moments, sizeof before);
            reduce(&tables[t]->dtype[BNORM_F32], a, 1, ROWS, COLS);
            for (int j = 0; j < COLS; j++)
                wrong += !close_to(BNORM_F32, a, ROWS, j, 1, ordinary(BNORM_F32)) ||
                         a->moments[BNORM_MEAN_X * PITCH + j] != before[BNORM_MEAN_X * PITCH + j] ||
                         a->moments[BNORM_M2 * PITCH + j] != before[BNORM_M2 * PITCH + j];
            CU_ASSERT_EQUAL(wrong, 0);
            free(a);
        }
}

/* Doubles that leave the range of double when squared. */
static void rescaled_double_leaves(void)
{
    static const double scale[] = {1e200, 5e152, 1e150, 1e-150, 1e-158};
    for (int i = 0; i < 5; i++)
        for (int t = 0; t < table_count; t++) {
            arrays *a = new_arrays(BNORM_F64);
            int wrong = 0;
            data_vector(BNORM_F64, a->x, ROWS * LD, scale[i], scale[i], 35);
            reduce(&tables[t]->dtype[BNORM_F64], a, 0, ROWS, COLS);
            for (int j = 0; j < COLS; j++) {
                long double expected[BNORM_MOMENTS_XDY];
                reference(BNORM_F64, a, ROWS, j, expected);
                if (expected[BNORM_M2] > DBL_MAX) { /* M2 is beyond double: the mean is not */
                    double mean = a->moments[BNORM_MEAN_X * PITCH + j];
                    wrong += !isinf(a->moments[BNORM_M2 * PITCH + j]) ||
                             !(fabsl(mean - expected[BNORM_MEAN_X]) <=
                               ordinary(BNORM_F64) * sqrtl(expected[BNORM_M2]));
                } else {
                    wrong += !close_to(BNORM_F64, a, ROWS, j, 0, ordinary(BNORM_F64));
                }
            }
            if (wrong)
                harness_note("%s, scale %g: %d columns", tables[t]->isa, scale[i], wrong);
            CU_ASSERT_EQUAL(wrong, 0);
            free(a);
        }
}

/* Constant columns have exactly that mean and nothing else, for any value. */
static void constant_columns(void)
{
    static const double value[] = {0, -0.0, 1.0 / 3, -1e30, 1e-42, FLT_MAX, 16777217.0};
    for (int d = 0; d < BNORM_DTYPES; d++)
        for (int i = 0; i < 7; i++)
            for (int t = 0; t < table_count; t++) {
                arrays *a = new_arrays((bnorm_dtype)d);
                int wrong = 0;
                data_vector((bnorm_dtype)d, a->x, ROWS * LD, value[i], 0, 1);
                reduce(&tables[t]->dtype[d], a, 1, ROWS, COLS);
                for (int j = 0; j < COLS; j++)
                    wrong += a->moments[BNORM_MEAN_X * PITCH + j] !=
                                 data_get((bnorm_dtype)d, a->x, j) ||
                             a->moments[BNORM_M2 * PITCH + j] != 0 ||
                             a->moments[BNORM_COMOMENT * PITCH + j] != 0;
                CU_ASSERT_EQUAL(wrong, 0);
                free(a);
            }
}

/* NaN or infinity in one column: its moments are NaN, its neighbours' bits stay;
 * in dy: dy's mean and the co-moment, not x's moments. */
static void poisoned_columns(void)
{
    static const double poison[] = {NAN, INFINITY, -INFINITY};
    for (int d = 0; d < BNORM_DTYPES; d++)
        for (int i = 0; i < 12; i++)
            for (int t = 0; t < table_count; t++) {
                arrays *a = new_arrays((bnorm_dtype)d);
                double clean[BNORM_MOMENTS_XDY * PITCH];
                int in_dy = i >= 6, row = i / 3 % 2 * 17, bad = 5, wrong = 0;
                reduce(&tables[t]->dtype[d], a, 1, ROWS, COLS);
                memcpy(clean, a->moments, sizeof clean);
                data_set((bnorm_dtype)d, in_dy ? a->dy : a->x, row * LD + bad, poison[i % 3]);
                reduce(&tables[t]->dtype[d], a, 1, ROWS, COLS);
                for (int plane = 0; plane < BNORM_MOMENTS_XDY; plane++) {
                    int of_x = plane == BNORM_MEAN_X || plane == BNORM_M2;
                    int nan = plane == BNORM_COMOMENT || of_x != in_dy;
                    for (int j = 0; j < COLS; j++) {
                        double now = a->moments[plane * PITCH + j];
                        wrong += j == bad && nan ? !isnan(now) : now != clean[plane * PITCH + j];
                    }
                }
                if (wrong)
                    harness_note("%s, %g in row %d of %s: %d moments", tables[t]->isa,
                                 poison[i % 3], row, in_dy ? "dy" : "x", wrong);
                CU_ASSERT_EQUAL(wrong, 0);
                free(a);
            }
}

/* Whether a leaf is reduced again is a column's own affair: first rows around the limit, alone and
 * beside a column that has to be. */
static void limit_is_of_each_column(void)
{
    for (int t = 0; t < 2 * BNORM_DTYPES * table_count; t++) {
        const int in_dy = t % 2;
        const bnorm_dtype dtype = (bnorm_dtype)(t / 2 % BNORM_DTYPES);
        const bnorm_kernel_set *set = &tables[t / 2 / BNORM_DTYPES]->dtype[dtype];
        arrays *a = new_arrays(dtype);
        double *data = in_dy ? a->dy : a->x, alone[BNORM_MOMENTS_XDY * PITCH];
        int wrong = 0;
        for (int i = LD; i < ROWS * LD; i++)
            data_set(dtype, data, i, data_normal(37, (uint64_t)(i / LD)));
        for (double first = 6; first < 10; first += 0.01) {
            for (int j = 0; j < COLS; j++)
                data_set(dtype, data, j, first);
            reduce(set, a, 1, ROWS, COLS);
            memcpy(alone, a->moments, sizeof alone);
            for (int j = 5; j < COLS; j += BNORM_GROUP)
                data_set(dtype, data, j, NAN);
            reduce(set, a, 1, ROWS, COLS);
            for (int i = 0; i < BNORM_MOMENTS_XDY * PITCH; i++)
                wrong += i % PITCH < COLS && i % PITCH % BNORM_GROUP != 5 &&
                         a->moments[i] != alone[i];
        }
        CU_ASSERT_EQUAL(wrong, 0);
        free(a);
    }
}

/* All tables give the same bits, careful or not: columns of all kinds at once. */
static void tables_agree(void)
{
    for (int d = 0; d < BNORM_DTYPES; d++) {
        arrays *a = new_arrays((bnorm_dtype)d);
        double first[BNORM_MOMENTS_XDY * PITCH];
        for (int j = 0; j < COLS; j++) {
            double scale = j % 5 == 1 ? 1e30 : j % 5 == 2 ? 1e-40 : 1;
            for (int i = j; i < ROWS * LD; i += LD) {
                double z = data_normal(36, (uint64_t)i);
                data_set((bnorm_dtype)d, a->x, i, j % 5 == 3 && i == j ? 1e7 : scale * z);
            }
        }
        for (int t = 0; t < table_count; t++) {
            reduce(&tables[t]->dtype[d], a, 1, ROWS, COLS);
            if (t == 0)
                memcpy(first, a->moments, sizeof first);
            for (int plane = 0; plane < BNORM_MOMENTS_XDY; plane++)
                CU_ASSERT_EQUAL(memcmp(first + plane * PITCH, a->moments + plane * PITCH,
                                       COLS * sizeof(double)),
                                0);
        }
        free(a);
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"ordinary leaves", ordinary_leaves},
        {"one row", one_row},
        {"careful leaves of x", careful_leaves},
        {"careful leaves of dy", careful_leaves_of_dy},
        {"double leaves beyond the range of squares", rescaled_double_leaves},
        {"constant columns", constant_columns},
        {"NaN and infinity stay in their column", poisoned_columns},
        {"each column decides about itself", limit_is_of_each_column},
        {"all tables give the same bits", tables_agree},
    };
    table_count = tables_find(tables);
    return harness_main(argc, argv, "kernels/leaf", cases, HARNESS_COUNT(cases));
}
