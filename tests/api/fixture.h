/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One execution with every argument given: arrays between guard bytes, inputs
 * that are the same on every machine, outputs filled with a pattern.  A test
 * takes one, spoils a thing or two, calls, and asks what was touched.
 */
#ifndef BNORM_TEST_FIXTURE_H
#define BNORM_TEST_FIXTURE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "bnorm.h"

typedef enum { /* the order of the arrays in fixture.array */
    FIXTURE_X,
    FIXTURE_Y,
    FIXTURE_DY,
    FIXTURE_DX,
    FIXTURE_GAMMA,
    FIXTURE_BETA,
    FIXTURE_MEAN,
    FIXTURE_RSTD,
    FIXTURE_DGAMMA,
    FIXTURE_DBETA,
    FIXTURE_RUNNING_MEAN,
    FIXTURE_RUNNING_VAR,
    FIXTURE_BATCHES,
    FIXTURE_ARRAYS
} fixture_name;

typedef struct {
    unsigned char *memory; /* guard, data, guard */
    unsigned char *saved;  /* a copy of all of memory, for fixture_untouched */
    void *data;
    size_t bytes;  /* of data */
    size_t length; /* of memory */
} fixture_array;

typedef struct {
    bnorm_problem problem;
    bnorm_args args; /* every pointer set; upstream is fixture_upstream */
    fixture_array array[FIXTURE_ARRAYS];
    int64_t ld; /* of all four matrices: cols + 3, so that tails show */
    atomic_int upstream_calls;
} fixture;

/* One entry per operation, in the order of their bits. */
typedef struct {
    const char *name;
    unsigned bit;
    bnorm_status (*call)(bnorm_plan *plan, const bnorm_args *args);
} fixture_operation;

enum { FIXTURE_OPERATIONS = 5 };
extern const fixture_operation fixture_operations[FIXTURE_OPERATIONS];

/* Allocate and fill; ends the program when memory is short. */
void fixture_init(fixture *f, int64_t rows, int64_t cols, bnorm_dtype dtype,
                  bnorm_dtype stats_dtype);
void fixture_free(fixture *f);

/* Inputs and patterns as after fixture_init; args and problem stay. */
void fixture_fill(fixture *f);

/* Remember all bytes; then: is every one as it was (guards included)? */
void fixture_save(fixture *f);
bool fixture_untouched(const fixture *f);

/* Are all guards and the padding of all matrices as fixture_fill left them? */
bool fixture_guarded(const fixture *f);

/* Of the outputs named by a mask of 1 << fixture_name, NaN canonical. */
uint64_t fixture_hash(const fixture *f, unsigned outputs);

/* What an operation may write when all arguments are given: such a mask. */
unsigned fixture_outputs(unsigned operation);

/* dy = y / 2, exactly; user is the fixture, or NULL. */
int fixture_upstream(void *user, const bnorm_block *block);

/* Create, or end the program with the library's reason. */
bnorm_context *fixture_context(int threads);

/* For a machine that hwloc describes, with so many threads (0: all); NULL: the case is skipped,
 * without hwloc. */
bnorm_context *fixture_machine(const char *synthetic, int threads);

bnorm_plan *fixture_plan(const bnorm_context *context, const bnorm_problem *problem);

#endif
