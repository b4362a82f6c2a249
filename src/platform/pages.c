/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "platform/pages.h"

#include <errno.h>
#include <sys/syscall.h>
#include <unistd.h>

int64_t bnorm_pages_size(void)
{
    const long size = sysconf(_SC_PAGESIZE);
    return size > 0 ? size : 4096;
}

int bnorm_pages_where(const void *const *address, int count, int *node)
{
#ifdef SYS_move_pages
    /* Without nodes to move to, move_pages(2) tells where pages are. */
    if (count <= 0)
        return 0;
    if (syscall(SYS_move_pages, 0, (unsigned long)count, address, NULL, node, 0) < 0)
        return errno;
    for (int i = 0; i < count; i++)
        if (node[i] < 0)
            node[i] = -1;
    return 0;
#else
    (void)address, (void)node;
    return count <= 0 ? 0 : ENOSYS;
#endif
}
