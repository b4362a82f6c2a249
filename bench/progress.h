/* SPDX-License-Identifier: BSD-3-Clause */
/* One line on stderr that says what is going on: only on a terminal, and only
 * once the program has been busy for a second. */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void progress_show(const char *format, ...);

/* The same as a bar, with the time that is left at the pace since clock_now() was
 * `start`; done: of total steps. */
void progress_bar(double start, int done, int total, const char *what);

/* Wipe the line, before anything else is printed. */
void progress_clear(void);

#endif
