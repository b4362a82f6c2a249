/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Dense matrices in blocks of columns, for peers that have layouts of their own:
 * element (row, col) is at [(col / w) * rows * w + row * w + col % w], w columns to a
 * block.  w = cols: row-major; 16 and 8: like bnorm's panels; 1: column after column.
 */
#ifndef BENCH_BLOCKS_H
#define BENCH_BLOCKS_H

#include <stddef.h>

#include "bnorm.h"

typedef struct {
    int64_t rows, cols;
    size_t size; /* of an element */
} blocks_shape;

/* Copies between a row-major matrix and blocks of w columns.  Where the last block has
 * fewer, the rest of it is left alone. */
void blocks_from_rows(const blocks_shape *s, bnorm_matrix rows, void *blocks, int64_t w);
void blocks_to_rows(const blocks_shape *s, const void *blocks, int64_t w, bnorm_matrix rows);

#endif
