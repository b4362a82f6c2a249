/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * pack and unpack against a loop over elements: every bit of every element, zeros
 * in the columns of the last panel that the matrix does not have, and nothing else
 * touched.  Matrices lie between pages that may not be touched.
 */
#include <string.h>

#include "support/contexts.h"
#include "support/data.h"
#include "support/guard.h"
#include "support/harness.h"

static contexts all;

typedef struct {
    bnorm_dtype dtype;
    int64_t rows, cols, panel;
    int64_t spare;     /* the problem's rows - rows */
    int64_t ld, panel_ld;
    guard_place place;
} setting;

/* Random bits, and one in eight a NaN with a payload: signalling ones, too. */
static uint64_t bits_at(bnorm_dtype dtype, uint64_t seed, int64_t row, int64_t col)
{
    uint64_t bits = data_bits(seed, (uint64_t)(row * 65537 + col));
    if (dtype == BNORM_F64)
        return bits % 8 ? bits : bits | UINT64_C(0x7ff) << 52;
    return (uint32_t)(bits % 8 ? bits >> 32 : bits >> 32 | UINT64_C(0x7f8) << 20);
}

/* Element (row, col) by the definition in bnorm.h. */
static char *place_of(const guard *g, int64_t row, int64_t col)
{
    int64_t index = g->panel ? (col / g->panel) * g->matrix.ld + row * g->panel + col % g->panel
                             : row * g->matrix.ld + col;
    return (char *)g->matrix.data + index * (int64_t)data_size(g->dtype);
}

static uint64_t read_bits(const guard *g, int64_t row, int64_t col)
{
    uint64_t wide;
    uint32_t narrow;
    if (g->dtype == BNORM_F64)
        return memcpy(&wide, place_of(g, row, col), sizeof wide), wide;
    return memcpy(&narrow, place_of(g, row, col), sizeof narrow), narrow;
}

static void fill(guard *g, uint64_t seed)
{
    for (int64_t row = 0; row < g->rows; row++)
        for (int64_t col = 0; col < g->cols; col++) {
            uint64_t bits = bits_at(g->dtype, seed, row, col);
            uint32_t narrow = (uint32_t)bits;
            if (g->dtype == BNORM_F64)
                memcpy(place_of(g, row, col), &bits, sizeof bits);
            else
                memcpy(place_of(g, row, col), &narrow, sizeof narrow);
        }
}

/* How many elements are not those of the seed, beyond column cols not zero. */
static int wrong_elements(const guard *g, uint64_t seed, int64_t cols)
{
    int wrong = 0;
    for (int64_t row = 0; row < g->rows; row++)
        for (int64_t col = 0; col < g->cols; col++)
            wrong += read_bits(g, row, col) !=
                     (col < cols ? bits_at(g->dtype, seed, row, col) : 0);
    return wrong;
}

static bnorm_plan *plan_for(const bnorm_context *context, const setting *s)
{
    bnorm_problem problem;
    bnorm_plan *plan = NULL;
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = s->rows + s->spare;
    problem.cols = s->cols;
    problem.dtype = problem.stats_dtype = s->dtype;
    problem.layout = BNORM_PANELS;
    problem.panel_width = (int)s->panel;
    problem.operations = BNORM_INFER;
    return bnorm_plan_create(&plan, context, &problem) == BNORM_OK ? plan : NULL;
}

static int64_t padded(const setting *s)
{
    return (s->cols + s->panel - 1) / s->panel * s->panel;
}

/* Both directions, between fresh matrices; returns whether all is right. */
static int pack_right(const bnorm_plan *plan, int64_t rows, const setting *s, const guard *matrix)
{
    guard panels;
    int right = guard_open_panels(&panels, s->dtype, s->rows, padded(s), s->panel, s->panel_ld,
                                  s->place) == 0;
    right = right && bnorm_pack(plan, rows, &matrix->matrix, &panels.matrix) == BNORM_OK &&
            wrong_elements(&panels, 1, s->cols) == 0 && guard_intact(&panels);
    guard_close(&panels);
    return right;
}

static int unpack_right(const bnorm_plan *plan, int64_t rows, const setting *s,
                        const guard *panels)
{
    guard matrix;
    int right = guard_open(&matrix, s->dtype, s->rows, s->cols, s->ld, s->place) == 0;
    right = right && bnorm_unpack(plan, rows, &panels->matrix, &matrix.matrix) == BNORM_OK &&
            wrong_elements(&matrix, 2, s->cols) == 0 && guard_intact(&matrix);
    guard_close(&matrix);
    return right;
}

static int copies_right(const setting *s)
{
    const int64_t rows = s->rows == 0 ? BNORM_NO_ROWS : s->spare ? s->rows : 0;
    guard matrix, panels;
    int right = guard_open(&matrix, s->dtype, s->rows, s->cols, s->ld, s->place) == 0 &&
                guard_open_panels(&panels, s->dtype, s->rows, padded(s), s->panel, s->panel_ld,
                                  s->place) == 0;
    fill(&matrix, 1);
    fill(&panels, 2); /* the padding, too: unpack ignores it */
    for (int i = 0; right && i < all.count; i++) {
        bnorm_plan *plan = plan_for(all.context[i], s);
        right = plan && pack_right(plan, rows, s, &matrix) && unpack_right(plan, rows, s, &panels);
        bnorm_plan_destroy(plan);
        if (!right)
            harness_note("%s, %d threads: %lld x %lld of %zu bytes, panels of %lld, ld %lld and "
                         "%lld, spare %lld, place %d", bnorm_context_isa(all.context[i]),
                         bnorm_context_threads(all.context[i]), (long long)s->rows,
                         (long long)s->cols, data_size(s->dtype), (long long)s->panel,
                         (long long)s->ld, (long long)s->panel_ld, (long long)s->spare,
                         (int)s->place);
    }
    right = right && wrong_elements(&matrix, 1, s->cols) == 0 && guard_intact(&matrix) &&
            wrong_elements(&panels, 2, padded(s)) == 0 && guard_intact(&panels);
    guard_close(&matrix);
    guard_close(&panels);
    return right;
}

/* Dense, or one more, or on lines, where past the cache can be stored. */
static int64_t ld_of(int64_t least, int variant)
{
    return variant == 0 ? (least ? least : 1) : variant == 1 ? least + 1 : (least + 47) / 16 * 16;
}

static void sweep(const int64_t *rows, int row_count, const int64_t *cols, int col_count,
                  int variants)
{
    int n = 0;
    for (int i = 0; i < row_count; i++)
        for (int j = 0; j < col_count; j++)
            for (int kind = 0; kind < 4 * 6; kind++) {
                const int variant = kind / 4;
                setting s = {kind & 1 ? BNORM_F64 : BNORM_F32, rows[i], cols[j],
                             kind & 2 ? 8 : 16, n % 2 ? 5 : 0, 0, 0,
                             variant % 2 ? GUARD_END : GUARD_START};
                s.ld = ld_of(s.cols, variant % 3);
                s.panel_ld = ld_of(s.rows * s.panel, variant / 2);
                n++;
                if ((variants == 6 || (i + j) % 6 == variant) && harness_sampled(n))
                    CU_ASSERT(copies_right(&s));
            }
}

static void small_matrices(void)
{
    static const int64_t rows[] = {0, 1, 2, 63, 64, 65};
    static const int64_t cols[] = {1, 7, 8, 9, 15, 16, 17, 31, 47, 100};
    sweep(rows, HARNESS_COUNT(rows), cols, HARNESS_COUNT(cols), 6);
}

static void large_matrices(void)
{
    static const int64_t rows[] = {129, 1000};
    static const int64_t cols[] = {1, 16, 31, 63, 64, 100, 1023};
    sweep(rows, HARNESS_COUNT(rows), cols, HARNESS_COUNT(cols), 1);
}

/* Wider than what is copied at a time; few rows, so that columns are divided. */
static void wide_matrices(void)
{
    static const int64_t rows[] = {3, 70};
    static const int64_t cols[] = {5000, 16384 + 17};
    sweep(rows, HARNESS_COUNT(rows), cols, HARNESS_COUNT(cols), 1);
}

/* A last band that ends before the first line does; its panel's memory is dense, too. */
static void narrow_matrices(void)
{
    for (int64_t cols = 1; cols <= 3; cols++)
        for (int64_t panel = 8; panel <= 16; panel += 8) {
            const int64_t rows = 16384 / (4 * cols) + 1;
            setting s = {BNORM_F32, rows, cols, panel, 0, cols, rows * panel, GUARD_START};
            CU_ASSERT(copies_right(&s));
        }
}

static void no_columns(void)
{
    setting s = {BNORM_F32, 10, 0, 16, 0, 1, 160, GUARD_START};
    CU_ASSERT(copies_right(&s));
}

/* ld 0 is dense. */
static void dense_by_default(void)
{
    enum { ROWS = 70, COLS = 37, PADDED = 48 };
    static float from[ROWS * COLS], panels[ROWS * PADDED], to[ROWS * COLS];
    setting s = {BNORM_F32, ROWS, COLS, 16, 0, 0, 0, GUARD_START};
    data_vector(BNORM_F32, from, ROWS * COLS, 0, 1, 3);
    for (int i = 0; i < all.count; i++) {
        bnorm_plan *plan = plan_for(all.context[i], &s);
        memset(to, 0, sizeof to);
        CU_ASSERT_EQUAL(bnorm_pack(plan, 0, &(bnorm_matrix){from, 0}, &(bnorm_matrix){panels, 0}),
                        BNORM_OK);
        CU_ASSERT_EQUAL(panels[2 * ROWS * 16 + 3 * 16 + 4], from[3 * COLS + 36]);
        CU_ASSERT_EQUAL(bnorm_unpack(plan, 0, &(bnorm_matrix){panels, 0}, &(bnorm_matrix){to, 0}),
                        BNORM_OK);
        CU_ASSERT_EQUAL(memcmp(from, to, sizeof to), 0);
        bnorm_plan_destroy(plan);
    }
}

/* What is not used may be anything: an ld beyond any address. */
static void one_row_one_panel(void)
{
    setting s = {BNORM_F64, 1, 5, 8, 0, PTRDIFF_MAX / 8, PTRDIFF_MAX / 8, GUARD_END};
    CU_ASSERT(copies_right(&s));
}

int main(int argc, char **argv)
{
    static const int threads[] = {1, 2, 3, 7, 1};
    static const harness_case cases[] = {
        {"small matrices", small_matrices},
        {"large matrices", large_matrices},
        {"wide matrices", wide_matrices},
        {"narrow matrices", narrow_matrices},
        {"no columns", no_columns},
        {"ld 0 is dense", dense_by_default},
        {"one row, one panel", one_row_one_panel},
    };
    int result = contexts_open(&all, threads, HARNESS_COUNT(threads));
    if (result == 0)
        result = harness_main(argc, argv, "exec/pack", cases, HARNESS_COUNT(cases));
    contexts_close(&all);
    return result == 0 ? 0 : 1;
}
