/* SPDX-License-Identifier: BSD-3-Clause */
#include "ceiling.h"

#include <omp.h>
#include <stdio.h>
#include <string.h>

#include "support/data.h"

#define LINE 64

/* Below this, waking a team up may cost more than it gains, and the library is
 * free to run on one thread: so is the ceiling.  Bytes of one matrix. */
#define SMALL (16 << 20)

static bool wanted(const loops_variant *v, const loops_traffic *traffic, ceiling_stores stores)
{
    if (!traffic->to[0])
        return !v->writes;
    return stores == CEILING_ANY || v->nontemporal == (stores == CEILING_NONTEMPORAL);
}

static void add(ceiling *c, const loops *loops, const loops_traffic *traffic,
                ceiling_stores stores, int threads)
{
    for (const loops_variant *v = loops->moves; v->move && c->count < CEILING_MOST; v++) {
        if (wanted(v, traffic, stores))
            c->kernels[c->count++] = (ceiling_kernel){v, loops->isa, threads, *traffic};
    }
}

loops_traffic ceiling_traffic(const batch *b, const operation *op, int sweeps)
{
    return (loops_traffic){
        .from = {b->x.data, op->reads > 1 ? b->dy.data : NULL},
        .to = {op->gives_y ? b->y.data : b->dx.data, op->writes > 1 ? b->dx.data : NULL},
        .bytes = (size_t)b->rows * (size_t)b->cols * data_size(b->dtype),
        .sweeps = sweeps};
}

int ceiling_reads(const loops_traffic *traffic)
{
    return traffic->sweeps * (traffic->from[1] ? 2 : 1);
}

int ceiling_writes(const loops_traffic *traffic)
{
    return traffic->to[1] ? 2 : traffic->to[0] ? 1 : 0;
}

double ceiling_bytes(const loops_traffic *traffic)
{
    return (double)traffic->bytes * (ceiling_reads(traffic) + ceiling_writes(traffic));
}

void ceiling_name(const ceiling_kernel *k, char name[CEILING_NAME])
{
    snprintf(name, CEILING_NAME, "%d x %s %s", k->threads, k->isa, k->variant->name);
}

void ceiling_init(ceiling *c, const loops_traffic *traffic, ceiling_stores stores, int threads)
{
    c->traffic = *traffic;
    c->count = 0;
    int usable;
    for (int i = 0; bnorm_isa_name(i, &usable); i++) {
        const char *isa = bnorm_isa_name(i, &usable);
        /* Wider vectors are not always faster on memory, so each ISA competes; but
         * generic loops are never the best where there are others. */
        if (!usable || (strcmp(isa, "generic") == 0 && c->count > 0))
            continue;
        add(c, loops_for(isa), traffic, stores, threads);
        if (threads > 1 && traffic->bytes < SMALL)
            add(c, loops_for(isa), traffic, stores, 1);
    }
}

/* This thread's share: whole cache lines, the odd bytes to the last thread. */
static void move_share(const ceiling_kernel *k, int thread, int threads)
{
    const loops_traffic *all = &k->traffic;
    size_t lines = all->bytes / LINE, n = (size_t)threads, t = (size_t)thread;
    size_t begin = lines * t / n * LINE;
    size_t end = t + 1 == n ? all->bytes : lines * (t + 1) / n * LINE;
    loops_traffic share = {.bytes = end - begin, .sweeps = all->sweeps};
    for (int i = 0; i < 2; i++) {
        share.from[i] = all->from[i] ? (const char *)all->from[i] + begin : NULL;
        share.to[i] = all->to[i] ? (char *)all->to[i] + begin : NULL;
    }
    k->variant->move(&share);
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
