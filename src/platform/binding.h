/* SPDX-License-Identifier: BSD-3-Clause */
/* Binding the calling thread to a CPU, without allocation. */
#ifndef BNORM_PLATFORM_BINDING_H
#define BNORM_PLATFORM_BINDING_H

enum { BNORM_BINDING_CPUS = 8192 };

typedef struct {
    unsigned long mask[BNORM_BINDING_CPUS / (8 * sizeof(unsigned long))];
} bnorm_affinity;

/* Numbers that there is no bit for are not in the mask, and stay out. */
static inline int bnorm_affinity_has(const bnorm_affinity *affinity, int cpu)
{
    const int bits = 8 * sizeof affinity->mask[0];
    return cpu >= 0 && cpu < BNORM_BINDING_CPUS && affinity->mask[cpu / bits] >> cpu % bits & 1;
}

static inline void bnorm_affinity_add(bnorm_affinity *affinity, int cpu)
{
    const int bits = 8 * sizeof affinity->mask[0];
    if (cpu >= 0 && cpu < BNORM_BINDING_CPUS)
        affinity->mask[cpu / bits] |= 1UL << cpu % bits;
}

/* Bind to the CPU that the system numbers os_index; *before: what to restore.
 * 0, or errno: then nothing has changed, and there is nothing to restore. */
int bnorm_binding_set(int os_index, bnorm_affinity *before);
void bnorm_binding_restore(const bnorm_affinity *before);

#endif
