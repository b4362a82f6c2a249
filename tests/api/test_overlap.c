/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which arrays of one execution may share memory: none that is written, but
 * for exact in-place use that the problem declares and for column slices of
 * one wider matrix.
 */
#include <stdlib.h>
#include <string.h>

#include "api/fixture.h"
#include "support/data.h"
#include "support/harness.h"

enum { ROWS = 70, COLS = 5 };

enum {
    FWD = BNORM_FORWARD,
    BWD = BNORM_BACKWARD,
    FUSED = BNORM_FORWARD_BACKWARD,
    STEP = BNORM_STEP,
    INFER = BNORM_INFER,
    Y = FWD | FUSED | STEP | INFER, /* those that write y */
    DX = BWD | FUSED | STEP,        /* those that write dx, dgamma, dbeta */
    UPDATING = FWD | FUSED | STEP,
    IN_PLACE = BNORM_IN_PLACE_Y | BNORM_IN_PLACE_DX
};

static bnorm_context *context;

typedef struct {
    const char *name;
    unsigned operations;
    unsigned flags;
    void (*spoil)(bnorm_args *args);
    const char *words[2]; /* the two arguments that overlap */
} overlap;

static void *at(void *data, ptrdiff_t elements)
{
    return (float *)data + elements;
}

static void y_is_x(bnorm_args *a) { a->y = a->x; }
static void y_is_x_wider(bnorm_args *a) { a->y = (bnorm_matrix){a->x.data, a->x.ld + 8}; }
static void y_is_x_one_right(bnorm_args *a) { a->y.data = at(a->x.data, 1); }
static void y_is_x_one_left(bnorm_args *a) { a->y.data = at(a->x.data, -1); }
static void y_in_last_row_of_x(bnorm_args *a)
{
    a->y.data = at(a->x.data, (ROWS - 1) * a->x.ld + COLS - 1);
}
static void y_is_dy(bnorm_args *a) { a->y = a->dy; }
static void dx_is_dy(bnorm_args *a) { a->dx = a->dy; }
static void dx_is_dy_wider(bnorm_args *a) { a->dx = (bnorm_matrix){a->dy.data, a->dy.ld + 8}; }
static void dx_is_dy_next_row(bnorm_args *a) { a->dx.data = at(a->dy.data, a->dy.ld); }
static void dx_is_x(bnorm_args *a) { a->dx = a->x; }
static void dx_is_y(bnorm_args *a) { a->dx = a->y; }
static void dy_is_x(bnorm_args *a) { a->dy = a->x; }
static void dy_is_y(bnorm_args *a) { a->dy = a->y; }
static void mean_is_rstd(bnorm_args *a) { a->mean = a->rstd; }
static void mean_is_gamma(bnorm_args *a) { a->mean = (void *)(uintptr_t)a->gamma; }
static void rstd_is_beta(bnorm_args *a) { a->rstd = at((void *)(uintptr_t)a->beta, 4); }
static void dgamma_is_dbeta(bnorm_args *a) { a->dgamma = a->dbeta; }
static void dbeta_is_gamma(bnorm_args *a) { a->dbeta = at((void *)(uintptr_t)a->gamma, -4); }
static void dgamma_is_rstd(bnorm_args *a) { a->dgamma = a->rstd; }
static void mean_in_x(bnorm_args *a) { a->mean = a->x.data; }
static void mean_in_y(bnorm_args *a) { a->mean = a->y.data; }
static void dgamma_in_dx(bnorm_args *a) { a->dgamma = a->dx.data; }
static void gamma_in_y(bnorm_args *a) { a->gamma = a->y.data; }
static void gamma_in_dx(bnorm_args *a) { a->gamma = a->dx.data; }
static void batches_is_mean(bnorm_args *a)
{
    a->batches = a->mean;
    *a->batches = 0; /* a count that is right in itself */
}
static void running_is_running(bnorm_args *a) { a->running_mean = a->running_var; }
static void running_is_mean(bnorm_args *a) { a->mean = a->running_mean; }

static const overlap overlaps[] = {
    {"y is x, not declared", Y, 0, y_is_x, {"y", "x"}},
    {"y is x, other ld", Y, IN_PLACE, y_is_x_wider, {"y", "x"}},
    {"y is x, one to the right", Y, IN_PLACE, y_is_x_one_right, {"y", "x"}},
    {"y is x, one to the left", Y, IN_PLACE, y_is_x_one_left, {"y", "x"}},
    {"y begins in x's last row", Y, IN_PLACE, y_in_last_row_of_x, {"y", "x"}},
    {"y is x in a step, declared", STEP, IN_PLACE, y_is_x, {"y", "x"}},
    {"y is dy", FUSED, IN_PLACE, y_is_dy, {"y", "dy"}},
    {"dx is dy, not declared", DX, 0, dx_is_dy, {"dx", "dy"}},
    {"dx is dy, other ld", DX, IN_PLACE, dx_is_dy_wider, {"dx", "dy"}},
    {"dx is dy, one row down", DX, IN_PLACE, dx_is_dy_next_row, {"dx", "dy"}},
    {"dx is x", DX, IN_PLACE, dx_is_x, {"dx", "x"}},
    {"dx is y", FUSED | STEP, IN_PLACE, dx_is_y, {"dx", "y"}},
    {"a step's dy is x", STEP, IN_PLACE, dy_is_x, {"dy", "x"}},
    {"a step's dy is y", STEP, IN_PLACE, dy_is_y, {"dy", "y"}},
    {"mean is rstd", UPDATING | INFER, 0, mean_is_rstd, {"mean", "rstd"}},
    {"mean is gamma", UPDATING | INFER, 0, mean_is_gamma, {"mean", "gamma"}},
    {"rstd ends in beta", UPDATING | INFER, 0, rstd_is_beta, {"rstd", "beta"}},
    {"dgamma is dbeta", DX, 0, dgamma_is_dbeta, {"dgamma", "dbeta"}},
    {"dbeta begins before gamma", DX, 0, dbeta_is_gamma, {"dbeta", "gamma"}},
    {"dgamma is rstd", DX, 0, dgamma_is_rstd, {"dgamma", "rstd"}},
    {"mean in x", UPDATING | INFER, 0, mean_in_x, {"mean", "x"}},
    {"mean in y", UPDATING | INFER, 0, mean_in_y, {"mean", "y"}},
    {"dgamma in dx", DX, 0, dgamma_in_dx, {"dgamma", "dx"}},
    {"gamma in y", Y, 0, gamma_in_y, {"gamma", "y"}},
    {"gamma in dx", DX, 0, gamma_in_dx, {"gamma", "dx"}},
    {"running_mean is running_var", UPDATING, 0, running_is_running,
     {"running_mean", "running_var"}},
    {"batches is mean", UPDATING, BNORM_CUMULATIVE_AVERAGE, batches_is_mean, {"batches", "mean"}},
    {"mean is running_mean", UPDATING | INFER, 0, running_is_mean, {"mean", "running_mean"}},
};

static int refused(const overlap *o, const fixture_operation *operation)
{
    fixture f;
    int good = 1;
    fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
    f.problem.flags = o->flags;
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    o->spoil(&f.args);
    fixture_save(&f);
    bnorm_status status = operation->call(plan, &f.args);
    if (status != BNORM_ERR_ARGUMENT || !strstr(bnorm_last_error(), o->words[0]) ||
        !strstr(bnorm_last_error(), o->words[1])) {
        harness_note("%s, %s: \"%s\" (%s)", operation->name, o->name, bnorm_strerror(status),
                     status ? bnorm_last_error() : "");
        good = 0;
    }
    if (!fixture_untouched(&f)) {
        harness_note("%s, %s: something was written", operation->name, o->name);
        good = 0;
    }
    bnorm_plan_destroy(plan);
    fixture_free(&f);
    return good;
}

static void refuses_overlap(void)
{
    for (size_t i = 0; i < sizeof overlaps / sizeof overlaps[0]; i++)
        for (int o = 0; o < FIXTURE_OPERATIONS; o++)
            if (overlaps[i].operations & fixture_operations[o].bit)
                CU_ASSERT(refused(&overlaps[i], &fixture_operations[o]));
}

/* All operations on a fixture, by hash of all outputs. */
static uint64_t run(fixture *f, unsigned flags, const fixture_operation *operation)
{
    f->problem.flags = flags;
    bnorm_plan *plan = fixture_plan(context, &f->problem);
    bnorm_status status = operation->call(plan, &f->args);
    if (status != BNORM_OK)
        harness_note("%s: %s", operation->name, bnorm_last_error());
    CU_ASSERT_EQUAL(status, BNORM_OK);
    bnorm_plan_destroy(plan);
    return fixture_hash(f, fixture_outputs(operation->bit));
}

/* Move a result that was computed in place to where the fixture expects it. */
static void move_matrix(fixture *f, fixture_name from, fixture_name to)
{
    memcpy(f->array[to].data, f->array[from].data, f->array[to].bytes);
}

static void in_place_gives_the_same(void)
{
    for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
        const fixture_operation *operation = &fixture_operations[o];
        fixture apart, in_place;
        fixture_init(&apart, ROWS, COLS, BNORM_F32, BNORM_F32);
        fixture_init(&in_place, ROWS, COLS, BNORM_F32, BNORM_F32);
        if (operation->bit & (FWD | FUSED | INFER))
            in_place.args.y = in_place.args.x;
        if (operation->bit & DX)
            in_place.args.dx = in_place.args.dy;
        uint64_t expected = run(&apart, 0, operation);
        run(&in_place, IN_PLACE, operation);
        if (operation->bit & (FWD | FUSED | INFER))
            move_matrix(&in_place, FIXTURE_X, FIXTURE_Y);
        if (operation->bit & DX)
            move_matrix(&in_place, FIXTURE_DY, FIXTURE_DX);
        if (operation->bit == STEP) /* dy is gone: dx took its place */
            move_matrix(&apart, FIXTURE_DX, FIXTURE_DY);
        expected = fixture_hash(&apart, fixture_outputs(operation->bit));
        CU_ASSERT_EQUAL(fixture_hash(&in_place, fixture_outputs(operation->bit)), expected);
        fixture_free(&apart);
        fixture_free(&in_place);
    }
}

enum { WIDE = 4 * COLS + 2 }; /* a wide matrix of four slices, and two columns more */

/* x, y, dy, dx as neighbouring column slices, in an order that varies. */
static void column_slices_are_taken(void)
{
    for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
        const fixture_operation *operation = &fixture_operations[o];
        fixture apart, sliced;
        fixture_init(&apart, ROWS, COLS, BNORM_F32, BNORM_F32);
        fixture_init(&sliced, ROWS, COLS, BNORM_F32, BNORM_F32);
        float *wide = malloc(sizeof(float) * ROWS * WIDE);
        bnorm_matrix *matrices[] = {&sliced.args.x, &sliced.args.y, &sliced.args.dy,
                                    &sliced.args.dx};
        for (int i = 0; i < ROWS * WIDE; i++)
            wide[i] = 77.0f;
        for (int i = 0; i < 4; i++)
            *matrices[i] = (bnorm_matrix){wide + 1 + (i + o) % 4 * COLS, WIDE};
        for (int r = 0; r < ROWS; r++)
            for (int i = 0; i < 4; i++)
                memcpy((float *)matrices[i]->data + r * WIDE,
                       (float *)sliced.array[i].data + r * sliced.ld, COLS * sizeof(float));
        uint64_t expected = run(&apart, 0, operation);
        run(&sliced, 0, operation);
        int edges = 0;
        for (int r = 0; r < ROWS; r++) {
            edges += wide[r * WIDE] != 77.0f || wide[r * WIDE + WIDE - 1] != 77.0f;
            for (int i = 0; i < 4; i++)
                memcpy((float *)sliced.array[i].data + r * sliced.ld,
                       (float *)matrices[i]->data + r * WIDE, COLS * sizeof(float));
        }
        CU_ASSERT_EQUAL(edges, 0);
        CU_ASSERT_EQUAL(fixture_hash(&sliced, fixture_outputs(operation->bit)), expected);
        CU_ASSERT_TRUE(fixture_guarded(&sliced));
        free(wide);
        fixture_free(&apart);
        fixture_free(&sliced);
    }
}

/* Slices that share a column, the first or the last, or run into the next row's
 * first columns: each pair of starts in a row of WIDE columns, against the
 * plain meaning of overlap. */
static void overlapping_slices_are_refused(void)
{
    fixture f;
    fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
    f.problem.flags = IN_PLACE;
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    float *wide = calloc((ROWS + 3) * WIDE, sizeof(float));
    int wrong = 0;
    for (int x = 0; x <= WIDE - COLS; x++)
        for (int y = 0; y < 2 * WIDE; y++) { /* y may begin in x's second row */
            int apart = (y - x + WIDE) % WIDE;
            int overlaps = apart < COLS || apart > WIDE - COLS;
            f.args.x = (bnorm_matrix){wide + x, WIDE};
            f.args.y = (bnorm_matrix){wide + y, WIDE};
            bnorm_status expected = overlaps && x != y ? BNORM_ERR_ARGUMENT : BNORM_OK;
            wrong += bnorm_forward(plan, &f.args) != expected;
        }
    CU_ASSERT_EQUAL(wrong, 0);
    free(wide);
    bnorm_plan_destroy(plan);
    fixture_free(&f);
}

/* Arrays that touch without sharing a byte: y begins where x ends. */
static void neighbours_are_taken(void)
{
    fixture f;
    fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    size_t length = (ROWS - 1) * (size_t)f.ld + COLS; /* the last row has no padding */
    float *both = calloc(2 * length + 2 * COLS, sizeof(float));
    f.args.x.data = both;
    f.args.y.data = both + length;
    f.args.mean = both + 2 * length;
    f.args.rstd = both + 2 * length + COLS;
    CU_ASSERT_EQUAL(bnorm_forward(plan, &f.args), BNORM_OK);
    f.args.y.data = both + length - 1;
    CU_ASSERT_EQUAL(bnorm_forward(plan, &f.args), BNORM_ERR_ARGUMENT);
    free(both);
    bnorm_plan_destroy(plan);
    fixture_free(&f);
}

/* gamma may be beta, and x may be dy: nobody writes them. */
static void inputs_may_be_shared(void)
{
    for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
        fixture f;
        fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
        bnorm_plan *plan = fixture_plan(context, &f.problem);
        f.args.gamma = f.args.beta;
        if (fixture_operations[o].bit & (BWD | FUSED))
            f.args.dy = f.args.x;
        CU_ASSERT_EQUAL(fixture_operations[o].call(plan, &f.args), BNORM_OK);
        bnorm_plan_destroy(plan);
        fixture_free(&f);
    }
}

/* The workspace is written too. */
static void workspace_overlap_is_refused(void)
{
    fixture f;
    fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    size_t size = bnorm_plan_workspace_size(plan);
    char *space = aligned_alloc(64, (size + f.array[FIXTURE_Y].bytes) / 64 * 64 + 64);
    f.args.workspace = space;
    f.args.y.data = space + (size > 4 ? size - 4 : 0) / 4 * 4;
    bnorm_status expected = size ? BNORM_ERR_ARGUMENT : BNORM_OK;
    CU_ASSERT_EQUAL(bnorm_forward(plan, &f.args), expected);
    f.args.y.data = space + (size + 3) / 4 * 4;
    CU_ASSERT_EQUAL(bnorm_forward(plan, &f.args), BNORM_OK);
    free(space);
    bnorm_plan_destroy(plan);
    fixture_free(&f);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"an output that overlaps anything is refused", refuses_overlap},
        {"declared in-place use gives the same bits", in_place_gives_the_same},
        {"column slices of one matrix give the same bits", column_slices_are_taken},
        {"slices that share a column are refused", overlapping_slices_are_refused},
        {"arrays may touch", neighbours_are_taken},
        {"inputs may be shared", inputs_may_be_shared},
        {"a workspace in y is refused", workspace_overlap_is_refused},
    };
    context = fixture_context(1);
    int status = harness_main(argc, argv, "api/overlap", cases, HARNESS_COUNT(cases));
    bnorm_context_destroy(context);
    return status;
}
