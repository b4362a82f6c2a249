/* SPDX-License-Identifier: BSD-3-Clause */
#include "timing.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "clock.h"
#include "interrupt.h"
#include "progress.h"

/* A sample shorter than this is mostly clock and thread wake-up. */
#define SAMPLE_SECONDS 2e-3
#define REPEAT_MAX 100000

/* Untimed runs before those of a sample of several: its matrices may fit in caches, which
 * then hold what the contestant itself leaves there, not what the one before it did, whose
 * stores may have gone past them. */
enum { STEADY = 3 };

/* Of the quartiles of ratios, and of their median to that of the medians: more than a quiet
 * machine does. */
#define WIDE 1.5
#define APART 1.25

static double sample(const contestant *c)
{
    for (int i = 0; i < (c->repeat > 1 ? STEADY : c->rouse); i++)
        c->run(c->self);
    if (c->timed)
        return c->timed(c->self, c->repeat) / c->repeat;
    double start = clock_now();
    for (int i = 0; i < c->repeat; i++)
        c->run(c->self);
    return (clock_now() - start) / c->repeat;
}

void timing_warm(contestant *contestants, int count)
{
    for (int i = 0; i < count && !interrupt_seen(); i++) {
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

outcome timing_rounds(contestant *contestants, int count, int rounds, const char *what)
{
    int steps = 0;
    for (int i = 0; i < count; i++)
        steps += contestants[i].resting ? 0 : rounds;
    progress_expect(steps);
    for (int round = 0; round < rounds; round++) {
        for (int i = 0; i < count; i++) {
            if (contestants[i].resting)
                continue;
            if (interrupt_seen())
                return OUTCOME_INTERRUPTED;
            progress_step(what);
            if (append(&contestants[i], sample(&contestants[i])) != 0)
                return complain_as(OUTCOME_IMPOSSIBLE, "%s: out of memory", what);
        }
    }
    return OUTCOME_DONE;
}

int timing_screening(int rounds)
{
    enum { ENOUGH = 3 };
    return rounds < ENOUGH ? rounds : ENOUGH;
}

static int fastest_but(const contestant *contestants, int count, int but)
{
    int best = -1;
    double least = INFINITY;
    for (int i = 0; i < count; i++) {
        const contestant *c = &contestants[i];
        double median = c->resting || i == but ? INFINITY : timing_median(c->seconds, c->count);
        if (median < least) {
            least = median;
            best = i;
        }
    }
    return best;
}

int timing_fastest(const contestant *contestants, int count)
{
    return fastest_but(contestants, count, -1);
}

void timing_narrow(contestant *contestants, int count)
{
    int first = timing_fastest(contestants, count);
    int second = fastest_but(contestants, count, first);
    for (int i = 0; i < count; i++)
        contestants[i].resting = i != first && i != second;
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

/* Between order statistics, linearly: at 0 the least, at 1 the most. */
static double quantile(const double *values, int count, double at)
{
    double *sorted = malloc((size_t)(count > 0 ? count : 1) * sizeof *sorted);
    if (!sorted || count == 0) {
        free(sorted);
        return NAN;
    }
    memcpy(sorted, values, (size_t)count * sizeof *sorted);
    qsort(sorted, (size_t)count, sizeof *sorted, ascending);
    double position = at * (count - 1);
    int below = (int)position, above = below + 1 < count ? below + 1 : below;
    double value = sorted[below] + (position - below) * (sorted[above] - sorted[below]);
    free(sorted);
    return value;
}

double timing_median(const double *values, int count)
{
    return quantile(values, count, 0.5);
}

double timing_spread(const double *values, int count)
{
    return quantile(values, count, 0.75) - quantile(values, count, 0.25);
}

static bool is_doubtful(const double *ratios, int rounds, double median, double of_medians)
{
    double apart = of_medians > median ? of_medians / median : median / of_medians;
    return quantile(ratios, rounds, 0.75) > WIDE * quantile(ratios, rounds, 0.25) ||
           apart > APART;
}

outcome timing_compare(timing_ratio *ratio, const contestant *a, const contestant *b, int rounds)
{
    const double *x = a->seconds + a->count - rounds, *y = b->seconds + b->count - rounds;
    double *ratios = calloc((size_t)rounds, sizeof *ratios);
    if (!ratios)
        return complain_as(OUTCOME_IMPOSSIBLE, "out of memory");
    for (int i = 0; i < rounds; i++)
        ratios[i] = x[i] / y[i];
    ratio->median = timing_median(ratios, rounds);
    ratio->least = timing_min(ratios, rounds);
    ratio->most = timing_max(ratios, rounds);
    ratio->doubtful = is_doubtful(ratios, rounds, ratio->median,
                                  timing_median(x, rounds) / timing_median(y, rounds));
    free(ratios);
    return OUTCOME_DONE;
}
