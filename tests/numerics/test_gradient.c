/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * dx, dgamma and dbeta against differences of the loss that forward gives, in
 * float64.  The formulas of the gradient appear nowhere in this file.
 *
 * Loss of a column: J = sum w y, or sum (y^2/4 + w y) for step, whose upstream
 * gives dy = y/2 + w.  Central differences with steps h and 2h: D(h) = J' + c h^2
 * + O(h^4), so that |D(2h) - D(h)| is three times the error of D(h).  Rounding:
 * each y is right to (by bounds.c) 8 roundoffs of |gamma xhat| + |beta|, so J to
 * 8 e T, T = sum |dJ/dy| (|gamma xhat| + |beta|), and D(h) to 8 e T / h.
 */
#include "support/contexts.h"
#include "support/harness.h"
#include "support/trial.h"

#include <math.h>

enum { ROWS = 70, COLS = 5 }; /* two leaves */

static const double E = 0x1p-53;

/* A forward that can be repeated with other inputs. */
typedef struct {
    trial t;
    const bnorm_context *context;
    int quadratic;
} probe;

/* The loss of each column. */
static void loss(probe *p, long double j[COLS])
{
    const guard *y = &p->t.y;
    CU_ASSERT(trial_run(&p->t, p->context) == BNORM_OK);
    for (int64_t col = 0; col < COLS; col++) {
        j[col] = 0;
        for (int64_t row = 0; row < ROWS; row++) {
            long double v = ((double *)y->matrix.data)[row * y->matrix.ld + col];
            j[col] += v * data_element(&p->t.spec.dy, ROWS, row, col) +
                      (p->quadratic ? v * v / 4 : 0);
        }
    }
}

/* What rounding in y may do to a column's loss: 8 e T. */
static void noise(const probe *p, double out[COLS])
{
    const guard *y = &p->t.y;
    const double *beta = p->t.args.beta;
    for (int64_t col = 0; col < COLS; col++) {
        out[col] = 0;
        for (int64_t row = 0; row < ROWS; row++) {
            double v = ((double *)y->matrix.data)[row * y->matrix.ld + col];
            double slope = data_element(&p->t.spec.dy, ROWS, row, col) + (p->quadratic ? v / 2 : 0);
            out[col] += 8 * E * fabs(slope) * (fabs(v) + 2 * fabs(beta ? beta[col] : 0));
        }
    }
}

/* D(h) for all columns at once: at[col] is the input of column col to move. */
static void difference(probe *p, double *const at[COLS], double h, double d[COLS])
{
    double saved[COLS], reach[COLS];
    long double up[COLS], down[COLS];
    for (int col = 0; col < COLS; col++) {
        saved[col] = *at[col];
        *at[col] = saved[col] + h;
        reach[col] = *at[col];
    }
    loss(p, up);
    for (int col = 0; col < COLS; col++)
        *at[col] = saved[col] - h;
    loss(p, down);
    for (int col = 0; col < COLS; col++) {
        d[col] = (double)((up[col] - down[col]) / ((long double)reach[col] - *at[col]));
        *at[col] = saved[col];
    }
}

/* How many of the columns' claimed derivatives are wrong. */
static int wrong(probe *p, double *const at[COLS], const double claimed[COLS])
{
    const double h = 0x1p-14; /* inputs are of order 1 */
    double near[COLS], far[COLS], jitter[COLS];
    int count = 0;
    difference(p, at, h, near);
    difference(p, at, 2 * h, far);
    noise(p, jitter);
    for (int col = 0; col < COLS; col++) {
        double bound = fabs(far[col] - near[col]) + 2 * jitter[col] / h;
        if (!(fabs(near[col] - claimed[col]) <= bound)) {
            harness_note("column %d: %.17g, by differences %.17g +- %.2g", col, claimed[col],
                         near[col], bound);
            count++;
        }
    }
    return count;
}

/* Move every row of x, then gamma, then beta. */
static int wrong_gradients(probe *p, const trial *claim)
{
    double *at[COLS], claimed[COLS];
    const guard *dx = claim->spec.flags & BNORM_IN_PLACE_DX ? &claim->dy : &claim->dx;
    int count = 0;
    for (int64_t row = 0; row < ROWS; row++) {
        if (!harness_sampled((int)row))
            continue;
        for (int64_t col = 0; col < COLS; col++) {
            at[col] = (double *)p->t.x.matrix.data + row * p->t.x.matrix.ld + col;
            claimed[col] = ((double *)dx->matrix.data)[row * dx->matrix.ld + col];
        }
        count += wrong(p, at, claimed);
    }
    for (int which = TRIAL_GAMMA; which <= TRIAL_BETA; which++) {
        int gradient = which == TRIAL_GAMMA ? TRIAL_DGAMMA : TRIAL_DBETA;
        if (which == TRIAL_GAMMA ? !p->t.args.gamma : !p->t.args.beta)
            continue;
        for (int64_t col = 0; col < COLS; col++) {
            double before = claim->spec.flags & BNORM_ACCUMULATE
                                ? ((double *)claim->vector_copy[gradient].matrix.data)[col]
                                : 0;
            at[col] = (double *)p->t.vector[which].matrix.data + col;
            claimed[col] = ((double *)claim->vector[gradient].matrix.data)[col] - before;
        }
        count += wrong(p, at, claimed);
    }
    return count;
}

static void check(unsigned operation, unsigned flags, unsigned absent)
{
    trial_spec s = trial_default(ROWS, COLS);
    trial claim;
    probe p = {.context = contexts_one(2), .quadratic = operation == BNORM_STEP};
    CU_ASSERT_FATAL(p.context != NULL);
    s.dtype = s.stats_dtype = BNORM_F64;
    s.operation = operation;
    s.flags = flags;
    s.absent = absent | TRIAL_NO_RSTD; /* backward finds rstd itself */
    CU_ASSERT_FATAL(trial_open(&claim, &s) == 0);
    CU_ASSERT(trial_run(&claim, p.context) == BNORM_OK);
    s.operation = BNORM_FORWARD;
    s.flags = flags & BNORM_GLOBAL_STATISTICS;
    CU_ASSERT_FATAL(trial_open(&p.t, &s) == 0);
    int bad = wrong_gradients(&p, &claim);
    if (bad > 0)
        harness_note("operation %u, flags %#x, absent %#x: %d wrong", operation, flags, absent,
                     bad);
    CU_ASSERT_EQUAL(bad, 0);
    trial_close(&p.t);
    trial_close(&claim);
    bnorm_context_destroy((bnorm_context *)p.context);
}

static void sweep(unsigned operation, const unsigned *flags, int count)
{
    for (int f = 0; f < count; f++)
        check(operation, flags[f], f == 0 ? TRIAL_NO_GAMMA : f == 1 ? TRIAL_NO_BETA : 0);
    check(operation, 0, 0);
}

enum {
    Y_IN_X = BNORM_IN_PLACE_Y,
    DX_IN_DY = BNORM_IN_PLACE_DX,
    ADD = BNORM_ACCUMULATE,
    GIVEN = BNORM_GLOBAL_STATISTICS,
    OTHER = BNORM_UNBIASED_VARIANCE | BNORM_CUMULATIVE_AVERAGE
};

static void backward(void)
{
    static const unsigned flags[] = {0, GIVEN, DX_IN_DY, ADD, DX_IN_DY | ADD | GIVEN};
    sweep(BNORM_BACKWARD, flags, HARNESS_COUNT(flags));
}

static void forward_backward(void)
{
    static const unsigned flags[] = {GIVEN, 0, Y_IN_X, DX_IN_DY, ADD, OTHER,
                                     Y_IN_X | DX_IN_DY | ADD | OTHER,
                                     Y_IN_X | DX_IN_DY | ADD | GIVEN};
    sweep(BNORM_FORWARD_BACKWARD, flags, HARNESS_COUNT(flags));
}

static void step(void)
{
    static const unsigned flags[] = {0, GIVEN, DX_IN_DY, ADD, OTHER, DX_IN_DY | ADD | GIVEN};
    sweep(BNORM_STEP, flags, HARNESS_COUNT(flags));
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"backward", backward}, {"forward_backward", forward_backward}, {"step", step}};
    return harness_main(argc, argv, "gradient", cases, HARNESS_COUNT(cases));
}
