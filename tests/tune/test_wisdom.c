/* SPDX-License-Identifier: BSD-3-Clause */
/* Wisdom in files: what is written is read, and nothing else is. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "api/allocations.h"
#include "api/fixture.h"
#include "plan/candidates.h"
#include "support/harness.h"
#include "tune/wisdom.h"

enum { TEXT = 4096 };

static const char good[] =
    "forward 65536 x 1024 f32 stats f32 panel 0 flags 0 asked auto: stream threads 2 "
    "nontemporal 1 min 4096 max 4096 ahead 4096 lag 0 gain 1120 tried 14";

/* A file of this process's own. */
static const char *path(void)
{
    static char name[64];
    snprintf(name, sizeof name, "test_wisdom.%ld.tmp", (long)getpid());
    return name;
}

static void write_file(const char *text)
{
    FILE *file = fopen(path(), "w");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    fputs(text, file);
    fclose(file);
}

static void read_text(char *text)
{
    FILE *file = fopen(path(), "r");
    CU_ASSERT_PTR_NOT_NULL_FATAL(file);
    text[fread(text, 1, TEXT - 1, file)] = '\0';
    fclose(file);
}

/* An entry for trial i: every field differs from those of other trials. */
static bnorm_wisdom_entry entry_of(int i)
{
    return (bnorm_wisdom_entry){
        .key = {.operation = i % 5, .rows = 1000 + i, .cols = i, .dtype = (bnorm_dtype)(i % 2),
                .stats_dtype = BNORM_F64, .panel = 8 * (i % 3), .flags = (unsigned)i % 64},
        .tuning = {.strategy = i % 2 ? BNORM_STRATEGY_STREAM : BNORM_STRATEGY_RESIDENT,
                   .threads = 1 + i % 2, .stream = i % 2, .min_bytes = 64 + i,
                   .max_bytes = 4096 + i, .ahead_bytes = 2 * i, .lag_bytes = 3 * i},
        .gain = 1000 + i,
        .tried = i,
    };
}

static void know(bnorm_context *context, int begin, int end)
{
    CU_ASSERT_EQUAL_FATAL(bnorm_wisdom_reserve(context->wisdom, end - begin), 0);
    for (int i = begin; i < end; i++) {
        const bnorm_wisdom_entry entry = entry_of(i);
        bnorm_wisdom_add(context->wisdom, &entry);
    }
}

/* Whether the context knows exactly the entries [0, count). */
static int knows(const bnorm_context *context, int count)
{
    int same = context->wisdom->count == count;
    for (int i = 0; i < count && same; i++) {
        char expected[BNORM_WISDOM_LINE], found[BNORM_WISDOM_LINE];
        const bnorm_wisdom_entry entry = entry_of(i);
        const bnorm_wisdom_entry *at = bnorm_wisdom_find(context->wisdom, &entry.key);
        if (!at)
            return 0;
        bnorm_wisdom_format(&entry, expected);
        bnorm_wisdom_format(at, found);
        same = strcmp(expected, found) == 0;
    }
    return same;
}

static void saved_is_loaded(void)
{
    for (int count = 0; count <= 100; count += 50) {
        bnorm_context *a = fixture_context(2), *b = fixture_context(2);
        char first[TEXT * 8], second[TEXT * 8];
        know(a, 0, count);
        know(b, 0, count / 2); /* what is there already is there once */
        CU_ASSERT_EQUAL(bnorm_wisdom_save(a, path()), BNORM_OK);
        read_text(first);
        CU_ASSERT_EQUAL(bnorm_wisdom_load(b, path()), BNORM_OK);
        CU_ASSERT(knows(b, count));
        CU_ASSERT_EQUAL(bnorm_wisdom_save(b, path()), BNORM_OK); /* over the old one */
        read_text(second);
        CU_ASSERT_STRING_EQUAL(first, second);
        bnorm_context_destroy(a);
        bnorm_context_destroy(b);
    }
    unlink(path());
}

static void a_file_counts_more(void)
{
    bnorm_context *a = fixture_context(2), *b = fixture_context(2);
    know(a, 0, 3);
    know(b, 0, 3);
    b->wisdom->entry[1].gain = 5000;
    CU_ASSERT_EQUAL(bnorm_wisdom_save(b, path()), BNORM_OK);
    CU_ASSERT_EQUAL(bnorm_wisdom_load(a, path()), BNORM_OK);
    CU_ASSERT(a->wisdom->count == 3 && a->wisdom->entry[1].gain == 5000);
    bnorm_context_destroy(a);
    bnorm_context_destroy(b);
    unlink(path());
}

/* A good line in which one word stands for another. */
static void replace(char *line, const char *word, const char *by)
{
    const char *at = strstr(good, word);
    CU_ASSERT_PTR_NOT_NULL_FATAL(at);
    snprintf(line, TEXT, "%.*s%s%s", (int)(at - good), good, by, at + strlen(word));
}

static const struct {
    const char *word, *by;
} spoilt[] = {
    {"forward", "foreward"}, {"65536 x", "65536x"}, {"65536", "-1"}, {"65536", "+65536"},
    {"65536", "065536"}, {"65536", "6e4"}, {"65536", "99999999999999999999"}, {"1024", ""},
    {"f32 stats", "f16 stats"}, {"stats f32", "stats f320"}, {"panel 0", "panel 7"},
    {"flags 0", "flags 40"}, {"flags 0", "flags 0x0"}, {"flags 0", "flags -1"},
    {"asked auto:", "asked auto :"}, {"asked auto:", "asked fast:"},
    {"asked auto:", "asked resident:"}, {": stream", ": auto"}, {": stream", ": streams"},
    {": stream", ": small"},
    {"threads 2", "threads 0"}, {"threads 2", "threads 3"}, {"threads 2", "threads 99999999"},
    {"nontemporal 1", "nontemporal 2"}, {"min 4096", "min 0"}, {"min 4096", "min 4097"},
    {"max 4096", "max 2147483648"}, {"lag 0", "lag -1"}, {"lag 0", "lag 9999999999"},
    {"ahead 4096", "ahead -1"}, {"ahead 4096", "ahead 9999999999"},
    {"gain 1120", "gain 999"}, {"gain 1120", "gain 1.12"}, {"tried 14", "tried -1"},
    {"tried 14", "tried 14 "}, {"tried 14", "tried 14 15"}, {"tried 14", "tried"},
    {" tried 14", ""}, {"forward", " forward"}, {" gain", "  gain"}, {" gain", "\tgain"},
};

static void malformed_lines_are_refused(void)
{
    bnorm_wisdom_entry entry;
    char line[TEXT];
    CU_ASSERT_EQUAL(bnorm_wisdom_parse(&entry, good, 2), 0);
    CU_ASSERT_EQUAL(bnorm_wisdom_parse(&entry, "", 2), -1);
    for (size_t i = 0; i < sizeof spoilt / sizeof *spoilt; i++) {
        replace(line, spoilt[i].word, spoilt[i].by);
        const int refused = bnorm_wisdom_parse(&entry, line, 2) == -1;
        if (!refused)
            harness_note("accepted: %s", line);
        CU_ASSERT(refused);
    }
    for (size_t length = 0; length < strlen(good); length++) { /* a file that was cut */
        snprintf(line, sizeof line, "%.*s", (int)length, good);
        CU_ASSERT(bnorm_wisdom_parse(&entry, line, 2) == -1 || length == strlen(good) - 1);
    }
}

/* Load text into a context that knows three entries already; says how it failed. */
static bnorm_status load(const char *text)
{
    bnorm_context *context = fixture_context(2);
    know(context, 0, 3);
    write_file(text);
    bnorm_status status = bnorm_wisdom_load(context, path());
    if (status)
        CU_ASSERT(knows(context, 3)); /* nothing of it */
    bnorm_context_destroy(context);
    unlink(path());
    return status;
}

static void malformed_files_are_refused(void)
{
    char heads[TEXT], text[3 * TEXT], machine[TEXT];
    bnorm_context *context = fixture_context(2);
    CU_ASSERT_EQUAL(bnorm_wisdom_save(context, path()), BNORM_OK);
    bnorm_context_destroy(context);
    read_text(heads);
    snprintf(machine, sizeof machine, "%s", strchr(heads, '\n') + 1);

    snprintf(text, sizeof text, "%s%s\n", heads, good);
    CU_ASSERT_EQUAL(load(text), BNORM_OK);
    CU_ASSERT_EQUAL(load(heads), BNORM_OK);

    CU_ASSERT_EQUAL(load(""), BNORM_ERR_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "line 1: expected \"bnorm-wisdom 6\""));
    CU_ASSERT_EQUAL(load("a,b\n1,2\n"), BNORM_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(load("bnorm-wisdom 6"), BNORM_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(load("bnorm-wisdom 6\n"), BNORM_ERR_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "line 2"));
    CU_ASSERT_EQUAL(load("bnorm-wisdom 6\nnonsense\n"), BNORM_ERR_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "line 2: expected a machine"));
    snprintf(text, sizeof text, "bnorm-wisdom 1\n%s", machine);
    CU_ASSERT_EQUAL(load(text), BNORM_ERR_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "\"bnorm-wisdom 6\""));

    snprintf(text, sizeof text, "%s%s\nnonsense\n%s\n", heads, good, good);
    CU_ASSERT_EQUAL(load(text), BNORM_ERR_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "line 4: expected"));
    snprintf(text, sizeof text, "%s%s", heads, good); /* no line end: cut */
    CU_ASSERT_EQUAL(load(text), BNORM_ERR_ARGUMENT);
    snprintf(text, sizeof text, "%s%s %02000d\n", heads, good, 0);
    CU_ASSERT_EQUAL(load(text), BNORM_ERR_ARGUMENT);
}

/* Whether a line says all of a tuning of an operation. */
static int can_be_kept(const bnorm_plan *plan, int operation, const bnorm_tuning *tuning)
{
    bnorm_wisdom_entry entry = {.key = bnorm_wisdom_key_of(plan, operation), .tuning = *tuning,
                                .gain = 1000};
    char line[BNORM_WISDOM_LINE];
    bnorm_wisdom_format(&entry, line);
    const int kept = bnorm_wisdom_parse(&entry, line, plan->context->seats.threads) == 0;
    if (!kept)
        harness_note("%s", line);
    return kept;
}

/* The estimates for a problem, and what is tried beside them, whatever the caches. */
static void every_proposal_can_be_kept(void)
{
    static const int64_t rows[] = {100, 4000, 70000}, cols[] = {16, 300, 5000};
    bnorm_tuning candidate[BNORM_MOST_CANDIDATES];
    bnorm_context *context = fixture_context(2);
    int refused = 0;
    for (int i = 0; i < 9 * 6 * 3; i++) {
        bnorm_problem problem;
        bnorm_problem_init(&problem, sizeof problem);
        problem.rows = rows[i % 3];
        problem.cols = cols[i / 3 % 3];
        problem.panel_width = i / 9 % 3 * 8;
        problem.layout = problem.panel_width ? BNORM_PANELS : BNORM_ROWS;
        context->machine.l2 = context->machine.llc = (size_t)64 << (10 + 2 * (i / 27));
        context->machine.l2_sharers = context->machine.llc_sharers = 1;
        bnorm_plan *plan = fixture_plan(context, &problem);
        for (int o = 0; o < BNORM_OPERATIONS; o++) {
            const bnorm_tuning estimate = bnorm_plan_estimate(plan, o, 1);
            refused += !can_be_kept(plan, o, &estimate);
            for (int stage = 0; stage < BNORM_CANDIDATE_STAGES; stage++) {
                const int count = bnorm_plan_candidates(plan, o, stage, &estimate, candidate);
                for (int c = 0; c < count; c++)
                    refused += !can_be_kept(plan, o, &candidate[c]);
            }
        }
        bnorm_plan_destroy(plan);
    }
    CU_ASSERT_EQUAL(refused, 0);
    bnorm_context_destroy(context);
}

static void another_machine_is_refused(void)
{
    bnorm_context *two = fixture_context(2), *three = fixture_context(3), *generic;
    bnorm_context_options options;
    bnorm_context_options_init(&options, sizeof options);
    options.threads = 2;
    options.isa = "generic";
    CU_ASSERT_EQUAL_FATAL(bnorm_context_create(&generic, &options), BNORM_OK);
    know(two, 0, 5);
    CU_ASSERT_EQUAL(bnorm_wisdom_save(two, path()), BNORM_OK);
    CU_ASSERT_EQUAL(bnorm_wisdom_load(three, path()), BNORM_ERR_UNSUPPORTED);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "line 2: from another machine"));
    CU_ASSERT(knows(three, 0));
    if (strcmp(bnorm_context_isa(two), "generic") != 0) {
        CU_ASSERT_EQUAL(bnorm_wisdom_load(generic, path()), BNORM_ERR_UNSUPPORTED);
        CU_ASSERT(knows(generic, 0));
    }
    bnorm_context_destroy(two);
    bnorm_context_destroy(three);
    bnorm_context_destroy(generic);
    unlink(path());
}

/* Whether the file that is to be renamed is gone. */
static int nothing_beside(void)
{
    char name[96];
    snprintf(name, sizeof name, "%s.%ld.0", path(), (long)getpid());
    return access(name, F_OK) != 0;
}

static void files_that_are_not_to_be_had(void)
{
    bnorm_context *context = fixture_context(1);
    char inside[96];
    CU_ASSERT_EQUAL(bnorm_wisdom_save(NULL, path()), BNORM_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(bnorm_wisdom_save(context, NULL), BNORM_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(bnorm_wisdom_load(NULL, path()), BNORM_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(bnorm_wisdom_load(context, NULL), BNORM_ERR_ARGUMENT);
    CU_ASSERT_EQUAL(bnorm_wisdom_load(context, path()), BNORM_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), path()));
    snprintf(inside, sizeof inside, "%s/none/wisdom", path());
    CU_ASSERT_EQUAL(bnorm_wisdom_save(context, inside), BNORM_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "can't be written"));
    /* a folder stands where the file should be: it stays, and nothing beside it */
    CU_ASSERT_EQUAL_FATAL(mkdir(path(), 0700), 0);
    CU_ASSERT_EQUAL(bnorm_wisdom_save(context, path()), BNORM_ERR_SYSTEM);
    CU_ASSERT(nothing_beside());
    CU_ASSERT_EQUAL(bnorm_wisdom_load(context, path()), BNORM_ERR_SYSTEM);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "can't be read"));
    CU_ASSERT_EQUAL(rmdir(path()), 0);
    bnorm_context_destroy(context);
}

/* One request for memory after the other fails, until there is none to fail; then the
 * file and the context are as they were.  Where the C library is static its requests
 * fail, too, and it can do without some. */
static void every_request_fails_in_turn(void)
{
    bnorm_context *source = fixture_context(1);
    char before[TEXT], after[TEXT];
    bnorm_status status;
    int failing = 0, requests;
    know(source, 0, 10);
    for (int i = 0; i < 10; i++)
        source->wisdom->entry[i].tuning.threads = 1;
    write_file("old\n");
    read_text(before);
    do {
        allocations_watch(++failing);
        status = bnorm_wisdom_save(source, path());
        requests = allocations_stop();
        read_text(after);
        CU_ASSERT(status == BNORM_OK ||
                  (status == BNORM_ERR_MEMORY && strcmp(before, after) == 0));
        CU_ASSERT(nothing_beside());
    } while (requests >= failing);
    CU_ASSERT(status == BNORM_OK && failing > 2);

    failing = 0;
    do {
        bnorm_context *context = fixture_context(1);
        allocations_watch(++failing);
        status = bnorm_wisdom_load(context, path());
        requests = allocations_stop();
        CU_ASSERT_EQUAL(context->wisdom->count, status ? 0 : 10);
        CU_ASSERT(status == BNORM_OK || status == BNORM_ERR_MEMORY);
        bnorm_context_destroy(context);
    } while (requests >= failing);
    CU_ASSERT(status == BNORM_OK && failing > 2);
    CU_ASSERT_EQUAL(allocations_held(), 0);
    bnorm_context_destroy(source);
    unlink(path());
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"what is saved is loaded", saved_is_loaded},
        {"a file counts more than what was known", a_file_counts_more},
        {"malformed lines are refused", malformed_lines_are_refused},
        {"malformed files are refused, by line, and nothing is loaded",
         malformed_files_are_refused},
        {"every proposal can be kept", every_proposal_can_be_kept},
        {"wisdom of another machine is refused", another_machine_is_refused},
        {"files that are not to be had", files_that_are_not_to_be_had},
        {"every request for memory fails in turn", every_request_fails_in_turn},
    };
    return harness_main(argc, argv, "wisdom", cases, HARNESS_COUNT(cases));
}
