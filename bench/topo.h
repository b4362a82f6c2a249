/* SPDX-License-Identifier: BSD-3-Clause */
/* The command topo: the machine, and who owns which rows and columns. */
#ifndef BENCH_TOPO_H
#define BENCH_TOPO_H

#include "map.h"
#include "options.h"
#include "report.h"

outcome topo_command(const options *o);

typedef struct { /* one picture's contents */
    const options *options;
    const report_author *author;
    report_subject subject;
    const operation *op;
    const char *machine; /* in one line */
    map map;
} topo;

/* For people, on stdout. */
void topo_print(const topo *t);

/* As SVG, into the file of --plot. */
outcome topo_plot(const topo *t);

#endif
