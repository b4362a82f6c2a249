/* SPDX-License-Identifier: BSD-3-Clause */
#include "tune/wisdom.h"

#include <string.h>

#include "platform/memory.h"

bnorm_wisdom *bnorm_wisdom_create(void)
{
    bnorm_wisdom *wisdom = bnorm_memory_get(sizeof *wisdom);
    if (wisdom && pthread_mutex_init(&wisdom->mutex, NULL) != 0) {
        bnorm_memory_put(wisdom);
        return NULL;
    }
    return wisdom;
}

void bnorm_wisdom_destroy(bnorm_wisdom *wisdom)
{
    if (!wisdom)
        return;
    pthread_mutex_destroy(&wisdom->mutex);
    bnorm_memory_put(wisdom->entry);
    bnorm_memory_put(wisdom);
}

bnorm_wisdom_key bnorm_wisdom_key_of(const bnorm_plan *plan, int operation)
{
    const bnorm_problem *problem = &plan->problem;
    return (bnorm_wisdom_key){
        .operation = operation,
        .rows = problem->rows,
        .cols = problem->cols,
        .dtype = problem->dtype,
        .stats_dtype = problem->stats_dtype,
        .panel = (int)plan->panel,
        .flags = problem->flags,
        .strategy = problem->strategy,
    };
}

static int same_key(const bnorm_wisdom_key *a, const bnorm_wisdom_key *b)
{
    return a->operation == b->operation && a->rows == b->rows && a->cols == b->cols &&
           a->dtype == b->dtype && a->stats_dtype == b->stats_dtype && a->panel == b->panel &&
           a->flags == b->flags && a->strategy == b->strategy;
}

const bnorm_wisdom_entry *bnorm_wisdom_find(const bnorm_wisdom *wisdom,
                                            const bnorm_wisdom_key *key)
{
    for (int i = 0; i < wisdom->count; i++)
        if (same_key(&wisdom->entry[i].key, key))
            return &wisdom->entry[i];
    return NULL;
}

int bnorm_wisdom_reserve(bnorm_wisdom *wisdom, int more)
{
    if (wisdom->room - wisdom->count >= more)
        return 0;
    const int room = 2 * wisdom->room > wisdom->count + more ? 2 * wisdom->room
                                                             : wisdom->count + more;
    bnorm_wisdom_entry *entry = bnorm_memory_get((size_t)room * sizeof *entry);
    if (!entry)
        return -1;
    if (wisdom->count)
        memcpy(entry, wisdom->entry, (size_t)wisdom->count * sizeof *entry);
    bnorm_memory_put(wisdom->entry);
    wisdom->entry = entry;
    wisdom->room = room;
    return 0;
}

void bnorm_wisdom_add(bnorm_wisdom *wisdom, const bnorm_wisdom_entry *entry)
{
    const bnorm_wisdom_entry *old = bnorm_wisdom_find(wisdom, &entry->key);
    wisdom->entry[old ? old - wisdom->entry : wisdom->count++] = *entry;
}
