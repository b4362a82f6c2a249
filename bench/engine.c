/* SPDX-License-Identifier: BSD-3-Clause */
#include "engine.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "timing.h"

outcome engine_complain(const char *what, bnorm_status status)
{
    static const char *const structs[] = {"options.", "problem."}; /* the library's words */
    const char *detail = bnorm_last_error();
    for (int i = 0; i < 2; i++) {
        if (strncmp(detail, structs[i], strlen(structs[i])) == 0)
            detail += strlen(structs[i]);
    }
    complain("%s: %s%s%s", what, bnorm_strerror(status), *detail ? ": " : "", detail);
    return status == BNORM_ERR_ARGUMENT ? OUTCOME_USAGE : OUTCOME_IMPOSSIBLE;
}

static outcome plan_by_estimate(engine *e)
{
    bnorm_status status = bnorm_plan_create(&e->plan, e->context, &e->problem);
    return status ? engine_complain("plan", status) : OUTCOME_DONE;
}

/* Wisdom is saved as soon as there is some: work that is broken off is not lost. */
static outcome plan_by_measuring(engine *e, const engine_choice *choice)
{
    bnorm_problem problem = e->problem;
    problem.effort = BNORM_MEASURE;
    problem.time_limit = choice->time_limit;
    if (choice->wisdom && access(choice->wisdom, F_OK) == 0) {
        bnorm_status status = bnorm_wisdom_load(e->context, choice->wisdom);
        if (status)
            return engine_complain("--wisdom", status);
    }
    bnorm_status status = bnorm_plan_create(&e->plan, e->context, &problem);
    if (status)
        return engine_complain("plan", status);
    status = choice->wisdom ? bnorm_wisdom_save(e->context, choice->wisdom) : BNORM_OK;
    return status ? engine_complain("--wisdom", status) : OUTCOME_DONE;
}

outcome engine_create(engine *e, const engine_choice *choice, int64_t rows, int64_t cols,
                      bnorm_dtype dtype, unsigned operations)
{
    memset(e, 0, sizeof *e);
    bnorm_context_options options;
    bnorm_status status = bnorm_context_options_init(&options, sizeof options);
    options.isa = choice->isa;
    options.threads = choice->threads;
    options.binding = choice->binding;
    options.synthetic = choice->synthetic;
    options.xml = choice->xml;
    if (!status)
        status = bnorm_context_create(&e->context, &options);
    if (status)
        return engine_complain("context", status);
    status = bnorm_problem_init(&e->problem, sizeof e->problem);
    e->problem.rows = rows;
    e->problem.cols = cols;
    e->problem.dtype = e->problem.stats_dtype = dtype;
    e->problem.strategy = choice->strategy;
    e->problem.operations = operations;
    if (choice->layout) {
        e->problem.layout = choice->layout->kind;
        e->problem.panel_width = choice->layout->panel_width;
    }
    outcome result = status ? engine_complain("problem", status)
                     : choice->measure ? plan_by_measuring(e, choice)
                                       : plan_by_estimate(e);
    if (!result && !choice->planning) {
        status = bnorm_plan_prepare(e->plan);
        result = status ? engine_complain("plan", status) : OUTCOME_DONE;
    }
    if (result)
        engine_destroy(e);
    return result;
}

/* A line for each declared operation, in the order of their flags; the reason ends it. */
void engine_reason(const engine *e, const operation *op, char *reason, size_t size)
{
    static const char *const begins[] = {", estimated", ", measured"};
    const char *line = bnorm_plan_text(e->plan), *found = NULL;
    for (unsigned flag = 1; flag < op->flag; flag *= 2) {
        if (e->problem.operations & flag)
            line += strcspn(line, "\n") + 1;
    }
    const size_t length = strcspn(line, "\n");
    for (int i = 0; i < 2 && !found; i++) {
        found = strstr(line, begins[i]);
        if (found && found > line + length) /* of another operation */
            found = NULL;
    }
    const char *text = found ? found + strlen(", ") : line;
    snprintf(reason, size, "%.*s", (int)(line + length - text), text);
}

int engine_cpus(const engine *e)
{
    bnorm_node_info node = {.struct_size = sizeof node};
    int cpus = 0;
    for (int i = 0; bnorm_context_node(e->context, i, &node) == BNORM_OK; i++)
        cpus += node.cpus;
    return cpus;
}

outcome engine_time_planning(const engine *e, const operation *op, double *seconds)
{
    enum { TIMES = 50 };
    double each[TIMES];
    bnorm_problem problem = e->problem;
    problem.operations = op->flag;
    for (int i = 0; i < TIMES; i++) {
        bnorm_plan *plan;
        double start = clock_now();
        bnorm_status status = bnorm_plan_create(&plan, e->context, &problem);
        each[i] = clock_now() - start;
        if (status)
            return engine_complain("plan", status);
        bnorm_plan_destroy(plan);
    }
    *seconds = timing_median(each, TIMES);
    return OUTCOME_DONE;
}

void engine_destroy(engine *e)
{
    bnorm_plan_destroy(e->plan);
    bnorm_context_destroy(e->context);
    memset(e, 0, sizeof *e);
}
