/* SPDX-License-Identifier: BSD-3-Clause */
#include "roofline.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ceiling.h"
#include "plot.h"
#include "report.h"
#include "timing.h"

static const char *const headings[] = {"<traffic", "sweeps", "<of", "<stores", "threads", "GB/s",
                                       "least", "most", "median ms", "<fastest kernel"};

enum { COLUMNS = sizeof headings / sizeof *headings };

/* Beyond the caches, streaming operations read all again for their last pass. */
static const struct mix {
    const char *name, *of;
    int inputs, outputs, sweeps;
} mixes[] = {
    {"1R", "reading", 1, 0, 1},
    {"2R", "reading two", 2, 0, 1},
    {"1R+1W", "forward, infer", 1, 1, 1},
    {"1R+2W", "step", 1, 2, 1},
    {"2R+1W", "backward", 2, 1, 1},
    {"2R+2W", "fused", 2, 2, 1},
    {"2R+1W", "forward, streaming", 1, 1, 2},
    {"3R+2W", "step, streaming", 1, 2, 3},
    {"4R+1W", "backward, streaming", 2, 1, 2},
    {"4R+2W", "fused, streaming", 2, 2, 2},
};

static const char *const stores_names[] = {
    [CEILING_ANY] = "none", [CEILING_ORDINARY] = "ordinary",
    [CEILING_NONTEMPORAL] = "non-temporal"};

enum { MIXES = sizeof mixes / sizeof *mixes, RACES = 2 * MIXES };

typedef struct { /* one mix with one kind of stores */
    const struct mix *mix;
    ceiling_stores stores; /* ANY: it writes nothing */
    int threads;
    double bytes;          /* read and written */
    double median, min, max; /* seconds */
    char kernel[CEILING_NAME];
} result;

typedef struct {
    const options *options;
    report_author author;
    int64_t rows, cols;
    int counts[OPTIONS_COUNTS], count_count; /* of threads */
    result *results;                         /* RACES at most for each */
    int result_count;
} roofline;

/* ---- measuring ----------------------------------------------------------------- */

static loops_traffic traffic_of(const struct mix *mix, const batch *b)
{
    return (loops_traffic){
        .from = {b->x.data, mix->inputs > 1 ? b->dy.data : NULL},
        .to = {mix->outputs ? b->y.data : NULL, mix->outputs > 1 ? b->dx.data : NULL},
        .bytes = (size_t)b->rows * (size_t)b->cols * sizeof(float), .sweeps = mix->sweeps};
}

typedef struct {
    ceiling kernels;
    result result;
    contestant *all; /* one of each kernel */
} race;

static int line_up(race *races, contestant *all, const batch *b, int threads)
{
    int count = 0;
    for (const struct mix *mix = mixes; mix < mixes + MIXES; mix++) {
        loops_traffic traffic = traffic_of(mix, b);
        ceiling_stores last = mix->outputs ? CEILING_NONTEMPORAL : CEILING_ANY;
        ceiling_stores stores = mix->outputs ? CEILING_ORDINARY : CEILING_ANY;
        for (; stores <= last; stores++) {
            race *r = &races[count++];
            r->result = (result){mix, stores, threads, ceiling_bytes(&traffic), 0, 0, 0, ""};
            ceiling_init(&r->kernels, &traffic, stores, threads);
            ceiling_enter(&r->kernels, r->all = all);
            all += r->kernels.count;
        }
    }
    return count;
}

static int total(const race *races, int count)
{
    int kernels = 0;
    for (int i = 0; i < count; i++)
        kernels += races[i].kernels.count;
    return kernels;
}

/* All kernels of all mixes take turns, then the two fastest of each. */
static outcome compete(race *races, int count, int rounds, const char *name)
{
    contestant *all = races->all;
    timing_warm(all, total(races, count));
    outcome result = timing_rounds(all, total(races, count), timing_screening(rounds), name);
    if (result)
        return result;
    for (int i = 0; i < count; i++)
        timing_narrow(races[i].all, races[i].kernels.count);
    return timing_rounds(all, total(races, count), rounds, name);
}

/* Where a kind of stores has no kernel on this machine there is no result. */
static void conclude(roofline *r, const race *races, int count)
{
    for (int i = 0; i < count; i++) {
        int best = timing_fastest(races[i].all, races[i].kernels.count);
        if (best < 0)
            continue;
        const contestant *c = &races[i].all[best];
        result *one = &r->results[r->result_count++];
        *one = races[i].result;
        one->median = timing_median(c->seconds, c->count);
        one->min = timing_min(c->seconds, c->count);
        one->max = timing_max(c->seconds, c->count);
        ceiling_name(&races[i].kernels.kernels[best], one->kernel);
    }
}

/* On the matrices of a plan for so many threads: they are placed for them. */
static outcome measure(roofline *r, const shape *problem, int threads)
{
    options o = *r->options;
    o.threads = threads;
    char name[48];
    snprintf(name, sizeof name, "%d thread%s", threads, threads == 1 ? "" : "s");
    workbench w;
    outcome result = workbench_open(&w, &o, problem, NULL, BNORM_F32, o.layout);
    if (result)
        return result;
    r->rows = w.batch.rows;
    r->cols = w.batch.cols;
    race *races = calloc(RACES, sizeof *races);
    contestant *all = calloc((size_t)RACES * CEILING_MOST, sizeof *all);
    int count = races && all ? line_up(races, all, &w.batch, threads) : 0;
    result = count ? compete(races, count, o.reps, name)
                   : complain_as(OUTCOME_IMPOSSIBLE, "%s: out of memory", name);
    if (!result)
        conclude(r, races, count);
    timing_free(all, count ? total(races, count) : 0);
    free(all);
    free(races);
    workbench_close(&w);
    return result;
}

/* ---- showing ------------------------------------------------------------------- */

static double gb_s(const result *r, double seconds)
{
    return r->bytes / 1e9 / seconds;
}

static void print_table(const roofline *r)
{
    table t;
    table_init(&t, headings, COLUMNS);
    for (const result *one = r->results; one < r->results + r->result_count; one++) {
        int c = 0;
        if (table_row(&t))
            break;
        table_cell(&t, c++, TABLE_PLAIN, "%s", one->mix->name);
        table_cell(&t, c++, TABLE_PLAIN, "%d", one->mix->sweeps);
        table_cell(&t, c++, TABLE_PLAIN, "%s", one->mix->of);
        table_cell(&t, c++, TABLE_PLAIN, "%s", stores_names[one->stores]);
        table_cell(&t, c++, TABLE_PLAIN, "%d", one->threads);
        table_cell(&t, c++, TABLE_PLAIN, "%.1f", gb_s(one, one->median));
        table_cell(&t, c++, TABLE_PLAIN, "%.1f", gb_s(one, one->max));
        table_cell(&t, c++, TABLE_PLAIN, "%.1f", gb_s(one, one->min));
        table_cell(&t, c++, TABLE_PLAIN, "%.4g", 1e3 * one->median);
        table_cell(&t, c++, TABLE_PLAIN, "%s", one->kernel);
    }
    table_print(&t);
    table_free(&t);
}

static void fill_record(record *rec, roofline *r, const result *one)
{
    r->author.threads = one->threads;
    report_begin(rec, &r->author);
    record_integer(rec, "rows", r->rows);
    record_integer(rec, "cols", r->cols);
    record_text(rec, "dtype", "f32");
    record_integer(rec, "matrix_bytes", r->rows * r->cols * (int64_t)sizeof(float));
    record_text(rec, "traffic", one->mix->name);
    record_text(rec, "of", one->mix->of);
    record_integer(rec, "reads", one->mix->inputs * one->mix->sweeps);
    record_integer(rec, "writes", one->mix->outputs);
    record_integer(rec, "sweeps", one->mix->sweeps);
    record_text(rec, "stores", stores_names[one->stores]);
    record_number(rec, "time_ms_median", 1e3 * one->median);
    record_number(rec, "time_ms_min", 1e3 * one->min);
    record_number(rec, "gb_s", gb_s(one, one->median));
    record_number(rec, "gb_s_min", gb_s(one, one->max));
    record_number(rec, "gb_s_max", gb_s(one, one->min));
    record_text(rec, "kernel", one->kernel);
}

static outcome print_records(roofline *r)
{
    outcome result = OUTCOME_DONE;
    for (int i = 0; i < r->result_count && !result; i++) {
        record rec;
        fill_record(&rec, r, &r->results[i]);
        result = report_print(r->options, &rec);
    }
    return result;
}

static outcome save(roofline *r, const char *path)
{
    outcome result = OUTCOME_DONE;
    FILE *file = fopen(path, "w");
    if (!file)
        return complain_as(OUTCOME_USAGE, "--save %s: %s", path, strerror(errno));
    for (int i = 0; i < r->result_count && !result; i++) {
        record rec;
        fill_record(&rec, r, &r->results[i]);
        result = record_write_json(&rec, file);
    }
    int failed = ferror(file);
    if (fclose(file) || failed)
        return complain_as(OUTCOME_IMPOSSIBLE, "--save %s: %s", path, strerror(errno));
    complain("wrote %s", path);
    return result;
}

/* Bars: a group for each mix, and in it one for each number of threads and stores. */
static outcome draw(const roofline *r)
{
    static plot_point points[2 * OPTIONS_COUNTS][MIXES];
    static char names[2 * OPTIONS_COUNTS][48], labels[MIXES][48];
    const char *label[MIXES];
    plot_series series[2 * OPTIONS_COUNTS];
    for (int m = 0; m < MIXES; m++) {
        snprintf(labels[m], sizeof labels[m], "%s %s", mixes[m].name, mixes[m].of);
        label[m] = labels[m];
    }
    int count = 2 * r->count_count;
    for (int s = 0; s < count; s++) {
        int threads = r->counts[s / 2];
        bool nontemporal = s % 2; /* what only reads is among the ordinary ones */
        series[s] = (plot_series){.name = names[s], .points = points[s]};
        snprintf(names[s], sizeof names[s], "%d thread%s, %s", threads, threads == 1 ? "" : "s",
                 stores_names[nontemporal ? CEILING_NONTEMPORAL : CEILING_ORDINARY]);
        for (const result *one = r->results; one < r->results + r->result_count; one++) {
            if (one->threads != threads || nontemporal != (one->stores == CEILING_NONTEMPORAL))
                continue;
            points[s][series[s].count++] = (plot_point){
                (double)(one->mix - mixes), gb_s(one, one->median), gb_s(one, one->max),
                gb_s(one, one->min), 0};
        }
    }
    char title[300];
    snprintf(title, sizeof title, "Memory of %s, %lldx%lld f32", report_machine(r->options),
             (long long)r->rows, (long long)r->cols);
    plot p = {.title = title, .x_axis = "matrices read and written", .y_axis = "GB/s",
              .bars = true, .labels = label, .series = series, .series_count = count};
    return plot_draw(&p, r->options->plot);
}

/* ---- the command --------------------------------------------------------------- */

/* --threads, or 1 and what the context would take. */
static outcome choose_counts(roofline *r)
{
    const options *o = r->options;
    engine e;
    engine_choice choice = workbench_choice(o);
    choice.planning = true;
    outcome result = engine_create(&e, &choice, 1, 1, BNORM_F32, workbench_operations(o));
    if (result)
        return result;
    report_author_is(&r->author, &e);
    int all = bnorm_context_threads(e.context);
    engine_destroy(&e);
    for (int i = 0; i < o->count_count; i++)
        r->counts[r->count_count++] = o->counts[i];
    if (!o->count_count) {
        r->counts[r->count_count++] = 1;
        if (all > 1)
            r->counts[r->count_count++] = all;
    }
    r->results = calloc((size_t)r->count_count * RACES, sizeof *r->results);
    return r->results ? OUTCOME_DONE : complain_as(OUTCOME_IMPOSSIBLE, "out of memory");
}

/* How all was measured: after an interruption, what there is is printed but not kept. */
static outcome show(roofline *r, outcome measured)
{
    const options *o = r->options;
    outcome result = measured;
    if (o->style == STYLE_TABLE && r->result_count)
        print_table(r);
    else if (r->result_count)
        result = outcome_worse(result, print_records(r));
    if (o->save && !measured)
        result = outcome_worse(result, save(r, o->save));
    if (o->plot && !measured)
        result = outcome_worse(result, draw(r));
    return result;
}

outcome roofline_command(const options *o)
{
    roofline r = {.options = o, .author = {.options = o}};
    if (o->shapes.count > 1)
        return complain_as(OUTCOME_USAGE, "roofline: expected one --shape");
    outcome result = o->plot ? plot_check(o->plot) : OUTCOME_DONE;
    if (!result)
        result = choose_counts(&r);
    for (int i = 0; i < r.count_count && !result; i++)
        result = measure(&r, &o->shapes.items[0], r.counts[i]);
    if (!result || result == OUTCOME_INTERRUPTED)
        result = show(&r, result);
    free(r.results);
    return result;
}
