/* SPDX-License-Identifier: BSD-3-Clause */
#include <stdio.h>

#include "api/check.h"
#include "base/env.h"
#include "base/environment.h"
#include "platform/memory.h"
#include "platform/quota.h"
#include "platform/team.h"
#include "tune/wisdom.h"

enum { MAX_THREADS = 65536 };

bnorm_status bnorm_context_options_init(bnorm_context_options *options, size_t struct_size)
{
    if (!options)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "options is NULL");
    BNORM_TRY(bnorm_check_size("options", struct_size, sizeof *options));
    *options = (bnorm_context_options){.struct_size = struct_size};
    return BNORM_OK;
}

static void log_findings(const bnorm_context *context, int quota)
{
    char line[96];
    if (!context->log)
        return;
    if (context->machine.flat)
        context->log(context->log_user, "no usable hwloc: a flat machine is assumed");
    if (quota && quota < context->machine.cpus) {
        snprintf(line, sizeof line, "the cgroup's CPU quota limits the team to %d of %d threads",
                 context->seats.threads, context->machine.cpus);
        context->log(context->log_user, line);
    }
}

/* The option, else what the user told OpenMP, else what affinity mask and cgroup
 * quota leave; on a described machine all that it has. */
static int choose_threads(int asked, const bnorm_machine *machine, int *quota)
{
    if (asked > 0)
        return asked;
    if (machine->foreign)
        return machine->cpus < MAX_THREADS ? machine->cpus : MAX_THREADS;
    int chosen, threads = bnorm_team_default(&chosen);
    if (!chosen)
        *quota = bnorm_quota_cpus("/proc/self/cgroup", "/sys/fs/cgroup");
    threads = *quota && *quota < threads ? *quota : threads;
    return threads < 1 ? 1 : threads > MAX_THREADS ? MAX_THREADS : threads;
}

static void write_text(bnorm_context *context)
{
    static const char *const bindings[] = {"", " spread over the nodes", " bound compactly"};
    const bnorm_machine *machine = &context->machine;
    snprintf(context->text, sizeof context->text,
             "%s%d CPUs, %d NUMA node%s, L1 %zu KiB, L2 %zu KiB for %d, last-level cache %zu KiB "
             "for %d%s; %d thread%s%s, %s kernels",
             machine->foreign ? "described, not here: " : "", machine->cpus, machine->nodes,
             machine->nodes == 1 ? "" : "s", machine->l1 >> 10, machine->l2 >> 10,
             machine->l2_sharers,
             machine->llc >> 10, machine->llc_sharers,
             machine->flat ? " (flat: without hwloc)" : "", context->seats.threads,
             context->seats.threads == 1 ? "" : "s",
             bindings[context->seats.binding], context->kernels->isa);
}

/* What the machine is and how much of it is ours. */
static bnorm_status look_around(bnorm_context *context, const bnorm_context_options *options)
{
    fenv_t own;
    int quota = 0;
    bnorm_affinity places = {{0}};
    bnorm_environment_enter(&own);
    bnorm_team_places(&places);
    bnorm_status status =
        bnorm_topology_read(&context->machine, options->synthetic, options->xml, &places);
    if (status == BNORM_OK) {
        bnorm_team_watch_forks();
        int threads = choose_threads(options->threads, &context->machine, &quota);
        if (bnorm_seats_choose(&context->seats, &context->machine, threads, options->binding) != 0)
            status = bnorm_fail(BNORM_ERR_MEMORY, "no memory for the seats of %d threads", threads);
    }
    bnorm_environment_leave(&own);
    if (status == BNORM_OK) {
        write_text(context);
        log_findings(context, quota);
    }
    return status;
}

bnorm_status bnorm_context_create(bnorm_context **context, const bnorm_context_options *options)
{
    bnorm_context_options chosen = {.struct_size = sizeof chosen};
    if (!context)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "context is NULL");
    *context = NULL;
    if (options) {
        BNORM_TRY(bnorm_check_size("options", options->struct_size, sizeof *options));
        chosen = *options;
    }
    if (chosen.threads < 0 || chosen.threads > MAX_THREADS)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "options.threads is %d; expected 0 to %d",
                          chosen.threads, MAX_THREADS);
    if ((int)chosen.binding < 0 || chosen.binding > BNORM_BIND_COMPACT)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "options.binding is %d; expected 0 to %d",
                          (int)chosen.binding, BNORM_BIND_COMPACT);
    if ((int)chosen.pages < 0 || chosen.pages > BNORM_PAGES_SMALL)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "options.pages is %d; expected 0 to %d",
                          (int)chosen.pages, BNORM_PAGES_SMALL);
    const bnorm_kernels *kernels = bnorm_kernels_best();
    if (chosen.isa)
        BNORM_TRY(bnorm_kernels_select(&kernels, chosen.isa, "options.isa"));
    else if (bnorm_env_isa())
        BNORM_TRY(bnorm_kernels_select(&kernels, bnorm_env_isa(), "BNORM_ISA"));

    bnorm_context *created = bnorm_memory_get(sizeof *created);
    if (!created)
        return bnorm_fail(BNORM_ERR_MEMORY, "no memory for a context of %zu bytes",
                          sizeof *created);
    created->kernels = kernels;
    created->log = chosen.log;
    created->log_user = chosen.log_user;
    created->pages = chosen.pages;
    created->wisdom = bnorm_wisdom_create();
    bnorm_status status = created->wisdom ? look_around(created, &chosen)
                                          : bnorm_fail(BNORM_ERR_MEMORY, "no memory for wisdom");
    if (status == BNORM_OK)
        *context = created;
    else
        bnorm_context_destroy(created);
    return status;
}

void bnorm_context_destroy(bnorm_context *context)
{
    if (!context)
        return;
    bnorm_wisdom_destroy(context->wisdom);
    bnorm_seats_free(&context->seats);
    bnorm_topology_free(&context->machine);
    bnorm_memory_put(context);
}

int bnorm_context_threads(const bnorm_context *context)
{
    return context ? context->seats.threads : 0;
}

const char *bnorm_context_isa(const bnorm_context *context)
{
    return context ? context->kernels->isa : "";
}

const char *bnorm_context_describe(const bnorm_context *context)
{
    return context ? context->text : "";
}
