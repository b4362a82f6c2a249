/* SPDX-License-Identifier: BSD-3-Clause */
/* How a command ends, and the one way to say why on stderr. */
#ifndef BENCH_OUTCOME_H
#define BENCH_OUTCOME_H

typedef enum { /* exit statuses */
    OUTCOME_DONE = 0,       /* done, and verified where that was asked */
    OUTCOME_FAILED = 1,     /* a check failed */
    OUTCOME_USAGE = 2,      /* the command line is wrong, or a file that it names */
    OUTCOME_IMPOSSIBLE = 3, /* right, but not here: memory, ISA, a missing library, a full disk */
    OUTCOME_INTERRUPTED = 4 /* the program then ends by the signal, see interrupt.h */
} outcome;

/* The worse of two: an interruption outranks a failed check, that bad usage, and that
 * what is not possible here. */
outcome outcome_worse(outcome a, outcome b);

/* Print "bnorm-bench: ..." and a newline on stderr. */
#if defined(__GNUC__)
__attribute__((format(printf, 1, 2)))
#endif
void complain(const char *format, ...);

/* The same, and hand the outcome back: return complain_as(OUTCOME_USAGE, ...). */
#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
outcome complain_as(outcome result, const char *format, ...);

#endif
