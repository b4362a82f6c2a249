/* SPDX-License-Identifier: BSD-3-Clause */
/* What each operation uses of bnorm_args, and the checks of it. */
#include <math.h>

#include "api/check.h"

enum { UNUSED, READ = 1, WRITE = 2, NEEDED = 4 };

enum { X, Y, DY, DX, MATRICES, GAMMA = MATRICES, BETA, MEAN, RSTD, DGAMMA, DBETA, RUNNING_MEAN,
       RUNNING_VAR, BATCHES, WORKSPACE, FIELDS };

typedef struct {
    const char *name;
    int use;
    void **data;  /* in the complete args */
    bnorm_matrix *matrix; /* there; NULL: a vector */
    int size;             /* of a vector that is not of stats_dtype and cols; else 0 */
    int64_t count;
    bnorm_region region;
} field;

typedef struct {
    const bnorm_plan *plan;
    unsigned operation;
    int global;
    bnorm_args *args;
    field field[FIELDS];
} checker;

/* Use of each field by operation; forward, backward, fused, step, infer. */
static int use_of(const checker *check, int index)
{
    static const unsigned char use[FIELDS][BNORM_OPERATIONS] = {
        [X] = {READ | NEEDED, READ | NEEDED, READ | NEEDED, READ | NEEDED, READ | NEEDED},
        [Y] = {WRITE, UNUSED, WRITE, WRITE, WRITE | NEEDED},
        [DY] = {UNUSED, READ | NEEDED, READ | NEEDED, WRITE, UNUSED},
        [DX] = {UNUSED, WRITE, WRITE, WRITE, UNUSED},
        [GAMMA] = {READ, READ, READ, READ, READ},
        [BETA] = {READ, UNUSED, READ, READ, READ},
        [MEAN] = {WRITE, UNUSED, WRITE, WRITE, WRITE},
        [RSTD] = {WRITE, READ, WRITE, WRITE, WRITE},
        [DGAMMA] = {UNUSED, WRITE, WRITE, WRITE, UNUSED},
        [DBETA] = {UNUSED, WRITE, WRITE, WRITE, UNUSED},
        [RUNNING_MEAN] = {WRITE, UNUSED, WRITE, WRITE, READ | NEEDED},
        [RUNNING_VAR] = {WRITE, UNUSED, WRITE, WRITE, READ | NEEDED},
        [BATCHES] = {WRITE, UNUSED, WRITE, WRITE, UNUSED},
        [WORKSPACE] = {WRITE, WRITE, WRITE, WRITE, WRITE},
    };
    if (check->global && index == RSTD && check->operation == BNORM_BACKWARD)
        return UNUSED;
    if (check->global && index == BATCHES)
        return UNUSED;
    if (check->global && (index == RUNNING_MEAN || index == RUNNING_VAR))
        return READ | NEEDED;
    return use[index][bnorm_operation_index(check->operation)];
}

static void list_fields(checker *check)
{
    bnorm_args *a = check->args;
    const field fields[FIELDS] = {
        [X] = {.name = "args.x", .data = &a->x.data, .matrix = &a->x},
        [Y] = {.name = "args.y", .data = &a->y.data, .matrix = &a->y},
        [DY] = {.name = "args.dy", .data = &a->dy.data, .matrix = &a->dy},
        [DX] = {.name = "args.dx", .data = &a->dx.data, .matrix = &a->dx},
        [GAMMA] = {.name = "args.gamma", .data = (void **)&a->gamma},
        [BETA] = {.name = "args.beta", .data = (void **)&a->beta},
        [MEAN] = {.name = "args.mean", .data = &a->mean},
        [RSTD] = {.name = "args.rstd", .data = &a->rstd},
        [DGAMMA] = {.name = "args.dgamma", .data = &a->dgamma},
        [DBETA] = {.name = "args.dbeta", .data = &a->dbeta},
        [RUNNING_MEAN] = {.name = "args.running_mean", .data = &a->running_mean},
        [RUNNING_VAR] = {.name = "args.running_var", .data = &a->running_var},
        [BATCHES] = {.name = "args.batches", .data = (void **)&a->batches, .size = 8, .count = 1},
        [WORKSPACE] = {.name = "args.workspace", .data = &a->workspace, .size = BNORM_LINE,
                       .count = bnorm_ceil_div((int64_t)check->plan->workspace_bytes, BNORM_LINE)},
    };
    for (int i = 0; i < FIELDS; i++) {
        check->field[i] = fields[i];
        check->field[i].use = use_of(check, i);
        if (check->field[i].use == UNUSED)
            *check->field[i].data = NULL;
    }
}

/* Its length fits: bnorm_check_problem has seen to it. */
static bnorm_status check_vector(const checker *check, field *at)
{
    const bnorm_problem *problem = &check->plan->problem;
    const int64_t count = at->count ? at->count : problem->cols;
    const int size = at->size ? at->size : bnorm_dtype_size(problem->stats_dtype);
    if ((uintptr_t)*at->data % (uintptr_t)size != 0)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is %p; expected a multiple of %d", at->name,
                          *at->data, size);
    at->region = (bnorm_region){*at->data, 1, count, count, (size_t)size};
    return BNORM_OK;
}

static bnorm_status check_field(const checker *check, field *at)
{
    const bnorm_plan *plan = check->plan;
    const int64_t rows = check->args->rows;
    if (!*at->data && at->use & NEEDED && rows > 0 && plan->problem.cols > 0)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is NULL; %s needs it", at->name,
                          bnorm_operation_name(bnorm_operation_index(check->operation)));
    if (!*at->data)
        return BNORM_OK;
    if (!at->matrix)
        return check_vector(check, at);
    BNORM_TRY(bnorm_check_matrix(at->name, plan, rows, plan->panel, at->matrix, &at->region));
    at->matrix->ld = at->region.ld;
    return BNORM_OK;
}

/* Whether output `out` may be the same matrix as input `in`. */
static int may_be_same(const checker *check, int out, int in)
{
    const unsigned flags = check->plan->problem.flags;
    return (out == Y && in == X && flags & BNORM_IN_PLACE_Y && check->operation != BNORM_STEP) ||
           (out == DX && in == DY && flags & BNORM_IN_PLACE_DX);
}

static bnorm_status check_overlap(const checker *check)
{
    for (int out = 0; out < FIELDS; out++) {
        const field *a = &check->field[out];
        if (!(a->use & WRITE) || !a->region.data)
            continue;
        for (int other = 0; other < FIELDS; other++) {
            const field *b = &check->field[other];
            if (other == out || !b->region.data || !bnorm_regions_overlap(&a->region, &b->region))
                continue;
            if (may_be_same(check, out, other) || may_be_same(check, other, out)) {
                if (a->region.data == b->region.data && a->region.ld == b->region.ld)
                    continue;
                return bnorm_fail(BNORM_ERR_ARGUMENT, "%s (%p, ld %lld) overlaps %s (%p, "
                                  "ld %lld) in part; expected the same matrix or none of it",
                                  a->name, a->region.data, (long long)a->region.ld, b->name,
                                  b->region.data, (long long)b->region.ld);
            }
            return bnorm_fail(BNORM_ERR_ARGUMENT, "%s (%p) overlaps %s (%p); expected "
                              "memory of its own%s", a->name, a->region.data, b->name,
                              b->region.data,
                              (out == Y && other == X && check->operation != BNORM_STEP) ||
                                      (out == DX && other == DY)
                                  ? ", or a problem that declares it in place"
                                  : "");
        }
    }
    return BNORM_OK;
}

/* Running statistics that the operation updates. */
static bnorm_status check_running(const checker *check)
{
    const bnorm_args *args = check->args;
    const unsigned flags = check->plan->problem.flags;
    if (!(args->running_mean || args->running_var) || check->global)
        return BNORM_OK;
    if (flags & BNORM_CUMULATIVE_AVERAGE) {
        if (!args->batches)
            return bnorm_fail(BNORM_ERR_ARGUMENT, "args.batches is NULL; expected a counter with "
                              "BNORM_CUMULATIVE_AVERAGE");
    } else if (!isgreaterequal(args->momentum, 0) || !islessequal(args->momentum, 1)) {
        return bnorm_fail(BNORM_ERR_ARGUMENT, "args.momentum is %g; expected 0 to 1",
                          args->momentum);
    }
    if (args->batches && (*args->batches < 0 || *args->batches == INT64_MAX))
        return bnorm_fail(BNORM_ERR_ARGUMENT, "*args.batches is %lld; expected a count from 0 up",
                          (long long)*args->batches);
    if (args->rows == 1 && args->running_var && flags & BNORM_UNBIASED_VARIANCE)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "args.rows is 1; an unbiased running_var needs at "
                          "least 2");
    return BNORM_OK;
}

bnorm_status bnorm_check_args(const bnorm_plan *plan, unsigned operation, const bnorm_args *args,
                              bnorm_args *complete)
{
    const int infer = operation == BNORM_INFER;
    checker check = {plan, operation, infer || plan->problem.flags & BNORM_GLOBAL_STATISTICS,
                     complete, {{0}}};

    BNORM_TRY(bnorm_check_size("args", args->struct_size, sizeof *args));
    *complete = *args;
    if (operation == BNORM_STEP && !args->upstream)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "args.upstream is NULL; step needs it");
    BNORM_TRY(bnorm_check_rows("args.rows", &complete->rows, plan));
    list_fields(&check);
    for (int i = 0; i < FIELDS; i++)
        BNORM_TRY(check_field(&check, &check.field[i]));
    BNORM_TRY(check_running(&check));
    return check_overlap(&check);
}
