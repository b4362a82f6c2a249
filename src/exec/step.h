/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BNORM_EXEC_STEP_H
#define BNORM_EXEC_STEP_H

#include "exec/exec.h"

/* First pass over a piece: y, the upstream function, the sums of x and dy; with
 * global statistics dx, too. */
void bnorm_step_pass0(bnorm_run *run, bnorm_piece *piece);

/* Second pass: dy again, from the caller's matrix or the upstream function, and
 * dx. */
void bnorm_step_pass1(bnorm_run *run, bnorm_piece *piece);

#endif
