/* SPDX-License-Identifier: BSD-3-Clause */
/* What a plan holds: everything an execution needs and nothing it changes,
 * except the pool of workspaces. */
#ifndef BNORM_PLAN_PLAN_H
#define BNORM_PLAN_PLAN_H

#include "bnorm.h"
#include "kernels/kernels.h"
#include "plan/partition.h"
#include "platform/pool.h"
#include "platform/seats.h"

enum { BNORM_OPERATIONS = 5, BNORM_TEXT_BYTES = 2048 };

struct bnorm_context {
    bnorm_machine machine;
    bnorm_seats seats; /* threads, and where they run */
    bnorm_pages pages;
    const bnorm_kernels *kernels;
    bnorm_log *log;
    void *log_user;
    struct bnorm_wisdom *wisdom; /* what measuring has found; guards itself */
    char text[256];
};

/* Room for a list of nodes: its head, then moments. */
typedef struct {
    int nodes;
    size_t moments, bytes;
} bnorm_list_room;

/* Where things lie in a workspace, in bytes: a part for each worker, then one for
 * each column block (the list that ends up holding the whole batch, and its coefficients;
 * of a worker, those of all blocks it has reduced and not yet applied), then one for the
 * list of each further row group but the last, then for that of the last. */
typedef struct {
    int64_t pitch; /* elements of a plane: the widest block, padded */
    int planes;    /* of moments: 0, 2 or 4 */
    int chunk;      /* leaves that are reduced, and then merged */
    size_t sums, leaves, list, y_tile, dy_tile, folded, fold_tile, worker_bytes;
    size_t columns, column_bytes, coefficients, coefficient_bytes;
    size_t groups, last_groups;
    bnorm_list_room work_list; /* of a worker: row groups are reduced to it, and then kept in one
                                  of those below; no room: to those at once */
    bnorm_list_room column_list, group_list, last_list, fold_list;
    size_t total;
} bnorm_workspace;

/* At most so many rows are applied as one.  In matrices of at most so many columns as many
 * ranges of rows are reduced side by side, each to a node of that level (exec/folded.h). */
enum { BNORM_FOLD = BNORM_GROUP, BNORM_FOLD_COLS = 7, BNORM_FOLD_LEVEL = 3 };

/* What is chosen freely: time depends on it, and no result does. */
typedef struct {
    bnorm_strategy strategy; /* not AUTO */
    int threads;             /* at most so many, and one on every node that has seats */
    int stream;              /* non-temporal stores, where lines are whole */
    int64_t min_bytes;       /* of a block's part of a row, rather than divide columns */
    int64_t max_bytes;       /* the same, at most, and not less; panels are as wide as
                                they are */
    int64_t ahead_bytes;     /* how far ahead is prefetched: 0 is not at all; nor is less than a
                                row, but where blocks are wide it is as far as pays */
    int64_t lag_bytes;       /* pipelined: what is read at least from a block's reduction to
                                its application, where there are blocks enough */
} bnorm_tuning;

/* How one operation runs. */
typedef struct {
    bnorm_tuning tuning;     /* what the rest follows from */
    int gain;                /* the estimate's time / this one's, in thousandths, as
                                measured; 0: this is the estimate's choice */
    bnorm_strategy strategy; /* what the tuning's comes to on this grid */
    int threads;
    bnorm_grid grid;         /* for problem.rows */
    int64_t reduce_ahead, apply_ahead; /* rows from what a pass reads to what it
                                prefetches; 0: none; negative: what lies before */
    int down;                /* an application goes backwards */
    int near;                /* row by row while L1 keeps what a row needs: so many bytes; 0: in
                                bands */
    int lag;                 /* a worker applies the block that it reduced so many blocks ago */
    int64_t step_rows;       /* rows of an upstream block: whole leaves */
    int fold;                /* rows applied as one, where no gap is between them */
    int stream;              /* non-temporal stores, where lines are whole */
    double read, written, compulsory; /* bytes to and from memory */
    bnorm_workspace workspace;
} bnorm_schedule;

struct bnorm_plan {
    const bnorm_context *context;
    bnorm_problem problem;
    const bnorm_kernels *table;       /* the context's, or one with shorter vectors */
    const bnorm_kernel_set *kernels;  /* of it */
    int64_t panel;      /* columns of a panel; 0: row-major */
    bnorm_shards shards; /* which node owns what of the matrices: leaves, or panels */
    bnorm_schedule schedule[BNORM_OPERATIONS]; /* by bit of the operation */
    bnorm_schedule off_lines[BNORM_OPERATIONS]; /* the same for matrices whose rows do not begin on
                                                   cache lines; no threads: that one */
    size_t workspace_bytes;  /* the largest of the schedules */
    bnorm_pool pool;
    char text[BNORM_TEXT_BYTES];
};

/* Index of the one bit of operation; -1 when there is not exactly one. */
int bnorm_operation_index(unsigned operation);
const char *bnorm_operation_name(int index);
const char *bnorm_strategy_name(bnorm_strategy strategy);

/* Fail when operation is not exactly one, or not among the plan's. */
bnorm_status bnorm_plan_has(const bnorm_plan *plan, unsigned operation);

/* Bytes of the widest part of a row-major row that an estimate's blocks have, as far as the
 * matrix is not read from memory: more columns' running sums, loaded and stored for each
 * band of rows, fall out of L1. */
enum { BNORM_STREAM_BYTES = 4096 };

/* Prefetches go far enough ahead for memory: into L2, or into L1 where that is large. */
enum { BNORM_AHEAD_BYTES = 16 << 10, BNORM_AHEAD_L1_BYTES = 4 << 10 };

/* Whether rows may be applied from their first whole line on (exec/folded.h): threads have whole
 * ones, and write past the cache.  Their coefficients take one group more. */
static inline int bnorm_schedule_turns(const bnorm_schedule *schedule)
{
    return schedule->stream && !schedule->grid.panels && schedule->grid.col_blocks == 1;
}

/* Columns of a cache line, or of a panel. */
static inline int64_t bnorm_plan_unit(const bnorm_plan *plan)
{
    return plan->panel ? plan->panel : BNORM_LINE / (int64_t)plan->kernels->size;
}

/* Columns whose sums and coefficients stay in registers, or of a panel: NARROW of the
 * kernels. */
static inline int64_t bnorm_plan_tile_cols(const bnorm_plan *plan)
{
    return bnorm_max(plan->kernels->abreast, BNORM_GROUP);
}

static inline double bnorm_plan_matrix_bytes(const bnorm_plan *plan)
{
    return (double)plan->problem.rows * (double)plan->problem.cols * (double)plan->kernels->size;
}

static inline int bnorm_plan_is_global(const bnorm_plan *plan)
{
    return (plan->problem.flags & BNORM_GLOBAL_STATISTICS) != 0;
}

/* Fill everything but the pool.  plan->shards that are there on entry are kept:
 * where the matrices already lie. */
void bnorm_plan_schedule(bnorm_plan *plan);

/* What bnorm_plan_schedule chooses for an operation (index): the first strategy that
 * applies, and its blocks (plan/estimate.c).  on_lines: rows begin on cache lines. */
bnorm_tuning bnorm_plan_estimate(const bnorm_plan *plan, int operation, int on_lines);

/* The widest part of a row, in bytes, whose blocks would stay in a thread's share of
 * cache from pass to pass of an operation (index); 0: none, or there is one pass. */
int64_t bnorm_plan_resident_bytes(const bnorm_plan *plan, int operation);

/* The fewest threads of a node that hold panels in their shares of cache, if their rows are
 * divided among them, while one is reduced and another applied: 1, or as many as share a panel;
 * 0: a node has too few, or there is nothing to hold. */
int64_t bnorm_plan_sharing(const bnorm_plan *plan, int operation);

/* What L1 keeps beside the rows that pass through it, in bytes, where an operation reads them from
 * memory; 0: it doesn't. */
int bnorm_plan_near(const bnorm_plan *plan, int operation, int threads);

/* Schedule a declared operation (index) anew; plan->workspace_bytes may grow.  Matrices off
 * lines are scheduled by the estimate where the tuning's blocks need lines, if that has wider
 * ones. */
void bnorm_plan_tune(bnorm_plan *plan, int operation, const bnorm_tuning *tuning);

/* Write plan->text. */
void bnorm_plan_write_text(bnorm_plan *plan);

#endif
