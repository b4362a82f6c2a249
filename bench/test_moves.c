/* SPDX-License-Identifier: BSD-3-Clause */
/* The bare loops of moves.c do what they are timed for: every byte is read, and what is
 * written is made of it. */
#include "loops.h"

#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "support/harness.h"

#define MOST (3 * 32768 + 64 + 5) /* bytes: stretches of bursts, a line, odd ones */
#define PAGES 9

typedef void each_variant(const loops_variant *v);

static void for_each_variant(each_variant *each)
{
    int usable;
    for (int i = 0; bnorm_isa_name(i, &usable); i++) {
        for (const loops_variant *v = loops_for(bnorm_isa_name(i, &usable))->moves;
             usable && v->move; v++)
            each(v);
    }
}

static unsigned char *lines(size_t bytes)
{
    unsigned char *p = aligned_alloc(64, (bytes + 127) / 64 * 64);
    CU_ASSERT_PTR_NOT_NULL_FATAL(p);
    return p;
}

static unsigned char *a, *b, *p, *q;

/* p gets a or a ^ b, q gets a, and nothing behind them is touched. */
static int is_right(const loops_traffic *t)
{
    for (size_t i = 0; i < t->bytes; i++) {
        unsigned char sum = t->from[1] ? a[i] ^ b[i] : a[i];
        if (p[i] != (t->to[0] ? sum : 0xee) || q[i] != (t->to[1] ? a[i] : 0xee))
            return 0;
    }
    return p[t->bytes] == 0xee && q[t->bytes] == 0xee;
}

static void move_all(const loops_variant *v)
{
    static const size_t sizes[] = {0, 5, 64, 64 * 7 + 63, 32768, MOST};
    for (size_t s = 0; s < sizeof sizes / sizeof *sizes; s++) {
        for (int mix = 0; mix < 18; mix++) {
            int sweeps = 1 + mix / 6, inputs = 1 + mix % 2, outputs = mix / 2 % 3;
            loops_traffic t = {.from = {a, inputs > 1 ? b : NULL},
                               .to = {outputs ? p : NULL, outputs > 1 ? q : NULL},
                               .bytes = sizes[s], .sweeps = sweeps};
            memset(p, 0xee, MOST + 1);
            memset(q, 0xee, MOST + 1);
            v->move(&t);
            if (!is_right(&t)) {
                harness_note("%s: %zu bytes, %dR+%dW, %d sweeps", v->name, t.bytes, inputs,
                             outputs, sweeps);
                CU_FAIL("wrong output");
            }
        }
    }
}

static void test_written(void)
{
    a = lines(MOST), b = lines(MOST), p = lines(MOST + 1), q = lines(MOST + 1);
    for (size_t i = 0; i < MOST; i++) {
        a[i] = (unsigned char)(i * 7 + i / 251);
        b[i] = (unsigned char)(i * 13 + i / 127);
    }
    for_each_variant(move_all);
    free(a), free(b), free(p), free(q);
}

static sigjmp_buf back;
static char *matrix[2];
static size_t page;

static void on_fault(int signal)
{
    (void)signal;
    siglongjmp(back, 1);
}

/* Whether a move faults on this page of a matrix, which must not be read. */
static int reads(const loops_variant *v, int which, int index)
{
    volatile int faulted = 0;
    char *forbidden = matrix[which] + (size_t)index * page;
    loops_traffic t = {.from = {matrix[0], matrix[1]}, .bytes = PAGES * page, .sweeps = 1};
    mprotect(forbidden, page, PROT_NONE);
    if (sigsetjmp(back, 1) == 0)
        v->move(&t);
    else
        faulted = 1;
    mprotect(forbidden, page, PROT_READ);
    return faulted;
}

static void read_all(const loops_variant *v)
{
    for (int which = 0; which < 2; which++) {
        for (int index = 0; index < PAGES; index++) {
            if (!reads(v, which, index)) {
                harness_note("%s: page %d of matrix %d", v->name, index, which);
                CU_FAIL("not read");
            }
        }
    }
}

/* Loops whose result nobody wants must not be dropped by the compiler. */
static void test_read(void)
{
    struct sigaction old[2], action = {.sa_handler = on_fault};
    page = (size_t)sysconf(_SC_PAGESIZE);
    for (int i = 0; i < 2; i++) {
        matrix[i] = mmap(NULL, PAGES * page, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        CU_ASSERT_FATAL(matrix[i] != MAP_FAILED);
    }
    sigaction(SIGSEGV, &action, &old[0]);
    sigaction(SIGBUS, &action, &old[1]);
    for_each_variant(read_all);
    sigaction(SIGSEGV, &old[0], NULL);
    sigaction(SIGBUS, &old[1], NULL);
    for (int i = 0; i < 2; i++)
        munmap(matrix[i], PAGES * page);
}

static const harness_case cases[] = {
    {"what is written is made of what is read", test_written},
    {"all is read where nothing is written", test_read},
};

int main(int argc, char **argv)
{
    return harness_main(argc, argv, "moves", cases, HARNESS_COUNT(cases));
}
