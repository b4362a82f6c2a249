/* SPDX-License-Identifier: BSD-3-Clause */
/* From the moments of a column block to what is applied and reported per column:
 * coefficients, saved mean and rstd, running statistics, dgamma and dbeta. */
#ifndef BNORM_EXEC_COEFFICIENTS_H
#define BNORM_EXEC_COEFFICIENTS_H

#include "exec/exec.h"

/* What to find from the moments: FORWARD writes args.mean and args.rstd, updates
 * running statistics and sets the planes X_HI, SCALE, SHIFT; BACKWARD writes (or
 * adds to) args.dgamma and args.dbeta and sets X_HI and the planes from DY_HI. */
enum { BNORM_SIDE_FORWARD = 1, BNORM_SIDE_BACKWARD = 2 };

/* Each for the piece's part of its block's columns.  moments: planes of pitch doubles for
 * run->rows rows, from the block's first column on. */
void bnorm_coefficients_batch(bnorm_run *run, bnorm_piece *piece, const double *moments,
                              int sides);

/* With global statistics: the planes of both sides, before anything is reduced,
 * and args.mean and args.rstd where forward or infer is run. */
void bnorm_coefficients_global(bnorm_run *run, bnorm_piece *piece, int sides);

/* With global statistics: args.dgamma and args.dbeta, in the end. */
void bnorm_gradients_global(bnorm_run *run, bnorm_piece *piece, const double *moments);

/* 1/sqrt(v), 0 for v = 0; v is a variance plus eps. */
double bnorm_rstd(double v);

#endif
