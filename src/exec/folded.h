/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rows that follow each other without a gap are applied `fold` at a time, as one row of
 * fold x cols columns with the coefficients fold times over: where vectors would be nearly
 * empty, or rows do not end on cache lines.  A column's sums need its rows in order, so
 * where columns are few reductions lay BNORM_FOLD ranges of leaves side by side in a tile,
 * a row of each in a row.
 *
 * Where threads have whole rows that follow each other without a gap, outputs that begin off a
 * cache line, as malloc's do, are applied from their first whole line on: what lies from there to
 * the same place in the next row, or so many rows on, counts as a row, and coefficients are turned
 * as far.  Before and behind are parts of such rows.
 */
#ifndef BNORM_EXEC_FOLDED_H
#define BNORM_EXEC_FOLDED_H

#include "exec/exec.h"

/* How many rows are folded in this execution; 1: none, as the plan or a matrix's leading
 * dimension has it. */
int bnorm_folded_rows(const bnorm_run *run);

/* Elements from the first of what is written to its first whole line, where rows are applied from
 * there on; run->fold is known.  0: lines begin with rows, or no line would be whole, or what is
 * written past the cache is two matrices whose lines begin at different elements. */
ptrdiff_t bnorm_folded_lead(const bnorm_run *run);

/* Reduce as many of the rows, from the first on, as can be folded, into the piece's
 * list.  x and dy (NULL data: x only) begin at the first row, and then behind what was reduced.
 * Returns how many rows: 0, or whole leaves. */
int64_t bnorm_folded_reduce(bnorm_run *run, bnorm_piece *piece, bnorm_range rows, bnorm_source *x,
                            bnorm_source *dy);

#endif
