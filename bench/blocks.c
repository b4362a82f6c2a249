/* SPDX-License-Identifier: BSD-3-Clause */
#include "blocks.h"

#include <stdbool.h>
#include <string.h>

enum { BAND = 1024 }; /* rows that a thread copies at a time */

typedef struct {
    char *rows, *blocks;
    int64_t ld, w;
    bool back; /* from blocks to rows */
} copying;

/* Rows begin .. end-1 of the block that begins with column c. */
static void copy_band(const blocks_shape *s, const copying *job, int64_t c, int64_t begin,
                      int64_t end)
{
    int64_t w = job->w, cols = s->cols - c < w ? s->cols - c : w;
    char *block = job->blocks + (size_t)(c * s->rows) * s->size;
    for (int64_t r = begin; r < end; r++) {
        char *here = job->rows + (size_t)(r * job->ld + c) * s->size;
        char *there = block + (size_t)(r * w) * s->size;
        if (job->back)
            memcpy(here, there, (size_t)cols * s->size);
        else
            memcpy(there, here, (size_t)cols * s->size);
    }
}

static void copy_all(const blocks_shape *s, const copying *job)
{
    int64_t bands = (s->rows + BAND - 1) / BAND;
#pragma omp parallel for collapse(2) schedule(static)
    for (int64_t c = 0; c < s->cols; c += job->w) {
        for (int64_t band = 0; band < bands; band++) {
            int64_t begin = band * BAND;
            copy_band(s, job, c, begin, begin + BAND < s->rows ? begin + BAND : s->rows);
        }
    }
}

void blocks_from_rows(const blocks_shape *s, bnorm_matrix rows, void *blocks, int64_t w)
{
    copying job = {rows.data, blocks, rows.ld, w, false};
    copy_all(s, &job);
}

void blocks_to_rows(const blocks_shape *s, const void *blocks, int64_t w, bnorm_matrix rows)
{
    copying job = {rows.data, (char *)(uintptr_t)blocks, rows.ld, w, true};
    copy_all(s, &job);
}
