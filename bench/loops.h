/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loops that bnorm is measured against, compiled once per instruction set,
 * with the flags that the library's kernels get: moves (what the memory can do)
 * and the textbook's batch normalization (what one writes without a library).
 */
#ifndef BENCH_LOOPS_H
#define BENCH_LOOPS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bnorm.h"

/* ---- moves ------------------------------------------------------------- */

typedef struct { /* what to move; all matrices begin on cache lines */
    const void *from[2]; /* read; from[1] NULL: only one */
    void *to[2];         /* written; NULL: one or none */
    size_t bytes;        /* of each matrix */
    int sweeps;          /* how often all is read, each time the other way round; the last
                            one writes */
} loops_traffic;

/* One thread. */
typedef void loops_move(const loops_traffic *traffic);

typedef struct {
    const char *name; /* "up plain cached": direction of the last sweep, fetching, stores */
    loops_move *move;
    bool nontemporal; /* stores bypass the caches */
    bool writes;      /* what only reads is the same in another variant */
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
