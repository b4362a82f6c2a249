/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom compare measures bnorm against. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "batch.h"
#include "engine.h"

typedef struct peer {
    const char *name, *layout;
    const char *(*version)(void);
    /* How many matrices op moves between memory and this peer, the reads that
     * ordinary stores cause included; 0: unknown. */
    int (*traffic)(const operation *op);
    /* Get ready for op on b: x, gamma, beta and dy are read where they are, y and
     * dx written where they are; statistics are the peer's own.  NULL on failure,
     * after a complaint. */
    void *(*open)(const batch *b, const operation *op, const engine *e);
    void (*run)(void *opened); /* for timing.h */
    void (*close)(void *opened);
    /* The vectors that the last run found; NULL where op gives none. */
    void (*statistics)(void *opened, const void **mean, const void **rstd,
                       const void **dgamma, const void **dbeta);
} peer;

extern const peer textbook_peer;

#endif
