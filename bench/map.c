/* SPDX-License-Identifier: BSD-3-Clause */
#include "map.h"

#include <stdlib.h>
#include <string.h>

#include "support/data.h"

/* Ask for 0, 1, ... until there is no such index. */
static outcome read_machine(map *m, const bnorm_context *context)
{
    bnorm_node_info node = {.struct_size = sizeof node};
    bnorm_cpu_info cpu = {.struct_size = sizeof cpu};
    while (!bnorm_context_node(context, m->nodes, &node))
        m->nodes++;
    while (!bnorm_context_cpu(context, m->cpus, &cpu))
        m->cpus++;
    m->threads = bnorm_context_threads(context);
    m->node = calloc((size_t)m->nodes + 1, sizeof *m->node);
    m->cpu = calloc((size_t)m->cpus + 1, sizeof *m->cpu);
    m->of_node = calloc((size_t)m->nodes + 1, sizeof *m->of_node);
    m->of_thread = calloc((size_t)m->threads + 1, sizeof *m->of_thread);
    if (!m->node || !m->cpu || !m->of_node || !m->of_thread)
        return complain_as(OUTCOME_IMPOSSIBLE, "topo: out of memory");
    for (int i = 0; i < m->nodes; i++) {
        m->node[i].struct_size = sizeof m->node[i];
        bnorm_context_node(context, i, &m->node[i]);
        m->of_node[i].cpu = m->of_node[i].node = -1;
    }
    for (int i = 0; i < m->cpus; i++) {
        m->cpu[i].struct_size = sizeof m->cpu[i];
        bnorm_context_cpu(context, i, &m->cpu[i]);
    }
    for (int i = 0; i < m->threads; i++)
        m->of_thread[i].cpu = m->of_thread[i].node = -1;
    return OUTCOME_DONE;
}

static void count(map_share *share, const bnorm_block_info *block)
{
    int64_t row_end = block->row + block->rows, col_end = block->col + block->cols;
    if (share->blocks++ == 0) {
        share->row = block->row;
        share->col = block->col;
    }
    share->row = block->row < share->row ? block->row : share->row;
    share->col = block->col < share->col ? block->col : share->col;
    share->row_end = row_end > share->row_end ? row_end : share->row_end;
    share->col_end = col_end > share->col_end ? col_end : share->col_end;
    share->bytes += block->bytes;
    share->remote_bytes += block->remote_bytes;
    share->cpu = block->cpu;
    share->node = block->node;
}

/* Lengthen a tile by the next where together they are a rectangle. */
static bool join(map_tile *t, const map_tile *next)
{
    if (t->thread != next->thread || t->node != next->node)
        return false;
    if (t->row == next->row && t->rows == next->rows && t->col + t->cols == next->col) {
        t->cols += next->cols;
        return true;
    }
    if (t->col == next->col && t->cols == next->cols && t->row + t->rows == next->row) {
        t->rows += next->rows;
        return true;
    }
    return false;
}

static outcome add_tile(map *m, const map_tile *tile, int64_t *capacity)
{
    if (m->tiles && join(&m->tile[m->tiles - 1], tile))
        return OUTCOME_DONE;
    if (m->tiles == *capacity) {
        *capacity = *capacity ? 2 * *capacity : 64;
        map_tile *grown = realloc(m->tile, (size_t)*capacity * sizeof *grown);
        if (!grown)
            return complain_as(OUTCOME_IMPOSSIBLE, "topo: out of memory");
        m->tile = grown;
    }
    m->tile[m->tiles++] = *tile;
    return OUTCOME_DONE;
}

/* Whole row groups, and whole panels, that follow each other. */
static void join_tiles(map *m)
{
    int64_t kept = 0;
    for (int64_t i = 1; i < m->tiles; i++) {
        if (!join(&m->tile[kept], &m->tile[i]))
            m->tile[++kept] = m->tile[i];
    }
    m->tiles = m->tiles ? kept + 1 : 0;
}

/* That no block is outside, in nobody's hands or counted wrongly; how they lie
 * together is seen by the sum of their bytes. */
static bool credible(const map *m, const bnorm_problem *p, const bnorm_block_info *b)
{
    double bytes = (double)b->rows * (double)b->cols * (double)data_size(p->dtype);
    return b->row >= 0 && b->rows > 0 && b->row <= p->rows - b->rows && b->col >= 0 &&
           b->cols > 0 && b->col <= p->cols - b->cols && b->thread >= 0 &&
           b->thread < m->threads && b->node >= 0 && b->node < m->nodes && b->cpu >= 0 &&
           b->cpu < m->cpus && m->cpu[b->cpu].node == b->node && b->bytes == bytes &&
           b->remote_bytes >= 0 && b->remote_bytes <= bytes;
}

static outcome read_blocks(map *m, const engine *e, const operation *op)
{
    int64_t blocks = m->grid.row_groups * m->grid.col_blocks, capacity = 0;
    outcome result = OUTCOME_DONE;
    for (int64_t i = 0; i < blocks && !result; i++) {
        bnorm_block_info b = {.struct_size = sizeof b};
        bnorm_status status = bnorm_plan_block(e->plan, op->flag, i, &b);
        if (status)
            return engine_complain("block", status);
        if (!credible(m, &e->problem, &b))
            return complain_as(OUTCOME_FAILED, "block %lld of the plan is not in the matrix, "
                               "or nobody's", (long long)i);
        count(&m->of_thread[b.thread], &b);
        count(&m->of_node[b.node], &b);
        count(&m->total, &b);
        map_tile tile = {b.row, b.rows, b.col, b.cols, b.thread, b.node};
        result = add_tile(m, &tile, &capacity);
    }
    join_tiles(m);
    double bytes = (double)e->problem.rows * (double)e->problem.cols *
                   (double)data_size(e->problem.dtype);
    if (!result && m->total.bytes != bytes)
        result = complain_as(OUTCOME_FAILED, "the plan's blocks have %.0f bytes, the matrix has "
                             "%.0f", m->total.bytes, bytes);
    return result;
}

outcome map_read(map *m, const engine *e, const operation *op)
{
    memset(m, 0, sizeof *m);
    m->grid.struct_size = sizeof m->grid;
    bnorm_status status = bnorm_plan_describe(e->plan, op->flag, &m->grid);
    if (status)
        return engine_complain(op->name, status);
    outcome result = read_machine(m, e->context);
    if (!result)
        result = read_blocks(m, e, op);
    if (result)
        map_free(m);
    return result;
}

void map_free(map *m)
{
    free(m->cpu);
    free(m->node);
    free(m->of_thread);
    free(m->of_node);
    free(m->tile);
    memset(m, 0, sizeof *m);
}

/* Insertion: nodes are few and nearly in order. */
int map_owners(const map *m, int most, int shown[BNORM_MOST_NODES])
{
    int owners = 0;
    for (int i = 0; i < m->nodes; i++) {
        const map_share *s = &m->of_node[i];
        if (s->blocks == 0)
            continue;
        int at = owners++;
        for (; at > 0; at--) {
            const map_share *before = &m->of_node[shown[at - 1]];
            if (before->row < s->row || (before->row == s->row && before->col <= s->col))
                break;
            shown[at] = shown[at - 1];
        }
        shown[at] = i;
    }
    if (owners <= most)
        return owners;
    shown[most - 2] = -1;
    shown[most - 1] = shown[owners - 1];
    return most;
}
