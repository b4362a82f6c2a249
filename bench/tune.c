/* SPDX-License-Identifier: BSD-3-Clause */
#include "tune.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "measure.h"
#include "session.h"
#include "timing.h"

static const char *const headings[] = {
    REPORT_HEADINGS, "<isa", "<estimated", "its ms", "<measured", "its ms", "ratio", "least", "most"};

enum { COLUMNS = sizeof headings / sizeof *headings, ESTIMATED = 0, MEASURED, PLANS };

/* Plans of one problem differ by less on a quiet machine, either way. */
#define CREDIBLE 3

typedef struct {
    bnorm_description plan[PLANS];
    double ms[PLANS]; /* medians */
    timing_ratio ratio; /* of the estimate's time to the measured plan's */
    bool same; /* measuring chose the estimate: what differs between the times is noise */
} tuning;

/* Wisdom of an older version may call another plan the estimate. */
static bool are_same(const bnorm_description *estimated, const bnorm_description *measured)
{
    return measured->measured <= 1 && strcmp(estimated->strategy, measured->strategy) == 0 &&
           estimated->threads == measured->threads &&
           estimated->row_groups == measured->row_groups &&
           estimated->col_blocks == measured->col_blocks &&
           estimated->nontemporal == measured->nontemporal &&
           estimated->reduce_ahead == measured->reduce_ahead &&
           estimated->apply_ahead == measured->apply_ahead && estimated->lag == measured->lag;
}

static void call_same(tuning *t)
{
    t->ms[MEASURED] = t->ms[ESTIMATED];
    t->ratio = (timing_ratio){.median = 1, .least = 1, .most = 1};
}

/* Both plans in turns. */
static outcome race(const session *s, workbench *w, const operation *op,
                    bnorm_plan *const plans[PLANS], tuning *t)
{
    const char *name = w->problem->name;
    const int rounds = s->options->reps;
    measured_call calls[PLANS];
    contestant both[PLANS];
    for (int i = 0; i < PLANS; i++) {
        calls[i] = (measured_call){.op = op, .plan = plans[i]};
        batch_args(&w->batch, op, &calls[i].args);
        both[i] = (contestant){.run = measure_call, .self = &calls[i]};
    }
    timing_warm(both, PLANS);
    outcome result = timing_rounds(both, PLANS, rounds, name);
    for (int i = 0; i < PLANS && !result; i++)
        if (calls[i].status)
            result = engine_complain(op->name, calls[i].status);
    if (!result)
        result = timing_compare(&t->ratio, &both[ESTIMATED], &both[MEASURED], rounds);
    for (int i = 0; i < PLANS && !result; i++)
        t->ms[i] = 1e3 * timing_median(both[i].seconds, rounds);
    if (fmax(t->ratio.median, 1 / t->ratio.median) > CREDIBLE)
        t->ratio.doubtful = true;
    timing_free(both, PLANS);
    return result;
}

/* What was chosen, in short. */
static void add_choice(table *t, int column, const bnorm_description *d)
{
    char more[64] = "";
    int length = 0;
    if (d->reduce_ahead || d->apply_ahead)
        length = snprintf(more, sizeof more, ", prefetch %lld/%lld",
                          llabs((long long)d->reduce_ahead), llabs((long long)d->apply_ahead));
    if (d->lag > 1)
        snprintf(more + length, sizeof more - (size_t)length, ", lag %d", d->lag);
    table_cell(t, column, TABLE_PLAIN, "%s, %d thread%s, %lldx%lld of %lld%s%s", d->strategy,
               d->threads, d->threads == 1 ? "" : "s", (long long)d->row_groups, (long long)d->col_blocks,
               (long long)d->block_cols, d->nontemporal ? ", nontemporal" : "", more);
}

static void add_to_table(session *s, const workbench *w, const operation *op, const tuning *t)
{
    report_subject subject = report_subject_of(w);
    report_author author = report_author_of(&s->author, w, op);
    int c = report_row(&s->table, &subject, op);
    if (c < 0)
        return;
    table_cell(&s->table, c++, TABLE_PLAIN, "%s", author.isa);
    for (int i = 0; i < PLANS; i++) {
        if (i == MEASURED && t->same)
            table_cell(&s->table, c++, TABLE_PLAIN, "same plan");
        else
            add_choice(&s->table, c++, &t->plan[i]);
        table_cell(&s->table, c++, TABLE_PLAIN, "%.4g", t->ms[i]);
    }
    const timing_ratio *ratio = &t->ratio;
    table_cell(&s->table, c++, ratio->doubtful ? TABLE_BAD : TABLE_PLAIN, "%.3f%s",
               ratio->median, ratio->doubtful ? " (doubtful)" : "");
    table_cell(&s->table, c++, TABLE_PLAIN, "%.3f", ratio->least);
    table_cell(&s->table, c, TABLE_PLAIN, "%.3f", ratio->most);
}

static void add_distances(record *r, const bnorm_description *d, bool measured)
{
    record_integer(r, measured ? "reduce_ahead" : "estimate_reduce_ahead", d->reduce_ahead);
    record_integer(r, measured ? "apply_ahead" : "estimate_apply_ahead", d->apply_ahead);
    record_integer(r, measured ? "lag" : "estimate_lag", d->lag);
}

static outcome print_record(const session *s, const workbench *w, const operation *op,
                            const tuning *t)
{
    const bnorm_description *estimated = &t->plan[ESTIMATED], *measured = &t->plan[MEASURED];
    record r;
    report_subject subject = report_subject_of(w);
    report_author author = report_author_of(&s->author, w, op);
    report_begin(&r, &author);
    report_problem(&r, &subject, op);
    record_text(&r, "strategy", measured->strategy);
    record_integer(&r, "strategy_threads", measured->threads);
    record_integer(&r, "row_groups", measured->row_groups);
    record_integer(&r, "col_blocks", measured->col_blocks);
    record_flag(&r, "nontemporal", measured->nontemporal);
    record_text(&r, "estimate_strategy", estimated->strategy);
    record_integer(&r, "estimate_threads", estimated->threads);
    record_integer(&r, "estimate_row_groups", estimated->row_groups);
    record_integer(&r, "estimate_col_blocks", estimated->col_blocks);
    record_flag(&r, "estimate_nontemporal", estimated->nontemporal);
    record_number(&r, "time_ms", t->ms[MEASURED]);
    record_number(&r, "estimate_time_ms", t->ms[ESTIMATED]);
    record_number(&r, "measured", measured->measured);
    record_flag(&r, "same_plan", t->same);
    record_number(&r, "ratio", t->ratio.median);
    record_number(&r, "ratio_min", t->ratio.least);
    record_number(&r, "ratio_max", t->ratio.most);
    record_flag(&r, "doubtful", t->ratio.doubtful);
    for (int i = MEASURED; i >= ESTIMATED; i--)
        add_distances(&r, &t->plan[i], i == MEASURED);
    return report_print(s->options, &r);
}

/* Wisdom keeps the first plan that it was given. */
static void warn(const session *s, const char *problem, const char *op, double ratio)
{
    const char *wisdom = s->options->wisdom;
    complain("%s %s: a ratio of %.3g is doubtful (beyond %d, or 1/%d, or of rounds that differ "
             "widely): the machine was probably busy; %s%s%stune again when nothing else runs",
             problem, op, ratio, CREDIBLE, CREDIBLE, wisdom ? "remove " : "",
             wisdom ? wisdom : "", wisdom ? " and " : "");
}

/* The workbench's plan is measured; its estimated twin works on the same matrices. */
static outcome run_operation(session *s, workbench *w, int index)
{
    const operation *op = s->options->operations[index];
    bnorm_plan *twin;
    tuning t = {.ratio = {.median = 1}};
    bnorm_status status = bnorm_plan_create(&twin, w->engine.context, &w->engine.problem);
    bnorm_plan *const plans[PLANS] = {twin, w->engine.plan};
    for (int i = 0; i < PLANS && !status; i++) {
        t.plan[i].struct_size = sizeof t.plan[i];
        status = bnorm_plan_describe(plans[i], op->flag, &t.plan[i]);
    }
    outcome result = status ? engine_complain(op->name, status) : race(s, w, op, plans, &t);
    bnorm_plan_destroy(twin);
    if (result)
        return result;
    t.same = are_same(&t.plan[ESTIMATED], &t.plan[MEASURED]);
    if (t.same)
        call_same(&t);
    session_count(s, w, index, t.ratio.median, t.ms[MEASURED]);
    if (t.ratio.doubtful) {
        s->doubtful[index]++;
        warn(s, w->problem->name, op->name, t.ratio.median);
    }
    add_to_table(s, w, op, &t);
    return print_record(s, w, op, &t);
}

static void summarize(const session *s, int index, record *r, char *line, size_t size)
{
    double geomean = session_geomean(s, index);
    record_number(r, "geomean", geomean);
    record_integer(r, "doubtful", s->doubtful[index]);
    snprintf(line, size, "%s: %.3f times as fast as estimated (geometric mean)",
             s->options->operations[index]->name, geomean);
}

outcome tune_command(const options *o)
{
    session s;
    outcome result = session_run(&s, o, headings, COLUMNS, run_operation, NULL);
    return session_conclude(&s, result, summarize);
}
