/* SPDX-License-Identifier: BSD-3-Clause */
/* The ratios that compare has found, as a diagram of bars. */
#ifndef BENCH_RATIOS_H
#define BENCH_RATIOS_H

#include "options.h"
#include "plot.h"

typedef struct {
    const char *peer;
    char (*names)[SHAPE_NAME_SIZE]; /* of the problems: count */
    plot_point *points[OPTIONS_LIST]; /* of each operation: count; 0 where there is none */
    int count, capacity;
} ratios;

/* The ratio of operation `index` of the options on the problem of that name, the last one
 * or a new one: as a bar, without its x, marked at its bound.  Out of memory loses it. */
void ratios_add(ratios *r, int index, const char *name, const plot_point *bar);

outcome ratios_draw(const ratios *r, const options *o);

void ratios_free(ratios *r);

#endif
