/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/overlap.h"

#include "base/range.h"

static int64_t span_bytes(const bnorm_region *region)
{
    return ((region->rows - 1) * region->ld + region->cols) * (int64_t)region->size;
}

/* Regions of one ld, b starting `offset` elements after a: the elements (i, j) of
 * a and (i', j') of b coincide when (i - i')*ld + (j - j') = offset. */
static int same_ld(const bnorm_region *a, const bnorm_region *b, int64_t offset)
{
    for (int64_t row = offset / a->ld; row <= offset / a->ld + 1; row++) {
        int64_t col = offset - row * a->ld; /* in (-ld, ld) */
        if (row < a->rows && col < a->cols && -col < b->cols)
            return 1;
    }
    return 0;
}

/* Whether bytes [begin, end) after the start of a touch one of its rows. */
static int touches_row(const bnorm_region *a, int64_t begin, int64_t end)
{
    const int64_t stride = a->ld * (int64_t)a->size, width = a->cols * (int64_t)a->size;
    if (end <= 0)
        return 0;
    /* the first row that ends after begin */
    int64_t row = begin < width ? 0 : (begin - width) / stride + 1;
    return row < a->rows && row * stride < end;
}

int bnorm_regions_overlap(const bnorm_region *a, const bnorm_region *b)
{
    if (!a->data || !b->data || a->rows == 0 || b->rows == 0 || a->cols == 0 || b->cols == 0)
        return 0;
    if ((uintptr_t)b->data < (uintptr_t)a->data) {
        const bnorm_region *swap = a;
        a = b;
        b = swap;
    }
    const uintptr_t distance = (uintptr_t)b->data - (uintptr_t)a->data;
    if (distance >= (uintptr_t)span_bytes(a))
        return 0;
    const int64_t offset = (int64_t)distance;
    if (a->ld == b->ld && a->size == b->size && offset % (int64_t)a->size == 0)
        return same_ld(a, b, offset / (int64_t)a->size);
    if (b->rows == 1)
        return touches_row(a, offset, offset + span_bytes(b));
    if (a->rows == 1)
        return touches_row(b, -offset, span_bytes(a) - offset);
    return 1;
}
