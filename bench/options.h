/* SPDX-License-Identifier: BSD-3-Clause */
/* The command line, read once; everything else takes it as given. */
#ifndef BENCH_OPTIONS_H
#define BENCH_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "dataset.h"
#include "layout.h"
#include "loss.h"
#include "operation.h"
#include "outcome.h"
#include "shape.h"

enum {
    OPTIONS_LIST = 8,   /* the most operations and inputs that fit */
    OPTIONS_COUNTS = 32 /* and numbers of threads */
};

typedef struct options {
    const struct command *command;
    const operation *operations[OPTIONS_LIST];
    int operation_count;
    shape_list shapes;
    dataset_source inputs[OPTIONS_LIST];
    int input_count;
    bnorm_dtype dtype;
    bool dtype_given;
    const layout *layout;
    bool layout_given;
    bnorm_strategy strategy;
    const char *isa;   /* NULL: the context's choice */
    int threads;       /* 0: the context's choice */
    int counts[OPTIONS_COUNTS], count_count; /* scale and roofline: --threads, rising; none:
                                                their choice */
    bool strong, weak; /* scale: at most one */
    struct {
        double core, node, link; /* bytes/s; link 0: half of node */
        bool here, given;        /* here: as measured on this machine */
    } bandwidth;       /* scale: of the machine that synthetic describes */
    bnorm_binding binding;
    const char *synthetic, *xml; /* topo and scale: another machine; NULL: this one */
    int reps;
    const loss *loss;  /* NULL: dy is random */
    bool verify;
    uint64_t seed;
    double max_bytes;  /* of one problem's matrices */
    bool max_bytes_given;
    enum { STYLE_TABLE, STYLE_JSON, STYLE_CSV } style;
    const char *peer;
    const char *plot;  /* topo, scale, roofline, compare: the picture's file, or NULL */
    const char *save;  /* roofline: the ceilings' file, or NULL */
    struct ceilings *ceilings; /* saved ones, or NULL */
    const char *wisdom; /* plan by measuring, and keep what is found in this file */
    double time_limit; /* seconds to measure a plan in */
    const char *file;  /* sweep, compare and tune: shapes */
} options;

enum { /* which commands know an option */
    COMMAND_RUN = 1 << 0,
    COMMAND_VERIFY = 1 << 1,
    COMMAND_SWEEP = 1 << 2,
    COMMAND_COMPARE = 1 << 3,
    COMMAND_TOPO = 1 << 4,
    COMMAND_PACK = 1 << 5,
    COMMAND_SCALE = 1 << 6,
    COMMAND_ROOFLINE = 1 << 7,
    COMMAND_TUNE = 1 << 8
};

typedef struct command {
    const char *name;
    unsigned bit;
    const char *argument;   /* "FILE", "[FILE]" or "" */
    const char *summary;    /* one line */
    const char *details;    /* paragraphs for the command's own help */
    const char *operations; /* what --op is by default */
    const char *shapes;     /* what --shape is by default */
    outcome (*run)(const options *o);
} command;

/* Read argv (argv[0] is the command's name).  *help: the user asked for help,
 * which has been printed; there is nothing left to do. */
outcome options_read(options *o, const command *command, int argc, char **argv, bool *help);

void options_free(options *o);

/* What --help prints for one command. */
void options_help(const command *command);

#endif
