/* SPDX-License-Identifier: BSD-3-Clause */
#include "compare.h"

#include <math.h>
#include <stdio.h>

#include "agreement.h"
#include "base/amount.h"
#include "bound.h"
#include "measure.h"
#include "peer.h"
#include "ratios.h"
#include "session.h"
#include "support/data.h"
#include "timing.h"

static const char *const headings[] = {
    REPORT_HEADINGS, "<isa", "threads", "<peer", "<its layout", "bnorm ms", "peer ms", "ratio",
    "least", "most", "bound", "% of bound"};

enum { COLUMNS = sizeof headings / sizeof *headings };

typedef struct { /* times in ms, medians */
    double ours, theirs;
    timing_ratio ratio; /* of the peer's time to ours */
    double bound; /* the ratio if we computed nothing */
    bool bound_saved; /* by a saved ceiling */
    int team;         /* threads of bnorm's plan */
    const char *peer_layout, *peer_kernel; /* kernel NULL: it has no choice */
} comparison;

typedef struct { /* the session's user */
    const peer *peer;
    ratios *ratios; /* to be drawn */
} rivalry;

static const peer *peer_of(const session *s)
{
    const rivalry *r = s->user;
    return r->peer;
}

static bool has_failed(const peer *peer, void *opened)
{
    return peer->failed && peer->failed(opened);
}

/* Both row-major: what bnorm finds must agree with its statistics, and so must what
 * the peer finds.  theirs: the batch that the peer was opened with. */
static outcome check(const peer *peer, workbench *w, const operation *op, batch *theirs,
                     void *opened)
{
    double eps = w->engine.problem.eps;
    agreement_statistics ours = {NULL, NULL, NULL, NULL}, found;
    outcome result = batch_run(&w->batch, op, &w->engine);
    if (result)
        return result;
    if (op->flag == BNORM_STEP) /* the dy that the upstream function gave */
        loss_whole_gradient(&theirs->target, theirs->cols, theirs->y, theirs->dy, 1);
    double error = agreement_error(theirs, op, eps, &ours);
    if (!(error <= 1))
        return complain_as(OUTCOME_FAILED, "bnorm's %s disagrees with its own statistics "
                           "(%.3g times the tolerance)", op->name, error);
    batch_poison_matrices(theirs, op);
    peer->run(opened);
    if (peer->fetch)
        peer->fetch(opened);
    if (has_failed(peer, opened))
        return OUTCOME_IMPOSSIBLE;
    peer->statistics(opened, &found.mean, &found.rstd, &found.dgamma, &found.dbeta);
    error = agreement_error(theirs, op, eps, &found);
    if (!(error <= 1))
        return complain_as(OUTCOME_FAILED, "%s disagrees with bnorm on %s (%.3g times the "
                           "tolerance)", peer->name, op->name, error);
    return OUTCOME_DONE;
}

static outcome race(const session *s, workbench *w, const operation *op, void *opened,
                    comparison *c)
{
    const peer *peer = peer_of(s);
    const char *name = w->problem->name;
    int rounds = s->options->reps;
    measured_call call = {.op = op, .plan = w->engine.plan};
    batch_args(&w->batch, op, &call.args);
    contestant both[2 + CEILING_MOST] = {{.run = measure_call, .self = &call},
                                         {.run = peer->run, .self = opened,
                                          .timed = peer->timed}};
    ceiling bare;
    outcome result = bound_init(&bare, w, op);
    if (result)
        return result;
    int count = 2 + bare.count;
    ceiling_enter(&bare, both + 2);
    timing_warm(both, count);
    if (has_failed(peer, opened))
        result = OUTCOME_IMPOSSIBLE;
    if (!result)
        result = bound_narrow(&bare, both + 2, rounds, name);
    if (!result)
        result = timing_rounds(both, count, rounds, name);
    if (!result && call.status)
        result = engine_complain(op->name, call.status);
    else if (!result && has_failed(peer, opened))
        result = OUTCOME_IMPOSSIBLE;
    if (!result)
        result = timing_compare(&c->ratio, &both[1], &both[0], rounds);
    if (!result) {
        c->ours = 1e3 * timing_median(both[0].seconds, rounds);
        c->theirs = 1e3 * timing_median(both[1].seconds, rounds);
        c->bound_saved = bare.count == 0;
        c->bound = bound_find(&bare, both + 2, &both[1]);
    }
    timing_free(both, count);
    return result;
}

static void add_to_table(session *s, const workbench *w, const operation *op,
                         const comparison *c)
{
    table *t = &s->table;
    const peer *peer = peer_of(s);
    report_subject subject = report_subject_of(w);
    report_author author = report_author_of(&s->author, w, op);
    int column = report_row(t, &subject, op);
    if (column < 0)
        return;
    table_cell(t, column++, TABLE_PLAIN, "%s", author.isa);
    table_cell(t, column++, TABLE_PLAIN, "%d", c->team);
    table_cell(t, column++, TABLE_PLAIN, "%s", peer->name);
    table_cell(t, column++, TABLE_PLAIN, "%s", c->peer_layout);
    table_cell(t, column++, TABLE_PLAIN, "%.4g", c->ours);
    table_cell(t, column++, TABLE_PLAIN, "%.4g", c->theirs);
    table_cell(t, column++, c->ratio.median >= 1 ? TABLE_GOOD : TABLE_BAD, "%.2f%s",
               c->ratio.median, c->ratio.doubtful ? " (doubtful)" : "");
    table_cell(t, column++, TABLE_PLAIN, "%.2f", c->ratio.least);
    table_cell(t, column++, TABLE_PLAIN, "%.2f", c->ratio.most);
    table_cell(t, column++, TABLE_PLAIN, "%.2f", c->bound);
    report_share(t, column++, c->ratio.median / c->bound, c->bound_saved);
}

static void add_peer(record *r, const peer *peer, const char *layout)
{
    record_text(r, "peer", peer->name);
    record_text(r, "peer_version", peer->version());
    record_text(r, "peer_layout", layout);
}

/* peer_gb_s counts what the peer itself moves: next to the ceiling_gb_s of run it
 * says whether the peer is a good one of its kind. */
static outcome print_record(const session *s, const workbench *w, const operation *op,
                            const comparison *c)
{
    double matrix = (double)w->batch.rows * (double)w->batch.cols *
                    (double)data_size(w->batch.dtype);
    const peer *peer = peer_of(s);
    int traffic = peer->traffic ? peer->traffic(op) : 0;
    record r;
    report_subject subject = report_subject_of(w);
    report_author author = report_author_of(&s->author, w, op);
    report_begin(&r, &author);
    report_problem(&r, &subject, op);
    add_peer(&r, peer, c->peer_layout);
    if (c->peer_kernel)
        record_text(&r, "peer_kernel", c->peer_kernel);
    else
        record_null(&r, "peer_kernel");
    record_number(&r, "time_ms", c->ours);
    record_number(&r, "peer_time_ms", c->theirs);
    if (traffic > 0)
        record_number(&r, "peer_gb_s", traffic * matrix / 1e6 / c->theirs);
    else
        record_null(&r, "peer_gb_s");
    record_number(&r, "ratio", c->ratio.median);
    record_number(&r, "ratio_min", c->ratio.least);
    record_number(&r, "ratio_max", c->ratio.most);
    record_number(&r, "bound", c->bound);
    record_number(&r, "bound_fraction", c->ratio.median / c->bound);
    record_flag(&r, "bound_saved", c->bound_saved);
    record_integer(&r, "team", c->team);
    record_flag(&r, "doubtful", c->ratio.doubtful); /* last: columns of CSV stay where they were */
    return report_print(s->options, &r);
}

/* What the peer needs besides the batch must fit, too. */
static outcome check_bytes(const session *s, const workbench *w)
{
    const peer *peer = peer_of(s);
    const batch *b = &w->batch;
    double bytes = batch_bytes(b->rows, b->cols, b->dtype, b->layout);
    if (!peer->bytes || bytes + peer->bytes(b) <= s->options->max_bytes)
        return OUTCOME_DONE;
    char needs[BNORM_AMOUNT];
    return complain_as(OUTCOME_IMPOSSIBLE, "%s skipped: with the matrices of %s it needs %s",
                       w->problem->name, peer->name,
                       bnorm_amount(needs, bytes + peer->bytes(b)));
}

static outcome report(session *s, workbench *w, int index, const comparison *c)
{
    const rivalry *r = s->user;
    const operation *op = s->options->operations[index];
    session_count(s, w, index, c->ratio.median, c->ours);
    if (c->ratio.doubtful)
        s->doubtful[index]++;
    add_to_table(s, w, op, c);
    const plot_point bar = {.y = c->ratio.median, .least = c->ratio.least, .most = c->ratio.most,
                            .mark = isfinite(c->bound) ? c->bound : 0};
    ratios_add(r->ratios, index, w->problem->name, &bar);
    return print_record(s, w, op, c);
}

static outcome compare_operation(session *s, workbench *w, int index)
{
    const peer *peer = peer_of(s);
    const operation *op = s->options->operations[index];
    batch theirs = batch_row_major(&w->batch);
    bnorm_description description = {.struct_size = sizeof description};
    bnorm_status status = bnorm_plan_describe(w->engine.plan, op->flag, &description);
    outcome result = status ? engine_complain(op->name, status) : check_bytes(s, w);
    if (result)
        return result;
    void *opened = peer->open(&theirs, op, &w->engine);
    if (!opened)
        return OUTCOME_IMPOSSIBLE;
    comparison c = {.peer_layout = peer->layout, .team = description.threads};
    if (peer->describe)
        peer->describe(opened, &c.peer_layout, &c.peer_kernel);
    result = check(peer, w, op, &theirs, opened);
    if (!result)
        result = race(s, w, op, opened, &c);
    if (!result)
        result = report(s, w, index, &c);
    peer->close(opened);
    if (!result && op->flag == BNORM_STEP)
        result = batch_restore_dy(&w->batch, &w->engine);
    return result;
}

/* The weighted geometric mean of the ratios. */
static void summarize(const session *s, int index, record *r, char *line, size_t size)
{
    const peer *peer = peer_of(s);
    double geomean = session_geomean(s, index);
    add_peer(r, peer, peer->layout);
    record_number(r, "geomean", geomean);
    record_integer(r, "doubtful", s->doubtful[index]);
    snprintf(line, size, "%s: %.2f times as fast as %s %s (geometric mean)",
             s->options->operations[index]->name, geomean, peer->name, peer->version());
}

outcome compare_command(const options *o)
{
    session s;
    const peer *peer = peer_find(o->peer);
    outcome result = o->plot ? plot_check(o->plot) : OUTCOME_DONE;
    if (!result && (!peer || (peer->start && peer->start())))
        result = OUTCOME_IMPOSSIBLE;
    if (result)
        return result;
    ratios all = {.peer = peer->name};
    const rivalry user = {peer, &all};
    result = session_run(&s, o, headings, COLUMNS, compare_operation, &user);
    result = session_conclude(&s, result, summarize);
    if (o->plot && all.count)
        result = outcome_worse(result, ratios_draw(&all, o));
    ratios_free(&all);
    if (peer->stop)
        peer->stop();
    return result;
}
