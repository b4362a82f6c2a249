/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The leaf code: plain functions over pointers and counts.  Single-threaded, no
 * allocation, no state.  One table per ISA, filled from one template
 * (kernels.c), and all tables give the same bits.
 *
 * A tile is rows x cols elements, ld elements from one row to the next.  Tails
 * of columns are read and written by partial loads and stores: nothing outside
 * the tile is touched.
 *
 * The working arrays are aligned to a cache line and padded to whole groups of
 * BNORM_GROUP columns; the padding may be overwritten.  Moments are planes of
 * `pitch` doubles.  Sums and coefficients, which the inner loops walk, lie group
 * by group with a group's planes side by side: planes a power of two apart would
 * compete with the rows of the matrix for the same cache sets.
 */
#ifndef BNORM_KERNELS_KERNELS_H
#define BNORM_KERNELS_KERNELS_H

#include <stddef.h>
#include <stdint.h>

#include "base/sizes.h"
#include "bnorm.h"

enum {
    BNORM_LEAF_ROWS = 64,  /* consecutive rows reduced in the stored type */
    BNORM_GROUP = 16,      /* columns */
    BNORM_BAND = 4,        /* rows at a time of a tile that is wider than registers */
    BNORM_LARGE_NEAR = 32 << 10, /* bytes that stay near, from which on L1 is large */
    BNORM_PIECE = 32,      /* bytes: a row of the narrowest panel */
    BNORM_DTYPES = BNORM_F64 + 1
};

/* Sums of one leaf, in the stored type.  u = x - (the leaf's first x of that
 * column), v = dy - (its first dy). */
enum { BNORM_SUM_U, BNORM_SUM_UU, BNORM_SUM_V, BNORM_SUM_VV, BNORM_SUM_UV, BNORM_SUMS };

/* Moments of a set of rows, in double.  Forward needs the first two. */
enum {
    BNORM_MEAN_X,
    BNORM_M2, /* sum (x - mean_x)^2 */
    BNORM_MOMENTS_X,
    BNORM_MEAN_DY = BNORM_MOMENTS_X,
    BNORM_COMOMENT, /* sum (x - mean_x)(dy - mean_dy) */
    BNORM_MOMENTS_XDY
};

/* What the application of forward and backward needs per column, in the stored
 * type: y = (x - X_HI) * SCALE + SHIFT,
 * dx = ((dy - DY_HI) - ((x - X_HI) * RSTD) * SLOPE) * DX_SCALE + DX_SHIFT. */
enum {
    BNORM_X_HI,
    BNORM_SCALE,
    BNORM_SHIFT,
    BNORM_COEFFICIENTS_Y,
    BNORM_DY_HI = BNORM_COEFFICIENTS_Y,
    BNORM_RSTD,
    BNORM_SLOPE,
    BNORM_DX_SCALE,
    BNORM_DX_SHIFT,
    BNORM_SPARE, /* not used: as their count is odd, what an operation needs of a row of groups
                    spreads over all sets of L1 */
    BNORM_COEFFICIENTS
};

/* Where plane `plane` of column `col` is, in elements, among `planes` planes. */
static inline ptrdiff_t bnorm_group_at(int planes, int plane, ptrdiff_t col)
{
    return (col / BNORM_GROUP * planes + plane) * BNORM_GROUP + col % BNORM_GROUP;
}

/* Arrays as long as a row that a walk uses: sums and the leaf's first row, or coefficients. */
enum {
    BNORM_SUM_ARRAYS_X = BNORM_SUM_V + 1,
    BNORM_SUM_ARRAYS = BNORM_SUMS + 2,
    BNORM_BACKWARD_ARRAYS = BNORM_SPARE - 2,
    BNORM_BOTH_ARRAYS = BNORM_SPARE
};

/* How rows wider than a tile are walked: a few at a time, a vector or two of each after the other;
 * one by one, as memory is read fastest, while L1 keeps their arrays, and if it is large, a part of
 * the rows ahead, too; or all rows of a tile of several lines, and then of the next one, which
 * CPUs follow from row to row if L1 is large. */
typedef enum { BNORM_IN_BANDS, BNORM_BY_ROWS, BNORM_BY_ROWS_IN_L1, BNORM_IN_HIGH_TILES } bnorm_walk;

/* Whether rows of cols elements, ld from one to the next, follow each other, or nearly. */
static inline int bnorm_is_dense(ptrdiff_t ld, ptrdiff_t cols)
{
    return ld - cols <= cols / 8;
}

/* Of rows of cols elements that follow each other, or not, where L1 keeps `near` bytes of arrays.
 * tile: elements. */
static inline bnorm_walk bnorm_walk_of(int near, ptrdiff_t cols, int dense, int arrays, size_t size,
                                       int tile)
{
    const int large = near >= BNORM_LARGE_NEAR;
    if (dense && cols <= near / (arrays * (ptrdiff_t)size))
        return large ? BNORM_BY_ROWS_IN_L1 : BNORM_BY_ROWS;
    return large && tile * size >= 4 * BNORM_LINE ? BNORM_IN_HIGH_TILES : BNORM_IN_BANDS;
}

typedef struct {
    const void *data;
    ptrdiff_t ld;
    ptrdiff_t ahead; /* elements from what is read to what is prefetched; 0: none */
    int near;        /* as x has it: row by row while sums or coefficients of a row are not more
                        bytes, which L1 keeps meanwhile: the fastest from memory; 0: a band at a
                        time, the fastest from cache */
    int down;        /* as x has it, in applications that don't walk one tile: from the last row
                        on, and in it from the last tile; or from the last band */
} bnorm_source;

typedef struct {
    void *data;
    ptrdiff_t ld;
    int stream; /* non-temporal stores: data and ld multiples of a cache line */
} bnorm_target;

/* As many rows further on, of elements of size bytes; nothing stays nothing. */
static inline void bnorm_source_skip(bnorm_source *source, int64_t rows, size_t size)
{
    if (source->data)
        source->data = (const char *)source->data + (ptrdiff_t)size * source->ld * rows;
}

static inline void bnorm_target_skip(bnorm_target *target, int64_t rows, size_t size)
{
    if (target->data)
        target->data = (char *)target->data + (ptrdiff_t)size * target->ld * rows;
}

/* Leaves to turn into moments, and rows to apply coefficients to.  A kernel without dy and dx
 * leaves them alone; one without y, y. */
typedef struct {
    void *sums;      /* to work in: one leaf's */
    double *moments; /* leaf after leaf: BNORM_MOMENTS_X planes each without dy, else _XDY */
    ptrdiff_t pitch;
    bnorm_source x, dy;
    ptrdiff_t cols;
} bnorm_reduction;

typedef struct {
    bnorm_target y, dx;
    bnorm_source x, dy;
    const void *coefficients;
    ptrdiff_t cols;
} bnorm_application;

typedef struct {
    size_t size; /* bytes of an element */
    int lanes;   /* elements of a vector */
    int abreast; /* columns whose sums are in registers at once */

    /* Add rows to the sums of a leaf, in row order.  first_x, first_dy: the
     * leaf's first row.  sums: groups of BNORM_SUMS planes. */
    void (*sum_x)(void *sums, const bnorm_source *x, const void *first_x, int rows,
                  ptrdiff_t cols);
    void (*sum_xdy)(void *sums, const bnorm_source *x, const void *first_x, const bnorm_source *dy,
                    const void *first_dy, int rows, ptrdiff_t cols);

    /* Turn the sums of a leaf (1 <= rows <= BNORM_LEAF_ROWS) into moments.
     * Columns whose sums are not trustworthy are reduced again, carefully, from
     * the leaf itself: x (and dy) are all its rows. */
    void (*leaf_x)(double *moments, ptrdiff_t pitch, const void *sums, const bnorm_source *x,
                   int rows, ptrdiff_t cols);
    void (*leaf_xdy)(double *moments, ptrdiff_t pitch, const void *sums, const bnorm_source *x,
                     const bnorm_source *dy, int rows, ptrdiff_t cols);

    /* Both of each leaf of the rows, the last one of which may be shorter.  The library
     * calls these; the parts above are there to be tested and measured by themselves. */
    void (*leaves_x)(const bnorm_reduction *r, int64_t rows);
    void (*leaves_xdy)(const bnorm_reduction *r, int64_t rows);

    /* a = a merged with b, rows_a and rows_b rows each (Chan, Golub, LeVeque
     * 1983). */
    void (*merge_x)(double *a, const double *b, ptrdiff_t pitch, double rows_a, double rows_b,
                    ptrdiff_t cols);
    void (*merge_xdy)(double *a, const double *b, ptrdiff_t pitch, double rows_a, double rows_b,
                      ptrdiff_t cols);

    /* y may be x, dx may be dy: exactly, or not at all.  coefficients: groups of
     * BNORM_COEFFICIENTS planes. */
    void (*forward)(bnorm_target y, bnorm_source x, const void *coefficients, int64_t rows,
                    ptrdiff_t cols);
    void (*backward)(bnorm_target dx, bnorm_source x, bnorm_source dy, const void *coefficients,
                     int64_t rows, ptrdiff_t cols);
    void (*both)(bnorm_target y, bnorm_target dx, bnorm_source x, bnorm_source dy,
                 const void *coefficients, int64_t rows, ptrdiff_t cols);

    /* leaf_x of each leaf of one panel and forward of another, leaf_xdy and backward,
     * leaf_xdy and both: as many rows of each, one at least, in turns of a few, without prefetches.
     * Returns 0, with nothing done, where they are not panels of BNORM_GROUP columns or
     * half as many, or not of whole vectors. */
    int (*next_forward)(const bnorm_reduction *next, const bnorm_application *now, int64_t rows);
    int (*next_backward)(const bnorm_reduction *next, const bnorm_application *now, int64_t rows);
    int (*next_both)(const bnorm_reduction *next, const bnorm_application *now, int64_t rows);
} bnorm_kernel_set;

typedef struct {
    const char *isa;
    bnorm_kernel_set dtype[BNORM_DTYPES]; /* indexed by bnorm_dtype */

    /* Copy rows, bit for bit, between a row-major matrix and panels: `bytes` of each
     * row, in panels whose rows are `width` bytes: 1, 2 or 4 pieces.  In these two, ld
     * is in bytes: a matrix's from row to row, panels' from panel to panel; ahead is
     * not used.  pack writes zeros behind the last column.  stream: non-temporal stores
     * as far as lines can be written whole. */
    void (*pack)(bnorm_target panels, bnorm_source from, int64_t rows, ptrdiff_t bytes, int width);
    void (*unpack)(bnorm_target to, bnorm_source panels, int64_t rows, ptrdiff_t bytes, int width);

    /* Put a leaf of each of BNORM_GROUP ranges of rows into a tile, bit for bit, a row of each
     * side by side: from their row `row` on.  Rows have `bytes`, a multiple of 4; one range
     * follows the other, `apart` bytes from it. */
    void (*lay)(void *tile, const void *ranges, ptrdiff_t apart, ptrdiff_t row, ptrdiff_t bytes);

    /* Order this thread's non-temporal stores before whatever tells others that
     * the data are there. */
    void (*fence)(void);
} bnorm_kernels;

/* The table named isa; source says where the name came from.  ARGUMENT: no such
 * name; UNSUPPORTED: this CPU lacks it. */
bnorm_status bnorm_kernels_select(const bnorm_kernels **kernels, const char *isa,
                                  const char *source);

/* `kernels`, or where its vectors of dtype are wider than a row of cols columns, so
 * that every load would be a partial one, the next in the list whose are not and
 * that this CPU can run. */
const bnorm_kernels *bnorm_kernels_for_width(const bnorm_kernels *kernels, bnorm_dtype dtype,
                                             int64_t cols);

/* The best table this CPU can run. */
const bnorm_kernels *bnorm_kernels_best(void);

#endif
