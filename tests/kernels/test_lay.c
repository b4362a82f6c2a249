/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranges of narrow rows side by side. */
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/tables.h"
#include "support/harness.h"

static const bnorm_kernels *tables[TABLES_MOST];
static int table_count;

/* Rows of `bytes`, `range` of them in each range, from row `row` of each on.  The first range
 * begins 4 bytes into what is aligned, the last one ends where the allocation does. */
static int wrongly_laid(const bnorm_kernels *table, size_t bytes, size_t range, size_t row)
{
    const size_t all = BNORM_GROUP * range * bytes, laid = BNORM_LEAF_ROWS * BNORM_GROUP * bytes;
    char *memory = malloc(4 + all), *ranges = memory + 4;
    char *tile = malloc(laid), *expected = malloc(laid);
    CU_ASSERT_FATAL(memory && tile && expected);
    for (size_t i = 0; i < all / 4; i++) {
        uint32_t value = (uint32_t)i * 2654435761u; /* odd: no two are equal */
        memcpy(ranges + 4 * i, &value, 4);
    }
    for (size_t i = 0; i < BNORM_LEAF_ROWS; i++)
        for (size_t r = 0; r < BNORM_GROUP; r++)
            memcpy(expected + (i * BNORM_GROUP + r) * bytes,
                   ranges + (r * range + row + i) * bytes, bytes);
    memset(tile, 0, laid);
    table->lay(tile, ranges, (ptrdiff_t)(range * bytes), (ptrdiff_t)row, (ptrdiff_t)bytes);
    const int wrong = memcmp(tile, expected, laid) != 0;
    free(expected);
    free(tile);
    free(memory);
    return wrong;
}

static void ranges_are_laid_side_by_side(void)
{
    for (int t = 0; t < table_count; t++)
        for (size_t size = 4; size <= 8; size += 4)
            for (size_t cols = 1; cols <= 7; cols++) {
                CU_ASSERT_EQUAL(wrongly_laid(tables[t], cols * size, BNORM_LEAF_ROWS, 0), 0);
                CU_ASSERT_EQUAL(wrongly_laid(tables[t], cols * size, 8 * BNORM_LEAF_ROWS,
                                             7 * BNORM_LEAF_ROWS), 0);
            }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"a row of each range side by side", ranges_are_laid_side_by_side},
    };
    table_count = tables_find(tables);
    return harness_main(argc, argv, "kernels/lay", cases, HARNESS_COUNT(cases));
}
