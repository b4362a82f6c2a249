/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include <math.h>
#include <stdio.h>

#include "measure.h"
#include "progress.h"
#include "report.h"

static const char *const headings[] = {
    REPORT_HEADINGS, "<strategy", "<isa", "threads", "median ms", "min ms", "GB/s",
    "% of ceiling", "verified", "error/bound"};

enum { COLUMNS = sizeof headings / sizeof *headings };

typedef struct { /* what is kept from problem to problem */
    const options *o;
    report_author author;
    table table;
    double weight[OPTIONS_LIST], log_fraction[OPTIONS_LIST]; /* per operation */
    double total_ms[OPTIONS_LIST];
} session;

typedef struct {
    const operation *op;
    const char *strategy;
    measurement m;
    double fraction; /* of the ceiling */
    bool verified;
    batch_verdict verdict;
} result;

static void add_to_table(session *s, const workbench *w, const result *r)
{
    table *t = &s->table;
    int c = report_row(t, w, r->op);
    if (c < 0)
        return;
    table_cell(t, c++, TABLE_PLAIN, "%s", r->strategy);
    table_cell(t, c++, TABLE_PLAIN, "%s", s->author.isa);
    table_cell(t, c++, TABLE_PLAIN, "%d", s->author.threads);
    table_cell(t, c++, TABLE_PLAIN, "%.4g", 1e3 * r->m.median);
    table_cell(t, c++, TABLE_PLAIN, "%.4g", 1e3 * r->m.min);
    table_cell(t, c++, TABLE_PLAIN, "%.1f", r->m.bytes / 1e9 / r->m.median);
    table_cell(t, c++, TABLE_PLAIN, "%.0f", 100 * r->fraction);
    if (s->o->verify) {
        table_cell(t, c++, r->verified ? TABLE_GOOD : TABLE_BAD, r->verified ? "yes" : "NO");
        table_cell(t, c++, TABLE_PLAIN, "%.2g", r->verdict.max_error);
    } else {
        table_cell(t, c, TABLE_PLAIN, "not asked");
    }
}

static outcome print_record(const session *s, const workbench *w, const result *r)
{
    record rec;
    report_begin(&rec, &s->author);
    report_problem(&rec, w, r->op);
    record_text(&rec, "strategy", r->strategy);
    record_number(&rec, "time_ms_median", 1e3 * r->m.median);
    record_number(&rec, "time_ms_min", 1e3 * r->m.min);
    record_number(&rec, "gb_s", r->m.bytes / 1e9 / r->m.median);
    record_number(&rec, "ceiling_gb_s", r->m.bytes / 1e9 / r->m.ceiling_seconds);
    record_number(&rec, "ceiling_fraction", r->fraction);
    record_text(&rec, "ceiling_kernel", r->m.ceiling_kernel);
    if (s->o->verify) {
        record_flag(&rec, "verified", r->verified);
        record_number(&rec, "max_error", r->verdict.max_error);
    } else {
        record_null(&rec, "verified");
        record_null(&rec, "max_error");
    }
    return report_print(s->o, &rec);
}

static bool stopped(outcome one)
{
    return one != OUTCOME_DONE && one != OUTCOME_FAILED;
}

/* A failed check is reported like any other result. */
static outcome run_operation(session *s, workbench *w, int index)
{
    result r = {.op = s->o->operations[index], .verified = false};
    bnorm_description description = {.struct_size = sizeof description};
    bnorm_status status = bnorm_plan_describe(w->engine.plan, r.op->flag, &description);
    if (status)
        return engine_complain(r.op->name, status);
    r.strategy = description.strategy;
    outcome timed = measure(&r.m, w, r.op, s->o->reps), checked = OUTCOME_DONE;
    if (stopped(timed))
        return timed;
    if (s->o->verify) {
        progress_show("%s: comparing %s with the oracle", w->problem->name, r.op->name);
        checked = batch_run_verified(&w->batch, r.op, &w->engine, &r.verdict);
        r.verified = checked == OUTCOME_DONE;
        if (stopped(checked))
            return checked;
    }
    r.fraction = r.m.ceiling_seconds / r.m.median;
    s->weight[index] += w->problem->count;
    s->log_fraction[index] += w->problem->count * log(r.fraction);
    s->total_ms[index] += w->problem->count * 1e3 * r.m.median;
    add_to_table(s, w, &r);
    return outcome_worse(outcome_worse(timed, checked), print_record(s, w, &r));
}

/* All operations on one problem, random or from a file. */
static outcome run_problem(void *user, const shape *problem, const dataset *input)
{
    session *s = user;
    workbench w;
    outcome result = workbench_open(&w, s->o, problem, input, s->o->dtype);
    if (result)
        return result;
    report_author_is(&s->author, &w.engine);
    for (int i = 0; i < s->o->operation_count; i++)
        result = outcome_worse(result, run_operation(s, &w, i));
    workbench_close(&w);
    return result;
}

static outcome run_all(session *s, const options *o)
{
    *s = (session){.o = o, .author = {.options = o}};
    table_init(&s->table, headings, COLUMNS);
    outcome result = workbench_for_each(o, run_problem, s);
    if (o->style == STYLE_TABLE && s->table.rows)
        table_print(&s->table);
    table_free(&s->table);
    return result;
}

outcome run_command(const options *o)
{
    session s;
    return run_all(&s, o);
}

/* The weighted geometric mean of the fractions of the ceiling, per operation. */
static outcome summarize(const session *s)
{
    const options *o = s->o;
    outcome result = OUTCOME_DONE;
    for (int i = 0; i < o->operation_count && !result; i++) {
        if (s->weight[i] == 0)
            continue;
        double geomean = exp(s->log_fraction[i] / s->weight[i]);
        record r;
        report_summary(&r, &s->author, o->operations[i]);
        record_number(&r, "geomean", geomean);
        record_number(&r, "time_ms_total", s->total_ms[i]);
        if (o->style == STYLE_JSON)
            result = report_print(o, &r);
        else if (o->style == STYLE_TABLE)
            printf("%s%s: %.0f%% of the ceiling (geometric mean), %.4g ms together\n",
                   i ? "" : "\n", o->operations[i]->name, 100 * geomean, s->total_ms[i]);
    }
    return result;
}

/* A shape that doesn't fit is skipped, with a complaint; the others still count. */
outcome sweep_command(const options *o)
{
    session s;
    outcome result = run_all(&s, o);
    if (s.author.threads == 0)
        return result; /* none could run */
    if (result == OUTCOME_IMPOSSIBLE)
        result = OUTCOME_DONE;
    return outcome_worse(result, summarize(&s));
}
