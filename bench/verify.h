/* SPDX-License-Identifier: BSD-3-Clause */
/* The command verify: are the results right, and always the same? */
#ifndef BENCH_VERIFY_H
#define BENCH_VERIFY_H

#include "options.h"

outcome verify_command(const options *o);

#endif
