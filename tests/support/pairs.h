/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * All pairs: most faults need one factor, or two together, so trials that show every
 * level of every factor with every level of every other find nearly what the whole
 * product finds.  Three factors of 2 levels, 4 trials instead of 8:
 *
 *   0 0 0    0 1 1    1 0 1    1 1 0
 */
#ifndef TESTS_PAIRS_H
#define TESTS_PAIRS_H

#include <stdint.h>

/* One trial: the level of each factor. */
typedef void pairs_trial(void *data, const int *level);

/* Call trial until every pair of levels of two of the `factors` (2 or more, each of
 * levels[f] >= 1) has occurred: greedily, about as often as the two largest numbers of
 * levels multiplied.  Returns how often, -1 when out of memory. */
int pairs_all(int factors, const int *levels, pairs_trial *trial, void *data);

/* The whole product, counted like an odometer: how many trials, and one of them. */
int64_t pairs_product(int factors, const int *levels);
void pairs_nth(int factors, const int *levels, int64_t n, int *level);

#endif
