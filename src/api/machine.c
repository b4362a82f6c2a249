/* SPDX-License-Identifier: BSD-3-Clause */
/* The machine in numbers. */
#include "api/check.h"

static bnorm_status check_index(const char *name, int index, int count)
{
    if (index < 0 || index >= count)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "index is %d; expected one of %d %s, from 0 up",
                          index, count, name);
    return BNORM_OK;
}

bnorm_status bnorm_context_cpu(const bnorm_context *context, int index, bnorm_cpu_info *info)
{
    if (!context || !info)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is NULL", context ? "info" : "context");
    BNORM_TRY(bnorm_check_size("info", info->struct_size, sizeof *info));
    BNORM_TRY(check_index("CPUs", index, context->machine.cpus));
    const bnorm_cpu *cpu = &context->machine.cpu[index];
    *info = (bnorm_cpu_info){
        .struct_size = sizeof *info,
        .os_index = cpu->os_index,
        .package = cpu->package,
        .core = cpu->core,
        .sibling = cpu->sibling,
        .kind = cpu->kind,
        .node = cpu->node,
    };
    return BNORM_OK;
}

bnorm_status bnorm_context_node(const bnorm_context *context, int index, bnorm_node_info *info)
{
    if (!context || !info)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is NULL", context ? "info" : "context");
    BNORM_TRY(bnorm_check_size("info", info->struct_size, sizeof *info));
    BNORM_TRY(check_index("nodes", index, context->machine.nodes));
    const bnorm_numa_node *node = &context->machine.node[index];
    *info = (bnorm_node_info){
        .struct_size = sizeof *info,
        .os_index = node->os_index,
        .memory_index = node->memory,
        .cpus = node->cpus,
        .threads = context->seats.count[index],
        .memory = node->bytes,
    };
    return BNORM_OK;
}
