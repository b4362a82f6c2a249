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

/* Elements in sequence from (row, col) on: the rest of the row, or of its part in
 * the panel. */
static int64_t sequence(const guard *g, int64_t col)
{
    int64_t rest = g->cols - col;
    return g->panel && rest > g->panel - col % g->panel ? g->panel - col % g->panel : rest;
}

static char *element(const guard *g, int64_t row, int64_t col)
{
    int64_t index = g->panel ? col / g->panel * g->matrix.ld + row * g->panel + col % g->panel
                             : row * g->matrix.ld + col;
    return (char *)g->matrix.data + index * (int64_t)data_size(g->dtype);
}

/* elements: from the first to the last of the matrix in memory. */
static int open_map(guard *g, int64_t elements, guard_place place)
{
    const size_t size = data_size(g->dtype), extent = (size_t)elements * size;
    g->page = (size_t)sysconf(_SC_PAGESIZE);
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
    for (size_t at = 0; at < g->usable; at += size)
        memcpy(map + g->page + at, canary(g->dtype), size);
    return 0;
}

int guard_open(guard *g, bnorm_dtype dtype, int64_t rows, int64_t cols, int64_t ld,
               guard_place place)
{
    *g = (guard){.dtype = dtype, .rows = rows, .cols = cols, .matrix.ld = ld};
    return open_map(g, rows > 0 && cols > 0 ? (rows - 1) * ld + cols : 0, place);
}

int guard_open_panels(guard *g, bnorm_dtype dtype, int64_t rows, int64_t cols, int64_t panel,
                      int64_t ld, guard_place place)
{
    *g = (guard){.dtype = dtype, .rows = rows, .cols = cols, .panel = panel, .matrix.ld = ld};
    return open_map(g, cols > 0 ? (cols - 1) / panel * ld + rows * panel : 0, place);
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
    const int64_t step = g->panel ? g->panel : g->cols > 0 ? g->cols : 1;
    for (int64_t col = 0; col < g->cols; col += step) /* in the order of addresses */
        for (int64_t row = 0; row < g->rows; row++) {
            const char *begin = element(g, row, col);
            if (!alive(g, at, begin))
                return 0;
            at = begin + sequence(g, col) * (int64_t)data_size(g->dtype);
        }
    return alive(g, at, end);
}

/* Elements from (row, col) on that lie in sequence in both. */
static int64_t common(const guard *a, const guard *b, int64_t col)
{
    int64_t m = sequence(a, col), n = sequence(b, col);
    return m < n ? m : n;
}

void guard_copy(guard *to, const guard *from)
{
    for (int64_t row = 0; row < to->rows; row++)
        for (int64_t col = 0, n; col < to->cols; col += n) {
            n = common(to, from, col);
            memcpy(element(to, row, col), element(from, row, col),
                   (size_t)n * data_size(to->dtype));
        }
}

int guard_equal(const guard *a, const guard *b)
{
    for (int64_t row = 0; row < a->rows; row++)
        for (int64_t col = 0, n; col < a->cols; col += n) {
            n = common(a, b, col);
            if (memcmp(element(a, row, col), element(b, row, col),
                       (size_t)n * data_size(a->dtype)) != 0)
                return 0;
        }
    return 1;
}

uint64_t guard_hash(uint64_t h, const guard *g)
{
    for (int64_t row = 0; row < g->rows; row++)
        for (int64_t col = 0; col < g->cols; col += sequence(g, col)) {
            const void *at = element(g, row, col);
            h = g->dtype == BNORM_F64 ? harness_hash_f64(h, at, sequence(g, col))
                                      : harness_hash_f32(h, at, sequence(g, col));
        }
    return h;
}
