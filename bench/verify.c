/* SPDX-License-Identifier: BSD-3-Clause */
#include "verify.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "interrupt.h"
#include "progress.h"
#include "report.h"
#include "values.h"

static const char *const headings[] = {
    REPORT_HEADINGS, "runs", "<same bits", "<verified", "error/bound", "hash"};

enum { COLUMNS = sizeof headings / sizeof *headings };

/* One, the smallest team, odd ones that divide no power of two, and more than the
 * cores of most test machines. */
static const int team_sizes[] = {1, 2, 3, 7, 16};

typedef struct {
    const options *o;
    report_author author;
    table table;
} session;

typedef struct { /* one operation on one problem */
    const operation *op;
    batch_verdict verdict;
    bool right, same;
    uint64_t hash;
    int runs;
} finding;

/* One operation with one engine: are the bits those of the first run? */
static outcome repeat(workbench *w, const engine *e, const engine_choice *choice, finding *f)
{
    outcome result = batch_run(&w->batch, f->op, e);
    if (result)
        return result;
    f->runs++;
    if (batch_hash(&w->batch, f->op) == f->hash)
        return OUTCOME_DONE;
    f->same = false;
    return complain_as(OUTCOME_FAILED, "%s %s %s: other bits with %s, isa %s, %d threads, "
                       "strategy %s", w->problem->name, dtype_names[w->batch.dtype],
                       f->op->name, choice->layout->name, choice->isa, choice->threads,
                       strategy_names[choice->strategy]);
}

/* All operations with one choice of ISA, team and strategy. */
static outcome repeat_all(workbench *w, const options *o, const engine_choice *choice,
                          finding *findings)
{
    engine e;
    const bnorm_problem *p = &w->engine.problem;
    outcome result = engine_create(&e, choice, p->rows, p->cols, p->dtype, p->operations);
    if (result)
        return result;
    for (int i = 0; i < o->operation_count; i++)
        result = outcome_worse(result, repeat(w, &e, choice, &findings[i]));
    engine_destroy(&e);
    return result;
}

/* Every ISA of this CPU x team size x strategy, but for what the options fix.
 * backward reads the rstd that forward left when the batch was made. */
static outcome vary(workbench *w, const options *o, finding *findings)
{
    outcome result = OUTCOME_DONE;
    int usable, sizes = sizeof team_sizes / sizeof *team_sizes;
    for (int i = 0; bnorm_isa_name(i, &usable); i++) {
        engine_choice choice = {.isa = bnorm_isa_name(i, &usable), .layout = w->batch.layout,
                                .binding = o->binding};
        if (!usable || (o->isa && strcmp(o->isa, choice.isa) != 0))
            continue;
        progress_show("%s: %s", w->problem->name, choice.isa);
        for (int t = 0; t < (o->threads ? 1 : sizes) && !interrupt_seen(); t++) {
            choice.threads = o->threads ? o->threads : team_sizes[t];
            for (int s = BNORM_STRATEGY_AUTO; s <= BNORM_STRATEGY_PIPELINED; s++) {
                choice.strategy = (bnorm_strategy)s;
                if (o->strategy == BNORM_STRATEGY_AUTO || o->strategy == choice.strategy)
                    result = outcome_worse(result, repeat_all(w, o, &choice, findings));
            }
        }
    }
    return result;
}

/* Rows, with which all are compared, and those asked for. */
static bool takes_part(const options *o, const layout *l)
{
    return l == layouts || l == o->layout || !o->layout_given;
}

/* "rows panels16 panels8" */
static void name_layouts(const options *o, char *text, size_t size)
{
    size_t used = 0;
    *text = '\0';
    for (const layout *l = layouts; l->name && used < size; l++) {
        if (takes_part(o, l))
            used += (size_t)snprintf(text + used, size - used, "%s%s", used ? " " : "", l->name);
    }
}

static outcome report(session *s, report_subject subject, const finding *f)
{
    const options *o = s->o;
    char hash[17], names[64];
    snprintf(hash, sizeof hash, "%016" PRIx64, f->hash);
    name_layouts(o, names, sizeof names);
    record r;
    report_begin(&r, &s->author);
    report_problem(&r, &subject, f->op);
    record_text(&r, "layouts", names);
    record_text(&r, "strategy", strategy_names[o->strategy]);
    record_integer(&r, "runs", f->runs);
    record_flag(&r, "same_bits", f->same);
    record_flag(&r, "verified", f->right && f->same);
    record_number(&r, "max_error", f->verdict.max_error);
    record_text(&r, "hash", hash);
    table *t = &s->table;
    subject.layout = o->layout_given ? o->layout->name : "all";
    int c = report_row(t, &subject, f->op);
    if (c >= 0) {
        table_cell(t, c++, TABLE_PLAIN, "%d", f->runs);
        table_cell(t, c++, f->same ? TABLE_GOOD : TABLE_BAD, f->same ? "yes" : "NO");
        table_cell(t, c++, f->right ? TABLE_GOOD : TABLE_BAD, f->right ? "yes" : "NO");
        table_cell(t, c++, TABLE_PLAIN, "%.2g", f->verdict.max_error);
        table_cell(t, c++, TABLE_PLAIN, "%s", hash);
    }
    return report_print(o, &r);
}

/* One operation, and is it right?  The first of all runs gives the bits. */
static outcome run_first(workbench *w, finding *f)
{
    batch_verdict verdict = {0};
    outcome result = batch_run_verified(&w->batch, f->op, &w->engine, &verdict);
    if (result != OUTCOME_DONE)
        f->right = false;
    if (result != OUTCOME_DONE && result != OUTCOME_FAILED)
        return result;
    uint64_t hash = batch_hash(&w->batch, f->op);
    if (f->runs++ == 0)
        f->hash = hash;
    if (!(verdict.max_error <= f->verdict.max_error))
        f->verdict = verdict;
    if (hash == f->hash)
        return result;
    f->same = false;
    return complain_as(OUTCOME_FAILED, "%s %s %s: other bits with %s than with rows",
                       w->problem->name, dtype_names[w->batch.dtype], f->op->name,
                       w->batch.layout->name);
}

static outcome verify_layout(workbench *w, const options *o, finding *findings)
{
    outcome result = OUTCOME_DONE;
    for (int i = 0; i < o->operation_count && !interrupt_seen(); i++)
        result = outcome_worse(result, run_first(w, &findings[i]));
    if (!o->layout_given || o->layout == w->batch.layout)
        result = outcome_worse(result, vary(w, o, findings));
    return result;
}

static outcome verify_type(session *s, const shape *problem, const dataset *input,
                           bnorm_dtype dtype)
{
    const options *o = s->o;
    outcome result = OUTCOME_DONE;
    report_subject subject = {0};
    finding findings[OPTIONS_LIST];
    for (int i = 0; i < o->operation_count; i++)
        findings[i] = (finding){.op = o->operations[i], .right = true, .same = true};
    for (const layout *l = layouts; l->name; l++) {
        if (!takes_part(o, l))
            continue;
        workbench w;
        outcome opened = workbench_open(&w, o, problem, input, dtype, l);
        if (opened)
            return outcome_worse(result, opened);
        report_author_is(&s->author, &w.engine);
        if (l == o->layout)
            subject = report_subject_of(&w);
        result = outcome_worse(result, verify_layout(&w, o, findings));
        workbench_close(&w);
        if (interrupt_seen()) /* nothing is verified by a part of the runs */
            return OUTCOME_INTERRUPTED;
    }
    for (int i = 0; i < o->operation_count; i++)
        result = outcome_worse(result, report(s, subject, &findings[i]));
    return result;
}

static outcome verify_problem(void *user, const shape *problem, const dataset *input)
{
    session *s = user;
    if (s->o->dtype_given)
        return verify_type(s, problem, input, s->o->dtype);
    outcome f32 = verify_type(s, problem, input, BNORM_F32);
    if (interrupt_seen())
        return OUTCOME_INTERRUPTED;
    return outcome_worse(f32, verify_type(s, problem, input, BNORM_F64));
}

outcome verify_command(const options *o)
{
    session s = {.o = o, .author = {.options = o}};
    table_init(&s.table, headings, COLUMNS);
    outcome result = workbench_for_each(o, verify_problem, &s);
    if (o->style == STYLE_TABLE && s.table.rows)
        table_print(&s.table);
    table_free(&s.table);
    return result;
}
