/* SPDX-License-Identifier: BSD-3-Clause */
/* Whose a block of an operation is, and where its bytes lie. */
#include "base/status.h"
#include "plan/placement.h"
#include "plan/rounds.h"
#include "platform/pages.h"

/* The share of a full team that has the item of a grid, and its seat. */
static int share_of(const bnorm_seats *seats, const bnorm_grid *grid, int threads, int64_t item,
                    int *seat)
{
    const int team = (int)bnorm_min(threads, bnorm_grid_items(grid));
    const int64_t *first = bnorm_grid_homes(grid);
    int shares[BNORM_MOST_NODES + 1], low = 0, high = team - 1;
    if (first)
        bnorm_seats_shares(seats, first, team, shares);
    while (low < high) { /* the first share that ends after the item */
        int mid = low + (high - low) / 2;
        bnorm_range items = first ? bnorm_seats_items(seats, first, shares, team, mid)
                                  : bnorm_range_part(bnorm_grid_items(grid), team, mid);
        if (items.end > item)
            high = mid;
        else
            low = mid + 1;
    }
    *seat = bnorm_seats_seat(seats, first, shares, team, low);
    return low;
}

/* Bytes of the block that bnorm_alloc puts on nodes other than that one. */
static double remote_bytes(const bnorm_plan *plan, bnorm_range rows, bnorm_range cols, int node)
{
    const bnorm_machine *machine = &plan->context->machine;
    const int64_t page = machine->foreign ? 4096 : bnorm_pages_size();
    const int64_t ld = bnorm_placement_ld(plan);
    bnorm_extent extent[BNORM_MOST_SHARDS];
    const int extents = bnorm_placement_extents(plan, ld, extent);
    int64_t remote = 0;
    for (int i = 0; i < extents; i++) {
        bnorm_range pages = bnorm_placement_pages(&extent[i], 0, page);
        if (machine->node[extent[i].node].memory != machine->node[node].memory)
            remote += bnorm_placement_within(plan, ld, rows, cols, pages.begin * page,
                                             pages.end * page);
    }
    return (double)remote;
}

bnorm_status bnorm_plan_block(const bnorm_plan *plan, unsigned operation, int64_t index,
                              bnorm_block_info *info)
{
    if (!plan || !info)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is NULL", plan ? "info" : "plan");
    BNORM_TRY(bnorm_check_size("info", info->struct_size, sizeof *info));
    BNORM_TRY(bnorm_plan_has(plan, operation));
    const bnorm_seats *seats = &plan->context->seats;
    const bnorm_schedule *schedule = &plan->schedule[bnorm_operation_index(operation)];
    const int64_t blocks = bnorm_grid_items(&schedule->grid);
    if (index < 0 || index >= blocks)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "index is %lld; expected one of %lld blocks, from "
                          "0 up", (long long)index, (long long)blocks);
    const bnorm_place place = bnorm_grid_item(&schedule->grid, index);
    const bnorm_range rows = bnorm_grid_rows(&schedule->grid, place.group);
    const bnorm_range cols = bnorm_grid_cols(&schedule->grid, place.block);
    int64_t item = index;
    const bnorm_grid at_once = bnorm_grid_round_of(&schedule->grid, &item);
    int seat;
    const int thread = share_of(seats, &at_once, schedule->threads, item, &seat);
    const int node = bnorm_seats_node(seats, seat);
    *info = (bnorm_block_info){
        .struct_size = sizeof *info,
        .row = rows.begin,
        .col = cols.begin,
        .rows = rows.end - rows.begin,
        .cols = cols.end - cols.begin,
        .thread = thread,
        .cpu = seats->cpu[seat],
        .node = node,
        .bytes = (double)(rows.end - rows.begin) * (double)(cols.end - cols.begin) *
                 (double)plan->kernels->size,
        .remote_bytes = remote_bytes(plan, rows, cols, node),
    };
    return BNORM_OK;
}
