/* SPDX-License-Identifier: BSD-3-Clause */
#include "run.h"

#include <stdio.h>

#include "measure.h"
#include "progress.h"
#include "session.h"

static const char *const headings[] = {
    REPORT_HEADINGS, "<strategy", "<isa", "threads", "median ms", "min ms", "GB/s",
    "% of ceiling", "% of bound", "verified", "error/bound"};

enum { COLUMNS = sizeof headings / sizeof *headings };

typedef struct {
    const operation *op;
    const char *strategy;
    int team; /* threads of the plan, which may leave some of the context's idle */
    measurement m;
    char reason[160];
    double planning; /* seconds */
    bool verified;
    batch_verdict verdict;
} result;

static void add_to_table(session *s, const workbench *w, const result *r)
{
    table *t = &s->table;
    report_subject subject = report_subject_of(w);
    report_author author = report_author_of(&s->author, w, r->op);
    int c = report_row(t, &subject, r->op);
    if (c < 0)
        return;
    table_cell(t, c++, TABLE_PLAIN, "%s", r->strategy);
    table_cell(t, c++, TABLE_PLAIN, "%s", author.isa);
    table_cell(t, c++, TABLE_PLAIN, "%d", r->team);
    table_cell(t, c++, r->m.doubtful ? TABLE_BAD : TABLE_PLAIN, "%.4g%s", 1e3 * r->m.median,
               r->m.doubtful ? " (doubtful)" : "");
    table_cell(t, c++, TABLE_PLAIN, "%.4g", 1e3 * r->m.min);
    table_cell(t, c++, TABLE_PLAIN, "%.1f", r->m.bytes / 1e9 / r->m.median);
    report_share(t, c++, r->m.fraction, r->m.ceiling_saved);
    report_share(t, c++, r->m.bound_fraction, r->m.ceiling_saved);
    if (s->options->verify) {
        table_cell(t, c++, r->verified ? TABLE_GOOD : TABLE_BAD, r->verified ? "yes" : "NO");
        table_cell(t, c++, TABLE_PLAIN, "%.2g", r->verdict.max_error);
    } else {
        table_cell(t, c, TABLE_PLAIN, "not asked");
    }
}

/* A sweep's many lines stay without. */
static void add_note(session *s, const workbench *w, const result *r)
{
    if (s->options->command->bit == COMMAND_RUN)
        fprintf(s->notes, "%s %s: %s, %s (an estimate takes %.1f us)\n", w->problem->name,
                r->op->name, r->strategy, r->reason, 1e6 * r->planning);
}

static outcome print_record(const session *s, const workbench *w, const result *r)
{
    record rec;
    report_subject subject = report_subject_of(w);
    report_author author = report_author_of(&s->author, w, r->op);
    report_begin(&rec, &author);
    report_problem(&rec, &subject, r->op);
    record_text(&rec, "strategy", r->strategy);
    record_number(&rec, "time_ms_median", 1e3 * r->m.median);
    record_number(&rec, "time_ms_min", 1e3 * r->m.min);
    record_number(&rec, "gb_s", r->m.bytes / 1e9 / r->m.median);
    record_number(&rec, "ceiling_gb_s", r->m.bytes / 1e9 / r->m.ceiling_seconds);
    record_number(&rec, "ceiling_fraction", r->m.fraction);
    record_text(&rec, "ceiling_kernel", r->m.ceiling_kernel);
    record_flag(&rec, "ceiling_saved", r->m.ceiling_saved);
    record_number(&rec, "bound_fraction", r->m.bound_fraction);
    record_text(&rec, "reason", r->reason);
    record_number(&rec, "plan_us", 1e6 * r->planning);
    if (s->options->verify) {
        record_flag(&rec, "verified", r->verified);
        record_number(&rec, "max_error", r->verdict.max_error);
    } else {
        record_null(&rec, "verified");
        record_null(&rec, "max_error");
    }
    record_integer(&rec, "team", r->team); /* last: columns of CSV stay where they were */
    record_flag(&rec, "doubtful", r->m.doubtful);
    return report_print(s->options, &rec);
}

static bool stopped(outcome one)
{
    return one != OUTCOME_DONE && one != OUTCOME_FAILED;
}

/* A failed check is reported like any other result. */
static outcome run_operation(session *s, workbench *w, int index)
{
    result r = {.op = s->options->operations[index], .verified = false};
    bnorm_description description = {.struct_size = sizeof description};
    bnorm_status status = bnorm_plan_describe(w->engine.plan, r.op->flag, &description);
    if (status)
        return engine_complain(r.op->name, status);
    r.strategy = description.strategy;
    r.team = description.threads;
    engine_reason(&w->engine, r.op, r.reason, sizeof r.reason);
    outcome timed = engine_time_planning(&w->engine, r.op, &r.planning), checked = OUTCOME_DONE;
    if (!timed)
        timed = measure(&r.m, w, r.op, s->options->reps);
    if (stopped(timed))
        return timed;
    if (s->options->verify) {
        progress_show("%s: comparing %s with the oracle", w->problem->name, r.op->name);
        checked = batch_run_verified(&w->batch, r.op, &w->engine, &r.verdict);
        r.verified = checked == OUTCOME_DONE;
        if (stopped(checked))
            return checked;
    }
    session_count(s, w, index, r.m.fraction, 1e3 * r.m.median);
    add_to_table(s, w, &r);
    add_note(s, w, &r);
    return outcome_worse(outcome_worse(timed, checked), print_record(s, w, &r));
}

outcome run_command(const options *o)
{
    session s;
    return session_run(&s, o, headings, COLUMNS, run_operation, NULL);
}

/* The weighted geometric mean of the fractions of the ceiling. */
static void summarize(const session *s, int index, record *r, char *line, size_t size)
{
    double geomean = session_geomean(s, index);
    record_number(r, "geomean", geomean);
    record_number(r, "time_ms_total", s->total_ms[index]);
    snprintf(line, size, "%s: %.0f%% of the ceiling (geometric mean), %.4g ms together",
             s->options->operations[index]->name, 100 * geomean, s->total_ms[index]);
}

outcome sweep_command(const options *o)
{
    session s;
    outcome result = session_run(&s, o, headings, COLUMNS, run_operation, NULL);
    return session_conclude(&s, result, summarize);
}
