/* SPDX-License-Identifier: BSD-3-Clause */
/* The gradients of loss.h, for one type: included with REAL (float or double),
 * EXP (expf or exp) and NAME(x) defined.  Rows of a block are counted from the
 * block's first, labels from the batch's. */

static void NAME(softmax)(const loss_target *target, const bnorm_block *block)
{
    REAL scale = 1 / (REAL)target->rows;
    for (int64_t r = 0; r < block->rows; r++) {
        const REAL *restrict y = (const REAL *)block->y + r * block->y_ld;
        REAL *restrict dy = (REAL *)block->dy + r * block->dy_ld;
        REAL top = y[0], sum = 0; /* exp(y - top) can't overflow */
        for (int64_t c = 1; c < block->cols; c++)
            top = y[c] > top ? y[c] : top;
        for (int64_t c = 0; c < block->cols; c++)
            sum += dy[c] = EXP(y[c] - top);
        for (int64_t c = 0; c < block->cols; c++)
            dy[c] *= scale / sum;
        dy[(int64_t)target->labels[block->row + r]] -= scale;
    }
}

static void NAME(squared)(const loss_target *target, const bnorm_block *block)
{
    REAL scale = 1 / (REAL)target->rows;
    for (int64_t r = 0; r < block->rows; r++) {
        const REAL *restrict y = (const REAL *)block->y + r * block->y_ld;
        REAL *restrict dy = (REAL *)block->dy + r * block->dy_ld;
        REAL label = (REAL)target->labels[block->row + r];
        for (int64_t c = 0; c < block->cols; c++)
            dy[c] = (y[c] - label) * scale;
    }
}

static void NAME(logistic)(const loss_target *target, const bnorm_block *block)
{
    REAL scale = 1 / (REAL)target->rows;
    for (int64_t r = 0; r < block->rows; r++) {
        const REAL *restrict y = (const REAL *)block->y + r * block->y_ld;
        REAL *restrict dy = (REAL *)block->dy + r * block->dy_ld;
        int64_t label = (int64_t)target->labels[block->row + r];
        for (int64_t c = 0; c < block->cols; c++) {
            REAL sign = block->col + c == label ? 1 : -1;
            dy[c] = -sign * scale / (1 + EXP(sign * y[c]));
        }
    }
}
