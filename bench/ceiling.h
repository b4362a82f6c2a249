/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The ceiling of an operation: the best that any of several simple kernels
 * reaches moving the operation's compulsory bytes, on the same arrays, with the
 * same number of threads at most, in the same run.
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
    const void *from[2]; /* NULL: not read or written */
    void *to[2];
    size_t bytes;        /* of one matrix */
} ceiling_kernel;

enum { CEILING_MOST = 64 };

typedef struct {
    ceiling_kernel kernels[CEILING_MOST];
    int count;
} ceiling;

/* All kernels that move what `like` does. */
void ceiling_of(ceiling *c, const ceiling_kernel *like, int threads);

/* All kernels that move what op must move.  They overwrite y and dx. */
void ceiling_init(ceiling *c, const batch *b, const operation *op, int threads);

/* Fill contestants[0 .. c->count) for timing.h. */
void ceiling_enter(const ceiling *c, contestant *contestants);

#endif
