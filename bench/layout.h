/* SPDX-License-Identifier: BSD-3-Clause */
/* The layouts of a matrix that can be named on the command line. */
#ifndef BENCH_LAYOUT_H
#define BENCH_LAYOUT_H

#include "bnorm.h"

typedef struct {
    const char *name; /* "rows", "panels16", "panels8" */
    bnorm_layout kind;
    int panel_width;  /* columns; rows: 0 */
} layout;

/* Ends with a NULL name; rows is the first. */
extern const layout layouts[];

/* "panels" is "panels16"; NULL when there is none of that name. */
const layout *layout_find(const char *name);

#endif
