/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Ctrl-C, or the SIGTERM of a batch system whose time is up: measuring ends before the
 * next sample (a plan that is being measured and a run that is checked are finished first),
 * and the results that are complete are still printed.
 */
#ifndef BENCH_INTERRUPT_H
#define BENCH_INTERRUPT_H

#include <stdbool.h>

/* From here on; the second signal ends the program at once. */
void interrupt_watch(void);

bool interrupt_seen(void);

/* If there was a signal, end as it would have ended the program. */
void interrupt_pass_on(void);

#endif
