/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Which kernels the library chooses, against what the CPU really executes: one
 * instruction of each ISA is tried.  `make check-isa` runs this on CPUs that lack
 * some, and names what must be chosen there in BNORM_TEST_EXPECT_ISA.
 */
#include "bnorm.h"
#include "support/harness.h"

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

static void instruction_generic(void)
{
}

#if defined(__x86_64__)
static void instruction_avx2(void)
{
    __asm__ volatile("vpaddd %%ymm0, %%ymm0, %%ymm0\n\t"
                     "vfmadd231ps %%ymm0, %%ymm0, %%ymm0\n\t"
                     "vzeroupper" ::: "xmm0");
}

static void instruction_avx512(void)
{
    __asm__ volatile("vpaddd %%zmm0, %%zmm0, %%zmm0\n\t"
                     "vzeroupper" ::: "xmm0");
}
#elif defined(__aarch64__)
static void instruction_neon(void)
{
    __asm__ volatile("fmla v0.4s, v0.4s, v0.4s" ::: "v0");
}
#endif

static const struct {
    const char *isa;
    void (*instruction)(void);
} probes[] = {
    {"generic", instruction_generic},
#if defined(__x86_64__)
    {"avx2", instruction_avx2},
    {"avx512", instruction_avx512},
#elif defined(__aarch64__)
    {"neon", instruction_neon},
#endif
};

static sigjmp_buf trap;

static void on_illegal(int signal)
{
    siglongjmp(trap, signal);
}

static int survives(void (*instruction)(void))
{
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_illegal;
    sigaction(SIGILL, &action, &before);
    volatile int done = 0;
    if (sigsetjmp(trap, 1) == 0) {
        instruction();
        done = 1;
    }
    sigaction(SIGILL, &before, NULL);
    return done;
}

/* 1: this CPU executes the ISA, 0: it traps, -1: an ISA without a probe. */
static int executes(const char *isa)
{
    for (size_t i = 0; i < sizeof probes / sizeof probes[0]; i++)
        if (strcmp(probes[i].isa, isa) == 0)
            return survives(probes[i].instruction);
    return -1;
}

/* The status of a context with ISA `option` (may be NULL) under BNORM_ISA=`variable`
 * (NULL: unset); chosen: the ISA it got. */
static bnorm_status choose(const char *option, const char *variable, char chosen[32])
{
    char saved[32] = "";
    const char *before = getenv("BNORM_ISA");
    if (before != NULL)
        strncpy(saved, before, sizeof saved - 1);
    if (variable != NULL)
        setenv("BNORM_ISA", variable, 1);
    else
        unsetenv("BNORM_ISA");

    bnorm_context_options options;
    bnorm_context *context = NULL;
    chosen[0] = '\0';
    CU_ASSERT_EQUAL(bnorm_context_options_init(&options, sizeof options), BNORM_OK);
    options.threads = 1;
    options.isa = option;
    bnorm_status status = bnorm_context_create(&context, &options);
    if (status == BNORM_OK)
        strncat(chosen, bnorm_context_isa(context), 31);
    bnorm_context_destroy(context);

    if (before != NULL)
        setenv("BNORM_ISA", saved, 1);
    else
        unsetenv("BNORM_ISA");
    return status;
}

static void detection_is_true(void)
{
    int usable;
    const char *isa, *last = "";
    for (int i = 0; (isa = bnorm_isa_name(i, &usable)) != NULL; i++) {
        harness_note("%s: %s", isa, usable ? "usable" : "not on this CPU");
        CU_ASSERT_EQUAL(usable, executes(isa));
        last = isa;
    }
    CU_ASSERT_STRING_EQUAL(last, "generic");
}

static void default_is_best(void)
{
    int usable = 0;
    const char *best = NULL;
    for (int i = 0; !usable && (best = bnorm_isa_name(i, &usable)) != NULL; i++)
        ;
    char chosen[32];
    CU_ASSERT_EQUAL(choose(NULL, NULL, chosen), BNORM_OK);
    CU_ASSERT_PTR_NOT_NULL_FATAL(best);
    CU_ASSERT_STRING_EQUAL(chosen, best);
    const char *expected = getenv("BNORM_TEST_EXPECT_ISA");
    if (expected != NULL)
        CU_ASSERT_STRING_EQUAL(chosen, expected);
}

static void usable_can_be_forced(void)
{
    int usable;
    const char *isa;
    for (int i = 0; (isa = bnorm_isa_name(i, &usable)) != NULL; i++) {
        char chosen[32];
        if (!usable)
            continue;
        CU_ASSERT_EQUAL(choose(isa, NULL, chosen), BNORM_OK);
        CU_ASSERT_STRING_EQUAL(chosen, isa);
        CU_ASSERT_EQUAL(choose(NULL, isa, chosen), BNORM_OK);
        CU_ASSERT_STRING_EQUAL(chosen, isa);
    }
}

static void lacking_is_refused(void)
{
    int usable, lacking = 0;
    const char *isa;
    for (int i = 0; (isa = bnorm_isa_name(i, &usable)) != NULL; i++) {
        char chosen[32];
        if (usable)
            continue;
        lacking++;
        CU_ASSERT_EQUAL(choose(isa, NULL, chosen), BNORM_ERR_UNSUPPORTED);
        CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), isa));
        CU_ASSERT_EQUAL(choose(NULL, isa, chosen), BNORM_ERR_UNSUPPORTED);
        CU_ASSERT_PTR_NOT_NULL(strstr(bnorm_last_error(), isa));
    }
    if (lacking == 0)
        harness_skip("this CPU has every ISA of the library");
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"what the library detects is what the CPU executes", detection_is_true},
        {"the default is the best that the CPU has", default_is_best},
        {"what the CPU has can be forced", usable_can_be_forced},
        {"what the CPU lacks is refused", lacking_is_refused},
    };
    return harness_main(argc, argv, "isa/dispatch", cases, HARNESS_COUNT(cases));
}
