/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory for objects and for matrices. */
#include "platform/memory.h"

#include <stdint.h>
#include <string.h>

#include "support/harness.h"

static int all_zero(const char *p, size_t n)
{
    size_t nonzero = 0;
    for (size_t i = 0; i < n; i++)
        nonzero += p[i] != 0;
    return nonzero == 0;
}

static void objects_are_zero_and_on_lines(void)
{
    static const size_t sizes[] = {0, 1, 63, 64, 65, 1000, 100000};
    for (int i = 0; i < 7; i++) {
        char *memory = bnorm_memory_get(sizes[i]);
        CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
        CU_ASSERT_EQUAL((uintptr_t)memory % 64, 0);
        CU_ASSERT(all_zero(memory, sizes[i]));
        memset(memory, 0xFF, sizes[i]); /* so that the next one is not zero by chance */
        bnorm_memory_put(memory);
    }
    CU_ASSERT_PTR_NULL(bnorm_memory_get(SIZE_MAX));
    CU_ASSERT_PTR_NULL(bnorm_memory_get(SIZE_MAX - 100));
    bnorm_memory_put(NULL);
}

static void maps_are_zero_to_their_ends(void)
{
    static const size_t sizes[] = {0, 1, 4096, 100001, (1 << 21) - 1, 1 << 21, (5 << 20) + 12345};
    for (int i = 0; i < 7; i++)
        for (int index = 0; index < 4; index++) {
            char *memory = bnorm_memory_map(sizes[i], index);
            CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
            CU_ASSERT_EQUAL((uintptr_t)memory % 64, 0);
            CU_ASSERT(all_zero(memory, sizes[i]));
            memset(memory, 0xFF, sizes[i]);
            bnorm_memory_unmap(memory);
        }
    CU_ASSERT_PTR_NULL(bnorm_memory_map(SIZE_MAX, 0));
    CU_ASSERT_PTR_NULL(bnorm_memory_map(SIZE_MAX / 2, 0));
    bnorm_memory_unmap(NULL);
}

/* Four matrices at one offset fall into different sets of caches whose ways have
 * 4 KiB (L1) and 64 KiB (many an L2). */
static void maps_are_staggered(void)
{
    char *memory[4];
    for (int i = 0; i < 4; i++)
        memory[i] = bnorm_memory_map((size_t)8 << 20, i);
    for (int i = 0; i < 4; i++)
        for (int j = 0; j < i; j++) {
            CU_ASSERT_NOT_EQUAL((uintptr_t)memory[i] % 4096 / 64,
                                (uintptr_t)memory[j] % 4096 / 64);
            CU_ASSERT_NOT_EQUAL((uintptr_t)memory[i] % 65536 / 64,
                                (uintptr_t)memory[j] % 65536 / 64);
        }
    for (int i = 0; i < 4; i++)
        bnorm_memory_unmap(memory[i]);
}

/* Large ones begin on a huge page, but for the stagger: no other size of page
 * keeps a walk over rows within the TLB. */
static void large_maps_begin_on_huge_pages(void)
{
    enum { HUGE_PAGE = 1 << 21 };
    for (int i = 0; i < 4; i++) {
        char *memory = bnorm_memory_map(3 * HUGE_PAGE, i);
        CU_ASSERT((uintptr_t)memory % HUGE_PAGE < HUGE_PAGE / 8);
        bnorm_memory_unmap(memory);
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"objects are zero and on cache lines", objects_are_zero_and_on_lines},
        {"maps are zero to their ends", maps_are_zero_to_their_ends},
        {"maps are staggered", maps_are_staggered},
        {"large maps begin on huge pages", large_maps_begin_on_huge_pages},
    };
    return harness_main(argc, argv, "platform/memory", cases, HARNESS_COUNT(cases));
}
