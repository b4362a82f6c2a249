/* SPDX-License-Identifier: BSD-3-Clause */
/* The command scale: one operation on rising numbers of threads. */
#ifndef BENCH_SCALE_H
#define BENCH_SCALE_H

#include "options.h"
#include "report.h"

outcome scale_command(const options *o);

typedef struct { /* one number of threads */
    int threads;             /* asked for */
    int team;                /* planned: a small problem has no work for all */
    int64_t rows, ld;        /* ld 0: no matrix was made */
    const char *strategy;
    double seconds;          /* median, or predicted */
    double bytes;            /* that any implementation must move */
    double speedup, efficiency;
    /* Measured alone: */
    double min, spread;      /* seconds; spread: between the quartiles */
    double ceiling_seconds;  /* of these threads, for those bytes */
    const char *ceiling_kernel;
    bool ceiling_saved;
    /* Predicted alone: */
    const char *bound;       /* "core", "memory" or "link": what takes longest */
    double imbalance;        /* the largest thread's share over the team's mean, less 1 */
    double remote_bytes;     /* of all traffic */
} scale_point;

typedef struct {
    const operation *op;
    const shape *problem;    /* as the options name it */
    scale_point points[OPTIONS_COUNTS];
    int count;
    double serial_fraction;  /* NaN for fewer than two points */
} scale_curve;

typedef struct { /* bytes/s of a core, of a node's memory, and of a node's link */
    double core, node, link;
} scale_machine;

/* Fill in speedup, efficiency and serial_fraction from the seconds. */
void scale_derive(scale_curve *curve, bool weak);

/* What the plan for each of the curve's numbers of threads, which are set with their
 * rows, lets expect of a machine that the options describe. */
outcome scale_predict(scale_curve *curve, const options *o, const scale_machine *machine);

/* For people: a table, and the serial fraction or the most that is predicted; or a record
 * for each point. */
outcome scale_print(const scale_curve *curve, report_author *author);

/* As a picture, into the file of --plot. */
outcome scale_plot(const scale_curve *curve, const report_author *author);

#endif
