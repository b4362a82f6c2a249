/* SPDX-License-Identifier: BSD-3-Clause */
/* What pack and unpack refuse, in what words, and that they have written nothing. */
#include <string.h>

#include "api/fixture.h"
#include "plan/plan.h"
#include "support/harness.h"

enum { ROWS = 70, COLS = 37, WIDTH = 16, PANELS = 3, LD = 40, PANEL_LD = ROWS * WIDTH + 8 };

/* Room for a matrix that begins anywhere in the first half. */
static _Alignas(64) float memory[2 * (ROWS * LD + PANELS * PANEL_LD)], before[sizeof memory / 4];

typedef struct {
    const bnorm_plan *plan;
    int64_t rows;
    bnorm_matrix matrix, panels;
    const bnorm_matrix *matrix_given, *panels_given;
} call;

typedef struct {
    const char *name;
    void (*spoil)(call *c);
    bnorm_status status;
    const char *words[3]; /* in the message; $ stands for from or to */
} refusal;

static bnorm_context *context;
static bnorm_plan *plan, *rows_plan;

static void no_plan(call *c) { c->plan = NULL; }
static void plan_of_rows(call *c) { c->plan = rows_plan; }
static void too_many_rows(call *c) { c->rows = ROWS + 1; }
static void negative_rows(call *c) { c->rows = -2; }
static void least_rows(call *c) { c->rows = INT64_MIN; }
static void no_matrix(call *c) { c->matrix_given = NULL; }
static void no_panels(call *c) { c->panels_given = NULL; }
static void null_matrix(call *c) { c->matrix.data = NULL; }
static void null_panels(call *c) { c->panels.data = NULL; }
static void short_ld(call *c) { c->matrix.ld = COLS - 1; }
static void short_panel_ld(call *c) { c->panels.ld = ROWS * WIDTH - 1; }
static void negative_ld(call *c) { c->matrix.ld = -COLS; }
static void negative_panel_ld(call *c) { c->panels.ld = INT64_MIN; }
static void huge_ld(call *c) { c->matrix.ld = INT64_MAX / 4; }
static void huge_panel_ld(call *c) { c->panels.ld = INT64_MAX / 4; }
static void odd_matrix(call *c) { c->matrix.data = (char *)c->matrix.data + 1; }
static void odd_panels(call *c) { c->panels.data = (char *)c->panels.data + 2; }
static void same_data(call *c) { c->panels.data = c->matrix.data; }
static void same_data_dense(call *c)
{
    same_data(c);
    c->matrix.ld = c->panels.ld = 0;
}
static void panels_in_last_row(call *c)
{
    c->panels.data = (float *)c->matrix.data + (ROWS - 1) * LD + COLS - 1;
}
static void matrix_in_last_panel(call *c)
{
    c->matrix.data = (float *)c->panels.data + 2 * PANEL_LD + ROWS * WIDTH - 1;
}

static const refusal refusals[] = {
    {"no plan", no_plan, BNORM_ERR_ARGUMENT, {"plan is NULL"}},
    {"a plan of rows", plan_of_rows, BNORM_ERR_UNSUPPORTED, {"problem.layout", "BNORM_PANELS"}},
    {"too many rows", too_many_rows, BNORM_ERR_ARGUMENT, {"rows is 71", "70"}},
    {"negative rows", negative_rows, BNORM_ERR_ARGUMENT, {"rows is -2", "BNORM_NO_ROWS"}},
    {"least rows", least_rows, BNORM_ERR_ARGUMENT, {"rows is -9223372036854775808"}},
    {"no matrix", no_matrix, BNORM_ERR_ARGUMENT, {"$ is NULL"}},
    {"no panels", no_panels, BNORM_ERR_ARGUMENT, {"panels is NULL"}},
    {"matrix without data", null_matrix, BNORM_ERR_ARGUMENT, {"$.data is NULL"}},
    {"panels without data", null_panels, BNORM_ERR_ARGUMENT, {"panels.data is NULL"}},
    {"ld too short", short_ld, BNORM_ERR_ARGUMENT, {"$.ld is 36", "37", "columns"}},
    {"ld of panels too short", short_panel_ld, BNORM_ERR_ARGUMENT, {"panels.ld is 1119", "1120"}},
    {"negative ld", negative_ld, BNORM_ERR_ARGUMENT, {"$.ld is -37"}},
    {"negative ld of panels", negative_panel_ld, BNORM_ERR_ARGUMENT, {"panels.ld is -9223372036"}},
    {"ld beyond addresses", huge_ld, BNORM_ERR_ARGUMENT, {"$.ld is 230584300921369395", "70 rows"}},
    {"ld of panels beyond addresses", huge_panel_ld, BNORM_ERR_ARGUMENT,
     {"panels.ld is 230584300921369395", "3 panels"}},
    {"misaligned matrix", odd_matrix, BNORM_ERR_ARGUMENT, {"$.data is", "multiple of 4"}},
    {"misaligned panels", odd_panels, BNORM_ERR_ARGUMENT, {"panels.data is", "multiple of 4"}},
    {"in place", same_data, BNORM_ERR_ARGUMENT, {"$ (", "overlaps panels"}},
    {"in place, dense", same_data_dense, BNORM_ERR_ARGUMENT, {"overlaps"}},
    {"panels from the last element on", panels_in_last_row, BNORM_ERR_ARGUMENT, {"overlaps"}},
    {"matrix from the last element on", matrix_in_last_panel, BNORM_ERR_ARGUMENT, {"overlaps"}},
};

static call good_call(void)
{
    call c = {plan, 0, {memory, LD}, {memory + ROWS * LD, PANEL_LD}, NULL, NULL};
    return c;
}

static bnorm_status make(const call *c, int unpack)
{
    return unpack ? bnorm_unpack(c->plan, c->rows, c->panels_given, c->matrix_given)
                  : bnorm_pack(c->plan, c->rows, c->matrix_given, c->panels_given);
}

/* The words, with the argument's name for $, in the last error's text? */
static int said(const refusal *r, int unpack)
{
    int all = 1;
    for (int i = 0; i < 3 && r->words[i]; i++) {
        char words[80];
        const char *name = r->words[i][0] == '$' ? unpack ? "to" : "from" : "";
        snprintf(words, sizeof words, "%s%s", name, r->words[i] + (name[0] != '\0'));
        all = all && strstr(bnorm_last_error(), words) != NULL;
    }
    return all;
}

static void refuse(void)
{
    for (int i = 0; i < HARNESS_COUNT(refusals); i++)
        for (int unpack = 0; unpack < 2; unpack++) {
            const refusal *r = &refusals[i];
            call c = good_call();
            c.matrix_given = &c.matrix;
            c.panels_given = &c.panels;
            memset(memory, 0x5a, sizeof memory);
            memcpy(before, memory, sizeof memory);
            r->spoil(&c);
            const bnorm_status status = make(&c, unpack);
            const int right = status == r->status && said(r, unpack) &&
                              memcmp(before, memory, sizeof memory) == 0;
            if (!right)
                harness_note("%s: status %d, \"%s\"", r->name, (int)status, bnorm_last_error());
            CU_ASSERT(right);
        }
}

/* Neighbours are no overlap; nothing is needed for no rows. */
static void accept(void)
{
    bnorm_matrix matrix = {memory, 0}, panels = {memory + ROWS * COLS, 0};
    CU_ASSERT_EQUAL(bnorm_pack(plan, 0, &matrix, &panels), BNORM_OK);
    CU_ASSERT_EQUAL(bnorm_unpack(plan, ROWS, &panels, &matrix), BNORM_OK);
    matrix = (bnorm_matrix){NULL, 0};
    CU_ASSERT_EQUAL(bnorm_pack(plan, BNORM_NO_ROWS, &matrix, &matrix), BNORM_OK);
    CU_ASSERT_EQUAL(bnorm_unpack(plan, BNORM_NO_ROWS, &matrix, &matrix), BNORM_OK);
}

static void planning_only(void)
{
    bnorm_matrix matrix = {memory, LD}, panels = {memory + ROWS * LD, PANEL_LD};
    context->machine.foreign = 1;
    CU_ASSERT_EQUAL(bnorm_pack(plan, 0, &matrix, &panels), BNORM_ERR_UNSUPPORTED);
    CU_ASSERT_EQUAL(bnorm_unpack(plan, 0, &panels, &matrix), BNORM_ERR_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "another machine"));
    context->machine.foreign = 0;
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"what is refused", refuse},
        {"what is not", accept},
        {"a context for planning only", planning_only},
    };
    bnorm_problem problem;
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = ROWS;
    problem.cols = COLS;
    context = fixture_context(2);
    rows_plan = fixture_plan(context, &problem);
    problem.layout = BNORM_PANELS;
    plan = fixture_plan(context, &problem);
    int result = harness_main(argc, argv, "api/pack", cases, HARNESS_COUNT(cases));
    bnorm_plan_destroy(plan);
    bnorm_plan_destroy(rows_plan);
    bnorm_context_destroy(context);
    return result;
}
