/* SPDX-License-Identifier: BSD-3-Clause */
#include "copying.h"

#include <string.h>

#include "base/amount.h"
#include "measure.h"
#include "progress.h"
#include "report.h"
#include "support/data.h"

static const char *const headings[] = {REPORT_HEADINGS, "<isa",       "threads", "median ms",
                                       "min ms",        "max ms",     "ceiling ms",
                                       "GB/s",          "% of ceiling"};

enum { COLUMNS = sizeof headings / sizeof *headings };

/* Names for the tables; not operations of a plan. */
static const operation directions[] = {{.name = "pack"}, {.name = "unpack"}};

typedef struct {
    const options *o;
    report_author author;
    table table;
} session;

typedef struct { /* one copy, for timing.h */
    const bnorm_plan *plan;
    bnorm_matrix rows, panels;
    bool unpack;
    bnorm_status status;
} copy;

static void run_copy(void *self)
{
    copy *c = self;
    bnorm_status status = c->unpack ? bnorm_unpack(c->plan, 0, &c->panels, &c->rows)
                                    : bnorm_pack(c->plan, 0, &c->rows, &c->panels);
    if (status)
        c->status = status;
}

static void add_to_table(session *s, const report_subject *subject, const operation *direction,
                         const measurement *m)
{
    table *t = &s->table;
    int c = report_row(t, subject, direction);
    if (c < 0)
        return;
    table_cell(t, c++, TABLE_PLAIN, "%s", s->author.isa);
    table_cell(t, c++, TABLE_PLAIN, "%d", s->author.threads);
    table_cell(t, c++, TABLE_PLAIN, "%.4g", 1e3 * m->median);
    table_cell(t, c++, TABLE_PLAIN, "%.4g", 1e3 * m->min);
    table_cell(t, c++, TABLE_PLAIN, "%.4g", 1e3 * m->max);
    table_cell(t, c++, TABLE_PLAIN, "%.4g", 1e3 * m->ceiling_seconds);
    table_cell(t, c++, TABLE_PLAIN, "%.1f", m->bytes / 1e9 / m->median);
    table_cell(t, c++, TABLE_PLAIN, "%.0f", 100 * m->fraction);
}

static outcome print_record(const session *s, const report_subject *subject,
                            const operation *direction, const measurement *m)
{
    record r;
    report_begin(&r, &s->author);
    report_problem(&r, subject, direction);
    record_number(&r, "time_ms_median", 1e3 * m->median);
    record_number(&r, "time_ms_min", 1e3 * m->min);
    record_number(&r, "time_ms_max", 1e3 * m->max);
    record_number(&r, "ceiling_ms", 1e3 * m->ceiling_seconds);
    record_number(&r, "gb_s", m->bytes / 1e9 / m->median);
    record_number(&r, "ceiling_gb_s", m->bytes / 1e9 / m->ceiling_seconds);
    record_number(&r, "ceiling_fraction", m->fraction);
    record_text(&r, "ceiling_kernel", m->ceiling_kernel);
    return report_print(s->o, &r);
}

/* One direction.  The ceiling's kernels overwrite the same target. */
static outcome measure_copy(session *s, copy *c, const report_subject *subject)
{
    const operation *direction = &directions[c->unpack];
    const void *from = c->unpack ? c->panels.data : c->rows.data;
    void *to = c->unpack ? c->rows.data : c->panels.data;
    const size_t bytes = (size_t)subject->rows * (size_t)subject->cols * data_size(subject->dtype);
    const loops_traffic traffic = {.from = {from}, .to = {to}, .bytes = bytes, .sweeps = 1};
    ceiling limit;
    measurement m;
    ceiling_init(&limit, &traffic, CEILING_ANY, s->author.threads);
    outcome result = measure_against(&m, &(contestant){.run = run_copy, .self = c}, &limit,
                                     s->o->reps, subject->name);
    if (!result && c->status)
        result = engine_complain(direction->name, c->status);
    if (result)
        return result;
    add_to_table(s, subject, direction, &m);
    return print_record(s, subject, direction, &m);
}

/* Memory for a tensor of an engine's plan; written, as pages that never were are all the same
 * one to who reads them. */
static outcome allocate(const engine *e, bnorm_tensor tensor, bnorm_matrix *matrix)
{
    const bnorm_problem *p = &e->problem;
    const int64_t width = p->panel_width;
    bnorm_status status = bnorm_alloc(e->plan, tensor, matrix);
    if (status)
        return engine_complain("alloc", status);
    int64_t elements = width ? (p->cols - 1) / width * matrix->ld + p->rows * width
                             : (p->rows - 1) * matrix->ld + p->cols;
    memset(matrix->data, 1, (size_t)elements * data_size(p->dtype));
    return OUTCOME_DONE;
}

static outcome copy_layout(session *s, const shape *problem, const engine *in_rows,
                           const layout *layout)
{
    engine in_panels;
    engine_choice choice = workbench_choice(s->o);
    choice.layout = layout;
    outcome result = engine_create(&in_panels, &choice, problem->rows, problem->cols, s->o->dtype,
                                   BNORM_FORWARD);
    if (result)
        return result;
    report_author_is(&s->author, &in_panels);
    copy c = {.plan = in_panels.plan};
    result = allocate(in_rows, BNORM_X, &c.rows);
    if (!result)
        result = allocate(&in_panels, BNORM_Y, &c.panels);
    for (int unpack = 0; unpack < 2 && !result; unpack++) {
        report_subject subject = {problem->name, layout->name, problem->rows, problem->cols,
                                  unpack ? c.rows.ld : c.panels.ld, s->o->dtype};
        c.unpack = unpack;
        result = measure_copy(s, &c, &subject);
    }
    bnorm_free(c.rows.data);
    bnorm_free(c.panels.data);
    engine_destroy(&in_panels);
    return result;
}

static outcome copy_problem(void *user, const shape *problem, const dataset *input)
{
    session *s = user;
    const options *o = s->o;
    engine in_rows;
    engine_choice choice = workbench_choice(o);
    (void)input; /* pack has no --input */
    choice.layout = layouts;
    double bytes = 2.0 * (double)problem->rows * ((double)problem->cols + 16) *
                   (double)data_size(o->dtype);
    char needs[BNORM_AMOUNT], may[BNORM_AMOUNT];
    if (bytes > o->max_bytes)
        return complain_as(OUTCOME_IMPOSSIBLE, "%s skipped: needs %s, may have %s", problem->name,
                           bnorm_amount(needs, bytes), bnorm_amount(may, o->max_bytes));
    outcome result = engine_create(&in_rows, &choice, problem->rows, problem->cols, o->dtype,
                                   BNORM_FORWARD);
    if (result)
        return result;
    for (const layout *l = layouts; l->name && !result; l++) {
        if (l->kind == BNORM_PANELS && (!o->layout_given || l == o->layout))
            result = copy_layout(s, problem, &in_rows, l);
    }
    engine_destroy(&in_rows);
    return result;
}

outcome copying_command(const options *o)
{
    session s = {.o = o, .author = {.options = o}};
    if (o->layout_given && o->layout->kind != BNORM_PANELS)
        return complain_as(OUTCOME_USAGE, "--layout rows: expected panels or panels8");
    table_init(&s.table, headings, COLUMNS);
    outcome result = workbench_for_each(o, copy_problem, &s);
    progress_clear();
    if (o->style == STYLE_TABLE)
        table_print(&s.table);
    table_free(&s.table);
    return result;
}
