/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * One call of the library on made-up data: buffers between guards, the call, and
 * the look at everything it did or should not have done.
 */
#ifndef TESTS_TRIAL_H
#define TESTS_TRIAL_H

#include "bnorm.h"
#include "support/data.h"
#include "support/guard.h"
#include "support/oracle.h"

enum { /* arguments left out */
    TRIAL_NO_GAMMA = 1 << 0,
    TRIAL_NO_BETA = 1 << 1,
    TRIAL_NO_MEAN = 1 << 2,
    TRIAL_NO_RSTD = 1 << 3, /* backward: rstd is found again from x */
    TRIAL_NO_DGAMMA = 1 << 4,
    TRIAL_NO_DBETA = 1 << 5,
    TRIAL_NO_RUNNING = 1 << 6,
    TRIAL_NO_Y = 1 << 7,
    TRIAL_NO_DX = 1 << 8,
    TRIAL_NO_DY = 1 << 9 /* step: dy is not kept */
};

enum { TRIAL_STRATEGIES = BNORM_STRATEGY_PIPELINED + 1 };

typedef struct {
    unsigned operation, flags;
    bnorm_dtype dtype, stats_dtype;
    bnorm_strategy strategy;
    int64_t rows, cols;
    int64_t panel;      /* columns of a panel; 0: row-major */
    int64_t pad;        /* ld - cols; in panels, ld - rows * panel */
    int64_t spare_rows; /* the problem's rows - rows */
    double eps, momentum;
    data_spec x, dy;    /* step: dy is y/2 + this */
    unsigned absent;
    guard_place place;
} trial_spec;

/* A forward+backward of float32 normals, eps 1e-5, everything present. */
trial_spec trial_default(int64_t rows, int64_t cols);

enum { /* trial.vector */
    TRIAL_GAMMA,
    TRIAL_BETA,
    TRIAL_MEAN,
    TRIAL_RSTD,
    TRIAL_DGAMMA,
    TRIAL_DBETA,
    TRIAL_RUNNING_MEAN,
    TRIAL_RUNNING_VAR,
    TRIAL_VECTORS
};

typedef struct {
    trial_spec spec;
    bnorm_problem problem;
    bnorm_args before; /* for the oracle: copies where the call overwrites */
    bnorm_args args;   /* of the call */
    guard x, dy, y, dx;
    guard x_copy, dy_copy; /* row-major, as all that the oracle looks at */
    /* step: what upstream saw and gave */
    guard seen_y, given_dy;
    guard vector[TRIAL_VECTORS], vector_copy[TRIAL_VECTORS];
    int64_t batches, batches_before;
    int upstream_differed; /* pass 1 saw another y than pass 0 */
} trial;

/* Make buffers and data.  Returns 0, or -1 when out of memory; close anyway. */
int trial_open(trial *t, const trial_spec *spec);
void trial_close(trial *t);

/* Plan and call. */
bnorm_status trial_run(trial *t, const bnorm_context *context);

/* All canaries alive, and inputs that are no outputs unchanged? */
int trial_intact(const trial *t);

/* Against the oracle; see oracle_compare. */
double trial_compare(const trial *t, oracle_report *report);

/* Of all outputs. */
uint64_t trial_hash(const trial *t);

/* All of the above: 1 if right; else 0 and a note that says what was wrong. */
int trial_right(const trial_spec *spec, const bnorm_context *context);

/* The hash of a run, having checked nothing but that it ran; 0 if it did not. */
uint64_t trial_bits(const trial_spec *spec, const bnorm_context *context);

/* "forward_backward f32/f64 200x33 panel 0 pad 3 flags 0x4 ..." */
int trial_name(const trial_spec *spec, char *text, size_t size);

#endif
