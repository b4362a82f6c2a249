/* SPDX-License-Identifier: BSD-3-Clause */
#include "ceilings.h"

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef HAVE_JANSSON
#include <jansson.h>
#endif

#include "base/amount.h"
#include "machine.h"

typedef struct {
    int threads, reads, writes, sweeps;
    double gb_s, matrix_bytes;
    char kernel[CEILING_NAME];
} entry;

struct ceilings {
    const char *path;
    entry *entries;
    int count;
    bool declined; /* it has been said that matrices are too small for it */
};

#ifdef HAVE_JANSSON

static outcome not_ours(const char *path, int line, const char *what)
{
    return complain_as(OUTCOME_USAGE, "%s:%d: %s", path, line, what);
}

static const char *text_of(const json_t *record, const char *key)
{
    const char *text = json_string_value(json_object_get(record, key));
    return text ? text : "";
}

static double number_of(const json_t *record, const char *key)
{
    return json_number_value(json_object_get(record, key)); /* 0 where there is none */
}

static outcome take(entry *e, const json_t *record, const char *path, int line)
{
    if (strcmp(text_of(record, "command"), "roofline") != 0)
        return not_ours(path, line, "expected a record of bnorm-bench roofline");
    if (strcmp(text_of(record, "cpu"), machine_cpu()) != 0)
        return complain_as(OUTCOME_IMPOSSIBLE, "%s:%d: measured on another machine, %s; this is %s",
                           path, line, text_of(record, "cpu"), machine_cpu());
    *e = (entry){.threads = (int)number_of(record, "threads"),
                 .reads = (int)number_of(record, "reads"),
                 .writes = (int)number_of(record, "writes"),
                 .sweeps = (int)number_of(record, "sweeps"),
                 .gb_s = number_of(record, "gb_s"),
                 .matrix_bytes = number_of(record, "matrix_bytes")};
    snprintf(e->kernel, sizeof e->kernel, "%s", text_of(record, "kernel"));
    if (e->threads < 1 || e->sweeps < 1 || !(e->gb_s > 0) || !(e->matrix_bytes > 0))
        return not_ours(path, line, "threads, sweeps, gb_s and matrix_bytes must be above 0");
    return OUTCOME_DONE;
}

static outcome add(ceilings *c, const json_t *record, int line)
{
    entry *grown = realloc(c->entries, (size_t)(c->count + 1) * sizeof *grown);
    if (!grown)
        return complain_as(OUTCOME_IMPOSSIBLE, "%s: out of memory", c->path);
    c->entries = grown;
    outcome result = take(&grown[c->count], record, c->path, line);
    c->count += !result;
    return result;
}

static outcome read_all(ceilings *c, FILE *file)
{
    char text[4096];
    outcome result = OUTCOME_DONE;
    for (int line = 1; !result && fgets(text, sizeof text, file); line++) {
        json_t *record = json_loads(text, 0, NULL);
        result = record ? add(c, record, line) : not_ours(c->path, line, "this is not JSON");
        json_decref(record);
    }
    if (!result && ferror(file))
        return complain_as(OUTCOME_USAGE, "%s: %s", c->path, strerror(errno));
    if (!result && c->count == 0)
        return complain_as(OUTCOME_USAGE, "%s: there are no ceilings in it", c->path);
    return result;
}

outcome ceilings_read(ceilings **c, const char *path)
{
    *c = NULL;
    FILE *file = fopen(path, "r");
    if (!file)
        return complain_as(OUTCOME_USAGE, "%s: %s", path, strerror(errno));
    outcome result = OUTCOME_IMPOSSIBLE;
    *c = calloc(1, sizeof **c);
    if (*c) {
        (*c)->path = path;
        result = read_all(*c, file);
    } else {
        complain("%s: out of memory", path);
    }
    fclose(file);
    return result;
}

#else

outcome ceilings_read(ceilings **c, const char *path)
{
    *c = NULL;
    return complain_as(OUTCOME_IMPOSSIBLE, "%s: this bnorm-bench was built without jansson",
                       path);
}

#endif

void ceilings_free(ceilings *c)
{
    if (c)
        free(c->entries);
    free(c);
}

/* Once is enough, as a sweep may have many such. */
static void decline(ceilings *c, double bytes)
{
    char small[BNORM_AMOUNT], large[BNORM_AMOUNT];
    if (!c->declined)
        complain("%s: not taken for matrices less than half as large as its own (%s, of %s): "
                 "their ceilings are measured", c->path, bnorm_amount(small, bytes),
                 bnorm_amount(large, c->entries[0].matrix_bytes));
    c->declined = true;
}

outcome ceilings_choose(ceilings *c, const loops_traffic *traffic, int threads,
                        ceiling *chosen)
{
    const entry *best = NULL;
    if (!c || 2.0 * (double)traffic->bytes < c->entries[0].matrix_bytes) {
        if (c)
            decline(c, (double)traffic->bytes);
        ceiling_init(chosen, traffic, CEILING_ANY, threads);
        return OUTCOME_DONE;
    }
    for (const entry *e = c->entries; e < c->entries + c->count; e++) {
        if (e->threads == threads && e->sweeps == traffic->sweeps &&
            e->reads == ceiling_reads(traffic) && e->writes == ceiling_writes(traffic) &&
            (!best || e->gb_s > best->gb_s))
            best = e;
    }
    if (!best)
        return complain_as(OUTCOME_IMPOSSIBLE, "%s: no ceiling of %dR+%dW with %d threads", c->path,
                           ceiling_reads(traffic), ceiling_writes(traffic), threads);
    chosen->traffic = *traffic;
    chosen->count = 0;
    chosen->saved_seconds = ceiling_bytes(traffic) / 1e9 / best->gb_s;
    memcpy(chosen->saved_kernel, best->kernel, sizeof best->kernel);
    return OUTCOME_DONE;
}
