/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * bnorm-kernels: what each kernel costs while its data stay in cache, on every ISA
 * that this CPU has.  All figures are per element of the tile, so that those of the
 * kernels that a pass is made of add up.
 *
 * Where there are AVX2 kernels the portable ones are measured beside them compiled
 * with AVX2's flags (vec_generic_avx2.h).
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench/clock.h"
#include "bench/table.h"
#include "bench/timing.h"
#include "tile.h"

enum { TABLES = 8, MOST_COLS = 1 << 20, MOST_ROUNDS = 100000, MOST_CALLS = 1000000000 };

typedef struct {
    const bnorm_kernels *tables[TABLES];
    int count;
    int tuned, portable; /* indices of avx2 and of generic_avx2; -1: not among them */
    int only_dtype, only_kernel; /* -1: all */
    int rows, cols, rounds;
    int calls; /* 0: measure time */
} task;

static const char *const dtypes[BNORM_DTYPES] = {[BNORM_F32] = "f32", [BNORM_F64] = "f64"};

static const char usage[] =
    "usage: bnorm-kernels [OPTION...]\n\n"
    "Nanoseconds per element of each kernel on a tile in cache: the least and the median of\n"
    "many rounds, in which the ISAs take turns.  RATIO is the median over the rounds of\n"
    "the time of the portable kernels compiled for AVX2 (generic_avx2) over avx2's.\n\n"
    "  --isa NAME      only this one\n"
    "  --dtype NAME    f32 or f64\n"
    "  --kernel NAME   sum_x, forward, ...\n"
    "  --rows N        of the tile, 1 to 64; 64\n"
    "  --cols N        128\n"
    "  --rounds N      31\n"
    "  --calls N       no clock: that many calls of each, to be counted from outside; prints\n"
    "                  the elements of each call\n"
    "  --compiler      print the compiler's name and major version\n"
    "  --help          this text\n";

/* ---- the command line --------------------------------------------------------- */

static const char *compiler(void)
{
    static char name[32];
#if defined(__clang__)
    snprintf(name, sizeof name, "clang-%d", __clang_major__);
#elif defined(__GNUC__)
    snprintf(name, sizeof name, "gcc-%d", __GNUC__);
#else
    snprintf(name, sizeof name, "unknown");
#endif
    return name;
}

/* The tables that this CPU can run, or the one of them that `only` names. */
static void find_tables(task *t, const char *only)
{
    const char *name;
    int usable;
    t->tuned = t->portable = -1;
    for (int i = 0; (name = bnorm_isa_name(i, &usable)); i++) {
        if (!usable || t->count + 2 > TABLES)
            continue;
        if ((!only || strcmp(only, name) == 0) &&
            bnorm_kernels_select(&t->tables[t->count], name, "isa") == BNORM_OK) {
            if (strcmp(name, "avx2") == 0)
                t->tuned = t->count;
            t->count++;
        }
#ifdef __x86_64__
        extern const bnorm_kernels bnorm_kernels_generic_avx2;
        const bnorm_kernels *portable = &bnorm_kernels_generic_avx2;
        if (strcmp(name, "avx2") == 0 && (!only || strcmp(only, portable->isa) == 0)) {
            t->portable = t->count;
            t->tables[t->count++] = portable;
        }
#endif
    }
}

static int find_dtype(const char *name)
{
    for (int d = 0; d < BNORM_DTYPES; d++)
        if (strcmp(dtypes[d], name) == 0)
            return d;
    return -1;
}

static int find_kernel(const char *name)
{
    for (int k = 0; tile_kernel(k); k++)
        if (strcmp(tile_kernel(k), name) == 0)
            return k;
    return -1;
}

static int number(const char *text, int most)
{
    char *end;
    long value = strtol(text, &end, 10);
    return *text && !*end && value >= 1 && value <= most ? (int)value : -1;
}

enum { ISA, DTYPE, KERNEL, ROWS, COLS, ROUNDS, CALLS, COMPILER, HELP };

/* The exit status, or -1: go on. */
static int parse(task *t, int argc, char **argv)
{
    static const struct option known[] = {
        {"isa", 1, NULL, ISA},       {"dtype", 1, NULL, DTYPE},       {"kernel", 1, NULL, KERNEL},
        {"rows", 1, NULL, ROWS},     {"cols", 1, NULL, COLS},         {"rounds", 1, NULL, ROUNDS},
        {"calls", 1, NULL, CALLS},   {"compiler", 0, NULL, COMPILER}, {"help", 0, NULL, HELP},
        {NULL, 0, NULL, 0}};
    const char *isa = NULL;
    for (int id; (id = getopt_long(argc, argv, "", known, NULL)) != -1;) {
        int value = 0;
        switch (id) {
        case ISA: isa = optarg; break;
        case DTYPE: value = t->only_dtype = find_dtype(optarg); break;
        case KERNEL: value = t->only_kernel = find_kernel(optarg); break;
        case ROWS: value = t->rows = number(optarg, BNORM_LEAF_ROWS); break;
        case COLS: value = t->cols = number(optarg, MOST_COLS); break;
        case ROUNDS: value = t->rounds = number(optarg, MOST_ROUNDS); break;
        case CALLS: value = t->calls = number(optarg, MOST_CALLS); break;
        case COMPILER: puts(compiler()); return 0;
        case HELP: fputs(usage, stdout); return 0;
        default: return 2; /* getopt has said why */
        }
        if (value < 0) {
            complain("what is '%s'? See --help", optarg);
            return 2;
        }
    }
    if (optind < argc) {
        complain("what is '%s'? See --help", argv[optind]);
        return 2;
    }
    find_tables(t, isa);
    if (t->count == 0) {
        complain("this CPU has no '%s'", isa ? isa : "ISA");
        return 3;
    }
    return -1;
}

/* ---- time ----------------------------------------------------------------------- */

typedef struct {
    const tile *tile;
    const bnorm_kernels *kernels;
    int kernel;
} call;

static void run_once(void *self)
{
    const call *c = self;
    tile_run(c->tile, c->kernels, c->kernel, 1);
}

static double run_timed(void *self, int repeat)
{
    const call *c = self;
    double start = clock_now();
    tile_run(c->tile, c->kernels, c->kernel, repeat);
    return clock_now() - start;
}

static void print_ratio(table *out, int column, const contestant *tuned, const contestant *portable)
{
    timing_ratio ratio;
    if (!timing_compare(&ratio, portable, tuned, tuned->count))
        table_cell(out, column, TABLE_PLAIN, "%.2f", ratio.median);
}

/* One kernel on all tables: a row of `out`. */
static outcome measure(const task *t, const tile *data, int kernel, table *out)
{
    const double scale = 1e9 / ((double)t->rows * t->cols);
    contestant contestants[TABLES] = {{0}};
    call calls[TABLES];
    for (int i = 0; i < t->count; i++) {
        calls[i] = (call){data, t->tables[i], kernel};
        contestants[i] = (contestant){.run = run_once, .self = &calls[i], .timed = run_timed};
    }
    timing_warm(contestants, t->count);
    outcome result = timing_rounds(contestants, t->count, t->rounds, tile_kernel(kernel));
    if (!result && table_row(out))
        result = complain_as(OUTCOME_IMPOSSIBLE, "out of memory");
    if (!result) {
        table_cell(out, 0, TABLE_PLAIN, "%s", dtypes[data->dtype]);
        table_cell(out, 1, TABLE_PLAIN, "%s", tile_kernel(kernel));
        for (int i = 0; i < t->count; i++) {
            const contestant *c = &contestants[i];
            double least = timing_min(c->seconds, c->count);
            double median = timing_median(c->seconds, c->count);
            table_cell(out, 2 + 2 * i, TABLE_PLAIN, "%.4f", least * scale);
            table_cell(out, 3 + 2 * i, TABLE_PLAIN, "%.4f", median * scale);
        }
        if (t->tuned >= 0 && t->portable >= 0)
            print_ratio(out, 2 + 2 * t->count, &contestants[t->tuned],
                        &contestants[t->portable]);
    }
    timing_free(contestants, t->count);
    return result;
}

/* ---- all of it ------------------------------------------------------------------- */

/* To be counted from outside. */
static void call_all(const task *t, const tile *data, int kernel)
{
    for (int i = 0; i < t->count; i++) {
        if (i == t->portable && t->count > 1)
            continue; /* not a table of the library: only where it is named */
        printf("%s %s %s %d\n", t->tables[i]->isa, dtypes[data->dtype], tile_kernel(kernel),
               t->rows * t->cols);
        tile_run(data, t->tables[i], kernel, t->calls);
    }
}

static outcome run(const task *t, table *out)
{
    for (int d = 0; d < BNORM_DTYPES; d++) {
        tile data;
        if (t->only_dtype >= 0 && t->only_dtype != d)
            continue;
        if (tile_init(&data, (bnorm_dtype)d, t->rows, t->cols) != 0)
            return complain_as(OUTCOME_IMPOSSIBLE, "out of memory");
        outcome result = OUTCOME_DONE;
        for (int k = 0; !result && tile_kernel(k); k++) {
            if (t->only_kernel >= 0 && t->only_kernel != k)
                continue;
            if (t->calls)
                call_all(t, &data, k);
            else
                result = measure(t, &data, k, out);
        }
        tile_free(&data);
        if (result)
            return result;
    }
    return OUTCOME_DONE;
}

int main(int argc, char **argv)
{
    task t = {.only_dtype = -1, .only_kernel = -1, .rows = BNORM_LEAF_ROWS, .cols = 128,
              .rounds = 31};
    const char *headings[2 + 2 * TABLES + 1] = {"<", "<"};
    table out;
    int done = parse(&t, argc, argv);
    if (done >= 0)
        return done;
    for (int i = 0; i < t.count; i++) {
        headings[2 + 2 * i] = t.tables[i]->isa;
        headings[3 + 2 * i] = "median";
    }
    headings[2 + 2 * t.count] = "ratio";
    table_init(&out, headings, 2 + 2 * t.count + (t.tuned >= 0 && t.portable >= 0));
    outcome result = run(&t, &out);
    if (!result && !t.calls) {
        printf("%d x %d, %s; nanoseconds per element\n", t.rows, t.cols, compiler());
        table_print(&out);
    }
    table_free(&out);
    return result;
}
