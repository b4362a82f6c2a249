/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Diagrams, drawn by gnuplot, which is looked for when it is needed.  Where there is
 * none, its script and its data are left for a machine that has it.
 */
#ifndef BENCH_PLOT_H
#define BENCH_PLOT_H

#include <stdbool.h>

#include "outcome.h"

typedef struct {
    double x, y;
    double least, most; /* the ends of the error bar; both y: none */
    double mark;        /* height of a line across the bar, see plot.mark; 0: none */
} plot_point;

typedef struct {
    const char *name; /* in the key */
    bool right;       /* by the axis at the right; not with bars */
    const plot_point *points;
    int count;
} plot_series;

typedef struct {
    const char *title, *x_axis, *y_axis;
    const char *right_axis; /* NULL: there is none */
    bool log2_x; /* 1, 2, 4, ... at equal distances */
    bool log2_y; /* the same upwards, at the left; else the axis begins at 0 */
    bool bars;   /* bars side by side at each x, instead of lines; x are 0, 1, ... */
    double line; /* height of a line across the diagram; 0: none */
    const char *mark; /* what the points' marks are called in the key; NULL: there are none */
    const char *const *labels; /* labels[x] stands at x of the first series; NULL: x itself */
    const plot_series *series;
    int series_count;
} plot;

/* Whether plot_draw can draw a file of this name; complains where not, so that nobody
 * measures first. */
outcome plot_check(const char *path);

/* Draw to path, an SVG or PNG file by its ending, and tell.  Writes path.dat and path.gp,
 * and removes them unless there is no gnuplot (which is no failure, but is told) or it
 * fails. */
outcome plot_draw(const plot *p, const char *path);

#endif
