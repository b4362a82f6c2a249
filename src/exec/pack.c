/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/pack.h"

#include "platform/team.h"

enum {
    ITEM_BYTES = 64 << 10, /* at least: a team takes some time to wake up */
    ITEM_LEAVES = 4,       /* rows of an item, in leaves: at least */
    ITEMS_PER_THREAD = 4,  /* at least, where there is enough to divide */
    RANGE_BYTES = 8192     /* of a row at a time: a band of it, and the next, are in L2 */
};

typedef struct {
    const bnorm_plan *plan;
    bnorm_copy_direction direction;
    char *matrix, *panels;
    size_t row_ld, panel_ld;   /* bytes */
    int64_t cols;
    int width;                 /* bytes of a panel's row */
    int stream;                /* the target is larger than the caches */
    int64_t edge[BNORM_MOST_SHARDS + 1]; /* part i: panels edge[i] .. edge[i + 1] - 1 */
    bnorm_grid grid;           /* row groups x parts; its shards: which node's part i is */
} copying;

/* Rows of some panels. */
static void copy_range(const copying *c, bnorm_range rows, bnorm_range panels)
{
    const bnorm_kernels *kernels = c->plan->context->kernels;
    const size_t width = (size_t)c->width, size = c->plan->kernels->size;
    const int64_t begin = panels.begin * c->plan->panel;
    const int64_t end = bnorm_min(panels.end * c->plan->panel, c->cols);
    const int64_t bytes = (end - begin) * (int64_t)size, count = rows.end - rows.begin;
    char *matrix = c->matrix + (size_t)rows.begin * c->row_ld + (size_t)begin * size;
    char *panel =
        c->panels + (size_t)panels.begin * c->panel_ld + (size_t)rows.begin * width;
    const ptrdiff_t row_ld = (ptrdiff_t)c->row_ld, panel_ld = (ptrdiff_t)c->panel_ld;

    if (c->direction == BNORM_TO_PANELS)
        kernels->pack((bnorm_target){panel, panel_ld, c->stream},
                      (bnorm_source){matrix, row_ld, 0, 0, 0}, count, bytes, c->width);
    else
        kernels->unpack((bnorm_target){matrix, row_ld, c->stream},
                        (bnorm_source){panel, panel_ld, 0, 0, 0}, count, bytes, c->width);
}

static void copy_item(void *data, int64_t item, const bnorm_worker *worker)
{
    const copying *c = data;
    const bnorm_place place = bnorm_grid_item(&c->grid, item);
    const bnorm_range rows = bnorm_grid_rows(&c->grid, place.group);
    const int64_t end = c->edge[place.block + 1], step = RANGE_BYTES / c->width;

    (void)worker;
    for (int64_t panel = c->edge[place.block]; panel < end; panel += step)
        copy_range(c, rows, (bnorm_range){panel, bnorm_min(panel + step, end)});
    if (c->stream)
        c->plan->context->kernels->fence();
}

/* Items: a few leaves of a node's panels, or with few rows of a part of them. */
static void divide(copying *c, int64_t rows)
{
    const bnorm_shards *shards = &c->plan->shards;
    const int64_t threads = c->plan->context->seats.threads;
    const int64_t most_items =
        bnorm_max(rows * c->cols * (int64_t)c->plan->kernels->size / ITEM_BYTES, 1);
    const int64_t groups =
        bnorm_min(bnorm_ceil_div(bnorm_leaf_count(rows), ITEM_LEAVES), most_items);
    const int64_t wanted =
        bnorm_ceil_div(bnorm_min(ITEMS_PER_THREAD * threads, most_items), groups);
    bnorm_shards *parts = &c->grid.shards;

    for (int i = 0; i < shards->count; i++) {
        const bnorm_shard *shard = &shards->shard[i];
        const int64_t length = shard->end - shard->begin;
        const int64_t most = bnorm_min(length, BNORM_MOST_SHARDS / shards->count);
        const int64_t count = bnorm_min(most, bnorm_ceil_div(wanted, shards->count));
        for (int64_t part = 0; part < count; part++) {
            c->edge[parts->count] =
                shard->begin + bnorm_range_part(length, count, part).begin;
            parts->shard[parts->count] =
                (bnorm_shard){parts->count, parts->count + 1, 1, shard->node};
            c->edge[++parts->count] = shard->end;
        }
    }
    c->grid.rows = rows;
    c->grid.panels = 1;
    c->grid.row_groups = groups;
    c->grid.col_blocks = parts->count;
    bnorm_grid_number(&c->grid);
}

void bnorm_copy(const bnorm_plan *plan, int64_t rows, const bnorm_matrix *matrix,
                const bnorm_matrix *panels, bnorm_copy_direction direction)
{
    const bnorm_seats *seats = &plan->context->seats;
    const size_t size = plan->kernels->size;
    const int64_t cols = plan->problem.cols;
    if (rows == 0 || cols == 0)
        return;
    /* the ld of a single row or panel is not used, and may be beyond any address */
    copying c = {
        .plan = plan,
        .direction = direction,
        .matrix = matrix->data,
        .panels = panels->data,
        .row_ld = rows > 1 ? (size_t)matrix->ld * size : 0,
        .panel_ld = cols > plan->panel ? (size_t)panels->ld * size : 0,
        .cols = cols,
        .width = (int)plan->panel * (int)size,
        .stream = 2.0 * (double)rows * (double)cols * (double)size >
                  (double)plan->context->machine.llc,
    };
    divide(&c, rows);
    bnorm_team_run(seats, seats->threads, bnorm_grid_items(&c.grid), c.grid.first, copy_item, &c);
}
