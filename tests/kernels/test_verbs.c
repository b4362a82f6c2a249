/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The verbs of every vector header, through the tables that are built from
 * them: fused multiply-add rounds once, partial loads and stores touch nothing
 * outside, non-temporal stores store the same.
 */
#include <float.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/tables.h"
#include "support/data.h"
#include "support/harness.h"

static const bnorm_kernels *tables[TABLES_MOST];
static int table_count;

enum { PITCH = 80, TRIPLES = 40000 };

/* Coefficients that make forward y = fma(x, scale, shift) and backward
 * dx = fnma(x, slope, dy). */
typedef struct {
    _Alignas(64) float f32[BNORM_COEFFICIENTS * PITCH];
    _Alignas(64) double f64[BNORM_COEFFICIENTS * PITCH];
} coefficient_planes;

static float *at_f32(coefficient_planes *c, int plane, int col)
{
    return &c->f32[bnorm_group_at(BNORM_COEFFICIENTS, plane, col)];
}

static double *at_f64(coefficient_planes *c, int plane, int col)
{
    return &c->f64[bnorm_group_at(BNORM_COEFFICIENTS, plane, col)];
}

static int same_f32(float a, float b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static int same_f64(double a, double b)
{
    return memcmp(&a, &b, sizeof a) == 0 || (isnan(a) && isnan(b));
}

static float float_of_bits(uint32_t bits)
{
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static double double_of_bits(uint64_t bits)
{
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* Where rounding twice goes wrong: products whose sum with c lies on or beside
 * the middle of two floats, normal and denormal; overflow; cancellation. */
static const float hard[][3] = {
    /* (1+2^-12)^2 = 1 + 2^-11 + 2^-24: with c = +-2^-80 just above or below a tie */
    {0x1.001p0f, 0x1.001p0f, 0x1p-80f},
    {0x1.001p0f, 0x1.001p0f, -0x1p-80f},
    {0x1.001p0f, 0x1.001p0f, 0.0f},
    /* the same tie one binade up, the other way of even */
    {0x1.002p0f, 0x1.001p0f, 0x1p-90f},
    {0x1.fffffep0f, 0x1.fffffep0f, -0x1p-60f},
    /* c large, product half a unit of it and a little more or less */
    {0x1p-12f, 0x1.000002p-12f, 1.0f},
    {0x1p-12f, 0x1.fffffep-13f, 1.0f},
    {0x1p-12f, 0x1p-12f, 1.0f},
    {0x1p-12f, 0x1p-12f, 0x1.000002p0f},
    {0x1p-12f, 0x1p-13f, -1.0f},
    /* 1 + 2^-24 + 0.75 * 2^-52 and its like: beside a tie, and in double rounded
     * to the odd neighbour of the tie, which must stay */
    {0x1p-12f * (1 + 2000 * 0x1p-23f), 0x1p-12f * (1 - 3999 * 0x1p-24f), 1.0f},
    {-0x1p-12f * (1 + 2000 * 0x1p-23f), 0x1p-12f * (1 - 3999 * 0x1p-24f), 0x1.000004p0f},
    {-0x1p-12f * (1 + 2000 * 0x1p-23f), 0x1p-12f * (1 - 3999 * 0x1p-24f), -1.0f},
    /* half a unit of 2^24+1 by a product of odd integers */
    {4097.0f, 4097.0f, 0x1p40f},
    {16777215.0f, 16777213.0f, -0x1.fffff8p47f},
    /* denormal results: ties of 2^-149, and beside them */
    {0x1p-75f, 0x1p-75f, 0.0f},
    {0x1.000002p-75f, 0x1p-75f, 0.0f},
    {0x1p-75f, 0x1p-75f, 0x1p-149f},
    {0x1.fffffep-75f, 0x1p-75f, 0x1p-149f},
    {-0x1p-75f, 0x1p-75f, 0x1p-126f},
    {0x1p-100f, 0x1p-100f, 0x1p-149f},
    {-0x1p-100f, 0x1p-100f, 0x1p-126f},
    {0x1.8p-75f, 0x1.8p-75f, -0x1p-149f},
    /* around overflow */
    {FLT_MAX, 1.0f, 0x1p102f},
    {FLT_MAX, 1.0f, 0x1p103f},
    {FLT_MAX, 1.0f, 0x1.fffffep102f},
    {FLT_MAX, 2.0f, -FLT_MAX},
    {FLT_MAX, FLT_MAX, -FLT_MAX},
    {0x1p64f, 0x1p64f, -0x1p104f},
    /* exact cancellation, signed zeros, infinities, NaN */
    {3.0f, 5.0f, -15.0f},
    {-0.0f, 5.0f, -0.0f},
    {0.0f, 5.0f, -0.0f},
    {INFINITY, 0.0f, 1.0f},
    {INFINITY, 1.0f, -INFINITY},
    {INFINITY, -1.0f, 7.0f},
    {NAN, 1.0f, 1.0f},
    {1.0f, 1.0f, NAN},
};

/* Triples that meet the hard cases often: few bits set, exponents close
 * together, c near -a*b. */
static void random_triple(uint64_t i, float t[3])
{
    uint64_t bits = data_bits(11, 2 * i), more = data_bits(11, 2 * i + 1);
    for (int k = 0; k < 3; k++) {
        uint32_t mantissa = (uint32_t)(bits >> (21 * k)) & 0x7fffff;
        uint32_t exponent = (more >> (8 * k)) & 0xff;
        if (more >> 60 & 1) /* exponents in the range that interacts */
            exponent = 110 + exponent % 32;
        if (more >> 61 & 1) /* few bits: ties */
            mantissa &= 0x780007;
        t[k] = float_of_bits((uint32_t)(more >> (30 + k) & 1) << 31 | exponent << 23 | mantissa);
    }
    if (more >> 62 & 1)
        t[2] = -(t[0] * t[1]);
}

static void fused_multiply_add_f32(void)
{
    coefficient_planes *c = aligned_alloc(64, sizeof *c);
    for (int t = 0; t < table_count; t++) {
        const bnorm_kernel_set *set = &tables[t]->dtype[BNORM_F32];
        int wrong = 0;
        memset(c, 0, sizeof *c);
        for (int i = 0; i < TRIPLES; i += PITCH) {
            float x[PITCH], y[PITCH];
            for (int j = 0; j < PITCH; j++) {
                float triple[3];
                random_triple((uint64_t)(i + j), triple);
                const float *from = i + j < (int)(sizeof hard / sizeof hard[0]) ? hard[i + j]
                                                                                : triple;
                x[j] = from[0];
                *at_f32(c, BNORM_SCALE, j) = from[1];
                *at_f32(c, BNORM_SHIFT, j) = from[2];
            }
            set->forward((bnorm_target){y, PITCH, 0}, (bnorm_source){x, PITCH, 0, 0, 0}, c->f32, 1,
                         PITCH);
            for (int j = 0; j < PITCH; j++) {
                float scale = *at_f32(c, BNORM_SCALE, j), shift = *at_f32(c, BNORM_SHIFT, j);
                float expected = fmaf(x[j], scale, shift);
                if (!same_f32(y[j], expected) && wrong++ < 3)
                    harness_note("%s: fma(%a, %a, %a) = %a, expected %a", tables[t]->isa, x[j],
                                 scale, shift, y[j], expected);
            }
        }
        CU_ASSERT_EQUAL(wrong, 0);
    }
    free(c);
}

static void fused_multiply_add_f64(void)
{
    coefficient_planes *c = aligned_alloc(64, sizeof *c);
    for (int t = 0; t < table_count; t++) {
        const bnorm_kernel_set *set = &tables[t]->dtype[BNORM_F64];
        int wrong = 0;
        memset(c, 0, sizeof *c);
        for (int i = 0; i < 2000; i += PITCH) {
            double x[PITCH], y[PITCH];
            for (int j = 0; j < PITCH; j++) {
                uint64_t k = 3 * (uint64_t)(i + j);
                double scale = double_of_bits(data_bits(12, k + 1));
                x[j] = double_of_bits(data_bits(12, k));
                *at_f64(c, BNORM_SCALE, j) = scale;
                *at_f64(c, BNORM_SHIFT, j) =
                    k & 1 ? double_of_bits(data_bits(12, k + 2)) : -x[j] * scale;
            }
            set->forward((bnorm_target){y, PITCH, 0}, (bnorm_source){x, PITCH, 0, 0, 0}, c->f64, 1,
                         PITCH);
            for (int j = 0; j < PITCH; j++)
                wrong += !same_f64(
                    y[j], fma(x[j], *at_f64(c, BNORM_SCALE, j), *at_f64(c, BNORM_SHIFT, j)));
        }
        CU_ASSERT_EQUAL(wrong, 0);
    }
    free(c);
}

/* dx = fma(fnma(x * 1, slope, dy), 1, -0): -0 is what leaves a zero's sign. */
static void fused_negated_multiply_add(void)
{
    coefficient_planes *c = aligned_alloc(64, sizeof *c);
    for (int t = 0; t < table_count; t++) {
        const bnorm_kernel_set *set = &tables[t]->dtype[BNORM_F32];
        int wrong = 0;
        memset(c, 0, sizeof *c);
        for (int i = 0; i < TRIPLES / 4; i += PITCH) {
            float x[PITCH], dy[PITCH], dx[PITCH];
            for (int j = 0; j < PITCH; j++) {
                float triple[3];
                random_triple((uint64_t)(i + j), triple);
                x[j] = triple[0];
                dy[j] = triple[2];
                *at_f32(c, BNORM_SLOPE, j) = triple[1];
                *at_f32(c, BNORM_RSTD, j) = *at_f32(c, BNORM_DX_SCALE, j) = 1;
                *at_f32(c, BNORM_DX_SHIFT, j) = -0.0f;
            }
            set->backward((bnorm_target){dx, PITCH, 0}, (bnorm_source){x, PITCH, 0, 0, 0},
                          (bnorm_source){dy, PITCH, 0, 0, 0}, c->f32, 1, PITCH);
            for (int j = 0; j < PITCH; j++)
                wrong += !same_f32(dx[j], fmaf(-x[j], *at_f32(c, BNORM_SLOPE, j), dy[j]));
        }
        CU_ASSERT_EQUAL(wrong, 0);
    }
    free(c);
}

/* Row by row, in high tiles or in bands, and from either end, the outputs are the same. */
static void same_walks(const bnorm_kernel_set *set, bnorm_dtype dtype, void *memory[6],
                       const void *coefficients, ptrdiff_t ld)
{
    enum { ROWS = BNORM_LEAF_ROWS + 9, COLS = 139 };
    const size_t bytes = (size_t)(ROWS * ld) * set->size;
    data_vector(dtype, memory[0], ROWS * ld, 0.5, 1, 1);
    data_vector(dtype, memory[1], ROWS * ld, -0.25, 1, 2);
    for (int walk = 0; walk < 2 * TABLES_NEAR; walk++) {
        const int down = walk & 1, near = tables_near[walk / 2];
        const bnorm_source x = {memory[0], ld, (1 - 2 * down) * BNORM_BAND * ld, near, down};
        const bnorm_source dy = {memory[1], ld, x.ahead, near, down};
        char *const y = memory[2 + 2 * !!walk], *const dx = memory[3 + 2 * !!walk];
        memset(y, 0, bytes);
        memset(dx, 0, bytes);
        set->both((bnorm_target){y, ld, 0}, (bnorm_target){dx, ld, 0}, x, dy, coefficients, ROWS,
                  COLS);
        CU_ASSERT_EQUAL(memcmp(memory[2], y, bytes), 0);
        CU_ASSERT_EQUAL(memcmp(memory[3], dx, bytes), 0);
        const char *last = y + ((ROWS - 1) * ld + COLS - 1) * (ptrdiff_t)set->size;
        CU_ASSERT_NOT_EQUAL(data_get(dtype, last, 0), 0); /* it was written */
    }
}

static void backwards_the_same(void)
{
    enum { DENSE = 144, GAPS = 176, ALL = (BNORM_LEAF_ROWS + 9) * GAPS };
    void *memory[6], *coefficients = aligned_alloc(64, BNORM_COEFFICIENTS * GAPS * sizeof(double));
    for (int i = 0; i < 6; i++)
        memory[i] = calloc(ALL, sizeof(double));
    for (int t = 0; t < table_count; t++)
        for (int d = 0; d < BNORM_DTYPES; d++) {
            data_vector((bnorm_dtype)d, coefficients, BNORM_COEFFICIENTS * GAPS, 1, 1, 3);
            same_walks(&tables[t]->dtype[d], (bnorm_dtype)d, memory, coefficients, DENSE);
            same_walks(&tables[t]->dtype[d], (bnorm_dtype)d, memory, coefficients, GAPS);
        }
    for (int i = 0; i < 6; i++)
        free(memory[i]);
    free(coefficients);
}

/* Every kernel on a tile of cols columns whose rows end (or begin) at a page
 * that may not be touched; y and dx too.  Reaching the end is the test. */
static void run_all(const bnorm_kernel_set *set, bnorm_dtype dtype, char *memory[4],
                    ptrdiff_t rows, ptrdiff_t cols, int ahead, int near)
{
    static coefficient_planes c;
    static _Alignas(64) double sums[BNORM_SUMS * PITCH], moments[BNORM_MOMENTS_XDY * PITCH];
    bnorm_source x = {memory[0], cols, ahead * cols, near, ahead < 0};
    bnorm_source dy = {memory[1], cols, ahead * cols, near, ahead < 0};
    bnorm_target y = {memory[2], cols, 0}, dx = {memory[3], cols, 0};
    const void *coefficients = dtype == BNORM_F64 ? (void *)c.f64 : (void *)c.f32;
    memset(sums, 0, sizeof sums);
    set->sum_x(sums, &x, x.data, (int)rows, cols);
    set->leaf_x(moments, PITCH, sums, &x, (int)rows, cols);
    set->sum_xdy(sums, &x, x.data, &dy, dy.data, (int)rows, cols);
    set->leaf_xdy(moments, PITCH, sums, &x, &dy, (int)rows, cols);
    set->forward(y, x, coefficients, rows, cols);
    set->backward(dx, x, dy, coefficients, rows, cols);
    set->both(y, dx, x, dy, coefficients, rows, cols);
    const bnorm_reduction next = {sums, moments, PITCH, x, dy, cols};
    const bnorm_application now = {y, dx, x, dy, coefficients, cols};
    set->next_forward(&next, &now, rows);
    set->next_backward(&next, &now, rows);
    set->next_both(&next, &now, rows);
}

static void partial_accesses_stay_inside(void)
{
    enum { ROWS = 9, COLS = 70 }; /* two bands and a row, or a turn and a row */
    char *end[4], *memory[4];
    for (int i = 0; i < 4; i++) {
        end[i] = (char *)tables_before_guard(0);
        memory[i] = tables_after_guard();
    }
    for (int t = 0; t < table_count; t++)
        for (int d = 0; d < BNORM_DTYPES; d++)
            for (ptrdiff_t cols = 1; cols <= COLS; cols++) {
                size_t bytes = data_size((bnorm_dtype)d) * (size_t)(ROWS * cols);
                char *before[4];
                for (int i = 0; i < 4; i++)
                    before[i] = end[i] - bytes;
                for (int way = 0; way < 3 * TABLES_NEAR; way++) {
                    const bnorm_kernel_set *set = &tables[t]->dtype[d];
                    const int ahead = way / TABLES_NEAR * 5 - 5, near = tables_near[way % TABLES_NEAR];
                    run_all(set, (bnorm_dtype)d, before, ROWS, cols, ahead, near);
                    run_all(set, (bnorm_dtype)d, memory, ROWS, cols, ahead, near);
                }
            }
    CU_PASS("reached");
}

/* Stores write the tile's columns and not the padding behind each row. */
static void partial_stores_leave_the_padding(void)
{
    enum { ROWS = 3, COLS = 40, LD = 64 };
    coefficient_planes *c = aligned_alloc(64, sizeof *c);
    memset(c, 0, sizeof *c);
    for (int t = 0; t < table_count; t++)
        for (int cols = 1; cols <= COLS; cols++) {
            float x[ROWS * LD] = {0}, y[ROWS * LD], dx[ROWS * LD];
            int wrong = 0;
            for (int i = 0; i < ROWS * LD; i++)
                y[i] = dx[i] = 77;
            tables[t]->dtype[BNORM_F32].both(
                (bnorm_target){y, LD, 0}, (bnorm_target){dx, LD, 0}, (bnorm_source){x, LD, 0, 0, 0},
                (bnorm_source){x, LD, 0, 0, 0}, c->f32, ROWS, cols);
            for (int i = 0; i < ROWS * LD; i++) {
                float expected = i % LD < cols ? 0.0f : 77.0f;
                wrong += y[i] != expected || dx[i] != expected;
            }
            CU_ASSERT_EQUAL(wrong, 0);
        }
    free(c);
}

static void streaming_stores_the_same(void)
{
    enum { ROWS = 5, COLS = 80, ALL = ROWS * COLS };
    float *c = aligned_alloc(64, BNORM_COEFFICIENTS * COLS * sizeof *c);
    float *memory = aligned_alloc(64, 6 * ALL * sizeof *memory), *m[6];
    for (int i = 0; i < 6; i++)
        m[i] = memory + i * ALL;
    data_vector(BNORM_F32, c, BNORM_COEFFICIENTS * COLS, 1, 1, 13);
    for (int way = 0; way < TABLES_NEAR * table_count; way++)
        for (int cols = 1; cols <= COLS; cols++) {
            const bnorm_kernels *table = tables[way / TABLES_NEAR];
            const bnorm_kernel_set *set = &table->dtype[BNORM_F32];
            const ptrdiff_t ld = (cols + 15) / 16 * 16; /* whole lines */
            bnorm_source x = {m[0], ld, 0, 0, 0}, dy = {m[1], ld, 0, 0, 0};
            data_vector(BNORM_F32, memory, 6 * ALL, 0, 1, 14);
            memcpy(m[4], m[2], 2 * ALL * sizeof *memory); /* y, dx: alike before */
            set->both((bnorm_target){m[2], ld, 0}, (bnorm_target){m[3], ld, 0}, x, dy, c,
                      ROWS, cols);
            x.near = tables_near[way % TABLES_NEAR];
            x.down = way % TABLES_NEAR > 0;
            set->both((bnorm_target){m[4], ld, 1}, (bnorm_target){m[5], ld, 1}, x, dy, c,
                      ROWS, cols);
            table->fence();
            CU_ASSERT_EQUAL(memcmp(m[4], m[2], 2 * ALL * sizeof *memory), 0);
            memset(m[4], 0, 2 * ALL * sizeof *memory);
            memset(m[2], 0, 2 * ALL * sizeof *memory);
            set->forward((bnorm_target){m[4], ld, 1}, x, c, ROWS, cols);
            set->backward((bnorm_target){m[5], ld, 1}, x, dy, c, ROWS, cols);
            x.near = x.down = 0;
            set->forward((bnorm_target){m[2], ld, 0}, x, c, ROWS, cols);
            set->backward((bnorm_target){m[3], ld, 0}, x, dy, c, ROWS, cols);
            table->fence();
            CU_ASSERT_EQUAL(memcmp(m[4], m[2], 2 * ALL * sizeof *memory), 0);
        }
    free(memory);
    free(c);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"float fma rounds once", fused_multiply_add_f32},
        {"double fma rounds once", fused_multiply_add_f64},
        {"c - a*b rounds once", fused_negated_multiply_add},
        {"backwards the same", backwards_the_same},
        {"partial loads and stores stay inside their rows", partial_accesses_stay_inside},
        {"padding between rows is left alone", partial_stores_leave_the_padding},
        {"non-temporal stores, and row by row, give the same", streaming_stores_the_same},
    };
    table_count = tables_find(tables);
    return harness_main(argc, argv, "kernels/verbs", cases, HARNESS_COUNT(cases));
}
