/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Who owns which rows and columns of a matrix: a plan's blocks, read through
 * bnorm_plan_block and summed up per thread and per NUMA node.
 */
#ifndef BENCH_MAP_H
#define BENCH_MAP_H

#include "engine.h"
#include "operation.h"

typedef struct { /* blocks of one owner, all in one matrix */
    int64_t blocks;
    int64_t row, row_end, col, col_end; /* the rectangle around them; empty: none */
    double bytes, remote_bytes;         /* whole numbers */
    int cpu, node;                      /* index; -1: it has no block */
} map_share;

typedef struct { /* a rectangle that is one thread's, as large as its blocks make */
    int64_t row, rows, col, cols;
    int thread, node;
} map_tile;

typedef struct {
    bnorm_cpu_info *cpu;
    bnorm_node_info *node;
    int cpus, nodes, threads;
    bnorm_description grid;
    map_share *of_thread, *of_node; /* [threads], [nodes] */
    map_share total;
    map_tile *tile;
    int64_t tiles;
} map;

/* Fails when the blocks are not exactly the matrix, each byte once. */
outcome map_read(map *m, const engine *e, const operation *op);
void map_free(map *m);

/* Nodes that own something, in the order of what they own; more than `most` (at least
 * 3): the last but one is -1 and stands for those left out.  Returns how many entries. */
int map_owners(const map *m, int most, int shown[BNORM_MOST_NODES]);

/* In words; text is always terminated, and cut where it must be. */
void map_cores(const map *m, int node, char *text, size_t size);   /* "16 cores x 2" */
void map_cpus(const map *m, int node, char *text, size_t size);    /* "0-15,32-47" */
void map_threads(const map *m, int node, char *text, size_t size); /* "0-31", "none" */
void map_megabytes(double bytes, char *text, size_t size);         /* "2147", "1.05" */

/* The package of a node's first CPU, and of its last. */
int map_package(const map *m, int node);
int map_last_package(const map *m, int node);

#endif
