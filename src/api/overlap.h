/* SPDX-License-Identifier: BSD-3-Clause */
/* Whether pieces of memory share an element. */
#ifndef BNORM_API_OVERLAP_H
#define BNORM_API_OVERLAP_H

#include <stddef.h>
#include <stdint.h>

/* rows x cols elements of size bytes, ld elements apart; a vector has one row. */
typedef struct {
    const void *data;
    int64_t rows, cols, ld;
    size_t size;
} bnorm_region;

/* Exact for two regions of one ld and size (column slices of a wide matrix are
 * apart) and for a vector and a region; otherwise by first and last byte. */
int bnorm_regions_overlap(const bnorm_region *a, const bnorm_region *b);

#endif
