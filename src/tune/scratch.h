/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrices and vectors to time a plan's operations on: like bnorm_alloc's, filled with
 * random numbers. */
#ifndef BNORM_TUNE_SCRATCH_H
#define BNORM_TUNE_SCRATCH_H

#include "plan/plan.h"

typedef struct {
    bnorm_matrix matrix[4]; /* by bnorm_tensor; NULL: no operation has it */
    void *vectors;          /* memory of all vectors */
    size_t vector_bytes;
} bnorm_scratch;

/* What the plan's operations need, touched by the plan's threads.  0, or -1 when out
 * of memory. */
int bnorm_scratch_create(bnorm_scratch *scratch, const bnorm_plan *plan);
void bnorm_scratch_free(bnorm_scratch *scratch);

/* Checked and complete arguments of an operation. */
bnorm_args bnorm_scratch_args(const bnorm_scratch *scratch, const bnorm_plan *plan,
                              unsigned operation);

#endif
