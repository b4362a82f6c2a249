/* SPDX-License-Identifier: BSD-3-Clause */
/* One tile of at most a leaf's rows with all that kernels take, and the kernels by
 * their names. */
#ifndef BENCH_KERNELS_TILE_H
#define BENCH_KERNELS_TILE_H

#include "kernels/kernels.h"

typedef struct {
    bnorm_dtype dtype;
    int rows;
    ptrdiff_t cols, pitch;       /* elements */
    bnorm_source x, dy;          /* dense: ld is cols */
    bnorm_source x_rows;         /* x, to be walked in order */
    bnorm_target y, dx;
    void *sums;                  /* of the tile */
    void *running;               /* sums that calls write, or add to */
    double *moments, *merged;    /* of the tile, and what others are merged into */
    void *coefficients;
    bnorm_reduction leaf;        /* of x and dy, to other moments */
    /* The same elements, but as a panel of BNORM_GROUP columns where that divides cols. */
    bnorm_reduction next;        /* of x and dy */
    bnorm_application now;       /* to x and dy */
    int panel_rows;
    /* For pack and unpack, with ld in bytes: x to panels of BNORM_GROUP columns, and
     * panels to y. */
    bnorm_source rows_in, panels_in;
    bnorm_target rows_out, panels;
    ptrdiff_t row_bytes;
    int panel_bytes;
    void *memory;
} tile;

/* 1 <= rows <= BNORM_LEAF_ROWS; 0, or -1 when out of memory. */
int tile_init(tile *t, bnorm_dtype dtype, int rows, ptrdiff_t cols);

void tile_free(tile *t);

/* The name of kernel 0, 1, ...; NULL behind the last. */
const char *tile_kernel(int kernel);

/* That many calls of a kernel of the table.  Not inlined: budgets.sh counts up to
 * where this function returns. */
void tile_run(const tile *t, const bnorm_kernels *kernels, int kernel, long calls);

#endif
