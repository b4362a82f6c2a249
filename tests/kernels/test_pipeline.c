/* SPDX-License-Identifier: BSD-3-Clause */
/* Leaves reduced in turns with rows of application give what all of the one and all of the
 * other give. */
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "support/data.h"
#include "support/harness.h"
#include "tables.h"

enum {
    ROWS = 2 * BNORM_LEAF_ROWS + 41,
    LEAVES = 3,
    PITCH = 48,
    COLS = 41,
    MATRICES = 6,
    MOMENTS = LEAVES * BNORM_MOMENTS_XDY * PITCH
};

static const bnorm_kernels *tables[TABLES_MOST];
static int table_count, declined;
static char *ends[2]; /* of memory: nothing behind them may be touched */

enum { NEXT_X, NEXT_DY, X, DY, Y, DX };

typedef struct { /* the same data, once for each way of walking through them */
    _Alignas(64) double matrix[MATRICES][ROWS * PITCH], sums[BNORM_SUMS * PITCH], moments[MOMENTS];
} memory;

typedef struct {
    ptrdiff_t next_cols, cols, ld;
    int rows, stream;
} tiles;

static bnorm_reduction reduction_of(memory *m, const tiles *t)
{
    return (bnorm_reduction){m->sums, m->moments, PITCH, {m->matrix[NEXT_X], t->ld, 0, 0, 0},
                             {m->matrix[NEXT_DY], t->ld, 0, 0, 0}, t->next_cols};
}

static bnorm_application application_of(memory *m, const tiles *t, const void *coefficients)
{
    return (bnorm_application){{m->matrix[Y], t->ld, t->stream}, {m->matrix[DX], t->ld, t->stream},
                               {m->matrix[X], t->ld, 0, 0, 0}, {m->matrix[DY], t->ld, 0, 0, 0},
                               coefficients, t->cols};
}

static void one_then_the_other(const bnorm_kernel_set *set, int what, const bnorm_reduction *r,
                               const bnorm_application *a, int all)
{
    bnorm_source x = r->x, dy = r->dy;
    double *moments = r->moments;
    for (int row = 0; row < all; row += BNORM_LEAF_ROWS) {
        const int rows = all - row < BNORM_LEAF_ROWS ? all - row : BNORM_LEAF_ROWS;
        memset(r->sums, 0, BNORM_SUMS * PITCH * set->size);
        if (what == 0) {
            set->sum_x(r->sums, &x, x.data, rows, r->cols);
            set->leaf_x(moments, PITCH, r->sums, &x, rows, r->cols);
        } else {
            set->sum_xdy(r->sums, &x, x.data, &dy, dy.data, rows, r->cols);
            set->leaf_xdy(moments, PITCH, r->sums, &x, &dy, rows, r->cols);
        }
        moments += (what == 0 ? BNORM_MOMENTS_X : BNORM_MOMENTS_XDY) * PITCH;
        bnorm_source_skip(&x, rows, set->size);
        bnorm_source_skip(&dy, rows, set->size);
    }
    if (what == 0)
        set->forward(a->y, a->x, a->coefficients, all, a->cols);
    else if (what == 1)
        set->backward(a->dx, a->x, a->dy, a->coefficients, all, a->cols);
    else
        set->both(a->y, a->dx, a->x, a->dy, a->coefficients, all, a->cols);
}

static int moments_differ(const memory *one, const memory *other, int planes, ptrdiff_t cols)
{
    int wrong = 0;
    for (int plane = 0; plane < LEAVES * planes; plane++)
        wrong += memcmp(one->moments + plane * PITCH, other->moments + plane * PITCH,
                        (size_t)cols * sizeof(double)) != 0;
    return wrong;
}

/* Returns how much differs. */
static int compare(const bnorm_kernels *kernels, bnorm_dtype dtype, const tiles *t, memory *one,
                   memory *other, const void *coefficients)
{
    const bnorm_kernel_set *set = &kernels->dtype[dtype];
    int (*const next[])(const bnorm_reduction *, const bnorm_application *, int64_t) = {
        set->next_forward, set->next_backward, set->next_both};
    int wrong = 0;
    for (int what = 0; what < 3; what++) {
        data_vector(dtype, one->matrix[0], MATRICES * ROWS * PITCH, 0.5, 1, 7 + (uint64_t)what);
        *other = *one;
        bnorm_reduction r = reduction_of(one, t), s = reduction_of(other, t);
        bnorm_application a = application_of(one, t, coefficients);
        bnorm_application b = application_of(other, t, coefficients);
        if (!next[what](&s, &b, t->rows)) {
            wrong += memcmp(one, other, sizeof *one) != 0;
            declined++;
            continue;
        }
        one_then_the_other(set, what, &r, &a, t->rows);
        kernels->fence();
        wrong += memcmp(one->matrix, other->matrix, sizeof one->matrix) != 0;
        wrong += moments_differ(one, other, what ? BNORM_MOMENTS_XDY : BNORM_MOMENTS_X,
                                t->next_cols);
    }
    return wrong;
}

static void in_turns_the_same(void)
{
    memory *one = aligned_alloc(64, sizeof *one), *other = aligned_alloc(64, sizeof *other);
    double *coefficients = aligned_alloc(64, BNORM_COEFFICIENTS * PITCH * sizeof(double));
    for (int t = 0; t < table_count; t++)
        for (int d = 0; d < BNORM_DTYPES; d++) {
            data_vector((bnorm_dtype)d, coefficients, BNORM_COEFFICIENTS * PITCH, 1, 1, 3);
            for (int i = 0; i < 2 * COLS; i++) {
                const int cols = i / 2 + 1, stream = i % 2;
                const tiles wide = {COLS + 1 - cols, cols, PITCH, ROWS, stream};
                const tiles dense = {cols, cols, cols, ROWS, stream}; /* panels, if 8 or 16 */
                CU_ASSERT_EQUAL(compare(tables[t], (bnorm_dtype)d, &wide, one, other,
                                        coefficients), 0);
                const int before = declined;
                CU_ASSERT_EQUAL(compare(tables[t], (bnorm_dtype)d, &dense, one, other,
                                        coefficients), 0);
                const int panels = cols == 16 || cols == 8;
                const int whole = cols % tables[t]->dtype[d].lanes == 0;
                CU_ASSERT_EQUAL(declined == before, panels && whole);
            }
        }
    free(coefficients);
    free(other);
    free(one);
}

/* Panels of any length, whose last row is the last of their memory. */
static void nothing_is_read_behind_a_panel(void)
{
    static const int lengths[] = {1, 2, 8, 9, 16, 17, 63, 64, 65, 72, 80, 127, 128, 136, ROWS};
    static double coefficients[BNORM_COEFFICIENTS * PITCH] __attribute__((aligned(64)));
    memory *one = aligned_alloc(64, sizeof *one), *other = aligned_alloc(64, sizeof *other);
    for (int i = 0; i < table_count * BNORM_DTYPES * HARNESS_COUNT(lengths) * 2; i++) {
        const bnorm_kernels *kernels = tables[i % table_count];
        const bnorm_dtype dtype = (bnorm_dtype)(i / table_count % BNORM_DTYPES);
        const bnorm_kernel_set *set = &kernels->dtype[dtype];
        const int width = i / table_count / BNORM_DTYPES % 2 ? 16 : 8;
        const tiles t = {width, width, width, lengths[i / table_count / BNORM_DTYPES / 2], 0};
        const size_t bytes = (size_t)(t.rows * width) * set->size;
        data_vector(dtype, coefficients, BNORM_COEFFICIENTS * PITCH, 1, 1, 3);
        CU_ASSERT_EQUAL(compare(kernels, dtype, &t, one, other, coefficients), 0);
        for (int what = 0; what < 3; what++) {
            bnorm_reduction r = reduction_of(one, &t);
            bnorm_application a = application_of(one, &t, coefficients);
            r.x.data = memcpy(ends[0] - bytes, r.x.data, bytes);
            r.dy.data = memcpy(ends[1] - bytes, r.dy.data, bytes);
            (what == 0   ? set->next_forward
             : what == 1 ? set->next_backward
                         : set->next_both)(&r, &a, t.rows);
        }
    }
    free(other);
    free(one);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"in turns, the moments and outputs of separate calls", in_turns_the_same},
        {"nothing is read behind a panel", nothing_is_read_behind_a_panel},
    };
    table_count = tables_find(tables);
    for (int i = 0; i < 2; i++)
        ends[i] = tables_before_guard(0);
    return harness_main(argc, argv, "kernels/pipeline", cases, HARNESS_COUNT(cases));
}
