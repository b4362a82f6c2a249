/* SPDX-License-Identifier: BSD-3-Clause */
/* Binding the calling thread to a CPU, without allocation. */
#ifndef BNORM_PLATFORM_BINDING_H
#define BNORM_PLATFORM_BINDING_H

enum { BNORM_BINDING_CPUS = 8192 };

typedef struct {
    unsigned long mask[BNORM_BINDING_CPUS / (8 * sizeof(unsigned long))];
    int known; /* whether mask holds what was there before */
} bnorm_affinity;

/* Bind to the CPU that the system numbers os_index; *before: what to restore.
 * 0, or errno: then nothing has changed. */
int bnorm_binding_set(int os_index, bnorm_affinity *before);
void bnorm_binding_restore(const bnorm_affinity *before);

#endif
