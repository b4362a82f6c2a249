/* SPDX-License-Identifier: BSD-3-Clause */
#include "tile.h"

#include <stdlib.h>
#include <string.h>

#include "support/data.h"

/* As often as its elements, taken for one column, fill leaves of ranges. */
static void lay_tile(const bnorm_kernels *kernels, const tile *t)
{
    const ptrdiff_t size = (ptrdiff_t)data_size(t->dtype), range = BNORM_LEAF_ROWS * size;
    const ptrdiff_t some = BNORM_GROUP * range, all = t->rows * t->cols * size;
    for (ptrdiff_t at = 0; at + some <= all; at += some)
        kernels->lay((char *)t->y.data + at, (const char *)t->x.data + at, range, 0, size);
}

/* Its elements in rows that end within a vector of a tile, leaf by leaf. */
static void sum_narrow(const bnorm_kernel_set *set, const tile *t)
{
    const ptrdiff_t narrow = set->abreast - set->lanes / 2;
    const ptrdiff_t cols = t->cols < narrow ? t->cols : narrow, leaf = BNORM_LEAF_ROWS * cols;
    bnorm_source x = {t->x.data, cols, 0, 0, 0}, dy = {t->dy.data, cols, 0, 0, 0};
    for (ptrdiff_t at = 0; at + leaf <= t->rows * t->cols; at += leaf) {
        set->sum_xdy(t->running, &x, x.data, &dy, dy.data, BNORM_LEAF_ROWS, cols);
        bnorm_source_skip(&x, BNORM_LEAF_ROWS, set->size);
        bnorm_source_skip(&dy, BNORM_LEAF_ROWS, set->size);
    }
}

typedef void kernel_call(const bnorm_kernels *kernels, const bnorm_kernel_set *set, const tile *t);

#define KERNEL(name, call)                                                                         \
    static void call_##name(const bnorm_kernels *kernels, const bnorm_kernel_set *set,             \
                            const tile *t)                                                         \
    {                                                                                              \
        (void)kernels;                                                                             \
        (void)set;                                                                                 \
        call;                                                                                      \
    }
#include "calls.def"

static const struct {
    const char *name;
    kernel_call *call;
} list[] = {
#define KERNEL(name, call) {#name, call_##name},
#include "calls.def"
};

enum { KERNELS = sizeof list / sizeof *list };

const char *tile_kernel(int kernel)
{
    return kernel >= 0 && kernel < KERNELS ? list[kernel].name : NULL;
}

void tile_run(const tile *t, const bnorm_kernels *kernels, int kernel, long calls)
{
    for (long i = 0; i < calls; i++)
        list[kernel].call(kernels, &kernels->dtype[t->dtype], t);
}

/* Memory that is handed out in order; without a base it is only measured. */
typedef struct {
    char *base;
    size_t used;
} store;

/* Arrays that begin at the same place of a page would have their loads wait for each
 * other's stores: an odd number of lines lies between them. */
static void *take(store *from, size_t bytes)
{
    void *taken = from->base ? from->base + from->used : NULL;
    from->used += (bytes + BNORM_LINE - 1) / BNORM_LINE * BNORM_LINE + 5 * BNORM_LINE;
    return taken;
}

static void lay_out(tile *t, store *from)
{
    const size_t size = data_size(t->dtype), pitch = (size_t)t->pitch, rows = (size_t)t->rows;
    const size_t bytes = rows * (size_t)t->cols * size;
    t->x = (bnorm_source){take(from, bytes), t->cols, 0, 0, 0};
    t->dy = (bnorm_source){take(from, bytes), t->cols, 0, 0, 0};
    t->x_rows = (bnorm_source){t->x.data, t->cols, 0, 22 << 10, 0}; /* of 32 KiB */
    t->y = (bnorm_target){take(from, bytes), t->cols, 0};
    t->dx = (bnorm_target){take(from, bytes), t->cols, 0};
    t->sums = take(from, BNORM_SUMS * pitch * size);
    t->running = take(from, BNORM_SUMS * pitch * size);
    t->moments = take(from, BNORM_MOMENTS_XDY * pitch * sizeof(double));
    t->merged = take(from, BNORM_MOMENTS_XDY * pitch * sizeof(double));
    t->coefficients = take(from, BNORM_COEFFICIENTS * pitch * size);
    t->leaf = (bnorm_reduction){t->running, take(from, BNORM_MOMENTS_XDY * pitch * sizeof(double)),
                                t->pitch, t->x, t->dy, t->cols};
    const ptrdiff_t width = t->cols % BNORM_GROUP == 0 ? BNORM_GROUP : t->cols;
    const size_t group = (size_t)(width + BNORM_GROUP - 1) / BNORM_GROUP * BNORM_GROUP;
    t->panel_rows = (int)(t->rows * t->cols / width);
    const size_t leaves = (size_t)(t->panel_rows + BNORM_LEAF_ROWS - 1) / BNORM_LEAF_ROWS;
    double *moments = take(from, leaves * BNORM_MOMENTS_XDY * group * sizeof(double));
    t->next = (bnorm_reduction){t->running, moments, (ptrdiff_t)group, t->x, t->dy, width};
    t->now = (bnorm_application){t->y, t->dx, t->x, t->dy, t->coefficients, width};
    t->next.x.ld = t->next.dy.ld = width;
    t->now.x.ld = t->now.dy.ld = t->now.y.ld = t->now.dx.ld = width;
    t->row_bytes = t->cols * (ptrdiff_t)size;
    t->panel_bytes = BNORM_GROUP * (int)size;
    t->panels = (bnorm_target){take(from, rows * pitch * size), t->rows * t->panel_bytes, 0};
    t->panels_in = (bnorm_source){t->panels.data, t->panels.ld, 0, 0, 0};
    t->rows_in = (bnorm_source){t->x.data, t->row_bytes, 0, 0, 0};
    t->rows_out = (bnorm_target){t->y.data, t->row_bytes, 0};
}

int tile_init(tile *t, bnorm_dtype dtype, int rows, ptrdiff_t cols)
{
    const ptrdiff_t pitch = (cols + BNORM_GROUP - 1) / BNORM_GROUP * BNORM_GROUP;
    const size_t page = 4096;
    store memory = {NULL, 0};
    *t = (tile){.dtype = dtype, .rows = rows, .cols = cols, .pitch = pitch};
    lay_out(t, &memory);
    const size_t bytes = (memory.used + page - 1) / page * page;
    t->memory = aligned_alloc(page, bytes);
    if (!t->memory)
        return -1;
    memset(t->memory, 0, bytes);
    memory = (store){t->memory, 0};
    lay_out(t, &memory);

    data_vector(dtype, (void *)t->x.data, rows * cols, 0.5, 1, 1);
    data_vector(dtype, (void *)t->dy.data, rows * cols, -0.25, 1, 2);
    data_vector(dtype, t->coefficients, BNORM_COEFFICIENTS * pitch, 1, 0.125, 3);
    /* Sums that leaf kernels trust, and moments to merge: the same from any table. */
    const bnorm_kernel_set *set = &bnorm_kernels_best()->dtype[dtype];
    set->sum_xdy(t->sums, &t->x, t->x.data, &t->dy, t->dy.data, rows, cols);
    set->leaf_xdy(t->moments, pitch, t->sums, &t->x, &t->dy, rows, cols);
    memcpy(t->merged, t->moments, BNORM_MOMENTS_XDY * (size_t)pitch * sizeof(double));
    return 0;
}

void tile_free(tile *t)
{
    free(t->memory);
    t->memory = NULL;
}
