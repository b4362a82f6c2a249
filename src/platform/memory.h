/* SPDX-License-Identifier: BSD-3-Clause */
/* Memory: the only caller of the allocator. */
#ifndef BNORM_PLATFORM_MEMORY_H
#define BNORM_PLATFORM_MEMORY_H

#include <stddef.h>

#include "bnorm.h"

/* size bytes of zeros on a cache line, or NULL.  For objects and workspaces. */
void *bnorm_memory_get(size_t size);
void bnorm_memory_put(void *memory);

/* Pages for a matrix, zero and not yet touched, or NULL.  Moved by a number of pages (of
 * 4 KiB or what the system has) that depends on index, 0 to 3, so that equal offsets into
 * matrices of different index fall into different sets of L2 and beyond; moved by cache
 * lines, too, into different sets of L1, or whole_pages: starting on a page.  Of its first
 * page nothing else is used. */
void *bnorm_memory_map(size_t size, int index, int whole_pages, bnorm_pages pages);
void bnorm_memory_unmap(void *memory);

#endif
