/* SPDX-License-Identifier: BSD-3-Clause */
/* Copies between a row-major matrix and the plan's panels. */
#ifndef BNORM_EXEC_PACK_H
#define BNORM_EXEC_PACK_H

#include "plan/plan.h"

typedef enum { BNORM_TO_PANELS, BNORM_TO_ROWS } bnorm_copy_direction;

/* Copy `rows` rows on the plan's threads.  Checked; leading dimensions filled in. */
void bnorm_copy(const bnorm_plan *plan, int64_t rows, const bnorm_matrix *matrix,
                const bnorm_matrix *panels, bnorm_copy_direction direction);

#endif
