/* SPDX-License-Identifier: BSD-3-Clause */
#include "bound.h"

#include <math.h>

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

outcome bound_narrow(const ceiling *bare, contestant *loops, int rounds, const char *what)
{
    outcome result = timing_rounds(loops, bare->count, timing_screening(rounds), what);
    if (!result)
        timing_narrow(loops, bare->count);
    return result;
}

double bound_find(const ceiling *bare, const contestant *loops, const contestant *peer)
{
    int best = timing_fastest(loops, bare->count);
    timing_ratio ratio;
    if (best < 0)
        return timing_median(peer->seconds, peer->count) / bare->saved_seconds;
    return timing_compare(&ratio, peer, &loops[best], peer->count) ? NAN : ratio.median;
}
