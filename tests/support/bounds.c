/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Rounding errors of the algorithm, to first order, worst case.
 *
 * u is the unit roundoff of the data type (2^-24 or 2^-53), e = 2^-53 that of
 * double, in which leaves are merged.
 *
 * Leaf of n <= 64 rows: d_i = x_i - x_first, each with relative error u; S1 =
 * sum d_i and S2 = sum d_i^2 in row order.  |err S1| <= 64 u sum|d_i| and
 * |err S2| <= 66 u S2 (Higham 2002, section 4.2).  The leaf's mean is x_first +
 * S1/n: as sum|d_i| <= sqrt(n S2), its error is at most 64 u sqrt(S2/n).  M2 =
 * S2 - S1^2/n: at most 66 u S2 + 2 * 64 u |S1| sum|d_i| / n <= 194 u S2.  The
 * co-moment likewise: 194 u sqrt(S2x S2y).  In float a leaf whose S2 is above
 * 32 M2 is done again in double, so that S2 is never taken as more than 33 M2
 * (the 33rd is for the error of the comparison).
 *
 * Merging L leaves takes H <= 2 log2(L) + 2 levels (the tree, then the list of
 * complete nodes).  Each level rounds the means three times: 3 e |mean|, r in
 * all.  An error delta in the means moves sum n d^2 over the merges by at most
 * 2 sqrt(B H m) delta + H m delta^2, with B = sum n_leaf (mean_leaf - mean)^2
 * (Cauchy-Schwarz over the merges; the weights of one level sum to at most m/4,
 * and both means of a merge may be wrong).  An error of a single leaf's mean
 * acts as if its rows had moved.  Rounding M2 itself: 5 e M2 per level.
 */
#include "support/bounds.h"

#include <float.h>
#include <math.h>

enum { LEAF = 64 };

static const long double E = 0x1p-53L;

typedef struct { /* one leaf of x or dy */
    long double mean, off; /* off: of the batch's mean */
    long double s2;        /* the shifted squares that its sums may rest on */
    long double error;     /* of the mean */
} leaf;

typedef struct { /* all leaves of x or dy */
    long double between, largest, mean_error, m2_error;
} side;

static leaf leaf_of(const column_bounds *b, const double *values, int64_t n, long double mean)
{
    leaf l = {.mean = column_mean(values, n)};
    long double m2 = 0;
    for (int64_t i = 0; i < n; i++)
        m2 += (values[i] - l.mean) * (values[i] - l.mean);
    l.off = l.mean - mean;
    l.s2 = m2 + n * (l.mean - values[0]) * (l.mean - values[0]);
    if (b->u > E && l.s2 > 33 * m2)
        l.s2 = 33 * m2;
    l.error = 64 * b->u * sqrtl(l.s2 / n) + 3 * E * fabsl(l.mean);
    return l;
}

static void add_leaf(side *s, const column_bounds *b, const leaf *l, int64_t n)
{
    s->between += n * l->off * l->off;
    s->largest = fmaxl(s->largest, fabsl(l->mean));
    s->mean_error += n * l->error;
    s->m2_error += 194 * b->u * l->s2 + n * (2 * fabsl(l->off) + l->error) * l->error;
}

/* What merging adds to the leaves' own errors. */
static void merge(column_bounds *b, side x, side dy, long double levels, const oracle_column *o,
                  long double m2_x)
{
    long double m = o->rows;
    long double rx = levels * 3 * E * x.largest, ry = levels * 3 * E * dy.largest;
    long double spread = levels * m;
    b->mean = x.mean_error / m + rx;
    b->mean_dy = dy.mean_error / m + ry;
    b->var = (x.m2_error + 2 * sqrtl(x.between * spread) * rx + spread * rx * rx +
              5 * E * levels * m2_x) / m;
    b->comoment += sqrtl(x.between * spread) * ry + sqrtl(dy.between * spread) * rx +
                   spread * rx * ry;
}

static void find_moments(column_bounds *b, const column *c, const oracle_column *o)
{
    side x = {0}, dy = {0};
    long double m2_x = 0, mean_x = c->given ? column_mean(c->x, c->rows) : o->mean;
    for (int64_t row = 0; row < c->rows; row += LEAF) {
        int64_t n = c->rows - row < LEAF ? c->rows - row : LEAF;
        leaf lx = leaf_of(b, c->x + row, n, mean_x);
        add_leaf(&x, b, &lx, n);
        if (c->dy == NULL)
            continue;
        leaf ly = leaf_of(b, c->dy + row, n, o->mean_dy);
        add_leaf(&dy, b, &ly, n);
        b->comoment += 194 * b->u * sqrtl(lx.s2 * ly.s2) +
                       n * (fabsl(lx.off) * ly.error + fabsl(ly.off) * lx.error +
                            lx.error * ly.error);
    }
    for (int64_t i = 0; i < c->rows; i++)
        m2_x += (c->x[i] - mean_x) * (c->x[i] - mean_x);
    long double levels = 2 * ceill(log2l((long double)(c->rows + LEAF - 1) / LEAF)) + 2;
    if (c->dy != NULL) { /* rounding the co-moment on the way up */
        long double m2_dy = 0;
        for (int64_t i = 0; i < c->rows; i++)
            m2_dy += (c->dy[i] - o->mean_dy) * (c->dy[i] - o->mean_dy);
        b->comoment += 5 * E * levels * sqrtl(m2_x * m2_dy);
    }
    merge(b, x, dy, levels, o, m2_x);
    if (m2_x == 0) /* a constant column is exact: no difference of means, no sum */
        b->mean = b->var = 0;
    if (c->given && c->dy != NULL) { /* sum dy (x - mu) = C + m mean_dy (mean_x - mu) */
        long double off = fabsl(mean_x - o->mean), m = c->rows;
        b->comoment += m * (off * b->mean_dy + fabsl(o->mean_dy) * b->mean) +
                       4 * E * m * fabsl(o->mean_dy) * (fabsl(mean_x) + fabsl(o->mean));
    }
}

void bounds_find(column_bounds *b, const column *c, const oracle_column *o)
{
    int wide = c->problem->dtype == BNORM_F64, wide_stats = c->problem->stats_dtype == BNORM_F64;
    *b = (column_bounds){.u = wide ? E : 0x1p-24L, .u_stats = wide_stats ? E : 0x1p-24L,
                         .tiny = wide ? 0x1p-1074L : 0x1p-149L,
                         .tiny_stats = wide_stats ? 0x1p-1074L : 0x1p-149L};
    if (c->rows > 0)
        find_moments(b, c, o);
    if (c->given)
        b->mean = b->var = 0;
    /* rstd = (var + eps)^-1/2: half the relative error t of the sum (and its
     * square, when t is not small), double arithmetic, rounding when stored. */
    int stored = c->differentiates && !c->normalizes && !c->given && c->args->rstd != NULL;
    long double sum = o->var + (long double)c->problem->eps;
    long double t = sum > 0 ? b->var / sum : 0;
    b->rstd_relative = stored ? 0 : t < 0.5L ? t / 2 * (1 + t) + 4 * E : (long double)INFINITY;
    if (!stored)
        b->rstd_relative += b->u_stats + (o->rstd > 0 ? b->tiny_stats / o->rstd : 0);
}

/*
 * y = (x - hi) * A + B, A = gamma rstd, B = beta - lo A, mean = hi + lo with
 * |lo| <= u |mean|.  With p = |A (x - mean)|: rounding x - hi and A, 2 u p; B, u
 * (|beta| + |lo A|); the result, u |y|.  Second order in the mean: 3 u^2 |mean A|.
 */
long double bound_y(const column_bounds *b, const column *c, const oracle_column *o, int64_t row)
{
    long double a = fabsl(c->gamma * o->rstd), d = fabsl(c->x[row] - o->mean), u = b->u;
    if (o->rstd == 0) /* beta itself, in the type of y */
        return u > b->u_stats ? u * fabsl((long double)c->beta) : 0;
    return a * (b->mean + 3 * u * u * fabsl(o->mean)) + a * d * (b->rstd_relative + 2.01L * u) +
           u * fabsl((long double)c->beta) + u * fabsl(column_y(c, o, row)) +
           b->tiny * (1 + a + d);
}

/*
 * dx = A (t1 - t2), t1 = dy - mean_dy, t2 = xhat k, k = rstd C / m.  In the
 * bracket: u (|t1| + |t2|) for t1, twice that for t2 and k's rounding and the
 * subtraction; the errors of mean_dy, of the mean (times rstd k), of C and of
 * rstd (twice in t2).  Outside: rstd, A and the result.  The low parts of the
 * means go into the additive coefficient: second order.
 */
long double bound_dx(const column_bounds *b, const column *c, const oracle_column *o, int64_t row)
{
    long double u = b->u, r = b->rstd_relative, a = fabsl(c->gamma * o->rstd), m = o->rows;
    if (o->rstd == 0)
        return 0;
    if (c->given)
        return a * fabsl((long double)c->dy[row]) * (r + 3 * u) +
               b->tiny * (1 + a + fabsl((long double)c->dy[row]));
    long double k = fabsl(o->dgamma) / m, xhat = fabsl((c->x[row] - o->mean) * o->rstd);
    long double t1 = fabsl(c->dy[row] - o->mean_dy), t2 = xhat * k;
    long double bracket = 2 * u * t1 + b->mean_dy + 3 * u * u * fabsl(o->mean_dy) +
                          t2 * (2 * r + 5 * u) + xhat * o->rstd * b->comoment / m +
                          o->rstd * k * (b->mean + 3 * u * u * fabsl(o->mean));
    return a * bracket + fabsl(column_dx(c, o, row)) * (r + 3 * u) +
           b->tiny * (1 + a * (1 + xhat) + t1 + t2);
}

/* dgamma = rstd C, and dbeta = m mean_dy. */
long double bound_dgamma(const column_bounds *b, const oracle_column *o)
{
    return fabsl(o->dgamma) * (b->rstd_relative + 4 * E) + o->rstd * b->comoment;
}

long double bound_dbeta(const column_bounds *b, const oracle_column *o)
{
    return o->rows * b->mean_dy + 4 * E * fabsl(o->dbeta);
}
