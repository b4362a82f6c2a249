/* SPDX-License-Identifier: BSD-3-Clause */
/* The command tune: what measuring finds, beside what the planner estimates. */
#ifndef BENCH_TUNE_H
#define BENCH_TUNE_H

#include "options.h"

outcome tune_command(const options *o);

#endif
