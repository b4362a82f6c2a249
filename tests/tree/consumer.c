/* SPDX-License-Identifier: BSD-3-Clause */
/* What an application does with an installed bnorm; C11 and C++11 alike. */
#include <bnorm.h>

#include <stdio.h>

int main(void)
{
    const double x[3][2] = {{1, 30}, {2, 20}, {3, 10}};
    double y[3][2] = {{0}}, mean[2] = {0};
    bnorm_context *context = NULL;
    bnorm_plan *plan = NULL;
    bnorm_problem problem;
    bnorm_args args;

    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = 3;
    problem.cols = 2;
    problem.dtype = problem.stats_dtype = BNORM_F64;
    problem.eps = 0;

    bnorm_status status = bnorm_context_create(&context, NULL);
    if (status == BNORM_OK)
        status = bnorm_plan_create(&plan, context, &problem);
    if (status == BNORM_OK) {
        bnorm_args_init(&args, sizeof args);
        args.x.data = (void *)x;
        args.y.data = y;
        args.mean = mean;
        status = bnorm_forward(plan, &args);
    }
    if (status != BNORM_OK)
        fprintf(stderr, "%s: %s\n", bnorm_strerror(status), bnorm_last_error());
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);

    /* (1 - 2) / sqrt(2/3) = -sqrt(3/2), and its square is 3/2 within rounding. */
    const int right = mean[0] == 2 && mean[1] == 20 && y[0][0] < 0 && y[0][1] > 0 &&
                      y[1][0] == 0 && y[0][0] * y[0][0] > 1.5 - 1e-14 &&
                      y[0][0] * y[0][0] < 1.5 + 1e-14 && y[2][0] == -y[0][0];
    printf("bnorm %s: %s\n", bnorm_version(), right ? "right" : "wrong");
    return status != BNORM_OK || !right;
}
