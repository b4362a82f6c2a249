/* SPDX-License-Identifier: BSD-3-Clause */
/* Many leaves in one go: the bits of each one's sums and moments, computed by themselves. */
#include <stdlib.h>
#include <string.h>

#include "base/range.h"
#include "kernels/kernels.h"
#include "kernels/tables.h"
#include "support/data.h"
#include "support/harness.h"

enum { ROWS = 3 * BNORM_LEAF_ROWS + 7, LEAVES = 4, PITCH = 80, LD = 75 };

static const bnorm_kernels *tables[TABLES_MOST];
static int table_count;

typedef struct {
    _Alignas(64) double x[ROWS * LD], dy[ROWS * LD], sums[BNORM_SUMS * PITCH];
    _Alignas(64) double moments[LEAVES * BNORM_MOMENTS_XDY * PITCH];
} arrays;

static void one_by_one(const bnorm_kernel_set *set, const bnorm_reduction *r, int with_dy)
{
    bnorm_source x = r->x, dy = r->dy;
    double *moments = r->moments;
    for (int row = 0; row < ROWS; row += BNORM_LEAF_ROWS) {
        const int rows = ROWS - row < BNORM_LEAF_ROWS ? ROWS - row : BNORM_LEAF_ROWS;
        memset(r->sums, 0, BNORM_SUMS * PITCH * sizeof(double));
        if (with_dy) {
            set->sum_xdy(r->sums, &x, x.data, &dy, dy.data, rows, r->cols);
            set->leaf_xdy(moments, PITCH, r->sums, &x, &dy, rows, r->cols);
        } else {
            set->sum_x(r->sums, &x, x.data, rows, r->cols);
            set->leaf_x(moments, PITCH, r->sums, &x, rows, r->cols);
        }
        moments += (with_dy ? BNORM_MOMENTS_XDY : BNORM_MOMENTS_X) * PITCH;
        bnorm_source_skip(&x, rows, set->size);
        bnorm_source_skip(&dy, rows, set->size);
    }
}

/* How many planes of moments differ. */
static int differences(const bnorm_kernel_set *set, arrays *a, ptrdiff_t cols, ptrdiff_t ld,
                       int near, int with_dy)
{
    static double expected[sizeof a->moments / sizeof *a->moments];
    const bnorm_reduction r = {a->sums, a->moments, PITCH, {a->x, ld, 0, near, 0},
                               {a->dy, ld, 0, near, 0}, cols};
    int wrong = 0;
    memset(a->moments, 0, sizeof a->moments);
    one_by_one(set, &r, with_dy);
    memcpy(expected, a->moments, sizeof expected);
    memset(a->moments, 0, sizeof a->moments);
    memset(a->sums, 0xff, sizeof a->sums);
    (with_dy ? set->leaves_xdy : set->leaves_x)(&r, ROWS);
    for (int plane = 0; plane < LEAVES * BNORM_MOMENTS_XDY; plane++)
        wrong += memcmp(expected + plane * PITCH, a->moments + plane * PITCH,
                        (size_t)cols * sizeof *expected) != 0;
    return wrong;
}

static void leaves_are_leaf_by_leaf(void)
{
    static const ptrdiff_t cols[] = {1, 7, 8, 15, 16, 17, 31, 32, 40, 48, 63, 64, 70};
    arrays *a = aligned_alloc(64, (sizeof *a + 63) / 64 * 64);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    for (int t = 0; t < table_count; t++)
        for (int d = 0; d < BNORM_DTYPES; d++) {
            data_vector((bnorm_dtype)d, a->x, ROWS * LD, 3, 2, 31);
            data_vector((bnorm_dtype)d, a->dy, ROWS * LD, -0.5, 1, 32);
            data_set((bnorm_dtype)d, a->x, 70 * LD, 1e7); /* to be reduced again */
            for (int c = 0; c < 13; c++)
                for (int how = 0; how < 4 * TABLES_NEAR; how++)
                    CU_ASSERT_EQUAL(differences(&tables[t]->dtype[d], a, cols[c],
                                                how & 1 ? LD : cols[c], tables_near[how / 4],
                                                how & 2), 0);
        }
    free(a);
}

/* Rows that end where their memory does, and so do the sums, whole groups of them. */
static void nothing_behind_the_last_row_is_touched(void)
{
    static const int64_t rows[] = {1, 2, 63, 64, 65, 128, 130};
    static double moments[LEAVES * BNORM_MOMENTS_XDY * PITCH], got[2];
    char *ends[3] = {tables_before_guard(0), tables_before_guard(0), tables_before_guard(0)};
    for (int t = 0; t < table_count; t++)
        for (int d = 0; d < BNORM_DTYPES; d++)
            for (int i = 0; i < 70 * 7; i++) {
                const bnorm_kernel_set *set = &tables[t]->dtype[d];
                const ptrdiff_t cols = i / 7 + 1;
                const size_t size = (size_t)(rows[i % 7] * cols), bytes = size * set->size;
                if (bytes > TABLES_GUARDED)
                    continue;
                const void *x = ends[0] - bytes, *dy = ends[1] - bytes;
                void *sums = ends[2] - BNORM_SUMS * (size_t)bnorm_round_up(cols, BNORM_GROUP) *
                                           set->size;
                const bnorm_reduction r = {sums, moments, PITCH, {x, cols, 0, 22 << 10, 0},
                                           {dy, cols, 0, 22 << 10, 0}, cols};
                data_vector((bnorm_dtype)d, ends[0] - bytes, (int64_t)size, 3, 0, 1);
                data_vector((bnorm_dtype)d, ends[1] - bytes, (int64_t)size, -2, 0, 1);
                set->leaves_x(&r, rows[i % 7]);
                got[0] = moments[BNORM_MEAN_X * PITCH + cols - 1];
                set->leaves_xdy(&r, rows[i % 7]);
                got[1] = moments[BNORM_MEAN_DY * PITCH + cols - 1];
                CU_ASSERT(got[0] == 3 && got[1] == -2);
            }
}

/* ---- rows that begin off a cache line --------------------------------------------------- */

enum { WIDE_ROWS = BNORM_LEAF_ROWS + 9, WIDE_LD = 208, OFF = 16, WIDE_LEAVES = 2 };
enum { WIDE_MOMENTS = WIDE_LEAVES * BNORM_MOMENTS_XDY * WIDE_LD };

typedef struct {
    _Alignas(64) double x[WIDE_ROWS * WIDE_LD + OFF], dy[WIDE_ROWS * WIDE_LD + OFF];
    _Alignas(64) double sums[BNORM_SUMS * WIDE_LD], moments[WIDE_MOMENTS + OFF];
} wide_arrays;

/* Reduce columns of x and dy that begin so many elements off a line; nothing behind the last
 * leaf's moments is written. */
static void reduce_off_line(const bnorm_kernel_set *set, wide_arrays *a, ptrdiff_t cols,
                            const int off[2], int near, int with_dy, double *moments)
{
    const ptrdiff_t pitch = bnorm_round_up(cols, BNORM_GROUP);
    const ptrdiff_t used = WIDE_LEAVES * (with_dy ? BNORM_MOMENTS_XDY : BNORM_MOMENTS_X) * pitch;
    static double first[2][WIDE_ROWS * WIDE_LD];
    char *x = (char *)a->x + (size_t)off[0] * set->size;
    char *dy = (char *)a->dy + (size_t)off[1] * set->size;
    const bnorm_reduction r = {a->sums, a->moments, pitch, {x, WIDE_LD, 0, near, 0},
                               {with_dy ? dy : NULL, WIDE_LD, 0, near, 0}, cols};
    const size_t bytes = WIDE_ROWS * WIDE_LD * set->size;
    memcpy(first[0], a->x, bytes);
    memcpy(first[1], a->dy, bytes);
    memmove(x, a->x, bytes);
    memmove(dy, a->dy, bytes);
    for (int i = 0; i < WIDE_MOMENTS + OFF; i++)
        a->moments[i] = -7;
    (with_dy ? set->leaves_xdy : set->leaves_x)(&r, WIDE_ROWS);
    for (int i = 0; i < OFF; i++)
        CU_ASSERT_EQUAL(a->moments[used + i], -7);
    for (ptrdiff_t plane = 0; plane < used / pitch; plane++)
        memcpy(moments + plane * WIDE_LD, a->moments + plane * pitch,
               (size_t)cols * sizeof *moments);
    memcpy(a->x, first[0], bytes);
    memcpy(a->dy, first[1], bytes);
}

static void leaves_off_lines(void)
{
    static const ptrdiff_t cols[] = {64, 65, 79, 96, 100, 128, 144, 190, 208};
    static double expected[WIDE_MOMENTS], got[WIDE_MOMENTS];
    wide_arrays *a = aligned_alloc(64, (sizeof *a + 63) / 64 * 64);
    CU_ASSERT_PTR_NOT_NULL_FATAL(a);
    for (int t = 0; t < table_count; t++)
        for (int d = 0; d < BNORM_DTYPES; d++) {
            data_vector((bnorm_dtype)d, a->x, WIDE_ROWS * WIDE_LD, 3, 2, 33);
            data_vector((bnorm_dtype)d, a->dy, WIDE_ROWS * WIDE_LD, -0.5, 1, 34);
            for (int col = 0; col < WIDE_LD; col += 13) /* to be reduced again */
                data_set((bnorm_dtype)d, a->x, WIDE_LD + col, 1e7);
            for (int c = 0; c < HARNESS_COUNT(cols); c++)
                for (int how = 0; how < 2 * TABLES_NEAR; how++)
                    for (int off = 0; off < OFF; off++) {
                        const int both[2] = {off, off % 5 == 4 ? 0 : off}, none[2] = {0, 0};
                        const bnorm_kernel_set *set = &tables[t]->dtype[d];
                        reduce_off_line(set, a, cols[c], none, tables_near[how / 2], how & 1,
                                        expected);
                        reduce_off_line(set, a, cols[c], both, tables_near[how / 2], how & 1, got);
                        CU_ASSERT(memcmp(got, expected, sizeof got) == 0);
                    }
        }
    free(a);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"leaves are leaf by leaf", leaves_are_leaf_by_leaf},
        {"nothing behind the last row is touched", nothing_behind_the_last_row_is_touched},
        {"leaves of rows off a cache line", leaves_off_lines},
    };
    table_count = tables_find(tables);
    return harness_main(argc, argv, "kernels/leaves", cases, HARNESS_COUNT(cases));
}
