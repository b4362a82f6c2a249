/* SPDX-License-Identifier: BSD-3-Clause */
/* Wisdom: what measuring has found, by problem and operation.  Kept in a context, in
 * files between processes. */
#ifndef BNORM_TUNE_WISDOM_H
#define BNORM_TUNE_WISDOM_H

#include <pthread.h>

#include "plan/plan.h"

typedef struct { /* what of a problem its time depends on */
    int operation; /* index */
    int64_t rows, cols;
    bnorm_dtype dtype, stats_dtype;
    int panel; /* columns; 0: row-major */
    unsigned flags;
    bnorm_strategy strategy; /* that was asked for */
} bnorm_wisdom_key;

typedef struct {
    bnorm_wisdom_key key;
    bnorm_tuning tuning;
    int gain;  /* estimate's time / this tuning's, in thousandths; >= 1000 */
    int tried; /* candidates that were timed */
} bnorm_wisdom_entry;

typedef struct bnorm_wisdom {
    pthread_mutex_t mutex; /* of all that follows; held while somebody measures, so
                              that measurements don't disturb each other */
    bnorm_wisdom_entry *entry; /* [room], the first count of them in use */
    int count, room;
} bnorm_wisdom;

/* NULL: out of memory. */
bnorm_wisdom *bnorm_wisdom_create(void);
void bnorm_wisdom_destroy(bnorm_wisdom *wisdom);

bnorm_wisdom_key bnorm_wisdom_key_of(const bnorm_plan *plan, int operation);

/* With the mutex held: the entry of a key, or NULL. */
const bnorm_wisdom_entry *bnorm_wisdom_find(const bnorm_wisdom *wisdom,
                                            const bnorm_wisdom_key *key);

/* With the mutex held: room for so many more.  0, or -1 when out of memory. */
int bnorm_wisdom_reserve(bnorm_wisdom *wisdom, int more);

/* With the mutex held, and room for it: add it, or put it in its key's place. */
void bnorm_wisdom_add(bnorm_wisdom *wisdom, const bnorm_wisdom_entry *entry);

/* An entry as a line without its end, and back: 0, or -1 when that is not what
 * bnorm_wisdom_format writes, or no tuning for `threads` threads. */
enum { BNORM_WISDOM_LINE = 320 };
void bnorm_wisdom_format(const bnorm_wisdom_entry *entry, char line[BNORM_WISDOM_LINE]);
int bnorm_wisdom_parse(bnorm_wisdom_entry *entry, const char *line, int threads);

#endif
