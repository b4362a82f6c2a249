/* SPDX-License-Identifier: BSD-3-Clause */
/* The commands run and sweep: time operations against their ceilings. */
#ifndef BENCH_RUN_H
#define BENCH_RUN_H

#include "options.h"

outcome run_command(const options *o);
outcome sweep_command(const options *o);

#endif
