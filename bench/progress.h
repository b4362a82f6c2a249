/* SPDX-License-Identifier: BSD-3-Clause */
/* One line on stderr that says what is going on: only on a terminal, and only
 * once the program has been busy for a second. */
#ifndef BENCH_PROGRESS_H
#define BENCH_PROGRESS_H

#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void progress_show(const char *format, ...);

/* At least that many steps are still to come.  Who knows of later ones says so first,
 * and the bar is one for all. */
void progress_expect(int steps);

/* One of them begins: the same line with a bar, and the time that is left at the pace so
 * far. */
void progress_step(const char *what);

/* Wipe the line, before anything else is printed. */
void progress_clear(void);

#endif
