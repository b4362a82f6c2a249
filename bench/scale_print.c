/* SPDX-License-Identifier: BSD-3-Clause */
#include <math.h>
#include <stdio.h>

#include "scale.h"

static const char *const measured[] = {
    REPORT_HEADINGS, "<strategy", "threads", "median ms", "min ms", "spread %", "speed-up",
    "efficiency %", "% of ceiling"};
static const char *const predicted[] = {
    REPORT_HEADINGS, "<strategy", "threads", "PREDICTED ms", "speed-up", "efficiency %",
    "<bound by", "imbalance %", "remote MB"};

static report_subject subject_of(const scale_curve *curve, const scale_point *point,
                                 const options *o)
{
    return (report_subject){curve->problem->name, o->layout->name, point->rows,
                            curve->problem->cols, point->ld, o->dtype};
}

static void add_to_table(table *t, const scale_curve *curve, const scale_point *point,
                         const options *o)
{
    report_subject subject = subject_of(curve, point, o);
    int c = report_row(t, &subject, curve->op);
    if (c < 0)
        return;
    table_cell(t, c++, TABLE_PLAIN, "%s", point->strategy);
    table_cell(t, c++, TABLE_PLAIN, "%d", point->threads);
    table_cell(t, c++, TABLE_PLAIN, "%.4g", 1e3 * point->seconds);
    if (!o->synthetic) {
        table_cell(t, c++, TABLE_PLAIN, "%.4g", 1e3 * point->min);
        table_cell(t, c++, TABLE_PLAIN, "%.0f", 100 * point->spread / point->seconds);
    }
    table_cell(t, c++, TABLE_PLAIN, "%.2f", point->speedup);
    table_cell(t, c++, TABLE_PLAIN, "%.0f", 100 * point->efficiency);
    if (o->synthetic) {
        table_cell(t, c++, TABLE_PLAIN, "%s", point->bound);
        table_cell(t, c++, TABLE_PLAIN, "%.1f", 100 * point->imbalance);
        table_cell(t, c++, TABLE_PLAIN, "%.3g", point->remote_bytes / 1e6);
    } else {
        report_share(t, c++, point->ceiling_seconds / point->seconds, point->ceiling_saved);
    }
}

/* No law is fitted to a model: it has no serial part, and is straight up to a bandwidth. */
static void print_most(const scale_curve *curve)
{
    const scale_point *best = curve->points, *last = curve->points + curve->count - 1;
    for (const scale_point *point = curve->points; point <= last; point++) {
        if (point->speedup > 1.001 * best->speedup)
            best = point;
    }
    printf("%s: PREDICTED speed-up %.2f at most, first with %d threads; %d are bound by %s\n",
           curve->op->name, best->speedup, best->threads, last->threads, last->bound);
}

static void print_table(const scale_curve *curve, const options *o)
{
    table t;
    table_init(&t, o->synthetic ? predicted : measured,
               o->synthetic ? sizeof predicted / sizeof *predicted
                            : sizeof measured / sizeof *measured);
    for (int i = 0; i < curve->count; i++)
        add_to_table(&t, curve, &curve->points[i], o);
    table_print(&t);
    table_free(&t);
    if (curve->count > 1 && o->synthetic)
        print_most(curve);
    else if (curve->count > 1)
        printf("%s: serial fraction %.3g (%s)\n", curve->op->name, curve->serial_fraction,
               o->weak ? "Gustafson" : "Amdahl");
}

/* null where a measured point has no such thing, or a predicted one. */
static void add_times(record *r, const scale_point *point, bool foretold)
{
    record_number(r, "time_ms_median", foretold ? NAN : 1e3 * point->seconds);
    record_number(r, "time_ms_min", foretold ? NAN : 1e3 * point->min);
    record_number(r, "time_ms_spread", foretold ? NAN : 1e3 * point->spread);
    record_number(r, "time_ms_predicted", foretold ? 1e3 * point->seconds : NAN);
    record_number(r, "gb_s", point->bytes / 1e9 / point->seconds);
    record_number(r, "ceiling_gb_s", foretold ? NAN : point->bytes / 1e9 / point->ceiling_seconds);
    record_number(r, "ceiling_fraction",
                  foretold ? NAN : point->ceiling_seconds / point->seconds);
    if (foretold) {
        record_null(r, "ceiling_kernel");
        record_null(r, "ceiling_saved");
        record_text(r, "bound_by", point->bound);
    } else {
        record_text(r, "ceiling_kernel", point->ceiling_kernel);
        record_flag(r, "ceiling_saved", point->ceiling_saved);
        record_null(r, "bound_by");
    }
    record_number(r, "imbalance", foretold ? point->imbalance : NAN);
    record_number(r, "remote_bytes", foretold ? point->remote_bytes : NAN);
}

static outcome print_record(const scale_curve *curve, const scale_point *point,
                            report_author *author)
{
    const options *o = author->options;
    report_subject subject = subject_of(curve, point, o);
    author->threads = point->threads;
    record r;
    report_begin(&r, author);
    report_problem(&r, &subject, curve->op);
    record_text(&r, "strategy", point->strategy);
    record_integer(&r, "team", point->team);
    record_text(&r, "scaling", o->weak ? "weak" : "strong");
    record_flag(&r, "predicted", o->synthetic != NULL);
    add_times(&r, point, o->synthetic != NULL);
    record_integer(&r, "threads_least", curve->points->threads);
    record_number(&r, "speedup", point->speedup);
    record_number(&r, "efficiency", point->efficiency);
    record_number(&r, "serial_fraction", o->synthetic ? NAN : curve->serial_fraction);
    return report_print(o, &r);
}

outcome scale_print(const scale_curve *curve, report_author *author)
{
    outcome result = OUTCOME_DONE;
    if (author->options->style == STYLE_TABLE)
        print_table(curve, author->options);
    for (int i = 0; i < curve->count && !result; i++)
        result = print_record(curve, &curve->points[i], author);
    return result;
}
