/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Problems, descriptions and the defaults of all structs: what bnorm_plan_create
 * and bnorm_plan_describe refuse, and what they take.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/fixture.h"
#include "support/harness.h"

static bnorm_context *context;

typedef struct {
    const char *name;
    void (*spoil)(bnorm_problem *problem);
    bnorm_status status;
    const char *words[3];
} bad_problem;

static void size_zero(bnorm_problem *p) { p->struct_size = 0; }
static void size_small(bnorm_problem *p) { p->struct_size = sizeof *p - 1; }
static void size_large(bnorm_problem *p) { p->struct_size = sizeof *p + 1; }
static void rows_negative(bnorm_problem *p) { p->rows = -1; }
static void cols_negative(bnorm_problem *p) { p->cols = -3; }
static void rows_minimum(bnorm_problem *p) { p->rows = INT64_MIN; }
static void product_overflows(bnorm_problem *p)
{
    p->rows = INT64_C(1) << 40;
    p->cols = INT64_C(1) << 40;
}
/* 2^61 elements fit into int64_t, their bytes (2^63) are beyond PTRDIFF_MAX. */
static void bytes_overflow(bnorm_problem *p)
{
    p->rows = INT64_C(1) << 51;
    p->cols = INT64_C(1) << 10;
}
/* A row of 2^62 bytes, and vectors of 2^63. */
static void vector_overflows(bnorm_problem *p)
{
    p->stats_dtype = BNORM_F64;
    p->rows = 1;
    p->cols = INT64_C(1) << 60;
}
static void dtype_unknown(bnorm_problem *p) { p->dtype = (bnorm_dtype)17; }
static void dtype_negative(bnorm_problem *p) { p->dtype = (bnorm_dtype)-1; }
static void stats_unknown(bnorm_problem *p) { p->stats_dtype = (bnorm_dtype)17; }
static void stats_narrow(bnorm_problem *p)
{
    p->dtype = BNORM_F64;
    p->stats_dtype = BNORM_F32;
}
static void layout_unknown(bnorm_problem *p) { p->layout = (bnorm_layout)9; }
static void strategy_unknown(bnorm_problem *p) { p->strategy = (bnorm_strategy)9; }
static void eps_negative(bnorm_problem *p) { p->eps = -0.5; }
static void eps_nan(bnorm_problem *p) { p->eps = NAN; }
static void eps_infinite(bnorm_problem *p) { p->eps = INFINITY; }
static void operations_none(bnorm_problem *p) { p->operations = 0; }
static void operations_unknown(bnorm_problem *p) { p->operations |= 1u << 5; }
static void flags_unknown(bnorm_problem *p) { p->flags |= 1u << 30; }
static void flags_next(bnorm_problem *p) { p->flags |= BNORM_CUMULATIVE_AVERAGE << 1; }
static void executions_zero(bnorm_problem *p) { p->executions = 0; }
static void executions_negative(bnorm_problem *p) { p->executions = -1; }
static void executions_many(bnorm_problem *p) { p->executions = 4097; }

static void width_unknown(bnorm_problem *p) { p->layout = BNORM_PANELS, p->panel_width = 5; }
static void width_of_rows(bnorm_problem *p) { p->panel_width = 16; }
/* A panel of 2^59 rows has 2^63 elements, however few of its columns are used. */
static void panel_overflows(bnorm_problem *p)
{
    p->layout = BNORM_PANELS, p->rows = INT64_C(1) << 59, p->cols = 1;
}
static void panel_of_nothing(bnorm_problem *p) { panel_overflows(p), p->cols = 0; }

#define ARG BNORM_ERR_ARGUMENT
#define UNSUPPORTED BNORM_ERR_UNSUPPORTED

static const bad_problem bad_problems[] = {
    {"struct_size 0", size_zero, UNSUPPORTED, {"problem", "size", "0"}},
    {"struct_size smaller", size_small, UNSUPPORTED, {"problem", "size"}},
    {"struct_size larger", size_large, UNSUPPORTED, {"problem", "size"}},
    {"rows negative", rows_negative, ARG, {"rows", "-1", "0"}},
    {"rows INT64_MIN", rows_minimum, ARG, {"rows", "-9223372036854775808"}},
    {"cols negative", cols_negative, ARG, {"cols", "-3", "0"}},
    {"a vector overflows", vector_overflows, ARG, {"cols", "1152921504606846976"}},
    {"rows * cols overflows", product_overflows, ARG, {"rows", "columns", "1099511627776"}},
    {"bytes overflow", bytes_overflow, ARG, {"rows", "columns", "2251799813685248"}},
    {"dtype unknown", dtype_unknown, ARG, {"dtype", "17"}},
    {"dtype negative", dtype_negative, ARG, {"dtype"}},
    {"stats_dtype unknown", stats_unknown, ARG, {"stats_dtype", "17"}},
    {"float statistics of double data", stats_narrow, UNSUPPORTED, {"stats_dtype", "F64"}},
    {"layout unknown", layout_unknown, ARG, {"layout", "9"}},
    {"panel_width unknown", width_unknown, ARG, {"panel_width", "5", "8"}},
    {"panel_width of rows", width_of_rows, ARG, {"panel_width", "16", "0"}},
    {"a panel overflows", panel_overflows, ARG, {"rows", "576460752303423488"}},
    {"an unused panel overflows", panel_of_nothing, ARG, {"rows", "576460752303423488"}},
    {"strategy unknown", strategy_unknown, ARG, {"strategy", "9"}},
    {"eps negative", eps_negative, ARG, {"eps", "-0.5", "0"}},
    {"eps NaN", eps_nan, ARG, {"eps", "nan"}},
    {"eps infinite", eps_infinite, ARG, {"eps", "inf"}},
    {"no operations", operations_none, ARG, {"operations", "0"}},
    {"operation unknown", operations_unknown, ARG, {"operations"}},
    {"flag unknown", flags_unknown, ARG, {"flags"}},
    {"first unknown flag", flags_next, ARG, {"flags"}},
    {"executions 0", executions_zero, ARG, {"executions", "0", "1"}},
    {"executions negative", executions_negative, ARG, {"executions", "-1", "1"}},
    {"executions beyond the limit", executions_many, ARG, {"executions", "4097", "4096"}},
};

static void good_problem(bnorm_problem *problem)
{
    bnorm_problem_init(problem, sizeof *problem);
    problem->rows = 100;
    problem->cols = 10;
}

/* The status as expected, and all words in the text; says what is wrong. */
static int says(const char *name, bnorm_status status, bnorm_status expected,
                const char *const *words, int count)
{
    int good = status == expected;
    if (!good)
        harness_note("%s: \"%s\", expected \"%s\" (%s)", name, bnorm_strerror(status),
                     bnorm_strerror(expected), bnorm_last_error());
    for (int i = 0; i < count && words[i]; i++)
        if (!strstr(bnorm_last_error(), words[i])) {
            harness_note("%s: \"%s\" does not say \"%s\"", name, bnorm_last_error(), words[i]);
            good = 0;
        }
    return good;
}

static void refuses_bad_problems(void)
{
    for (size_t i = 0; i < sizeof bad_problems / sizeof bad_problems[0]; i++) {
        const bad_problem *bad = &bad_problems[i];
        bnorm_problem problem;
        bnorm_plan *plan = NULL;
        good_problem(&problem);
        bad->spoil(&problem);
        bnorm_status status = bnorm_plan_create(&plan, context, &problem);
        CU_ASSERT(says(bad->name, status, bad->status, bad->words, 3));
        CU_ASSERT_PTR_NULL(plan);
        bnorm_plan_destroy(plan);
    }
}

static void refuses_null(void)
{
    static const char *const plan_words[] = {"plan", "NULL"};
    static const char *const context_words[] = {"context", "NULL"};
    static const char *const problem_words[] = {"problem", "NULL"};
    bnorm_problem problem;
    bnorm_plan *plan = NULL;
    good_problem(&problem);
    bnorm_status status = bnorm_plan_create(NULL, context, &problem);
    CU_ASSERT(says("plan", status, ARG, plan_words, 2));
    status = bnorm_plan_create(&plan, NULL, &problem);
    CU_ASSERT(says("context", status, ARG, context_words, 2));
    status = bnorm_plan_create(&plan, context, NULL);
    CU_ASSERT(says("problem", status, ARG, problem_words, 2));
    status = bnorm_plan_prepare(NULL);
    CU_ASSERT(says("prepare", status, ARG, plan_words, 2));
    status = bnorm_problem_init(NULL, sizeof problem);
    CU_ASSERT(says("init", status, ARG, problem_words, 2));
    bnorm_plan_destroy(NULL);
}

/* What the table refuses begins right beyond these. */
static void takes_the_limits(void)
{
    bnorm_problem problem;
    bnorm_plan *plan = NULL;
    good_problem(&problem);
    problem.eps = 0;
    problem.executions = 4096;
    problem.rows = 1;
    problem.cols = 1;
    CU_ASSERT_EQUAL(bnorm_plan_create(&plan, context, &problem), BNORM_OK);
    bnorm_plan_destroy(plan);
    problem.executions = 1;
    problem.rows = problem.cols = 0;
    CU_ASSERT_EQUAL(bnorm_plan_create(&plan, context, &problem), BNORM_OK);
    CU_ASSERT_EQUAL(bnorm_plan_prepare(plan), BNORM_OK);
    bnorm_plan_destroy(plan);
}

/* The problem is copied: what happens to it later does not matter. */
static void copies_the_problem(void)
{
    uint64_t hash[2];
    for (int spoil = 0; spoil < 2; spoil++) {
        fixture f;
        fixture_init(&f, 70, 5, BNORM_F32, BNORM_F32);
        f.problem.eps = 0.25;
        bnorm_problem kept = f.problem;
        bnorm_plan *plan = fixture_plan(context, &f.problem);
        if (spoil)
            memset(&f.problem, 0xFF, sizeof f.problem);
        CU_ASSERT_EQUAL(bnorm_forward(plan, &f.args), BNORM_OK);
        f.problem = kept;
        hash[spoil] = fixture_hash(&f, fixture_outputs(BNORM_FORWARD));
        bnorm_plan_destroy(plan);
        fixture_free(&f);
    }
    CU_ASSERT_EQUAL(hash[0], hash[1]);
}

static void problem_defaults(void)
{
    bnorm_problem p;
    memset(&p, 0xFF, sizeof p);
    CU_ASSERT_EQUAL(bnorm_problem_init(&p, sizeof p), BNORM_OK);
    CU_ASSERT_EQUAL(p.struct_size, sizeof p);
    CU_ASSERT(p.rows == 0 && p.cols == 0);
    CU_ASSERT(p.dtype == BNORM_F32 && p.stats_dtype == BNORM_F32);
    CU_ASSERT(p.layout == BNORM_ROWS && p.eps == 1e-5);
    CU_ASSERT(p.operations == BNORM_ALL_OPERATIONS && p.flags == 0);
    CU_ASSERT(p.executions == 1 && p.strategy == BNORM_STRATEGY_AUTO);
}

static void args_defaults(void)
{
    static const bnorm_args zero;
    bnorm_args a, b = zero;
    memset(&a, 0xFF, sizeof a);
    CU_ASSERT_EQUAL(bnorm_args_init(&a, sizeof a), BNORM_OK);
    CU_ASSERT_EQUAL(a.struct_size, sizeof a);
    CU_ASSERT_EQUAL(a.momentum, 0.1);
    b.struct_size = sizeof b;
    b.momentum = 0.1;
    CU_ASSERT(a.rows == b.rows && !a.x.data && a.x.ld == 0 && !a.y.data && a.y.ld == 0 &&
              !a.dy.data && a.dy.ld == 0 && !a.dx.data && a.dx.ld == 0);
    CU_ASSERT(!a.gamma && !a.beta && !a.mean && !a.rstd && !a.dgamma && !a.dbeta);
    CU_ASSERT(!a.running_mean && !a.running_var && !a.batches);
    CU_ASSERT(!a.upstream && !a.user && !a.workspace);
}

/* A size that this version does not know is refused before a byte is written. */
static void init_refuses_unknown_sizes(void)
{
    static const char *const words[] = {"size"};
    union {
        bnorm_problem problem;
        bnorm_args args;
        bnorm_context_options options;
        unsigned char bytes[512];
    } any;
    for (int i = 0; i < 3; i++) {
        int touched = 0;
        memset(any.bytes, 0xA5, sizeof any.bytes);
        bnorm_status p = bnorm_problem_init(
            &any.problem, i == 0 ? 0 : sizeof any.problem + (i == 1 ? -1 : 1));
        CU_ASSERT(says("problem", p, UNSUPPORTED, words, 1));
        bnorm_status a =
            bnorm_args_init(&any.args, i == 0 ? 0 : sizeof any.args + (i == 1 ? -1 : 1));
        CU_ASSERT(says("args", a, UNSUPPORTED, words, 1));
        bnorm_status o = bnorm_context_options_init(
            &any.options, i == 0 ? 0 : sizeof any.options + (i == 1 ? -1 : 1));
        CU_ASSERT(says("options", o, UNSUPPORTED, words, 1));
        for (size_t j = 0; j < sizeof any.bytes; j++)
            touched += any.bytes[j] != 0xA5;
        CU_ASSERT_EQUAL(touched, 0);
    }
}

/* A refused description is not written to, not even its size. */
static void describe_refuses(void)
{
    static const struct {
        const char *name;
        unsigned operation;
        int size; /* added to the right one; INT32_MIN: 0 */
        bnorm_status status;
        const char *words[2];
    } bad[] = {
        {"no operation", 0, 0, ARG, {"operation", "0"}},
        {"two operations", BNORM_FORWARD | BNORM_BACKWARD, 0, ARG, {"operation"}},
        {"unknown operation", 1u << 9, 0, ARG, {"operation"}},
        {"undeclared operation", BNORM_STEP, 0, UNSUPPORTED, {"step"}},
        {"struct_size smaller", BNORM_FORWARD, -1, UNSUPPORTED, {"size"}},
        {"struct_size larger", BNORM_FORWARD, 8, UNSUPPORTED, {"size"}},
    };
    bnorm_problem problem;
    bnorm_description d;
    good_problem(&problem);
    problem.operations = BNORM_FORWARD | BNORM_BACKWARD;
    bnorm_plan *plan = fixture_plan(context, &problem);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memset(&d, 0xA5, sizeof d);
        d.struct_size = (size_t)((ptrdiff_t)sizeof d + bad[i].size);
        bnorm_description before = d;
        bnorm_status status = bnorm_plan_describe(plan, bad[i].operation, &d);
        CU_ASSERT(says(bad[i].name, status, bad[i].status, bad[i].words, 2));
        CU_ASSERT_EQUAL(memcmp(&before, &d, sizeof d), 0);
    }
    d.struct_size = sizeof d;
    CU_ASSERT_EQUAL(bnorm_plan_describe(NULL, BNORM_FORWARD, &d), ARG);
    CU_ASSERT_EQUAL(bnorm_plan_describe(plan, BNORM_FORWARD, NULL), ARG);
    CU_ASSERT_EQUAL(bnorm_plan_describe(plan, BNORM_FORWARD, &d), BNORM_OK);
    bnorm_plan_destroy(plan);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"bad problems are refused", refuses_bad_problems},
        {"NULL is refused", refuses_null},
        {"the limits are taken", takes_the_limits},
        {"the problem is copied", copies_the_problem},
        {"defaults of a problem", problem_defaults},
        {"defaults of arguments", args_defaults},
        {"unknown struct sizes in init", init_refuses_unknown_sizes},
        {"describe refuses", describe_refuses},
    };
    context = fixture_context(1);
    int status = harness_main(argc, argv, "api/problem", cases, HARNESS_COUNT(cases));
    bnorm_context_destroy(context);
    return status;
}
