/* SPDX-License-Identifier: BSD-3-Clause */
/* oneDNN's batch normalization, made ready for matrices of one problem in one of the
 * forms in which it takes them. */
#ifndef BENCH_ONEDNN_SETUP_H
#define BENCH_ONEDNN_SETUP_H

#include <stdbool.h>

#include "bnorm.h"
#include "onednn_api.h"

typedef struct {
    const char *name;
    int dims;
    bool image;    /* one image whose pixels are the rows; else an image a row */
    dnnl_format_tag_t tag;
    int multiple;  /* of which cols must be one */
    int width;     /* columns of a block; 0: all, row-major */
    const char *layout; /* what that is here: "rows", "panels8", ... */
} onednn_form;

/* Row-major ones first; ends with a NULL name. */
extern const onednn_form onednn_forms[];

typedef struct {
    dnnl_engine_t engine;
    dnnl_stream_t stream;
    int64_t rows, cols;
    double eps;
    bool infer, backward; /* what besides, or instead of, forward in training */
    void *x, *y, *dy, *dx;
    void *gamma, *beta, *mean, *variance, *dgamma, *dbeta; /* cols each */
} onednn_problem;

typedef struct {
    dnnl_memory_desc_t matrix, vector;
    dnnl_memory_t memory[10];
    dnnl_primitive_desc_t forward_desc, backward_desc;
    dnnl_primitive_t forward, backward;
} onednn_setup;

/* Nonzero where oneDNN can't; destroy it in any case. */
dnnl_status_t onednn_setup_create(onednn_setup *s, const onednn_problem *p,
                                  const onednn_form *form);
void onednn_setup_destroy(onednn_setup *s);

dnnl_status_t onednn_setup_forward(const onednn_setup *s, const onednn_problem *p);
dnnl_status_t onednn_setup_backward(const onednn_setup *s, const onednn_problem *p);

/* What oneDNN calls its implementation: "bnorm_jit:avx512_core". */
const char *onednn_setup_implementation(dnnl_primitive_desc_t desc);

#endif
