/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "plot.h"
#include "scale.h"
#include "values.h"

outcome scale_plot(const scale_curve *curve, const report_author *author)
{
    const options *o = author->options;
    plot_point speedup[OPTIONS_COUNTS], ideal[OPTIONS_COUNTS], efficiency[OPTIONS_COUNTS];
    for (int i = 0; i < curve->count; i++) {
        const scale_point *point = &curve->points[i];
        double x = point->threads, p = x / curve->points->threads;
        double percent = 100 * point->efficiency;
        speedup[i] = (plot_point){x, point->speedup, point->speedup, point->speedup, 0};
        ideal[i] = (plot_point){x, p, p, p, 0};
        efficiency[i] = (plot_point){x, percent, percent, percent, 0};
    }
    const plot_series series[] = {
        {.name = o->synthetic ? "speed-up, PREDICTED" : "speed-up", .points = speedup,
         .count = curve->count},
        {.name = "ideal", .points = ideal, .count = curve->count},
        {.name = o->synthetic ? "efficiency, PREDICTED" : "efficiency", .right = true,
         .points = efficiency, .count = curve->count},
    };
    char title[512];
    snprintf(title, sizeof title, "%s%s scaling: %s, %s%s, %s, %s, on %.200s",
             o->synthetic ? "PREDICTED " : "", o->weak ? "weak" : "strong", curve->op->name,
             curve->problem->name, o->weak ? " a thread" : "", dtype_names[o->dtype],
             o->layout->name, report_machine(o));
    const plot p = {.title = title, .x_axis = "threads", .y_axis = "speed-up",
                    .right_axis = "efficiency, %", .log2_x = true, .log2_y = true,
                    .series = series, .series_count = sizeof series / sizeof *series};
    return plot_draw(&p, o->plot);
}
