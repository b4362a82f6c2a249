/* SPDX-License-Identifier: BSD-3-Clause */
/* The pool of workspaces: apart, on cache lines, and never given twice. */
#include "platform/pool.h"

#include <pthread.h>
#include <stdint.h>
#include <string.h>

#include "support/harness.h"

enum { COUNT = 3, THREADS = 8, TURNS = 200 };

/* Sizes on both sides of whole cache lines. */
static void workspaces_are_apart(void)
{
    for (size_t size = 1; size < 300; size += 37) {
        bnorm_pool pool;
        char *taken[COUNT];
        CU_ASSERT_EQUAL_FATAL(bnorm_pool_create(&pool, COUNT, size), 0);
        for (int i = 0; i < COUNT; i++) {
            taken[i] = bnorm_pool_take(&pool);
            CU_ASSERT_EQUAL((uintptr_t)taken[i] % 64, 0);
            memset(taken[i], i, size);
        }
        for (int i = 0; i < COUNT; i++) {
            CU_ASSERT(taken[i][0] == i && taken[i][size - 1] == i);
            bnorm_pool_give(&pool, taken[i]);
        }
        bnorm_pool_destroy(&pool);
    }
}

/* The workspace given back last is the one that is still in cache. */
static void the_last_returned_is_taken_next(void)
{
    bnorm_pool pool;
    CU_ASSERT_EQUAL_FATAL(bnorm_pool_create(&pool, COUNT, 100), 0);
    void *a = bnorm_pool_take(&pool), *b = bnorm_pool_take(&pool);
    bnorm_pool_give(&pool, a);
    CU_ASSERT_PTR_EQUAL(bnorm_pool_take(&pool), a);
    bnorm_pool_give(&pool, a);
    bnorm_pool_give(&pool, b);
    CU_ASSERT_PTR_EQUAL(bnorm_pool_take(&pool), b);
    bnorm_pool_give(&pool, b);
    bnorm_pool_destroy(&pool);
}

typedef struct {
    bnorm_pool *pool;
    int collisions;
} user;

/* The owner of a workspace finds in it what it wrote. */
static void *take_and_give(void *data)
{
    user *self = data;
    for (int i = 0; i < TURNS; i++) {
        void *volatile *space = bnorm_pool_take(self->pool);
        *space = self;
        sched_yield();
        self->collisions += *space != self;
        bnorm_pool_give(self->pool, (void *)space);
    }
    return NULL;
}

/* In the end all are back: none was lost on the way. */
static void many_threads_share_few(void)
{
    bnorm_pool pool;
    pthread_t threads[THREADS];
    user users[THREADS];
    CU_ASSERT_EQUAL_FATAL(bnorm_pool_create(&pool, COUNT, 64), 0);
    for (int i = 0; i < THREADS; i++) {
        users[i] = (user){&pool, 0};
        CU_ASSERT_EQUAL_FATAL(pthread_create(&threads[i], NULL, take_and_give, &users[i]), 0);
    }
    for (int i = 0; i < THREADS; i++) {
        pthread_join(threads[i], NULL);
        CU_ASSERT_EQUAL(users[i].collisions, 0);
    }
    CU_ASSERT_EQUAL(pool.free, COUNT);
    bnorm_pool_destroy(&pool);
}

/* The product of count and size overflows; the size alone is beyond any machine. */
static void too_much_is_refused(void)
{
    bnorm_pool pool;
    CU_ASSERT_NOT_EQUAL(bnorm_pool_create(&pool, 4096, SIZE_MAX / 4096), 0);
    CU_ASSERT_NOT_EQUAL(bnorm_pool_create(&pool, 1, (size_t)1 << 62), 0);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"workspaces are apart and aligned", workspaces_are_apart},
        {"the last returned is taken next", the_last_returned_is_taken_next},
        {"many threads share few workspaces", many_threads_share_few},
        {"too much memory is refused", too_much_is_refused},
    };
    return harness_main(argc, argv, "platform/pool", cases, HARNESS_COUNT(cases));
}
