/* SPDX-License-Identifier: BSD-3-Clause */
#include "measure.h"

#include <math.h>
#include <stdio.h>

enum {
    SCREENING = 3, /* rounds with all kernels, to find the two worth watching */
    ATTEMPTS = 4   /* how often an incredible result is measured again */
};

void measure_call(void *call)
{
    measured_call *c = call;
    bnorm_status status = c->op->execute(c->plan, &c->args);
    if (status)
        c->status = status;
}

static double median_of(const contestant *c)
{
    return timing_median(c->seconds, c->count);
}

/* The fastest by median of the kernels that don't rest, other than `but`. */
static int fastest(const contestant *all, int count, int but)
{
    int best = -1;
    for (int i = 1; i < count; i++) {
        if (i != but && !all[i].resting &&
            (best < 0 || median_of(&all[i]) < median_of(&all[best])))
            best = i;
    }
    return best;
}

/* Medians of the same rounds are compared, never a lucky minimum with a typical
 * time.  Let the operation (contestant 0) and its kernels take turns: all of them, then
 * the two fastest kernels alone.  Returns the index of the best kernel, -1 when
 * out of memory. */
static int compete(contestant *all, int count, int rounds, const char *name)
{
    for (int i = 0; i < count; i++)
        all[i].resting = false;
    if (timing_rounds(all, count, rounds < SCREENING ? rounds : SCREENING, name))
        return -1;
    int first = fastest(all, count, -1), second = fastest(all, count, first);
    for (int i = 1; i < count; i++)
        all[i].resting = i != first && i != second;
    if (timing_rounds(all, count, rounds, name))
        return -1;
    return fastest(all, count, -1);
}

outcome measure_against(measurement *m, const contestant *call, const ceiling *c, double bytes,
                        int rounds, const char *name)
{
    contestant all[1 + CEILING_MOST] = {*call};
    ceiling_enter(c, all + 1);
    timing_warm(all, 1 + c->count);
    m->bytes = bytes;
    m->fraction = INFINITY;
    for (int i = 0; i < ATTEMPTS && m->fraction > MEASURE_CREDIBLE; i++) {
        int best = compete(all, 1 + c->count, rounds, name);
        if (best < 0) {
            timing_free(all, 1 + c->count);
            return complain_as(OUTCOME_IMPOSSIBLE, "%s: out of memory", name);
        }
        const ceiling_kernel *k = &c->kernels[best - 1];
        m->median = median_of(&all[0]);
        m->min = timing_min(all[0].seconds, all[0].count);
        m->max = timing_max(all[0].seconds, all[0].count);
        m->ceiling_seconds = median_of(&all[best]);
        snprintf(m->ceiling_kernel, sizeof m->ceiling_kernel, "%d x %s %s", k->threads, k->isa,
                 k->variant->name);
        m->fraction = m->ceiling_seconds / m->median;
    }
    timing_free(all, 1 + c->count);
    return OUTCOME_DONE;
}

outcome measure(measurement *m, workbench *w, const operation *op, int rounds)
{
    const char *name = w->problem->name;
    ceiling c;
    measured_call call = {.op = op, .plan = w->engine.plan};
    batch_args(&w->batch, op, &call.args);
    ceiling_init(&c, &w->batch, op, bnorm_context_threads(w->engine.context));
    const double bytes = (double)c.kernels[0].bytes * (op->reads + op->writes);
    outcome result = measure_against(
        m, &(contestant){.run = measure_call, .self = &call}, &c, bytes, rounds, name);
    if (!result && call.status)
        result = engine_complain(op->name, call.status);
    if (!result && m->fraction > MEASURE_CREDIBLE)
        result = complain_as(OUTCOME_FAILED,
                             "%s %s: %.2f of the ceiling, so the ceiling is wrong", name, op->name,
                             m->fraction);
    return result;
}
