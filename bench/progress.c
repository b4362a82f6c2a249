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

static struct {
    double start, drawn;
    int done, total;
} bar;

void progress_expect(int steps)
{
    if (bar.done == bar.total) {
        bar.start = clock_now();
        bar.done = bar.total = 0;
    }
    if (bar.total < bar.done + steps)
        bar.total = bar.done + steps;
}

void progress_step(const char *what)
{
    enum { WIDTH = 24 };
    static const char full[] = "########################";
    double now = clock_now();
    int done = bar.done++;
    if (done == 0 || now - bar.drawn < 0.1 || !wanted(now))
        return;
    bar.drawn = now;
    int filled = WIDTH * done / bar.total;
    progress_show("[%.*s%*s] %3d%%, %.0f s left, %.30s", filled, full, WIDTH - filled, "",
                  100 * done / bar.total, (now - bar.start) / done * (bar.total - done), what);
}

void progress_clear(void)
{
    if (!shown)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
    shown = false;
}
