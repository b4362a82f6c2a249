/* SPDX-License-Identifier: BSD-3-Clause */
/* ESTIMATE: from problem and machine to a tuning for each operation, by the traffic
 * model and the sizes of the caches. */
#include <math.h>

#include "plan/plan.h"
#include "plan/traffic.h"

enum {
    /* A block's part of a row, in bytes.  A matrix in memory is read fastest in order, by threads
     * that take whole rows, as long as their sums and moments stay in L2.  One that is partly
     * in cache does with parts of rows: dividing rows costs more there.  Small matrices,
     * whose rows are soon done, do with shorter ones, as merging costs calls of the team. */
    WHOLE_BYTES = 32 << 10,
    MEMORY_MIN_BYTES = 4096,
    CACHE_MATRIX_BYTES = 256 << 10,
    TILE_BYTES = 256, /* of AVX-512 */
    CACHE_MIN_BYTES = 384, /* CPUs prefetch beyond it, and would take each other's lines */
    TILE_AHEAD_BYTES = 4096,
    MOST_L1_BYTES = 1 << 20,
    /* What a thread of a team should have of a matrix, or calling it takes longer than
     * doing its work: 2 threads beat one from 32 KiB on, and where rows are divided,
     * which takes three calls, from 128 KiB on; of rows of a tile or more, which are read
     * faster, from 192 KiB on. */
    PART_BYTES = 16 << 10,
    ROWS_PART_BYTES = 64 << 10,
    TILES_PART_BYTES = 96 << 10,
    /* Panels in a thread's share of cache: two are at work, and what has been used is in
     * the way until it is evicted, too.  Where more lag, they are as much as L2 holds, a
     * quarter of the share. */
    PIPELINED = 4
};

/* The same, of parts of panels that threads share. */
static const double PIPELINED_SHARED = 3.5;

/* Non-temporal stores pay where outputs would not be found in cache again, or would
 * drive out what is read: where compulsory traffic exceeds this part of the last-level
 * cache; the second, where x alone is read again. */
static const double PAST_CACHE = 0.64, PAST_CACHE_X = 0.8;

/* Prefetches are in the way while so much of the last-level cache holds all that is read. */
static const double CACHED = 0.6;

/* What an operation reads counts as memory's where it is so many times what the team's caches
 * hold: the second, where L1 is large. */
static const double FROM_MEMORY = 1.6, FROM_MEMORY_LARGE = 1.0;

/* ---- what strategies decide by ------------------------------------------------------ */

typedef struct {
    const bnorm_plan *plan;
    bnorm_traffic traffic; /* of blocks that stay in cache */
    int threads;           /* the team that the problem is worth */
    int tiles;             /* blocks of a kernel's tile pay */
    int64_t fits;          /* columns of the widest block that stays in cache; 0: too few */
    int64_t sharing;       /* threads that hold a panel at work; 0: too many */
} prospect;

/* Columns of the widest block whose `held` matrices fit in a thread's share of
 * cache, in whole lines or rows; 0 when it would be too narrow to pay. */
static int64_t resident_cols(const bnorm_plan *plan, int held, int64_t unit, int64_t least_bytes)
{
    const int64_t size = (int64_t)plan->kernels->size, rows = bnorm_max(plan->problem.rows, 1);
    const int64_t share = (int64_t)bnorm_topology_cache_share(&plan->context->machine);
    const int64_t most = share / held / size / rows, cols = most / unit * unit;
    if (!plan->panel && most >= plan->problem.cols)
        return bnorm_round_up(plan->problem.cols, unit);
    return cols * size >= bnorm_min(least_bytes, plan->problem.cols * size) ? cols : 0;
}

/* The team that the problem is worth. */
static int team_size(const bnorm_plan *plan)
{
    const int most = plan->context->seats.threads;
    const double bytes = bnorm_plan_matrix_bytes(plan);
    const int64_t row = plan->problem.cols * (int64_t)plan->kernels->size;
    const int64_t part = row < TILE_BYTES ? ROWS_PART_BYTES : TILES_PART_BYTES;
    if (plan->problem.strategy == BNORM_STRATEGY_SMALL)
        return 1;
    if (plan->problem.strategy != BNORM_STRATEGY_AUTO || bytes >= (double)part * most)
        return most;
    const int64_t units = plan->panel ? bnorm_ceil_div(plan->problem.cols, plan->panel)
                                      : row / CACHE_MIN_BYTES;
    const int64_t blocks = bnorm_min((int64_t)bytes / PART_BYTES, units);
    const int64_t groups = (int64_t)bytes / part;
    return (int)bnorm_clamp(bnorm_max(blocks, groups), 1, most);
}

/* Whether rows from memory, where whole ones would be walked tile by tile anyway, are divided in
 * strips of a tile, which are read again from the last-level cache: if no line is in two of
 * them, and no node owns rows. */
static int strips_pay(const bnorm_plan *plan, int operation, int threads)
{
    const int near = bnorm_plan_near(plan, operation, threads);
    return 1 << operation != BNORM_STEP && plan->context->seats.nodes == 1 &&
           plan->problem.cols % bnorm_plan_unit(plan) == 0 &&
           bnorm_walk_of(near, (ptrdiff_t)plan->problem.cols, 1, BNORM_SUM_ARRAYS,
                         plan->kernels->size, plan->kernels->abreast) == BNORM_IN_HIGH_TILES;
}

/* Whether blocks as narrow as a kernel's tile, whose sums stay in registers, are the
 * fastest: where tiles are that wide, rows have more of them than there are threads, as
 * one beside another's is slow to read, and what is read again is near: a block in L2,
 * or all of it in a third of the last-level cache; or in strips.  x alone is read faster in
 * order. */
static int tile_pays(const bnorm_plan *plan, int operation, int on_lines, int held, int threads)
{
    const bnorm_machine *machine = &plan->context->machine;
    const double tile = (double)held * (double)plan->problem.rows * TILE_BYTES;
    const double row = (double)plan->problem.cols * (double)plan->kernels->size;
    const double all = held * bnorm_plan_matrix_bytes(plan), llc = (double)machine->llc;
    const int near = all <= llc / 3 || (all <= 1.2 * llc && tile <= (double)machine->l2);
    return !plan->panel && plan->kernels->abreast * (int)plan->kernels->size >= TILE_BYTES &&
           held > 1 && row > TILE_BYTES * (double)threads &&
           tile <= (double)bnorm_topology_cache_share(machine) &&
           (near || (on_lines && strips_pay(plan, operation, threads)));
}

int64_t bnorm_plan_sharing(const bnorm_plan *plan, int operation)
{
    const bnorm_seats *seats = &plan->context->seats;
    const bnorm_traffic traffic =
        bnorm_traffic_of(operation, BNORM_STRATEGY_RESIDENT, bnorm_plan_is_global(plan));
    const double share = (double)bnorm_topology_cache_share(&plan->context->machine);
    const double panel = (double)traffic.held * (double)plan->problem.rows * plan->panel *
                         (double)plan->kernels->size;
    int fewest = seats->threads;
    if (panel == 0)
        return 0;
    for (int k = 0; k < seats->nodes; k++)
        if (seats->count[k] > 0 && seats->count[k] < fewest)
            fewest = seats->count[k];
    if (PIPELINED * panel <= share)
        return 1;
    if (PIPELINED_SHARED * panel > share * fewest)
        return 0;
    const int64_t threads = bnorm_max((int64_t)ceil(PIPELINED_SHARED * panel / share), 2);
    return threads <= fewest ? threads : 0;
}

static prospect prospect_of(const bnorm_plan *plan, int operation, int on_lines,
                            int64_t least_bytes)
{
    const int global = bnorm_plan_is_global(plan);
    prospect p = {
        .plan = plan,
        .traffic = bnorm_traffic_of(operation, BNORM_STRATEGY_RESIDENT, global),
        .threads = team_size(plan),
    };
    if (p.traffic.held == 0 || plan->problem.strategy == BNORM_STRATEGY_STREAM)
        return p;
    p.tiles = tile_pays(plan, operation, on_lines, p.traffic.held, p.threads);
    p.fits = resident_cols(plan, p.traffic.held, bnorm_plan_unit(plan), least_bytes);
    p.sharing = bnorm_plan_sharing(plan, operation);
    return p;
}

/* ---- strategies, and when each applies, best first ------------------------------------ */

/* Too little work for a team. */
static int small_applies(const prospect *p)
{
    return p->threads == 1 && p->plan->context->seats.threads > 1;
}

/* Shares of cache hold two panels at work, and two that are being evicted. */
static int pipelined_applies(const prospect *p)
{
    return p->sharing > 0;
}

/* What the second pass reads is still in cache. */
static int resident_applies(const prospect *p)
{
    return p->tiles || p->fits > 0;
}

static int stream_applies(const prospect *p)
{
    (void)p;
    return 1;
}

static bnorm_strategy first_that_applies(const prospect *p)
{
    static const struct {
        bnorm_strategy strategy;
        int (*applies)(const prospect *);
    } list[] = {
        {BNORM_STRATEGY_SMALL, small_applies},
        {BNORM_STRATEGY_PIPELINED, pipelined_applies},
        {BNORM_STRATEGY_RESIDENT, resident_applies},
        {BNORM_STRATEGY_STREAM, stream_applies},
    };
    int i = 0;
    while (!list[i].applies(p))
        i++;
    return list[i].strategy;
}

/* What L1 keeps while rows pass through it. */
static int near_bytes(const bnorm_plan *plan)
{
    const size_t l1 = plan->context->machine.l1;
    return (int)(l1 < MOST_L1_BYTES ? l1 : MOST_L1_BYTES) / 16 * 11;
}

/* Whether what an operation (index) reads is more than the caches of so many threads hold. */
static int is_from_memory(const bnorm_plan *plan, int operation, int threads)
{
    const bnorm_traffic once =
        bnorm_traffic_of(operation, BNORM_STRATEGY_RESIDENT, bnorm_plan_is_global(plan));
    const double share = (double)bnorm_topology_cache_share(&plan->context->machine);
    const double times = near_bytes(plan) < BNORM_LARGE_NEAR ? FROM_MEMORY : FROM_MEMORY_LARGE;
    return once.reads * bnorm_plan_matrix_bytes(plan) > times * share * threads;
}

int bnorm_plan_near(const bnorm_plan *plan, int operation, int threads)
{
    return is_from_memory(plan, operation, threads) ? near_bytes(plan) : 0;
}

/* ---- the tuning --------------------------------------------------------------------- */

/* Bytes of the widest part of a row whose sums, and moments of two nodes, stay in L2. */
static int64_t whole_bytes(const bnorm_plan *plan)
{
    const bnorm_machine *machine = &plan->context->machine;
    const int64_t size = (int64_t)plan->kernels->size;
    const int64_t column = BNORM_SUMS * size + 2 * BNORM_MOMENTS_XDY * (int64_t)sizeof(double);
    const int64_t near = (int64_t)machine->l2 / bnorm_max(machine->l2_sharers, 1);
    return bnorm_clamp(near / column * size, BNORM_STREAM_BYTES, WHOLE_BYTES);
}

/* Whether threads take whole rows: of a matrix in memory, and of one whose rows don't end on
 * lines, which have to be folded to be stored past the cache.  Not where narrower blocks stay in
 * cache and a thread's part of whole rows would not, nor in a step, whose blocks of
 * rows stay in L2. */
static int whole_rows_pay(const prospect *p, int operation, int stream)
{
    const int64_t cols = p->plan->problem.cols;
    const int broken = cols % bnorm_plan_unit(p->plan) != 0;
    return !p->plan->panel && 1 << operation != BNORM_STEP &&
           (p->fits == 0 || p->fits >= bnorm_ceil_div(cols, p->threads)) &&
           ((stream && broken) || is_from_memory(p->plan, operation, p->threads));
}

/* Blocks that stay in cache are as narrow as a tile, or as wide as fit. */
static void choose_widths(bnorm_tuning *tuning, const prospect *p, int operation, int forced)
{
    const int64_t size = (int64_t)p->plan->kernels->size, unit = bnorm_plan_unit(p->plan);
    if (p->tiles) {
        tuning->min_bytes = tuning->max_bytes = TILE_BYTES;
    } else if (!forced && whole_rows_pay(p, operation, tuning->stream)) {
        tuning->min_bytes = tuning->max_bytes = whole_bytes(p->plan);
    } else if (p->fits > 0 || forced) {
        tuning->max_bytes = bnorm_clamp(p->fits, unit, BNORM_STREAM_BYTES / size) * size;
        tuning->min_bytes = forced || p->plan->panel
                                ? unit * size
                                : bnorm_min(tuning->min_bytes, tuning->max_bytes);
    }
}

/* What is applied should come from the last-level cache: while a CPU finds lines in L2, it
 * prefetches others from memory too late. */
static int64_t lag_of(const bnorm_plan *plan)
{
    const bnorm_machine *machine = &plan->context->machine;
    const int64_t near = (int64_t)machine->l2 / bnorm_max(machine->l2_sharers, 1);
    return 4 * near <= (int64_t)bnorm_topology_cache_share(machine) ? near : 0;
}

/* Whether what is reduced, so many matrices, is prefetched: not from a cache, whose lines come in
 * time.  Panels and rows of one tile are read in order, and CPUs see to that; but they fall behind
 * where rows end within a vector and x is read alone, or the rows are hardly longer than one. */
static int is_prefetched(const bnorm_plan *plan, int operation, int matrices)
{
    const int reads_x = 1 << operation & (BNORM_FORWARD | BNORM_STEP); /* alone, at first */
    const int64_t cols = plan->problem.cols, lanes = plan->kernels->lanes;
    const double bytes = matrices * bnorm_plan_matrix_bytes(plan);
    if (plan->panel || bytes <= CACHED * (double)plan->context->machine.llc)
        return 0;
    if (cols > plan->kernels->abreast)
        return 1;
    return cols > lanes && cols % lanes != 0 && (reads_x || 4 * cols <= 5 * lanes);
}

bnorm_tuning bnorm_plan_estimate(const bnorm_plan *plan, int operation, int on_lines)
{
    const bnorm_strategy asked = plan->problem.strategy;
    const int64_t size = (int64_t)plan->kernels->size;
    const int forced = asked == BNORM_STRATEGY_RESIDENT || asked == BNORM_STRATEGY_PIPELINED;
    const int64_t least = forced        ? bnorm_plan_unit(plan) * size
                          : plan->panel ? 1
                                        : MEMORY_MIN_BYTES;
    const prospect p = prospect_of(plan, operation, on_lines, least);
    const double matrix = bnorm_plan_matrix_bytes(plan);
    const double llc = (double)plan->context->machine.llc;
    const int into_l1 = plan->problem.cols > plan->kernels->abreast &&
                        bnorm_plan_near(plan, operation, p.threads) >= BNORM_LARGE_NEAR;
    bnorm_tuning tuning = {
        .strategy = asked == BNORM_STRATEGY_AUTO ? first_that_applies(&p) : asked,
        .threads = p.threads,
        .stream = p.traffic.least * matrix >
                  (p.traffic.held == 1 ? PAST_CACHE_X : PAST_CACHE) * llc,
        .min_bytes = matrix >= CACHE_MATRIX_BYTES ? MEMORY_MIN_BYTES : CACHE_MIN_BYTES,
        .max_bytes = BNORM_STREAM_BYTES,
        .ahead_bytes = !is_prefetched(plan, operation, p.traffic.reads) ? 0
                       : p.tiles                       ? TILE_AHEAD_BYTES
                       : into_l1                       ? BNORM_AHEAD_L1_BYTES
                                                       : BNORM_AHEAD_BYTES,
    };
    if (tuning.stream) /* from memory, and to it */
        tuning.lag_bytes = lag_of(plan);
    choose_widths(&tuning, &p, operation, forced);
    return tuning;
}

int64_t bnorm_plan_resident_bytes(const bnorm_plan *plan, int operation)
{
    const bnorm_traffic traffic =
        bnorm_traffic_of(operation, BNORM_STRATEGY_RESIDENT, bnorm_plan_is_global(plan));
    return traffic.held ? resident_cols(plan, traffic.held, bnorm_plan_unit(plan), 1) *
                              (int64_t)plan->kernels->size : 0;
}
