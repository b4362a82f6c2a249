/* SPDX-License-Identifier: BSD-3-Clause */
/* Where pages are, as the system tells. */
#ifndef BNORM_PLATFORM_PAGES_H
#define BNORM_PLATFORM_PAGES_H

#include <stddef.h>
#include <stdint.h>

int64_t bnorm_pages_size(void);

/* node[i]: the os_index of the NUMA node of page i of `count` from the page on that
 * `address` is on; -1: absent.  count <= BNORM_PAGES_ASKED.  0, or errno. */
enum { BNORM_PAGES_ASKED = 512 };
int bnorm_pages_where(const void *address, int count, int *node);

#endif
