/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/harness.h"

#include <CUnit/TestRun.h>
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* CUnit's handlers carry no user data. */
static struct {
    int finished; /* cases reported so far: TAP numbers them from 1 */
    int failed;
    unsigned asserts; /* made before the running case began */
    char skipped[200]; /* the running case's reason; "" when it is not skipped */
} state;

static void before_case(const CU_pTest test, const CU_pSuite suite)
{
    (void)test;
    (void)suite;
    state.asserts = CU_get_number_of_asserts();
    state.skipped[0] = '\0';
}

static void after_case(const CU_pTest test, const CU_pSuite suite, const CU_pFailureRecord failure)
{
    (void)suite;
    /* A case that asserts nothing could never fail. */
    int idle = CU_get_number_of_asserts() == state.asserts && state.skipped[0] == '\0';
    int failed = failure != NULL || idle;
    printf("%s %d - %s", failed ? "not ok" : "ok", ++state.finished, test->pName);
    if (state.skipped[0] != '\0' && !failed)
        printf(" # SKIP %s", state.skipped);
    printf("\n");
    for (const CU_FailureRecord *f = failure; f != NULL; f = f->pNext)
        printf("# %s:%u: %s\n", f->strFileName ? f->strFileName : "?", f->uiLineNumber,
               f->strCondition ? f->strCondition : "?");
    if (idle)
        printf("# the case made no assertion\n");
    state.failed += failed;
}

static int wanted(const char *name, int argc, char **argv)
{
    if (argc < 2)
        return 1;
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], name) == 0)
            return 1;
    return 0;
}

int harness_main(int argc, char **argv, const char *suite_name, const harness_case *cases,
                 int count)
{
    /* Whole lines reach the log even when a case crashes or forks. */
    setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
    int selected = 0;
    if (CU_initialize_registry() != CUE_SUCCESS)
        return 1;
    CU_pSuite suite = CU_add_suite(suite_name, NULL, NULL);
    for (int i = 0; i < count; i++)
        if (wanted(cases[i].name, argc, argv) && CU_add_test(suite, cases[i].name, cases[i].run))
            selected++;
    if (selected == 0) {
        fprintf(stderr, "%s: no such case; there are:\n", argv[0]);
        for (int i = 0; i < count; i++)
            fprintf(stderr, "  %s\n", cases[i].name);
        CU_cleanup_registry();
        return 2;
    }
    printf("1..%d\n", selected);
    CU_set_test_start_handler(before_case);
    CU_set_test_complete_handler(after_case);
    CU_ErrorCode error = CU_run_all_tests();
    CU_cleanup_registry();
    return error != CUE_SUCCESS || state.failed > 0 || state.finished != selected;
}

void harness_skip(const char *reason)
{
    snprintf(state.skipped, sizeof state.skipped, "%s", reason[0] ? reason : "no reason given");
}

void harness_note(const char *format, ...)
{
    va_list list;
    va_start(list, format);
    printf("# ");
    vprintf(format, list);
    printf("\n");
    va_end(list);
}

int harness_long(void)
{
    const char *value = getenv("BNORM_TEST_LONG");
    return value != NULL && strcmp(value, "1") == 0;
}

int harness_sampled(int n)
{
    const char *value = getenv("BNORM_TEST_SAMPLE");
    int k = value != NULL ? atoi(value) : 0;
    return k <= 1 || n % k == 0;
}

int64_t harness_memory(void)
{
    char line[200];
    long long kib = 0;
    FILE *file = fopen("/proc/meminfo", "r");
    while (file != NULL && kib == 0 && fgets(line, sizeof line, file) != NULL)
        if (sscanf(line, "MemAvailable: %lld kB", &kib) != 1)
            kib = 0;
    if (file != NULL)
        fclose(file);
    return kib * 1024;
}

int harness_lacks_memory(int64_t bytes)
{
    char reason[100];
    int64_t there = harness_memory();
    if (there >= bytes)
        return 0;
    snprintf(reason, sizeof reason, "needs %.1f GiB of memory, %.1f GiB are available",
             (double)bytes / 0x1p30, (double)there / 0x1p30);
    harness_skip(reason);
    return 1;
}

/* FNV-1a (Fowler, Noll, Vo). */
uint64_t harness_hash_bytes(uint64_t h, const void *data, size_t n)
{
    const unsigned char *byte = data;
    for (size_t i = 0; i < n; i++)
        h = (h ^ byte[i]) * UINT64_C(0x100000001b3);
    return h;
}

/* Values go in by their bits, least significant byte first on any machine. */
static uint64_t hash_word(uint64_t h, uint64_t word, int bytes)
{
    for (int i = 0; i < bytes; i++)
        h = (h ^ (word >> (8 * i) & 0xff)) * UINT64_C(0x100000001b3);
    return h;
}

uint64_t harness_hash_f32(uint64_t h, const float *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        h = hash_word(h, isnan(values[i]) ? UINT32_C(0x7fc00000) : bits, 4);
    }
    return h;
}

uint64_t harness_hash_f64(uint64_t h, const double *values, int64_t n)
{
    for (int64_t i = 0; i < n; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        h = hash_word(h, isnan(values[i]) ? UINT64_C(0x7ff8000000000000) : bits, 8);
    }
    return h;
}

void harness_hash(const char *name, uint64_t hash)
{
    printf("# hash %s %016" PRIx64 "\n", name, hash);
}
