/* SPDX-License-Identifier: BSD-3-Clause */
/* Where the system says that pages are. */
#include "platform/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "platform/memory.h"
#include "support/harness.h"

/* More than the kernel takes at once. */
enum { PAGES = 1000 };

/* Skips the case where the system has no such question, or a sandbox forbids it. */
static int no_answer(void)
{
    int here, node;
    const void *address = &here;
    const int error = bnorm_pages_where(&address, 1, &node);
    if (error == ENOSYS || error == EPERM)
        harness_skip(strerror(error));
    return error == ENOSYS || error == EPERM;
}

static void pages_have_a_size(void)
{
    const int64_t size = bnorm_pages_size();
    CU_ASSERT(size >= 4096 && (size & (size - 1)) == 0);
}

static void touched_pages_are_somewhere(void)
{
    const int64_t size = bnorm_pages_size();
    const void *address[PAGES];
    int node[PAGES], wrong = 0;
    if (no_answer())
        return;
    char *memory = bnorm_memory_map((size_t)(PAGES * size), 0, 1, BNORM_PAGES_SMALL);
    CU_ASSERT_PTR_NOT_NULL_FATAL(memory);
    for (int i = 0; i < PAGES; i++) { /* an address on each page, last page first */
        address[i] = memory + (PAGES - 1 - i) * size + i % size;
        node[i] = 77;
        if (i % 3 == 0)
            memory[(PAGES - 1 - i) * size + size / 2] = 1;
    }
    CU_ASSERT_EQUAL(bnorm_pages_where(address, PAGES, node), 0);
    for (int i = 0; i < PAGES; i++)
        wrong += i % 3 == 0 ? node[i] < 0 || node[i] == 77 : node[i] != -1;
    CU_ASSERT_EQUAL(wrong, 0);
    bnorm_memory_unmap(memory);
}

static void unmapped_pages_are_absent(void)
{
    int node[2] = {5, 5};
    if (no_answer())
        return;
    char *memory = bnorm_memory_map(1, 0, 1, BNORM_PAGES_SMALL);
    memory[0] = 1;
    const void *address[2] = {NULL, memory};
    CU_ASSERT_EQUAL(bnorm_pages_where(address, 2, node), 0);
    CU_ASSERT_EQUAL(node[0], -1);
    CU_ASSERT(node[1] >= 0);
    node[0] = node[1] = 5; /* none are asked about */
    CU_ASSERT_EQUAL(bnorm_pages_where(address, 0, node), 0);
    CU_ASSERT(node[0] == 5 && node[1] == 5);
    bnorm_memory_unmap(memory);
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"pages have a size", pages_have_a_size},
        {"touched pages are on nodes, others absent", touched_pages_are_somewhere},
        {"unmapped pages are absent", unmapped_pages_are_absent},
    };
    return harness_main(argc, argv, "platform/pages", cases, HARNESS_COUNT(cases));
}
