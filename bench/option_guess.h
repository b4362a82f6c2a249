/* SPDX-License-Identifier: BSD-3-Clause */
/* What somebody may have meant. */
#ifndef BENCH_OPTION_GUESS_H
#define BENCH_OPTION_GUESS_H

#include <getopt.h>

#include "outcome.h"

/* The known name nearest to this one; NULL: none is near. */
const char *option_nearest(const struct option *known, const char *name);

/* Complain about a word that getopt_long refused: it has a value that it may not have, is
 * short for several options, or for none; then the nearest is named. */
outcome option_unknown(const char *command, const struct option *known, const char *word);

#endif
