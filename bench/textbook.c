/* SPDX-License-Identifier: BSD-3-Clause */
/* The textbook as a peer: textbook_loops.h, for one batch and operation. */
#include <math.h>
#include <stdlib.h>

#include "loops.h"
#include "peer.h"
#include "support/data.h"

typedef struct {
    loops_job job;
    const loops *loops;
    const batch *batch;
    const operation *op;
    char *vectors; /* the memory of mean, rstd, dgamma and dbeta */
} textbook;

static void run(void *opened)
{
    textbook *t = opened;
    const loops_job *job = &t->job;
    bnorm_dtype dtype = t->batch->dtype;
    switch (t->op->flag) {
    case BNORM_FORWARD:
        t->loops->forward[dtype](job);
        break;
    case BNORM_BACKWARD:
        t->loops->backward[dtype](job);
        break;
    case BNORM_INFER:
        t->loops->infer[dtype](job);
        break;
    case BNORM_STEP:
        t->loops->forward[dtype](job);
        loss_whole_gradient(&t->batch->target, job->cols, job->y, job->dy, job->threads);
        t->loops->backward[dtype](job);
        break;
    case BNORM_FORWARD_BACKWARD:
        t->loops->forward[dtype](job);
        t->loops->backward[dtype](job);
        break;
    }
}

/* Statistics that the operation takes as given: infer the running ones, backward
 * those of forward. */
static void prepare(textbook *t)
{
    const batch *b = t->batch;
    for (int64_t c = 0; c < b->cols; c++) {
        double var = data_get(b->dtype, b->running_var, c);
        if (t->op->flag == BNORM_INFER) {
            data_set(b->dtype, t->job.mean, c, data_get(b->dtype, b->running_mean, c));
            data_set(b->dtype, t->job.rstd, c, 1 / sqrt(var + t->job.eps));
        }
    }
    if (t->op->flag == BNORM_BACKWARD)
        t->loops->forward[b->dtype](&t->job);
}

static void close(void *opened)
{
    textbook *t = opened;
    free(t->job.sums);
    free(t->job.parts);
    free(t->vectors);
    free(t);
}

static void *open(const batch *b, const operation *op, const engine *e)
{
    size_t line = 64, vector = (size_t)b->cols * data_size(b->dtype);
    vector = (vector + line - 1) / line * line;
    textbook *t = calloc(1, sizeof *t);
    if (t) {
        loops_job *job = &t->job;
        *job = (loops_job){.rows = b->rows, .cols = b->cols, .eps = e->problem.eps,
                           .threads = bnorm_context_threads(e->context),
                           .x = b->x, .y = b->y, .dy = b->dy, .dx = b->dx,
                           .gamma = b->gamma, .beta = b->beta};
        job->sums_ld = (b->cols + 15) / 16 * 16;
        size_t sums = (size_t)job->threads * 2 * (size_t)job->sums_ld * sizeof(double);
        job->sums = aligned_alloc(line, sums);
        job->parts = aligned_alloc(line, sums); /* enough for either type */
        t->vectors = aligned_alloc(line, 4 * vector);
        t->loops = loops_for(bnorm_context_isa(e->context));
        t->batch = b;
        t->op = op;
    }
    if (!t || !t->job.sums || !t->job.parts || !t->vectors) {
        complain("textbook: out of memory");
        if (t)
            close(t);
        return NULL;
    }
    t->job.mean = t->vectors;
    t->job.rstd = t->vectors + vector;
    t->job.dgamma = t->vectors + 2 * vector;
    t->job.dbeta = t->vectors + 3 * vector;
    prepare(t);
    return t;
}

static void statistics(void *opened, const void **mean, const void **rstd, const void **dgamma,
                       const void **dbeta)
{
    const textbook *t = opened;
    *mean = t->op->gives_statistics ? t->job.mean : NULL;
    *rstd = t->op->gives_statistics ? t->job.rstd : NULL;
    *dgamma = t->op->gives_dx ? t->job.dgamma : NULL;
    *dbeta = t->op->gives_dx ? t->job.dbeta : NULL;
}

/* Reads, writes, and as many reads again as there are writes. */
static int traffic(const operation *op)
{
    enum { FORWARD = 3 + 1 + 1, BACKWARD = 4 + 1 + 1, GRADIENT = 1 + 1 + 1 };
    switch (op->flag) {
    case BNORM_FORWARD:
        return FORWARD;
    case BNORM_BACKWARD:
        return BACKWARD;
    case BNORM_FORWARD_BACKWARD:
        return FORWARD + BACKWARD;
    case BNORM_STEP:
        return FORWARD + GRADIENT + BACKWARD;
    default:
        return 1 + 1 + 1;
    }
}

/* It is part of this program. */
static const char *version(void)
{
    return bnorm_version();
}

const peer textbook_peer = {
    .name = "textbook",
    .layout = "rows",
    .version = version,
    .traffic = traffic,
    .open = open,
    .run = run,
    .close = close,
    .statistics = statistics,
};
