/* SPDX-License-Identifier: BSD-3-Clause */
#include "outcome.h"

#include <stdarg.h>
#include <stdio.h>

#include "progress.h"

#ifndef PROGRAM
#define PROGRAM "bnorm-bench"
#endif

static void say(const char *format, va_list arguments)
{
    progress_clear();
    fputs(PROGRAM ": ", stderr);
    vfprintf(stderr, format, arguments);
    fputc('\n', stderr);
}

void complain(const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
}

outcome complain_as(outcome result, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    say(format, arguments);
    va_end(arguments);
    return result;
}

outcome outcome_worse(outcome a, outcome b)
{
    static const int badness[] = {[OUTCOME_DONE] = 0, [OUTCOME_IMPOSSIBLE] = 1,
                                  [OUTCOME_USAGE] = 2, [OUTCOME_FAILED] = 3,
                                  [OUTCOME_INTERRUPTED] = 4};
    return badness[a] >= badness[b] ? a : b;
}
