/* SPDX-License-Identifier: BSD-3-Clause */
#include "ceiling.h"

#include <omp.h>
#include <string.h>

#include "support/data.h"

#define LINE 64

/* Below this, waking a team up may cost more than it gains, and the library is
 * free to run on one thread: so is the ceiling.  Bytes of one matrix. */
#define SMALL (16 << 20)

static void add(ceiling *c, const loops *loops, const ceiling_kernel *like, int threads)
{
    for (const loops_variant *v = loops->moves; v->move && c->count < CEILING_MOST; v++) {
        ceiling_kernel *kernel = &c->kernels[c->count++];
        *kernel = *like;
        kernel->variant = v;
        kernel->isa = loops->isa;
        kernel->threads = threads;
    }
}

void ceiling_of(ceiling *c, const ceiling_kernel *like, int threads)
{
    c->count = 0;
    int usable;
    for (int i = 0; bnorm_isa_name(i, &usable); i++) {
        const char *isa = bnorm_isa_name(i, &usable);
        /* Wider vectors are not always faster on memory, so each ISA competes; but
         * generic loops are never the best where there are others. */
        if (!usable || (strcmp(isa, "generic") == 0 && c->count > 0))
            continue;
        add(c, loops_for(isa), like, threads);
        if (threads > 1 && like->bytes < SMALL)
            add(c, loops_for(isa), like, 1);
    }
}

void ceiling_init(ceiling *c, const batch *b, const operation *op, int threads)
{
    ceiling_kernel like = {
        .from = {b->x.data, op->reads > 1 ? b->dy.data : NULL},
        .to = {op->gives_y ? b->y.data : b->dx.data, op->writes > 1 ? b->dx.data : NULL},
        .bytes = (size_t)b->rows * (size_t)b->cols * data_size(b->dtype)};
    ceiling_of(c, &like, threads);
}

/* This thread's share: whole cache lines, the odd bytes to the last thread. */
static void move_share(const ceiling_kernel *k, int thread, int threads)
{
    size_t lines = k->bytes / LINE, n = (size_t)threads, t = (size_t)thread;
    size_t begin = lines * t / n * LINE;
    size_t end = t + 1 == n ? k->bytes : lines * (t + 1) / n * LINE;
    const void *from[2];
    void *to[2];
    for (int i = 0; i < 2; i++) {
        from[i] = k->from[i] ? (const char *)k->from[i] + begin : NULL;
        to[i] = k->to[i] ? (char *)k->to[i] + begin : NULL;
    }
    k->variant->move(from, to, end - begin);
}

static void run(void *self)
{
    const ceiling_kernel *k = self;
    if (k->threads == 1) {
        move_share(k, 0, 1);
        return;
    }
#pragma omp parallel num_threads(k->threads)
    move_share(k, omp_get_thread_num(), omp_get_num_threads());
}

void ceiling_enter(const ceiling *c, contestant *contestants)
{
    for (int i = 0; i < c->count; i++)
        contestants[i] = (contestant){.run = run, .self = (void *)&c->kernels[i]};
}
