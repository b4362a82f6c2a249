/* SPDX-License-Identifier: BSD-3-Clause */
/* Contexts for every ISA that can run here, times some thread counts. */
#ifndef TESTS_CONTEXTS_H
#define TESTS_CONTEXTS_H

#include "bnorm.h"

enum { CONTEXTS_MOST = 32 };

typedef struct {
    bnorm_context *context[CONTEXTS_MOST];
    int count;
} contexts;

/* Every usable ISA (only BNORM_ISA's where that is set) with each of threads[].
 * Returns 0, or -1 with a note when a context could not be made; close anyway. */
int contexts_open(contexts *all, const int *threads, int count);
void contexts_close(contexts *all);

/* One context with that many threads, the best ISA; NULL with a note. */
bnorm_context *contexts_one(int threads);

#endif
