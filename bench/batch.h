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
    bnorm_matrix x, y, dy, dx;
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

/* Bytes that a batch takes, its padding aside. */
double batch_bytes(int64_t rows, int64_t cols, bnorm_dtype dtype);

/* Allocate and fill: x from the source, gamma near 1, beta near 0, and with
 * e's forward mean, rstd and, where there is a loss, dy at the y it gives.
 * e must be able to run BNORM_FORWARD. */
outcome batch_create(batch *b, const engine *e, const batch_source *source);

void batch_free(batch *b);

/* The arguments of one operation on this batch. */
void batch_args(const batch *b, const operation *op, bnorm_args *args);

/* Overwrite what op is to write with garbage (NaN), so that nothing stale can
 * pass for a result. */
void batch_poison(batch *b, const operation *op);

/* A hash of what op writes, in which every NaN is the same. */
uint64_t batch_hash(const batch *b, const operation *op);

typedef struct {
    double max_error; /* the worst error over its derived bound: up to 1 is right */
    char worst[160];  /* where that is, in words */
} batch_verdict;

/* Compare all that op has written with the oracle.  problem: the engine's. */
bool batch_verify(batch *b, const operation *op, const bnorm_problem *problem,
                  batch_verdict *verdict);

/* Run op once on poisoned outputs, then verify; complains when it is wrong. */
outcome batch_run_verified(batch *b, const operation *op, const engine *e,
                           batch_verdict *verdict);

#endif
