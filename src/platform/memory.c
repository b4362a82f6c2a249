/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "platform/memory.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "base/sizes.h"

enum {
    HUGE_PAGE = 1 << 21,
    /* A quarter of a 4 KiB L1 way, and 16 KiB for the larger ways of L2 and L3. */
    STAGGER = (1 << 14) + (1 << 10)
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

/* Lies in the cache line before a matrix. */
typedef struct {
    void *map;
    size_t length;
} map_header;

void *bnorm_memory_map(size_t size, int index)
{
    const size_t offset = BNORM_LINE + (size_t)index * STAGGER;
    const size_t slack = size >= HUGE_PAGE ? HUGE_PAGE : 0;
    map_header header;

    if (size > SIZE_MAX / 2)
        return NULL;
    header.length = size + offset + slack;
    header.map = mmap(NULL, header.length, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                      0);
    if (header.map == MAP_FAILED)
        return NULL;
    char *start = header.map;
    if (slack) { /* start on a huge page, and ask for those */
        start += (HUGE_PAGE - (uintptr_t)start % HUGE_PAGE) % HUGE_PAGE;
        madvise(start, size + offset, MADV_HUGEPAGE);
    }
    memcpy(start + offset - BNORM_LINE, &header, sizeof header);
    return start + offset;
}

void bnorm_memory_unmap(void *memory)
{
    map_header header;
    if (!memory)
        return;
    memcpy(&header, (char *)memory - BNORM_LINE, sizeof header);
    munmap(header.map, header.length);
}
