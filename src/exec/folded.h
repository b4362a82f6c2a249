/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows that follow each other without a gap are applied `fold` at a time, as one row of
 * fold x cols columns with the coefficients fold times over: where vectors would be nearly
 * empty, or rows do not end on cache lines.  A column's sums need its rows in order, so
 * where columns are few reductions lay BNORM_FOLD ranges of leaves side by side in a tile,
 * a row of each in a row.
 */
#ifndef BNORM_EXEC_FOLDED_H
#define BNORM_EXEC_FOLDED_H

#include "exec/exec.h"

/* How many rows are folded in this execution; 1: none, as the plan or a matrix's leading
 * dimension has it. */
int bnorm_folded_rows(const bnorm_run *run);

/* Reduce as many of the rows, from the first on, as can be folded, into the piece's
 * list.  x and dy (NULL data: x only) begin at the first row, and then behind what was reduced.
 * Returns how many rows: 0, or whole leaves. */
int64_t bnorm_folded_reduce(bnorm_run *run, bnorm_piece *piece, bnorm_range rows, bnorm_source *x,
                            bnorm_source *dy);

#endif
