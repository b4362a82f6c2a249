/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <stdio.h>

#include "machine.h"
#include "values.h"

const char *report_machine(const options *o)
{
    return o->synthetic ? o->synthetic : o->xml ? o->xml : machine_cpu();
}

/* The most threads that will run, of a list or by the context. */
static int most_threads(const options *o, const engine *e)
{
    int most = o->count_count ? 1 : bnorm_context_threads(e->context);
    for (int i = 0; i < o->count_count; i++)
        most = o->counts[i] > most ? o->counts[i] : most;
    return most;
}

static void print_heading(const options *o, const engine *e)
{
    const int threads = most_threads(o, e), cpus = engine_cpus(e);
    printf("bnorm %s (%s) on %s\n%s\n", bnorm_version(), machine_commit(), report_machine(o),
           bnorm_context_describe(e->context));
    if (threads > cpus)
        printf("%d threads take turns on %d CPU%s\n", threads, cpus, cpus == 1 ? "" : "s");
    putchar('\n');
}

void report_author_is(report_author *a, const engine *e)
{
    if (a->threads > 0)
        return;
    snprintf(a->isa, sizeof a->isa, "%s", bnorm_context_isa(e->context));
    a->threads = bnorm_context_threads(e->context);
    if (a->options->style == STYLE_TABLE)
        print_heading(a->options, e);
}

report_author report_author_of(const report_author *a, const workbench *w, const operation *op)
{
    report_author author = *a;
    bnorm_description d = {.struct_size = sizeof d};
    if (bnorm_plan_describe(w->engine.plan, op->flag, &d) == BNORM_OK)
        snprintf(author.isa, sizeof author.isa, "%s", d.isa);
    return author;
}

void report_begin(record *r, const report_author *a)
{
    r->count = 0;
    record_text(r, "command", a->options->command->name);
    record_text(r, "version", bnorm_version());
    record_text(r, "commit", machine_commit());
    record_text(r, "cpu", report_machine(a->options));
    record_text(r, "isa", a->isa);
    record_integer(r, "threads", a->threads);
    record_text(r, "binding", binding_names[a->options->binding]);
}

void report_summary(record *r, const report_author *a, const operation *op)
{
    report_begin(r, a);
    record_text(r, "op", op->name);
    record_text(r, "dtype", dtype_names[a->options->dtype]);
    record_text(r, "layout", a->options->layout->name);
}

report_subject report_subject_of(const workbench *w)
{
    const batch *b = &w->batch;
    return (report_subject){w->problem->name, b->layout->name, b->rows, b->cols, b->x.ld,
                            b->dtype};
}

void report_problem(record *r, const report_subject *subject, const operation *op)
{
    record_text(r, "name", subject->name);
    record_text(r, "op", op->name);
    record_integer(r, "rows", subject->rows);
    record_integer(r, "cols", subject->cols);
    record_text(r, "dtype", dtype_names[subject->dtype]);
    record_text(r, "layout", subject->layout);
    if (subject->ld > 0)
        record_integer(r, "ld", subject->ld);
    else
        record_null(r, "ld");
}

outcome report_print(const options *o, const record *r)
{
    if (o->style == STYLE_JSON)
        return record_print_json(r);
    if (o->style == STYLE_CSV)
        record_print_csv(r);
    return OUTCOME_DONE;
}

int report_row(table *t, const report_subject *subject, const operation *op)
{
    if (table_row(t))
        return -1;
    int c = 0;
    table_cell(t, c++, TABLE_PLAIN, "%s", subject->name);
    table_cell(t, c++, TABLE_PLAIN, "%lld", (long long)subject->rows);
    table_cell(t, c++, TABLE_PLAIN, "%lld", (long long)subject->cols);
    table_cell(t, c++, TABLE_PLAIN, "%s", dtype_names[subject->dtype]);
    table_cell(t, c++, TABLE_PLAIN, "%s", subject->layout);
    table_cell(t, c++, TABLE_PLAIN, "%s", op->name);
    return c;
}

void report_share(table *t, int column, double fraction, bool saved)
{
    table_cell(t, column, TABLE_PLAIN, "%.0f%s", 100 * fraction, saved ? " (saved)" : "");
}
