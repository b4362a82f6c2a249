/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Data in panels, on memory that lies where the threads are: packed once from a
 * row-major matrix, used for many calls, and a column read back in place.
 */
#include <bnorm.h>
#include <stdio.h>
#include <stdlib.h>

enum { ROWS = 20000, COLS = 50 };

/* Element (row, col) of panels of 16 floats. */
static float *at(const bnorm_matrix *m, int64_t row, int64_t col)
{
    return (float *)m->data + col / 16 * m->ld + row * 16 + col % 16;
}

static int run(bnorm_plan *plan, const float *rows)
{
    bnorm_matrix x = {0}, y = {0}, from = {(void *)rows, COLS};
    bnorm_placement_report report = {.struct_size = sizeof report};
    bnorm_args args;
    bnorm_args_init(&args, sizeof args);
    if (bnorm_alloc(plan, BNORM_X, &x) || bnorm_alloc(plan, BNORM_Y, &y) ||
        bnorm_pack(plan, 0, &from, &x))
        return 1;
    args.x = x, args.y = y;
    if (bnorm_forward(plan, &args) || bnorm_placement(plan, &y, &report))
        return 1;
    double sum = 0, squares = 0;
    for (int64_t row = 0; row < ROWS; row++) {
        sum += *at(&y, row, 7);
        squares += *at(&y, row, 7) * *at(&y, row, 7);
    }
    printf("column 7 of y: mean %.4f, variance %.4f\n", sum / ROWS + 0.0, squares / ROWS);
    printf("%.0f bytes of y on the node of the threads that use them, %.0f elsewhere\n",
           report.local_bytes, report.remote_bytes);
    bnorm_free(x.data);
    bnorm_free(y.data);
    return 0;
}

int main(void)
{
    float *rows = malloc(sizeof *rows * ROWS * COLS);
    bnorm_context *context = NULL;
    bnorm_plan *plan = NULL;
    bnorm_problem problem;
    bnorm_problem_init(&problem, sizeof problem);
    problem.rows = ROWS, problem.cols = COLS;
    problem.layout = BNORM_PANELS;
    problem.operations = BNORM_FORWARD;
    for (int64_t i = 0; rows && i < (int64_t)ROWS * COLS; i++)
        rows[i] = (float)(i % 1009 + i % 50);
    if (!rows || bnorm_context_create(&context, NULL) ||
        bnorm_plan_create(&plan, context, &problem) || run(plan, rows))
        return fprintf(stderr, "%s\n", bnorm_last_error()), 1;
    bnorm_plan_destroy(plan);
    bnorm_context_destroy(context);
    free(rows);
}
