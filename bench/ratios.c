/* SPDX-License-Identifier: BSD-3-Clause */
#include "ratios.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int grow(ratios *r)
{
    int capacity = r->capacity ? 2 * r->capacity : 16;
    void *names = realloc(r->names, (size_t)capacity * sizeof *r->names);
    if (!names)
        return -1;
    r->names = names;
    for (int i = 0; i < OPTIONS_LIST; i++) {
        plot_point *points = realloc(r->points[i], (size_t)capacity * sizeof *points);
        if (!points)
            return -1;
        r->points[i] = points;
    }
    r->capacity = capacity;
    return 0;
}

void ratios_add(ratios *r, int index, const char *name, const plot_point *bar)
{
    if (r->count == 0 || strcmp(r->names[r->count - 1], name) != 0) {
        if (r->count == r->capacity && grow(r))
            return;
        snprintf(r->names[r->count], sizeof r->names[0], "%s", name);
        for (int i = 0; i < OPTIONS_LIST; i++)
            r->points[i][r->count] = (plot_point){.x = r->count};
        r->count++;
    }
    r->points[index][r->count - 1] = *bar;
    r->points[index][r->count - 1].x = r->count - 1;
}

outcome ratios_draw(const ratios *r, const options *o)
{
    char title[96];
    plot_series series[OPTIONS_LIST];
    const char **labels = malloc((size_t)r->count * sizeof *labels);
    if (!labels)
        return complain_as(OUTCOME_IMPOSSIBLE, "--plot: out of memory");
    for (int i = 0; i < r->count; i++)
        labels[i] = r->names[i];
    for (int i = 0; i < o->operation_count; i++)
        series[i] = (plot_series){.name = o->operations[i]->name, .points = r->points[i],
                                  .count = r->count};
    snprintf(title, sizeof title, "bnorm in %s, and %s (above 1: bnorm is faster)",
             o->layout->name, r->peer);
    plot p = {.title = title, .x_axis = "", .y_axis = "its time over bnorm's", .bars = true,
              .line = 1, .mark = "bound (loops that compute nothing)", .labels = labels,
              .series = series, .series_count = o->operation_count};
    outcome result = plot_draw(&p, o->plot);
    free(labels);
    return result;
}

void ratios_free(ratios *r)
{
    free(r->names);
    for (int i = 0; i < OPTIONS_LIST; i++)
        free(r->points[i]);
}
