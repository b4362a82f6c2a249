/* SPDX-License-Identifier: BSD-3-Clause */
#include "platform/pool.h"

#include <stdint.h>

#include "base/sizes.h"
#include "platform/memory.h"

int bnorm_pool_create(bnorm_pool *pool, int count, size_t size)
{
    pool->stride = (size + BNORM_LINE - 1) / BNORM_LINE * BNORM_LINE;
    if (pool->stride > SIZE_MAX / 2 / (size_t)count)
        return -1;
    pool->count = pool->free = count;
    pool->memory = bnorm_memory_map(pool->stride * (size_t)count, 0, 1, BNORM_PAGES_TRANSPARENT);
    pool->stack = bnorm_memory_get((size_t)count * sizeof *pool->stack);
    if (!pool->memory || !pool->stack || pthread_mutex_init(&pool->mutex, NULL) != 0)
        goto no_mutex;
    if (pthread_cond_init(&pool->returned, NULL) != 0)
        goto no_condition;
    for (int i = 0; i < count; i++)
        pool->stack[i] = count - 1 - i;
    return 0;

no_condition:
    pthread_mutex_destroy(&pool->mutex);
no_mutex:
    bnorm_memory_unmap(pool->memory);
    bnorm_memory_put(pool->stack);
    return -1;
}

void bnorm_pool_destroy(bnorm_pool *pool)
{
    pthread_cond_destroy(&pool->returned);
    pthread_mutex_destroy(&pool->mutex);
    bnorm_memory_unmap(pool->memory);
    bnorm_memory_put(pool->stack);
}

void bnorm_pool_touch(bnorm_pool *pool, size_t begin, size_t end)
{
    const size_t page = 4096;
    if (end > pool->stride)
        end = pool->stride;
    /* Adding 0 makes the page writable without changing what an execution has there. */
    for (int i = 0; i < pool->count; i++)
        for (size_t at = begin; at < end; at += page - at % page)
            __atomic_fetch_add(pool->memory + (size_t)i * pool->stride + at, 0, __ATOMIC_RELAXED);
}

void *bnorm_pool_take(bnorm_pool *pool)
{
    pthread_mutex_lock(&pool->mutex);
    while (pool->free == 0)
        pthread_cond_wait(&pool->returned, &pool->mutex);
    int index = pool->stack[--pool->free];
    pthread_mutex_unlock(&pool->mutex);
    return pool->memory + (size_t)index * pool->stride;
}

void bnorm_pool_give(bnorm_pool *pool, void *workspace)
{
    pthread_mutex_lock(&pool->mutex);
    pool->stack[pool->free++] = (int)((size_t)((char *)workspace - pool->memory) / pool->stride);
    pthread_cond_signal(&pool->returned);
    pthread_mutex_unlock(&pool->mutex);
}
