/* SPDX-License-Identifier: BSD-3-Clause */
/* Sizes in bytes that all layers share. */
#ifndef BNORM_BASE_SIZES_H
#define BNORM_BASE_SIZES_H

#include "bnorm.h"

enum {
    BNORM_LINE = 64,          /* a cache line */
    BNORM_HUGE_PAGE = 1 << 21
};

static inline int bnorm_dtype_size(bnorm_dtype dtype)
{
    return dtype == BNORM_F32 ? 4 : 8;
}

#endif
