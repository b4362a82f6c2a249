/* SPDX-License-Identifier: BSD-3-Clause */
/* Ranges of narrow rows side by side. */
#include <stdlib.h>
#include <string.h>

#include "kernels/kernels.h"
#include "kernels/tables.h"
#include "support/harness.h"

static const bnorm_kernels *tables[TABLES_MOST];
static int table_count;

/* Rows of `bytes`, `apart` rows from one range to the next; the first begins 4 bytes into what is
 * aligned, the last ends where the allocation does. */
static int wrongly_laid(const bnorm_kernels *table, size_t bytes, size_t apart)
{
    const size_t rows = (BNORM_GROUP - 1) * apart + BNORM_LEAF_ROWS;
    const size_t tile_bytes = BNORM_LEAF_ROWS * BNORM_GROUP * bytes;
    char *memory = malloc(4 + rows * bytes), *from = memory + 4;
    char *tile = malloc(tile_bytes), *expected = malloc(tile_bytes);
    for (size_t i = 0; i < rows * bytes / 4; i++) {
        uint32_t value = (uint32_t)i * 2654435761u; /* odd: no two are equal */
        memcpy(from + 4 * i, &value, 4);
    }
    for (size_t row = 0; row < BNORM_LEAF_ROWS; row++)
        for (size_t range = 0; range < BNORM_GROUP; range++)
            memcpy(expected + (row * BNORM_GROUP + range) * bytes,
                   from + (range * apart + row) * bytes, bytes);
    memset(tile, 0, tile_bytes);
    table->lay(tile, from, (ptrdiff_t)(apart * bytes), (ptrdiff_t)bytes);
    const int wrong = memcmp(tile, expected, tile_bytes) != 0;
    free(expected);
    free(tile);
    free(memory);
    return wrong;
}

static void ranges_are_laid_side_by_side(void)
{
    static const size_t bytes[] = {4, 8, 12, 16, 24, 32};
    for (int t = 0; t < table_count; t++)
        for (size_t b = 0; b < sizeof bytes / sizeof *bytes; b++) {
            CU_ASSERT_EQUAL(wrongly_laid(tables[t], bytes[b], BNORM_LEAF_ROWS), 0);
            CU_ASSERT_EQUAL(wrongly_laid(tables[t], bytes[b], 3 * BNORM_LEAF_ROWS), 0);
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
