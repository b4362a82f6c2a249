/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long an operation would take on a machine that is only described.  All traffic
 * is in proportion to the blocks of one matrix: what the plan expects to read and write
 * over the bytes of one matrix is how often each byte of a block moves.
 */
#include <math.h>
#include <stdlib.h>

#include "map.h"
#include "scale.h"

typedef struct { /* bytes of one matrix */
    double *core;   /* of the blocks that a core's threads have; by number of the core */
    double *memory; /* that lie on a node */
    double *link;   /* of other nodes, of the blocks that a node's threads have */
} load;

static double most(const double *values, int count)
{
    double value = 0;
    for (int i = 0; i < count; i++)
        value = fmax(value, values[i]);
    return value;
}

/* Which nodes remote bytes lie on the plan doesn't say: as much on all others. */
static void add_up(load *l, const map *m)
{
    for (int i = 0; i < m->threads; i++) {
        const map_share *share = &m->of_thread[i];
        if (share->blocks > 0)
            l->core[m->cpu[share->cpu].core] += share->bytes;
    }
    for (int i = 0; i < m->nodes; i++) {
        const map_share *share = &m->of_node[i];
        l->memory[i] += share->bytes - share->remote_bytes;
        l->link[i] = share->remote_bytes;
        for (int other = 0; other < m->nodes; other++) {
            if (other != i)
                l->memory[other] += share->remote_bytes / (m->nodes - 1);
        }
    }
}

static double largest_share(const map *m)
{
    double bytes = 0;
    for (int i = 0; i < m->threads; i++)
        bytes = fmax(bytes, m->of_thread[i].bytes);
    return bytes;
}

static outcome estimate(scale_point *point, const map *m, const scale_machine *machine)
{
    load l = {calloc((size_t)m->cpus + 1, sizeof *l.core),
              calloc((size_t)m->nodes + 1, sizeof *l.memory),
              calloc((size_t)m->nodes + 1, sizeof *l.link)};
    if (l.core && l.memory && l.link) {
        add_up(&l, m);
        double moves = (m->grid.bytes_read + m->grid.bytes_written) / m->total.bytes;
        double core = moves * most(l.core, m->cpus) / machine->core;
        double memory = moves * most(l.memory, m->nodes) / machine->node;
        double link = moves * most(l.link, m->nodes) / machine->link;
        point->seconds = fmax(core, memory) + link;
        point->bound = link > fmax(core, memory) ? "link" : core >= memory ? "core" : "memory";
        point->team = m->grid.threads;
        point->strategy = m->grid.strategy;
        point->bytes = m->grid.bytes_compulsory;
        point->imbalance = largest_share(m) * point->team / m->total.bytes - 1;
        point->remote_bytes = moves * m->total.remote_bytes;
    }
    bool complete = l.core && l.memory && l.link;
    free(l.core);
    free(l.memory);
    free(l.link);
    return complete ? OUTCOME_DONE : complain_as(OUTCOME_IMPOSSIBLE, "scale: out of memory");
}

outcome scale_predict(scale_curve *curve, const options *o, const scale_machine *machine)
{
    outcome result = OUTCOME_DONE;
    for (int i = 0; i < curve->count && !result; i++) {
        scale_point *point = &curve->points[i];
        engine_choice choice = workbench_choice(o);
        choice.planning = true;
        choice.threads = point->threads;
        engine e;
        map m;
        result = engine_create(&e, &choice, point->rows, curve->problem->cols, o->dtype,
                               curve->op->flag);
        if (result)
            break;
        result = map_read(&m, &e, curve->op);
        if (!result) {
            result = estimate(point, &m, machine);
            map_free(&m);
        }
        engine_destroy(&e);
    }
    return result;
}
