/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks of what users hand in; every failure names argument, value and limit. */
#ifndef BNORM_API_CHECK_H
#define BNORM_API_CHECK_H

#include "base/status.h"
#include "plan/plan.h"

/* A problem, for its dtype and layout and values. */
bnorm_status bnorm_check_problem(const bnorm_problem *problem);

/* Fail when the plan is for a machine that was described, not for this one. */
bnorm_status bnorm_check_here(const bnorm_plan *plan);

/* Rows of an execution as the user gives them; *rows becomes how many there are. */
bnorm_status bnorm_check_rows(const char *name, int64_t *rows, const bnorm_plan *plan);

/* Check args for an operation of the plan, and write to *complete what is used:
 * rows and leading dimensions filled in, everything else NULL. */
bnorm_status bnorm_check_args(const bnorm_plan *plan, unsigned operation, const bnorm_args *args,
                              bnorm_args *complete);

#endif
