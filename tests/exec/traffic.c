/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One operation under a simulator of caches (tests/exec/traffic.sh).
 *
 *   traffic OPERATION CALLS
 *
 * sets up, makes CALLS calls (0: what the set-up costs by itself) on a machine
 * with 1 MiB of cache for its one thread, and prints what the plan promises:
 * "resident READ WRITTEN", in bytes.  OPERATION "separate" is forward, then
 * backward; the promise is that of the fused call.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/fixture.h"
#include "plan/plan.h"

/* 65 cache lines a row: an odd number, so that a block uses all of the cache's
 * sets.  A matrix is 8.5 MiB, of which 1 MiB of cache holds little. */
enum { ROWS = 2048, COLS = 65 * 16 };

static bnorm_plan *new_plan(bnorm_context *context)
{
    bnorm_problem problem;
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = ROWS;
    problem.cols = COLS;
    problem.strategy = BNORM_STRATEGY_RESIDENT;
    context->machine = (bnorm_machine){.cpus = 1, .nodes = 1, .l2 = 256 << 10, .llc = 1 << 20,
                                       .l2_sharers = 1, .llc_sharers = 1};
    return fixture_plan(context, &problem);
}

static void fill(bnorm_matrix matrix, int seed)
{
    float *data = matrix.data;
    for (int64_t i = 0; i < ROWS * matrix.ld; i++)
        data[i] = (float)((i * 7 + seed) % 1013);
}

static bnorm_status call(const char *name, bnorm_plan *plan, const bnorm_args *args)
{
    if (strcmp(name, "separate") == 0) {
        bnorm_status status = bnorm_forward(plan, args);
        return status ? status : bnorm_backward(plan, args);
    }
    for (int o = 0; o < FIXTURE_OPERATIONS; o++)
        if (strcmp(name, fixture_operations[o].name) == 0)
            return fixture_operations[o].call(plan, args);
    return BNORM_ERR_ARGUMENT;
}

static unsigned bit_of(const char *name)
{
    for (int o = 0; o < FIXTURE_OPERATIONS; o++)
        if (strcmp(name, fixture_operations[o].name) == 0)
            return fixture_operations[o].bit;
    return BNORM_FORWARD_BACKWARD;
}

int main(int argc, char **argv)
{
    static const bnorm_tensor tensors[] = {BNORM_X, BNORM_Y, BNORM_DY, BNORM_DX};
    bnorm_args args;
    bnorm_description d = {.struct_size = sizeof d};
    bnorm_args_init(&args, sizeof args);
    bnorm_matrix *matrices[] = {&args.x, &args.y, &args.dy, &args.dx};
    if (argc != 3)
        return 2;

    bnorm_context *context = fixture_context(1);
    bnorm_plan *plan = new_plan(context);
    for (int i = 0; i < 4; i++) {
        if (bnorm_alloc(plan, tensors[i], matrices[i]) != BNORM_OK)
            return 1;
        fill(*matrices[i], i);
    }
    bnorm_plan_prepare(plan);
    if (bit_of(argv[1]) == BNORM_STEP)
        args.dy.data = NULL;
    args.upstream = fixture_upstream;
    for (int i = 0; i < atoi(argv[2]); i++)
        if (call(argv[1], plan, &args) != BNORM_OK)
            return 1;
    bnorm_plan_describe(plan, bit_of(argv[1]), &d);
    printf("%s %.0f %.0f\n", d.strategy, d.bytes_read, d.bytes_written);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
    return 0;
}
