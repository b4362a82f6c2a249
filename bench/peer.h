/* SPDX-License-Identifier: BSD-3-Clause */
/* Whom compare measures bnorm against.  What says "may be NULL" is for peers that need
 * it. */
#ifndef BENCH_PEER_H
#define BENCH_PEER_H

#include "batch.h"
#include "engine.h"

typedef struct peer {
    const char *name;
    const char *layout; /* of its matrices: "rows", or "best": chosen for each problem */
    /* Once, before anything else: can it be used here?  Complains where it can't.  May
     * be NULL. */
    outcome (*start)(void);
    void (*stop)(void); /* once, after all; may be NULL */
    const char *(*version)(void);
    /* How many matrices op moves between memory and this peer, the reads that
     * ordinary stores cause included; 0: unknown.  May be NULL: unknown. */
    int (*traffic)(const operation *op);
    /* Bytes of the matrices that it has besides b's; may be NULL: none. */
    double (*bytes)(const batch *b);
    /* Get ready for op on b: x, gamma, beta and dy are read where they are, y and
     * dx written where they are, or by fetch; statistics are the peer's own.  NULL on
     * failure, after a complaint. */
    void *(*open)(const batch *b, const operation *op, const engine *e);
    void (*run)(void *opened); /* for timing.h */
    /* For timing.h, by a clock of its own; may be NULL. */
    double (*timed)(void *opened, int repeat);
    /* Whether any run has failed; complains.  May be NULL: none can. */
    bool (*failed)(void *opened);
    /* Bring y and dx of the last run to b; may be NULL. */
    void (*fetch)(void *opened);
    void (*close)(void *opened);
    /* The vectors that the last run found; NULL where op gives none, or it tells none.
     * Call after fetch. */
    void (*statistics)(void *opened, const void **mean, const void **rstd,
                       const void **dgamma, const void **dbeta);
    /* The layout it has chosen, and which kernel, in its own words; valid until close.
     * May be NULL: there is no choice. */
    void (*describe)(void *opened, const char **layout, const char **kernel);
} peer;

/* The names that there are, wherever this was built; then NULL. */
#define PEER_NAMES {"textbook", "onednn", "onednn-best", "torch", NULL}

/* One of PEER_NAMES; NULL, after a complaint, where it was not built in. */
const peer *peer_find(const char *name);

extern const peer textbook_peer, onednn_peer, onednn_best_peer, torch_peer;

#endif
