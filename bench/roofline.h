/* SPDX-License-Identifier: BSD-3-Clause */
/* The command roofline: what the machine's memory can do. */
#ifndef BENCH_ROOFLINE_H
#define BENCH_ROOFLINE_H

#include "options.h"

outcome roofline_command(const options *o);

#endif
