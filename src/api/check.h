/* SPDX-License-Identifier: BSD-3-Clause */
/* Checks of what users hand in; every failure names argument, value and limit. */
#ifndef BNORM_API_CHECK_H
#define BNORM_API_CHECK_H

#include "api/overlap.h"
#include "base/status.h"
#include "plan/plan.h"

/* A problem, for its dtype and layout and values. */
bnorm_status bnorm_check_problem(const bnorm_problem *problem);

/* Fail when the plan is for a machine that was described, not for this one. */
bnorm_status bnorm_check_here(const bnorm_plan *plan);

/* The same, or when the calling thread is executing the plan. */
bnorm_status bnorm_check_idle(const bnorm_plan *plan);

/* Rows of an execution as the user gives them; *rows becomes how many there are. */
bnorm_status bnorm_check_rows(const char *name, int64_t *rows, const bnorm_plan *plan);

/* A matrix as the user gives it, of so many rows and the plan's columns, in panels of so
 * many (0: row-major): *region becomes its rows or panels, with the ld that there is. */
bnorm_status bnorm_check_matrix(const char *name, const bnorm_plan *plan, int64_t rows,
                                int64_t panel, const bnorm_matrix *matrix, bnorm_region *region);

/* Check args for an operation of the plan, and write to *complete what is used:
 * rows and leading dimensions filled in, everything else NULL. */
bnorm_status bnorm_check_args(const bnorm_plan *plan, unsigned operation, const bnorm_args *args,
                              bnorm_args *complete);

#endif
