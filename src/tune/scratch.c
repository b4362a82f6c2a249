/* SPDX-License-Identifier: BSD-3-Clause */
#include "tune/scratch.h"

#include "base/sizes.h"
#include "plan/placement.h"
#include "platform/memory.h"
#include "platform/pages.h"
#include "platform/team.h"

enum { GAMMA, BETA, MEAN, RSTD, DGAMMA, DBETA, RUNNING_MEAN, RUNNING_VAR, VECTORS };

enum { /* operations that take a matrix */
    HAVE_Y = BNORM_FORWARD | BNORM_FORWARD_BACKWARD | BNORM_STEP | BNORM_INFER,
    HAVE_DY = BNORM_BACKWARD | BNORM_FORWARD_BACKWARD,
    HAVE_DX = HAVE_DY | BNORM_STEP,
    PIECE_BYTES = 1 << 18
};

/* ---- random numbers --------------------------------------------------------------- */

/* Mean 0, variance 1, and near enough to normal: the sum of four uniform numbers. */
static double normal(uint64_t i)
{
    uint64_t bits = (i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    bits = (bits ^ bits >> 30) * UINT64_C(0xBF58476D1CE4E5B9);
    bits = (bits ^ bits >> 27) * UINT64_C(0x94D049BB133111EB);
    bits ^= bits >> 31;
    const double sum = (double)((bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) +
                                (bits >> 48));
    return (sum / 65536 - 2) * 1.7320508;
}

typedef struct {
    char *data;
    size_t bytes, size; /* of all, of an element */
    uint64_t seed;
} filling;

static void fill_piece(void *data, int64_t item, const bnorm_worker *worker)
{
    const filling *f = data;
    const size_t begin = (size_t)item * PIECE_BYTES / f->size;
    const size_t end = (size_t)bnorm_min((item + 1) * PIECE_BYTES, (int64_t)f->bytes) / f->size;
    (void)worker;
    for (size_t i = begin; i < end; i++) {
        const double value = normal(f->seed + i);
        if (f->size == sizeof(float))
            ((float *)(void *)f->data)[i] = (float)value;
        else
            ((double *)(void *)f->data)[i] = value;
    }
}

/* ---- memory ------------------------------------------------------------------------ */

/* Pages on the nodes that the plan gives them to; where the system refuses, where they
 * are touched first. */
static void place(const bnorm_plan *plan, const bnorm_matrix *matrix)
{
    bnorm_extent extent[BNORM_MOST_SHARDS];
    const int64_t page = bnorm_pages_size();
    const int extents = bnorm_placement_extents(plan, matrix->ld, extent);
    if (plan->context->machine.memory_nodes <= 1)
        return;
    for (int i = 0; i < extents; i++) {
        const bnorm_range pages = bnorm_placement_pages(&extent[i], 0, page);
        if (pages.begin < pages.end && extent[i].node >= 0)
            bnorm_topology_place(&plan->context->machine,
                                 (char *)matrix->data + pages.begin * page,
                                 (size_t)((pages.end - pages.begin) * page), extent[i].node, 0);
    }
}

static int make_matrix(bnorm_scratch *scratch, const bnorm_plan *plan, bnorm_tensor tensor)
{
    bnorm_matrix *matrix = &scratch->matrix[tensor];
    const bnorm_seats *seats = &plan->context->seats;
    matrix->ld = bnorm_placement_ld(plan);
    const size_t bytes = bnorm_placement_bytes(plan, matrix->ld);
    matrix->data = bnorm_memory_map(bytes, (int)tensor, plan->shards.count > 1,
                                    plan->context->pages);
    if (!matrix->data)
        return -1;
    place(plan, matrix);
    filling f = {matrix->data, bytes, plan->kernels->size, (uint64_t)tensor << 60};
    bnorm_team_run(seats, seats->threads, bnorm_ceil_div((int64_t)bytes, PIECE_BYTES), NULL,
                   fill_piece, &f);
    return 0;
}

static void *vector(const bnorm_scratch *scratch, int index)
{
    return (char *)scratch->vectors + (size_t)index * scratch->vector_bytes;
}

static int make_vectors(bnorm_scratch *scratch, const bnorm_plan *plan)
{
    const size_t size = (size_t)bnorm_dtype_size(plan->problem.stats_dtype);
    const size_t cols = (size_t)plan->problem.cols;
    scratch->vector_bytes = (size_t)bnorm_round_up((int64_t)(cols * size), BNORM_LINE);
    scratch->vectors = bnorm_memory_get(VECTORS * scratch->vector_bytes);
    if (!scratch->vectors)
        return -1;
    static const int ones[] = {GAMMA, RUNNING_VAR};
    for (int i = 0; i < 2; i++) {
        void *values = vector(scratch, ones[i]);
        for (size_t c = 0; c < cols; c++) {
            if (size == sizeof(float))
                ((float *)values)[c] = 1;
            else
                ((double *)values)[c] = 1;
        }
    }
    return 0;
}

int bnorm_scratch_create(bnorm_scratch *scratch, const bnorm_plan *plan)
{
    const unsigned operations = plan->problem.operations, flags = plan->problem.flags;
    *scratch = (bnorm_scratch){.vectors = NULL};
    int failed = make_vectors(scratch, plan) || make_matrix(scratch, plan, BNORM_X);
    /* Step's y is its own whatever the problem declares. */
    if (!failed && operations & (flags & BNORM_IN_PLACE_Y ? BNORM_STEP : HAVE_Y))
        failed = make_matrix(scratch, plan, BNORM_Y);
    if (!failed && operations & HAVE_DY)
        failed = make_matrix(scratch, plan, BNORM_DY);
    if (!failed && operations & (flags & BNORM_IN_PLACE_DX ? BNORM_STEP : HAVE_DX))
        failed = make_matrix(scratch, plan, BNORM_DX);
    if (failed)
        bnorm_scratch_free(scratch);
    return failed ? -1 : 0;
}

void bnorm_scratch_free(bnorm_scratch *scratch)
{
    for (int i = 0; i < 4; i++)
        bnorm_memory_unmap(scratch->matrix[i].data);
    bnorm_memory_put(scratch->vectors);
    *scratch = (bnorm_scratch){.vectors = NULL};
}

/* ---- arguments --------------------------------------------------------------------- */

/* dy = y / 2: as cheap as a gradient can be, so that the step itself is timed.  user:
 * the size of an element. */
static int halve(void *user, const bnorm_block *block)
{
    const size_t size = *(const size_t *)user;
    for (int64_t r = 0; r < block->rows; r++) {
        if (size == sizeof(float)) {
            const float *y = (const float *)block->y + r * block->y_ld;
            float *dy = (float *)block->dy + r * block->dy_ld;
            for (int64_t c = 0; c < block->cols; c++)
                dy[c] = y[c] / 2;
        } else {
            const double *y = (const double *)block->y + r * block->y_ld;
            double *dy = (double *)block->dy + r * block->dy_ld;
            for (int64_t c = 0; c < block->cols; c++)
                dy[c] = y[c] / 2;
        }
    }
    return 0;
}

bnorm_args bnorm_scratch_args(const bnorm_scratch *scratch, const bnorm_plan *plan,
                              unsigned operation)
{
    const unsigned flags = plan->problem.flags;
    const bnorm_matrix *m = scratch->matrix;
    bnorm_args args = {.struct_size = sizeof args, .rows = plan->problem.rows, .x = m[BNORM_X]};
    args.gamma = vector(scratch, GAMMA);
    args.beta = vector(scratch, BETA);
    if (operation & HAVE_Y) {
        const int in_place = flags & BNORM_IN_PLACE_Y && operation != BNORM_STEP;
        args.y = m[in_place ? BNORM_X : BNORM_Y];
        args.mean = vector(scratch, MEAN);
        args.rstd = vector(scratch, RSTD); /* backward finds it again */
    }
    if (operation & HAVE_DY)
        args.dy = m[BNORM_DY];
    if (operation & HAVE_DX) {
        const int in_place = flags & BNORM_IN_PLACE_DX && operation != BNORM_STEP;
        args.dx = m[in_place ? BNORM_DY : BNORM_DX];
        args.dgamma = vector(scratch, DGAMMA);
        args.dbeta = vector(scratch, DBETA);
    }
    if (operation == BNORM_INFER || flags & BNORM_GLOBAL_STATISTICS) {
        args.running_mean = vector(scratch, RUNNING_MEAN);
        args.running_var = vector(scratch, RUNNING_VAR);
    }
    if (operation == BNORM_STEP) {
        args.upstream = halve;
        args.user = (void *)(uintptr_t)&plan->kernels->size;
    }
    return args;
}
