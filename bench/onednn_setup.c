/* SPDX-License-Identifier: BSD-3-Clause */
#ifdef HAVE_ONEDNN

#include "onednn_setup.h"

#include <string.h>

const onednn_form onednn_forms[] = {
    {"nhwc", 4, false, dnnl_nhwc, 1, 0, "rows"},
    {"nc", 2, false, dnnl_nc, 1, 0, "rows"},
    {"nchw", 4, false, dnnl_nchw, 1, 0, "rows"},
    {"nhwc of one image", 4, true, dnnl_nhwc, 1, 0, "rows"},
    /* One pixel an image: blocks of channels lie in row order. */
    {"nChw8c", 4, false, dnnl_nChw8c, 8, 0, "rows"},
    {"nChw16c", 4, false, dnnl_nChw16c, 16, 0, "rows"},
    {"nChw8c of one image", 4, true, dnnl_nChw8c, 1, 8, "panels8"},
    {"nChw16c of one image", 4, true, dnnl_nChw16c, 1, 16, "panels16"},
    {"nchw of one image", 4, true, dnnl_nchw, 1, 1, "columns"},
    {.name = NULL},
};

enum { X, Y, DY, DX, MATRICES, GAMMA = MATRICES, BETA, MEAN, VARIANCE, DGAMMA, DBETA, ALL };

static const int arguments[ALL] = {
    [X] = DNNL_ARG_SRC, [Y] = DNNL_ARG_DST, [DY] = DNNL_ARG_DIFF_DST, [DX] = DNNL_ARG_DIFF_SRC,
    [GAMMA] = DNNL_ARG_SCALE, [BETA] = DNNL_ARG_SHIFT, [MEAN] = DNNL_ARG_MEAN,
    [VARIANCE] = DNNL_ARG_VARIANCE, [DGAMMA] = DNNL_ARG_DIFF_SCALE,
    [DBETA] = DNNL_ARG_DIFF_SHIFT,
};

static dnnl_status_t describe(onednn_setup *s, const onednn_problem *p, const onednn_form *form)
{
    dnnl_dims_t matrix = {p->rows, p->cols, 1, 1}, vector = {p->cols};
    if (form->image) {
        matrix[0] = 1;
        matrix[2] = p->rows;
    }
    if (p->cols % form->multiple)
        return dnnl_unimplemented;
    dnnl_status_t status = dnnl_memory_desc_create_with_tag(&s->matrix, form->dims, matrix,
                                                            dnnl_f32, form->tag);
    return status ? status
                  : dnnl_memory_desc_create_with_tag(&s->vector, 1, vector, dnnl_f32, dnnl_a);
}

static dnnl_status_t make_primitives(onednn_setup *s, const onednn_problem *p)
{
    dnnl_prop_kind_t kind = p->infer ? dnnl_forward_inference : dnnl_forward_training;
    unsigned flags = p->infer ? dnnl_use_global_stats : 0;
    dnnl_status_t status = onednn_forward(&s->forward_desc, p->engine, kind, s->matrix, p->eps,
                                          flags);
    if (!status)
        status = dnnl_primitive_create(&s->forward, s->forward_desc);
    if (status || !p->backward)
        return status;
    status = onednn_backward(&s->backward_desc, p->engine, s->matrix, p->eps, s->forward_desc);
    return status ? status : dnnl_primitive_create(&s->backward, s->backward_desc);
}

dnnl_status_t onednn_setup_create(onednn_setup *s, const onednn_problem *p,
                                  const onednn_form *form)
{
    void *const data[ALL] = {
        [X] = p->x, [Y] = p->y, [DY] = p->dy, [DX] = p->dx, [GAMMA] = p->gamma,
        [BETA] = p->beta, [MEAN] = p->mean, [VARIANCE] = p->variance, [DGAMMA] = p->dgamma,
        [DBETA] = p->dbeta,
    };
    memset(s, 0, sizeof *s);
    dnnl_status_t status = describe(s, p, form);
    if (!status)
        status = make_primitives(s, p);
    for (int i = 0; i < ALL && !status; i++) {
        dnnl_memory_desc_t desc = i < MATRICES ? s->matrix : s->vector;
        status = dnnl_memory_create(&s->memory[i], ONEDNN_DESC(desc), p->engine, data[i]);
    }
    return status;
}

void onednn_setup_destroy(onednn_setup *s)
{
    for (int i = 0; i < ALL; i++)
        dnnl_memory_destroy(s->memory[i]);
    dnnl_primitive_destroy(s->backward);
    dnnl_primitive_destroy(s->forward);
    dnnl_primitive_desc_destroy(s->backward_desc);
    dnnl_primitive_desc_destroy(s->forward_desc);
    dnnl_memory_desc_destroy(s->vector);
    dnnl_memory_desc_destroy(s->matrix);
    memset(s, 0, sizeof *s);
}

/* Run a primitive to its end with the memories of this list: just those that it needs. */
static dnnl_status_t execute(const onednn_setup *s, const onednn_problem *p,
                             dnnl_primitive_t primitive, const int *list, int count)
{
    dnnl_exec_arg_t args[ALL];
    for (int i = 0; i < count; i++)
        args[i] = (dnnl_exec_arg_t){arguments[list[i]], s->memory[list[i]]};
    dnnl_status_t status = dnnl_primitive_execute(primitive, p->stream, count, args);
    return status ? status : dnnl_stream_wait(p->stream);
}

dnnl_status_t onednn_setup_forward(const onednn_setup *s, const onednn_problem *p)
{
    static const int list[] = {X, Y, GAMMA, BETA, MEAN, VARIANCE};
    return execute(s, p, s->forward, list, sizeof list / sizeof *list);
}

dnnl_status_t onednn_setup_backward(const onednn_setup *s, const onednn_problem *p)
{
    static const int list[] = {X, DY, DX, GAMMA, MEAN, VARIANCE, DGAMMA, DBETA,
#if DNNL_VERSION_MAJOR < 3
                               BETA,
#endif
    };
    return execute(s, p, s->backward, list, sizeof list / sizeof *list);
}

const char *onednn_setup_implementation(dnnl_primitive_desc_t desc)
{
    const char *name = "";
    dnnl_primitive_desc_query(desc, dnnl_query_impl_info_str, 0, &name);
    return name;
}

#endif
