/* SPDX-License-Identifier: BSD-3-Clause */
/* Tunings that are worth a trial. */
#ifndef BNORM_PLAN_CANDIDATES_H
#define BNORM_PLAN_CANDIDATES_H

#include "plan/plan.h"

/* One after the other, each from the best that those before have found. */
enum { BNORM_CANDIDATE_STAGES = 4, BNORM_MOST_CANDIDATES = 12 };

/* Tunings for an operation (index) that differ from *from in what the stage is about:
 * 0: strategy and width of blocks, 1: threads, 2: stores, 3: prefetch
 * distance, and how far panels lag.  A strategy that the problem asks for stays.
 * Returns how many. */
int bnorm_plan_candidates(const bnorm_plan *plan, int operation, int stage,
                          const bnorm_tuning *from, bnorm_tuning candidate[BNORM_MOST_CANDIDATES]);

/* Whether two schedules of an operation run alike: of several tunings that lead to
 * one schedule, one trial is enough. */
int bnorm_schedules_alike(const bnorm_schedule *a, const bnorm_schedule *b);

#endif
