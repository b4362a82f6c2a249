/* SPDX-License-Identifier: BSD-3-Clause */
#include "exec/moments.h"

#include <string.h>

#include "base/range.h"

static double *node_moments(const bnorm_list *list, int i)
{
    return list->moments + (int64_t)i * list->planes * list->pitch;
}

/* First row of leaf `leaf` of the batch, clipped at its end. */
static int64_t first_row(const bnorm_list *list, int64_t leaf)
{
    return leaf > list->rows / BNORM_LEAF_ROWS ? list->rows
                                               : bnorm_min(leaf * BNORM_LEAF_ROWS, list->rows);
}

static double node_rows(const bnorm_list *list, bnorm_node node)
{
    int64_t begin = node.index << node.level, end = (node.index + 1) << node.level;
    return (double)(first_row(list, end) - first_row(list, begin));
}

/* Merge one node's moments into another's; their rows are given. */
static void merge_into(const bnorm_list *list, double *a, const double *b, double rows_a,
                       double rows_b, const bnorm_kernel_set *kernels)
{
    if (list->planes == BNORM_MOMENTS_XDY)
        kernels->merge_xdy(a, b, list->pitch, rows_a, rows_b, list->cols);
    else
        kernels->merge_x(a, b, list->pitch, rows_a, rows_b, list->cols);
}

/* Merge node i + 1 of the list into node i. */
static void merge(const bnorm_list *list, int i, double rows_a, double rows_b,
                  const bnorm_kernel_set *kernels)
{
    merge_into(list, node_moments(list, i), node_moments(list, i + 1), rows_a, rows_b, kernels);
}

bnorm_list *bnorm_list_part(bnorm_list_view *view, const bnorm_list *list, bnorm_range cols)
{
    memcpy(view, list, sizeof *list + (size_t)list->count * sizeof *list->node);
    view->list.cols = cols.end - cols.begin;
    view->list.moments += cols.begin;
    return &view->list;
}

double *bnorm_list_next(const bnorm_list *list)
{
    return node_moments(list, list->count);
}

void bnorm_list_push(bnorm_list *list, bnorm_node node, const bnorm_kernel_set *kernels)
{
    list->node[list->count++] = node;
    while (list->count > 1) {
        bnorm_node *a = &list->node[list->count - 2], *b = a + 1;
        if (a->level != b->level || a->index % 2 != 0 || b->index != a->index + 1)
            return;
        merge(list, list->count - 2, node_rows(list, *a), node_rows(list, *b), kernels);
        a->level++;
        a->index /= 2;
        list->count--;
    }
}

/* Merge the 2^level leaves of a node in place, level by level.  What is done in which order is
 * known before, so that CPUs don't guess wrong. */
static void merge_leaves(const bnorm_list *list, double *moments, bnorm_node node,
                         const bnorm_kernel_set *kernels)
{
    const int64_t size = list->planes * list->pitch, leaves = (int64_t)1 << node.level;
    for (int level = 0; level < node.level; level++)
        for (int64_t leaf = 0; leaf < leaves; leaf += (int64_t)2 << level) {
            const int64_t next = leaf + ((int64_t)1 << level);
            const int64_t index = ((node.index << node.level) + leaf) >> level;
            merge_into(list, moments + leaf * size, moments + next * size,
                       node_rows(list, (bnorm_node){level, index}),
                       node_rows(list, (bnorm_node){level, index + 1}), kernels);
        }
}

void bnorm_list_push_leaves(bnorm_list *list, double *moments, int64_t leaf, int64_t count,
                            const bnorm_kernel_set *kernels)
{
    const int64_t size = list->planes * list->pitch;
    while (count > 0) {
        bnorm_node node = {0, leaf};
        while (node.index % 2 == 0 && (int64_t)2 << node.level <= count) {
            node.level++;
            node.index /= 2;
        }
        const int64_t leaves = (int64_t)1 << node.level;
        merge_leaves(list, moments, node, kernels);
        if (moments != bnorm_list_next(list))
            memcpy(bnorm_list_next(list), moments, (size_t)size * sizeof *moments);
        bnorm_list_push(list, node, kernels);
        moments += leaves * size;
        leaf += leaves;
        count -= leaves;
    }
}

void bnorm_list_append(bnorm_list *list, bnorm_list *next, const bnorm_kernel_set *kernels)
{
    const size_t plane = (size_t)list->cols * sizeof(double);
    for (int i = 0; i < next->count; i++) {
        for (int p = 0; p < list->planes; p++)
            memcpy(bnorm_list_next(list) + p * list->pitch, node_moments(next, i) + p * next->pitch,
                   plane);
        bnorm_list_push(list, next->node[i], kernels);
    }
    next->count = 0;
}

const double *bnorm_list_fold(bnorm_list *list, const bnorm_kernel_set *kernels)
{
    if (list->count == 0) {
        for (int p = 0; p < list->planes; p++)
            memset(list->moments + p * list->pitch, 0, (size_t)list->cols * sizeof(double));
        return list->moments;
    }
    double rows = node_rows(list, list->node[list->count - 1]);
    for (int i = list->count - 2; i >= 0; i--) {
        double larger = node_rows(list, list->node[i]);
        merge(list, i, larger, rows, kernels);
        rows += larger;
    }
    list->count = 0;
    return list->moments;
}
