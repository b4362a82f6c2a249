/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A context and a plan with float tensors from bnorm_alloc, all operations, and where
 * their pages are according to the system, compared with the blocks of the plan.
 */
#ifndef TESTS_NUMA_SETUP_H
#define TESTS_NUMA_SETUP_H

#include "bnorm.h"

enum { SETUP_TENSORS = 4, SETUP_SHAPES = 3, SETUP_OPERATIONS = 5, SETUP_THREADS = 64 };

typedef struct {
    const char *name;
    bnorm_layout layout;
    int panel_width;
    int64_t rows, cols;
} setup_shape;

/* Row-major, panels of 16 and of 8; none of the sizes is a whole number of anything. */
extern const setup_shape setup_shapes[SETUP_SHAPES];

typedef struct {
    bnorm_context *context;
    bnorm_problem problem;
    bnorm_plan *plan;
    bnorm_matrix tensor[SETUP_TENSORS]; /* by bnorm_tensor; NULL until allocated */
} setup;

/* Context and plan.  threads 0: as many as there are CPUs.  0, or -1 after a failed
 * assertion; close anyway. */
int setup_open(setup *s, const setup_shape *shape, int threads, bnorm_binding binding,
               bnorm_pages pages);
int setup_alloc(setup *s);
void setup_close(setup *s);

/* Bytes from the first to the last element of a matrix. */
size_t setup_bytes(const bnorm_problem *problem, const bnorm_matrix *matrix);

/* Element (row, col). */
float *setup_at(const bnorm_problem *problem, const bnorm_matrix *matrix, int64_t row,
                int64_t col);

/* Every element a function of (seed, row, col), uniform in [0, 1). */
void setup_fill(const bnorm_problem *problem, const bnorm_matrix *matrix, uint64_t seed);

/* Continue a hash over the elements, row by row in any layout. */
uint64_t setup_hash(uint64_t hash, const bnorm_problem *problem, const bnorm_matrix *matrix);

/* Blocks of an operation. */
int64_t setup_blocks(const bnorm_plan *plan, unsigned operation);

/* The sum of what they are planned to find on other nodes. */
double setup_planned_remote(const bnorm_plan *plan, unsigned operation);

typedef struct {
    int64_t pages, absent, other;
    int64_t node_pages[BNORM_MOST_NODES]; /* as in bnorm_placement_report */
    int64_t misplaced; /* pages that one node's threads share with nobody, elsewhere */
    int64_t shared;    /* pages of which several nodes have a part */
    double local, remote, absent_bytes;
    double elements;   /* in all blocks together */
    double thread_local[SETUP_THREADS], thread_remote[SETUP_THREADS]; /* of those planned */
    double each[SETUP_OPERATIONS]; /* setup_agrees: remote bytes of each operation */
} setup_count;

/* Look at every page (of that many bytes) of the matrix, and at whose the elements on it
 * are.  0, or -1 after a failed assertion. */
int setup_look(const setup *s, const bnorm_plan *plan, unsigned operation,
               const bnorm_matrix *matrix, int64_t page_bytes, setup_count *count);

/* bnorm_placement says the same as setup_look for each operation, except for those that
 * fewer nodes share than others (a matrix may be too small); *count is the last. */
void setup_agrees(const setup *s, const bnorm_plan *plan, const bnorm_matrix *matrix,
                  setup_count *count);

#endif
