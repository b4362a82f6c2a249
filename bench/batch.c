/* SPDX-License-Identifier: BSD-3-Clause */
#include "batch.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "support/data.h"
#include "support/oracle.h"

enum { VECTORS = 8, LINE = 64 };

static size_t vector_bytes(int64_t cols, bnorm_dtype dtype)
{
    return ((size_t)cols * data_size(dtype) + LINE - 1) / LINE * LINE;
}

static bool in_panels(const batch *b)
{
    return b->layout->kind == BNORM_PANELS;
}

double batch_bytes(int64_t rows, int64_t cols, bnorm_dtype dtype, const layout *layout)
{
    double wide = (double)cols, width = layout->panel_width;
    if (layout->kind == BNORM_PANELS)
        wide += width * ceil(wide / width);
    return (4.0 * (double)rows * wide + VECTORS * (double)cols) * (double)data_size(dtype) +
           8.0 * (double)rows;
}

static bnorm_status allocate_matrices(const bnorm_plan *plan, bnorm_matrix *x, bnorm_matrix *y,
                                      bnorm_matrix *dy, bnorm_matrix *dx)
{
    bnorm_status status = bnorm_alloc(plan, BNORM_X, x);
    if (!status)
        status = bnorm_alloc(plan, BNORM_Y, y);
    if (!status)
        status = bnorm_alloc(plan, BNORM_DY, dy);
    if (!status)
        status = bnorm_alloc(plan, BNORM_DX, dx);
    return status;
}

/* Row-major copies are placed like the matrices of a row-major plan: peers work on
 * them, and shall have no worse memory. */
static bnorm_status allocate_copies(batch *b, const engine *e)
{
    bnorm_problem problem = e->problem;
    problem.layout = BNORM_ROWS;
    problem.panel_width = 0;
    bnorm_plan *plan = NULL;
    bnorm_status status = bnorm_plan_create(&plan, e->context, &problem);
    if (!status)
        status = allocate_matrices(plan, &b->row_major.x, &b->row_major.y, &b->row_major.dy,
                                   &b->row_major.dx);
    bnorm_plan_destroy(plan);
    return status;
}

static outcome allocate(batch *b, const engine *e)
{
    bnorm_status status = allocate_matrices(e->plan, &b->x, &b->y, &b->dy, &b->dx);
    if (!status && in_panels(b))
        status = allocate_copies(b, e);
    if (status)
        return engine_complain("matrices", status);
    if (!in_panels(b)) {
        b->row_major.x = b->x;
        b->row_major.y = b->y;
        b->row_major.dy = b->dy;
        b->row_major.dx = b->dx;
    }
    size_t size = vector_bytes(b->cols, b->dtype);
    char *memory = b->vectors = aligned_alloc(LINE, VECTORS * size);
    b->labels = malloc((size_t)b->rows * sizeof *b->labels);
    if (!memory || !b->labels)
        return complain_as(OUTCOME_IMPOSSIBLE, "vectors: out of memory");
    void **vectors[VECTORS] = {&b->gamma, &b->beta, &b->mean, &b->rstd, &b->dgamma, &b->dbeta,
                               &b->running_mean, &b->running_var};
    for (int i = 0; i < VECTORS; i++)
        *vectors[i] = memory + (size_t)i * size;
    return OUTCOME_DONE;
}

/* x and labels from a file. */
static void fill_from(batch *b, const dataset *input)
{
    bnorm_matrix x = b->row_major.x;
    for (int64_t r = 0; r < b->rows; r++) {
        for (int64_t c = 0; c < b->cols; c++)
            data_set(b->dtype, x.data, r * x.ld + c, input->values[r * b->cols + c]);
        b->labels[r] = input->labels ? input->labels[r] : 0;
    }
}

static void fill_dy(batch *b)
{
    data_spec dy = {DATA_NORMAL, 0, 1, b->seed + 1};
    data_fill(&dy, b->dtype, b->row_major.dy, b->rows, b->cols);
}

/* x has a mean, or a wrong mean would go unnoticed; gamma and beta are not 1 and
 * 0, and the running variance is positive, for the same reason. */
static void fill(batch *b, const batch_source *source)
{
    uint64_t seed = b->seed;
    data_spec x = {DATA_NORMAL, 0.5, 2, seed};
    if (source->input) {
        fill_from(b, source->input);
    } else {
        data_fill(&x, b->dtype, b->row_major.x, b->rows, b->cols);
        for (int64_t r = 0; r < b->rows; r++)
            b->labels[r] = (double)(data_bits(seed + 2, (uint64_t)r) % (uint64_t)b->cols);
    }
    if (b->random_dy)
        fill_dy(b);
    data_vector(b->dtype, b->gamma, b->cols, 1, 0.1, seed + 3);
    data_vector(b->dtype, b->beta, b->cols, 0, 0.1, seed + 4);
    data_vector(b->dtype, b->running_mean, b->cols, 0.5, 0.1, seed + 5);
    data_vector(b->dtype, b->running_var, b->cols, 4, 0.1, seed + 6);
}

/* From the row-major copy to the matrix, if these are two. */
static outcome pack(const batch *b, const engine *e, bnorm_matrix from, bnorm_matrix panels)
{
    bnorm_status status = in_panels(b) ? bnorm_pack(e->plan, 0, &from, &panels) : BNORM_OK;
    return status ? engine_complain("pack", status) : OUTCOME_DONE;
}

static outcome unpack(const batch *b, const engine *e, bnorm_matrix panels, bnorm_matrix to)
{
    bnorm_status status = in_panels(b) ? bnorm_unpack(e->plan, 0, &panels, &to) : BNORM_OK;
    return status ? engine_complain("unpack", status) : OUTCOME_DONE;
}

/* mean, rstd and the gradient of the loss at the y that forward gives. */
static outcome prepare(batch *b, const engine *e)
{
    outcome result = pack(b, e, b->row_major.x, b->x);
    if (!result)
        result = batch_run(b, operation_find("forward"), e);
    if (!result && !b->random_dy)
        loss_whole_gradient(&b->target, b->cols, b->row_major.y, b->row_major.dy,
                            bnorm_context_threads(e->context));
    return result ? result : pack(b, e, b->row_major.dy, b->dy);
}

outcome batch_create(batch *b, const engine *e, const batch_source *source)
{
    memset(b, 0, sizeof *b);
    b->rows = e->problem.rows;
    b->cols = e->problem.cols;
    b->dtype = e->problem.dtype;
    b->layout = layouts;
    while (b->layout->kind != e->problem.layout ||
           b->layout->panel_width != e->problem.panel_width)
        b->layout++;
    outcome result = OUTCOME_DONE;
    if (source->loss && source->input)
        result = loss_check_labels(source->loss, source->input->labels, b->rows, b->cols);
    if (!result)
        result = allocate(b, e);
    if (!result) {
        const loss *l = source->loss ? source->loss : loss_find("squared");
        b->target = (loss_target){l, b->labels, b->rows, b->dtype};
        b->random_dy = !source->loss;
        b->seed = source->seed;
        fill(b, source);
        result = prepare(b, e);
    }
    if (result)
        batch_free(b);
    return result;
}

void batch_free(batch *b)
{
    bnorm_free(b->x.data);
    bnorm_free(b->y.data);
    bnorm_free(b->dy.data);
    bnorm_free(b->dx.data);
    if (b->layout && in_panels(b)) {
        bnorm_free(b->row_major.x.data);
        bnorm_free(b->row_major.y.data);
        bnorm_free(b->row_major.dy.data);
        bnorm_free(b->row_major.dx.data);
    }
    free(b->vectors);
    free(b->labels);
    memset(b, 0, sizeof *b);
}

batch batch_row_major(const batch *b)
{
    batch view = *b;
    view.layout = layouts;
    view.x = b->row_major.x;
    view.y = b->row_major.y;
    view.dy = b->row_major.dy;
    view.dx = b->row_major.dx;
    return view;
}

void batch_args(const batch *b, const operation *op, bnorm_args *args)
{
    bnorm_args_init(args, sizeof *args);
    args->x = b->x;
    args->gamma = b->gamma;
    args->beta = b->beta;
    if (op->gives_y)
        args->y = b->y;
    if (op->takes_dy)
        args->dy = b->dy;
    if (op->gives_statistics)
        args->mean = b->mean;
    if (op->gives_statistics || op->flag == BNORM_BACKWARD)
        args->rstd = b->rstd; /* backward reads what forward has saved */
    if (op->gives_dx) {
        args->dx = b->dx;
        args->dgamma = b->dgamma;
        args->dbeta = b->dbeta;
    }
    if (op->flag == BNORM_INFER) {
        args->running_mean = b->running_mean;
        args->running_var = b->running_var;
    }
    if (op->flag == BNORM_STEP) {
        args->upstream = b->target.loss->gradient;
        args->user = (void *)(uintptr_t)&b->target;
    }
}

static void poison(const batch *b, bnorm_matrix m, bnorm_matrix copy)
{
    size_t size = data_size(b->dtype);
    memset(copy.data, 0xff, (size_t)(b->rows * copy.ld) * size);
    if (in_panels(b)) {
        int width = b->layout->panel_width;
        int64_t last = (b->cols - 1) / width;
        memset(m.data, 0xff, (size_t)(last * m.ld + b->rows * width) * size);
    }
}

void batch_poison_matrices(batch *b, const operation *op)
{
    if (op->gives_y)
        poison(b, b->y, b->row_major.y);
    if (op->gives_dx)
        poison(b, b->dx, b->row_major.dx);
}

void batch_poison(batch *b, const operation *op)
{
    size_t vector = vector_bytes(b->cols, b->dtype);
    batch_poison_matrices(b, op);
    if (op->gives_dx) {
        memset(b->dgamma, 0xff, vector);
        memset(b->dbeta, 0xff, vector);
    }
    if (op->gives_statistics) {
        memset(b->mean, 0xff, vector);
        memset(b->rstd, 0xff, vector);
    }
}

outcome batch_fetch(batch *b, const engine *e, const operation *op)
{
    outcome result = OUTCOME_DONE;
    if (op->gives_y)
        result = unpack(b, e, b->y, b->row_major.y);
    if (!result && op->gives_dx)
        result = unpack(b, e, b->dx, b->row_major.dx);
    return result;
}

outcome batch_run(batch *b, const operation *op, const engine *e)
{
    bnorm_args args;
    batch_poison(b, op);
    batch_args(b, op, &args);
    bnorm_status status = op->execute(e->plan, &args);
    return status ? engine_complain(op->name, status) : batch_fetch(b, e, op);
}

outcome batch_restore_dy(batch *b, const engine *e)
{
    if (b->random_dy && !in_panels(b))
        fill_dy(b);
    return unpack(b, e, b->dy, b->row_major.dy);
}

/* The bits of one element at its place, well mixed; sums of these don't depend on
 * the order of adding. */
static uint64_t element_hash(bnorm_dtype dtype, const void *data, int64_t i, uint64_t place)
{
    uint64_t bits = UINT64_MAX; /* of every NaN */
    double value = data_get(dtype, data, i);
    if (value == value)
        memcpy(&bits, &value, sizeof bits);
    return data_bits(bits, place);
}

static uint64_t matrix_hash(const batch *b, bnorm_matrix m)
{
    uint64_t hash = 0;
#pragma omp parallel for reduction(+ : hash) schedule(static)
    for (int64_t r = 0; r < b->rows; r++) {
        for (int64_t c = 0; c < b->cols; c++)
            hash += element_hash(b->dtype, m.data, r * m.ld + c, (uint64_t)(r * b->cols + c));
    }
    return hash;
}

static uint64_t vector_hash(const batch *b, const void *vector)
{
    uint64_t hash = 0;
    for (int64_t c = 0; c < b->cols; c++)
        hash += element_hash(b->dtype, vector, c, (uint64_t)c);
    return hash;
}

uint64_t batch_hash(const batch *b, const operation *op)
{
    uint64_t hash = 0;
    if (op->gives_y)
        hash = data_bits(hash, matrix_hash(b, b->row_major.y));
    if (op->gives_dx) {
        hash = data_bits(hash, matrix_hash(b, b->row_major.dx));
        hash = data_bits(hash, vector_hash(b, b->dgamma));
        hash = data_bits(hash, vector_hash(b, b->dbeta));
    }
    if (op->gives_statistics) {
        hash = data_bits(hash, vector_hash(b, b->mean));
        hash = data_bits(hash, vector_hash(b, b->rstd));
    }
    return hash;
}

/* The oracle's verdict on what op has written. */
static outcome judge(batch *b, const operation *op, const engine *e, batch_verdict *verdict)
{
    bnorm_problem problem = e->problem;
    problem.layout = BNORM_ROWS;
    problem.panel_width = 0;
    batch view = batch_row_major(b);
    bnorm_args after, before;
    batch_args(&view, op, &after);
    before = after;
    if (op->flag == BNORM_STEP) { /* the gradient that the upstream function gave, again */
        loss_whole_gradient(&b->target, b->cols, view.y, view.dy, 1);
        before.dy = view.dy;
    }
    oracle_report report;
    verdict->max_error = oracle_compare(&problem, &before, &after, op->flag, &report);
    oracle_format(&report, verdict->worst, sizeof verdict->worst);
    return op->flag == BNORM_STEP ? batch_restore_dy(b, e) : OUTCOME_DONE;
}

outcome batch_run_verified(batch *b, const operation *op, const engine *e,
                           batch_verdict *verdict)
{
    outcome result = batch_run(b, op, e);
    if (!result)
        result = judge(b, op, e, verdict);
    if (!result && !(verdict->max_error <= 1))
        result = complain_as(OUTCOME_FAILED, "%s is wrong: %s", op->name, verdict->worst);
    return result;
}
