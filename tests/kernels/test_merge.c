/* SPDX-License-Identifier: BSD-3-Clause */
/* Merging the moments of two sets of rows. */
#include <math.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/tables.h"
#include "support/data.h"
#include "support/harness.h"

enum { COLS = 19, PITCH = 32, ROWS = 300 };

static const bnorm_kernels *tables[TABLES_MOST];
static int table_count;

/* Moments of rows begin .. end-1 of a drifting column, two passes in long double. */
static void moments_of(int col, int begin, int end, double planes[BNORM_MOMENTS_XDY * PITCH])
{
    long double n = end - begin, mean = 0, mean_dy = 0, m2 = 0, co = 0;
    for (int pass = 0; pass < 2; pass++)
        for (int i = begin; i < end; i++) {
            long double x = data_normal(41, (uint64_t)(i * COLS + col)) + 0.1L * i;
            long double dy = data_normal(42, (uint64_t)(i * COLS + col)) - 0.02L * i;
            if (pass == 0) {
                mean += x / n;
                mean_dy += dy / n;
            } else {
                m2 += (x - mean) * (x - mean);
                co += (x - mean) * (dy - mean_dy);
            }
        }
    planes[BNORM_MEAN_X * PITCH + col] = (double)mean;
    planes[BNORM_M2 * PITCH + col] = (double)m2;
    planes[BNORM_MEAN_DY * PITCH + col] = (double)mean_dy;
    planes[BNORM_COMOMENT * PITCH + col] = (double)co;
}

/* A dozen double operations: 16 * 2^-53 of the terms, which do not cancel in M2
 * and the means; the co-moment is measured by the larger of its parts. */
static void merging_equals_reducing_all(void)
{
    static const int cuts[] = {1, 64, 150, 299};
    for (int t = 0; t < table_count; t++)
        for (int d = 0; d < BNORM_DTYPES; d++)
            for (int c = 0; c < 4; c++) {
                double a[BNORM_MOMENTS_XDY * PITCH] = {0}, b[BNORM_MOMENTS_XDY * PITCH] = {0};
                double all[BNORM_MOMENTS_XDY * PITCH] = {0};
                int wrong = 0;
                for (int j = 0; j < COLS; j++) {
                    moments_of(j, 0, cuts[c], a);
                    moments_of(j, cuts[c], ROWS, b);
                    moments_of(j, 0, ROWS, all);
                }
                tables[t]->dtype[d].merge_xdy(a, b, PITCH, cuts[c], ROWS - cuts[c], COLS);
                for (int plane = 0; plane < BNORM_MOMENTS_XDY; plane++)
                    for (int j = 0; j < COLS; j++) {
                        double expected = all[plane * PITCH + j];
                        wrong += !(fabs(a[plane * PITCH + j] - expected) <=
                                   0x1p-49 * (fabs(expected) + 50));
                    }
                CU_ASSERT_EQUAL(wrong, 0);
            }
}

/* Forward's moments of x have the bits of the fused call's. */
static void merge_x_is_merge_xdy_without_dy(void)
{
    for (int t = 0; t < table_count; t++) {
        double a[BNORM_MOMENTS_XDY * PITCH] = {0}, b[BNORM_MOMENTS_XDY * PITCH] = {0};
        double only_x[BNORM_MOMENTS_X * PITCH];
        for (int j = 0; j < COLS; j++) {
            moments_of(j, 0, 100, a);
            moments_of(j, 100, ROWS, b);
        }
        memcpy(only_x, a, sizeof only_x);
        tables[t]->dtype[BNORM_F32].merge_xdy(a, b, PITCH, 100, 200, COLS);
        tables[t]->dtype[BNORM_F32].merge_x(only_x, b, PITCH, 100, 200, COLS);
        CU_ASSERT_EQUAL(memcmp(only_x, a, sizeof only_x), 0);
    }
}

/* Equal means stay exactly, whatever the weights: no drift of constant columns. */
static void constant_columns_stay(void)
{
    for (int t = 0; t < table_count; t++) {
        int wrong = 0;
        for (int rows = 1; rows < 1000; rows += 7) {
            double a[BNORM_MOMENTS_XDY * PITCH] = {0}, b[BNORM_MOMENTS_XDY * PITCH] = {0};
            for (int j = 0; j < COLS; j++)
                a[j] = b[j] = 1.0 / (j + 3);
            tables[t]->dtype[BNORM_F32].merge_xdy(a, b, PITCH, 64, rows, COLS);
            for (int j = 0; j < COLS; j++)
                wrong += a[j] != 1.0 / (j + 3) || a[BNORM_M2 * PITCH + j] != 0 ||
                         a[BNORM_COMOMENT * PITCH + j] != 0;
        }
        CU_ASSERT_EQUAL(wrong, 0);
    }
}

static void tables_agree(void)
{
    double first[BNORM_MOMENTS_XDY * PITCH] = {0};
    for (int t = 0; t < table_count; t++) {
        double a[BNORM_MOMENTS_XDY * PITCH] = {0}, b[BNORM_MOMENTS_XDY * PITCH] = {0};
        for (int j = 0; j < COLS; j++) {
            moments_of(j, 0, 64, a);
            moments_of(j, 64, ROWS, b);
        }
        tables[t]->dtype[BNORM_F32].merge_xdy(a, b, PITCH, 64, ROWS - 64, COLS);
        if (t == 0)
            memcpy(first, a, sizeof first);
        CU_ASSERT_EQUAL(memcmp(first, a, sizeof first), 0);
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"merging equals reducing all rows", merging_equals_reducing_all},
        {"merge_x is merge_xdy without dy", merge_x_is_merge_xdy_without_dy},
        {"constant columns stay", constant_columns_stay},
        {"all tables give the same bits", tables_agree},
    };
    table_count = tables_find(tables);
    return harness_main(argc, argv, "kernels/merge", cases, HARNESS_COUNT(cases));
}
