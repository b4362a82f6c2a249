/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The sums of a leaf: the order of operations that reduce.h promises, written
 * as a plain loop, and the same bits from every table, however the rows are cut
 * into calls and the columns into tiles.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/tables.h"
#include "support/data.h"
#include "support/harness.h"

enum { ROWS = BNORM_LEAF_ROWS, COLS = 141, LD = 143, PITCH = 144 };

static const bnorm_kernels *tables[TABLES_MOST];
static int table_count;

/* Where a column's sum is. */
static ptrdiff_t at(int plane, int col)
{
    return bnorm_group_at(BNORM_SUMS, plane, col);
}

typedef struct {
    _Alignas(64) double sums[BNORM_SUMS * PITCH], expected[BNORM_SUMS * PITCH];
    double x[ROWS * LD], dy[ROWS * LD];
} arrays; /* of either type: double is the larger */

static arrays *new_arrays(bnorm_dtype dtype)
{
    arrays *a = aligned_alloc(64, (sizeof *a + 63) / 64 * 64);
    data_vector(dtype, a->x, ROWS * LD, 5, 2, 21);
    data_vector(dtype, a->dy, ROWS * LD, -0.25, 1, 22);
    return a;
}

/* The plain loops; sums as they are after `rows` rows. */
static void reference_f32(float *sums, const float *x, const float *dy, int rows, int cols, int ld)
{
    for (int j = 0; j < cols; j++)
        for (int i = 0; i < rows; i++) {
            float u = x[i * ld + j] - x[j], v = dy[i * ld + j] - dy[j];
            sums[at(BNORM_SUM_U, j)] += u;
            sums[at(BNORM_SUM_UU, j)] = fmaf(u, u, sums[at(BNORM_SUM_UU, j)]);
            sums[at(BNORM_SUM_V, j)] += v;
            sums[at(BNORM_SUM_VV, j)] = fmaf(v, v, sums[at(BNORM_SUM_VV, j)]);
            sums[at(BNORM_SUM_UV, j)] = fmaf(u, v, sums[at(BNORM_SUM_UV, j)]);
        }
}

static void reference_f64(double *sums, const double *x, const double *dy, int rows, int cols,
                          int ld)
{
    for (int j = 0; j < cols; j++)
        for (int i = 0; i < rows; i++) {
            double u = x[i * ld + j] - x[j], v = dy[i * ld + j] - dy[j];
            sums[at(BNORM_SUM_U, j)] += u;
            sums[at(BNORM_SUM_UU, j)] = fma(u, u, sums[at(BNORM_SUM_UU, j)]);
            sums[at(BNORM_SUM_V, j)] += v;
            sums[at(BNORM_SUM_VV, j)] = fma(v, v, sums[at(BNORM_SUM_VV, j)]);
            sums[at(BNORM_SUM_UV, j)] = fma(u, v, sums[at(BNORM_SUM_UV, j)]);
        }
}

static void reference(bnorm_dtype dtype, arrays *a, int rows, int cols, int ld)
{
    memset(a->expected, 0, sizeof a->expected);
    if (dtype == BNORM_F64)
        reference_f64(a->expected, a->x, a->dy, rows, cols, ld);
    else
        reference_f32((float *)a->expected, (float *)a->x, (float *)a->dy, rows, cols, ld);
}

/* The first cols sums of each plane agree. */
static int same_planes(bnorm_dtype dtype, const arrays *a, int planes, int cols)
{
    size_t size = data_size(dtype);
    for (int plane = 0; plane < planes; plane++)
        for (int j = 0; j < cols; j++) {
            size_t offset = size * (size_t)at(plane, j);
            if (memcmp((char *)a->sums + offset, (char *)a->expected + offset, size) != 0)
                return 0;
        }
    return 1;
}

static bnorm_source source(bnorm_dtype dtype, const double *data, int row, int ld, int near)
{
    return (bnorm_source){(const char *)data + data_size(dtype) * (size_t)(row * ld), ld, 0,
                          near, 0};
}

/* Sums over rows, cut into calls of at most `step` rows.  In order where their length is near
 * ld, or in bands. */
static void sum_in_steps(const bnorm_kernel_set *set, bnorm_dtype dtype, arrays *a, int with_dy,
                         int rows, int step, int cols, int ld, int near)
{
    memset(a->sums, 0, sizeof a->sums);
    for (int row = 0; row < rows; row += step) {
        int count = row + step < rows ? step : rows - row;
        const bnorm_source x = source(dtype, a->x, row, ld, near);
        const bnorm_source dy = source(dtype, a->dy, row, ld, near);
        if (with_dy)
            set->sum_xdy(a->sums, &x, a->x, &dy, a->dy, count, cols);
        else
            set->sum_x(a->sums, &x, a->x, count, cols);
    }
}

static void every_table_follows_the_plain_loop(void)
{
    for (int d = 0; d < BNORM_DTYPES; d++) {
        bnorm_dtype dtype = (bnorm_dtype)d;
        arrays *a = new_arrays(dtype);
        for (int cols = 1; cols <= COLS; cols++) {
            const int rows = 1 + cols * 7 % ROWS;
            for (int dense = 0; dense < 2; dense++) {
                const int ld = dense ? cols : LD;
                reference(dtype, a, rows, cols, ld);
                for (int way = 0; way < TABLES_NEAR * table_count; way++) {
                    const bnorm_kernel_set *set = &tables[way / TABLES_NEAR]->dtype[d];
                    sum_in_steps(set, dtype, a, 1, rows, rows, cols, ld,
                                 tables_near[way % TABLES_NEAR]);
                    CU_ASSERT(same_planes(dtype, a, BNORM_SUMS, cols));
                    sum_in_steps(set, dtype, a, 0, rows, rows, cols, ld,
                                 tables_near[way % TABLES_NEAR]);
                    CU_ASSERT(same_planes(dtype, a, BNORM_SUM_V, cols));
                }
            }
        }
        free(a);
    }
}

static void cuts_between_rows_do_not_matter(void)
{
    for (int d = 0; d < BNORM_DTYPES; d++) {
        bnorm_dtype dtype = (bnorm_dtype)d;
        arrays *a = new_arrays(dtype);
        reference(dtype, a, ROWS, COLS, LD);
        for (int t = 0; t < table_count; t++)
            for (int step = 1; step <= ROWS; step++) {
                sum_in_steps(&tables[t]->dtype[d], dtype, a, 1, ROWS, step, COLS, LD,
                             tables_near[step % TABLES_NEAR]);
                CU_ASSERT(same_planes(dtype, a, BNORM_SUMS, COLS));
            }
        free(a);
    }
}

/* A column's sums are the same wherever it stands in the tile, beside whatever. */
static void neighbours_do_not_matter(void)
{
    for (int way = 0; way < TABLES_NEAR * table_count; way++) {
        arrays *a = new_arrays(BNORM_F32);
        float *x = (float *)a->x, *sums = (float *)a->sums;
        int wrong = 0;
        for (int i = 0; i < ROWS; i++)
            for (int j = 0; j < COLS; j++)
                x[i * LD + j] = j % 2 ? NAN : 1.0f / (float)(i + 1);
        sum_in_steps(&tables[way / TABLES_NEAR]->dtype[BNORM_F32], BNORM_F32, a, 1, ROWS, ROWS, COLS,
                     LD, tables_near[way % TABLES_NEAR]);
        for (int j = 2; j < COLS; j += 2)
            wrong += sums[at(BNORM_SUM_U, j)] != sums[at(BNORM_SUM_U, 0)] ||
                     sums[at(BNORM_SUM_UU, j)] != sums[at(BNORM_SUM_UU, 0)];
        CU_ASSERT_EQUAL(wrong, 0);
        free(a);
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"every table follows the plain loop", every_table_follows_the_plain_loop},
        {"cuts between rows do not matter", cuts_between_rows_do_not_matter},
        {"neighbouring columns do not matter", neighbours_do_not_matter},
    };
    table_count = tables_find(tables);
    return harness_main(argc, argv, "kernels/sums", cases, HARNESS_COUNT(cases));
}
