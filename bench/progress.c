/* SPDX-License-Identifier: BSD-3-Clause */
#include "progress.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "clock.h"

static bool shown;

/* Whether there is somebody to tell, and something to wait for. */
static bool wanted(double now)
{
    static double first;
    if (first == 0)
        first = now;
    return now - first >= 1.0 && isatty(STDERR_FILENO);
}

void progress_show(const char *format, ...)
{
    if (!wanted(clock_now()))
        return;
    progress_clear();
    va_list arguments;
    va_start(arguments, format);
    vfprintf(stderr, format, arguments);
    va_end(arguments);
    fflush(stderr);
    shown = true;
}

void progress_bar(double start, int done, int total, const char *what)
{
    enum { WIDTH = 24 };
    static const char full[] = "########################";
    static double last;
    double now = clock_now();
    if (!wanted(now) || now - last < 0.1)
        return;
    last = now;
    int filled = WIDTH * done / total;
    if (done > 0)
        progress_show("[%.*s%*s] %3d%%, %.0f s left, %.30s", filled, full, WIDTH - filled, "",
                      100 * done / total, (now - start) / done * (total - done), what);
}

void progress_clear(void)
{
    if (!shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    shown = false;
}
