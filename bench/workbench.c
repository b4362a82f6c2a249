/* SPDX-License-Identifier: BSD-3-Clause */
#include "workbench.h"

#include <stdio.h>
#include <string.h>

#include "base/amount.h"
#include "interrupt.h"
#include "progress.h"

unsigned workbench_operations(const options *o)
{
    unsigned flags = BNORM_FORWARD; /* which fills the batch */
    for (int i = 0; i < o->operation_count; i++)
        flags |= o->operations[i]->flag;
    return flags;
}

engine_choice workbench_choice(const options *o)
{
    return (engine_choice){.isa = o->isa, .threads = o->threads, .strategy = o->strategy,
                           .layout = o->layout, .binding = o->binding,
                           .synthetic = o->synthetic, .xml = o->xml,
                           .measure = o->wisdom || o->command->bit == COMMAND_TUNE,
                           .wisdom = o->wisdom, .time_limit = o->time_limit};
}

outcome workbench_open(workbench *w, const options *o, const shape *problem,
                       const dataset *input, bnorm_dtype dtype, const layout *layout)
{
    memset(w, 0, sizeof *w);
    w->problem = problem;
    w->ceilings = o->ceilings;
    double bytes = batch_bytes(problem->rows, problem->cols, dtype, layout);
    char needs[BNORM_AMOUNT], may[BNORM_AMOUNT];
    if (bytes > o->max_bytes)
        return complain_as(OUTCOME_IMPOSSIBLE, "%s skipped: %lld x %lld needs %s, %s %s",
                           problem->name, (long long)problem->rows, (long long)problem->cols,
                           bnorm_amount(needs, bytes), o->max_bytes_given ? "--max-bytes allows"
                           : "80% of the memory available is", bnorm_amount(may, o->max_bytes));
    progress_show("%s: filling", problem->name);
    engine_choice choice = workbench_choice(o);
    choice.layout = layout;
    batch_source source = {input, o->loss, o->seed};
    outcome result = engine_create(&w->engine, &choice, problem->rows, problem->cols, dtype,
                                   workbench_operations(o));
    if (!result)
        result = batch_create(&w->batch, &w->engine, &source);
    if (result)
        engine_destroy(&w->engine);
    return result;
}

void workbench_close(workbench *w)
{
    batch_free(&w->batch);
    engine_destroy(&w->engine);
}

outcome workbench_for_each(const options *o, workbench_each *each, void *user)
{
    outcome result = OUTCOME_DONE;
    for (int i = 0; i < o->input_count && !interrupt_seen(); i++) {
        dataset data;
        outcome one = dataset_read(&data, &o->inputs[i]);
        if (!one) {
            shape problem = {.rows = data.rows, .cols = data.cols, .count = 1};
            snprintf(problem.name, sizeof problem.name, "%s", data.name);
            one = each(user, &problem, &data);
            dataset_free(&data);
        }
        result = outcome_worse(result, one);
    }
    int shapes = o->input_count ? 0 : o->shapes.count;
    for (int i = 0; i < shapes && result != OUTCOME_USAGE && !interrupt_seen(); i++)
        result = outcome_worse(result, each(user, &o->shapes.items[i], NULL));
    return interrupt_seen() ? OUTCOME_INTERRUPTED : result;
}
