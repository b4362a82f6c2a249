/* SPDX-License-Identifier: BSD-3-Clause */
/* Shards of matrices that lie in runs, in turns, in pieces, or nowhere. */
#include "plan/adapt.h"

#include "support/harness.h"

/* Units 0 .. edge[0]-1 on node[0], up to edge[1]-1 on node[1], ... */
typedef struct {
    int count;
    int64_t edge[8];
    int node[8];
    int64_t turns; /* > 0: instead, runs of so many on node 0, 1, 2 in turn */
    int64_t asked;
} place;

static int node_at(const place *p, int64_t unit)
{
    int i = 0;
    if (p->turns)
        return (int)(unit / p->turns % 3);
    while (i < p->count - 1 && p->edge[i] <= unit)
        i++;
    return p->node[i];
}

/* The node at the middle, if that is also the one at both ends or nearly. */
static int where(void *data, int64_t begin, int64_t end)
{
    place *p = data;
    const int64_t part = (end - begin) / 4;
    const int node = node_at(p, begin + (end - begin) / 2);
    p->asked++;
    return node_at(p, begin + part) == node && node_at(p, end - 1 - part) == node ? node : -1;
}

static int covers(const bnorm_shards *shards, int64_t count)
{
    int64_t at = 0;
    for (int i = 0; i < shards->count; i++) {
        if (shards->shard[i].begin != at || shards->shard[i].end <= at ||
            (i && shards->shard[i].node == shards->shard[i - 1].node))
            return 0;
        at = shards->shard[i].end;
    }
    return at == count;
}

/* Runs of any length are found to the leaf, with few questions. */
static void runs_are_found(void)
{
    static const int64_t counts[] = {4, 10, 100, 4096, 5000, 16384, 1000003, INT64_C(1) << 40};
    for (int i = 0; i < 8; i++)
        for (int shift = 0; shift < 3; shift++) {
            const int64_t n = counts[i];
            place p = {.count = 4, .edge = {n / 4, n / 2 + shift * (n > 4), n - n / 5 - (n < 5), n},
                       .node = {2, 0, 63, 0}};
            bnorm_shards shards;
            CU_ASSERT_EQUAL_FATAL(bnorm_adapt_shards(&shards, n, where, &p), 0);
            CU_ASSERT(covers(&shards, n));
            CU_ASSERT_EQUAL_FATAL(shards.count, 4);
            for (int k = 0; k < 4; k++) {
                CU_ASSERT_EQUAL(shards.shard[k].end, p.edge[k]);
                CU_ASSERT_EQUAL(shards.shard[k].node, p.node[k]);
                CU_ASSERT_EQUAL(shards.shard[k].groups, 1);
            }
            CU_ASSERT(p.asked <= BNORM_ADAPT_PIECES + 3 * 64);
        }
}

static void short_runs_join_their_neighbours(void)
{
    place p = {.count = 4, .edge = {3, 50000, 50010, 100000}, .node = {1, 0, 1, 2}};
    bnorm_shards shards;
    CU_ASSERT_EQUAL_FATAL(bnorm_adapt_shards(&shards, 100000, where, &p), 0);
    CU_ASSERT(covers(&shards, 100000));
    CU_ASSERT_EQUAL_FATAL(shards.count, 2);
    CU_ASSERT(shards.shard[0].node == 0 && shards.shard[1].node == 2);
    CU_ASSERT(shards.shard[0].end >= 50000 && shards.shard[0].end <= 50010);

    place hole = {.count = 3, .edge = {40000, 45000, 100000}, .node = {1, -1, 1}};
    CU_ASSERT_EQUAL_FATAL(bnorm_adapt_shards(&shards, 100000, where, &hole), 0);
    CU_ASSERT(covers(&shards, 100000));
    CU_ASSERT(shards.count == 1 && shards.shard[0].node == 1);
}

static void turns_that_are_long_are_runs(void)
{
    place p = {.turns = 1000};
    bnorm_shards shards;
    CU_ASSERT_EQUAL_FATAL(bnorm_adapt_shards(&shards, 100000, where, &p), 0);
    CU_ASSERT(covers(&shards, 100000));
    CU_ASSERT_EQUAL_FATAL(shards.count, 100);
    for (int k = 0; k < 100; k++)
        CU_ASSERT(shards.shard[k].node == k % 3 && shards.shard[k].end == 1000 * (k + 1));
    p.turns = 1; /* as many as there can be, and one more */
    CU_ASSERT_EQUAL(bnorm_adapt_shards(&shards, BNORM_MOST_SHARDS, where, &p), 0);
    CU_ASSERT(covers(&shards, BNORM_MOST_SHARDS) && shards.count == BNORM_MOST_SHARDS);
    CU_ASSERT_EQUAL(bnorm_adapt_shards(&shards, 2 * BNORM_MOST_SHARDS, where, &p), -1);
    CU_ASSERT_EQUAL(shards.count, BNORM_MOST_SHARDS); /* not changed */
}

static void what_cannot_be_told_is_refused(void)
{
    static const int64_t turns[] = {1, 3, 20, 300};
    place hole = {.count = 3, .edge = {40000, 60000, 100000}, .node = {1, -1, 1}};
    bnorm_shards shards = {.count = 7};
    for (int i = 0; i < 4; i++) {
        place p = {.turns = turns[i]};
        CU_ASSERT_EQUAL(bnorm_adapt_shards(&shards, 100000, where, &p), -1);
    }
    CU_ASSERT_EQUAL(bnorm_adapt_shards(&shards, 100000, where, &hole), -1);
    CU_ASSERT_EQUAL(bnorm_adapt_shards(&shards, 0, where, &hole), -1);
    place nowhere = {.count = 1, .edge = {100}, .node = {-1}};
    for (int64_t n = 1; n < 20; n++)
        CU_ASSERT_EQUAL(bnorm_adapt_shards(&shards, n, where, &nowhere), -1);
    CU_ASSERT_EQUAL(shards.count, 7);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"runs are found to the leaf", runs_are_found},
        {"short runs join their neighbours", short_runs_join_their_neighbours},
        {"turns that are long are runs", turns_that_are_long_are_runs},
        {"what cannot be told is refused", what_cannot_be_told_is_refused},
    };
    return harness_main(argc, argv, "plan/adapt", cases, HARNESS_COUNT(cases));
}
