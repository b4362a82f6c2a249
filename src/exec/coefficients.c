/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/coefficients.h"

#include <float.h>
#include <math.h>

/* Element j of a vector of dtype, or what an absent vector stands for. */
static double get(const void *vector, bnorm_dtype dtype, int64_t j, double absent)
{
    if (!vector)
        return absent;
    return dtype == BNORM_F32 ? ((const float *)vector)[j] : ((const double *)vector)[j];
}

static void put(void *vector, bnorm_dtype dtype, int64_t j, double value)
{
    if (!vector)
        return;
    if (dtype == BNORM_F32)
        ((float *)vector)[j] = (float)value;
    else
        ((double *)vector)[j] = value;
}

/* The value as dtype stores it, saturated: never infinite unless it was NaN. */
static double stored(double value, bnorm_dtype dtype)
{
    const double limit = dtype == BNORM_F32 ? FLT_MAX : DBL_MAX;
    value = value > limit ? limit : value < -limit ? -limit : value;
    return dtype == BNORM_F32 ? (float)value : value;
}

double bnorm_rstd(double v)
{
    return v == 0 ? 0 : 1 / sqrt(v);
}

/* For each of the rows that are applied as one, turned by the lead; what that turns to the end
 * stands once more behind it, for the elements before the first line. */
static __attribute__((noinline)) void set_folded(const bnorm_run *run, bnorm_piece *piece,
                                                 int plane, int64_t j, double value)
{
    const bnorm_dtype dtype = run->plan->problem.dtype;
    const int64_t cols = piece->cols.end - piece->cols.begin, row = run->fold * cols;
    for (int i = 0; i < run->fold; i++) {
        const int64_t at = i * cols + j - run->lead;
        put(piece->coefficients, dtype,
            bnorm_group_at(BNORM_COEFFICIENTS, plane, at < 0 ? at + row : at), value);
        if (at < 0)
            put(piece->coefficients, dtype,
                bnorm_group_at(BNORM_COEFFICIENTS, plane,
                               bnorm_round_up(row, BNORM_GROUP) + at + run->lead), value);
    }
}

/* A good part of a small problem's time: a call for each would be 5% of that. */
static inline __attribute__((always_inline)) void
set_coefficient(const bnorm_run *run, bnorm_piece *piece, int plane, int64_t j, double value)
{
    const bnorm_dtype dtype = run->plan->problem.dtype;
    value = stored(value, dtype);
    if (run->fold > 1 || run->lead)
        set_folded(run, piece, plane, j, value);
    else
        put(piece->coefficients, dtype, bnorm_group_at(BNORM_COEFFICIENTS, plane, j), value);
}

/* One column of the batch: index within the block and in the matrix, and what
 * both sides need. */
typedef struct {
    int64_t j, col;
    double mean, hi, lo; /* mean = hi + lo, hi in the stored type */
    double rstd;
} column;

static column column_at(const bnorm_run *run, const bnorm_piece *piece, int64_t j, double mean,
                        double variance)
{
    const bnorm_dtype dtype = run->plan->problem.dtype;
    column at = {.j = j, .col = piece->cols.begin + j, .mean = mean};
    at.hi = stored(mean, dtype);
    at.lo = mean - at.hi;
    at.rstd = run->rows > 0 || run->global ? bnorm_rstd(variance + run->plan->problem.eps) : 0;
    return at;
}

static void update_running(const bnorm_run *run, int64_t col, double mean, double m2)
{
    const bnorm_args *args = run->args;
    const unsigned flags = run->plan->problem.flags;
    const bnorm_dtype dtype = run->plan->problem.stats_dtype;
    const double n = (double)run->rows;
    const double momentum = flags & BNORM_CUMULATIVE_AVERAGE && args->batches
                                ? 1.0 / ((double)*args->batches + 1)
                                : args->momentum;
    const double variance = m2 / (flags & BNORM_UNBIASED_VARIANCE ? n - 1 : n);
    /* momentum 1 replaces, whatever was there before */
    const double keep = 1 - momentum;
    double old_mean = keep > 0 ? keep * get(args->running_mean, dtype, col, 0) : 0;
    double old_variance = keep > 0 ? keep * get(args->running_var, dtype, col, 0) : 0;
    put(args->running_mean, dtype, col, old_mean + momentum * mean);
    if (args->running_var)
        put(args->running_var, dtype, col, old_variance + momentum * variance);
}

/* y = (x - hi) * (gamma * rstd) + (beta - lo * gamma * rstd) */
static void forward_side(bnorm_run *run, bnorm_piece *piece, const column *at)
{
    const bnorm_args *args = run->args;
    const bnorm_dtype dtype = run->plan->problem.stats_dtype;
    const double scale = stored(get(args->gamma, dtype, at->col, 1) * at->rstd,
                                run->plan->problem.dtype);
    put(args->mean, dtype, at->col, stored(at->mean, dtype));
    put(args->rstd, dtype, at->col, stored(at->rstd, dtype));
    set_coefficient(run, piece, BNORM_X_HI, at->j, at->hi);
    set_coefficient(run, piece, BNORM_SCALE, at->j, scale);
    set_coefficient(run, piece, BNORM_SHIFT, at->j,
                    get(args->beta, dtype, at->col, 0) - at->lo * scale);
}

static void put_gradients(const bnorm_run *run, int64_t col, double dgamma, double dbeta)
{
    const bnorm_args *args = run->args;
    const bnorm_dtype dtype = run->plan->problem.stats_dtype;
    if (run->plan->problem.flags & BNORM_ACCUMULATE) {
        if (run->rows == 0)
            return;
        dgamma += get(args->dgamma, dtype, col, 0);
        dbeta += get(args->dbeta, dtype, col, 0);
    }
    put(args->dgamma, dtype, col, dgamma);
    put(args->dbeta, dtype, col, dbeta);
}

/* dx = scale * ((dy - mean_dy) - ((x - mean) * rstd) * slope) with both means in
 * two parts; what the low parts add is constant.  rstd is the one forward
 * stored, so that backward after forward gives the bits of the fused call. */
static void backward_side(bnorm_run *run, bnorm_piece *piece, const column *at, double mean_dy,
                          double comoment)
{
    const bnorm_args *args = run->args;
    const bnorm_dtype dtype = run->plan->problem.dtype, stats = run->plan->problem.stats_dtype;
    const int given = run->operation == BNORM_BACKWARD && args->rstd;
    const double rstd = given ? get(args->rstd, stats, at->col, 0) : stored(at->rstd, stats);
    const double n = (double)run->rows;
    const double scale = stored(get(args->gamma, stats, at->col, 1) * rstd, dtype);
    /* rstd = 0: no variance, or one beyond double's range, whose comoment may be
     * no number; but NaN in the column stays */
    const double poison = (at->mean - at->mean) + (mean_dy - mean_dy);
    const double dgamma = rstd == 0 ? poison : rstd * comoment, slope = n > 0 ? dgamma / n : 0;
    const double dy_hi = stored(mean_dy, dtype), dy_lo = mean_dy - dy_hi;

    put_gradients(run, at->col, dgamma, n * mean_dy);
    set_coefficient(run, piece, BNORM_X_HI, at->j, at->hi);
    set_coefficient(run, piece, BNORM_DY_HI, at->j, dy_hi);
    set_coefficient(run, piece, BNORM_RSTD, at->j, rstd);
    set_coefficient(run, piece, BNORM_SLOPE, at->j, slope);
    set_coefficient(run, piece, BNORM_DX_SCALE, at->j, scale);
    set_coefficient(run, piece, BNORM_DX_SHIFT, at->j, scale * (at->lo * rstd * slope - dy_lo));
}

void bnorm_coefficients_batch(bnorm_run *run, bnorm_piece *piece, const double *moments, int sides)
{
    const bnorm_args *args = run->args;
    const int64_t pitch = run->schedule->workspace.pitch;
    const int update = sides & BNORM_SIDE_FORWARD && run->rows > 0 &&
                       (args->running_mean || args->running_var);
    for (int64_t j = piece->part.begin; j < piece->part.end; j++) {
        const double m2 = moments[BNORM_M2 * pitch + j];
        const double mean = moments[BNORM_MEAN_X * pitch + j];
        column at = column_at(run, piece, j, mean, run->rows > 0 ? m2 / (double)run->rows : 0);
        if (update)
            update_running(run, at.col, mean, m2);
        if (sides & BNORM_SIDE_FORWARD)
            forward_side(run, piece, &at);
        if (sides & BNORM_SIDE_BACKWARD)
            backward_side(run, piece, &at, moments[BNORM_MEAN_DY * pitch + j],
                          moments[BNORM_COMOMENT * pitch + j]);
    }
}

static column global_column(const bnorm_run *run, const bnorm_piece *piece, int64_t j)
{
    const bnorm_dtype stats = run->plan->problem.stats_dtype;
    const int64_t col = piece->cols.begin + j;
    return column_at(run, piece, j, get(run->args->running_mean, stats, col, 0),
                     get(run->args->running_var, stats, col, 1));
}

void bnorm_coefficients_global(bnorm_run *run, bnorm_piece *piece, int sides)
{
    const bnorm_dtype stats = run->plan->problem.stats_dtype;
    for (int64_t j = piece->part.begin; j < piece->part.end; j++) {
        column at = global_column(run, piece, j);
        if (sides & BNORM_SIDE_FORWARD)
            forward_side(run, piece, &at);
        if (sides & BNORM_SIDE_BACKWARD) { /* forward's three planes, for dy */
            double gamma = get(run->args->gamma, stats, at.col, 1);
            set_coefficient(run, piece, BNORM_DY_HI + BNORM_X_HI, j, 0);
            set_coefficient(run, piece, BNORM_DY_HI + BNORM_SCALE, j,
                            gamma * stored(at.rstd, stats));
            set_coefficient(run, piece, BNORM_DY_HI + BNORM_SHIFT, j, 0);
        }
    }
}

void bnorm_gradients_global(bnorm_run *run, bnorm_piece *piece, const double *moments)
{
    const int64_t pitch = run->schedule->workspace.pitch;
    const double n = (double)run->rows;
    for (int64_t j = piece->part.begin; j < piece->part.end; j++) {
        column at = global_column(run, piece, j);
        const double sum_dy = n * moments[BNORM_MEAN_DY * pitch + j];
        /* sum dy*(x - mu) for a mu that is not the batch's mean */
        const double product = moments[BNORM_COMOMENT * pitch + j] +
                               sum_dy * (moments[BNORM_MEAN_X * pitch + j] - at.mean);
        put_gradients(run, at.col, stored(at.rstd, run->plan->problem.stats_dtype) * product,
                      sum_dy);
    }
}
