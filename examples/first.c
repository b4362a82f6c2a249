/* SPDX-License-Identifier: BSD-3-Clause */
#include <bnorm.h>
#include <stdio.h>

int main(void)
{
    float x[4][2] = {{1, 10}, {2, 20}, {3, 30}, {4, 40}}, y[4][2];
    float dy[4][2] = {{1, 0}, {0, 1}, {0, 0}, {0, 0}}, dx[4][2];
    bnorm_context *context = NULL; /* the machine */
    bnorm_plan *plan = NULL;       /* the machine and a problem */
    bnorm_problem problem;
    bnorm_args args;
    bnorm_problem_init(&problem, sizeof problem);
    bnorm_args_init(&args, sizeof args);
    problem.rows = 4, problem.cols = 2;
    args.x.data = x, args.y.data = y, args.dy.data = dy, args.dx.data = dx;
    if (bnorm_context_create(&context, NULL) || bnorm_plan_create(&plan, context, &problem) ||
        bnorm_forward_backward(plan, &args))
        return fprintf(stderr, "%s\n", bnorm_last_error()), 1;
    for (int i = 0; i < 4; i++)
        printf("y %6.3f %6.3f   dx %6.3f %6.3f\n", y[i][0], y[i][1], dx[i][0], dx[i][1]);
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
}
