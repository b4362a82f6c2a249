/* SPDX-License-Identifier: BSD-3-Clause */
#include "bound.h"

#include <math.h>
#include <stdlib.h>

outcome bound_init(ceiling *bare, const workbench *w, const operation *op)
{
    bnorm_description d = {.struct_size = sizeof d};
    bnorm_status status = bnorm_plan_describe(w->engine.plan, op->flag, &d);
    if (status)
        return engine_complain(op->name, status);
    double matrix = d.bytes_compulsory / (op->reads + op->writes);
    int sweeps = (int)lround(d.bytes_read / matrix / op->reads);
    loops_traffic traffic = ceiling_traffic(&w->batch, op, sweeps < 1 ? 1 : sweeps);
    return ceilings_choose(w->ceilings, &traffic, bnorm_context_threads(w->engine.context),
                           bare);
}

int bound_narrow(const ceiling *bare, contestant *loops, int rounds, const char *what)
{
    if (timing_rounds(loops, bare->count, timing_screening(rounds), what))
        return -1;
    timing_narrow(loops, bare->count);
    return 0;
}

double bound_find(const ceiling *bare, const contestant *loops, const contestant *peer)
{
    int rounds = peer->count, best = timing_fastest(loops, bare->count);
    double *ratios = malloc((size_t)rounds * sizeof *ratios);
    if (!ratios)
        return NAN;
    for (int i = 0; i < rounds; i++) {
        double seconds = bare->saved_seconds;
        if (best >= 0)
            seconds = loops[best].seconds[loops[best].count - rounds + i];
        ratios[i] = peer->seconds[i] / seconds;
    }
    double bound = timing_median(ratios, rounds);
    free(ratios);
    return bound;
}
