/* SPDX-License-Identifier: BSD-3-Clause */
/* Matrices and the nodes that their pages are on. */
#ifndef BNORM_API_PLACEMENT_H
#define BNORM_API_PLACEMENT_H

#include "base/status.h"
#include "plan/placement.h"

/* Check a plan for this machine, and a matrix of the problem's rows; *complete has ld
 * filled in. */
bnorm_status bnorm_check_placed(const bnorm_plan *plan, const bnorm_matrix *matrix,
                                bnorm_matrix *complete);

typedef struct {
    int error;          /* 0, or errno of the first refusal */
    int node;           /* then: index of the node */
    int64_t page_bytes; /* of the pages that were placed */
} bnorm_placing;

/* Ask for the pages of a matrix to be on the nodes where the plan wants them, those
 * touched already, too. */
bnorm_placing bnorm_place_matrix(const bnorm_plan *plan, const bnorm_matrix *matrix);

/* The status for an errno from bnorm_pages_where. */
bnorm_status bnorm_fail_pages(int error);

#endif
