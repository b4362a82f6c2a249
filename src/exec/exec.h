/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One execution: an operation is a list of phases; a phase calls a function for
 * every block of the grid.
 *
 * Without row groups a worker carries its block through all phases, and blocks
 * know nothing of each other.  With row groups the team ends each phase
 * together, and merging phases see a whole column block.
 */
#ifndef BNORM_EXEC_EXEC_H
#define BNORM_EXEC_EXEC_H

#include <stdatomic.h>

#include "plan/nodes.h"
#include "plan/plan.h"
#include "platform/team.h"

typedef struct {
    const bnorm_plan *plan;
    const bnorm_schedule *schedule;
    const bnorm_args *args; /* checked; leading dimensions filled in */
    unsigned operation;
    int global;             /* BNORM_GLOBAL_STATISTICS, or infer */
    int64_t rows;
    const bnorm_grid *grid; /* the schedule's, or one for fewer rows */
    char *workspace;
    const struct bnorm_frame *frames; /* upstream functions that the caller is inside */
    int stream_y, stream_dx; /* non-temporal stores are possible and wanted */
    int fold;               /* rows applied as one (exec/folded.h); 1: each by itself */
    ptrdiff_t lead;         /* elements of outputs before their first whole line; 0: none, or rows
                               are applied from their first element on (exec/folded.h) */
    atomic_int upstream_failed;
} bnorm_run;

/* One block of the grid, and the memory it works in. */
typedef struct {
    bnorm_range rows, cols;
    bnorm_range part;      /* columns of the block, from its first, that a merging phase is for */
    int64_t group, index;  /* row group, column block */
    int64_t slot;          /* of the column block's part of the workspace */
    bnorm_list *list;      /* moments of these rows: kept, or while they are reduced a worker's */
    bnorm_list *kept;      /* for the phase that merges */
    void *coefficients;    /* of the column block */
    void *sums, *y_tile, *dy_tile, *fold_tile;
    double *leaves;        /* moments of a chunk of more than one */
    bnorm_list *fold_list;
    const bnorm_worker *worker;
} bnorm_piece;

typedef void bnorm_phase_work(bnorm_run *run, bnorm_piece *piece);

typedef struct {
    bnorm_phase_work *work;
    int merges; /* for column blocks or parts of them, with group 0's memory */
} bnorm_phase;

/* Run the phases over the grid. */
void bnorm_phases_run(bnorm_run *run, const bnorm_phase *phases, int count);

/* The list of a further row group (from 1 up) of the piece's column block. */
bnorm_list *bnorm_phases_list(const bnorm_run *run, const bnorm_piece *piece, int64_t group);

/* A row of the piece in one of the execution's matrices, and elements from one row
 * to the next.  A piece of panels is part of one panel. */
static inline char *bnorm_piece_at(const bnorm_run *run, const bnorm_piece *piece,
                                   const bnorm_matrix *matrix, int64_t row)
{
    const int64_t panel = run->plan->panel, col = piece->cols.begin;
    int64_t element = panel ? col / panel * matrix->ld + row * panel : row * matrix->ld + col;
    return (char *)matrix->data + (size_t)element * run->plan->kernels->size;
}

static inline int64_t bnorm_piece_ld(const bnorm_run *run, const bnorm_matrix *matrix)
{
    return run->plan->panel ? run->plan->panel : matrix->ld;
}

/* What applications write. */
enum { BNORM_APPLY_Y = 1, BNORM_APPLY_DX = 2 };

/* What the caller gave forward, backward or both to write. */
int bnorm_wanted(const bnorm_run *run);

/* Where a chunk's moments go: a single leaf's to where they will stay. */
double *bnorm_leaves_room(const bnorm_run *run, const bnorm_piece *piece);

/* Reduce a chunk of leaves, or the fewer that there are, from the first of the rows on into the
 * piece's list.  x, dy: from that row on, and then behind what was reduced.  Returns how many
 * rows. */
int64_t bnorm_leaves_reduce(const bnorm_run *run, bnorm_piece *piece, bnorm_source *x,
                            bnorm_source *dy, bnorm_range rows);

/* Reduce rows [begin, end) of the piece, whole leaves, into its list.  dy: the
 * source of dy whose row 0 is row begin of the batch; NULL data: x only. */
void bnorm_reduce_rows(bnorm_run *run, bnorm_piece *piece, bnorm_range rows, bnorm_source dy);

/* How rows are applied: what has just been used, without prefetches; from the first on; or from the
 * last on, where the schedule says so. */
typedef enum { BNORM_AT_HAND, BNORM_UP, BNORM_DOWN } bnorm_way;

/* Apply the piece's coefficients to its rows [begin, end).  dy as above; y where
 * to put y, its row 0 being row begin. */
void bnorm_apply_rows(bnorm_run *run, bnorm_piece *piece, bnorm_range rows, bnorm_way way,
                      bnorm_target y, bnorm_target dx, bnorm_source dy, int what);

/* The execution's own matrices from a row on; sources are prefetched `ahead` rows
 * from where they are read, or as they are applied. */
bnorm_source bnorm_source_at(const bnorm_run *run, const bnorm_piece *piece,
                             const bnorm_matrix *matrix, int64_t row, int64_t ahead);
bnorm_source bnorm_applied_at(const bnorm_run *run, const bnorm_piece *piece,
                              const bnorm_matrix *matrix, int64_t row, bnorm_way way);
bnorm_target bnorm_target_at(const bnorm_run *run, const bnorm_piece *piece,
                             const bnorm_matrix *matrix, int64_t row, int stream);

/* The upstream functions this thread is inside, and whether the plan's is one. */
const struct bnorm_frame *bnorm_step_frames(void);
int bnorm_step_active(const bnorm_plan *plan);

/* Execute an operation.  args are checked and complete; workspace is this
 * execution's own. */
bnorm_status bnorm_execute(const bnorm_plan *plan, unsigned operation, const bnorm_args *args,
                           void *workspace);

#endif
