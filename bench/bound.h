/* SPDX-License-Identifier: BSD-3-Clause */
/* How fast an operation could be if it computed nothing: as bare loops that move the bytes
 * which the plan moves.  Next to a peer, how many times as fast as that. */
#ifndef BENCH_BOUND_H
#define BENCH_BOUND_H

#include "ceiling.h"
#include "workbench.h"

/* The loops for op with w's plan: each matrix is read as often as the plan's strategy does;
 * or a saved ceiling. */
outcome bound_init(ceiling *bare, const workbench *w, const operation *op);

/* Find the loops worth watching: a few rounds of all, then all but two rest.  Returns as
 * timing_rounds. */
outcome bound_narrow(const ceiling *bare, contestant *loops, int rounds, const char *what);

/* The median over the rounds that the peer and the loops ran in turns, which were the
 * last. */
double bound_find(const ceiling *bare, const contestant *loops, const contestant *peer);

#endif
