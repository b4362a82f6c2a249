/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loops that bnorm is measured against, compiled once per instruction set,
 * with the flags that the library's kernels get: moves (what the memory can do)
 * and the textbook's batch normalization (what one writes without a library).
 */
#ifndef BENCH_LOOPS_H
#define BENCH_LOOPS_H

#include <stddef.h>
#include <stdint.h>

#include "bnorm.h"

/* ---- moves ------------------------------------------------------------- */

/* Read bytes from from[0] (and from[1], unless NULL) and write as many to to[0]
 * (and to[1], unless NULL); all on cache lines.  One thread. */
typedef void loops_move(const void *const from[2], void *const to[2], size_t bytes);

typedef struct {
    const char *name; /* "up plain cached": direction, fetching, stores */
    loops_move *move;
} loops_variant;

/* ---- textbook ---------------------------------------------------------- */

typedef struct {
    int64_t rows, cols;
    int threads;
    double eps;
    bnorm_matrix x, y, dy, dx;
    const void *gamma, *beta; /* of the data's type, like all vectors here */
    void *mean, *rstd, *dgamma, *dbeta;
    double *sums;             /* threads x 2 x sums_ld */
    void *parts;              /* the same, of the data's type */
    int64_t sums_ld;          /* >= cols, whole cache lines */
} loops_job;

typedef struct {
    const char *isa;
    const loops_variant *moves; /* ends with a NULL move */
    void (*forward[2])(const loops_job *job);  /* f32, f64: indexed by bnorm_dtype */
    void (*backward[2])(const loops_job *job);
    void (*infer[2])(const loops_job *job);    /* with the job's mean and rstd */
} loops;

/* The loops for an ISA that this CPU has, or the generic ones. */
const loops *loops_for(const char *isa);

#endif
