/* SPDX-License-Identifier: BSD-3-Clause */
/* Speed-up, and the laws of Amdahl and Gustafson. */
#include <math.h>

#include "scale.h"

/* Both laws are lines in s through a known point, y = s x, where p is the number of
 * threads over the least one and S the speed-up over it:
 *   Amdahl:    1/S = s + (1-s)/p    y = 1/S - 1/p    x = 1 - 1/p
 *   Gustafson: S = s + (1-s)p       y = p - S        x = p - 1
 * so that least squares give s = sum(x y) / sum(x x).  The first point has x = 0. */
static double fit(const scale_curve *curve, bool weak)
{
    double xy = 0, xx = 0;
    for (int i = 1; i < curve->count; i++) {
        const scale_point *point = &curve->points[i];
        double p = (double)point->threads / curve->points->threads, speedup = point->speedup;
        double x = weak ? p - 1 : 1 - 1 / p;
        double y = weak ? p - speedup : 1 / speedup - 1 / p;
        xy += x * y;
        xx += x * x;
    }
    return curve->count > 1 ? xy / xx : NAN;
}

void scale_derive(scale_curve *curve, bool weak)
{
    const scale_point *first = curve->points;
    for (int i = 0; i < curve->count; i++) {
        scale_point *point = &curve->points[i];
        double p = (double)point->threads / first->threads;
        point->speedup = first->seconds / point->seconds * (weak ? p : 1);
        point->efficiency = point->speedup / p;
    }
    curve->serial_fraction = fit(curve, weak);
}
