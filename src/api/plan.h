/* SPDX-License-Identifier: BSD-3-Clause */
/* Making plans: what bnorm_plan_create and bnorm_plan_adapt share. */
#ifndef BNORM_API_PLAN_H
#define BNORM_API_PLAN_H

#include "plan/plan.h"

/* A plan for a problem that has been checked.  shards: where the matrices lie; NULL:
 * where bnorm_alloc will put them.  *plan is set on success only. */
bnorm_status bnorm_plan_make(bnorm_plan **plan, const bnorm_context *context,
                             const bnorm_problem *problem, const bnorm_shards *shards);

#endif
