/* SPDX-License-Identifier: BSD-3-Clause */
/* A context and a plan: the library, made ready for one problem. */
#ifndef BENCH_ENGINE_H
#define BENCH_ENGINE_H

#include <stdbool.h>

#include "bnorm.h"
#include "layout.h"
#include "operation.h"
#include "outcome.h"

typedef struct {
    const char *isa; /* NULL: the library's choice */
    int threads;     /* 0: the library's choice */
    bnorm_strategy strategy;
    const layout *layout; /* NULL: rows */
    bnorm_binding binding;
    const char *synthetic, *xml; /* another machine; NULL: this one */
    bool planning;   /* nothing will be executed */
    bool measure;    /* plan by measuring ... */
    double time_limit; /* ... in so many seconds */
    const char *wisdom; /* a file of what is known, and to be kept; NULL: none */
} engine_choice;

typedef struct {
    bnorm_problem problem; /* for further plans: these are estimated */
    bnorm_context *context;
    bnorm_plan *plan;
} engine;

/* What the library says of a failed call, and which outcome that is. */
outcome engine_complain(const char *what, bnorm_status status);

/* operations: flags of bnorm.h. */
outcome engine_create(engine *e, const engine_choice *choice, int64_t rows, int64_t cols,
                      bnorm_dtype dtype, unsigned operations);

/* Why the plan does op as it does, in the words of bnorm_plan_text: "estimated: ..." or
 * "measured ...". */
void engine_reason(const engine *e, const operation *op, char *reason, size_t size);

/* CPUs that the process may use, or of the described machine. */
int engine_cpus(const engine *e);

/* How long it takes to create a plan for op by estimate: the median of 50 times, in
 * seconds.  No workspace is touched. */
outcome engine_time_planning(const engine *e, const operation *op, double *seconds);

void engine_destroy(engine *e);

#endif
