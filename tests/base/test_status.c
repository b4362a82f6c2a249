/* SPDX-License-Identifier: BSD-3-Clause */
/* Status texts, the version, and the last error, which belongs to its thread. */
#include "base/status.h"

#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "support/harness.h"

static void before_the_first_failure(void)
{
    CU_ASSERT_STRING_EQUAL(bnorm_last_error(), "");
}

/* Words of its own for each, and some for what is no status at all. */
static void every_status_has_its_words(void)
{
    enum { STATUSES = BNORM_ERR_SYSTEM + 1 };
    const char *words[STATUSES];
    for (int i = 0; i < STATUSES; i++) {
        words[i] = bnorm_strerror((bnorm_status)i);
        CU_ASSERT(words[i] && *words[i]);
        for (int j = 0; j < i; j++)
            CU_ASSERT_STRING_NOT_EQUAL(words[i], words[j]);
    }
    CU_ASSERT_PTR_NOT_NULL(bnorm_strerror((bnorm_status)STATUSES));
    CU_ASSERT_PTR_NOT_NULL(bnorm_strerror((bnorm_status)-1));
}

static void version_is_the_header_s(void)
{
    char expected[32];
    snprintf(expected, sizeof expected, "%d.%d.%d", BNORM_VERSION_MAJOR, BNORM_VERSION_MINOR,
             BNORM_VERSION_PATCH);
    CU_ASSERT_STRING_EQUAL(bnorm_version(), expected);
}

static void fail_formats_and_returns(void)
{
    CU_ASSERT_EQUAL(bnorm_fail(BNORM_ERR_COMM, "rank %d of %s", 3, "seven"), BNORM_ERR_COMM);
    CU_ASSERT_STRING_EQUAL(bnorm_last_error(), "rank 3 of seven");
}

/* Users' pointers and numbers fit; a name of any length must not overflow. */
static void long_texts_are_cut(void)
{
    char text[5000];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = '\0';
    bnorm_fail(BNORM_ERR_ARGUMENT, "%s", text);
    size_t length = strlen(bnorm_last_error());
    CU_ASSERT(length > 100 && length < sizeof text - 1);
    CU_ASSERT_EQUAL(strspn(bnorm_last_error(), "x"), length);
}

typedef struct {
    const char *argument;
    char before[64], after[64];
    pthread_barrier_t *barrier;
} failing_thread;

static void *fail_on_a_thread(void *data)
{
    failing_thread *self = data;
    snprintf(self->before, sizeof self->before, "%s", bnorm_last_error());
    bnorm_fail(BNORM_ERR_ARGUMENT, "%s is wrong", self->argument);
    pthread_barrier_wait(self->barrier); /* now both have failed */
    snprintf(self->after, sizeof self->after, "%s", bnorm_last_error());
    return NULL;
}

static void last_error_is_the_thread_s_own(void)
{
    pthread_barrier_t barrier;
    pthread_t threads[2];
    failing_thread data[2] = {{.argument = "x", .barrier = &barrier},
                              {.argument = "gamma", .barrier = &barrier}};
    bnorm_fail(BNORM_ERR_ARGUMENT, "main");
    pthread_barrier_init(&barrier, NULL, 2);
    for (int i = 0; i < 2; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, fail_on_a_thread, &data[i]), 0);
    for (int i = 0; i < 2; i++)
        pthread_join(threads[i], NULL);
    pthread_barrier_destroy(&barrier);
    CU_ASSERT_STRING_EQUAL(data[0].before, "");
    CU_ASSERT_STRING_EQUAL(data[1].before, "");
    CU_ASSERT_STRING_EQUAL(data[0].after, "x is wrong");
    CU_ASSERT_STRING_EQUAL(data[1].after, "gamma is wrong");
    CU_ASSERT_STRING_EQUAL(bnorm_last_error(), "main");
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"no error before the first", before_the_first_failure},
        {"every status has its words", every_status_has_its_words},
        {"the version is the header's", version_is_the_header_s},
        {"fail formats and returns", fail_formats_and_returns},
        {"long texts are cut", long_texts_are_cut},
        {"the last error is the thread's own", last_error_is_the_thread_s_own},
    };
    return harness_main(argc, argv, "base/status", cases, HARNESS_COUNT(cases));
}
