/* SPDX-License-Identifier: BSD-3-Clause */
#include "scale.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/amount.h"
#include "measure.h"
#include "plot.h"

typedef struct {
    const options *o;
    report_author author;
    scale_machine machine; /* --model: predicted for */
    bnorm_binding here;    /* --bandwidth here: as it was asked for */
    bool gap;              /* an empty line is due before the next table */
} session;

static void keep_apart(session *s, bool next)
{
    if (s->gap && s->o->style == STYLE_TABLE)
        putchar('\n');
    s->gap = next;
}

typedef struct { /* one problem on rising numbers of threads, each ready at once */
    const options *o;
    scale_curve frame; /* its points have threads and rows; no operation yet */
    shape *problems;   /* [frame.count] */
    workbench *w;      /* [frame.count] */
    int open;
    measurement *m;    /* [frame.count] */
} series;

/* The numbers of threads that the options name, or the powers of two up to all. */
static outcome choose_counts(scale_curve *frame, const options *o, int all)
{
    frame->count = 0;
    for (int i = 0; i < o->count_count; i++)
        frame->points[frame->count++].threads = o->counts[i];
    for (int p = 1; !o->count_count && p < all; p *= 2)
        frame->points[frame->count++].threads = p;
    if (!o->count_count)
        frame->points[frame->count++].threads = all;
    for (int i = 0; i < frame->count; i++) {
        int64_t times = o->weak ? frame->points[i].threads : 1;
        if (frame->problem->rows > INT64_MAX / times)
            return complain_as(OUTCOME_USAGE, "--shape '%s': too many rows for %lld threads",
                               frame->problem->name, (long long)times);
        frame->points[i].rows = frame->problem->rows * times;
    }
    return OUTCOME_DONE;
}

/* Ask the library, and tell who runs. */
static outcome begin(session *s, scale_curve *frame)
{
    engine e;
    engine_choice choice = workbench_choice(s->o);
    choice.planning = true;
    outcome result = engine_create(&e, &choice, frame->problem->rows, frame->problem->cols,
                                   s->o->dtype, workbench_operations(s->o));
    if (result)
        return result;
    const int most = s->o->count_count ? s->o->counts[s->o->count_count - 1] : 0;
    const int cpus = engine_cpus(&e);
    if (s->o->synthetic && most > cpus) {
        result = complain_as(OUTCOME_USAGE, "--threads %d: the machine of --model has %d CPUs",
                             most, cpus);
    } else {
        report_author_is(&s->author, &e);
        result = choose_counts(frame, s->o, bnorm_context_threads(e.context));
    }
    engine_destroy(&e);
    return result;
}

/* All matrices are there at once, so that the numbers of threads can take turns. */
static outcome check_memory(const series *s)
{
    const options *o = s->o;
    double bytes = 0;
    for (int i = 0; i < s->frame.count; i++)
        bytes += batch_bytes(s->frame.points[i].rows, s->frame.problem->cols, o->dtype, o->layout);
    if (bytes <= o->max_bytes)
        return OUTCOME_DONE;
    char need[BNORM_AMOUNT], may[BNORM_AMOUNT];
    return complain_as(OUTCOME_IMPOSSIBLE, "%s skipped: %d numbers of threads at once need %s, "
                       "%s %s", s->frame.problem->name, s->frame.count,
                       bnorm_amount(need, bytes), o->max_bytes_given ? "--max-bytes allows" :
                       "80% of the memory available is", bnorm_amount(may, o->max_bytes));
}

static void series_close(series *s)
{
    for (int i = 0; i < s->open; i++)
        workbench_close(&s->w[i]);
    free(s->problems);
    free(s->w);
    free(s->m);
}

/* Call series_close whatever comes of it. */
static outcome series_open(series *s, const options *o, const scale_curve *frame)
{
    size_t count = (size_t)frame->count;
    *s = (series){.o = o, .frame = *frame};
    outcome result = check_memory(s);
    if (result)
        return result;
    s->problems = calloc(count, sizeof *s->problems);
    s->w = calloc(count, sizeof *s->w);
    s->m = calloc(count, sizeof *s->m);
    if (!s->problems || !s->w || !s->m)
        return complain_as(OUTCOME_IMPOSSIBLE, "scale: out of memory");
    for (int i = 0; i < frame->count && !result; i++) {
        options own = *o;
        own.threads = frame->points[i].threads;
        s->problems[i] = *frame->problem;
        s->problems[i].rows = frame->points[i].rows;
        result = workbench_open(&s->w[i], &own, &s->problems[i], NULL, o->dtype, o->layout);
        s->open += !result;
    }
    return result;
}

/* The kernels' names in the curve are s's. */
static outcome series_measure(series *s, const operation *op, scale_curve *curve)
{
    *curve = s->frame;
    curve->op = op;
    outcome result = measure_all(s->m, s->w, curve->count, op, s->o->reps);
    if (result && result != OUTCOME_FAILED)
        return result;
    for (int i = 0; i < curve->count; i++) {
        const measurement *m = &s->m[i];
        scale_point *point = &curve->points[i];
        bnorm_description d = {.struct_size = sizeof d};
        bnorm_status status = bnorm_plan_describe(s->w[i].engine.plan, op->flag, &d);
        if (status)
            return engine_complain(op->name, status);
        point->ld = s->w[i].batch.x.ld;
        point->team = d.threads;
        point->strategy = d.strategy;
        point->seconds = m->median;
        point->min = m->min;
        point->spread = m->spread;
        point->bytes = m->bytes;
        point->ceiling_seconds = m->ceiling_seconds;
        point->ceiling_kernel = m->ceiling_kernel;
        point->ceiling_saved = m->ceiling_saved;
    }
    return result;
}

static outcome show(session *s, scale_curve *curve)
{
    scale_derive(curve, s->o->weak);
    keep_apart(s, true);
    outcome result = scale_print(curve, &s->author);
    return result || !s->o->plot ? result : scale_plot(curve, &s->author);
}

static outcome measure_problem(session *s, const scale_curve *frame)
{
    const options *o = s->o;
    series all;
    outcome result = series_open(&all, o, frame);
    for (int i = 0; i < o->operation_count && (!result || result == OUTCOME_FAILED); i++) {
        scale_curve curve;
        outcome one = series_measure(&all, o->operations[i], &curve);
        if (!one || one == OUTCOME_FAILED)
            one = outcome_worse(one, show(s, &curve));
        result = outcome_worse(result, one);
    }
    series_close(&all);
    return result;
}

/* Ceilings of this machine: one thread is a core, all threads are all nodes. */
static outcome measure_machine(session *s, const shape *problem)
{
    options here = *s->o;
    here.synthetic = NULL;
    here.binding = s->here;
    here.weak = false;
    here.count_count = 0;
    engine e;
    engine_choice choice = workbench_choice(&here);
    outcome result = engine_create(&e, &choice, problem->rows, problem->cols, here.dtype,
                                   workbench_operations(&here));
    if (result)
        return result;
    int all = bnorm_context_threads(e.context), nodes = 0;
    bnorm_node_info node = {.struct_size = sizeof node};
    while (!bnorm_context_node(e.context, nodes, &node))
        nodes++;
    engine_destroy(&e);
    here.counts[here.count_count++] = 1;
    if (all > 1)
        here.counts[here.count_count++] = all;
    scale_curve frame = {.problem = problem}, curve;
    result = choose_counts(&frame, &here, all);
    if (result)
        return result;
    series both;
    result = series_open(&both, &here, &frame);
    if (!result)
        result = series_measure(&both, here.operations[0], &curve);
    if (!result) {
        const scale_point *first = curve.points, *last = first + curve.count - 1;
        s->machine.core = first->bytes / first->ceiling_seconds;
        s->machine.node = fmax(s->machine.core, last->bytes / last->ceiling_seconds / nodes);
        s->machine.link = s->machine.node / 2;
    }
    series_close(&both);
    return result;
}

static outcome predict_problem(session *s, scale_curve *frame)
{
    const options *o = s->o;
    const scale_machine *m = &s->machine;
    outcome result = o->bandwidth.here ? measure_machine(s, frame->problem) : OUTCOME_DONE;
    keep_apart(s, false);
    if (!result && o->style == STYLE_TABLE)
        printf("PREDICTED, not measured: a core moves %.3g GB/s, a node's memory %.3g, its link "
               "to other nodes %.3g%s\n", m->core / 1e9, m->node / 1e9, m->link / 1e9,
               o->bandwidth.here ? " (ceilings of this machine; link: half of a node)" : "");
    for (int i = 0; i < o->operation_count && !result; i++) {
        scale_curve curve = *frame;
        curve.op = o->operations[i];
        result = scale_predict(&curve, o, m);
        if (!result)
            result = show(s, &curve);
    }
    return result;
}

static outcome scale_problem(void *user, const shape *problem, const dataset *input)
{
    session *s = user;
    scale_curve frame = {.problem = problem};
    (void)input; /* scale has no --input */
    outcome result = begin(s, &frame);
    if (result)
        return result;
    return s->o->synthetic ? predict_problem(s, &frame) : measure_problem(s, &frame);
}

outcome scale_command(const options *o)
{
    if (o->plot && (o->shapes.count > 1 || o->operation_count > 1))
        return complain_as(OUTCOME_USAGE, "--plot: one picture has one shape and one operation");
    if (o->plot && plot_check(o->plot))
        return OUTCOME_USAGE;
    /* Where a system would let the threads of a described machine run, nobody knows: they
     * are planned for as if they were spread. */
    options own = *o;
    if (o->synthetic && o->binding == BNORM_BIND_INHERIT)
        own.binding = BNORM_BIND_SPREAD;
    session s = {.o = &own, .author = {.options = &own}, .here = o->binding,
                 .machine = {o->bandwidth.core, o->bandwidth.node, o->bandwidth.link}};
    if (s.machine.link == 0)
        s.machine.link = s.machine.node / 2;
    return workbench_for_each(&own, scale_problem, &s);
}
