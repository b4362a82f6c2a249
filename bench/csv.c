/* SPDX-License-Identifier: BSD-3-Clause */
#include "csv.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef struct {
    const dataset_source *source;
    dataset *data;
    long line;        /* the number of the line in hand */
    char **words;     /* its fields */
    int64_t count, capacity;
    int64_t fields;   /* in every line; 0 before the first */
    int64_t label;    /* index of the column of labels; -1: none */
    int64_t room;     /* rows that data has memory for */
} reader;

static outcome no_memory(const reader *r)
{
    return complain_as(OUTCOME_IMPOSSIBLE, "%s: out of memory", r->source->path);
}

/* Without the spaces and quotes around it; in place. */
static char *trim(char *field)
{
    field += strspn(field, " \t\"");
    size_t length = strlen(field);
    while (length > 0 && strchr(" \t\"", field[length - 1]))
        field[--length] = '\0';
    return field;
}

/* Cut the line at its commas, in place, into r->words. */
static int split(reader *r, char *line)
{
    r->count = 0;
    for (char *next = line; next;) {
        if (r->count == r->capacity) {
            int64_t capacity = r->capacity ? 2 * r->capacity : 64;
            char **grown = realloc(r->words, (size_t)capacity * sizeof *grown);
            if (!grown)
                return -1;
            r->words = grown;
            r->capacity = capacity;
        }
        char *comma = strchr(next, ',');
        if (comma)
            *comma = '\0';
        r->words[r->count++] = trim(next);
        next = comma ? comma + 1 : NULL;
    }
    return 0;
}

static bool to_number(const char *word, double *value)
{
    char *stop;
    *value = strtod(word, &stop);
    return stop != word && *stop == '\0';
}

/* A first line with a field that is no number names the columns. */
static bool is_header(const reader *r)
{
    double value;
    for (int64_t i = 0; i < r->count; i++) {
        if (!to_number(r->words[i], &value))
            return true;
    }
    return false;
}

/* The first line says how many fields there are and where the labels stand: at a
 * name of the header, or at a number counted from 1. */
static outcome begin(reader *r, bool header)
{
    const char *labels = r->source->labels;
    r->fields = r->count;
    r->label = -1;
    if (labels) {
        for (int64_t i = 0; header && i < r->count && r->label < 0; i++) {
            if (strcmp(r->words[i], labels) == 0)
                r->label = i;
        }
        double number;
        if (r->label < 0 && to_number(labels, &number) && number >= 1 &&
            number <= (double)r->fields)
            r->label = (int64_t)number - 1;
        if (r->label < 0)
            return complain_as(OUTCOME_USAGE, "%s:%ld: no column '%s' for --labels",
                               r->source->path, r->line, labels);
    }
    r->data->cols = r->fields - (r->label >= 0);
    if (r->data->cols == 0)
        return complain_as(OUTCOME_USAGE, "%s:%ld: no columns of data", r->source->path, r->line);
    return OUTCOME_DONE;
}

/* Rows come one by one and nobody says how many: double what there is. */
static int make_room(reader *r)
{
    if (r->data->rows < r->room)
        return 0;
    int64_t room = r->room ? 2 * r->room : 256;
    size_t cols = (size_t)r->data->cols;
    double *values = realloc(r->data->values, (size_t)room * cols * sizeof *values);
    if (!values)
        return -1;
    r->data->values = values;
    double *labels = realloc(r->data->labels, (size_t)room * sizeof *labels);
    if (!labels)
        return -1;
    r->data->labels = labels;
    r->room = room;
    return 0;
}

static outcome take_row(reader *r)
{
    const char *path = r->source->path;
    if (r->count != r->fields)
        return complain_as(OUTCOME_USAGE, "%s:%ld: %lld fields, expected %lld", path, r->line,
                           (long long)r->count, (long long)r->fields);
    if (make_room(r))
        return no_memory(r);
    double *row = r->data->values + r->data->rows * r->data->cols;
    for (int64_t i = 0; i < r->fields; i++) {
        double value;
        if (!to_number(r->words[i], &value))
            return complain_as(OUTCOME_USAGE, "%s:%ld: field %lld, '%.40s', is not a number",
                               path, r->line, (long long)i + 1, r->words[i]);
        if (i == r->label)
            r->data->labels[r->data->rows] = value;
        else
            *row++ = value;
    }
    r->data->rows++;
    return OUTCOME_DONE;
}

static outcome take_line(reader *r, char *line)
{
    r->line++;
    line[strcspn(line, "\r\n")] = '\0';
    if (line[strspn(line, " \t")] == '\0')
        return OUTCOME_DONE; /* blank: usually the last */
    if (split(r, line))
        return no_memory(r);
    if (r->fields == 0) {
        bool header = is_header(r);
        outcome result = begin(r, header);
        if (result || header)
            return result;
    }
    return take_row(r);
}

outcome csv_read(dataset *data, const dataset_source *source)
{
    FILE *file = fopen(source->path, "r");
    if (!file)
        return complain_as(OUTCOME_USAGE, "--input %s: %s", source->path, strerror(errno));
    reader r = {.source = source, .data = data};
    outcome result = OUTCOME_DONE;
    char *line = NULL;
    size_t size = 0;
    while (!result && getline(&line, &size, file) >= 0)
        result = take_line(&r, line);
    if (!result && ferror(file))
        result = complain_as(OUTCOME_USAGE, "%s: %s", source->path, strerror(errno));
    if (!result && data->rows == 0)
        result = complain_as(OUTCOME_USAGE, "%s: no rows of numbers in it", source->path);
    if (r.label < 0) {
        free(data->labels);
        data->labels = NULL;
    }
    free(line);
    free(r.words);
    fclose(file);
    return result;
}
