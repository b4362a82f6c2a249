/* SPDX-License-Identifier: BSD-3-Clause */
#include "plan/candidates.h"

/* Candidates of a stage, as far as the problem's strategy allows. */
typedef struct {
    const bnorm_plan *plan;
    int64_t fits; /* bytes of a row part that stays in cache */
    int shares;   /* panels do, if threads share them */
    bnorm_tuning *candidate;
    int count;
} proposals;

/* The name of what a tuning does.  Panels are as wide as they are. */
static bnorm_strategy walk_of(const proposals *p, const bnorm_tuning *tuning)
{
    const int panel_fits = p->fits >= p->plan->panel * (int64_t)p->plan->kernels->size;
    if (p->shares && tuning->strategy == BNORM_STRATEGY_PIPELINED)
        return BNORM_STRATEGY_PIPELINED;
    if (p->plan->panel ? !panel_fits : tuning->max_bytes > p->fits)
        return BNORM_STRATEGY_STREAM;
    return p->plan->panel && tuning->strategy == BNORM_STRATEGY_PIPELINED
               ? BNORM_STRATEGY_PIPELINED
               : BNORM_STRATEGY_RESIDENT;
}

static void propose(proposals *p, bnorm_tuning tuning)
{
    const bnorm_strategy asked = p->plan->problem.strategy, walk = walk_of(p, &tuning);
    const int alone = tuning.threads == 1 && p->plan->context->seats.threads > 1;
    if (asked == BNORM_STRATEGY_AUTO) {
        tuning.strategy = alone ? BNORM_STRATEGY_SMALL : walk;
    } else {
        const int in_rows = !p->plan->panel && asked != BNORM_STRATEGY_SMALL;
        if ((asked == BNORM_STRATEGY_SMALL && tuning.threads > 1) ||
            (in_rows && (asked == BNORM_STRATEGY_STREAM) != (walk == BNORM_STRATEGY_STREAM)))
            return;
        tuning.strategy = asked;
    }
    p->candidate[p->count++] = tuning;
}

/* Blocks from a few cache lines to more than L2 holds sums of, that divide columns or
 * rows: around what the estimate takes, and far from it. */
static void blocks(proposals *p, const bnorm_tuning *from)
{
    const struct {
        int64_t min_bytes, max_bytes;
    } shapes[] = {{4096, 4096},   {1024, 4096},  {256, 4096},       {1024, 1024}, {4096, 16384},
                  {32768, 32768}, {64, p->fits}, {64, p->fits / 2}, {256, 256}};
    for (int i = 0; i < (int)(sizeof shapes / sizeof *shapes); i++) {
        bnorm_tuning tuning = *from;
        tuning.min_bytes = shapes[i].min_bytes;
        tuning.max_bytes = shapes[i].max_bytes;
        if (tuning.max_bytes >= tuning.min_bytes)
            propose(p, tuning);
    }
    bnorm_tuning other = *from; /* panels are as wide as they are */
    other.strategy = from->strategy == BNORM_STRATEGY_PIPELINED ? BNORM_STRATEGY_RESIDENT
                                                                : BNORM_STRATEGY_PIPELINED;
    if (p->plan->panel)
        propose(p, other);
}

static void teams(proposals *p, const bnorm_tuning *from)
{
    const int all = p->plan->context->seats.threads, threads[] = {all, all / 2, 1};
    for (int i = 0; i < 3; i++) {
        bnorm_tuning tuning = *from;
        tuning.threads = threads[i];
        if (tuning.threads >= 1 && tuning.threads != from->threads)
            propose(p, tuning);
    }
}

static void stores(proposals *p, const bnorm_tuning *from)
{
    bnorm_tuning tuning = *from;
    tuning.stream = !from->stream;
    propose(p, tuning);
}

static void walks(proposals *p, const bnorm_tuning *from)
{
    static const int64_t ahead[] = {0, 1024, 2048, 4096, 8192, 16384};
    static const int64_t lags[] = {0, 1 << 20, 2 << 20, 4 << 20};
    for (int i = 0; i < (int)(sizeof ahead / sizeof *ahead); i++) {
        bnorm_tuning further = *from;
        further.ahead_bytes = ahead[i];
        propose(p, further);
    }
    const int pipelined = from->strategy == BNORM_STRATEGY_PIPELINED;
    for (int i = 0; pipelined && i < (int)(sizeof lags / sizeof *lags); i++) {
        bnorm_tuning later = *from;
        later.lag_bytes = lags[i];
        propose(p, later);
    }
}

int bnorm_plan_candidates(const bnorm_plan *plan, int operation, int stage,
                          const bnorm_tuning *from, bnorm_tuning candidate[BNORM_MOST_CANDIDATES])
{
    static void (*const stages[BNORM_CANDIDATE_STAGES])(proposals *, const bnorm_tuning *) = {
        blocks, teams, stores, walks};
    proposals p = {plan, bnorm_plan_resident_bytes(plan, operation),
                   bnorm_plan_sharing(plan, operation) > 1, candidate, 0};
    stages[stage](&p, from);
    return p.count;
}

int bnorm_schedules_alike(const bnorm_schedule *a, const bnorm_schedule *b)
{
    return a->threads == b->threads && a->stream == b->stream &&
           a->reduce_ahead == b->reduce_ahead && a->lag == b->lag &&
           a->step_rows == b->step_rows &&
           (a->strategy == BNORM_STRATEGY_PIPELINED) ==
               (b->strategy == BNORM_STRATEGY_PIPELINED) &&
           a->grid.row_groups == b->grid.row_groups && a->grid.col_blocks == b->grid.col_blocks &&
           bnorm_grid_width(&a->grid) == bnorm_grid_width(&b->grid);
}
