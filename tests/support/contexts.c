/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/contexts.h"

#include "plan/plan.h"
#include "support/harness.h"

#include <stdlib.h>
#include <string.h>

static bnorm_context *make(int threads, const char *isa)
{
    bnorm_context_options options;
    bnorm_context *context = NULL;
    bnorm_context_options_init(&options, sizeof options);
    options.threads = threads;
    options.isa = isa;
    if (bnorm_context_create(&context, &options) == BNORM_OK)
        return context;
    harness_note("no context for %s, %d threads: %s", isa ? isa : "any ISA", threads,
                 bnorm_last_error());
    return NULL;
}

bnorm_context *contexts_one(int threads)
{
    return make(threads, NULL);
}

int contexts_open(contexts *all, const int *threads, int count)
{
    const char *only = getenv("BNORM_ISA"), *isa;
    int usable;
    all->count = 0;
    for (int i = 0; (isa = bnorm_isa_name(i, &usable)) != NULL; i++) {
        if (!usable || (only != NULL && only[0] != '\0' && strcmp(only, isa) != 0))
            continue;
        for (int j = 0; j < count && all->count < CONTEXTS_MOST; j++) {
            bnorm_context *context = make(threads[j], isa);
            if (context == NULL)
                return -1;
            /* Every other one has caches so small that matrices count as large: outputs
             * are streamed past them, and rows divided. */
            if (all->count % 2 != 0)
                context->machine.l2 = context->machine.llc = 4096;
            /* Every other two have a large L1. */
            context->machine.l1 = (size_t)(all->count / 2 % 2 ? 48 : 32) << 10;
            /* Every third is planned as if its threads were on two NUMA nodes. */
            if (all->count % 3 == 2 && threads[j] > 1) {
                context->seats.nodes = 2;
                context->seats.count[0] = (threads[j] + 1) / 2;
                context->seats.count[1] = threads[j] / 2;
            }
            all->context[all->count++] = context;
        }
    }
    return all->count > 0 ? 0 : -1;
}

void contexts_close(contexts *all)
{
    for (int i = 0; i < all->count; i++)
        bnorm_context_destroy(all->context[i]);
    all->count = 0;
}
