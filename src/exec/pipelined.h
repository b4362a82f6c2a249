/* SPDX-License-Identifier: BSD-3-Clause */
/* Two blocks at once. */
#ifndef BNORM_EXEC_PIPELINED_H
#define BNORM_EXEC_PIPELINED_H

#include "exec/exec.h"

/* Reduce all rows of `next` into its list, and apply `now`'s coefficients to as many
 * of its own: of panels a few of each in turns, else a leaf.  Returns whether it was done:
 * not where the caller wants less than all that the operation can give. */
int bnorm_pipelined_rows(bnorm_run *run, bnorm_piece *next, bnorm_piece *now);

#endif
