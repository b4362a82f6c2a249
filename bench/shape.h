/* SPDX-License-Identifier: BSD-3-Clause */
/* Shapes: "65536x1024" on the command line, "name rows cols [count]" in files. */
#ifndef BENCH_SHAPE_H
#define BENCH_SHAPE_H

#include <stdint.h>

#include "outcome.h"

#define SHAPE_NAME_SIZE 48

typedef struct {
    char name[SHAPE_NAME_SIZE];
    int64_t rows, cols;
    double count; /* weight in the geometric mean */
} shape;

typedef struct {
    shape *items;
    int count;
} shape_list;

/* Append the comma-separated shapes of text, named by their sizes. */
outcome shape_list_parse(shape_list *list, const char *text);

/* Append the shapes of a file; complaints name the line. */
outcome shape_list_read(shape_list *list, const char *path);

/* Append one; 0, or -1 when out of memory. */
int shape_list_append(shape_list *list, const shape *item);

void shape_list_free(shape_list *list);

#endif
