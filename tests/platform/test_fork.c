/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A fork after a parallel region: the team's threads do not exist in the child,
 * and libgomp would wait for them for ever.  The child computes on one thread,
 * with the same bits; an alarm ends it should it hang.
 */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/fixture.h"
#include "platform/runtime.h"
#include "support/harness.h"

enum { THREADS = 3, PATIENCE = 300 /* seconds; an emulated machine is slow */ };

static bnorm_context *context;
static fixture f;
static bnorm_plan *plan;

static int regions; /* parallel regions that run() entered */

static uint64_t run(void)
{
    fixture_fill(&f);
    int before = runtime_regions();
    bnorm_status status = bnorm_forward_backward(plan, &f.args);
    regions += runtime_regions() - before;
    return status ? 0 : fixture_hash(&f, fixture_outputs(BNORM_FORWARD_BACKWARD));
}

/* What a process found out, through a pipe. */
typedef struct {
    uint64_t hash, hash_of_grandchild, hash_of_new_context;
    int regions;
} report;

static uint64_t run_in_a_new_context(void)
{
    bnorm_context *fresh = fixture_context(THREADS);
    bnorm_plan *old = plan;
    plan = fixture_plan(fresh, &f.problem);
    uint64_t hash = run();
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(fresh);
    plan = old;
    return hash;
}

static report in_a_child(int generations);

static void be_a_child(int out, int generations)
{
    report mine = {0};
    alarm(PATIENCE);
    regions = 0;
    mine.hash = run();
    mine.hash_of_new_context = run_in_a_new_context();
    mine.regions = regions;
    if (generations > 1)
        mine.hash_of_grandchild = in_a_child(generations - 1).hash;
    _exit(write(out, &mine, sizeof mine) != (ssize_t)sizeof mine);
}

static report in_a_child(int generations)
{
    report from_child = {0};
    int ends[2];
    if (pipe(ends) != 0)
        return from_child;
    pid_t child = fork();
    if (child == 0)
        be_a_child(ends[1], generations);
    close(ends[1]);
    if (read(ends[0], &from_child, sizeof from_child) != (ssize_t)sizeof from_child)
        from_child = (report){0};
    close(ends[0]);
    waitpid(child, NULL, 0);
    return from_child;
}

static void the_child_computes_alone(void)
{
    uint64_t expected = run(); /* with a team */
    report child = in_a_child(2);
    CU_ASSERT_NOT_EQUAL(expected, 0);
    CU_ASSERT_EQUAL(child.hash, expected);
    CU_ASSERT_EQUAL(child.hash_of_new_context, expected);
    CU_ASSERT_EQUAL(child.hash_of_grandchild, expected);
    CU_ASSERT_EQUAL(child.regions, 0);
}

static void the_parent_keeps_its_team(void)
{
    uint64_t expected = run();
    in_a_child(1);
    regions = 0;
    CU_ASSERT_EQUAL(run(), expected);
    CU_ASSERT(runtime_regions() < 0 || regions > 0);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"the child computes on one thread, the same bits", the_child_computes_alone},
        {"the parent keeps its team", the_parent_keeps_its_team},
    };
    context = fixture_context(THREADS);
    fixture_init(&f, 1000, 100, BNORM_F32, BNORM_F32);
    plan = fixture_plan(context, &f.problem);
    int status = harness_main(argc, argv, "platform/fork", cases, HARNESS_COUNT(cases));
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
    fixture_free(&f);
    return status;
}
