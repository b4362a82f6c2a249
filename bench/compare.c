/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "agreement.h"
#include "measure.h"
#include "peer.h"
#include "report.h"
#include "support/data.h"
#include "timing.h"

static const char *const headings[] = {
    REPORT_HEADINGS, "<isa", "threads", "<peer", "bnorm ms", "peer ms", "ratio", "least", "most"};

enum { COLUMNS = sizeof headings / sizeof *headings };

typedef struct {
    const options *o;
    report_author author;
    const peer *peer;
    table table;
    double weight[OPTIONS_LIST], log_ratio[OPTIONS_LIST]; /* per operation */
} session;

typedef struct { /* times in ms, medians; ratios of the peer's time to ours */
    double ours, theirs, ratio, ratio_min, ratio_max;
} comparison;

/* Run both once: each must agree with the statistics that bnorm finds. */
static outcome check(const session *s, workbench *w, const operation *op, measured_call *call,
                     void *opened)
{
    batch *b = &w->batch;
    double eps = w->engine.problem.eps;
    agreement_statistics ours = {NULL, NULL, NULL, NULL}, theirs;
    batch_poison(b, op);
    measure_call(call);
    if (call->status)
        return engine_complain(op->name, call->status);
    if (op->flag == BNORM_STEP) /* the dy that the upstream function gave */
        loss_whole_gradient(&b->target, b->cols, b->y, b->dy, 1);
    double error = agreement_error(b, op, eps, &ours);
    if (!(error <= 1))
        return complain_as(OUTCOME_FAILED, "bnorm's %s disagrees with its own statistics "
                           "(%.3g times the tolerance)", op->name, error);
    s->peer->run(opened);
    s->peer->statistics(opened, &theirs.mean, &theirs.rstd, &theirs.dgamma, &theirs.dbeta);
    error = agreement_error(b, op, eps, &theirs);
    if (!(error <= 1))
        return complain_as(OUTCOME_FAILED, "%s disagrees with bnorm on %s (%.3g times the "
                           "tolerance)", s->peer->name, op->name, error);
    return OUTCOME_DONE;
}

static outcome race(const session *s, measured_call *call, void *opened, const char *name,
                    comparison *c)
{
    int rounds = s->o->reps;
    contestant both[2] = {{.run = measure_call, .self = call},
                          {.run = s->peer->run, .self = opened}};
    double *ratios = malloc((size_t)rounds * sizeof *ratios);
    timing_warm(both, 2);
    outcome result = OUTCOME_DONE;
    if (!ratios || timing_rounds(both, 2, rounds, name)) {
        result = complain_as(OUTCOME_IMPOSSIBLE, "%s: out of memory", name);
    } else {
        for (int i = 0; i < rounds; i++)
            ratios[i] = both[1].seconds[i] / both[0].seconds[i];
        *c = (comparison){1e3 * timing_median(both[0].seconds, rounds),
                          1e3 * timing_median(both[1].seconds, rounds),
                          timing_median(ratios, rounds), timing_min(ratios, rounds),
                          timing_max(ratios, rounds)};
        if (call->status)
            result = engine_complain(call->op->name, call->status);
    }
    timing_free(both, 2);
    free(ratios);
    return result;
}

static void add_to_table(session *s, const workbench *w, const operation *op,
                         const comparison *c)
{
    table *t = &s->table;
    int column = report_row(t, w, op);
    if (column < 0)
        return;
    table_cell(t, column++, TABLE_PLAIN, "%s", s->author.isa);
    table_cell(t, column++, TABLE_PLAIN, "%d", s->author.threads);
    table_cell(t, column++, TABLE_PLAIN, "%s", s->peer->name);
    table_cell(t, column++, TABLE_PLAIN, "%.4g", c->ours);
    table_cell(t, column++, TABLE_PLAIN, "%.4g", c->theirs);
    table_cell(t, column++, c->ratio >= 1 ? TABLE_GOOD : TABLE_BAD, "%.2f", c->ratio);
    table_cell(t, column++, TABLE_PLAIN, "%.2f", c->ratio_min);
    table_cell(t, column++, TABLE_PLAIN, "%.2f", c->ratio_max);
}

static void add_peer(record *r, const peer *peer)
{
    record_text(r, "peer", peer->name);
    record_text(r, "peer_version", peer->version());
    record_text(r, "peer_layout", peer->layout);
}

/* peer_gb_s counts what the peer itself moves: next to the ceiling_gb_s of run it
 * says whether the peer is a good one of its kind. */
static outcome print_record(const session *s, const workbench *w, const operation *op,
                            const comparison *c)
{
    double matrix = (double)w->batch.rows * (double)w->batch.cols *
                    (double)data_size(w->batch.dtype);
    int traffic = s->peer->traffic(op);
    record r;
    report_begin(&r, &s->author);
    report_problem(&r, w, op);
    add_peer(&r, s->peer);
    record_number(&r, "time_ms", c->ours);
    record_number(&r, "peer_time_ms", c->theirs);
    if (traffic > 0)
        record_number(&r, "peer_gb_s", traffic * matrix / 1e6 / c->theirs);
    else
        record_null(&r, "peer_gb_s");
    record_number(&r, "ratio", c->ratio);
    record_number(&r, "ratio_min", c->ratio_min);
    record_number(&r, "ratio_max", c->ratio_max);
    return report_print(s->o, &r);
}

static outcome compare_operation(session *s, workbench *w, int index)
{
    const operation *op = s->o->operations[index];
    measured_call call = {.op = op, .plan = w->engine.plan};
    batch_args(&w->batch, op, &call.args);
    void *opened = s->peer->open(&w->batch, op, &w->engine);
    if (!opened)
        return OUTCOME_IMPOSSIBLE;
    comparison c = {0};
    outcome result = check(s, w, op, &call, opened);
    if (!result)
        result = race(s, &call, opened, w->problem->name, &c);
    s->peer->close(opened);
    if (result)
        return result;
    s->weight[index] += w->problem->count;
    s->log_ratio[index] += w->problem->count * log(c.ratio);
    add_to_table(s, w, op, &c);
    return print_record(s, w, op, &c);
}

static outcome compare_problem(void *user, const shape *problem, const dataset *input)
{
    session *s = user;
    workbench w;
    outcome result = workbench_open(&w, s->o, problem, input, s->o->dtype);
    if (result)
        return result;
    report_author_is(&s->author, &w.engine);
    for (int i = 0; i < s->o->operation_count; i++)
        result = outcome_worse(result, compare_operation(s, &w, i));
    workbench_close(&w);
    return result;
}

static outcome summarize(const session *s)
{
    const options *o = s->o;
    outcome result = OUTCOME_DONE;
    for (int i = 0; i < o->operation_count && !result; i++) {
        if (s->weight[i] == 0)
            continue;
        double geomean = exp(s->log_ratio[i] / s->weight[i]);
        record r;
        report_summary(&r, &s->author, o->operations[i]);
        add_peer(&r, s->peer);
        record_number(&r, "geomean", geomean);
        if (o->style == STYLE_JSON)
            result = report_print(o, &r);
        else if (o->style == STYLE_TABLE)
            printf("%s%s: %.2f times as fast as %s (geometric mean)\n", i ? "" : "\n",
                   o->operations[i]->name, geomean, s->peer->name);
    }
    return result;
}

outcome compare_command(const options *o)
{
    session s = {.o = o, .author = {.options = o}, .peer = &textbook_peer};
    table_init(&s.table, headings, COLUMNS);
    outcome result = workbench_for_each(o, compare_problem, &s);
    if (o->style == STYLE_TABLE && s.table.rows)
        table_print(&s.table);
    table_free(&s.table);
    if (s.author.threads == 0)
        return result; /* none could run */
    if (result == OUTCOME_IMPOSSIBLE)
        result = OUTCOME_DONE; /* some were skipped, with a complaint */
    return outcome_worse(result, summarize(&s));
}
