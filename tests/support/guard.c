/* SPDX-License-Identifier: BSD-3-Clause */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include "support/guard.h"
#include "support/data.h"
#include "support/harness.h"

#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Signalling NaNs: exponent all ones, the quiet bit clear. */
static const uint32_t canary_f32 = UINT32_C(0x7fa5a5a5);
static const uint64_t canary_f64 = UINT64_C(0x7ff5a5a5a5a5a5a5);

static const void *canary(bnorm_dtype dtype)
{
    return dtype == BNORM_F64 ? (const void *)&canary_f64 : (const void *)&canary_f32;
}

static char *element(const guard *g, int64_t row, int64_t col)
{
    return (char *)g->matrix.data + (row * g->matrix.ld + col) * (int64_t)data_size(g->dtype);
}

int guard_open(guard *g, bnorm_dtype dtype, int64_t rows, int64_t cols, int64_t ld,
               guard_place place)
{
    size_t size = data_size(dtype);
    size_t extent = rows > 0 && cols > 0 ? (size_t)((rows - 1) * ld + cols) * size : 0;
    *g = (guard){.dtype = dtype, .rows = rows, .cols = cols, .page = (size_t)sysconf(_SC_PAGESIZE)};
    g->usable = (extent / g->page + 1) * g->page;
    char *map = mmap(NULL, g->usable + 2 * g->page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (map == MAP_FAILED)
        return -1;
    g->map = map;
    if (mprotect(map + g->page, g->usable, PROT_READ | PROT_WRITE) != 0) {
        guard_close(g);
        return -1;
    }
    g->matrix.data = map + g->page + (place == GUARD_END ? g->usable - extent : 0);
    g->matrix.ld = ld;
    for (size_t at = 0; at < g->usable; at += size)
        memcpy(map + g->page + at, canary(dtype), size);
    return 0;
}

void guard_close(guard *g)
{
    if (g->map != NULL)
        munmap(g->map, g->usable + 2 * g->page);
    *g = (guard){0};
}

static int alive(const guard *g, const char *from, const char *to)
{
    size_t size = data_size(g->dtype);
    for (; from < to; from += size)
        if (memcmp(from, canary(g->dtype), size) != 0)
            return 0;
    return 1;
}

int guard_intact(const guard *g)
{
    const char *at = g->map + g->page, *end = at + g->usable;
    for (int64_t row = 0; g->cols > 0 && row < g->rows; row++) {
        if (!alive(g, at, element(g, row, 0)))
            return 0;
        at = element(g, row, g->cols);
    }
    return alive(g, at, end);
}

void guard_copy(guard *to, const guard *from)
{
    for (int64_t row = 0; row < to->rows; row++)
        memcpy(element(to, row, 0), element(from, row, 0),
               (size_t)to->cols * data_size(to->dtype));
}

int guard_equal(const guard *a, const guard *b)
{
    for (int64_t row = 0; row < a->rows; row++)
        if (memcmp(element(a, row, 0), element(b, row, 0),
                   (size_t)a->cols * data_size(a->dtype)) != 0)
            return 0;
    return 1;
}

uint64_t guard_hash(uint64_t h, const guard *g)
{
    for (int64_t row = 0; row < g->rows; row++) {
        const void *at = element(g, row, 0);
        h = g->dtype == BNORM_F64 ? harness_hash_f64(h, at, g->cols)
                                  : harness_hash_f32(h, at, g->cols);
    }
    return h;
}
