/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Time, measured so that it can be compared: contestants take turns, A B C A B
 * C, so that a slow minute of a shared machine slows all of them, and are judged
 * by medians.
 */
#ifndef BENCH_TIMING_H
#define BENCH_TIMING_H

#include <stdbool.h>

#include "outcome.h"

typedef struct {
    void (*run)(void *self);
    void *self;
    double (*timed)(void *self, int repeat); /* runs as often and says how many seconds that
                        took, by a clock of its own; NULL: this program's clock */
    int repeat;      /* calls per sample, found by timing_warm */
    double *seconds; /* one sample a round: seconds per call */
    int count, capacity;
    bool resting;    /* sits out the coming rounds */
    bool rouse;      /* once more before each sample even of one run, untimed: the contestant
                        before it has a team of another size, and this one's threads must
                        first be made */
} contestant;

/* Run each once or twice to fault pages in and wake threads up, and find how
 * many calls make a sample long enough for the clock. */
void timing_warm(contestant *contestants, int count);

/* Let all that are not resting take turns; what names the work for the progress bar.
 * INTERRUPTED; IMPOSSIBLE, with a complaint: out of memory. */
outcome timing_rounds(contestant *contestants, int count, int rounds, const char *what);

/* How many of these rounds all kernels run, before timing_narrow. */
int timing_screening(int rounds);

/* The index of the fastest by median of those that don't rest, or -1. */
int timing_fastest(const contestant *contestants, int count);

/* All but the two fastest rest: one lucky round does not decide. */
void timing_narrow(contestant *contestants, int count);

/* How many times as long one contestant took as another. */
typedef struct {
    double median, least, most; /* of the rounds' ratios */
    bool doubtful; /* rounds differ widely, or the medians of the times say another thing:
                      the machine was probably busy */
} timing_ratio;

/* Of a to b in the last rounds of both.  Returns as timing_rounds. */
outcome timing_compare(timing_ratio *ratio, const contestant *a, const contestant *b, int rounds);

void timing_free(contestant *contestants, int count);

double timing_min(const double *values, int count);
double timing_max(const double *values, int count);

/* The distance between the quartiles. */
double timing_spread(const double *values, int count);

/* The middle value, or the mean of the middle two. */
double timing_median(const double *values, int count);

#endif
