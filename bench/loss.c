/* SPDX-License-Identifier: BSD-3-Clause */
#include "loss.h"

#include <math.h>
#include <string.h>

#define REAL float
#define EXP expf
#define NAME(x) x##_f32
#include "loss_gradients.h"
#undef REAL
#undef EXP
#undef NAME

#define REAL double
#define EXP exp
#define NAME(x) x##_f64
#include "loss_gradients.h"

static int softmax(void *user, const bnorm_block *block)
{
    const loss_target *target = user;
    (target->dtype == BNORM_F64 ? softmax_f64 : softmax_f32)(target, block);
    return 0;
}

static int squared(void *user, const bnorm_block *block)
{
    const loss_target *target = user;
    (target->dtype == BNORM_F64 ? squared_f64 : squared_f32)(target, block);
    return 0;
}

static int logistic(void *user, const bnorm_block *block)
{
    const loss_target *target = user;
    (target->dtype == BNORM_F64 ? logistic_f64 : logistic_f32)(target, block);
    return 0;
}

const loss losses[] = {
    {.name = "softmax", .elementwise = false, .classes = true, .gradient = softmax},
    {.name = "squared", .elementwise = true, .classes = false, .gradient = squared},
    {.name = "logistic", .elementwise = true, .classes = true, .gradient = logistic},
    {.name = NULL},
};

const loss *loss_find(const char *name)
{
    for (const loss *l = losses; l->name; l++) {
        if (strcmp(l->name, name) == 0)
            return l;
    }
    return NULL;
}

outcome loss_check_labels(const loss *loss, const double *labels, int64_t rows, int64_t cols)
{
    if (!labels)
        return complain_as(OUTCOME_USAGE, "--loss %s: the input needs --labels COLUMN", loss->name);
    for (int64_t i = 0; i < rows; i++) {
        double t = labels[i];
        if (loss->classes && !(t >= 0 && t < (double)cols && t == floor(t)))
            return complain_as(OUTCOME_USAGE,
                               "--loss %s: label %g of row %lld is not a column, 0 to %lld",
                               loss->name, t, (long long)i + 1, (long long)cols - 1);
        if (!isfinite(t))
            return complain_as(OUTCOME_USAGE, "--loss %s: label %g of row %lld is not finite",
                               loss->name, t, (long long)i + 1);
    }
    return OUTCOME_DONE;
}

void loss_whole_gradient(const loss_target *target, int64_t cols, bnorm_matrix y,
                         bnorm_matrix dy, int threads)
{
    enum { BLOCK_ROWS = 64 };
    size_t size = target->dtype == BNORM_F64 ? sizeof(double) : sizeof(float);
#pragma omp parallel for num_threads(threads) schedule(static)
    for (int64_t row = 0; row < target->rows; row += BLOCK_ROWS) {
        int64_t rows = target->rows - row < BLOCK_ROWS ? target->rows - row : BLOCK_ROWS;
        bnorm_block block = {.struct_size = sizeof block, .row = row, .rows = rows, .cols = cols,
                             .y = (const char *)y.data + (size_t)(row * y.ld) * size,
                             .y_ld = y.ld,
                             .dy = (char *)dy.data + (size_t)(row * dy.ld) * size,
                             .dy_ld = dy.ld};
        target->loss->gradient((void *)(uintptr_t)target, &block);
    }
}
