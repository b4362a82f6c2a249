/* SPDX-License-Identifier: BSD-3-Clause */
/* What differs between the C interfaces of oneDNN 2 and 3, which made descriptors
 * opaque, under the names of version 3. */
#ifndef BENCH_ONEDNN_API_H
#define BENCH_ONEDNN_API_H

#include <oneapi/dnnl/dnnl.h>

enum { ONEDNN_FLAGS = dnnl_use_scale | dnnl_use_shift };

#if DNNL_VERSION_MAJOR >= 3

#define ONEDNN_DESC(desc) (desc) /* as a parameter */

#else

#define ONEDNN_DESC(desc) (&(desc))
#define dnnl_memory_desc_create_with_tag dnnl_memory_desc_init_by_tag

static inline void dnnl_memory_desc_destroy(dnnl_memory_desc_t desc)
{
    (void)desc;
}

#endif

/* flags: beyond ONEDNN_FLAGS. */
static inline dnnl_status_t onednn_forward(dnnl_primitive_desc_t *made, dnnl_engine_t engine,
                                           dnnl_prop_kind_t kind, dnnl_memory_desc_t data,
                                           double eps, unsigned flags)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_batch_normalization_forward_primitive_desc_create(
        made, engine, kind, data, data, (float)eps, ONEDNN_FLAGS | flags, NULL);
#else
    dnnl_batch_normalization_desc_t desc;
    dnnl_status_t status = dnnl_batch_normalization_forward_desc_init(
        &desc, kind, &data, (float)eps, ONEDNN_FLAGS | flags);
    return status ? status : dnnl_primitive_desc_create(made, &desc, NULL, engine, NULL);
#endif
}

/* forward: the descriptor of the forward pass that it belongs to. */
static inline dnnl_status_t onednn_backward(dnnl_primitive_desc_t *made, dnnl_engine_t engine,
                                            dnnl_memory_desc_t data, double eps,
                                            const_dnnl_primitive_desc_t forward)
{
#if DNNL_VERSION_MAJOR >= 3
    return dnnl_batch_normalization_backward_primitive_desc_create(
        made, engine, dnnl_backward, data, data, data, (float)eps, ONEDNN_FLAGS, forward, NULL);
#else
    dnnl_batch_normalization_desc_t desc;
    dnnl_status_t status = dnnl_batch_normalization_backward_desc_init(
        &desc, dnnl_backward, &data, &data, (float)eps, ONEDNN_FLAGS);
    return status ? status : dnnl_primitive_desc_create(made, &desc, NULL, engine, forward);
#endif
}

#endif
