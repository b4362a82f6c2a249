/* SPDX-License-Identifier: BSD-3-Clause */
/* The operations that can be named on the command line. */
#ifndef BENCH_OPERATION_H
#define BENCH_OPERATION_H

#include <stdbool.h>

#include "bnorm.h"

typedef struct {
    const char *name;
    unsigned flag;     /* BNORM_FORWARD ... BNORM_INFER */
    bnorm_status (*execute)(bnorm_plan *plan, const bnorm_args *args);
    int reads, writes; /* compulsory memory traffic, in matrices */
    bool takes_dy;     /* reads a matrix dy */
    bool gives_y, gives_dx;
    bool gives_statistics; /* mean and rstd */
} operation;

/* Ends with a NULL name. */
extern const operation operations[];

/* NULL when there is none of that name. */
const operation *operation_find(const char *name);

#endif
