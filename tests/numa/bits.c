/* SPDX-License-Identifier: BSD-3-Clause */
/* The results of all operations: the same on any nodes, and on any machine. */
#include <stdlib.h>
#include <string.h>

#include "numa/cases.h"
#include "numa/setup.h"
#include "support/data.h"
#include "support/harness.h"

enum { COLS_MOST = 100, VECTORS = 8 };

typedef struct {
    float vector[VECTORS][COLS_MOST];
    bnorm_args args;
} operands;

static int half(void *user, const bnorm_block *block)
{
    (void)user;
    for (int64_t r = 0; r < block->rows; r++)
        for (int64_t c = 0; c < block->cols; c++)
            ((float *)block->dy)[r * block->dy_ld + c] =
                0.5f * ((const float *)block->y)[r * block->y_ld + c];
    return 0;
}

/* gamma, beta, running statistics: by rule; the rest: zero. */
static void prepare(operands *o, const setup *s)
{
    memset(o, 0, sizeof *o);
    for (int v = 0; v < 4; v++)
        for (int i = 0; i < COLS_MOST; i++)
            o->vector[v][i] = 0.5f + (float)data_uniform((uint64_t)v + 10, (uint64_t)i);
    bnorm_args_init(&o->args, sizeof o->args);
    o->args.x = s->tensor[BNORM_X];
    o->args.y = s->tensor[BNORM_Y];
    o->args.dy = s->tensor[BNORM_DY];
    o->args.dx = s->tensor[BNORM_DX];
    o->args.gamma = o->vector[0];
    o->args.beta = o->vector[1];
    o->args.running_mean = o->vector[2];
    o->args.running_var = o->vector[3];
    o->args.mean = o->vector[4];
    o->args.rstd = o->vector[5];
    o->args.dgamma = o->vector[6];
    o->args.dbeta = o->vector[7];
    o->args.upstream = half;
}

/* Everything an operation may write. */
static uint64_t execute(setup *s, bnorm_status (*operation)(bnorm_plan *, const bnorm_args *))
{
    operands o;
    prepare(&o, s);
    setup_fill(&s->problem, &o.args.x, 1);
    setup_fill(&s->problem, &o.args.dy, 2);
    setup_fill(&s->problem, &o.args.y, 3);
    setup_fill(&s->problem, &o.args.dx, 3);
    if (operation == bnorm_backward)
        o.args.rstd = NULL;
    CU_ASSERT_EQUAL(operation(s->plan, &o.args), BNORM_OK);
    uint64_t hash = harness_hash_f32(HARNESS_HASH_START, o.vector[0], VECTORS * COLS_MOST);
    hash = setup_hash(hash, &s->problem, &o.args.y);
    hash = setup_hash(hash, &s->problem, &o.args.dy);
    return setup_hash(hash, &s->problem, &o.args.dx);
}

static uint64_t execute_all(const setup_shape *shape, int threads, bnorm_binding binding)
{
    setup s;
    uint64_t hash = 0;
    if (setup_open(&s, shape, threads, binding, BNORM_PAGES_TRANSPARENT) == 0 &&
        setup_alloc(&s) == 0) {
        hash = execute(&s, bnorm_forward);
        hash = hash * 31 + execute(&s, bnorm_backward);
        hash = hash * 31 + execute(&s, bnorm_forward_backward);
        hash = hash * 31 + execute(&s, bnorm_step);
        hash = hash * 31 + execute(&s, bnorm_infer);
    }
    setup_close(&s);
    return hash;
}

void numa_bits(void)
{
    static const setup_shape shapes[] = {
        {"rows", BNORM_ROWS, 0, 1000, COLS_MOST},
        {"panels of 16", BNORM_PANELS, 16, 1000, COLS_MOST},
        {"panels of 8", BNORM_PANELS, 8, 1000, COLS_MOST},
    };
    static const int threads[] = {1, 2, 3, 8};
    uint64_t expected = execute_all(&shapes[0], 1, BNORM_BIND_INHERIT);
    for (int i = 0; i < 3; i++)
        for (int j = 0; j < 4; j++)
            CU_ASSERT_EQUAL(execute_all(&shapes[i], threads[j], (bnorm_binding)((i + j) % 3)),
                            expected);
    harness_hash("all operations", expected);
}
