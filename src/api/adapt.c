/* SPDX-License-Identifier: BSD-3-Clause */
/* Plans for matrices that lie where somebody else has put them. */
#include "plan/adapt.h"

#include "api/placement.h"
#include "api/plan.h"
#include "platform/pages.h"

enum { SAMPLES = 16 }; /* pages that are asked about in each piece */

typedef struct {
    const bnorm_plan *plan;
    const bnorm_matrix *matrix;
    int error; /* errno of a question that was refused */
} sampling;

/* A number in [0, n) that changes with i as if by chance: evenly spaced samples
 * would see one node only of pages that take turns. */
static int64_t scatter(int64_t i, int64_t n)
{
    uint64_t mixed = ((uint64_t)i + 1) * UINT64_C(0x9E3779B97F4A7C15);
    mixed = (mixed ^ mixed >> 32) * UINT64_C(0xD6E8FEB86659FD93);
    return (int64_t)((mixed >> 32) % (uint64_t)n);
}

/* The os_index of the node that three quarters of the samples are on; -1: none. */
static int majority(const int *node)
{
    for (int i = 0; i <= SAMPLES / 4; i++) {
        int votes = 0;
        for (int j = 0; j < SAMPLES; j++)
            votes += node[j] == node[i];
        if (votes >= SAMPLES * 3 / 4)
            return node[i];
    }
    return -1;
}

/* The plan's owner of a leaf or panel. */
static int old_owner(const bnorm_shards *shards, int64_t unit)
{
    int i = 0;
    while (i < shards->count - 1 && shards->shard[i].end <= unit)
        i++;
    return shards->shard[i].node;
}

/* Whose threads are at a memory: its owner until now, if it is his, else the first
 * node's that has it and threads of ours, else nobody's, and things stay as they
 * are. */
static int new_owner(const bnorm_context *context, int os_index, int owner)
{
    const bnorm_machine *machine = &context->machine;
    if (machine->node[owner].memory == os_index)
        return owner;
    for (int k = 0; k < machine->nodes; k++)
        if (machine->node[k].memory == os_index && context->seats.count[k] > 0)
            return k;
    return owner;
}

/* bnorm_adapt_where, by samples. */
static int where(void *data, int64_t begin, int64_t end)
{
    sampling *s = data;
    const bnorm_plan *plan = s->plan;
    const int64_t size = bnorm_dtype_size(plan->problem.dtype), ld = s->matrix->ld;
    const int64_t unit = (plan->panel ? 1 : BNORM_LEAF_ROWS) * ld * size;
    const int64_t last = bnorm_placement_next(plan, ld, PTRDIFF_MAX) - 1;
    const int64_t from = begin * unit, part = bnorm_max((end - begin) * unit / SAMPLES, 1);
    const void *address[SAMPLES];
    int node[SAMPLES];

    if (s->error)
        return -1;
    for (int i = 0; i < SAMPLES; i++) {
        int64_t at = from + i * part + scatter(begin * SAMPLES + i, part);
        at = bnorm_placement_next(plan, ld, bnorm_min(at, bnorm_min(end * unit - 1, last)));
        address[i] = (const void *)((uintptr_t)s->matrix->data + (uintptr_t)bnorm_min(at, last));
    }
    s->error = bnorm_pages_where(address, SAMPLES, node);
    const int os_index = s->error ? -1 : majority(node);
    return os_index < 0 ? -1 : new_owner(plan->context, os_index,
                                         old_owner(&plan->shards, begin + (end - begin) / 2));
}

bnorm_status bnorm_plan_adapt(bnorm_plan **adapted, const bnorm_plan *plan,
                              const bnorm_matrix *matrix)
{
    bnorm_matrix complete;
    if (!adapted)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "adapted is NULL");
    *adapted = NULL;
    BNORM_TRY(bnorm_check_placed(plan, matrix, &complete));
    bnorm_shards shards = plan->shards;
    if (bnorm_placement_elements(plan, complete.ld, 0, PTRDIFF_MAX) > 0) {
        sampling s = {plan, &complete, 0};
        const int64_t count = shards.shard[shards.count - 1].end;
        bnorm_adapt_shards(&shards, count, where, &s);
        if (s.error)
            return bnorm_fail_pages(s.error);
    }
    return bnorm_plan_make(adapted, plan->context, &plan->problem, &shards);
}
