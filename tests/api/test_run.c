/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The arguments of an execution: each row of the table spoils one thing, and
 * every operation that it concerns must refuse it with the right status, name
 * the argument, its value and the limit, and write nothing.
 */
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "api/fixture.h"
#include "support/data.h"
#include "support/harness.h"

enum { ROWS = 70, COLS = 5, LD = COLS + 3 };

enum { /* groups of operations */
    FWD = BNORM_FORWARD,
    BWD = BNORM_BACKWARD,
    FUSED = BNORM_FORWARD_BACKWARD,
    STEP = BNORM_STEP,
    INFER = BNORM_INFER,
    ALL = BNORM_ALL_OPERATIONS,
    UPDATING = FWD | FUSED | STEP /* those that update running statistics */
};

static bnorm_context *context;

typedef struct {
    const char *name;
    unsigned operations; /* that must refuse it */
    unsigned flags;      /* of the problem */
    void (*spoil)(bnorm_args *args);
    bnorm_status status;
    const char *words[3]; /* what bnorm_last_error must contain, besides */
} bad_call;

static void *shifted(void *data, ptrdiff_t bytes)
{
    return (char *)data + bytes;
}

static void size_zero(bnorm_args *a) { a->struct_size = 0; }
static void size_small(bnorm_args *a) { a->struct_size = sizeof *a - 1; }
static void size_large(bnorm_args *a) { a->struct_size = sizeof *a + 8; }
static void rows_negative(bnorm_args *a) { a->rows = -2; }
static void rows_many(bnorm_args *a) { a->rows = ROWS + 1; }
static void rows_huge(bnorm_args *a) { a->rows = INT64_MAX; }
static void rows_one(bnorm_args *a) { a->rows = 1; }
static void x_null(bnorm_args *a) { a->x.data = NULL; }
static void y_null(bnorm_args *a) { a->y.data = NULL; }
static void dy_null(bnorm_args *a) { a->dy.data = NULL; }
static void mean_null(bnorm_args *a) { a->running_mean = NULL; }
static void var_null(bnorm_args *a) { a->running_var = NULL; }
static void batches_null(bnorm_args *a) { a->batches = NULL; }
static void upstream_null(bnorm_args *a) { a->upstream = NULL; }

static void x_narrow(bnorm_args *a) { a->x.ld = COLS - 1; }
static void y_narrow(bnorm_args *a) { a->y.ld = COLS - 1; }
static void dy_narrow(bnorm_args *a) { a->dy.ld = COLS - 1; }
static void dx_narrow(bnorm_args *a) { a->dx.ld = COLS - 1; }
static void x_negative(bnorm_args *a) { a->x.ld = -LD; }
static void dx_negative(bnorm_args *a) { a->dx.ld = -1; }
static void x_overflow(bnorm_args *a) { a->x.ld = INT64_MAX; }
static void y_overflow(bnorm_args *a) { a->y.ld = INT64_MAX / ROWS + 1; }
/* rows * ld fits, its size in bytes does not: 2^62 floats are 2^64 bytes. */
static void dy_overflow(bnorm_args *a) { a->dy.ld = (INT64_C(1) << 62) / (ROWS - 1); }
/* ... and half as many are beyond PTRDIFF_MAX, though not beyond SIZE_MAX. */
static void dx_overflow(bnorm_args *a) { a->dx.ld = (INT64_C(1) << 61) / (ROWS - 1) + 1; }

static void momentum_negative(bnorm_args *a) { a->momentum = -0.125; }
static void momentum_large(bnorm_args *a) { a->momentum = 1.5; }
static void momentum_nan(bnorm_args *a) { a->momentum = NAN; }
static void momentum_inf(bnorm_args *a) { a->momentum = INFINITY; }

static void x_unaligned(bnorm_args *a) { a->x.data = shifted(a->x.data, 1); }
static void y_unaligned(bnorm_args *a) { a->y.data = shifted(a->y.data, 2); }
static void dy_unaligned(bnorm_args *a) { a->dy.data = shifted(a->dy.data, 3); }
static void dx_unaligned(bnorm_args *a) { a->dx.data = shifted(a->dx.data, 1); }
static void gamma_unaligned(bnorm_args *a) { a->gamma = (const char *)a->gamma + 1; }
static void beta_unaligned(bnorm_args *a) { a->beta = (const char *)a->beta + 2; }
static void mean_unaligned(bnorm_args *a) { a->mean = shifted(a->mean, 1); }
static void rstd_unaligned(bnorm_args *a) { a->rstd = shifted(a->rstd, 1); }
static void dgamma_unaligned(bnorm_args *a) { a->dgamma = shifted(a->dgamma, 1); }
static void dbeta_unaligned(bnorm_args *a) { a->dbeta = shifted(a->dbeta, 1); }
static void rmean_unaligned(bnorm_args *a) { a->running_mean = shifted(a->running_mean, 1); }
static void rvar_unaligned(bnorm_args *a) { a->running_var = shifted(a->running_var, 1); }
static void batches_unaligned(bnorm_args *a) { a->batches = shifted(a->batches, 4); }

/* A line of the fixture's guards: 64-aligned, then not. */
static _Alignas(64) char some_bytes[128];
static void workspace_unaligned(bnorm_args *a) { a->workspace = some_bytes + 32; }

#define ARG BNORM_ERR_ARGUMENT

static const bad_call bad_calls[] = {
    {"struct_size 0", ALL, 0, size_zero, BNORM_ERR_UNSUPPORTED, {"args", "size", "0"}},
    {"struct_size smaller", ALL, 0, size_small, BNORM_ERR_UNSUPPORTED, {"args", "size"}},
    {"struct_size larger", ALL, 0, size_large, BNORM_ERR_UNSUPPORTED, {"args", "size"}},
    {"rows negative", ALL, 0, rows_negative, ARG, {"rows", "-2"}},
    {"rows beyond the problem's", ALL, 0, rows_many, ARG, {"rows", "71", "70"}},
    {"rows huge", ALL, 0, rows_huge, ARG, {"rows", "9223372036854775807", "70"}},
    {"one row, unbiased", UPDATING, BNORM_UNBIASED_VARIANCE, rows_one, ARG, {"rows", "1"}},
    {"x NULL", ALL, 0, x_null, ARG, {"x", "NULL"}},
    {"y NULL", INFER, 0, y_null, ARG, {"y", "NULL"}},
    {"dy NULL", BWD | FUSED, 0, dy_null, ARG, {"dy", "NULL"}},
    {"running_mean NULL", INFER, 0, mean_null, ARG, {"running_mean", "NULL"}},
    {"running_var NULL", INFER, 0, var_null, ARG, {"running_var", "NULL"}},
    {"global, running_mean NULL", ALL, BNORM_GLOBAL_STATISTICS, mean_null, ARG,
     {"running_mean", "NULL"}},
    {"global, running_var NULL", ALL, BNORM_GLOBAL_STATISTICS, var_null, ARG,
     {"running_var", "NULL"}},
    {"batches NULL", UPDATING, BNORM_CUMULATIVE_AVERAGE, batches_null, ARG, {"batches", "NULL"}},
    {"upstream NULL", STEP, 0, upstream_null, ARG, {"upstream", "NULL"}},
    {"x.ld < cols", ALL, 0, x_narrow, ARG, {"x.ld", "4", "5"}},
    {"y.ld < cols", FWD | FUSED | STEP | INFER, 0, y_narrow, ARG, {"y.ld", "4", "5"}},
    {"dy.ld < cols", BWD | FUSED | STEP, 0, dy_narrow, ARG, {"dy.ld", "4", "5"}},
    {"dx.ld < cols", BWD | FUSED | STEP, 0, dx_narrow, ARG, {"dx.ld", "4", "5"}},
    {"x.ld negative", ALL, 0, x_negative, ARG, {"x.ld", "-8"}},
    {"dx.ld negative", BWD | FUSED | STEP, 0, dx_negative, ARG, {"dx.ld", "-1"}},
    {"x.ld overflows", ALL, 0, x_overflow, ARG, {"x", "9223372036854775807"}},
    {"y.ld overflows", FWD | FUSED | STEP | INFER, 0, y_overflow, ARG, {"y", "ld"}},
    {"dy.ld overflows SIZE_MAX", BWD | FUSED | STEP, 0, dy_overflow, ARG, {"dy", "ld"}},
    {"dx.ld overflows PTRDIFF_MAX", BWD | FUSED | STEP, 0, dx_overflow, ARG, {"dx", "ld"}},
    {"momentum < 0", UPDATING, 0, momentum_negative, ARG, {"momentum", "-0.125", "1"}},
    {"momentum > 1", UPDATING, 0, momentum_large, ARG, {"momentum", "1.5", "1"}},
    {"momentum NaN", UPDATING, 0, momentum_nan, ARG, {"momentum", "nan"}},
    {"momentum infinite", UPDATING, 0, momentum_inf, ARG, {"momentum", "inf"}},
    {"x unaligned", ALL, 0, x_unaligned, ARG, {"x", "multiple"}},
    {"y unaligned", FWD | FUSED | STEP | INFER, 0, y_unaligned, ARG, {"y", "multiple"}},
    {"dy unaligned", BWD | FUSED | STEP, 0, dy_unaligned, ARG, {"dy", "multiple"}},
    {"dx unaligned", BWD | FUSED | STEP, 0, dx_unaligned, ARG, {"dx", "multiple"}},
    {"gamma unaligned", ALL, 0, gamma_unaligned, ARG, {"gamma", "multiple"}},
    {"beta unaligned", FWD | FUSED | STEP | INFER, 0, beta_unaligned, ARG, {"beta", "multiple"}},
    {"mean unaligned", UPDATING | INFER, 0, mean_unaligned, ARG, {"mean", "multiple"}},
    {"rstd unaligned", ALL, 0, rstd_unaligned, ARG, {"rstd", "multiple"}},
    {"dgamma unaligned", BWD | FUSED | STEP, 0, dgamma_unaligned, ARG, {"dgamma", "multiple"}},
    {"dbeta unaligned", BWD | FUSED | STEP, 0, dbeta_unaligned, ARG, {"dbeta", "multiple"}},
    {"running_mean unaligned", UPDATING | INFER, 0, rmean_unaligned, ARG,
     {"running_mean", "multiple"}},
    {"running_var unaligned", UPDATING | INFER, 0, rvar_unaligned, ARG,
     {"running_var", "multiple"}},
    {"batches unaligned", UPDATING, BNORM_CUMULATIVE_AVERAGE, batches_unaligned, ARG,
     {"batches", "multiple"}},
    {"workspace unaligned", ALL, 0, workspace_unaligned, ARG, {"workspace", "64"}},
};

/* Whether the call was refused as asked; says what is wrong. */
static int refused(const char *name, const char *operation, const fixture *f,
                   bnorm_status status, bnorm_status expected, const char *const *words,
                   int count)
{
    int good = 1;
    if (status != expected) {
        harness_note("%s, %s: \"%s\", expected \"%s\" (%s)", operation, name,
                     bnorm_strerror(status), bnorm_strerror(expected), bnorm_last_error());
        good = 0;
    }
    for (int i = 0; i < count && words[i]; i++)
        if (!strstr(bnorm_last_error(), words[i])) {
            harness_note("%s, %s: \"%s\" does not say \"%s\"", operation, name,
                         bnorm_last_error(), words[i]);
            good = 0;
        }
    if (!fixture_untouched(f)) {
        harness_note("%s, %s: something was written", operation, name);
        good = 0;
    }
    return good;
}

static void refuses_bad_arguments(void)
{
    static const bnorm_dtype dtypes[] = {BNORM_F32, BNORM_F64};
    for (size_t i = 0; i < sizeof bad_calls / sizeof bad_calls[0]; i++)
        for (int o = 0; o < 2 * FIXTURE_OPERATIONS; o++) {
            const fixture_operation *operation = &fixture_operations[o / 2];
            const bad_call *bad = &bad_calls[i];
            if (!(bad->operations & operation->bit))
                continue;
            fixture f;
            fixture_init(&f, ROWS, COLS, dtypes[o % 2], dtypes[o % 2]);
            f.problem.flags = bad->flags;
            bnorm_plan *plan = fixture_plan(context, &f.problem);
            bad->spoil(&f.args);
            fixture_save(&f);
            bnorm_status status = operation->call(plan, &f.args);
            CU_ASSERT(refused(bad->name, operation->name, &f, status, bad->status,
                              bad->words, 3));
            bnorm_plan_destroy(plan);
            fixture_free(&f);
        }
}

/* The same calls unspoiled, with every flag of the table: nothing else about
 * them was wrong.  And a refused call leaves the plan in working order. */
static void accepts_good_arguments(void)
{
    static const unsigned flags[] = {0, BNORM_UNBIASED_VARIANCE, BNORM_GLOBAL_STATISTICS,
                                     BNORM_CUMULATIVE_AVERAGE, BNORM_ACCUMULATE};
    for (int i = 0; i < 5; i++)
        for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
            fixture f;
            fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
            f.problem.flags = flags[i];
            bnorm_plan *plan = fixture_plan(context, &f.problem);
            f.args.rows = ROWS + 1;
            CU_ASSERT_EQUAL(fixture_operations[o].call(plan, &f.args), BNORM_ERR_ARGUMENT);
            f.args.rows = 0;
            fixture_save(&f);
            CU_ASSERT_EQUAL(fixture_operations[o].call(plan, &f.args), BNORM_OK);
            CU_ASSERT_FALSE(fixture_untouched(&f));
            CU_ASSERT_TRUE(fixture_guarded(&f));
            bnorm_plan_destroy(plan);
            fixture_free(&f);
        }
}

static void refuses_null(void)
{
    fixture f;
    fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    fixture_save(&f);
    for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
        static const char *const args_words[] = {"args", "NULL"};
        static const char *const plan_words[] = {"plan", "NULL"};
        const fixture_operation *operation = &fixture_operations[o];
        bnorm_status status = operation->call(plan, NULL);
        CU_ASSERT(refused("args NULL", operation->name, &f, status, ARG, args_words, 2));
        status = operation->call(NULL, &f.args);
        CU_ASSERT(refused("plan NULL", operation->name, &f, status, ARG, plan_words, 2));
    }
    bnorm_plan_destroy(plan);
    fixture_free(&f);
}

static void refuses_undeclared_operations(void)
{
    for (int declared = 0; declared < FIXTURE_OPERATIONS; declared++) {
        fixture f;
        fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
        f.problem.operations = fixture_operations[declared].bit;
        bnorm_plan *plan = fixture_plan(context, &f.problem);
        fixture_save(&f);
        for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
            const fixture_operation *operation = &fixture_operations[o];
            const char *words[] = {operation->name, "operations"};
            if (o == declared)
                continue;
            bnorm_status status = operation->call(plan, &f.args);
            CU_ASSERT(refused("undeclared", operation->name, &f, status,
                              BNORM_ERR_UNSUPPORTED, words, 2));
        }
        CU_ASSERT_EQUAL(fixture_operations[declared].call(plan, &f.args), BNORM_OK);
        bnorm_plan_destroy(plan);
        fixture_free(&f);
    }
}

/* What an operation does not use is not looked at, unaligned or not: backward
 * takes the same struct that forward left. */
static void ignores_what_is_not_used(void)
{
    fixture f;
    fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    f.args.upstream = NULL;
    f.args.dx.data = f.args.dy.data = NULL;
    CU_ASSERT_EQUAL(bnorm_forward(plan, &f.args), BNORM_OK);
    f.args.y.data = f.args.x.data;
    f.args.dy.data = f.array[FIXTURE_DY].data;
    f.args.dx.data = f.array[FIXTURE_DX].data;
    f.args.mean = NULL;
    CU_ASSERT_EQUAL(bnorm_backward(plan, &f.args), BNORM_OK);
    bnorm_plan_destroy(plan);
    fixture_free(&f);
}

static void no_rows_and_no_columns(void)
{
    for (int o = 0; o < FIXTURE_OPERATIONS; o++)
        for (int i = 0; i < 3; i++) {
            fixture f;
            fixture_init(&f, i == 1 ? 0 : ROWS, i == 2 ? 0 : COLS, BNORM_F64, BNORM_F64);
            bnorm_plan *plan = fixture_plan(context, &f.problem);
            f.args.rows = i == 0 ? BNORM_NO_ROWS : 0;
            CU_ASSERT_EQUAL(fixture_operations[o].call(plan, &f.args), BNORM_OK);
            CU_ASSERT_TRUE(fixture_guarded(&f));
            bnorm_plan_destroy(plan);
            fixture_free(&f);
        }
}

/* Without rows there is nothing to point to, and nothing in a workspace that is
 * worth reading: the sums are zero. */
static void no_rows_need_no_matrices(void)
{
    for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
        fixture f;
        fixture_init(&f, ROWS, COLS, BNORM_F64, BNORM_F64);
        bnorm_plan *plan = fixture_plan(context, &f.problem);
        size_t size = (bnorm_plan_workspace_size(plan) + 63) / 64 * 64;
        unsigned updated = 1u << FIXTURE_RUNNING_MEAN | 1u << FIXTURE_RUNNING_VAR;
        uint64_t before = fixture_hash(&f, updated);
        double *sums[] = {f.args.dgamma, f.args.dbeta};
        f.args.workspace = aligned_alloc(64, size);
        memset(f.args.workspace, 0xFF, size); /* NaNs */
        f.args.rows = BNORM_NO_ROWS;
        f.args.x.data = f.args.y.data = f.args.dy.data = f.args.dx.data = NULL;
        CU_ASSERT_EQUAL(fixture_operations[o].call(plan, &f.args), BNORM_OK);
        for (int i = 0; i < 2 * COLS; i++)
            CU_ASSERT(!(fixture_operations[o].bit & (BWD | FUSED | STEP)) ||
                      sums[i / COLS][i % COLS] == 0);
        CU_ASSERT_EQUAL(fixture_hash(&f, updated), before);
        CU_ASSERT_EQUAL(*f.args.batches, 3);
        free(f.args.workspace);
        bnorm_plan_destroy(plan);
        fixture_free(&f);
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"every bad argument is refused and nothing written", refuses_bad_arguments},
        {"the same arguments unspoiled are taken", accepts_good_arguments},
        {"NULL plan, NULL args", refuses_null},
        {"operations that were not declared", refuses_undeclared_operations},
        {"what is not used is not checked", ignores_what_is_not_used},
        {"no rows, no columns", no_rows_and_no_columns},
        {"no rows need no matrices", no_rows_need_no_matrices},
    };
    context = fixture_context(2);
    int status = harness_main(argc, argv, "api/run", cases, HARNESS_COUNT(cases));
    bnorm_context_destroy(context);
    return status;
}
