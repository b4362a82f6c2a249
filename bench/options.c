/* SPDX-License-Identifier: BSD-3-Clause */
#include "options.h"

#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "ceilings.h"
#include "machine.h"
#include "option_guess.h"
#include "option_table.h"
#include "peer.h"
#include "record.h"
#include "values.h"

static const char *name_of(int id)
{
    return option_table[id].name;
}

static outcome add_input(options *o, const char *path)
{
    if (o->input_count == OPTIONS_LIST)
        return complain_as(OUTCOME_USAGE, "--input: at most %d files", OPTIONS_LIST);
    o->inputs[o->input_count++].path = path;
    return OUTCOME_DONE;
}

/* What --format, --labels and --dataset say goes for every --input. */
typedef struct {
    dataset_format format;
    const char *labels, *dataset;
} input_options;

static outcome set_format(input_options *input, const char *text)
{
    static const char *const names[] = {"csv", "raw", "hdf5", NULL};
    int choice = values_choice("format", text, names);
    if (choice < 0)
        return OUTCOME_USAGE;
    input->format = DATASET_CSV + choice;
    return OUTCOME_DONE;
}

static outcome set_named(options *o, int id, const char *text)
{
    int choice = 0;
    if (id == LOSS) {
        o->loss = loss_find(text);
        if (!o->loss)
            return complain_as(OUTCOME_USAGE,
                               "--loss '%s': expected softmax, squared or logistic", text);
    } else if (id == DTYPE) {
        choice = values_choice("dtype", text, dtype_names);
        o->dtype = (bnorm_dtype)(choice < 0 ? 0 : choice);
        o->dtype_given = true;
    } else if (id == LAYOUT) {
        o->layout = layout_find(text);
        o->layout_given = true;
        if (!o->layout)
            return complain_as(OUTCOME_USAGE, "--layout '%s': expected rows, panels or panels8",
                               text);
    } else if (id == BINDING) {
        choice = values_choice("binding", text, binding_names);
        o->binding = (bnorm_binding)(choice < 0 ? 0 : choice);
    } else if (id == STRATEGY) {
        choice = values_choice("strategy", text, strategy_names);
        o->strategy = (bnorm_strategy)(choice < 0 ? 0 : choice);
    } else if (id == ISA) { /* whether this CPU has it the library knows */
        static const char *const names[] = {"generic", "avx2", "avx512", "neon", NULL};
        choice = values_choice("isa", text, names);
        o->isa = text;
    } else if (id == PEER) {
        static const char *const names[] = PEER_NAMES;
        choice = values_choice("peer", text, names);
        o->peer = text;
    }
    return choice < 0 ? OUTCOME_USAGE : OUTCOME_DONE;
}

static outcome set_number(options *o, int id, const char *text)
{
    if (id == MAX_BYTES) {
        o->max_bytes_given = true;
        return values_bytes(name_of(id), text, &o->max_bytes);
    }
    if (id == THREADS && strchr(text, ','))
        return complain_as(OUTCOME_USAGE, "--threads '%s': %s takes one number from 1 to 65536; "
                           "lists are for scale and roofline", text, o->command->name);
    long long value, least = id == SEED ? 0 : 1;
    long long most = id == THREADS ? 65536 : id == REPS ? 100000 : INT64_MAX;
    outcome result = values_integer(name_of(id), text, least, most, &value);
    if (id == THREADS)
        o->threads = (int)value;
    else if (id == REPS)
        o->reps = (int)value;
    else
        o->seed = (uint64_t)value;
    return result;
}

static outcome set_scale(options *o, int id, const char *text)
{
    if (id == COUNTS)
        return values_counts(name_of(id), text, OPTIONS_COUNTS, o->counts, &o->count_count);
    if (id == MODEL) {
        o->synthetic = text;
    } else if (id == BANDWIDTH) {
        o->bandwidth.given = true;
        o->bandwidth.here = strcmp(text, "here") == 0;
        o->bandwidth.link = 0;
        return o->bandwidth.here ? OUTCOME_DONE
                                 : values_bandwidth(name_of(id), text, &o->bandwidth.core,
                                                    &o->bandwidth.node, &o->bandwidth.link);
    } else {
        o->strong |= id == STRONG;
        o->weak |= id == WEAK;
        if (o->strong && o->weak)
            return complain_as(OUTCOME_USAGE, "--strong and --weak exclude each other");
    }
    return OUTCOME_DONE;
}

static outcome set_style(options *o, int style)
{
    if (o->style != STYLE_TABLE && (int)o->style != style)
        return complain_as(OUTCOME_USAGE, "--json and --csv exclude each other");
    o->style = style;
    return OUTCOME_DONE;
}

static outcome set_save(options *o, const char *path)
{
    if (!record_has_json())
        return complain_as(OUTCOME_IMPOSSIBLE,
                           "--save: this bnorm-bench was built without jansson");
    o->save = path;
    return values_output(name_of(SAVE), path);
}

/* It is read, if it is there, and then written. */
static outcome set_wisdom(options *o, const char *path)
{
    o->wisdom = path;
    if (access(path, F_OK) == 0 && access(path, R_OK) != 0)
        return complain_as(OUTCOME_USAGE, "--wisdom %s: %s", path, strerror(errno));
    return values_output(name_of(WISDOM), path);
}

static outcome set_ceilings(options *o, const char *path)
{
    ceilings_free(o->ceilings); /* the last one counts */
    return ceilings_read(&o->ceilings, path);
}

static outcome set(options *o, input_options *input, int id, const char *text)
{
    switch (id) {
    case OP:
        return values_operations(name_of(id), text, OPTIONS_LIST, o->operations,
                                 &o->operation_count);
    case SHAPE:
        return shape_list_parse(&o->shapes, text);
    case INPUT:
        return add_input(o, text);
    case FORMAT:
        return set_format(input, text);
    case LABELS:
        input->labels = text;
        return OUTCOME_DONE;
    case DATASET:
        input->dataset = text;
        return OUTCOME_DONE;
    case SYNTHETIC:
        o->synthetic = text;
        return OUTCOME_DONE;
    case XML:
        o->xml = text;
        return OUTCOME_DONE;
    case WISDOM:
        return set_wisdom(o, text);
    case TIME_LIMIT:
        return values_seconds(name_of(id), text, &o->time_limit);
    case PLOT:
        o->plot = text;
        return OUTCOME_DONE;
    case SAVE:
        return set_save(o, text);
    case CEILINGS:
        return set_ceilings(o, text);
    case THREADS: case REPS: case SEED: case MAX_BYTES:
        return set_number(o, id, text);
    case COUNTS: case STRONG: case WEAK: case MODEL: case BANDWIDTH:
        return set_scale(o, id, text);
    case VERIFY:
        o->verify = true;
        return OUTCOME_DONE;
    case JSON:
        return set_style(o, STYLE_JSON);
    case CSV:
        return set_style(o, STYLE_CSV);
    default:
        return set_named(o, id, text);
    }
}

/* What remains when all options have been seen: files, defaults, contradictions. */
static outcome finish(options *o, const input_options *input, int count, char **rest)
{
    const command *command = o->command;
    bool takes_file = *command->argument;
    if (count > (takes_file ? 1 : 0))
        return complain_as(OUTCOME_USAGE, "%s: don't know what to do with '%s'; see bnorm-bench %s "
                           "--help", command->name, rest[takes_file], command->name);
    if (count)
        o->file = rest[0];
    if (takes_file && *command->argument != '[' && !o->file)
        return complain_as(OUTCOME_USAGE, "%s: expected a file of shapes", command->name);
    if (o->file && o->shapes.count)
        return complain_as(OUTCOME_USAGE, "--shape and a file of shapes exclude each other");
    if (o->style == STYLE_JSON && !record_has_json())
        return complain_as(OUTCOME_IMPOSSIBLE,
                           "--json: this bnorm-bench was built without jansson");
    if (!o->input_count && (input->format || input->labels || input->dataset))
        return complain_as(OUTCOME_USAGE, "--format, --labels and --dataset need --input");
    if (o->bandwidth.given && !o->synthetic)
        return complain_as(OUTCOME_USAGE, "--bandwidth needs --model");
    if (o->synthetic && o->xml)
        return complain_as(OUTCOME_USAGE, "--synthetic and --xml exclude each other");
    for (int i = 0; i < o->input_count; i++) {
        dataset_source *source = &o->inputs[i];
        if (access(source->path, R_OK) != 0) /* before another one has been run for minutes */
            return complain_as(OUTCOME_USAGE, "--input %s: %s", source->path, strerror(errno));
        source->format = input->format;
        source->labels = input->labels;
        source->dataset = input->dataset;
        source->dtype = o->dtype;
        if (o->shapes.count) {
            source->rows = o->shapes.items[0].rows;
            source->cols = o->shapes.items[0].cols;
        }
    }
    outcome result = OUTCOME_DONE;
    if (o->operation_count == 0)
        result = values_operations(name_of(OP), command->operations, OPTIONS_LIST,
                                   o->operations, &o->operation_count);
    for (int i = 0; i < o->operation_count && o->loss; i++) {
        if (o->operations[i]->flag == BNORM_STEP && !o->loss->elementwise)
            return complain_as(OUTCOME_USAGE, "--loss %s needs whole rows, and step sees blocks "
                               "of columns: use squared or logistic", o->loss->name);
    }
    if (!result && o->file)
        result = shape_list_read(&o->shapes, o->file);
    else if (!result && !o->input_count && !o->shapes.count)
        result = shape_list_parse(&o->shapes, o->weak ? "16384x1024" : command->shapes);
    if (!result && o->wisdom && access(o->wisdom, F_OK) != 0) /* perhaps misspelt */
        complain("--wisdom %s: no such file yet; what is measured is written there", o->wisdom);
    return result;
}

/* getopt_long is given only what the command knows, so that an option of another
 * command is as unknown as a misspelt one. */
outcome options_read(options *o, const command *command, int argc, char **argv, bool *help)
{
    struct option known[OPTION_COUNT + 1] = {{0}};
    int count = 0;
    for (int id = 0; id < OPTION_COUNT; id++) {
        const option_row *row = &option_table[id];
        if (row->commands & command->bit)
            known[count++] = (struct option){
                row->name, row->value ? required_argument : no_argument, NULL, id};
    }
    *o = (options){.command = command, .reps = 15, .seed = 1, .peer = "textbook",
                   .layout = layouts, .time_limit = 1, .max_bytes = 0.8 * machine_memory(),
                   .bandwidth = {.core = 12e9, .node = 100e9, .link = 50e9}};
    input_options input = {DATASET_BY_NAME, NULL, NULL};
    *help = false;
    opterr = 0;
    for (int id; (id = getopt_long(argc, argv, ":h", known, NULL)) != -1;) {
        if (id == ':')
            return complain_as(OUTCOME_USAGE, "%s expects a value", argv[optind - 1]);
        if (id == '?') {
            const char *word = argv[optind - 1]; /* or the one before, of letters */
            if (optopt < OPTION_COUNT && strncmp(word, "--", 2) == 0)
                return option_unknown(command->name, known, word);
            return complain_as(OUTCOME_USAGE, "%s: unknown option '-%c'; see bnorm-bench %s "
                               "--help", command->name, optopt, command->name);
        }
        if (id == HELP || id == 'h') {
            options_help(command);
            *help = true;
            return OUTCOME_DONE;
        }
        outcome result = set(o, &input, id, optarg);
        if (result)
            return result;
    }
    return finish(o, &input, argc - optind, argv + optind);
}

void options_free(options *o)
{
    shape_list_free(&o->shapes);
    ceilings_free(o->ceilings);
}
