/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "platform/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/sizes.h"
#include "platform/pages.h"

enum {
    /* Ways of L2 and L3 are larger than a page, and there matrices a few pages apart do not
     * meet.  Ways of L1 are 4 KiB: there they would, and rows a power of two apart with them, so
     * they begin in different places of their pages, as far apart as a tile of a kernel is
     * wide; unless pages are given to NUMA nodes, one by one. */
    STAGGER_PAGES = 5,
    STAGGER_BYTES = 256
};

void *bnorm_memory_get(size_t size)
{
    if (size > SIZE_MAX - BNORM_LINE)
        return NULL;
    size = (size + BNORM_LINE - 1) / BNORM_LINE * BNORM_LINE + (size == 0) * BNORM_LINE;
    void *memory = aligned_alloc(BNORM_LINE, size);
    if (memory)
        memset(memory, 0, size);
    return memory;
}

void bnorm_memory_put(void *memory)
{
    free(memory);
}

/* Lies at the end of the page before the one that a matrix begins in. */
typedef struct {
    void *map;
    size_t length;
} map_header;

static char *header_of(void *memory)
{
    const size_t page = (size_t)bnorm_pages_size();
    return (char *)memory - (uintptr_t)memory % page - sizeof(map_header);
}

/* NULL on failure. */
static void *map_pages(size_t length, int flags)
{
    void *map = mmap(NULL, length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | flags, -1,
                     0);
    return map == MAP_FAILED ? NULL : map;
}

/* Whole pages from the system's pool of huge ones, which promises those that it
 * maps: touching them later cannot fail.  NULL: it is empty, or there is none. */
static void *map_pool(size_t length)
{
#if defined MAP_HUGETLB && defined MAP_HUGE_SHIFT
    return map_pages(length, MAP_HUGETLB | 21 << MAP_HUGE_SHIFT);
#else
    (void)length;
    return NULL;
#endif
}

static void advise(char *start, size_t length, int huge)
{
#if defined MADV_HUGEPAGE && defined MADV_NOHUGEPAGE
    madvise(start, length, huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
#else
    (void)start, (void)length, (void)huge;
#endif
}

void *bnorm_memory_map(size_t size, int index, int whole_pages, bnorm_pages pages)
{
    const size_t page = (size_t)bnorm_pages_size();
    const size_t step = STAGGER_PAGES * page + (whole_pages ? 0 : STAGGER_BYTES);
    const size_t offset = page + (size_t)index * step;
    const size_t slack = size >= BNORM_HUGE_PAGE ? BNORM_HUGE_PAGE : 0;
    map_header header = {NULL, 0};
    char *start;

    if (size > SIZE_MAX / 2)
        return NULL;
    if (slack && pages == BNORM_PAGES_HUGE) {
        header.length = (size + offset + BNORM_HUGE_PAGE - 1) / BNORM_HUGE_PAGE * BNORM_HUGE_PAGE;
        header.map = start = map_pool(header.length);
    }
    if (!header.map) {
        header.length = size + offset + slack;
        header.map = start = map_pages(header.length, 0);
        if (!start)
            return NULL;
        if (slack) /* start on a huge page, and ask for those */
            start += (BNORM_HUGE_PAGE - (uintptr_t)start % BNORM_HUGE_PAGE) % BNORM_HUGE_PAGE;
        if (slack || pages == BNORM_PAGES_SMALL)
            advise(start, size + offset, pages != BNORM_PAGES_SMALL);
        /* Not huge, or writing the header would touch pages of the matrix. */
        advise(start + offset / page * page - page, page, 0);
    }
    memcpy(header_of(start + offset), &header, sizeof header);
    return start + offset;
}

void bnorm_memory_unmap(void *memory)
{
    map_header header;
    if (!memory)
        return;
    memcpy(&header, header_of(memory), sizeof header);
    munmap(header.map, header.length);
}
