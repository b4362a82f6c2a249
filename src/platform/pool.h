/* SPDX-License-Identifier: BSD-3-Clause */
/* A fixed number of workspaces that executions take and give back. */
#ifndef BNORM_PLATFORM_POOL_H
#define BNORM_PLATFORM_POOL_H

#include <pthread.h>
#include <stddef.h>

typedef struct {
    pthread_mutex_t mutex;
    pthread_cond_t returned;
    char *memory;     /* count workspaces of stride bytes */
    size_t stride;
    int count, free;
    int *stack;       /* indices of the free ones */
} bnorm_pool;

/* count >= 1 workspaces of size bytes, each on a cache line.  0: done; else out
 * of memory, and nothing is held. */
int bnorm_pool_create(bnorm_pool *pool, int count, size_t size);
void bnorm_pool_destroy(bnorm_pool *pool);

/* Fault bytes [begin, end) of all workspaces in. */
void bnorm_pool_touch(bnorm_pool *pool, size_t begin, size_t end);

/* Take a workspace; waits while all are taken. */
void *bnorm_pool_take(bnorm_pool *pool);
void bnorm_pool_give(bnorm_pool *pool, void *workspace);

#endif
