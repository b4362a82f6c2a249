/* SPDX-License-Identifier: BSD-3-Clause */
#include "session.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "interrupt.h"

static outcome run_problem(void *user, const shape *problem, const dataset *input)
{
    session *s = user;
    const options *o = s->options;
    workbench w;
    outcome result = workbench_open(&w, o, problem, input, o->dtype, o->layout);
    if (result)
        return result;
    report_author_is(&s->author, &w.engine);
    for (int i = 0; i < o->operation_count && !interrupt_seen(); i++)
        result = outcome_worse(result, s->operation(s, &w, i));
    workbench_close(&w);
    return result;
}

outcome session_run(session *s, const options *o, const char *const *headings, int columns,
                    session_operation *operation, const void *user)
{
    char *notes = NULL;
    size_t size = 0;
    *s = (session){.options = o, .author = {.options = o}, .operation = operation, .user = user,
                   .notes = open_memstream(&notes, &size)};
    if (!s->notes)
        return complain_as(OUTCOME_IMPOSSIBLE, "out of memory");
    table_init(&s->table, headings, columns);
    outcome result = workbench_for_each(o, run_problem, s);
    fclose(s->notes);
    if (o->style == STYLE_TABLE && s->table.rows) {
        table_print(&s->table);
        printf("%s%s", size ? "\n" : "", size ? notes : "");
    }
    if (o->style == STYLE_TABLE && interrupt_seen())
        printf("\ninterrupted: %s\n", s->table.rows ? "the rest is missing" : "nothing was finished");
    free(notes);
    table_free(&s->table);
    return result;
}

void session_count(session *s, const workbench *w, int index, double factor, double ms)
{
    double weight = w->problem->count;
    s->weight[index] += weight;
    s->log_sum[index] += weight * log(factor);
    s->total_ms[index] += weight * ms;
}

double session_geomean(const session *s, int index)
{
    return exp(s->log_sum[index] / s->weight[index]);
}

outcome session_conclude(const session *s, outcome result, session_summary *summary)
{
    const options *o = s->options;
    double weight = 0;
    int doubtful = 0;
    for (int i = 0; i < o->operation_count; i++)
        weight += s->weight[i];
    if (weight == 0)
        return result; /* none could run */
    outcome printed = OUTCOME_DONE;
    const char *gap = "\n"; /* between the table and the first line */
    for (int i = 0; i < o->operation_count && !printed; i++) {
        if (s->weight[i] == 0)
            continue;
        record r;
        char line[160];
        report_summary(&r, &s->author, o->operations[i]);
        summary(s, i, &r, line, sizeof line);
        record_flag(&r, "interrupted", interrupt_seen());
        if (o->style == STYLE_JSON)
            printed = report_print(o, &r);
        else if (o->style == STYLE_TABLE)
            printf("%s%s\n", gap, line);
        gap = "";
        doubtful += s->doubtful[i];
    }
    if (doubtful && o->style == STYLE_TABLE)
        printf("\n%d doubtful: rounds differ widely, or medians say another thing than ratios; "
               "the machine\nwas probably busy\n", doubtful);
    return outcome_worse(result == OUTCOME_IMPOSSIBLE ? OUTCOME_DONE : result, printed);
}
