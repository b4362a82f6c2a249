/* SPDX-License-Identifier: BSD-3-Clause */
#include "timing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "progress.h"

/* A sample shorter than this is mostly clock and thread wake-up. */
#define SAMPLE_SECONDS 2e-3
#define REPEAT_MAX 100000

static double sample(const contestant *c)
{
    double start = clock_now();
    for (int i = 0; i < c->repeat; i++)
        c->run(c->self);
    return (clock_now() - start) / c->repeat;
}

void timing_warm(contestant *contestants, int count)
{
    for (int i = 0; i < count; i++) {
        contestant *c = &contestants[i];
        c->repeat = 1;
        c->run(c->self);
        double once = sample(c);
        while (once * c->repeat < SAMPLE_SECONDS && c->repeat < REPEAT_MAX) {
            double wanted = once > 0 ? SAMPLE_SECONDS / once : REPEAT_MAX;
            c->repeat = (int)fmin(fmax(wanted + 1, 2.0 * c->repeat), REPEAT_MAX);
            once = sample(c);
        }
    }
}

static int append(contestant *c, double seconds)
{
    if (c->count == c->capacity) {
        int capacity = c->capacity ? 2 * c->capacity : 32;
        double *grown = realloc(c->seconds, (size_t)capacity * sizeof *grown);
        if (!grown)
            return -1;
        c->seconds = grown;
        c->capacity = capacity;
    }
    c->seconds[c->count++] = seconds;
    return 0;
}

int timing_rounds(contestant *contestants, int count, int rounds, const char *what)
{
    for (int round = 0; round < rounds; round++) {
        progress_show("%s: round %d of %d", what, round + 1, rounds);
        for (int i = 0; i < count; i++) {
            if (!contestants[i].resting &&
                append(&contestants[i], sample(&contestants[i])) != 0)
                return -1;
        }
    }
    return 0;
}

void timing_free(contestant *contestants, int count)
{
    for (int i = 0; i < count; i++)
        free(contestants[i].seconds);
}

double timing_min(const double *values, int count)
{
    double least = INFINITY;
    for (int i = 0; i < count; i++)
        least = fmin(least, values[i]);
    return least;
}

double timing_max(const double *values, int count)
{
    double most = -INFINITY;
    for (int i = 0; i < count; i++)
        most = fmax(most, values[i]);
    return most;
}

static int ascending(const void *a, const void *b)
{
    double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

double timing_median(const double *values, int count)
{
    double *sorted = malloc((size_t)(count > 0 ? count : 1) * sizeof *sorted);
    if (!sorted || count == 0) {
        free(sorted);
        return NAN;
    }
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, ascending);
    double median = (sorted[(count - 1) / 2] + sorted[count / 2]) / 2;
    free(sorted);
    return median;
}
