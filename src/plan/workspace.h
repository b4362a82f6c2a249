/* SPDX-License-Identifier: BSD-3-Clause */
/* The layout of a workspace: one part for each worker, then one for each block
 * whose state outlives a phase. */
#ifndef BNORM_PLAN_WORKSPACE_H
#define BNORM_PLAN_WORKSPACE_H

#include "plan/plan.h"

enum { BNORM_CHUNK_LEAVES = 128 };

/* Lay out schedule->workspace for schedule->grid.  size: bytes of an element;
 * planes: of moments, 0 where nothing is reduced; tiles: whether workers need a tile of y
 * and one of dy; most: leaves that are reduced before they are merged, at most. */
void bnorm_workspace_layout(bnorm_schedule *schedule, size_t size, int planes, int tiles,
                            int most);

#endif
