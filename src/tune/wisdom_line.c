/* SPDX-License-Identifier: BSD-3-Clause */
/* One entry of wisdom in words:
 *
 *   forward 65536 x 1024 f32 stats f32 panel 0 flags 0 asked auto: stream threads 2
 *   nontemporal 1 min 4096 max 4096 ahead 4096 lag 0 gain 1120 tried 14
 */
#include <stdio.h>
#include <string.h>

#include "tune/wisdom.h"

enum {
    MOST_BYTES = 1 << 30,
    MOST_FLAGS = BNORM_CUMULATIVE_AVERAGE * 2 - 1,
    WORD = 24 /* of a name; sscanf's formats have one less */
};

static const char *dtype_name(int dtype)
{
    static const char *const names[] = {"f32", "f64"};
    return dtype >= 0 && dtype < (int)(sizeof names / sizeof *names) ? names[dtype] : NULL;
}

static const char *operation_name(int index)
{
    return index < BNORM_OPERATIONS ? bnorm_operation_name(index) : NULL;
}

static const char *strategy_name(int strategy)
{
    const char *name = bnorm_strategy_name((bnorm_strategy)strategy);
    return strcmp(name, "unknown") == 0 ? NULL : name;
}

/* The number that has this name; -1: none. */
static int find(const char *(*name)(int), const char *word)
{
    for (int i = 0; name(i); i++)
        if (strcmp(name(i), word) == 0)
            return i;
    return -1;
}

void bnorm_wisdom_format(const bnorm_wisdom_entry *entry, char line[BNORM_WISDOM_LINE])
{
    const bnorm_wisdom_key *key = &entry->key;
    const bnorm_tuning *tuning = &entry->tuning;
    snprintf(line, BNORM_WISDOM_LINE,
             "%s %lld x %lld %s stats %s panel %d flags %x asked %s: %s threads %d nontemporal %d "
             "min %lld max %lld ahead %lld lag %lld gain %d tried %d",
             operation_name(key->operation), (long long)key->rows, (long long)key->cols,
             dtype_name((int)key->dtype), dtype_name((int)key->stats_dtype), key->panel,
             key->flags, strategy_name((int)key->strategy), strategy_name((int)tuning->strategy),
             tuning->threads, tuning->stream, (long long)tuning->min_bytes,
             (long long)tuning->max_bytes, (long long)tuning->ahead_bytes,
             (long long)tuning->lag_bytes, entry->gain, entry->tried);
}

static int within(long long value, long long least, long long most)
{
    return value >= least && value <= most;
}

/* Whether a schedule can be made of it. */
static int valid(const bnorm_wisdom_entry *entry, int threads)
{
    const bnorm_wisdom_key *key = &entry->key;
    const bnorm_tuning *tuning = &entry->tuning;
    return within(key->rows, 0, INT64_MAX) && within(key->cols, 0, INT64_MAX) &&
           (key->panel == 0 || key->panel == 8 || key->panel == BNORM_GROUP) &&
           key->flags <= MOST_FLAGS && tuning->strategy != BNORM_STRATEGY_AUTO &&
           (key->strategy == BNORM_STRATEGY_AUTO || key->strategy == tuning->strategy) &&
           within(tuning->threads, 1, tuning->strategy == BNORM_STRATEGY_SMALL ? 1 : threads) &&
           within(tuning->stream, 0, 1) &&
           within(tuning->min_bytes, 1, MOST_BYTES) &&
           within(tuning->max_bytes, tuning->min_bytes, MOST_BYTES) &&
           within(tuning->ahead_bytes, 0, MOST_BYTES) &&
           within(tuning->lag_bytes, 0, MOST_BYTES) && entry->gain >= 1000 && entry->tried >= 0;
}

int bnorm_wisdom_parse(bnorm_wisdom_entry *entry, const char *line, int threads)
{
    char operation[WORD], dtype[WORD], stats[WORD], asked[WORD], strategy[WORD];
    char again[BNORM_WISDOM_LINE];
    long long rows, cols, min, max, ahead, lag;
    *entry = (bnorm_wisdom_entry){.gain = 0};
    /* Numbers of so few digits fit in their types. */
    if (sscanf(line, "%23s %18lld x %18lld %23s stats %23s panel %3d flags %6x asked %23[a-z]: "
               "%23s threads %6d nontemporal %1d min %18lld max %18lld ahead %18lld "
               "lag %18lld gain %9d tried %9d",
               operation, &rows, &cols, dtype, stats, &entry->key.panel, &entry->key.flags, asked,
               strategy, &entry->tuning.threads, &entry->tuning.stream, &min, &max, &ahead,
               &lag, &entry->gain, &entry->tried) != 17)
        return -1;
    const int index = find(operation_name, operation), type = find(dtype_name, dtype);
    const int stats_type = find(dtype_name, stats), wish = find(strategy_name, asked);
    const int choice = find(strategy_name, strategy);
    if (index < 0 || type < 0 || stats_type < 0 || wish < 0 || choice < 0)
        return -1;
    entry->key.operation = index;
    entry->key.rows = rows;
    entry->key.cols = cols;
    entry->key.dtype = (bnorm_dtype)type;
    entry->key.stats_dtype = (bnorm_dtype)stats_type;
    entry->key.strategy = (bnorm_strategy)wish;
    entry->tuning.strategy = (bnorm_strategy)choice;
    entry->tuning.min_bytes = min;
    entry->tuning.max_bytes = max;
    entry->tuning.ahead_bytes = ahead;
    entry->tuning.lag_bytes = lag;
    if (!valid(entry, threads))
        return -1;
    /* The only way to write it: spaces, signs and what follows are seen here. */
    bnorm_wisdom_format(entry, again);
    return strcmp(line, again) == 0 ? 0 : -1;
}
