/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory for objects and for matrices. */
#include "platform/memory.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "platform/pages.h"
#include "support/harness.h"

enum { HUGE_PAGE = 1 << 21 };

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

static const bnorm_pages kinds[] = {BNORM_PAGES_TRANSPARENT, BNORM_PAGES_HUGE,
                                    BNORM_PAGES_SMALL};

static void maps_are_zero_to_their_ends(void)
{
    static const size_t sizes[] = {0, 1, 4096, 100001, (1 << 21) - 1, 1 << 21, (5 << 20) + 12345};
    const size_t page = (size_t)bnorm_pages_size();
    for (int i = 0; i < 7; i++)
        for (int index = 0; index < 4; index++)
            for (int kind = 0; kind < 3; kind++) {
                const int whole = kind % 2;
                char *memory = bnorm_memory_map(sizes[i], index, whole, kinds[kind]);
                CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
                CU_ASSERT_EQUAL((uintptr_t)memory % (whole ? page : 64), 0);
                CU_ASSERT(all_zero(memory, sizes[i]));
                memset(memory, 0xFF, sizes[i]);
                bnorm_memory_unmap(memory);
            }
    for (int kind = 0; kind < 3; kind++) {
        CU_ASSERT_PTR_NULL(bnorm_memory_map(SIZE_MAX, 0, 0, kinds[kind]));
        CU_ASSERT_PTR_NULL(bnorm_memory_map(SIZE_MAX / 2, 0, 1, kinds[kind]));
    }
    bnorm_memory_unmap(NULL);
}

/* Bytes of address space that the process has; 0: unknown.  Its maps are its own even
 * where an emulator runs it, whose memory is in /proc/self/statm as well. */
static uint64_t address_space(void)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    char line[512];
    uint64_t begin, end, bytes = 0;
    while (maps && fgets(line, sizeof line, maps))
        if (sscanf(line, "%" SCNx64 "-%" SCNx64, &begin, &end) == 2)
            bytes += end - begin;
    if (maps)
        fclose(maps);
    return bytes;
}

static void unmapping_leaves_nothing(void)
{
    const uint64_t before = address_space();
    if (before == 0) {
        harness_skip("no /proc/self/maps");
        return;
    }
    for (int i = 0; i < 600; i++)
        bnorm_memory_unmap(bnorm_memory_map((5 << 20) + 4321, i % 4, i % 2, kinds[i % 3]));
    CU_ASSERT(address_space() < before + 300 * (uint64_t)bnorm_pages_size());
}

/* Four matrices at one offset fall into different sets of caches whose ways have 64 KiB (many an
 * L2); and tiles of 256 bytes into different sets of those whose ways are a page of 4 KiB (L1). */
static void maps_are_staggered(void)
{
    char *memory[4];
    for (int kind = 0; kind < 3; kind++) {
        for (int i = 0; i < 4; i++)
            memory[i] = bnorm_memory_map((size_t)8 << 20, i, 0, kinds[kind]);
        for (int i = 0; i < 4; i++)
            for (int j = 0; j < i; j++) {
                CU_ASSERT_NOT_EQUAL((uintptr_t)memory[i] % 65536 / 64,
                                    (uintptr_t)memory[j] % 65536 / 64);
                const uintptr_t apart = (uintptr_t)(memory[i] - memory[j]) % 4096;
                CU_ASSERT(apart >= 256 && apart <= 4096 - 256);
            }
        for (int i = 0; i < 4; i++)
            bnorm_memory_unmap(memory[i]);
    }
}

/* Large ones begin on a huge page, but for the header and the stagger: no other size
 * of page keeps a walk over rows within the TLB. */
static void large_maps_begin_on_huge_pages(void)
{
    const size_t page = (size_t)bnorm_pages_size();
    for (int i = 0; i < 4; i++)
        for (int kind = 0; kind < 3; kind++) {
            char *memory = bnorm_memory_map(3 * HUGE_PAGE, i, 0, kinds[kind]);
            CU_ASSERT((uintptr_t)memory % HUGE_PAGE < 17 * page);
            bnorm_memory_unmap(memory);
        }
}

/* Mapping touches no page of a matrix, or those would not be where the first user
 * wants them; those of the pool, huge and given out whole, aside. */
static void maps_are_not_touched(void)
{
    const int64_t page = bnorm_pages_size();
    for (int index = 0; index < 4; index++) {
        char *memory = bnorm_memory_map(3 * HUGE_PAGE, index, index % 2, BNORM_PAGES_TRANSPARENT);
        const void *address[2] = {memory, memory + page};
        int node[2];
        const int error = bnorm_pages_where(address, 2, node);
        CU_ASSERT(error || (node[0] == -1 && node[1] == -1));
        bnorm_memory_unmap(memory);
    }
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"objects are zero and on cache lines", objects_are_zero_and_on_lines},
        {"maps are zero to their ends", maps_are_zero_to_their_ends},
        {"unmapping leaves nothing", unmapping_leaves_nothing},
        {"maps are staggered", maps_are_staggered},
        {"large maps begin on huge pages", large_maps_begin_on_huge_pages},
        {"maps are not touched", maps_are_not_touched},
    };
    return harness_main(argc, argv, "platform/memory", cases, HARNESS_COUNT(cases));
}
