/* SPDX-License-Identifier: BSD-3-Clause */
/* Extents, pages and bytes, byte by byte for small shapes. */
#include "plan/placement.h"

#include <string.h>

#include "base/sizes.h"
#include "support/harness.h"

static const int64_t widths[] = {0, 8, 16}; /* of panels; 0: rows */

static void make(bnorm_plan *plan, int64_t rows, int64_t cols, bnorm_dtype dtype, int64_t panel,
                 int nodes)
{
    static const int seats[] = {3, 1, 2, 2};
    memset(plan, 0, sizeof *plan);
    plan->problem.rows = rows;
    plan->problem.cols = cols;
    plan->problem.dtype = dtype;
    plan->problem.layout = panel ? BNORM_PANELS : BNORM_ROWS;
    plan->panel = panel;
    plan->shards = bnorm_shards_by_seats(
        panel ? bnorm_ceil_div(cols, panel) : bnorm_leaf_count(rows), 1, nodes, seats);
}

static int64_t least_ld(const bnorm_plan *plan)
{
    return plan->panel ? plan->problem.rows * plan->panel : plan->problem.cols;
}

/* ---- what bnorm_alloc takes ---------------------------------------------------- */

static void leading_dimensions_are_padded(void)
{
    static const int64_t rows[] = {1, 63, 64, 1000, 1024, 8191, 100003, 1048576};
    static const int64_t cols[] = {1, 8, 15, 16, 17, 127, 128, 129, 1000};
    bnorm_plan plan;
    for (int i = 0; i < 8 * 9 * 3 * 2; i++) {
        const bnorm_dtype dtype = i % 2 ? BNORM_F64 : BNORM_F32;
        const int64_t size = bnorm_dtype_size(dtype), line = BNORM_LINE / size;
        const int64_t panel = widths[i / 2 % 3];
        make(&plan, rows[i / 6 % 8], cols[i / 48], dtype, panel, 3);
        const int64_t ld = bnorm_placement_ld(&plan), least = least_ld(&plan);
        CU_ASSERT(ld >= least && ld <= least + bnorm_max(least / 4, line));
        CU_ASSERT_EQUAL(bnorm_placement_bytes(&plan, ld),
                        (size_t)((panel ? bnorm_ceil_div(plan.problem.cols, panel)
                                        : plan.problem.rows) * ld * size));
        if (panel) {
            CU_ASSERT_EQUAL(ld % line, 0);
            CU_ASSERT(least * size < 16 * 4096 || ld * size % 4096 == 0);
        } else {
            CU_ASSERT(least < 8 * line || ld % line == 0);
        }
    }
    make(&plan, INT64_C(1) << 40, 1 << 10, BNORM_F64, 0, 1);
    CU_ASSERT_EQUAL(bnorm_placement_bytes(&plan, INT64_C(1) << 22), SIZE_MAX);
}

/* ---- brute force ---------------------------------------------------------------- */

/* The row and column of the element that has a byte; 0: none has. */
static int element_at(const bnorm_plan *plan, int64_t ld, int64_t at, int64_t *row, int64_t *col)
{
    const int64_t element = at / bnorm_dtype_size(plan->problem.dtype), panel = plan->panel;
    *row = panel ? element % ld / panel : element / ld;
    *col = panel ? element / ld * panel + element % ld % panel : element % ld;
    return *row < plan->problem.rows && *col < plan->problem.cols;
}

static int64_t count_bytes(const bnorm_plan *plan, int64_t ld, bnorm_range rows, bnorm_range cols,
                           int64_t begin, int64_t end)
{
    int64_t bytes = 0, row, col;
    for (int64_t at = begin; at < end; at++)
        bytes += element_at(plan, ld, at, &row, &col) && row >= rows.begin && row < rows.end &&
                 col >= cols.begin && col < cols.end;
    return bytes;
}

/* From 0 to the end; every leaf or panel of a shard in the extent of its node. */
static int extents_cover(const bnorm_plan *plan, int64_t ld, const bnorm_extent *extent, int count)
{
    const int64_t stride = ld * bnorm_dtype_size(plan->problem.dtype);
    int64_t at = 0;
    for (int i = 0; i < count; i++) {
        const bnorm_shard *shard = &plan->shards.shard[i];
        const int64_t begin = shard->begin * stride * (plan->panel ? 1 : BNORM_LEAF_ROWS);
        if (extent[i].begin != at || at != begin || extent[i].end <= at ||
            extent[i].node != shard->node)
            return 0;
        at = extent[i].end;
    }
    return at == (int64_t)bnorm_placement_bytes(plan, ld);
}

/* Each page is in the range of one extent: of that which has its first byte. */
static int pages_have_owners(const bnorm_extent *extent, int count, int64_t lead, int64_t page)
{
    const int64_t end = count ? extent[count - 1].end : 0;
    for (int64_t i = 0; i * page < lead + end; i++) {
        const int64_t byte = bnorm_max(i * page - lead, 0);
        for (int e = 0; e < count; e++) {
            bnorm_range pages = bnorm_placement_pages(&extent[e], lead, page);
            int owns = byte >= extent[e].begin && byte < extent[e].end;
            if (owns != (i >= pages.begin && i < pages.end))
                return 0;
        }
    }
    return count == 0 || bnorm_placement_pages(&extent[count - 1], lead, page).end ==
                             bnorm_ceil_div(lead + end, page);
}

static int next_is_next(const bnorm_plan *plan, int64_t ld)
{
    const int64_t bytes = (int64_t)bnorm_placement_bytes(plan, ld);
    const int64_t end = bnorm_placement_next(plan, ld, PTRDIFF_MAX);
    int64_t next = end, row, col, last = 0;
    for (int64_t at = 0; at < bytes; at++)
        if (element_at(plan, ld, at, &row, &col))
            last = at + 1;
    /* a panel's unused columns count */
    if (plan->panel ? end < last || end > bytes : end != last)
        return 0;
    for (int64_t at = bytes - 1; at >= 0; at--) {
        int64_t element = at / bnorm_dtype_size(plan->problem.dtype);
        if (plan->panel ? element % ld < plan->problem.rows * plan->panel && at < end
                        : element_at(plan, ld, at, &row, &col))
            next = at;
        if (bnorm_placement_next(plan, ld, at) != next)
            return 0;
    }
    return 1;
}

static int elements_are_counted(const bnorm_plan *plan, int64_t ld)
{
    const int64_t bytes = (int64_t)bnorm_placement_bytes(plan, ld);
    const bnorm_range rows = {0, plan->problem.rows}, cols = {0, plan->problem.cols};
    const int64_t size = bnorm_dtype_size(plan->problem.dtype);
    if (bnorm_placement_elements(plan, ld, 0, PTRDIFF_MAX) != rows.end * cols.end * size)
        return 0;
    for (int64_t begin = 0; begin < bytes; begin += 997)
        for (int64_t length = 0; length < 3000; length += 701)
            if (bnorm_placement_elements(plan, ld, begin, begin + length) !=
                count_bytes(plan, ld, rows, cols, begin, bnorm_min(begin + length, bytes)))
                return 0;
    return 1;
}

/* Blocks of a third of the rows and a part of the columns. */
static int blocks_are_counted(const bnorm_plan *plan, int64_t ld)
{
    const int64_t bytes = (int64_t)bnorm_placement_bytes(plan, ld);
    const int64_t unit = plan->panel ? plan->panel : 7;
    for (int64_t col = 0; col < plan->problem.cols; col += unit)
        for (int64_t part = 0; part < 3; part++) {
            bnorm_range rows = bnorm_range_part(plan->problem.rows, 3, part);
            bnorm_range cols = {col, bnorm_min(col + unit, plan->problem.cols)};
            int64_t sum = 0;
            for (int64_t begin = 0; begin < bytes; begin += 1999) {
                int64_t end = begin + 1999;
                int64_t within = bnorm_placement_within(plan, ld, rows, cols, begin, end);
                sum += within;
                if (begin % 5 == 0 && within != count_bytes(plan, ld, rows, cols, begin,
                                                            bnorm_min(end, bytes)))
                    return 0;
            }
            if (sum != (rows.end - rows.begin) * (cols.end - cols.begin) *
                           bnorm_dtype_size(plan->problem.dtype))
                return 0;
        }
    return 1;
}

static void every_byte_is_counted(void)
{
    static const int64_t rows[] = {1, 64, 200, 511}, cols[] = {1, 9, 16, 40};
    static const int64_t pages[] = {64, 256, 4096}, leads[] = {0, 4, 60};
    bnorm_extent extent[BNORM_MOST_SHARDS];
    bnorm_plan plan;
    for (int i = 0; i < 4 * 4 * 3 * 3; i++) {
        const int pad = i / 48 % 3; /* dense, bnorm_alloc's, a slice of a wide one */
        if (!harness_sampled(i))
            continue;
        make(&plan, rows[i % 4], cols[i / 4 % 4], i % 5 ? BNORM_F32 : BNORM_F64, widths[i / 16 % 3],
             1 + i % 4);
        const int64_t least = least_ld(&plan);
        const int64_t ld = pad == 0 ? least : pad == 1 ? bnorm_placement_ld(&plan) : 3 * least + 1;
        const int count = bnorm_placement_extents(&plan, ld, extent);
        CU_ASSERT_EQUAL(count, plan.shards.count);
        CU_ASSERT(extents_cover(&plan, ld, extent, count));
        for (int p = 0; p < 9; p++)
            CU_ASSERT(pages_have_owners(extent, count, leads[p / 3], pages[p % 3]));
        CU_ASSERT(next_is_next(&plan, ld));
        CU_ASSERT(elements_are_counted(&plan, ld));
        CU_ASSERT(blocks_are_counted(&plan, ld));
    }
}

static void nothing_has_no_bytes(void)
{
    bnorm_extent extent[BNORM_MOST_SHARDS];
    bnorm_plan plan;
    for (int i = 0; i < 3; i++) {
        make(&plan, 0, 100, BNORM_F32, widths[i], 2);
        int64_t ld = bnorm_placement_ld(&plan);
        CU_ASSERT(ld > 0);
        CU_ASSERT_EQUAL(bnorm_placement_elements(&plan, ld, 0, PTRDIFF_MAX), 0);
        CU_ASSERT_EQUAL(bnorm_placement_next(&plan, ld, 0), 0);
        make(&plan, 100, 0, BNORM_F32, widths[i], 2);
        ld = bnorm_placement_ld(&plan);
        CU_ASSERT(ld > 0);
        CU_ASSERT_EQUAL(bnorm_placement_elements(&plan, ld, 0, PTRDIFF_MAX), 0);
        CU_ASSERT_EQUAL(bnorm_placement_next(&plan, ld, 0), 0);
        CU_ASSERT_EQUAL(bnorm_placement_extents(&plan, ld, extent), plan.shards.count);
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"leading dimensions are padded where that costs little", leading_dimensions_are_padded},
        {"every byte is counted, every page owned", every_byte_is_counted},
        {"nothing has no bytes", nothing_has_no_bytes},
    };
    return harness_main(argc, argv, "plan/placement", cases, HARNESS_COUNT(cases));
}
