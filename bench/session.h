/* SPDX-License-Identifier: BSD-3-Clause */
/* What a command that measures keeps from problem to problem: every operation of the
 * options runs on every problem of the options, and a mean remains. */
#ifndef BENCH_SESSION_H
#define BENCH_SESSION_H

#include <stdio.h>

#include "report.h"

typedef struct session session;

/* One operation, operations[index] of the options, on an open workbench. */
typedef outcome session_operation(session *s, workbench *w, int index);

/* What is left to say of operations[index]: a record, and a line for people that has
 * no line end. */
typedef void session_summary(const session *s, int index, record *r, char *line, size_t size);

struct session {
    const options *options;
    report_author author;
    table table;
    FILE *notes;       /* lines to stand below the table */
    double weight[OPTIONS_LIST], log_sum[OPTIONS_LIST], total_ms[OPTIONS_LIST];
    int doubtful[OPTIONS_LIST]; /* factors that a busy machine has spoilt */
    session_operation *operation;
    const void *user;
};

/* All operations on all problems, then the table.  headings: columns of them, that
 * begin with REPORT_HEADINGS. */
outcome session_run(session *s, const options *o, const char *const *headings, int columns,
                    session_operation *operation, const void *user);

/* Count a factor in the geometric mean, and a time in the sum, by the problem's weight. */
void session_count(session *s, const workbench *w, int index, double factor, double ms);

double session_geomean(const session *s, int index);

/* The worse of result and the summaries of all operations.  Problems that were
 * skipped, with a complaint, are forgiven where another could run. */
outcome session_conclude(const session *s, outcome result, session_summary *summary);

#endif
