/* SPDX-License-Identifier: BSD-3-Clause */
/* Two blocks at once. */
#ifndef BNORM_EXEC_PIPELINED_H
#define BNORM_EXEC_PIPELINED_H

#include "exec/exec.h"

/* Reduce all rows of `next` into its list, and apply `now`'s coefficients to as many of its own, a
 * few of each in turns.  Returns whether it was done: not where either is no whole panel, nor where
 * the caller wants less than all that the operation can give. */
int bnorm_pipelined_rows(bnorm_run *run, bnorm_piece *next, bnorm_piece *now);

#endif
