/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BENCH_CLOCK_H
#define BENCH_CLOCK_H

/* Seconds of a clock that only runs forward. */
double clock_now(void);

#endif
