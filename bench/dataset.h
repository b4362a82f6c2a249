/* SPDX-License-Identifier: BSD-3-Clause */
/* A batch read from a file: CSV, raw binary, or an HDF5 dataset. */
#ifndef BENCH_DATASET_H
#define BENCH_DATASET_H

#include <stdint.h>

#include "bnorm.h"
#include "outcome.h"

typedef enum { DATASET_BY_NAME, DATASET_CSV, DATASET_RAW, DATASET_HDF5 } dataset_format;

typedef struct { /* what the command line says about an input file */
    const char *path;
    dataset_format format; /* BY_NAME: .csv, .raw or .bin, .h5 or .hdf5 */
    const char *labels;    /* CSV: the name or number (from 1) of the column of
                              labels; HDF5: a dataset; NULL: none */
    const char *dataset;   /* HDF5: the matrix */
    int64_t rows, cols;    /* raw: the shape of the file */
    bnorm_dtype dtype;     /* raw: of its elements, in this machine's order */
} dataset_source;

typedef struct {
    char name[48];     /* the file's, without folder and ending */
    int64_t rows, cols;
    double *values;    /* rows x cols, dense */
    double *labels;    /* rows, or NULL */
} dataset;

/* Complaints name the file and, for CSV, the line and the column. */
outcome dataset_read(dataset *data, const dataset_source *source);

void dataset_free(dataset *data);

#endif
