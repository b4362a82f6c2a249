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
    REPORT_HEADINGS, "<isa", "<estimated", "ms", "<measured", "ms", "ratio", "least", "most"};

enum { COLUMNS = sizeof headings / sizeof *headings, ESTIMATED = 0, MEASURED, PLANS };

/* Plans of one problem differ by less on a quiet machine, either way. */
#define CREDIBLE 3

typedef struct {
    bnorm_description plan[PLANS];
    double ms[PLANS]; /* medians */
    double ratio, ratio_min, ratio_max; /* of the estimate's time to the measured plan's */
    bool same; /* measuring chose the estimate: what differs between the times is noise */
} tuning;

/* Wisdom of an older version may call another plan the estimate. */
static bool are_same(const bnorm_description *estimated, const bnorm_description *measured)
{
    return measured->measured <= 1 && strcmp(estimated->strategy, measured->strategy) == 0 &&
           estimated->threads == measured->threads &&
           estimated->row_groups == measured->row_groups &&
           estimated->col_blocks == measured->col_blocks &&
           estimated->nontemporal == measured->nontemporal;
}

/* Beyond what a plan can be worth, or rounds say so different things that their median is chance. */
static bool is_doubtful(const tuning *t)
{
    return fmax(t->ratio, 1 / t->ratio) > CREDIBLE ||
           (t->ratio_min < 1 && t->ratio_max > 4 * t->ratio_min);
}

static void call_same(tuning *t)
{
    t->ms[MEASURED] = t->ms[ESTIMATED];
    t->ratio = t->ratio_min = t->ratio_max = 1;
}

/* Both plans in turns. */
static outcome race(const session *s, workbench *w, const operation *op,
                    bnorm_plan *const plans[PLANS], tuning *t)
{
    const char *name = w->problem->name;
    const int rounds = s->options->reps;
    measured_call calls[PLANS];
    contestant both[PLANS];
    double *ratios = malloc((size_t)rounds * sizeof *ratios);
    for (int i = 0; i < PLANS; i++) {
        calls[i] = (measured_call){.op = op, .plan = plans[i]};
        batch_args(&w->batch, op, &calls[i].args);
        both[i] = (contestant){.run = measure_call, .self = &calls[i]};
    }
    timing_warm(both, PLANS);
    outcome result = OUTCOME_DONE;
    if (!ratios || timing_rounds(both, PLANS, rounds, name)) {
        result = complain_as(OUTCOME_IMPOSSIBLE, "%s: out of memory", name);
    } else {
        for (int i = 0; i < rounds; i++)
            ratios[i] = both[ESTIMATED].seconds[i] / both[MEASURED].seconds[i];
        for (int i = 0; i < PLANS; i++)
            t->ms[i] = 1e3 * timing_median(both[i].seconds, rounds);
        t->ratio = timing_median(ratios, rounds);
        t->ratio_min = timing_min(ratios, rounds);
        t->ratio_max = timing_max(ratios, rounds);
        for (int i = 0; i < PLANS && !result; i++)
            if (calls[i].status)
                result = engine_complain(op->name, calls[i].status);
    }
    timing_free(both, PLANS);
    free(ratios);
    return result;
}

/* What was chosen, in short. */
static void add_choice(table *t, int column, const bnorm_description *d)
{
    table_cell(t, column, TABLE_PLAIN, "%s, %d threads, %lldx%lld of %lld%s", d->strategy,
               d->threads, (long long)d->row_groups, (long long)d->col_blocks,
               (long long)d->block_cols, d->nontemporal ? ", nontemporal" : "");
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
    if (is_doubtful(t))
        table_cell(&s->table, c++, TABLE_BAD, "%.3f (doubtful)", t->ratio);
    else
        table_cell(&s->table, c++, TABLE_PLAIN, "%.3f", t->ratio);
    table_cell(&s->table, c++, TABLE_PLAIN, "%.3f", t->ratio_min);
    table_cell(&s->table, c, TABLE_PLAIN, "%.3f", t->ratio_max);
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
    record_number(&r, "ratio", t->ratio);
    record_number(&r, "ratio_min", t->ratio_min);
    record_number(&r, "ratio_max", t->ratio_max);
    record_flag(&r, "doubtful", is_doubtful(t));
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
    tuning t = {.ratio = 1};
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
    session_count(s, w, index, t.ratio, t.ms[MEASURED]);
    if (is_doubtful(&t))
        warn(s, w->problem->name, op->name, t.ratio);
    add_to_table(s, w, op, &t);
    return print_record(s, w, op, &t);
}

static void summarize(const session *s, int index, record *r, char *line, size_t size)
{
    double geomean = session_geomean(s, index);
    record_number(r, "geomean", geomean);
    snprintf(line, size, "%s: %.3f times as fast as estimated (geometric mean)",
             s->options->operations[index]->name, geomean);
}

outcome tune_command(const options *o)
{
    session s;
    outcome result = session_run(&s, o, headings, COLUMNS, run_operation, NULL);
    return session_conclude(&s, result, summarize);
}
