/* SPDX-License-Identifier: BSD-3-Clause */
#define _GNU_SOURCE
#include "platform/binding.h"

#include <errno.h>
#include <sched.h>

/* The C library's cpu_set_t is an array of unsigned long, too, only shorter. */

int bnorm_binding_set(int os_index, bnorm_affinity *before)
{
    bnorm_affinity one = {{0}};
    if (os_index < 0 || os_index >= BNORM_BINDING_CPUS)
        return EINVAL;
    if (sched_getaffinity(0, sizeof before->mask, (cpu_set_t *)before->mask) != 0)
        return errno;
    bnorm_affinity_add(&one, os_index);
    if (sched_setaffinity(0, sizeof one.mask, (const cpu_set_t *)one.mask) != 0)
        return errno;
    return 0;
}

void bnorm_binding_restore(const bnorm_affinity *before)
{
    sched_setaffinity(0, sizeof before->mask, (const cpu_set_t *)before->mask);
}
