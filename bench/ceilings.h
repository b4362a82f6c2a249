/* SPDX-License-Identifier: BSD-3-Clause */
/* Ceilings that `roofline --save` has measured on this machine, for commands that would
 * otherwise measure their own. */
#ifndef BENCH_CEILINGS_H
#define BENCH_CEILINGS_H

#include "ceiling.h"
#include "outcome.h"

typedef struct ceilings ceilings;

/* The records that --json prints, one on a line.  Complains where path is no such file,
 * or was measured on another machine. */
outcome ceilings_read(ceilings **c, const char *path);

/* NULL is ignored. */
void ceilings_free(ceilings *c);

/* The ceiling of this traffic: the saved one where the matrices are at least half as large
 * as those that were measured, which no cache held, else (or c NULL) kernels to measure.
 * Complains where the file has nothing for this traffic or so many threads. */
outcome ceilings_choose(ceilings *c, const loops_traffic *traffic, int threads,
                        ceiling *chosen);

#endif
