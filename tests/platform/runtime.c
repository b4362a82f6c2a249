/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/runtime.h"

#include <dirent.h>

#if defined(__GNUC__) && !defined(__clang__)

static int regions; /* entered by the threads that call the library: few, one at a time */

void __real_GOMP_parallel(void (*work)(void *), void *data, unsigned threads, unsigned flags);
void __wrap_GOMP_parallel(void (*work)(void *), void *data, unsigned threads, unsigned flags);

void __wrap_GOMP_parallel(void (*work)(void *), void *data, unsigned threads, unsigned flags)
{
    __atomic_fetch_add(&regions, 1, __ATOMIC_RELAXED);
    __real_GOMP_parallel(work, data, threads, flags);
}

int runtime_regions(void)
{
    return __atomic_load_n(&regions, __ATOMIC_RELAXED);
}

#else

int runtime_regions(void)
{
    return -1;
}

#endif

int runtime_threads(void)
{
    DIR *folder = opendir("/proc/self/task");
    int count = 0;
    if (!folder)
        return -1;
    for (struct dirent *entry; (entry = readdir(folder));)
        count += entry->d_name[0] != '.';
    closedir(folder);
    return count;
}
