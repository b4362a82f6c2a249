/* SPDX-License-Identifier: BSD-3-Clause */
#include "measure.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bound.h"
#include "progress.h"

enum { ATTEMPTS = 4 }; /* how often an incredible result is measured again */

#define SPOILT 1.5 /* a median above so many times the least: a quiet machine has none */

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

typedef struct { /* a call, and the kernels of its ceiling and of its bound */
    contestant call;
    const ceiling *ceiling, *bound; /* bound NULL: none other than the ceiling */
    contestant *all;                /* the call first, then both ceilings' kernels */
    int count;
} race;

static int kernel_count(const ceiling *c)
{
    return c ? c->count : 0;
}

static contestant *kernels_of(const race *r, const ceiling *c)
{
    return r->all + 1 + (c == r->bound ? r->ceiling->count : 0);
}

static int finalists_of(const ceiling *c)
{
    return kernel_count(c) < 2 ? kernel_count(c) : 2;
}

/* Medians of the same rounds are compared, never a lucky minimum with a typical
 * time.  Let the calls and their kernels take turns: all of them, then the two
 * fastest kernels of each ceiling alone.  Returns as timing_rounds. */
static outcome compete(race *races, int count, int rounds, const char *name)
{
    contestant *all = races->all;
    int total = 0, finalists = 0, screening = timing_screening(rounds);
    for (int i = 0; i < count; i++) {
        total += races[i].count;
        finalists += 1 + finalists_of(races[i].ceiling) + finalists_of(races[i].bound);
    }
    for (int i = 0; i < total; i++)
        all[i].resting = false;
    progress_expect(screening * total + rounds * finalists);
    outcome result = timing_rounds(all, total, screening, name);
    if (result)
        return result;
    for (race *r = races; r < races + count; r++) {
        timing_narrow(kernels_of(r, r->ceiling), r->ceiling->count);
        timing_narrow(kernels_of(r, r->bound), kernel_count(r->bound));
    }
    return timing_rounds(all, total, rounds, name);
}

static void line_up(race *races, int count, contestant *all)
{
    for (race *r = races; r < races + count; r++) {
        r->all = all;
        r->count = 1 + r->ceiling->count + kernel_count(r->bound);
        all[0] = r->call;
        ceiling_enter(r->ceiling, kernels_of(r, r->ceiling));
        if (r->bound)
            ceiling_enter(r->bound, kernels_of(r, r->bound));
        timing_warm(all, r->count);
        all += r->count;
    }
}

/* The time of the fastest kernel, which is *best; -1: the ceiling was saved. */
static double fastest(const race *r, const ceiling *c, int *best)
{
    const contestant *kernels = kernels_of(r, c);
    *best = timing_fastest(kernels, c->count);
    return *best < 0 ? c->saved_seconds : median_of(&kernels[*best]);
}

static void conclude(measurement *m, const race *r)
{
    int best;
    m->median = median_of(r->all);
    m->min = timing_min(r->all->seconds, r->all->count);
    m->max = timing_max(r->all->seconds, r->all->count);
    m->doubtful = m->median > SPOILT * m->min;
    m->spread = timing_spread(r->all->seconds, r->all->count);
    m->bytes = ceiling_bytes(&r->ceiling->traffic);
    m->ceiling_seconds = fastest(r, r->ceiling, &best);
    m->ceiling_saved = best < 0;
    if (m->ceiling_saved)
        memcpy(m->ceiling_kernel, r->ceiling->saved_kernel, sizeof m->ceiling_kernel);
    else
        ceiling_name(&r->ceiling->kernels[best], m->ceiling_kernel);
    m->fraction = m->ceiling_seconds / m->median;
    m->bound_fraction = r->bound ? fastest(r, r->bound, &best) / m->median : m->fraction;
}

/* Again and again while a result is above its ceiling. */
static outcome measure_races(measurement *m, race *races, int count, int rounds,
                             const char *name)
{
    contestant *all = calloc((size_t)count * (1 + 2 * CEILING_MOST), sizeof *all);
    double highest = INFINITY;
    if (!all)
        return complain_as(OUTCOME_IMPOSSIBLE, "%s: out of memory", name);
    outcome result = OUTCOME_DONE;
    line_up(races, count, all);
    for (int i = 0; i < ATTEMPTS && !result && highest > MEASURE_CREDIBLE; i++) {
        result = compete(races, count, rounds, name);
        highest = 0;
        for (int j = 0; j < count && !result; j++) {
            conclude(&m[j], &races[j]);
            highest = fmax(highest, m[j].fraction);
        }
    }
    for (int i = 0; i < count; i++)
        timing_free(races[i].all, races[i].count);
    free(all);
    return result;
}

outcome measure_against(measurement *m, const contestant *call, const ceiling *c, int rounds,
                        const char *name)
{
    race r = {.call = *call, .ceiling = c};
    return measure_races(m, &r, 1, rounds, name);
}

static outcome check(const measurement *m, const measured_call *call, const char *name)
{
    if (call->status)
        return engine_complain(call->op->name, call->status);
    if (m->fraction > MEASURE_CREDIBLE)
        return complain_as(OUTCOME_FAILED,
                           "%s %s: %.2f of the %sceiling, so the ceiling is wrong", name,
                           call->op->name, m->fraction, m->ceiling_saved ? "saved " : "");
    return OUTCOME_DONE;
}

typedef struct { /* what a race refers to */
    measured_call call;
    ceiling ceiling, bound;
} subject;

static outcome prepare(race *r, subject *s, const workbench *w, const operation *op,
                       bool bounded)
{
    s->call = (measured_call){.op = op, .plan = w->engine.plan};
    batch_args(&w->batch, op, &s->call.args);
    *r = (race){.call = {.run = measure_call, .self = &s->call}, .ceiling = &s->ceiling};
    loops_traffic compulsory = ceiling_traffic(&w->batch, op, 1);
    outcome result = ceilings_choose(w->ceilings, &compulsory,
                                     bnorm_context_threads(w->engine.context), &s->ceiling);
    if (!result && bounded)
        result = bound_init(&s->bound, w, op);
    if (!result && bounded && s->bound.traffic.sweeps > 1)
        r->bound = &s->bound;
    return result;
}

static outcome measure_each(measurement *m, const workbench *w, int count, const operation *op,
                            int rounds, bool bounded)
{
    const char *name = w->problem->name;
    race *races = calloc((size_t)count, sizeof *races);
    subject *subjects = calloc((size_t)count, sizeof *subjects);
    outcome result = OUTCOME_DONE;
    if (!races || !subjects)
        result = complain_as(OUTCOME_IMPOSSIBLE, "%s: out of memory", name);
    for (int i = 0; i < count && !result; i++) {
        result = prepare(&races[i], &subjects[i], &w[i], op, bounded);
        races[i].call.rouse = count > 1;
    }
    if (!result)
        result = measure_races(m, races, count, rounds, name);
    bool measured = !result;
    for (int i = 0; i < count && measured; i++)
        result = outcome_worse(result, check(&m[i], &subjects[i].call, name));
    free(subjects);
    free(races);
    return result;
}

outcome measure(measurement *m, const workbench *w, const operation *op, int rounds)
{
    return measure_each(m, w, 1, op, rounds, true);
}

outcome measure_all(measurement *m, const workbench *w, int count, const operation *op,
                    int rounds)
{
    return measure_each(m, w, count, op, rounds, false);
}
