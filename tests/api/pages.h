/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pages on NUMA nodes that a test makes up: the linker gives the library's questions
 * about pages, and its requests to place them, to these (tests/modules.am).  And
 * contexts of machines that are described as if they were this one.
 */
#ifndef BNORM_TEST_PAGES_H
#define BNORM_TEST_PAGES_H

#include <stdint.h>

#include "bnorm.h"
#include "plan/plan.h"

enum { PAGES_ABSENT = -1, PAGES_PLACES_MOST = 4096 };

typedef struct {
    int faked;     /* else: the system's */
    int elsewhere; /* node of pages that nobody placed, or PAGES_ABSENT */
    int64_t turns; /* > 0: those take turns of so many pages among nodes 0 to 3 */
    int refusal;   /* errno of every request; EINVAL: of those not of huge pages */
    int stays;     /* requests are granted, and pages stay */
    int error;     /* errno of every question */
    int count, questions;
    struct {
        const char *begin, *end;
        int node;
    } place[PAGES_PLACES_MOST];
} pages_table;

extern pages_table pages;

/* The system's pages again. */
void pages_real(void);

/* Bytes [begin, end) of a matrix are on that node of the system. */
void pages_put(const bnorm_matrix *matrix, int64_t begin, int64_t end, int node);

/* 2 packages of 4 nodes of 16 cores of 2 CPUs. */
extern const char pages_machine[];

/* A context for that machine, with so many threads (0: all).  present: as if it were
 * this one, with no page placed.  NULL: the case is skipped, without hwloc. */
bnorm_context *pages_context(int threads, int present);

/* The last line of its log. */
extern char pages_log[256];

bnorm_plan *pages_plan(const bnorm_context *context, int64_t rows, int64_t cols,
                       bnorm_layout layout);

/* Whether the same nodes own the same parts of the matrices. */
int pages_same_shards(const bnorm_plan *a, const bnorm_plan *b);

/* bnorm_placement, which must succeed. */
bnorm_placement_report pages_report(const bnorm_plan *plan, const bnorm_matrix *matrix);

#endif
