/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One training step whose gradient is asked for block by block: y is handed to a
 * function of ours while it is in cache, and no matrix dy exists.
 *
 * The loss is J = 1/(2N) sum (y - t)^2, so dJ/dy = (y - t)/N.
 */
#include <bnorm.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 50000, COLS = 100, WORKERS = 2 };

typedef struct {
    const float *target;  /* t, one per row */
    double loss[WORKERS]; /* each worker adds to its own */
} training;

/* Runs on several threads at once, on different blocks of rows and columns. */
static int squared_error(void *user, const bnorm_block *block)
{
    training *t = user;
    double sum = 0;
    for (int64_t r = 0; r < block->rows; r++) {
        const float *y = (const float *)block->y + r * block->y_ld;
        float *dy = (float *)block->dy + r * block->dy_ld;
        float target = t->target[block->row + r];
        for (int64_t c = 0; c < block->cols; c++) {
            dy[c] = (y[c] - target) / ROWS;
            sum += 0.5 * (y[c] - target) * dy[c];
        }
    }
    if (block->pass == 0) /* a block may come again: count it once */
        t->loss[block->worker] += sum;
    return 0;
}

static int run(float *x, float *dx, float *target)
{
    float gamma[COLS], beta[COLS], dgamma[COLS];
    for (int c = 0; c < COLS; c++)
        gamma[c] = 1, beta[c] = 0;
    for (int r = 0; r < ROWS; r++) {
        target[r] = (float)(r % 3) - 1;
        for (int c = 0; c < COLS; c++)
            x[(size_t)r * COLS + c] = target[r] + (float)((r * 31 + c * 17) % 101) / 101;
    }
    training t = {target, {0}};
    bnorm_context_options options;
    bnorm_context_options_init(&options, sizeof options);
    options.threads = WORKERS;
    bnorm_problem problem;
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = ROWS, problem.cols = COLS;
    problem.operations = BNORM_STEP;
    bnorm_args args;
    bnorm_args_init(&args, sizeof args);
    args.x.data = x, args.dx.data = dx; /* no y, no dy: they live in cache only */
    args.gamma = gamma, args.beta = beta, args.dgamma = dgamma;
    args.upstream = squared_error, args.user = &t;

    bnorm_context *context = NULL;
    bnorm_plan *plan = NULL;
    int failed = bnorm_context_create(&context, &options) ||
                 bnorm_plan_create(&plan, context, &problem) || bnorm_step(plan, &args);
    if (failed)
        fprintf(stderr, "%s\n", bnorm_last_error());
    else
        printf("loss %.6f per column, dgamma[0] %.6f\n", (t.loss[0] + t.loss[1]) / COLS,
               dgamma[0]);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
    return failed;
}

int main(void)
{
    float *x = malloc(sizeof(float) * ROWS * COLS);
    float *dx = malloc(sizeof(float) * ROWS * COLS);
    float *target = malloc(sizeof(float) * ROWS);
    int failed = !x || !dx || !target || run(x, dx, target);
    free(x);
    free(dx);
    free(target);
    return failed;
}
