/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernels/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

int tables_find(const bnorm_kernels *tables[TABLES_MOST])
{
    const char *only = getenv("BNORM_ISA"), *name;
    int count = 0, usable;
    for (int i = 0; (name = bnorm_isa_name(i, &usable)); i++)
        if (usable && (!only || !*only || strcmp(only, name) == 0) && count < TABLES_MOST)
            bnorm_kernels_select(&tables[count++], name, "isa");
    return count;
}

/* TABLES_GUARDED bytes, and a page on either side that may not be touched. */
static char *guarded(void)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    char *map = mmap(NULL, TABLES_GUARDED + 2 * page, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
                     0);
    if (map == MAP_FAILED || mprotect(map + page, TABLES_GUARDED, PROT_READ | PROT_WRITE) != 0) {
        perror("guard pages");
        exit(99);
    }
    return map + page;
}

void *tables_before_guard(size_t bytes)
{
    return guarded() + TABLES_GUARDED - bytes;
}

void *tables_after_guard(void)
{
    return guarded();
}
