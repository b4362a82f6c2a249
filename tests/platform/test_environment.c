/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The floating-point environment: whatever the caller's is (rounding, flushing of
 * denormals, traps), the bits are the same, the caller finds it as it was, on
 * every path, and an upstream function sees the caller's.
 */
#define _GNU_SOURCE /* feenableexcept */
#include <fenv.h>
#include <math.h>
#include <omp.h>
#include <stdlib.h>
#include <string.h>
#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

#include "api/fixture.h"
#include "support/data.h"
#include "support/harness.h"

enum { ROWS = 300, COLS = 40, THREADS = 3, WORKERS_MOST = 64 };

static bnorm_context *context;

/* ---- the control and status word --------------------------------------- */

#if defined(__x86_64__)
enum { FLUSH = 0x8040 }; /* flush to zero, denormals are zero */
static unsigned long read_control(void) { return _mm_getcsr(); }
static void write_control(unsigned long word) { _mm_setcsr((unsigned)word); }
#elif defined(__aarch64__)
enum { FLUSH = 1 << 24 }; /* FZ */
static unsigned long read_control(void)
{
    unsigned long word;
    __asm__ volatile("mrs %0, fpcr" : "=r"(word));
    return word;
}
static void write_control(unsigned long word)
{
    __asm__ volatile("msr fpcr, %0" : : "r"(word));
}
#else
enum { FLUSH = 0 };
static unsigned long read_control(void) { return 0; }
static void write_control(unsigned long word) { (void)word; }
#endif

typedef struct {
    unsigned long control;
    int rounding, flags;
} environment;

static environment look(void)
{
    return (environment){read_control(), fegetround(), fetestexcept(FE_ALL_EXCEPT)};
}

static int same(environment a, environment b)
{
    return a.control == b.control && a.rounding == b.rounding && a.flags == b.flags;
}

enum { ORDINARY, UPWARD, FLUSHING, RAISED, ALL_AT_ONCE, ENVIRONMENTS };

static void set_environment(int which)
{
    fesetenv(FE_DFL_ENV);
    if (which == UPWARD || which == ALL_AT_ONCE)
        fesetround(FE_UPWARD);
    if (which == FLUSHING || which == ALL_AT_ONCE)
        write_control(read_control() | FLUSH);
    if (which == RAISED || which == ALL_AT_ONCE)
        feraiseexcept(FE_DIVBYZERO | FE_OVERFLOW);
}

/* ---- data that notices -------------------------------------------------- */

/* Column 0 denormal, column 1 with NaN, column 2 beyond what squares, the others
 * ordinary: rounding shows everywhere, flushing in column 0. */
static void fill(fixture *f)
{
    fixture_fill(f);
    for (int64_t i = 0; i < ROWS; i++) {
        int64_t at = i * f->ld;
        data_set(BNORM_F32, f->array[FIXTURE_X].data, at, 1e-40 * data_normal(61, (uint64_t)i));
        data_set(BNORM_F32, f->array[FIXTURE_DY].data, at, 1e-41 * data_normal(62, (uint64_t)i));
        data_set(BNORM_F32, f->array[FIXTURE_X].data, at + 2, 1e30 * data_normal(63, (uint64_t)i));
    }
    data_set(BNORM_F32, f->array[FIXTURE_X].data, 1, NAN);
}

typedef struct {
    fixture *f;
    environment seen[WORKERS_MOST];
    int calls[WORKERS_MOST];
    int status;
} watcher;

/* Multiplies by 2, exactly in any rounding; notes what it sees. */
static int watch(void *user, const bnorm_block *block)
{
    watcher *w = user;
    w->seen[block->worker] = look();
    w->calls[block->worker]++;
    for (int64_t r = 0; r < block->rows; r++)
        for (int64_t c = 0; c < block->cols; c++)
            ((float *)block->dy)[r * block->dy_ld + c] =
                ((const float *)block->y)[r * block->y_ld + c] * 2;
    return w->status;
}

/* One call in an environment; fails when it is not the same afterwards. */
static bnorm_status call_in(int which, const fixture_operation *operation, bnorm_plan *plan,
                            const bnorm_args *args)
{
    set_environment(which);
    environment before = look();
    bnorm_status status = operation->call(plan, args);
    environment after = look();
    fesetenv(FE_DFL_ENV);
    if (!same(before, after))
        harness_note("%s, environment %d: control %#lx -> %#lx, rounding %d -> %d, "
                     "flags %#x -> %#x",
                     operation->name, which, before.control, after.control, before.rounding,
                     after.rounding, before.flags, after.flags);
    CU_ASSERT(same(before, after));
    return status;
}

static void same_bits_in_every_environment(void)
{
    for (int threads = 1; threads <= THREADS; threads += THREADS - 1)
        for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
            const fixture_operation *operation = &fixture_operations[o];
            bnorm_context *own = fixture_context(threads);
            fixture f;
            watcher w = {.status = 0};
            uint64_t expected = 0;
            fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
            f.problem.eps = 1e-80; /* rstd of the denormal column saturates */
            f.args.upstream = watch;
            f.args.user = &w;
            bnorm_plan *plan = fixture_plan(own, &f.problem);
            for (int which = 0; which < ENVIRONMENTS; which++) {
                fill(&f);
                CU_ASSERT_EQUAL(call_in(which, operation, plan, &f.args), BNORM_OK);
                uint64_t hash = fixture_hash(&f, fixture_outputs(operation->bit));
                expected = which == 0 ? hash : expected;
                CU_ASSERT_EQUAL(hash, expected);
            }
            bnorm_plan_destroy(plan);
            bnorm_context_destroy(own);
            fixture_free(&f);
        }
}

/* With the caller's traps on, data with NaN and overflow trap nothing. */
static void traps_of_the_caller_do_not_fire(void)
{
#if defined(__GLIBC__)
    fixture f;
    fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
        fill(&f);
        feclearexcept(FE_ALL_EXCEPT);
        if (feenableexcept(FE_INVALID | FE_OVERFLOW) == -1 ||
            fegetexcept() != (FE_INVALID | FE_OVERFLOW)) {
            harness_skip("this machine has no traps");
            break;
        }
        f.args.upstream = fixture_operations[o].bit == BNORM_STEP ? watch : NULL;
        watcher w = {.status = 0};
        f.args.user = &w;
        f.args.dy.data = fixture_operations[o].bit == BNORM_STEP ? NULL : f.array[FIXTURE_DY].data;
        for (int64_t i = 0; fixture_operations[o].bit == BNORM_STEP && i < ROWS; i++)
            ((float *)f.args.x.data)[i * f.ld + 1] = 1; /* the user's multiplication would trap */
        bnorm_status status = fixture_operations[o].call(plan, &f.args);
        int enabled = fegetexcept();
        fesetenv(FE_DFL_ENV);
        CU_ASSERT_EQUAL(status, BNORM_OK);
        CU_ASSERT_EQUAL(enabled, FE_INVALID | FE_OVERFLOW);
    }
    bnorm_plan_destroy(plan);
    fixture_free(&f);
#else
    harness_skip("no feenableexcept in this C library");
#endif
}

static void upstream_sees_the_callers(void)
{
    fixture f;
    fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    for (int which = 0; which < ENVIRONMENTS; which++) {
        watcher w = {.status = 0};
        int workers = 0;
        fill(&f);
        f.args.upstream = watch;
        f.args.user = &w;
        set_environment(which);
        environment callers = look();
        bnorm_status status = bnorm_step(plan, &f.args);
        fesetenv(FE_DFL_ENV);
        CU_ASSERT_EQUAL(status, BNORM_OK);
        for (int i = 0; i < WORKERS_MOST; i++)
            if (w.calls[i]) {
                workers++;
                CU_ASSERT(same(w.seen[i], callers));
            }
        CU_ASSERT(workers >= 1);
    }
    bnorm_plan_destroy(plan);
    fixture_free(&f);
}

/* Errors leave no trace either, found at once or in the end. */
static void errors_leave_no_trace(void)
{
    fixture f;
    fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    for (int which = 0; which < ENVIRONMENTS; which++) {
        for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
            f.args.rows = ROWS + 1;
            CU_ASSERT_EQUAL(call_in(which, &fixture_operations[o], plan, &f.args),
                            BNORM_ERR_ARGUMENT);
            f.args.rows = 0;
        }
        f.args.momentum = NAN; /* comparing a NaN raises "invalid" */
        CU_ASSERT_EQUAL(call_in(which, &fixture_operations[0], plan, &f.args),
                        BNORM_ERR_ARGUMENT);
        f.args.momentum = 0.1;
        watcher w = {.status = 1};
        f.args.upstream = watch;
        f.args.user = &w;
        fill(&f);
        CU_ASSERT_EQUAL(call_in(which, &fixture_operations[3], plan, &f.args),
                        BNORM_ERR_UPSTREAM);
    }
    bnorm_plan_destroy(plan);
    fixture_free(&f);
}

/* With dynamic teams libgomp looks at the machine's load, in floating point, on
 * the calling thread. */
static void the_runtimes_arithmetic_leaves_no_trace(void)
{
    int before = omp_get_dynamic();
    fixture f;
    fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
    bnorm_plan *plan = fixture_plan(context, &f.problem);
    omp_set_dynamic(1);
    for (int o = 0; o < FIXTURE_OPERATIONS; o++)
        CU_ASSERT_EQUAL(call_in(ORDINARY, &fixture_operations[o], plan, &f.args), BNORM_OK);
    omp_set_dynamic(before);
    bnorm_plan_destroy(plan);
    fixture_free(&f);
}

/* A plan made in another environment is the same plan. */
static void planning_leaves_no_trace(void)
{
    char expected[2048] = "";
    for (int which = 0; which < ENVIRONMENTS; which++) {
        bnorm_problem problem;
        bnorm_context_options options;
        bnorm_context *own = NULL;
        bnorm_plan *plan = NULL;
        bnorm_problem_init(&problem, sizeof problem);
        bnorm_context_options_init(&options, sizeof options);
        options.threads = 7;
        problem.rows = 123457;
        problem.cols = 91;
        set_environment(which);
        environment before = look();
        bnorm_status status = bnorm_context_create(&own, &options);
        status = status ? status : bnorm_plan_create(&plan, own, &problem);
        environment after = look();
        fesetenv(FE_DFL_ENV);
        CU_ASSERT_EQUAL(status, BNORM_OK);
        CU_ASSERT(same(before, after));
        if (which == 0)
            strncpy(expected, bnorm_plan_text(plan), sizeof expected - 1);
        CU_ASSERT_STRING_EQUAL(bnorm_plan_text(plan), expected);
        bnorm_plan_destroy(plan);
        bnorm_context_destroy(own);
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"same bits in every environment", same_bits_in_every_environment},
        {"the caller's traps do not fire", traps_of_the_caller_do_not_fire},
        {"an upstream function sees the caller's", upstream_sees_the_callers},
        {"errors leave no trace", errors_leave_no_trace},
        {"the runtime's own arithmetic leaves no trace", the_runtimes_arithmetic_leaves_no_trace},
        {"planning leaves no trace", planning_leaves_no_trace},
    };
    context = fixture_context(THREADS);
    int status = harness_main(argc, argv, "platform/environment", cases, HARNESS_COUNT(cases));
    bnorm_context_destroy(context);
    return status;
}
