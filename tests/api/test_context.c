/* SPDX-License-Identifier: BSD-3-Clause */
/* Contexts: options, the choice of kernels, and what is refused. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "api/fixture.h"
#include "support/harness.h"

static bnorm_status create(bnorm_context **context, int threads, const char *isa, size_t size)
{
    bnorm_context_options options;
    bnorm_context_options_init(&options, sizeof options);
    options.threads = threads;
    options.isa = isa;
    options.struct_size = size;
    *context = NULL;
    return bnorm_context_create(context, &options);
}

static void refuses(const char *name, int threads, const char *isa, size_t size,
                    bnorm_status expected, const char *word, const char *value)
{
    bnorm_context *context;
    bnorm_status status = create(&context, threads, isa, size);
    int good = status == expected && strstr(bnorm_last_error(), word) &&
               strstr(bnorm_last_error(), value);
    if (!good)
        harness_note("%s: \"%s\" (%s)", name, bnorm_strerror(status), bnorm_last_error());
    CU_ASSERT(good);
    CU_ASSERT_PTR_NULL(context);
    bnorm_context_destroy(context);
}

/* Names are compared whole and as written. */
static void refuses_bad_options(void)
{
    size_t size = sizeof(bnorm_context_options);
    refuses("threads -1", -1, NULL, size, BNORM_ERR_ARGUMENT, "threads", "-1");
    refuses("threads 65537", 65537, NULL, size, BNORM_ERR_ARGUMENT, "threads", "65536");
    refuses("unknown isa", 1, "nonsense", size, BNORM_ERR_ARGUMENT, "isa", "nonsense");
    refuses("isa in capitals", 1, "AVX2", size, BNORM_ERR_ARGUMENT, "isa", "AVX2");
    refuses("a prefix of an isa", 1, "avx", size, BNORM_ERR_ARGUMENT, "isa", "avx");
    refuses("struct_size 0", 1, NULL, 0, BNORM_ERR_UNSUPPORTED, "size", "0");
    refuses("struct_size smaller", 1, NULL, size - 1, BNORM_ERR_UNSUPPORTED, "options", "size");
    refuses("struct_size larger", 1, NULL, size + 1, BNORM_ERR_UNSUPPORTED, "options", "size");
    CU_ASSERT_EQUAL(bnorm_context_create(NULL, NULL), BNORM_ERR_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "context"));
    CU_ASSERT_EQUAL(bnorm_context_options_init(NULL, size), BNORM_ERR_ARGUMENT);
    CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), "options"));
    bnorm_context_destroy(NULL);
}

static int refuses_choice(int binding, int pages, const char *synthetic, const char *xml,
                          const char *word)
{
    bnorm_context *context = NULL;
    bnorm_context_options options;
    bnorm_context_options_init(&options, sizeof options);
    options.binding = (bnorm_binding)binding;
    options.pages = (bnorm_pages)pages;
    options.synthetic = synthetic;
    options.xml = xml;
    bnorm_status status = bnorm_context_create(&context, &options);
    return status == BNORM_ERR_ARGUMENT && !context && strstr(bnorm_last_error(), word);
}

static void refuses_unknown_choices(void)
{
    CU_ASSERT(refuses_choice(-1, 0, NULL, NULL, "options.binding is -1"));
    CU_ASSERT(refuses_choice(3, 0, NULL, NULL, "options.binding is 3"));
    CU_ASSERT(refuses_choice(0, -1, NULL, NULL, "options.pages is -1"));
    CU_ASSERT(refuses_choice(0, 3, NULL, NULL, "options.pages is 3"));
    CU_ASSERT(refuses_choice(0, 0, "numa:2", "machine.xml", "options."));
}

/* Only asked for: a context makes no threads. */
static void takes_the_most_threads(void)
{
    bnorm_context *context;
    CU_ASSERT_EQUAL(create(&context, 65536, NULL, sizeof(bnorm_context_options)), BNORM_OK);
    CU_ASSERT_EQUAL(bnorm_context_threads(context), 65536);
    bnorm_context_destroy(context);
}

static void default_options(void)
{
    bnorm_context_options options;
    memset(&options, 0xFF, sizeof options);
    CU_ASSERT_EQUAL(bnorm_context_options_init(&options, sizeof options), BNORM_OK);
    CU_ASSERT(options.struct_size == sizeof options && options.threads == 0);
    CU_ASSERT(!options.isa && !options.log && !options.log_user);
    bnorm_context *context = NULL;
    CU_ASSERT_EQUAL(bnorm_context_create(&context, NULL), BNORM_OK);
    CU_ASSERT(bnorm_context_threads(context) >= 1);
    CU_ASSERT_PTR_NOT_NULL(bnorm_context_isa(context));
    CU_ASSERT(bnorm_context_describe(context) && *bnorm_context_describe(context));
    CU_ASSERT_PTR_NULL(strchr(bnorm_context_describe(context), '\n'));
    bnorm_context_destroy(context);
}

/* Every ISA that the library has, and those that it only knows by name. */
static void every_isa_runs_or_is_refused(void)
{
    int count = 0, usable, generic = 0;
    for (const char *name; (name = bnorm_isa_name(count, &usable)); count++) {
        bnorm_context *context;
        bnorm_status status = create(&context, 1, name, sizeof(bnorm_context_options));
        CU_ASSERT_EQUAL(status, usable ? BNORM_OK : BNORM_ERR_UNSUPPORTED);
        CU_ASSERT_PTR_NOT_NULL(
            strstr(status == BNORM_OK ? bnorm_context_isa(context) : bnorm_last_error(), name));
        generic += usable && strcmp(name, "generic") == 0;
        bnorm_context_destroy(context);
    }
    CU_ASSERT(count >= 1);
    CU_ASSERT_EQUAL(generic, 1);
    CU_ASSERT_PTR_NULL(bnorm_isa_name(-1, NULL));
    CU_ASSERT_PTR_NULL(bnorm_isa_name(count, NULL));
}

/* bnorm.h lists four names: one of another architecture is valid, but not here. */
static void an_isa_this_machine_lacks(void)
{
    static const char *const names[] = {"generic", "avx2", "avx512", "neon"};
    for (int i = 0; i < 4; i++) {
        bnorm_context *context;
        bnorm_status status = create(&context, 1, names[i], sizeof(bnorm_context_options));
        int usable = 0;
        for (int j = 0; bnorm_isa_name(j, NULL); j++) {
            int this_one;
            if (strcmp(bnorm_isa_name(j, &this_one), names[i]) == 0)
                usable = this_one;
        }
        CU_ASSERT_EQUAL(status, usable ? BNORM_OK : BNORM_ERR_UNSUPPORTED);
        bnorm_context_destroy(context);
    }
}

/* The best one that is usable, unless BNORM_ISA or the option says otherwise;
 * the option wins. */
static void environment_chooses_the_isa(void)
{
    char before[64] = "";
    const char *outside = getenv("BNORM_ISA");
    if (outside)
        strncpy(before, outside, sizeof before - 1);

    const char *best = NULL;
    for (int i = 0, usable; !best; i++)
        if (bnorm_isa_name(i, &usable) && usable)
            best = bnorm_isa_name(i, NULL);

    bnorm_context *context;
    size_t size = sizeof(bnorm_context_options);
    unsetenv("BNORM_ISA");
    CU_ASSERT_EQUAL(create(&context, 1, NULL, size), BNORM_OK);
    CU_ASSERT_STRING_EQUAL(bnorm_context_isa(context), best);
    bnorm_context_destroy(context);

    setenv("BNORM_ISA", "generic", 1);
    CU_ASSERT_EQUAL(create(&context, 1, NULL, size), BNORM_OK);
    CU_ASSERT_STRING_EQUAL(bnorm_context_isa(context), "generic");
    bnorm_context_destroy(context);

    setenv("BNORM_ISA", "nonsense", 1);
    refuses("BNORM_ISA=nonsense", 1, NULL, size, BNORM_ERR_ARGUMENT, "BNORM_ISA", "nonsense");
    CU_ASSERT_EQUAL(create(&context, 1, best, size), BNORM_OK);
    CU_ASSERT_STRING_EQUAL(bnorm_context_isa(context), best);
    bnorm_context_destroy(context);

    if (outside)
        setenv("BNORM_ISA", before, 1);
    else
        unsetenv("BNORM_ISA");
}


typedef struct {
    pthread_t caller;
    int lines, broken, elsewhere;
} listener;

static void hear(void *user, const char *line)
{
    listener *l = user;
    l->lines++;
    l->broken += !*line || strchr(line, '\n') != NULL;
    l->elsewhere += !pthread_equal(pthread_self(), l->caller);
}

/* What is not an error is told, in whole lines, on the calling thread: that the
 * machine is assumed and not known, for one. */
static void lines_are_logged(void)
{
    bnorm_context *context = NULL;
    bnorm_context_options options;
    listener l = {.caller = pthread_self()};
    bnorm_context_options_init(&options, sizeof options);
    options.log = hear;
    options.log_user = &l;
    CU_ASSERT_EQUAL(bnorm_context_create(&context, &options), BNORM_OK);
    CU_ASSERT(l.broken == 0 && l.elsewhere == 0);
    CU_ASSERT(l.lines > 0 || !strstr(bnorm_context_describe(context), "flat"));
    bnorm_context_destroy(context);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"bad options are refused", refuses_bad_options},
        {"unknown choices are refused", refuses_unknown_choices},
        {"65536 threads may be asked for", takes_the_most_threads},
        {"default options", default_options},
        {"every ISA runs or is refused", every_isa_runs_or_is_refused},
        {"an ISA this machine lacks", an_isa_this_machine_lacks},
        {"lines are logged", lines_are_logged},
        {"BNORM_ISA", environment_chooses_the_isa},
    };
    return harness_main(argc, argv, "api/context", cases, HARNESS_COUNT(cases));
}
