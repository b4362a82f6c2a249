/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * planted FAULT: faults that a sanitizer must catch, in the library's manner of work,
 * so that its silence about the library means something.  `clean` has none.
 *
 * A team sums the columns of a matrix by row groups, then one pass merges the groups.
 */
#include <limits.h>
#include <omp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 512, COLS = 16, GROUPS = 4 };

typedef float vector __attribute__((vector_size(16), aligned(4), may_alias));

/* 128-bit stores, as in the generic kernels. */
static void add_row(float *sums, const float *row)
{
    for (int c = 0; c < COLS; c += 4)
        *(vector *)(sums + c) += *(const vector *)(row + c);
}

int main(int argc, char **argv)
{
    const char *fault = argc > 1 ? argv[1] : "";
    int race = strcmp(fault, "race") == 0, barrier = strcmp(fault, "barrier") != 0;
    int past = strcmp(fault, "overflow") == 0;
    float *x = malloc(sizeof(float) * ROWS * COLS);
    float *sums = calloc(GROUPS * COLS, sizeof *sums);
    float *total = calloc(COLS, sizeof *total);
    if (x == NULL || sums == NULL || total == NULL)
        return 3;
    for (int i = 0; i < ROWS * COLS; i++)
        x[i] = 1;

#pragma omp parallel num_threads(GROUPS)
    {
        int group = omp_get_thread_num();
        for (int r = group; r < ROWS; r += GROUPS)
            add_row(sums + (race ? 0 : group * COLS), x + r * COLS);
        if (barrier) {
#pragma omp barrier
        }
        for (int c = group; c < COLS; c += GROUPS)
            for (int g = 0; g < GROUPS; g++)
                total[c] += sums[g * COLS + c];
    }
    if (past)
        add_row(total + 1, x);
    if (strcmp(fault, "undefined") == 0) {
        volatile int rows = INT_MAX;
        rows = rows + argc;
    }
    if (strcmp(fault, "leak") == 0) {
        volatile char *lost = malloc(777);
        lost[0] = 1;
        lost = NULL;
    }
    int wrong = total[0] != ROWS || total[COLS - 1] != ROWS;
    printf("%s: %s\n", fault, wrong ? "wrong sum" : "right sum");
    free(x);
    free(sums);
    free(total);
    /* Only the sanitizer's verdict may make a fault fail. */
    return strcmp(fault, "clean") == 0 && wrong;
}
