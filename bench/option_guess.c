/* SPDX-License-Identifier: BSD-3-Clause */
#include "option_guess.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

enum { NAME = 32, FAR = NAME }; /* longer words are no options, misspelt or not */

static int least(int a, int b)
{
    return a < b ? a : b;
}

/* How many letters to insert, drop, change or swap with their neighbour. */
static int distance(const char *a, const char *b)
{
    int d[NAME + 1][NAME + 1], m = (int)strlen(a), n = (int)strlen(b);
    if (m > NAME || n > NAME)
        return FAR;
    for (int i = 0; i <= m; i++) {
        for (int j = 0; j <= n; j++) {
            if (i == 0 || j == 0) {
                d[i][j] = i + j;
                continue;
            }
            d[i][j] = least(least(d[i - 1][j], d[i][j - 1]) + 1,
                            d[i - 1][j - 1] + (a[i - 1] != b[j - 1]));
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                d[i][j] = least(d[i][j], d[i - 2][j - 2] + 1);
        }
    }
    return d[m][n];
}

/* Every third letter may be wrong. */
const char *option_nearest(const struct option *known, const char *name)
{
    const char *best = NULL;
    int least_distance = (int)strlen(name) / 3 + 1;
    for (; known->name; known++) {
        int far = distance(name, known->name);
        if (far < least_distance) {
            least_distance = far;
            best = known->name;
        }
    }
    return best;
}

outcome option_unknown(const char *command, const struct option *known, const char *word)
{
    char name[NAME + 1], list[160] = "";
    int fitting = 0;
    const struct option *only = NULL;
    snprintf(name, sizeof name, "%.*s", (int)strcspn(word + 2, "="), word + 2);
    for (const struct option *o = known; o->name; o++) {
        size_t used = strlen(list);
        if (strncmp(o->name, name, strlen(name)) != 0)
            continue;
        only = fitting == 0 || strcmp(o->name, name) == 0 ? o : only;
        snprintf(list + used, sizeof list - used, "%s--%s", fitting++ ? ", " : "", o->name);
    }
    if (only && (fitting == 1 || strcmp(only->name, name) == 0))
        return complain_as(OUTCOME_USAGE, "%s: '%s': --%s takes no value", command, word,
                           only->name);
    if (fitting)
        return complain_as(OUTCOME_USAGE, "%s: ambiguous option '%s': %s", command, word, list);
    const char *near = option_nearest(known, name);
    return complain_as(OUTCOME_USAGE, "%s: unknown option '%s'%s%s; see bnorm-bench %s --help",
                       command, word, near ? "; nearest is --" : "", near ? near : "", command);
}
