/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every operation, dtype, combination of flags and shape against the oracle;
 * the other choices (threads, ISA, layout, strategy, padding, alignment, arguments left
 * out, momentum, eps) are drawn by a fixed rule for each trial, so that all
 * pairs of choices meet.
 */
#include "support/contexts.h"
#include "support/harness.h"
#include "support/trial.h"

static const int64_t cols_list[] = {1, 7, 16, 17, 33, 100};
static const int64_t rows_list[] = {1, 2, 63, 64, 65, 128, 257};

/* Choice number `which` of trial number n: one of count. */
static int draw(int n, int which, int count)
{
    return (int)(data_bits((uint64_t)which, (uint64_t)n) % (uint64_t)count);
}

static unsigned draw_absent(int n, const trial_spec *s)
{
    static const unsigned choices[] = {
        0, 0, 0, TRIAL_NO_GAMMA, TRIAL_NO_BETA, TRIAL_NO_GAMMA | TRIAL_NO_BETA, TRIAL_NO_RSTD,
        TRIAL_NO_MEAN | TRIAL_NO_RUNNING, TRIAL_NO_DGAMMA, TRIAL_NO_DBETA,
        TRIAL_NO_DGAMMA | TRIAL_NO_DBETA | TRIAL_NO_MEAN | TRIAL_NO_RSTD | TRIAL_NO_RUNNING,
        TRIAL_NO_Y, TRIAL_NO_DX, TRIAL_NO_DY, TRIAL_NO_Y | TRIAL_NO_DY};
    unsigned absent = choices[draw(n, 0, HARNESS_COUNT(choices))];
    if (s->operation == BNORM_INFER || (s->flags & BNORM_IN_PLACE_Y))
        absent &= ~(unsigned)TRIAL_NO_Y;
    if (s->flags & BNORM_IN_PLACE_DX)
        absent &= ~(unsigned)(TRIAL_NO_DX | TRIAL_NO_DY);
    if (s->rows == 1 && (s->flags & BNORM_UNBIASED_VARIANCE))
        absent |= TRIAL_NO_RUNNING; /* refused with running_var */
    return absent;
}

static trial_spec draw_trial(int n, unsigned operation, unsigned flags, int types, int64_t rows,
                             int64_t cols)
{
    static const double eps[] = {1e-5, 0, 1e-3, 2}, momentum[] = {0.1, 0, 1, 0.75};
    static const int64_t pads[] = {0, 3, 16}, spares[] = {0, 37};
    static const int64_t panels[] = {0, 0, 16, 8};
    trial_spec s = trial_default(rows, cols);
    s.operation = operation;
    s.flags = flags;
    s.dtype = types == 2 ? BNORM_F64 : BNORM_F32;
    s.stats_dtype = types >= 1 ? BNORM_F64 : BNORM_F32;
    s.absent = draw_absent(n, &s);
    s.strategy = (bnorm_strategy)draw(n, 1, TRIAL_STRATEGIES);
    s.pad = pads[draw(n, 2, 3)];
    s.panel = panels[draw(n, 8, 4)];
    s.spare_rows = spares[draw(n, 3, 2)];
    s.eps = eps[draw(n, 4, 4)];
    s.momentum = momentum[draw(n, 5, 4)];
    s.place = draw(n, 6, 2) ? GUARD_END : GUARD_START;
    s.x.seed = (uint64_t)(10 + n);
    s.dy.seed = (uint64_t)(20 + n);
    return s;
}

static void sweep(unsigned operation, const unsigned *flags, int flag_count)
{
    contexts all;
    int n = 0, threads[] = {1, 2, 3};
    CU_ASSERT_FATAL(contexts_open(&all, threads, 3) == 0);
    for (int types = 0; types < 3; types++)
        for (int f = 0; f < flag_count; f++)
            for (int c = 0; c < HARNESS_COUNT(cols_list); c++)
                for (int r = 0; r < HARNESS_COUNT(rows_list); r++, n++) {
                    if (!harness_sampled(n))
                        continue;
                    trial_spec s = draw_trial(n, operation, flags[f], types, rows_list[r],
                                              cols_list[c]);
                    CU_ASSERT(trial_right(&s, all.context[draw(n, 7, all.count)]));
                }
    for (int types = 0; types < 3; types++) /* one wide shape per type is enough */
        for (int f = 0; f < flag_count; f++, n++) {
            if (!harness_sampled(n))
                continue;
            trial_spec s = draw_trial(n, operation, flags[f], types, 66, 1023);
            CU_ASSERT(trial_right(&s, all.context[draw(n, 7, all.count)]));
        }
    harness_note("%d trials", n);
    contexts_close(&all);
}

enum {
    Y_IN_X = BNORM_IN_PLACE_Y,
    DX_IN_DY = BNORM_IN_PLACE_DX,
    ADD = BNORM_ACCUMULATE,
    GIVEN = BNORM_GLOBAL_STATISTICS,
    UNBIASED = BNORM_UNBIASED_VARIANCE,
    AVERAGE = BNORM_CUMULATIVE_AVERAGE
};

static void forward(void)
{
    const unsigned flags[] = {0, Y_IN_X, GIVEN, UNBIASED, AVERAGE, Y_IN_X | UNBIASED | AVERAGE,
                              Y_IN_X | GIVEN};
    sweep(BNORM_FORWARD, flags, HARNESS_COUNT(flags));
}

static void backward(void)
{
    const unsigned flags[] = {0, DX_IN_DY, ADD, GIVEN, DX_IN_DY | ADD | GIVEN};
    sweep(BNORM_BACKWARD, flags, HARNESS_COUNT(flags));
}

static void forward_backward(void)
{
    const unsigned flags[] = {0, Y_IN_X, DX_IN_DY, ADD, GIVEN, Y_IN_X | DX_IN_DY | ADD,
                              UNBIASED | AVERAGE, Y_IN_X | DX_IN_DY | GIVEN | ADD};
    sweep(BNORM_FORWARD_BACKWARD, flags, HARNESS_COUNT(flags));
}

static void step(void)
{
    const unsigned flags[] = {0, DX_IN_DY, ADD, GIVEN, UNBIASED, AVERAGE, DX_IN_DY | GIVEN | ADD};
    sweep(BNORM_STEP, flags, HARNESS_COUNT(flags));
}

static void infer(void)
{
    const unsigned flags[] = {0, Y_IN_X};
    sweep(BNORM_INFER, flags, HARNESS_COUNT(flags));
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {
        {"forward", forward}, {"backward", backward}, {"forward_backward", forward_backward},
        {"step", step},       {"infer", infer},
    };
    return harness_main(argc, argv, "matrix", cases, HARNESS_COUNT(cases));
}
