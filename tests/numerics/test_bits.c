/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The same input gives the same bits: whatever the threads, the ISA, the layout, the
 * strategy, the team that OpenMP really delivers, and the machine (make
 * check-isa compares the hashes that this prints with those of other machines).
 */
#define _POSIX_C_SOURCE 200809L /* setenv, fork */
#include "support/contexts.h"
#include "support/harness.h"
#include "support/trial.h"

#ifdef _OPENMP
#include <omp.h>
#endif
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static const unsigned operations[] = {BNORM_FORWARD, BNORM_BACKWARD, BNORM_FORWARD_BACKWARD,
                                      BNORM_STEP, BNORM_INFER};
static const char *const operation_names[] = {"forward", "backward", "forward_backward", "step",
                                              "infer"};
/* Around the ends of leaves and of nodes of the tree. */
static const int64_t rows_list[] = {1, 63, 64, 65, 127, 128, 129, 449, 1024, 2117};
static const int64_t cols_list[] = {1, 7, 40};

/* Specimen n of an operation: types, kinds and flags take turns. */
static trial_spec specimen(int op, int n)
{
    static const data_kind kinds[] = {DATA_NORMAL, DATA_DRIFTING, DATA_NAN, DATA_OUTLIER};
    trial_spec s = trial_default(rows_list[n % 10], cols_list[n / 10 % 3]);
    int types = n / 30 % 3;
    s.operation = operations[op];
    s.dtype = types == 2 ? BNORM_F64 : BNORM_F32;
    s.stats_dtype = types ? BNORM_F64 : BNORM_F32;
    s.x.kind = kinds[n % 4];
    s.x.seed = (uint64_t)(n + 1);
    s.dy.kind = kinds[n % 7 % 2];
    s.flags = op == 4       ? 0
              : n % 5 == 1 ? BNORM_ACCUMULATE
              : n % 5 == 3 ? BNORM_GLOBAL_STATISTICS
                           : 0;
    return s;
}

enum { SPECIMENS = 90 };

static void contexts_agree(void)
{
    contexts all;
    int threads[] = {1, 2, 3, 7, 16};
    CU_ASSERT_FATAL(contexts_open(&all, threads, 5) == 0);
    for (int op = 0; op < 5; op++) {
        uint64_t total = HARNESS_HASH_START;
        for (int n = 0; n < SPECIMENS; n++) {
            if (!harness_sampled(n))
                continue;
            trial_spec s = specimen(op, n);
            uint64_t expected = trial_bits(&s, all.context[0]);
            int differing = 0;
            for (int i = 0; i < all.count; i++) {
                s.strategy = (bnorm_strategy)((n + i) % TRIAL_STRATEGIES);
                s.panel = (n + i / 3) % 3 * 8; /* rows, panels of 8 and of 16 */
                s.pad = i % 4 == 1 ? 5 : 0;
                s.spare_rows = i % 4 == 2 ? 3000 : 0;
                s.place = i % 2 ? GUARD_END : GUARD_START;
                differing += trial_bits(&s, all.context[i]) != expected;
            }
            CU_ASSERT(expected != 0 && differing == 0);
            total = harness_hash_bytes(total, &expected, sizeof expected);
        }
        harness_hash(operation_names[op], total);
    }
    contexts_close(&all);
}

/* One hash of some specimens, on one thread count. */
static uint64_t sample(int threads)
{
    bnorm_context *context = contexts_one(threads);
    uint64_t total = HARNESS_HASH_START;
    for (int op = 0; context != NULL && op < 5; op++)
        for (int n = 5; n < SPECIMENS; n += 10) {
            if (!harness_sampled(n + 3)) /* n = 55 stays: 128 x 40 */
                continue;
            trial_spec s = specimen(op, n);
            uint64_t one = trial_bits(&s, context);
            total = one == 0 ? 0 : harness_hash_bytes(total, &one, sizeof one);
        }
    bnorm_context_destroy(context);
    return total;
}

/* Calls from the threads of the application's own parallel region, where the
 * library's team is one thread or, nested, several. */
static void in_parallel_region(void)
{
#ifdef _OPENMP
    enum { CALLERS = 3 };
    uint64_t expected = sample(1), got[CALLERS] = {0};
    int levels = omp_get_max_active_levels();
    for (int nested = 1; nested <= 3; nested += 2) {
        omp_set_max_active_levels(nested);
#pragma omp parallel for num_threads(CALLERS) schedule(static, 1)
        for (int i = 0; i < CALLERS; i++)
            got[i] = sample(4);
        for (int i = 0; i < CALLERS; i++)
            CU_ASSERT_EQUAL(got[i], expected);
    }
    omp_set_max_active_levels(levels);
#else
    harness_skip("built without OpenMP");
#endif
}

/* This program again, in an environment where OMP_THREAD_LIMIT is set (the
 * runtime reads it once, at its start); it prints its sample. */
static int sample_elsewhere(const char *limit, uint64_t *hash)
{
    char text[17] = "";
    int ends[2], status = 0;
    if (pipe(ends) != 0)
        return -1;
    pid_t child = fork();
    if (child == 0) {
        dup2(ends[1], STDOUT_FILENO);
        setenv("OMP_THREAD_LIMIT", limit, 1);
        setenv("BNORM_TEST_BITS", "1", 1);
        execl("/proc/self/exe", "test_bits", (char *)NULL);
        _exit(127);
    }
    close(ends[1]);
    for (size_t have = 0; have < 16;) {
        ssize_t n = read(ends[0], text + have, 16 - have);
        if (n <= 0)
            break;
        have += (size_t)n;
    }
    close(ends[0]);
    if (child < 0 || waitpid(child, &status, 0) < 0 || status != 0)
        return -1;
    *hash = strtoull(text, NULL, 16);
    return 0;
}

static void thread_limit(void)
{
    uint64_t expected = sample(1), got = 0;
    if (sample_elsewhere("64", &got) != 0) {
        harness_skip("cannot run this program again here");
        return;
    }
    CU_ASSERT_EQUAL(got, expected);
    for (int limit = 1; limit <= 3; limit++) {
        char text[] = {(char)('0' + limit), '\0'};
        CU_ASSERT_EQUAL(sample_elsewhere(text, &got), 0);
        CU_ASSERT_EQUAL(got, expected);
    }
}

static int same_vector(const trial *a, const trial *b, int which)
{
    return guard_equal(&a->vector[which], &b->vector[which]);
}

/* Do two trials agree in the outputs that both have? */
static int agree(const trial *a, const trial *b, int gradients)
{
    int forward = a->args.y.data && b->args.y.data && a->args.mean && b->args.mean;
    int same = forward || gradients;
    if (forward)
        same = same && guard_equal(&a->y, &b->y) && same_vector(a, b, TRIAL_MEAN) &&
               same_vector(a, b, TRIAL_RSTD) && same_vector(a, b, TRIAL_RUNNING_MEAN) &&
               same_vector(a, b, TRIAL_RUNNING_VAR);
    if (gradients)
        same = same && guard_equal(&a->dx, &b->dx) && same_vector(a, b, TRIAL_DGAMMA) &&
               same_vector(a, b, TRIAL_DBETA);
    return same;
}

/* Forward, then backward with the rstd that it stored (or found again), against
 * the fused call; NaN has one bit pattern per operation, so data are finite. */
static void two_calls_are_one(void)
{
    bnorm_context *context = contexts_one(2);
    CU_ASSERT_FATAL(context != NULL);
    for (int n = 0; n < SPECIMENS; n++) {
        if (!harness_sampled(n))
            continue;
        trial forward, backward, again, fused;
        trial_spec s = specimen(2, n);
        s.x.kind = n % 2 ? DATA_NORMAL : DATA_DRIFTING;
        CU_ASSERT(trial_open(&fused, &s) == 0 && trial_run(&fused, context) == BNORM_OK);
        s.operation = BNORM_FORWARD;
        CU_ASSERT(trial_open(&forward, &s) == 0 && trial_run(&forward, context) == BNORM_OK);
        s.operation = BNORM_BACKWARD;
        CU_ASSERT_FATAL(trial_open(&backward, &s) == 0);
        guard_copy(&backward.vector[TRIAL_RSTD], &forward.vector[TRIAL_RSTD]);
        CU_ASSERT(trial_run(&backward, context) == BNORM_OK);
        s.absent = TRIAL_NO_RSTD;
        CU_ASSERT(trial_open(&again, &s) == 0 && trial_run(&again, context) == BNORM_OK);
        CU_ASSERT(agree(&fused, &forward, 0));
        CU_ASSERT(agree(&fused, &backward, 1));
        CU_ASSERT(agree(&fused, &again, 1));
        trial_close(&forward);
        trial_close(&backward);
        trial_close(&again);
        trial_close(&fused);
    }
    bnorm_context_destroy(context);
}

/* Step, dy kept or asked for twice, against the fused call with the same dy. */
static void step_is_fused(void)
{
    bnorm_context *context = contexts_one(2);
    CU_ASSERT_FATAL(context != NULL);
    for (int n = 0; n < SPECIMENS; n++) {
        if (!harness_sampled(n))
            continue;
        trial step, twice, fused;
        trial_spec s = specimen(3, n);
        s.x.kind = n % 2 ? DATA_NORMAL : DATA_DRIFTING;
        CU_ASSERT(trial_open(&step, &s) == 0 && trial_run(&step, context) == BNORM_OK);
        s.absent = TRIAL_NO_DY;
        CU_ASSERT(trial_open(&twice, &s) == 0 && trial_run(&twice, context) == BNORM_OK);
        s.absent = 0;
        s.operation = BNORM_FORWARD_BACKWARD;
        CU_ASSERT_FATAL(trial_open(&fused, &s) == 0);
        guard_copy(&fused.dy, &step.given_dy);
        CU_ASSERT(trial_run(&fused, context) == BNORM_OK);
        CU_ASSERT(agree(&step, &twice, 1));
        CU_ASSERT(agree(&step, &fused, 1));
        CU_ASSERT(guard_equal(&step.dy, &step.given_dy));
        trial_close(&step);
        trial_close(&twice);
        trial_close(&fused);
    }
    bnorm_context_destroy(context);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"threads, ISAs, strategies", contexts_agree},
        {"inside a parallel region", in_parallel_region},
        {"OMP_THREAD_LIMIT", thread_limit},
        {"forward then backward is fused", two_calls_are_one},
        {"step is fused", step_is_fused},
    };
    if (getenv("BNORM_TEST_BITS") != NULL) {
        printf("%016llx\n", (unsigned long long)sample(7));
        return 0;
    }
    return harness_main(argc, argv, "bits", cases, HARNESS_COUNT(cases));
}
