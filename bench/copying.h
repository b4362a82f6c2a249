/* SPDX-License-Identifier: BSD-3-Clause */
/* The command pack: time the copies between rows and panels. */
#ifndef BENCH_COPYING_H
#define BENCH_COPYING_H

#include "options.h"

outcome copying_command(const options *o);

#endif
