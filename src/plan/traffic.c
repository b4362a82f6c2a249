/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/traffic.h"

#include "plan/plan.h"

/* One row per operation.  A block that stays in cache is read once; one that
 * does not is read again by the second pass (step: x again to find y again for
 * the second call of the upstream function).  With global statistics one pass
 * does everything. */
static const struct {
    bnorm_traffic resident, stream, global;
} traffic[BNORM_OPERATIONS] = {
    /*            reads writes least held */
    /* forward  */ {{1, 1, 2, 1}, {2, 1, 2, 0}, {1, 1, 2, 0}},
    /* backward */ {{2, 1, 3, 2}, {4, 1, 3, 0}, {2, 1, 3, 0}},
    /* fused    */ {{2, 2, 4, 2}, {4, 2, 4, 0}, {2, 2, 4, 0}},
    /* step     */ {{1, 2, 3, 2}, {3, 2, 3, 0}, {1, 2, 3, 0}},
    /* infer    */ {{1, 1, 2, 0}, {1, 1, 2, 0}, {1, 1, 2, 0}},
};

bnorm_traffic bnorm_traffic_of(int operation, bnorm_strategy strategy, int global)
{
    if (global)
        return traffic[operation].global;
    return strategy == BNORM_STRATEGY_RESIDENT || strategy == BNORM_STRATEGY_PIPELINED
               ? traffic[operation].resident
               : traffic[operation].stream;
}

int bnorm_traffic_overlaps(int operation, int global)
{
    const unsigned two_passes = BNORM_FORWARD | BNORM_BACKWARD | BNORM_FORWARD_BACKWARD;
    return !global && 1u << operation & two_passes;
}
