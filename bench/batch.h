/* SPDX-License-Identifier: BSD-3-Clause */
/* The matrices and vectors of one problem, filled, and what becomes of them. */
#ifndef BENCH_BATCH_H
#define BENCH_BATCH_H

#include <stdbool.h>

#include "dataset.h"
#include "engine.h"
#include "loss.h"
#include "operation.h"

typedef struct {
    int64_t rows, cols;
    bnorm_dtype dtype;
    const layout *layout;
    bnorm_matrix x, y, dy, dx; /* in that layout */
    struct {
        bnorm_matrix x, y, dy, dx;
    } row_major; /* the same row-major: copies, or, where the layout is rows, themselves */
    void *vectors; /* the memory of all those below, cols elements each */
    void *gamma, *beta, *mean, *rstd, *dgamma, *dbeta, *running_mean, *running_var;
    double *labels;
    loss_target target; /* the loss of dy, or of step alone where dy is random */
    bool random_dy;
    uint64_t seed;
} batch;

typedef struct {
    const dataset *input;  /* x and labels; NULL: random */
    const loss *loss;      /* NULL: random dy, and squared for step */
    uint64_t seed;
} batch_source;

/* Bytes that a batch takes, its row-major copies included, the padding of rows aside. */
double batch_bytes(int64_t rows, int64_t cols, bnorm_dtype dtype, const layout *layout);

/* Allocate and fill, in the layout of e's problem: x from the source, gamma near 1,
 * beta near 0, and with e's forward mean, rstd and, where there is a loss, dy at the
 * y it gives.  e must be able to run BNORM_FORWARD. */
outcome batch_create(batch *b, const engine *e, const batch_source *source);

void batch_free(batch *b);

/* The batch as those see it who know row-major matrices only.  Owns nothing. */
batch batch_row_major(const batch *b);

/* The arguments of one operation on this batch. */
void batch_args(const batch *b, const operation *op, bnorm_args *args);

/* Overwrite y and dx with garbage (NaN), as far as op is to write them, so that
 * nothing stale can pass for a result. */
void batch_poison_matrices(batch *b, const operation *op);

/* The same for all that op is to write. */
void batch_poison(batch *b, const operation *op);

/* Bring the row-major copies of what op has written up to date, with e's plan. */
outcome batch_fetch(batch *b, const engine *e, const operation *op);

/* Poison, run op once with e, whose problem is like the batch's, and fetch. */
outcome batch_run(batch *b, const operation *op, const engine *e);

/* When something has written to the row-major dy: make it again what operations are
 * given. */
outcome batch_restore_dy(batch *b, const engine *e);

/* A hash of what op has written, the same for all layouts and NaNs.  The row-major
 * copies must be up to date, here and below. */
uint64_t batch_hash(const batch *b, const operation *op);

typedef struct {
    double max_error; /* the worst error over its derived bound: up to 1 is right */
    char worst[160];  /* where that is, in words */
} batch_verdict;

/* Run op once on poisoned outputs, then compare all that it has written with the
 * oracle; complains when it is wrong. */
outcome batch_run_verified(batch *b, const operation *op, const engine *e,
                           batch_verdict *verdict);

#endif
