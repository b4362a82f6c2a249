/* SPDX-License-Identifier: BSD-3-Clause */
#include "report.h"

#include <stdio.h>

#include "machine.h"

void report_author_is(report_author *a, const engine *e)
{
    if (a->threads > 0)
        return;
    snprintf(a->isa, sizeof a->isa, "%s", bnorm_context_isa(e->context));
    a->threads = bnorm_context_threads(e->context);
    if (a->options->style == STYLE_TABLE)
        printf("bnorm %s (%s) on %s\n%s\n\n", bnorm_version(), machine_commit(), machine_cpu(),
               bnorm_context_describe(e->context));
}

void report_begin(record *r, const report_author *a)
{
    r->count = 0;
    record_text(r, "command", a->options->command->name);
    record_text(r, "version", bnorm_version());
    record_text(r, "commit", machine_commit());
    record_text(r, "cpu", machine_cpu());
    record_text(r, "isa", a->isa);
    record_integer(r, "threads", a->threads);
    record_text(r, "binding", "inherit"); /* threads stay where the caller lets them */
}

void report_summary(record *r, const report_author *a, const operation *op)
{
    report_begin(r, a);
    record_text(r, "op", op->name);
    record_text(r, "dtype", options_dtype_name(a->options->dtype));
    record_text(r, "layout", "rows");
}

void report_problem(record *r, const workbench *w, const operation *op)
{
    const batch *b = &w->batch;
    record_text(r, "name", w->problem->name);
    record_text(r, "op", op->name);
    record_integer(r, "rows", b->rows);
    record_integer(r, "cols", b->cols);
    record_text(r, "dtype", options_dtype_name(b->dtype));
    record_text(r, "layout", "rows");
    record_integer(r, "ld", b->x.ld);
}

outcome report_print(const options *o, const record *r)
{
    if (o->style == STYLE_JSON)
        return record_print_json(r);
    if (o->style == STYLE_CSV)
        record_print_csv(r);
    return OUTCOME_DONE;
}

int report_row(table *t, const workbench *w, const operation *op)
{
    const batch *b = &w->batch;
    if (table_row(t))
        return -1;
    int c = 0;
    table_cell(t, c++, TABLE_PLAIN, "%s", w->problem->name);
    table_cell(t, c++, TABLE_PLAIN, "%lld", (long long)b->rows);
    table_cell(t, c++, TABLE_PLAIN, "%lld", (long long)b->cols);
    table_cell(t, c++, TABLE_PLAIN, "%s", options_dtype_name(b->dtype));
    table_cell(t, c++, TABLE_PLAIN, "%s", op->name);
    return c;
}
