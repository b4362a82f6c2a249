/* SPDX-License-Identifier: BSD-3-Clause */
/* MEASURE: the planner's candidates are run on matrices of the problem's size, and the
 * fastest stays. */
#ifndef BNORM_TUNE_MEASURE_H
#define BNORM_TUNE_MEASURE_H

#include "plan/plan.h"

/* Tune all declared operations of a plan that has been scheduled: from the context's
 * wisdom, or by measuring, which adds to it.  A fast candidate is preferred to the
 * estimate only if it wins clearly.
 * MEMORY; UNSUPPORTED: nothing is known of the problem, and the machine is not here. */
bnorm_status bnorm_tune(bnorm_plan *plan);

#endif
