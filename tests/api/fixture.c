/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/fixture.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "support/data.h"
#include "support/harness.h"

/* Guards are wider than any vector, and data stays on a cache line. */
enum { GUARD = 192, PATTERN = 0xA5, LINE = 64 };

const fixture_operation fixture_operations[FIXTURE_OPERATIONS] = {
    {"forward", BNORM_FORWARD, bnorm_forward},
    {"backward", BNORM_BACKWARD, bnorm_backward},
    {"forward_backward", BNORM_FORWARD_BACKWARD, bnorm_forward_backward},
    {"step", BNORM_STEP, bnorm_step},
    {"infer", BNORM_INFER, bnorm_infer},
};

/* aligned_alloc wants a multiple of the alignment; what is more goes to the guard
 * behind the data. */
static void array_init(fixture_array *a, size_t bytes)
{
    a->bytes = bytes;
    a->length = (GUARD + bytes + GUARD + LINE - 1) / LINE * LINE;
    a->memory = aligned_alloc(LINE, a->length);
    a->saved = malloc(a->length);
    if (!a->memory || !a->saved) {
        fprintf(stderr, "fixture: out of memory\n");
        exit(99);
    }
    a->data = a->memory + GUARD;
}

void fixture_fill(fixture *f)
{
    bnorm_dtype stats = f->problem.stats_dtype;
    for (int i = 0; i < FIXTURE_ARRAYS; i++)
        memset(f->array[i].memory, PATTERN, f->array[i].length);
    /* Means away from 0 and sigmas of 1: leaves are ordinary, and both parts of a
     * mean matter.  rstd is far from what x has, so that backward shows which one
     * it took; running_var is positive (|z| <= 6). */
    data_spec x = {DATA_NORMAL, 2.0, 1.0, 1}, dy = {DATA_NORMAL, 0.5, 1.0, 2};
    int64_t rows = f->problem.rows, cols = f->problem.cols;
    data_fill(&x, f->problem.dtype, (bnorm_matrix){f->array[FIXTURE_X].data, f->ld}, rows, cols);
    data_fill(&dy, f->problem.dtype, (bnorm_matrix){f->array[FIXTURE_DY].data, f->ld}, rows, cols);
    data_vector(stats, f->array[FIXTURE_GAMMA].data, cols, 1.0, 0.1, 3);
    data_vector(stats, f->array[FIXTURE_BETA].data, cols, 0.0, 1.0, 4);
    data_vector(stats, f->array[FIXTURE_RSTD].data, cols, 1.0, 0.1, 5);
    data_vector(stats, f->array[FIXTURE_RUNNING_MEAN].data, cols, 2.0, 0.1, 6);
    data_vector(stats, f->array[FIXTURE_RUNNING_VAR].data, cols, 1.0, 0.1, 7);
    *(int64_t *)f->array[FIXTURE_BATCHES].data = 3;
    atomic_store(&f->upstream_calls, 0);
}

void fixture_init(fixture *f, int64_t rows, int64_t cols, bnorm_dtype dtype,
                  bnorm_dtype stats_dtype)
{
    memset(f, 0, sizeof *f);
    bnorm_problem_init(&f->problem, sizeof f->problem);
    bnorm_args_init(&f->args, sizeof f->args);
    f->problem.rows = rows;
    f->problem.cols = cols;
    f->problem.dtype = dtype;
    f->problem.stats_dtype = stats_dtype;
    f->ld = cols + 3;
    size_t matrix = (size_t)(rows * f->ld) * data_size(dtype);
    for (int i = FIXTURE_X; i <= FIXTURE_DX; i++)
        array_init(&f->array[i], matrix);
    for (int i = FIXTURE_GAMMA; i <= FIXTURE_RUNNING_VAR; i++)
        array_init(&f->array[i], (size_t)cols * data_size(stats_dtype));
    array_init(&f->array[FIXTURE_BATCHES], sizeof(int64_t));

    bnorm_matrix *matrices[] = {&f->args.x, &f->args.y, &f->args.dy, &f->args.dx};
    for (int i = 0; i < 4; i++)
        *matrices[i] = (bnorm_matrix){f->array[FIXTURE_X + i].data, f->ld};
    f->args.gamma = f->array[FIXTURE_GAMMA].data;
    f->args.beta = f->array[FIXTURE_BETA].data;
    f->args.mean = f->array[FIXTURE_MEAN].data;
    f->args.rstd = f->array[FIXTURE_RSTD].data;
    f->args.dgamma = f->array[FIXTURE_DGAMMA].data;
    f->args.dbeta = f->array[FIXTURE_DBETA].data;
    f->args.running_mean = f->array[FIXTURE_RUNNING_MEAN].data;
    f->args.running_var = f->array[FIXTURE_RUNNING_VAR].data;
    f->args.batches = f->array[FIXTURE_BATCHES].data;
    f->args.upstream = fixture_upstream;
    f->args.user = f;
    fixture_fill(f);
}

void fixture_free(fixture *f)
{
    for (int i = 0; i < FIXTURE_ARRAYS; i++) {
        free(f->array[i].memory);
        free(f->array[i].saved);
    }
    memset(f, 0, sizeof *f);
}

void fixture_save(fixture *f)
{
    for (int i = 0; i < FIXTURE_ARRAYS; i++)
        memcpy(f->array[i].saved, f->array[i].memory, f->array[i].length);
}

bool fixture_untouched(const fixture *f)
{
    for (int i = 0; i < FIXTURE_ARRAYS; i++)
        if (memcmp(f->array[i].saved, f->array[i].memory, f->array[i].length) != 0)
            return false;
    return true;
}

static bool all_pattern(const unsigned char *p, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (p[i] != PATTERN)
            return false;
    return true;
}

bool fixture_guarded(const fixture *f)
{
    for (int i = 0; i < FIXTURE_ARRAYS; i++) {
        const fixture_array *a = &f->array[i];
        size_t end = GUARD + a->bytes;
        if (!all_pattern(a->memory, GUARD) || !all_pattern(a->memory + end, a->length - end))
            return false;
    }
    /* between the rows of what is written, too */
    size_t size = data_size(f->problem.dtype);
    size_t used = (size_t)f->problem.cols * size, pitch = (size_t)f->ld * size;
    const fixture_array *outputs[] = {&f->array[FIXTURE_Y], &f->array[FIXTURE_DX]};
    for (int i = 0; i < 2; i++)
        for (int64_t r = 0; r < f->problem.rows; r++)
            if (!all_pattern((unsigned char *)outputs[i]->data + (size_t)r * pitch + used,
                             pitch - used))
                return false;
    return true;
}

static uint64_t hash_values(uint64_t h, const void *data, bnorm_dtype dtype, int64_t count)
{
    if (dtype == BNORM_F64)
        return harness_hash_f64(h, data, count);
    return harness_hash_f32(h, data, count);
}

uint64_t fixture_hash(const fixture *f, unsigned outputs)
{
    uint64_t h = HARNESS_HASH_START;
    for (int i = 0; i < FIXTURE_ARRAYS; i++) {
        if (!(outputs & 1u << i))
            continue;
        const unsigned char *data = f->array[i].data;
        if (i == FIXTURE_BATCHES) {
            h = harness_hash_bytes(h, data, sizeof(int64_t));
        } else if (i > FIXTURE_DX) { /* a vector */
            h = hash_values(h, data, f->problem.stats_dtype, f->problem.cols);
        } else {
            size_t pitch = (size_t)f->ld * data_size(f->problem.dtype);
            for (int64_t r = 0; r < f->problem.rows; r++)
                h = hash_values(h, data + (size_t)r * pitch, f->problem.dtype,
                                f->problem.cols);
        }
    }
    return h;
}

unsigned fixture_outputs(unsigned operation)
{
    unsigned forward = 1u << FIXTURE_Y | 1u << FIXTURE_MEAN | 1u << FIXTURE_RSTD |
                       1u << FIXTURE_RUNNING_MEAN | 1u << FIXTURE_RUNNING_VAR;
    unsigned backward = 1u << FIXTURE_DX | 1u << FIXTURE_DGAMMA | 1u << FIXTURE_DBETA;
    switch (operation) {
    case BNORM_FORWARD:
        return forward;
    case BNORM_BACKWARD:
        return backward;
    case BNORM_FORWARD_BACKWARD:
        return forward | backward;
    case BNORM_STEP:
        return forward | backward | 1u << FIXTURE_DY;
    default:
        return 1u << FIXTURE_Y | 1u << FIXTURE_MEAN | 1u << FIXTURE_RSTD;
    }
}

int fixture_upstream(void *user, const bnorm_block *block)
{
    fixture *f = user;
    size_t size = f && f->problem.dtype == BNORM_F64 ? sizeof(double) : sizeof(float);
    for (int64_t r = 0; r < block->rows; r++)
        for (int64_t c = 0; c < block->cols; c++) {
            if (size == sizeof(double))
                ((double *)block->dy)[r * block->dy_ld + c] =
                    ((const double *)block->y)[r * block->y_ld + c] * 0.5;
            else
                ((float *)block->dy)[r * block->dy_ld + c] =
                    ((const float *)block->y)[r * block->y_ld + c] * 0.5f;
        }
    if (f)
        atomic_fetch_add(&f->upstream_calls, 1);
    return 0;
}

/* A test cannot go on without its objects; 99 is automake's "hard error". */
static void must(bnorm_status status, const char *what)
{
    if (status == BNORM_OK)
        return;
    fprintf(stderr, "fixture: %s: %s: %s\n", what, bnorm_strerror(status),
            bnorm_last_error());
    exit(99);
}

bnorm_context *fixture_context(int threads)
{
    bnorm_context_options options;
    bnorm_context *context = NULL;
    bnorm_context_options_init(&options, sizeof options);
    options.threads = threads;
    must(bnorm_context_create(&context, &options), "context");
    return context;
}

bnorm_context *fixture_machine(const char *synthetic, int threads)
{
    bnorm_context *context = NULL;
    bnorm_context_options options;
    bnorm_context_options_init(&options, sizeof options);
    options.synthetic = synthetic;
    options.threads = threads;
    if (bnorm_context_create(&context, &options) != BNORM_OK)
        harness_skip(bnorm_last_error());
    return context;
}

bnorm_plan *fixture_plan(const bnorm_context *context, const bnorm_problem *problem)
{
    bnorm_plan *plan = NULL;
    must(bnorm_plan_create(&plan, context, problem), "plan");
    return plan;
}
