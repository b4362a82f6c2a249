/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A matrix in memory of its own, between pages that may not be touched: a read
 * or write beyond its end (or, page-aligned, before its start) crashes.  All
 * else that is not an element, row padding too, holds canaries: signalling NaNs,
 * which also poison every sum they get into.
 */
#ifndef TESTS_GUARD_H
#define TESTS_GUARD_H

#include "bnorm.h"

typedef struct {
    bnorm_matrix matrix; /* ld > 0 */
    bnorm_dtype dtype;
    int64_t rows, cols;
    int64_t panel;       /* columns of a panel; 0: row-major */
    char *map;           /* page | usable ... | page */
    size_t page, usable;
} guard;

typedef enum {
    GUARD_START, /* element (0, 0) on a page boundary: aligned for anything */
    GUARD_END    /* the last element ends at a page boundary: aligned to itself */
} guard_place;

/* Elements are canaries too, at first.  Returns 0, or -1 when out of memory. */
int guard_open(guard *g, bnorm_dtype dtype, int64_t rows, int64_t cols, int64_t ld,
               guard_place place);

/* The same in panels, ld >= rows * panel elements apart.  Columns beyond cols in the
 * last panel are canaries. */
int guard_open_panels(guard *g, bnorm_dtype dtype, int64_t rows, int64_t cols, int64_t panel,
                      int64_t ld, guard_place place);
void guard_close(guard *g);

/* Whether all canaries outside the elements are alive. */
int guard_intact(const guard *g);

/* Elements of one to another guard of the same rows, cols and dtype, whatever the
 * layout; equal bits? */
void guard_copy(guard *to, const guard *from);
int guard_equal(const guard *a, const guard *b);

/* Continue hash h over all elements, row by row. */
uint64_t guard_hash(uint64_t h, const guard *g);

#endif
