/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Several executions of one plan: application threads at once, more of them than
 * workspaces, the caller's own workspace, and an upstream function that comes
 * back to its plan.
 */
#include <pthread.h>
#include <semaphore.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/fixture.h"
#include "support/harness.h"

enum { ROWS = 700, COLS = 37, USERS = 6, TURNS = 5 };
enum { PATIENCE = 600 }; /* seconds; an emulated machine is slow */

static bnorm_plan *new_plan(bnorm_context **context, int threads, int executions)
{
    bnorm_problem problem;
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = ROWS;
    problem.cols = COLS;
    problem.executions = executions;
    *context = fixture_context(threads);
    return fixture_plan(*context, &problem);
}

static uint64_t serial_hash(const fixture_operation *operation)
{
    bnorm_context *context;
    bnorm_plan *plan = new_plan(&context, 1, 1);
    fixture f;
    fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
    CU_ASSERT_EQUAL(operation->call(plan, &f.args), BNORM_OK);
    uint64_t hash = fixture_hash(&f, fixture_outputs(operation->bit));
    fixture_free(&f);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
    return hash;
}

/* ---- at the same time ------------------------------------------------------ */

typedef struct {
    bnorm_plan *plan;
    const fixture_operation *operation;
    pthread_barrier_t *start;
    uint64_t expected;
    int wrong;
    int own_workspace;
} user;

static void *use(void *data)
{
    user *self = data;
    fixture f;
    fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
    size_t size = (bnorm_plan_workspace_size(self->plan) + 63) / 64 * 64;
    f.args.workspace = self->own_workspace ? aligned_alloc(64, size) : NULL;
    pthread_barrier_wait(self->start);
    for (int i = 0; i < TURNS; i++) {
        fixture_fill(&f);
        self->wrong += self->operation->call(self->plan, &f.args) != BNORM_OK ||
                       fixture_hash(&f, fixture_outputs(self->operation->bit)) != self->expected ||
                       !fixture_guarded(&f);
    }
    free(f.args.workspace);
    fixture_free(&f);
    return NULL;
}

/* USERS threads, operations in turn, on a plan with so many workspaces. */
static void use_together(int threads, int executions, int own_workspaces)
{
    bnorm_context *context;
    bnorm_plan *plan = new_plan(&context, threads, executions);
    pthread_t thread[USERS];
    user users[USERS];
    pthread_barrier_t start;
    pthread_barrier_init(&start, NULL, USERS);
    for (int i = 0; i < USERS; i++) {
        const fixture_operation *operation = &fixture_operations[i % FIXTURE_OPERATIONS];
        users[i] = (user){plan, operation, &start, serial_hash(operation), 0, own_workspaces};
    }
    for (int i = 0; i < USERS; i++)
        CU_ASSERT_EQUAL_FATAL(pthread_create(&thread[i], NULL, use, &users[i]), 0);
    for (int i = 0; i < USERS; i++) {
        pthread_join(thread[i], NULL);
        CU_ASSERT_EQUAL(users[i].wrong, 0);
    }
    pthread_barrier_destroy(&start);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
}

static void as_many_workspaces_as_users(void)
{
    use_together(2, USERS, 0);
}

static void fewer_workspaces_than_users(void)
{
    use_together(2, 2, 0);
    use_together(1, 1, 0);
}

static void workspaces_of_the_users(void)
{
    use_together(2, 1, 1);
}

/* The caller's workspace is what is used, all of it and nothing behind it. */
static void a_workspace_is_used_to_its_end(void)
{
    enum { GUARD = 256, PATTERN = 0xFF }; /* NaNs */
    for (int threads = 1; threads <= 3; threads++) {
        bnorm_context *context;
        bnorm_plan *plan = new_plan(&context, threads, 1);
        size_t size = bnorm_plan_workspace_size(plan);
        unsigned char *space = aligned_alloc(64, (size + GUARD + 63) / 64 * 64);
        for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
            fixture f;
            int used = 0, beyond = 0;
            fixture_init(&f, ROWS, COLS, BNORM_F32, BNORM_F32);
            memset(space, PATTERN, size + GUARD);
            f.args.workspace = space;
            CU_ASSERT_EQUAL(fixture_operations[o].call(plan, &f.args), BNORM_OK);
            CU_ASSERT_EQUAL(fixture_hash(&f, fixture_outputs(fixture_operations[o].bit)),
                            serial_hash(&fixture_operations[o])); /* whatever was in it */
            for (size_t i = 0; i < size; i++)
                used += space[i] != PATTERN;
            for (int i = 0; i < GUARD; i++)
                beyond += space[size + (size_t)i] != PATTERN;
            CU_ASSERT(used > 0 && beyond == 0);
            fixture_free(&f);
        }
        free(space);
        bnorm_plan_destroy(plan);
        bnorm_context_destroy(context);
    }
}

/* ---- waiting ---------------------------------------------------------------- */

typedef struct {
    fixture *f;
    sem_t inside, go_on;
    atomic_int first;
} gate;

/* The first block says that it is here, and stays until told. */
static int wait_at_the_gate(void *user, const bnorm_block *block)
{
    gate *g = user;
    if (atomic_fetch_add(&g->first, 1) == 0) {
        sem_post(&g->inside);
        sem_wait(&g->go_on);
    }
    return fixture_upstream(g->f, block);
}

typedef struct {
    bnorm_plan *plan;
    fixture *f;
    bnorm_status status;
    atomic_int done;
} caller;

static void *call_step(void *data)
{
    caller *self = data;
    self->status = bnorm_step(self->plan, &self->f->args);
    atomic_store(&self->done, 1);
    return NULL;
}

static void *call_forward(void *data)
{
    caller *self = data;
    self->status = bnorm_forward(self->plan, &self->f->args);
    atomic_store(&self->done, 1);
    return NULL;
}

/* One workspace: a second call begins when the first is done.  Two: it does not
 * wait.  The first call stands still inside its upstream function. */
static void a_call_too_many_waits(void)
{
    for (int executions = 1; executions <= 2; executions++) {
        bnorm_context *context;
        bnorm_plan *plan = new_plan(&context, 1, executions);
        pthread_t first_thread, second_thread;
        fixture f[2];
        gate g = {.f = &f[0]};
        caller first = {.plan = plan, .f = &f[0]}, second = {.plan = plan, .f = &f[1]};
        for (int i = 0; i < 2; i++)
            fixture_init(&f[i], ROWS, COLS, BNORM_F32, BNORM_F32);
        sem_init(&g.inside, 0, 0);
        sem_init(&g.go_on, 0, 0);
        f[0].args.upstream = wait_at_the_gate;
        f[0].args.user = &g;
        fixture_save(&f[1]);
        pthread_create(&first_thread, NULL, call_step, &first);
        sem_wait(&g.inside);
        pthread_create(&second_thread, NULL, call_forward, &second);
        if (executions == 1) {
            usleep(20000); /* time enough to do wrong */
            CU_ASSERT_EQUAL(atomic_load(&second.done), 0);
            CU_ASSERT(fixture_untouched(&f[1]));
        } else {
            pthread_join(second_thread, NULL); /* hangs (alarm) if it waits */
        }
        sem_post(&g.go_on);
        pthread_join(first_thread, NULL);
        if (executions == 1)
            pthread_join(second_thread, NULL);
        CU_ASSERT(first.status == BNORM_OK && second.status == BNORM_OK);
        bnorm_plan_destroy(plan);
        bnorm_context_destroy(context);
        for (int i = 0; i < 2; i++)
            fixture_free(&f[i]);
    }
}

/* ---- coming back ------------------------------------------------------------ */

typedef struct {
    bnorm_plan *plan; /* to call, from inside */
    fixture *outer, *inner;
    int calls, busy, fine; /* by atomics: blocks run on several threads */
    pthread_mutex_t mutex; /* of inner */
} visitor;

static int call_from_inside(void *user, const bnorm_block *block)
{
    visitor *v = user;
    pthread_mutex_lock(&v->mutex);
    for (int o = 0; o < FIXTURE_OPERATIONS; o++) {
        bnorm_status status = fixture_operations[o].call(v->plan, &v->inner->args);
        v->calls++;
        v->busy += status == BNORM_ERR_BUSY && strstr(bnorm_last_error(), "plan");
        v->fine += status == BNORM_OK;
    }
    pthread_mutex_unlock(&v->mutex);
    return fixture_upstream(v->outer, block);
}

static visitor visit(int threads, int executions, int same_plan)
{
    bnorm_context *context, *other_context;
    bnorm_plan *plan = new_plan(&context, threads, executions);
    bnorm_plan *other = new_plan(&other_context, threads, 1);
    fixture outer, inner;
    visitor v = {.plan = same_plan ? plan : other, .outer = &outer, .inner = &inner,
                 .mutex = PTHREAD_MUTEX_INITIALIZER};
    uint64_t expected = serial_hash(&fixture_operations[3]);
    fixture_init(&outer, ROWS, COLS, BNORM_F32, BNORM_F32);
    fixture_init(&inner, ROWS, COLS, BNORM_F32, BNORM_F32);
    outer.args.upstream = call_from_inside;
    outer.args.user = &v;
    fixture_save(&inner);
    CU_ASSERT_EQUAL(bnorm_step(plan, &outer.args), BNORM_OK);
    CU_ASSERT_EQUAL(fixture_hash(&outer, fixture_outputs(BNORM_STEP)), expected);
    CU_ASSERT_EQUAL(fixture_untouched(&inner), same_plan);
    CU_ASSERT_EQUAL(bnorm_forward(plan, &inner.args), BNORM_OK); /* free again */
    fixture_free(&outer);
    fixture_free(&inner);
    bnorm_plan_destroy(plan);
    bnorm_plan_destroy(other);
    bnorm_context_destroy(context);
    bnorm_context_destroy(other_context);
    return v;
}

static void its_own_plan_is_busy(void)
{
    for (int threads = 1; threads <= 3; threads += 2)
        for (int executions = 1; executions <= 2; executions++) {
            visitor v = visit(threads, executions, 1);
            CU_ASSERT(v.calls > 0);
            CU_ASSERT_EQUAL(v.busy, v.calls);
        }
}

static void another_plan_is_not(void)
{
    for (int threads = 1; threads <= 3; threads += 2) {
        visitor v = visit(threads, 1, 0);
        CU_ASSERT(v.calls > 0);
        CU_ASSERT_EQUAL(v.fine, v.calls);
    }
}

/* A's function calls B's step, whose function, on any of B's workers, calls A. */
typedef struct {
    bnorm_plan *a, *b;
    fixture outer, middle, inner;
    atomic_int calls, busy;
} detour;

static int call_a(void *user, const bnorm_block *block)
{
    detour *d = user;
    atomic_fetch_add(&d->calls, 1);
    atomic_fetch_add(&d->busy, bnorm_forward(d->a, &d->inner.args) == BNORM_ERR_BUSY);
    return fixture_upstream(&d->middle, block);
}

static int call_b(void *user, const bnorm_block *block)
{
    detour *d = user;
    return bnorm_step(d->b, &d->middle.args) != BNORM_OK || fixture_upstream(&d->outer, block);
}

static void its_own_plan_is_busy_through_another(void)
{
    enum { WIDE = 600 }; /* columns for several workers */
    bnorm_context *one = fixture_context(1), *three = fixture_context(3);
    detour *d = calloc(1, sizeof *d);
    fixture_init(&d->outer, ROWS, 1, BNORM_F32, BNORM_F32); /* one block */
    fixture_init(&d->middle, ROWS, WIDE, BNORM_F32, BNORM_F32);
    fixture_init(&d->inner, ROWS, 1, BNORM_F32, BNORM_F32);
    d->a = fixture_plan(one, &d->outer.problem);
    d->b = fixture_plan(three, &d->middle.problem);
    d->outer.args.upstream = call_b;
    d->middle.args.upstream = call_a;
    d->outer.args.user = d->middle.args.user = d;
    fixture_save(&d->inner);
    CU_ASSERT_EQUAL(bnorm_step(d->a, &d->outer.args), BNORM_OK);
    CU_ASSERT(atomic_load(&d->calls) >= 3);
    CU_ASSERT_EQUAL(atomic_load(&d->busy), atomic_load(&d->calls));
    CU_ASSERT(fixture_untouched(&d->inner));
    bnorm_plan_destroy(d->a);
    bnorm_plan_destroy(d->b);
    fixture_free(&d->outer);
    fixture_free(&d->middle);
    fixture_free(&d->inner);
    free(d);
    bnorm_context_destroy(one);
    bnorm_context_destroy(three);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"as many workspaces as users", as_many_workspaces_as_users},
        {"fewer workspaces than users", fewer_workspaces_than_users},
        {"workspaces of the users", workspaces_of_the_users},
        {"a workspace is used to its end", a_workspace_is_used_to_its_end},
        {"a call too many waits", a_call_too_many_waits},
        {"an upstream function's own plan is busy", its_own_plan_is_busy},
        {"... also through another plan", its_own_plan_is_busy_through_another},
        {"another plan is not", another_plan_is_not},
    };
    alarm(PATIENCE); /* a call that waits for ever must fail */
    return harness_main(argc, argv, "exec/executions", cases, HARNESS_COUNT(cases));
}
