/* SPDX-License-Identifier: BSD-3-Clause */
#include "api/allocations.h"

#include <errno.h>
#include <stdatomic.h>
#include <stddef.h>
#include <sys/mman.h>
#include <sys/types.h>

/* The library holds a handful of blocks at a time. */
enum { BLOCKS_MOST = 64 };

static atomic_int watching, requests, fail_at;
static _Atomic(void *) blocks[BLOCKS_MOST];

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *memory, size_t size);
void *__real_aligned_alloc(size_t alignment, size_t size);
int __real_posix_memalign(void **memory, size_t alignment, size_t size);
void *__real_mmap(void *at, size_t length, int protection, int flags, int file, off_t offset);
void __real_free(void *memory);
int __real_munmap(void *memory, size_t length);

void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *memory, size_t size);
void *__wrap_aligned_alloc(size_t alignment, size_t size);
int __wrap_posix_memalign(void **memory, size_t alignment, size_t size);
void *__wrap_mmap(void *at, size_t length, int protection, int flags, int file, off_t offset);
void __wrap_free(void *memory);
int __wrap_munmap(void *memory, size_t length);

void allocations_watch(int fail)
{
    atomic_store(&requests, 0);
    atomic_store(&fail_at, fail);
    atomic_store(&watching, 1);
}

int allocations_stop(void)
{
    atomic_store(&watching, 0);
    return atomic_load(&requests);
}

int allocations_held(void)
{
    int held = 0;
    for (int i = 0; i < BLOCKS_MOST; i++)
        held += atomic_load(&blocks[i]) != NULL;
    return held;
}

/* Count a request; whether it is the one to fail. */
static int fails(void)
{
    if (!atomic_load(&watching))
        return 0;
    int failing = atomic_fetch_add(&requests, 1) + 1 == atomic_load(&fail_at);
    if (failing)
        errno = ENOMEM;
    return failing;
}

/* Into the first empty place; lock-free, because workers may request too. */
static void *note(void *memory)
{
    if (!memory || memory == MAP_FAILED || !atomic_load(&watching))
        return memory;
    for (int i = 0; i < BLOCKS_MOST; i++) {
        void *empty = NULL;
        if (atomic_compare_exchange_strong(&blocks[i], &empty, memory))
            break;
    }
    return memory;
}

/* Given back, whether or not somebody watches: a block of an earlier watch too. */
static void forget(void *memory)
{
    for (int i = 0; memory && i < BLOCKS_MOST; i++) {
        void *noted = memory;
        if (atomic_compare_exchange_strong(&blocks[i], &noted, NULL))
            return;
    }
}

void *__wrap_malloc(size_t size)
{
    return fails() ? NULL : note(__real_malloc(size));
}

void *__wrap_calloc(size_t count, size_t size)
{
    return fails() ? NULL : note(__real_calloc(count, size));
}

void *__wrap_realloc(void *memory, size_t size)
{
    if (fails())
        return NULL;
    forget(memory);
    return note(__real_realloc(memory, size));
}

void *__wrap_aligned_alloc(size_t alignment, size_t size)
{
    return fails() ? NULL : note(__real_aligned_alloc(alignment, size));
}

int __wrap_posix_memalign(void **memory, size_t alignment, size_t size)
{
    int status = fails() ? ENOMEM : __real_posix_memalign(memory, alignment, size);
    if (status == 0)
        note(*memory);
    return status;
}

void *__wrap_mmap(void *at, size_t length, int protection, int flags, int file, off_t offset)
{
    return fails() ? MAP_FAILED
                   : note(__real_mmap(at, length, protection, flags, file, offset));
}

void __wrap_free(void *memory)
{
    forget(memory);
    __real_free(memory);
}

int __wrap_munmap(void *memory, size_t length)
{
    forget(memory);
    return __real_munmap(memory, length);
}
