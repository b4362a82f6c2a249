/* SPDX-License-Identifier: BSD-3-Clause */
#include "option_table.h"

#include <stdio.h>
#include <string.h>

enum {
    MEASURES = COMMAND_RUN | COMMAND_SWEEP | COMMAND_COMPARE | COMMAND_SCALE | COMMAND_TUNE,
    READS = COMMAND_RUN | COMMAND_VERIFY,
    EXECUTES = MEASURES | COMMAND_VERIFY,
    OPERATES = EXECUTES | COMMAND_TOPO,
    PLANS = OPERATES | COMMAND_PACK,
    ALL = PLANS | COMMAND_ROOFLINE
};

#define NO_OTHER {{0, NULL}} /* true for all its commands */

#define STRATEGIES                                                                              \
    "stream: wide blocks, read twice; resident: blocks that stay in\n"                          \
    "cache; pipelined, for panels: the same, one applied while\n"                              \
    "another is reduced; small: one thread; "

const option_row option_table[OPTION_COUNT] = {
    [OP] = {"op", "LIST", OPERATES,
            "forward, backward, fused, step, infer; separated by commas", NO_OTHER},
    [SHAPE] = {"shape", "LIST", ALL & ~COMMAND_SWEEP, "ROWSxCOLS, separated by commas",
               {{READS, "ROWSxCOLS, separated by commas; with --input, of a raw file"},
                {COMMAND_ROOFLINE, "ROWSxCOLS, one"}}},
    [INPUT] = {"input", "FILE", READS,
               "take x from FILE instead of random numbers; may be repeated", NO_OTHER},
    [FORMAT] = {"format", "F", READS,
                "of --input: csv, raw or hdf5 (default: by its ending)", NO_OTHER},
    [LABELS] = {"labels", "COLUMN", READS,
                "CSV: name or number (from 1) of the labels' column;\n"
                "HDF5: the dataset of the labels", NO_OTHER},
    [DATASET] = {"dataset", "NAME", READS, "HDF5: the dataset of x", NO_OTHER},
    [LOSS] = {"loss", "NAME", EXECUTES,
              "dy is the gradient of softmax, squared or logistic loss on random\n"
              "labels (default: random dy; step: squared)",
              {{READS, "dy is the gradient of softmax, squared or logistic loss on the\n"
                       "labels, random ones without --input (default: random dy; step:\n"
                       "squared)"}}},
    [DTYPE] = {"dtype", "T", PLANS, "f32 or f64 (default f32)",
               {{COMMAND_VERIFY, "f32 or f64 (default: both)"}}},
    [LAYOUT] = {"layout", "L", PLANS,
                "rows: row after row (default); panels, panels8: panels of 16 or\n"
                "8 columns, one after the other",
                {{COMMAND_VERIFY, "rows: row after row; panels, panels8: panels of 16 or 8\n"
                                  "columns, one after the other (default: all)"},
                 {COMMAND_PACK, "panels, panels8: panels of 16 or 8 columns, one after the\n"
                                "other (default: both)"}}},
    [ISA] = {"isa", "NAME", PLANS, "generic, avx2, avx512 or neon (default: the best)",
             {{COMMAND_VERIFY, "generic, avx2, avx512 or neon (default: all of this CPU)"}}},
    [STRATEGY] = {"strategy", "NAME", OPERATES, STRATEGIES "auto: as planned (default)",
                  {{COMMAND_VERIFY, STRATEGIES "auto: all (default)"}}},
    [THREADS] = {"threads", "N", PLANS & ~COMMAND_SCALE,
                 "default: OMP_NUM_THREADS, or what the machine leaves",
                 {{COMMAND_VERIFY, "default: 1, 2, 3, 7 and 16"}}},
    [COUNTS] = {"threads", "LIST", COMMAND_SCALE | COMMAND_ROOFLINE,
                "numbers of threads, separated by commas (default: 1,2,4,... up to\n"
                "OMP_NUM_THREADS, or what the machine leaves)",
                {{COMMAND_ROOFLINE,
                  "numbers of threads, separated by commas (default: 1 and\n"
                  "OMP_NUM_THREADS, or what the machine leaves)"}}},
    [STRONG] = {"strong", NULL, COMMAND_SCALE,
                "the same problem for every number of threads (default)", NO_OTHER},
    [WEAK] = {"weak", NULL, COMMAND_SCALE,
              "--shape has the rows of one thread (default 16384x1024)", NO_OTHER},
    [MODEL] = {"model", "TOPOLOGY", COMMAND_SCALE,
               "predict for the machine of this hwloc description, such as\n"
               "\"pack:2 numa:4 core:16 pu:2\", instead of measuring this one", NO_OTHER},
    [BANDWIDTH] = {"bandwidth", "LIST", COMMAND_SCALE,
                   "of --model, in GB/s: of a core, of a node's memory, of a node's\n"
                   "link to the others (default 12,100,50; link: half of the\n"
                   "node); or here: the ceilings of this machine", NO_OTHER},
    [BINDING] = {"binding", "B", ALL,
                 "inherit: threads run where the system lets them (default);\n"
                 "spread: over all NUMA nodes; compact: one node after the other",
                 NO_OTHER},
    [SYNTHETIC] = {"synthetic", "TEXT", COMMAND_TOPO,
                   "the machine of this hwloc description, such as\n"
                   "\"pack:2 numa:4 core:16 pu:2\", instead of this one", NO_OTHER},
    [XML] = {"xml", "FILE", COMMAND_TOPO,
             "the machine that lstopo --of xml has described, instead of this one",
             NO_OTHER},
    [REPS] = {"reps", "N", MEASURES | COMMAND_PACK | COMMAND_ROOFLINE,
              "rounds of measurement (default 15)", NO_OTHER},
    [VERIFY] = {"verify", NULL, COMMAND_RUN | COMMAND_SWEEP,
                "compare every output with the oracle", NO_OTHER},
    [PEER] = {"peer", "NAME", COMMAND_COMPARE,
              "whom to compare with: textbook (default), onednn, onednn-best, torch",
              NO_OTHER},
    [MAX_BYTES] = {"max-bytes", "SIZE", EXECUTES | COMMAND_PACK | COMMAND_ROOFLINE,
                   "the most that one problem's matrices may take, such as 8G\n"
                   "(default: 80% of the memory available)", NO_OTHER},
    [SEED] = {"seed", "N", EXECUTES, "of random numbers (default 1)", NO_OTHER},
    [CEILINGS] = {"ceilings", "FILE", MEASURES & ~COMMAND_TUNE,
                  "ceilings that roofline --save has measured on this machine, instead\n"
                  "of measuring; not where matrices are less than half as large",
                  NO_OTHER},
    [SAVE] = {"save", "FILE", COMMAND_ROOFLINE,
              "the records, too: what other commands take as their ceilings", NO_OTHER},
    [PLOT] = {"plot", "FILE", COMMAND_TOPO | COMMAND_SCALE | COMMAND_ROOFLINE | COMMAND_COMPARE,
              "draw a picture, too: SVG or PNG, by gnuplot",
              {{COMMAND_TOPO, "draw a picture, too: SVG"}}},
    [WISDOM] = {"wisdom", "FILE", MEASURES,
                "plan by measuring: what FILE does not know is found and added", NO_OTHER},
    [TIME_LIMIT] = {"time-limit", "SEC", MEASURES,
                    "seconds to measure one plan in (default 1)", NO_OTHER},
    [JSON] = {"json", NULL, ALL, "one JSON object per line instead of a table", NO_OTHER},
    [CSV] = {"csv", NULL, EXECUTES | COMMAND_PACK | COMMAND_ROOFLINE,
             "comma-separated values instead of a table", NO_OTHER},
    [HELP] = {"help", NULL, ALL, "this text; -h does the same", NO_OTHER},
};

static const char *help_for(const option_row *row, unsigned command)
{
    for (size_t i = 0; i < sizeof row->own / sizeof *row->own; i++) {
        if (row->own[i].commands & command)
            return row->own[i].help;
    }
    return row->help;
}

void options_help(const command *command)
{
    printf("usage: bnorm-bench %s [OPTION...]%s%s\n\n%s\n\n", command->name,
           *command->argument ? " " : "", command->argument, command->details);
    for (const option_row *row = option_table; row < option_table + OPTION_COUNT; row++) {
        if (!(row->commands & command->bit))
            continue;
        char left[32];
        snprintf(left, sizeof left, "--%s%s%s", row->name, row->value ? " " : "",
                 row->value ? row->value : "");
        const char *line = help_for(row, command->bit);
        for (const char *name = left; line; name = "") {
            int length = (int)strcspn(line, "\n");
            printf("  %-18s %.*s\n", name, length, line);
            line = line[length] ? line + length + 1 : NULL;
        }
    }
}
