/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The partition as a pure function from problem, machine and threads to a grid: the
 * factors it depends on, and the properties that every grid has.  No threads run.
 */
#ifndef TESTS_GRIDS_H
#define TESTS_GRIDS_H

#include "plan/partition.h"
#include "platform/seats.h"

enum { /* factors: what seats depend on, then the others */
    GRIDS_MACHINE, /* nodes and their cores */
    GRIDS_THREADS,
    GRIDS_SMT,
    GRIDS_BINDING,
    GRIDS_SEATED,
    GRIDS_LAYOUT = GRIDS_SEATED, /* row-major or panels, columns of a line or a panel */
    GRIDS_COLS,
    GRIDS_ROWS,
    GRIDS_LIMITS, /* of the widths of blocks */
    GRIDS_GROUPS, /* at most so many */
    GRIDS_SHARDS, /* by seats, or made by hand */
    GRIDS_FACTORS
};

extern const int grids_levels[GRIDS_FACTORS];

typedef struct {
    bnorm_division division; /* of seats.count and shards below */
    bnorm_seats seats;
    bnorm_shards shards;
    int by_seats; /* shards are in proportion to seats */
    int64_t shorter; /* rows of a shorter execution */
} grids_case;

/* The case with these levels.  0, or -1 when out of memory. */
int grids_make(grids_case *c, const int *level);

/* Seats on `nodes` nodes, and their shards of division.rows or panels. */
void grids_seats(grids_case *c, int nodes, const int *count);

/* Divide, for all rows and for the shorter execution; 1, with a note, when a property
 * does not hold; else 0. */
int grids_report(const grids_case *c);

/* What is wrong with a grid; NULL: nothing. */
const char *grids_wrong(const grids_case *c, const bnorm_grid *grid);
const char *grids_shorter_wrong(const grids_case *c, const bnorm_grid *grid, int64_t rows);

#endif
