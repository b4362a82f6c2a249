/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Whether two pieces of memory share a byte: all small pairs, against a map of
 * the bytes that each one covers.
 */
#include "api/overlap.h"

#include <string.h>

#include "support/data.h"
#include "support/harness.h"

enum { BYTES = 512, AT = 128 };

static char memory[BYTES];

static void cover(unsigned char map[BYTES], const bnorm_region *r)
{
    memset(map, 0, BYTES);
    for (int64_t row = 0; row < r->rows; row++)
        memset(map + ((const char *)r->data - memory) + (size_t)(row * r->ld) * r->size, 1,
               (size_t)r->cols * r->size);
}

static int share(const bnorm_region *a, const bnorm_region *b)
{
    unsigned char map_a[BYTES], map_b[BYTES];
    cover(map_a, a);
    cover(map_b, b);
    for (int i = 0; i < BYTES; i++)
        if (map_a[i] && map_b[i])
            return 1;
    return 0;
}

/* Counts wrong answers: never "apart" when they share a byte; and exact where
 * the header says so. */
static int wrong(const bnorm_region *a, const bnorm_region *b, int exact)
{
    int shared = share(a, b), said = bnorm_regions_overlap(a, b);
    return said != bnorm_regions_overlap(b, a) || (shared && !said) || (exact && said != shared);
}

static void slices_of_one_matrix(void)
{
    int errors = 0;
    for (int64_t ld = 1; ld <= 6; ld++)
        for (int64_t rows_a = 1; rows_a <= 3; rows_a++)
            for (int64_t rows_b = 1; rows_b <= 3; rows_b++)
                for (int64_t cols_a = 1; cols_a <= ld; cols_a++)
                    for (int64_t cols_b = 1; cols_b <= ld; cols_b++)
                        for (int offset = -20; offset <= 20; offset++) {
                            bnorm_region a = {memory + AT, rows_a, cols_a, ld, 4};
                            bnorm_region b = {memory + AT + 4 * offset, rows_b, cols_b, ld, 4};
                            errors += wrong(&a, &b, 1);
                        }
    CU_ASSERT_EQUAL(errors, 0);
}

/* A vector of another type, or of the same, anywhere in or beside a matrix. */
static void vectors_and_matrices(void)
{
    int errors = 0;
    for (int64_t ld = 2; ld <= 6; ld++)
        for (int64_t cols = 1; cols <= ld; cols++)
            for (int64_t length = 1; length <= 4; length++)
                for (int offset = -40; offset <= 100; offset += 4) {
                    bnorm_region matrix = {memory + AT, 4, cols, ld, 4};
                    for (size_t size = 4; size <= 8; size += 4) {
                        bnorm_region vector = {memory + AT + offset, 1, length, length, size};
                        errors += wrong(&matrix, &vector, 1);
                    }
                }
    CU_ASSERT_EQUAL(errors, 0);
}

/* Other pairs may be called overlapping when only their spans do; apart, never. */
static void other_pairs_are_on_the_safe_side(void)
{
    int errors = 0, apart = 0;
    for (uint64_t i = 0; i < 20000; i++) {
        uint64_t bits = data_bits(91, i);
        bnorm_region a = {memory + AT, 1 + bits % 4, 1 + (bits >> 8) % 4, 4 + (bits >> 16) % 3, 4};
        bnorm_region b = {memory + AT + 4 * ((bits >> 24) % 50) - 96, 1 + (bits >> 32) % 3,
                          1 + (bits >> 40) % 3, 3 + (bits >> 48) % 3, 8};
        errors += wrong(&a, &b, 0);
        apart += !bnorm_regions_overlap(&a, &b);
    }
    CU_ASSERT_EQUAL(errors, 0);
    CU_ASSERT(apart > 1000); /* it does not just say yes */
}

static void nothing_overlaps_nothing(void)
{
    bnorm_region a = {memory, 3, 3, 3, 4}, none = {NULL, 3, 3, 3, 4};
    bnorm_region no_rows = {memory, 0, 3, 3, 4}, no_cols = {memory, 3, 0, 3, 4};
    CU_ASSERT(bnorm_regions_overlap(&a, &a));
    CU_ASSERT(!bnorm_regions_overlap(&a, &none) && !bnorm_regions_overlap(&none, &none));
    CU_ASSERT(!bnorm_regions_overlap(&a, &no_rows) && !bnorm_regions_overlap(&no_cols, &a));
}

/* Sizes near the end of the address space's half: no arithmetic overflows. */
static void huge_regions(void)
{
    const int64_t ld = INT64_C(1) << 40, rows = (INT64_C(1) << 21) - 1;
    bnorm_region a = {memory, rows, ld, ld, 4}, b = {memory + 64, rows, ld, ld, 4};
    bnorm_region left = {memory, rows, 16, ld, 4}, right = {memory + 64, rows, 16, ld, 4};
    CU_ASSERT(bnorm_regions_overlap(&a, &b));
    CU_ASSERT(!bnorm_regions_overlap(&left, &right));
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"slices of one matrix", slices_of_one_matrix},
        {"vectors and matrices", vectors_and_matrices},
        {"other pairs are on the safe side", other_pairs_are_on_the_safe_side},
        {"nothing overlaps nothing", nothing_overlaps_nothing},
        {"huge regions", huge_regions},
    };
    return harness_main(argc, argv, "api/regions", cases, HARNESS_COUNT(cases));
}
