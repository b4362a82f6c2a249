/* SPDX-License-Identifier: BSD-3-Clause */
/* The command compare: the same work on a peer, interleaved. */
#ifndef BENCH_COMPARE_H
#define BENCH_COMPARE_H

#include "options.h"

outcome compare_command(const options *o);

#endif
