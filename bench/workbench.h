/* SPDX-License-Identifier: BSD-3-Clause */
/* One problem laid out: the library made ready, and a filled batch. */
#ifndef BENCH_WORKBENCH_H
#define BENCH_WORKBENCH_H

#include "batch.h"
#include "ceilings.h"
#include "engine.h"
#include "options.h"

typedef struct {
    const shape *problem;
    engine engine;
    batch batch;
    ceilings *ceilings; /* saved ones, or NULL: they are measured */
} workbench;

/* For all operations of the options.  input: x and labels, or NULL for random.
 * OUTCOME_IMPOSSIBLE, after a complaint, where it takes more memory than it may. */
outcome workbench_open(workbench *w, const options *o, const shape *problem,
                       const dataset *input, bnorm_dtype dtype, const layout *layout);

void workbench_close(workbench *w);

/* The flags of all operations of the options, and of forward. */
unsigned workbench_operations(const options *o);

/* Call each(problem, input) for every --input, or for every shape, of the options;
 * returns the worst outcome.  What is wrong with one shape's use is wrong for all. */
typedef outcome workbench_each(void *user, const shape *problem, const dataset *input);
outcome workbench_for_each(const options *o, workbench_each *each, void *user);

/* The choice of engine that the options make. */
engine_choice workbench_choice(const options *o);

#endif
