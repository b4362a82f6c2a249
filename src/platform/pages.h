/* SPDX-License-Identifier: BSD-3-Clause */
/* Where pages are, as the system tells. */
#ifndef BNORM_PLATFORM_PAGES_H
#define BNORM_PLATFORM_PAGES_H

#include <stddef.h>
#include <stdint.h>

/* Bytes of the system's ordinary page: what it counts huge pages in, too. */
int64_t bnorm_pages_size(void);

/* node[i]: the os_index of the NUMA node of the page that address[i] is on; -1:
 * absent (not mapped, never written, swapped out).  0, or errno: ENOSYS where the
 * system has no such question. */
enum { BNORM_PAGES_ASKED = 512 }; /* a good number to ask for at once */
int bnorm_pages_where(const void *const *address, int count, int *node);

#endif
