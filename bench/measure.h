/* SPDX-License-Identifier: BSD-3-Clause */
/* Time one operation against its ceiling, interleaved: on one workbench, or on several
 * that differ in threads. */
#ifndef BENCH_MEASURE_H
#define BENCH_MEASURE_H

#include "ceiling.h"
#include "workbench.h"

/* A fraction of the ceiling above this means that the ceiling is wrong. */
#define MEASURE_CREDIBLE 1.02

typedef struct {
    double median, min, max;  /* seconds per call */
    double spread;            /* between the quartiles, seconds */
    bool doubtful;            /* half of the calls took far longer than the fastest */
    double bytes;             /* that any implementation must move */
    double ceiling_seconds;   /* median, for those bytes */
    double fraction;          /* ceiling_seconds / median */
    double bound_fraction;    /* the same for what the plan moves, of bare loops that move it */
    bool ceiling_saved;       /* not measured in turns */
    char ceiling_kernel[CEILING_NAME]; /* "2 x avx512 up plain cached" */
} measurement;

/* The operation with these arguments, for timing.h; status keeps an error. */
typedef struct {
    const operation *op;
    bnorm_plan *plan;
    bnorm_args args;
    bnorm_status status;
} measured_call;

void measure_call(void *call);

/* Time a call in turns with the kernels of its ceiling. */
outcome measure_against(measurement *m, const contestant *call, const ceiling *c, int rounds,
                        const char *name);

/* Time op on the workbench in `rounds` rounds, and its bound.  Complains and returns FAILED
 * when, after much measuring, op still beats its ceiling. */
outcome measure(measurement *m, const workbench *w, const operation *op, int rounds);

/* The same on w[0 .. count) in turns, without bounds, each against the ceiling of its own
 * threads on its own matrices: m[i] of w[i]. */
outcome measure_all(measurement *m, const workbench *w, int count, const operation *op,
                    int rounds);

#endif
