/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Losses J(y), to have a real dy = dJ/dy.  N rows, C columns, a label t per row:
 *
 *   softmax   J = -1/N sum_i log softmax(y_i)[t_i]         t in 0 .. C-1
 *   squared   J = 1/(2N) sum_ij (y_ij - t_i)^2             t any number
 *   logistic  J = 1/N sum_ij log(1 + exp(-s_ij y_ij))      s_ij = +1 where j = t_i,
 *                                                          else -1
 *
 * softmax needs whole rows; the other two are element-wise, so that a step may
 * ask for them block by block.
 */
#ifndef BENCH_LOSS_H
#define BENCH_LOSS_H

#include <stdbool.h>

#include "bnorm.h"
#include "outcome.h"

typedef struct loss loss;

typedef struct { /* what a gradient needs besides y; the user of an upstream */
    const loss *loss;
    const double *labels; /* of all rows of the batch */
    int64_t rows;
    bnorm_dtype dtype;
} loss_target;

struct loss {
    const char *name;
    bool elementwise;
    bool classes; /* labels are column numbers */
    bnorm_upstream *gradient; /* user: a loss_target */
};

/* Ends with a NULL name. */
extern const loss losses[];

/* NULL when there is none of that name. */
const loss *loss_find(const char *name);

/* Whether the labels suit the loss, for a batch of cols columns; complains. */
outcome loss_check_labels(const loss *loss, const double *labels, int64_t rows, int64_t cols);

/* dy = gradient at y, for the whole batch, in parallel. */
void loss_whole_gradient(const loss_target *target, int64_t cols, bnorm_matrix y,
                         bnorm_matrix dy, int threads);

#endif
