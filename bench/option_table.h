/* SPDX-License-Identifier: BSD-3-Clause */
/* The options: which commands know them, and what --help says of them. */
#ifndef BENCH_OPTION_TABLE_H
#define BENCH_OPTION_TABLE_H

#include "options.h"

enum {
    OP, SHAPE, INPUT, FORMAT, LABELS, DATASET, LOSS, DTYPE, LAYOUT, ISA, STRATEGY, THREADS,
    COUNTS, STRONG, WEAK, MODEL, BANDWIDTH, BINDING, SYNTHETIC, XML, REPS, VERIFY, PEER,
    MAX_BYTES, SEED, CEILINGS, SAVE, PLOT, WISDOM, TIME_LIMIT, JSON, CSV, HELP,
    OPTION_COUNT
};

typedef struct {
    const char *name, *value; /* value NULL: a switch */
    unsigned commands;
    const char *help;
    struct {
        unsigned commands;
        const char *help;
    } own[2]; /* of commands for which help is not true */
} option_row;

extern const option_row option_table[OPTION_COUNT];

#endif
