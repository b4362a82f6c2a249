/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The textbook, for one type: included with REAL and NAME(x) defined.
 *
 * Matrices are swept row after row, vectorized along the columns, threads over
 * chunks of rows; each thread sums columns into its own accumulators, which are
 * then added up.  Accumulators of REAL alone are wrong on long columns, double
 * ones alone a fifth slower in float: so sums of FOLD rows are in REAL, and those
 * are added in double.  Traffic, in matrices: forward 3R + 1W, backward 4R + 1W,
 * and a write-allocate read for each write.
 */
#ifndef FOLD
#define FOLD 256
#endif

#define ROW(matrix, r) ((REAL *)job->matrix.data + (r)*job->matrix.ld)

/* This thread's rows: chunks that differ by at most one row. */
static inline void NAME(chunk)(const loops_job *job, int64_t *begin, int64_t *end)
{
    int64_t t = omp_get_thread_num(), n = omp_get_num_threads();
    *begin = job->rows / n * t + (t < job->rows % n ? t : job->rows % n);
    *end = *begin + job->rows / n + (t < job->rows % n);
}

/* sums[which] of all threads at column c. */
static inline double NAME(total)(const loops_job *job, int which, int64_t c)
{
    double sum = 0;
    for (int t = 0; t < omp_get_num_threads(); t++)
        sum += job->sums[(2 * t + which) * job->sums_ld + c];
    return sum;
}

/* This thread's accumulators, zero. */
static inline double *NAME(sums)(const loops_job *job, int which)
{
    double *sums = job->sums + (2 * omp_get_thread_num() + which) * job->sums_ld;
    for (int64_t c = 0; c < job->cols; c++)
        sums[c] = 0;
    return sums;
}

static inline REAL *NAME(parts)(const loops_job *job, int which)
{
    REAL *parts = (REAL *)job->parts + (2 * omp_get_thread_num() + which) * job->sums_ld;
    for (int64_t c = 0; c < job->cols; c++)
        parts[c] = 0;
    return parts;
}

/* After row r of begin .. end: sums += parts, every FOLD rows. */
static inline void NAME(fold)(const loops_job *job, double *restrict sums, REAL *restrict parts,
                              int64_t r, int64_t end)
{
    if ((r + 1) % FOLD != 0 && r + 1 != end)
        return;
    for (int64_t c = 0; c < job->cols; c++) {
        sums[c] += (double)parts[c];
        parts[c] = 0;
    }
}

static inline void NAME(normalize)(const loops_job *job, int64_t begin, int64_t end)
{
    const REAL *restrict gamma = job->gamma, *restrict beta = job->beta;
    const REAL *restrict mean = job->mean, *restrict rstd = job->rstd;
    for (int64_t r = begin; r < end; r++) {
        const REAL *restrict x = ROW(x, r);
        REAL *restrict y = ROW(y, r);
#pragma omp simd
        for (int64_t c = 0; c < job->cols; c++)
            y[c] = (x[c] - mean[c]) * rstd[c] * gamma[c] + beta[c];
    }
}

static void NAME(infer)(const loops_job *job)
{
#pragma omp parallel num_threads(job->threads)
    {
        int64_t begin, end;
        NAME(chunk)(job, &begin, &end);
        NAME(normalize)(job, begin, end);
    }
}

static void NAME(forward)(const loops_job *job)
{
    REAL *mean = job->mean, *rstd = job->rstd;
#pragma omp parallel num_threads(job->threads)
    {
        int64_t begin, end;
        NAME(chunk)(job, &begin, &end);
        double *sums = NAME(sums)(job, 0), *squares = NAME(sums)(job, 1);
        REAL *restrict sum = NAME(parts)(job, 0), *restrict square = NAME(parts)(job, 1);
        for (int64_t r = begin; r < end; r++) {
            const REAL *restrict x = ROW(x, r);
#pragma omp simd
            for (int64_t c = 0; c < job->cols; c++)
                sum[c] += x[c];
            NAME(fold)(job, sums, sum, r, end);
        }
#pragma omp barrier
#pragma omp for
        for (int64_t c = 0; c < job->cols; c++)
            mean[c] = (REAL)(NAME(total)(job, 0, c) / (double)job->rows);
        for (int64_t r = begin; r < end; r++) {
            const REAL *restrict x = ROW(x, r);
#pragma omp simd
            for (int64_t c = 0; c < job->cols; c++) {
                REAL d = x[c] - mean[c];
                square[c] += d * d;
            }
            NAME(fold)(job, squares, square, r, end);
        }
#pragma omp barrier
#pragma omp for
        for (int64_t c = 0; c < job->cols; c++) {
            double var = NAME(total)(job, 1, c) / (double)job->rows;
            rstd[c] = var + job->eps > 0 ? (REAL)(1 / sqrt(var + job->eps)) : 0;
        }
        NAME(normalize)(job, begin, end);
    }
}

static void NAME(backward)(const loops_job *job)
{
    const REAL *restrict gamma = job->gamma, *restrict mean = job->mean;
    const REAL *restrict rstd = job->rstd;
    REAL *dgamma = job->dgamma, *dbeta = job->dbeta;
#pragma omp parallel num_threads(job->threads)
    {
        int64_t begin, end;
        NAME(chunk)(job, &begin, &end);
        double *sums = NAME(sums)(job, 0), *dots = NAME(sums)(job, 1);
        REAL *restrict sum = NAME(parts)(job, 0), *restrict dot = NAME(parts)(job, 1);
        for (int64_t r = begin; r < end; r++) {
            const REAL *restrict x = ROW(x, r), *restrict dy = ROW(dy, r);
#pragma omp simd
            for (int64_t c = 0; c < job->cols; c++) {
                sum[c] += dy[c];
                dot[c] += dy[c] * ((x[c] - mean[c]) * rstd[c]);
            }
            NAME(fold)(job, sums, sum, r, end);
            NAME(fold)(job, dots, dot, r, end);
        }
#pragma omp barrier
#pragma omp for
        for (int64_t c = 0; c < job->cols; c++) {
            dbeta[c] = (REAL)NAME(total)(job, 0, c);
            dgamma[c] = (REAL)NAME(total)(job, 1, c);
        }
        const REAL inverse = 1 / (REAL)job->rows;
        for (int64_t r = begin; r < end; r++) {
            const REAL *restrict x = ROW(x, r), *restrict dy = ROW(dy, r);
            REAL *restrict dx = ROW(dx, r);
#pragma omp simd
            for (int64_t c = 0; c < job->cols; c++) {
                REAL xhat = (x[c] - mean[c]) * rstd[c];
                dx[c] = gamma[c] * rstd[c] *
                        ((dy[c] - dbeta[c] * inverse) - xhat * (dgamma[c] * inverse));
            }
        }
    }
}

#undef ROW
