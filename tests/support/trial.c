/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/trial.h"
#include "support/harness.h"

#include <stdio.h>
#include <string.h>

trial_spec trial_default(int64_t rows, int64_t cols)
{
    return (trial_spec){.operation = BNORM_FORWARD_BACKWARD,
                        .rows = rows,
                        .cols = cols,
                        .eps = 1e-5,
                        .momentum = 0.1,
                        .x = {DATA_NORMAL, 3, 1.7, 1},
                        .dy = {DATA_NORMAL, 0.3, 0.9, 2}};
}

static int has_gradient(const trial_spec *s)
{
    return s->operation != BNORM_FORWARD && s->operation != BNORM_INFER;
}

/* A matrix of the call. */
static int open_own(guard *g, const trial_spec *s)
{
    if (s->panel)
        return guard_open_panels(g, s->dtype, s->rows, s->cols, s->panel,
                                 s->rows * s->panel + s->pad, s->place);
    return guard_open(g, s->dtype, s->rows, s->cols, s->cols + s->pad, s->place);
}

static int open_copy(guard *g, const trial_spec *s)
{
    return guard_open(g, s->dtype, s->rows, s->cols, s->cols, GUARD_START);
}

static int open_matrices(trial *t)
{
    const trial_spec *s = &t->spec;
    int failed = open_own(&t->x, s) | open_copy(&t->x_copy, s);
    if (!(s->flags & BNORM_IN_PLACE_Y) && s->operation != BNORM_BACKWARD)
        failed |= open_own(&t->y, s);
    if (has_gradient(s)) {
        failed |= open_own(&t->dy, s) | open_copy(&t->dy_copy, s);
        if (!(s->flags & BNORM_IN_PLACE_DX))
            failed |= open_own(&t->dx, s);
    }
    if (s->operation == BNORM_STEP)
        failed |= open_copy(&t->seen_y, s) | open_copy(&t->given_dy, s);
    for (int i = 0; i < TRIAL_VECTORS; i++)
        failed |= guard_open(&t->vector[i], s->stats_dtype, 1, s->cols, s->cols, s->place) |
                  guard_open(&t->vector_copy[i], s->stats_dtype, 1, s->cols, s->cols, s->place);
    return failed ? -1 : 0;
}

/* rstd for backward: near the true one, and far enough from it (up to 1e-2)
 * that one which was found again instead of read would be noticed. */
static void fill_stored_rstd(trial *t)
{
    bnorm_args args = {.rows = t->spec.rows ? 0 : BNORM_NO_ROWS, .x = t->x_copy.matrix};
    bnorm_problem problem = t->problem;
    problem.rows = t->spec.rows;
    problem.flags &= ~(unsigned)BNORM_GLOBAL_STATISTICS;
    for (int64_t col = 0; col < t->spec.cols; col++) {
        oracle_column o;
        if (oracle_compute(&problem, &args, BNORM_FORWARD, col, &o, NULL, NULL) == 0)
            data_set(t->spec.stats_dtype, t->vector[TRIAL_RSTD].matrix.data, col,
                     (double)o.rstd * (1 - 0.001 * (double)(col % 11)));
    }
}

static void fill(trial *t)
{
    const trial_spec *s = &t->spec;
    data_fill(&s->x, s->dtype, t->x_copy.matrix, s->rows, s->cols);
    guard_copy(&t->x, &t->x_copy);
    if (has_gradient(s) && s->operation != BNORM_STEP) {
        data_fill(&s->dy, s->dtype, t->dy_copy.matrix, s->rows, s->cols);
        guard_copy(&t->dy, &t->dy_copy);
    }
    static const double mean[] = {1, 0.1, 0, 0, 0.5, 0.25, 2, 3};
    static const double sigma[] = {0.3, 1, 0, 0, 1, 1, 0.5, 0.2};
    for (int i = 0; i < TRIAL_VECTORS; i++)
        if (i != TRIAL_MEAN && i != TRIAL_RSTD) /* |z| <= 6 keeps running_var positive */
            data_vector(s->stats_dtype, t->vector[i].matrix.data, s->cols, mean[i], sigma[i],
                        s->x.seed + 100 + (uint64_t)i);
    if (s->operation == BNORM_BACKWARD)
        fill_stored_rstd(t);
    for (int i = 0; i < TRIAL_VECTORS; i++)
        guard_copy(&t->vector_copy[i], &t->vector[i]);
    t->batches = t->batches_before = 4;
}

static void *vector(trial *t, int which, unsigned leave_out)
{
    return t->spec.absent & leave_out ? NULL : t->vector[which].matrix.data;
}

static void set_args(trial *t)
{
    const trial_spec *s = &t->spec;
    bnorm_args *a = &t->args;
    bnorm_args_init(a, sizeof *a);
    a->rows = s->rows ? s->rows : BNORM_NO_ROWS;
    a->x = t->x.matrix;
    a->gamma = vector(t, TRIAL_GAMMA, TRIAL_NO_GAMMA);
    a->beta = vector(t, TRIAL_BETA, TRIAL_NO_BETA);
    a->momentum = s->momentum;
    int global = s->operation == BNORM_INFER || (s->flags & BNORM_GLOBAL_STATISTICS);
    if (global || (s->operation != BNORM_BACKWARD && !(s->absent & TRIAL_NO_RUNNING))) {
        a->running_mean = vector(t, TRIAL_RUNNING_MEAN, 0);
        a->running_var = vector(t, TRIAL_RUNNING_VAR, 0);
        a->batches = &t->batches;
    }
    if (s->operation != BNORM_BACKWARD) {
        if (!(s->absent & TRIAL_NO_Y))
            a->y = s->flags & BNORM_IN_PLACE_Y ? t->x.matrix : t->y.matrix;
        a->mean = vector(t, TRIAL_MEAN, TRIAL_NO_MEAN);
    }
    a->rstd = vector(t, TRIAL_RSTD, TRIAL_NO_RSTD);
    if (has_gradient(s)) {
        if (s->operation != BNORM_STEP || !(s->absent & TRIAL_NO_DY))
            a->dy = t->dy.matrix;
        if (!(s->absent & TRIAL_NO_DX))
            a->dx = s->flags & BNORM_IN_PLACE_DX ? t->dy.matrix : t->dx.matrix;
        a->dgamma = vector(t, TRIAL_DGAMMA, TRIAL_NO_DGAMMA);
        a->dbeta = vector(t, TRIAL_DBETA, TRIAL_NO_DBETA);
    }
}

/* What the oracle reads: copies. */
static void set_before(trial *t)
{
    bnorm_args *b = &t->before;
    *b = t->args;
    b->x = t->x_copy.matrix;
    b->dy = t->spec.operation == BNORM_STEP ? t->given_dy.matrix : t->dy_copy.matrix;
    b->batches = t->args.batches ? &t->batches_before : NULL;
#define COPIED(member, which)                                                                      \
    b->member = t->args.member ? t->vector_copy[which].matrix.data : NULL
    COPIED(rstd, TRIAL_RSTD);
    COPIED(dgamma, TRIAL_DGAMMA);
    COPIED(dbeta, TRIAL_DBETA);
    COPIED(running_mean, TRIAL_RUNNING_MEAN);
    COPIED(running_var, TRIAL_RUNNING_VAR);
#undef COPIED
}

int trial_open(trial *t, const trial_spec *spec)
{
    memset(t, 0, sizeof *t);
    t->spec = *spec;
    if (open_matrices(t) != 0)
        return -1;
    bnorm_problem *p = &t->problem;
    bnorm_problem_init(p, sizeof *p);
    p->rows = spec->rows + spec->spare_rows;
    p->cols = spec->cols;
    p->layout = spec->panel ? BNORM_PANELS : BNORM_ROWS;
    p->panel_width = (int)spec->panel;
    p->dtype = spec->dtype;
    p->stats_dtype = spec->stats_dtype;
    p->eps = spec->eps;
    p->operations = spec->operation;
    p->flags = spec->flags;
    p->strategy = spec->strategy;
    fill(t);
    set_args(t);
    set_before(t);
    return 0;
}

void trial_close(trial *t)
{
    guard *const matrices[] = {&t->x, &t->dy, &t->y, &t->dx,
                               &t->x_copy, &t->dy_copy, &t->seen_y, &t->given_dy};
    for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++)
        guard_close(matrices[i]);
    for (int i = 0; i < TRIAL_VECTORS; i++) {
        guard_close(&t->vector[i]);
        guard_close(&t->vector_copy[i]);
    }
}

/* dy = y/2 + data, and a record of both. */
static int upstream(void *user, const bnorm_block *block)
{
    trial *t = user;
    bnorm_dtype dtype = t->spec.dtype;
    for (int64_t i = 0; i < block->rows; i++) {
        for (int64_t j = 0; j < block->cols; j++) {
            int64_t row = block->row + i, col = block->col + j, at = row * t->spec.cols + col;
            double y = data_get(dtype, block->y, i * block->y_ld + j);
            data_set(dtype, block->dy, i * block->dy_ld + j,
                     y / 2 + data_element(&t->spec.dy, t->spec.rows, row, col));
            if (block->pass == 1 && y != data_get(dtype, t->seen_y.matrix.data, at) && y == y)
                __atomic_store_n(&t->upstream_differed, 1, __ATOMIC_RELAXED);
            data_set(dtype, t->seen_y.matrix.data, at, y);
            data_set(dtype, t->given_dy.matrix.data, at,
                     data_get(dtype, block->dy, i * block->dy_ld + j));
        }
    }
    return 0;
}

bnorm_status trial_run(trial *t, const bnorm_context *context)
{
    bnorm_plan *plan = NULL;
    bnorm_status status = bnorm_plan_create(&plan, context, &t->problem);
    if (status != BNORM_OK)
        return status;
    switch (t->spec.operation) {
    case BNORM_FORWARD:
        status = bnorm_forward(plan, &t->args);
        break;
    case BNORM_BACKWARD:
        status = bnorm_backward(plan, &t->args);
        break;
    case BNORM_FORWARD_BACKWARD:
        status = bnorm_forward_backward(plan, &t->args);
        break;
    case BNORM_INFER:
        status = bnorm_infer(plan, &t->args);
        break;
    default:
        t->args.upstream = upstream;
        t->args.user = t;
        status = bnorm_step(plan, &t->args);
        break;
    }
    bnorm_plan_destroy(plan);
    return status;
}

/* Whether the call may only read that vector. */
static int is_input(const trial_spec *s, int which)
{
    int backward = s->operation == BNORM_BACKWARD;
    int given = s->operation == BNORM_INFER || (s->flags & BNORM_GLOBAL_STATISTICS);
    if (which == TRIAL_RUNNING_MEAN || which == TRIAL_RUNNING_VAR)
        return backward || given;
    return which == TRIAL_GAMMA || which == TRIAL_BETA || (which == TRIAL_RSTD && backward);
}

int trial_intact(const trial *t)
{
    const guard *const matrices[] = {&t->x, &t->dy, &t->y, &t->dx};
    for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++)
        if (matrices[i]->map != NULL && !guard_intact(matrices[i]))
            return 0;
    for (int i = 0; i < TRIAL_VECTORS; i++) {
        if (!guard_intact(&t->vector[i]) ||
            (is_input(&t->spec, i) && !guard_equal(&t->vector[i], &t->vector_copy[i])))
            return 0;
    }
    if (!(t->spec.flags & BNORM_IN_PLACE_Y) && !guard_equal(&t->x, &t->x_copy))
        return 0;
    return !has_gradient(&t->spec) || t->spec.operation == BNORM_STEP ||
           (t->spec.flags & BNORM_IN_PLACE_DX) || guard_equal(&t->dy, &t->dy_copy);
}

/* A matrix of the call as the oracle reads it: itself, or a row-major copy, which
 * is opened. */
static bnorm_matrix row_major(const trial *t, bnorm_matrix matrix, guard *copy)
{
    const guard *const own[] = {&t->x, &t->y, &t->dy, &t->dx};
    for (size_t i = 0; i < sizeof own / sizeof *own; i++)
        if (own[i]->panel && matrix.data == own[i]->matrix.data && open_copy(copy, &t->spec) == 0) {
            guard_copy(copy, own[i]);
            return copy->matrix;
        }
    return matrix;
}

double trial_compare(const trial *t, oracle_report *report)
{
    guard y = {0}, dx = {0}, dy = {0};
    bnorm_args after = t->args;
    after.y = row_major(t, after.y, &y);
    after.dx = row_major(t, after.dx, &dx);
    after.dy = row_major(t, after.dy, &dy);
    if (t->spec.operation == BNORM_STEP && after.y.data == NULL)
        after.y = t->seen_y.matrix; /* then upstream's view of y is looked at */
    double worst = oracle_compare(&t->problem, &t->before, &after, t->spec.operation, report);
    guard_close(&y);
    guard_close(&dx);
    guard_close(&dy);
    return worst;
}

uint64_t trial_hash(const trial *t)
{
    uint64_t h = HARNESS_HASH_START;
    const guard *const matrices[] = {&t->x, &t->y, &t->dy, &t->dx};
    for (size_t i = 0; i < sizeof matrices / sizeof *matrices; i++)
        if (matrices[i]->map != NULL)
            h = guard_hash(h, matrices[i]);
    for (int i = 0; i < TRIAL_VECTORS; i++)
        h = guard_hash(h, &t->vector[i]);
    return harness_hash_bytes(h, (const char[]){(char)t->batches}, 1);
}

int trial_name(const trial_spec *s, char *text, size_t size)
{
    static const char *const strategies[] = {"auto", "stream", "resident", "small",
                                             "pipelined"};
    const char *operation = s->operation == BNORM_FORWARD    ? "forward"
                            : s->operation == BNORM_BACKWARD ? "backward"
                            : s->operation == BNORM_STEP     ? "step"
                            : s->operation == BNORM_INFER    ? "infer"
                                                             : "forward_backward";
    return snprintf(text, size,
                    "%s %s/%s %lldx%lld panel %lld pad %lld spare %lld flags %#x absent %#x %s "
                    "eps %g x %s %g %g dy %s %g %g seed %llu %s",
                    operation, s->dtype ? "f64" : "f32", s->stats_dtype ? "f64" : "f32",
                    (long long)s->rows, (long long)s->cols, (long long)s->panel,
                    (long long)s->pad, (long long)s->spare_rows, s->flags, s->absent,
                    strategies[s->strategy], s->eps,
                    data_name(s->x.kind), s->x.mean, s->x.sigma, data_name(s->dy.kind), s->dy.mean,
                    s->dy.sigma, (unsigned long long)s->x.seed,
                    s->place == GUARD_END ? "unaligned" : "aligned");
}

int trial_right(const trial_spec *spec, const bnorm_context *context)
{
    trial t;
    char name[400], text[200] = "out of memory";
    oracle_report report;
    int right = 0;
    if (trial_open(&t, spec) == 0) {
        bnorm_status status = trial_run(&t, context);
        if (status != BNORM_OK)
            snprintf(text, sizeof text, "%s: %s", bnorm_strerror(status), bnorm_last_error());
        else if (!trial_intact(&t))
            snprintf(text, sizeof text, "wrote outside its outputs");
        else if (t.upstream_differed)
            snprintf(text, sizeof text, "upstream saw another y in pass 1");
        else if (trial_compare(&t, &report) > 1)
            oracle_format(&report, text, sizeof text);
        else
            right = 1;
    }
    if (!right) {
        trial_name(spec, name, sizeof name);
        harness_note("%s, %s, %d threads:", name, bnorm_context_isa(context),
                     bnorm_context_threads(context));
        harness_note("    %s", text);
    }
    trial_close(&t);
    return right;
}

uint64_t trial_bits(const trial_spec *spec, const bnorm_context *context)
{
    trial t;
    uint64_t hash = 0;
    if (trial_open(&t, spec) == 0) {
        bnorm_status status = trial_run(&t, context);
        if (status == BNORM_OK)
            hash = trial_hash(&t);
        else
            harness_note("%s: %s", bnorm_strerror(status), bnorm_last_error());
    }
    trial_close(&t);
    return hash;
}
