/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ceiling of some traffic: the best that any of several simple kernels reaches
 * moving these bytes, on the same arrays, with the same number of threads at most, in
 * the same run.
 */
#ifndef BENCH_CEILING_H
#define BENCH_CEILING_H

#include "batch.h"
#include "loops.h"
#include "timing.h"

typedef struct { /* one kernel on one batch */
    const loops_variant *variant;
    const char *isa;
    int threads;
    loops_traffic traffic;
} ceiling_kernel;

enum { CEILING_MOST = 64, CEILING_NAME = 48 };

typedef struct {
    loops_traffic traffic;
    ceiling_kernel kernels[CEILING_MOST];
    int count;            /* 0: the ceiling was saved (ceilings.h) */
    double saved_seconds;
    char saved_kernel[CEILING_NAME];
} ceiling;

typedef enum { CEILING_ANY, CEILING_ORDINARY, CEILING_NONTEMPORAL } ceiling_stores;

/* All kernels for this traffic, with these stores. */
void ceiling_init(ceiling *c, const loops_traffic *traffic, ceiling_stores stores, int threads);

/* What op moves on this batch when it reads everything `sweeps` times; 1: the compulsory
 * bytes.  Moving it overwrites y and dx. */
loops_traffic ceiling_traffic(const batch *b, const operation *op, int sweeps);

/* Matrices read, as often as they are, and written; and the bytes of both. */
int ceiling_reads(const loops_traffic *traffic);
int ceiling_writes(const loops_traffic *traffic);
double ceiling_bytes(const loops_traffic *traffic);

/* "2 x avx512 up plain cached" */
void ceiling_name(const ceiling_kernel *k, char name[CEILING_NAME]);

/* Fill contestants[0 .. c->count) for timing.h. */
void ceiling_enter(const ceiling *c, contestant *contestants);

#endif
