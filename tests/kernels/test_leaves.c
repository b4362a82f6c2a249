/* SPDX-License-Identifier: BSD-3-Clause */
/* Many leaves in one go: the bits of each one's sums and moments, computed by themselves. */
#include <stdlib.h>
#include <string.h>

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

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"leaves are leaf by leaf", leaves_are_leaf_by_leaf},
    };
    table_count = tables_find(tables);
    return harness_main(argc, argv, "kernels/leaves", cases, HARNESS_COUNT(cases));
}
