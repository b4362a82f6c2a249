/* SPDX-License-Identifier: BSD-3-Clause */
/* What all commands say in the same way: who measured, on what, which problem. */
#ifndef BENCH_REPORT_H
#define BENCH_REPORT_H

#include "options.h"
#include "record.h"
#include "table.h"
#include "workbench.h"

/* The processor's name, or the description of the machine that is planned for. */
const char *report_machine(const options *o);

/* Who ran: kept for the summary, when the last engine is gone. */
typedef struct {
    const options *options;
    char isa[16];
    int threads;
} report_author;

/* The first call for an author, with the first engine, also prints the heading
 * of a table: on the program and the machine, and that threads are more than CPUs. */
void report_author_is(report_author *a, const engine *e);

/* The author, with the kernels of the workbench's plan: may be narrower than the context's. */
report_author report_author_of(const report_author *a, const workbench *w, const operation *op);

/* command version commit cpu isa threads binding */
void report_begin(record *r, const report_author *a);

/* op dtype layout, of a summary over all problems. */
void report_summary(record *r, const report_author *a, const operation *op);

typedef struct { /* the problem that a result is about */
    const char *name, *layout;
    int64_t rows, cols;
    int64_t ld;      /* of x; 0: no matrix was made */
    bnorm_dtype dtype;
} report_subject;

report_subject report_subject_of(const workbench *w);

/* name op rows cols dtype layout ld */
void report_problem(record *r, const report_subject *subject, const operation *op);

/* Print a record as the options ask; nothing where a table was asked for. */
outcome report_print(const options *o, const record *r);

/* Begin a row of a table whose first columns have these headings; returns the
 * next column, or -1 when out of memory. */
#define REPORT_HEADINGS "<problem", "rows", "cols", "<type", "<layout", "<operation"
int report_row(table *t, const report_subject *subject, const operation *op);

/* A cell with a share of a ceiling in percent, and whether that was a saved one. */
void report_share(table *t, int column, double fraction, bool saved);

#endif
