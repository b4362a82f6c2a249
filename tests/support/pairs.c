/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/pairs.h"

#include <stdlib.h>

typedef struct {
    int factors, most; /* of levels */
    const int *levels;
    char *seen; /* [factor][level][factor][level] */
    int *order; /* [factors]: the pair's, then the others */
} search;

static char *seen(const search *s, int f, int i, int g, int j)
{
    return &s->seen[((f * s->most + i) * s->factors + g) * s->most + j];
}

/* How many pairs a level of a factor makes that are new, with the factors already
 * chosen; none is better than another: the first from a changing start on. */
static int best_level(const search *s, const int *level, int chosen, int start)
{
    const int f = s->order[chosen];
    int best = 0, most = -1;
    for (int n = 0; n < s->levels[f]; n++) {
        int i = (start + n) % s->levels[f], fresh = 0;
        for (int c = 0; c < chosen; c++)
            fresh += !*seen(s, f, i, s->order[c], level[s->order[c]]);
        if (fresh > most) {
            most = fresh;
            best = i;
        }
    }
    return best;
}

static void note_pairs(const search *s, const int *level)
{
    for (int f = 0; f < s->factors; f++)
        for (int g = 0; g < s->factors; g++)
            *seen(s, f, level[f], g, level[g]) = 1;
}

/* A trial that has this pair. */
static void complete(const search *s, int f, int g, int *level, int start)
{
    int count = 0;
    s->order[count++] = f;
    s->order[count++] = g;
    for (int h = 0; h < s->factors; h++)
        if (h != f && h != g)
            s->order[count++] = h;
    for (int c = 2; c < count; c++)
        level[s->order[c]] = best_level(s, level, c, start);
}

static void try_pairs(const search *s, int f, int g, int *level, int *trials,
                      pairs_trial *trial, void *data)
{
    for (int i = 0; i < s->levels[f]; i++)
        for (int j = 0; j < s->levels[g]; j++) {
            if (*seen(s, f, i, g, j))
                continue;
            level[f] = i;
            level[g] = j;
            complete(s, f, g, level, ++*trials);
            note_pairs(s, level);
            trial(data, level);
        }
}

int pairs_all(int factors, const int *levels, pairs_trial *trial, void *data)
{
    search s = {factors, 1, levels, NULL, malloc(sizeof *s.order * (size_t)factors)};
    int *level = malloc(sizeof *level * (size_t)factors), trials = 0;
    for (int f = 0; f < factors; f++)
        s.most = levels[f] > s.most ? levels[f] : s.most;
    s.seen = calloc((size_t)(factors * s.most), (size_t)(factors * s.most));
    if (!s.order || !level || !s.seen)
        trials = -1;
    for (int f = 0; f < factors && trials >= 0; f++)
        for (int g = f + 1; g < factors; g++)
            try_pairs(&s, f, g, level, &trials, trial, data);
    free(s.order);
    free(s.seen);
    free(level);
    return trials;
}

int64_t pairs_product(int factors, const int *levels)
{
    int64_t product = 1;
    for (int f = 0; f < factors; f++)
        product *= levels[f];
    return product;
}

void pairs_nth(int factors, const int *levels, int64_t n, int *level)
{
    for (int f = factors - 1; f >= 0; f--) {
        level[f] = (int)(n % levels[f]);
        n /= levels[f];
    }
}
