/* SPDX-License-Identifier: BSD-3-Clause */
/* What topology.c asks hwloc; without hwloc, answers that say so. */
#ifndef BNORM_PLATFORM_TOPOLOGY_HWLOC_H
#define BNORM_PLATFORM_TOPOLOGY_HWLOC_H

#include "platform/topology.h"

/* Fill *machine, in which foreign and the assumed caches are set.  On success
 * without machine->hwloc, nothing could be found out about this machine.  What a
 * failure leaves in *machine is for bnorm_topology_free. */
bnorm_status bnorm_hwloc_read(bnorm_machine *machine, const char *synthetic, const char *xml,
                              const bnorm_affinity *places);
void bnorm_hwloc_free(void *topology);

/* As bnorm_topology_place, on the node with this os_index. */
int bnorm_hwloc_place(void *topology, void *start, size_t bytes, int os_index, int migrate);

#endif
