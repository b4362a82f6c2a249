/* SPDX-License-Identifier: BSD-3-Clause */
#include "interrupt.h"

#include <signal.h>
#include <string.h>
#include <unistd.h>

static const int signals[] = {SIGINT, SIGTERM};

enum { SIGNALS = sizeof signals / sizeof *signals };

static volatile sig_atomic_t seen; /* the signal; 0: none yet */
static bool watched[SIGNALS];

static void note(int number)
{
    static const char text[] = "\ninterrupted: what is finished follows (once more: end at once)\n";
    for (int i = 0; i < SIGNALS; i++) {
        if (watched[i])
            signal(signals[i], SIG_DFL);
    }
    seen = number;
    ssize_t written = write(STDERR_FILENO, text, sizeof text - 1);
    (void)written; /* nobody reads it then */
}

void interrupt_watch(void)
{
    struct sigaction action, before;
    memset(&action, 0, sizeof action);
    action.sa_handler = note;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    for (int i = 0; i < SIGNALS; i++) {
        watched[i] = sigaction(signals[i], NULL, &before) == 0 && before.sa_handler != SIG_IGN;
        if (watched[i]) /* not ignored, as under nohup */
            sigaction(signals[i], &action, NULL);
    }
}

bool interrupt_seen(void)
{
    return seen != 0;
}

void interrupt_pass_on(void)
{
    if (seen)
        raise(seen);
}
