/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/adapt.h"

enum {
    UNKNOWN = -1,
    /* A shard is at least one part in 256 of the matrix: so there are at most that
     * many, each has row groups of some height, and few blocks are cut. */
    SHORTEST = BNORM_MOST_SHARDS,
    /* Pieces of no shard's length, or on no node, are at most one in 8. */
    DOUBTFUL = 8
};

/* The end of the run of equal elements that begins there. */
static int run_end(const signed char *node, int pieces, int begin)
{
    int end = begin + 1;
    while (end < pieces && node[end] == node[begin])
        end++;
    return end;
}

/* Forget runs that are too short; returns how many pieces are unknown. */
static int forget_short(signed char *node, int pieces)
{
    int unknown = 0;
    for (int begin = 0, end; begin < pieces; begin = end) {
        end = run_end(node, pieces, begin);
        if (node[begin] != UNKNOWN && (end - begin) * SHORTEST >= pieces)
            continue;
        unknown += end - begin;
        for (int i = begin; i < end; i++)
            node[i] = UNKNOWN;
    }
    return unknown;
}

/* Unknown pieces take the node of the piece before them, the first ones that of the
 * first known. */
static void fill_unknown(signed char *node, int pieces)
{
    int first = 0;
    while (node[first] == UNKNOWN)
        first++;
    for (int i = 0; i < pieces; i++)
        if (node[i] == UNKNOWN)
            node[i] = i ? node[i - 1] : node[first];
}

/* The first leaf or panel that is no longer on `node`, in (low, high]. */
static int64_t find_edge(int64_t low, int64_t high, int node, bnorm_adapt_where *where, void *data)
{
    while (high - low > 1) {
        int64_t mid = low + (high - low) / 2;
        if (where(data, mid, mid + 1) == node)
            low = mid;
        else
            high = mid;
    }
    return high;
}

int bnorm_adapt_shards(bnorm_shards *shards, int64_t count, bnorm_adapt_where *where, void *data)
{
    const int pieces = (int)bnorm_min(count, BNORM_ADAPT_PIECES);
    signed char node[BNORM_ADAPT_PIECES];
    int64_t begin = 0;

    for (int i = 0; i < pieces; i++) {
        bnorm_range piece = bnorm_range_part(count, pieces, i);
        node[i] = (signed char)where(data, piece.begin, piece.end);
    }
    int unknown = forget_short(node, pieces);
    if (pieces == 0 || unknown == pieces || unknown > pieces / DOUBTFUL)
        return -1;
    fill_unknown(node, pieces);
    shards->count = 0;
    for (int at = 0, end; at < pieces; at = end) {
        int64_t edge = count;
        end = run_end(node, pieces, at);
        if (end < pieces) /* somewhere in the pieces on both sides */
            edge = find_edge(bnorm_max(bnorm_range_part(count, pieces, end - 1).begin, begin),
                             bnorm_range_part(count, pieces, end).end - 1, node[at], where, data);
        shards->shard[shards->count++] = (bnorm_shard){begin, edge, 1, node[at]};
        begin = edge;
    }
    return 0;
}
