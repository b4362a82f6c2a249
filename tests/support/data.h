/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Test data by rule: the same bits on every machine (integer arithmetic, and
 * floating-point operations that IEEE 754 rounds correctly; no libm), each
 * element a function of (seed, row, col) alone.
 */
#ifndef TESTS_DATA_H
#define TESTS_DATA_H

#include "bnorm.h"

typedef enum {
    DATA_NORMAL,   /* mean + sigma * z, z nearly normal */
    DATA_CONSTANT, /* mean in every row (a little different in every column) */
    DATA_SORTED,   /* rises by sigma/1000 a row from mean */
    DATA_DRIFTING, /* normal, and the mean drifts by 100 sigma over the batch */
    DATA_OUTLIER,  /* normal, but row 0 is mean + 1e6 sigma */
    DATA_ZEROS_THEN_DATA, /* the first half of the rows is 0, then normal */
    DATA_NAN,      /* normal; every third column has one NaN, one infinity, or both */
    DATA_KINDS
} data_kind;

typedef struct {
    data_kind kind;
    double mean, sigma;
    uint64_t seed;
} data_spec;

/* "normal", "constant", ... */
const char *data_name(data_kind kind);

/* 64 well mixed bits from (seed, i) (splitmix64, Steele, Lea, Flood 2014). */
uint64_t data_bits(uint64_t seed, uint64_t i);

/* Uniform in [0, 1): 53 bits. */
double data_uniform(uint64_t seed, uint64_t i);

/* Nearly normal, mean 0, variance 1, |z| <= 6: a sum of 12 uniforms. */
double data_normal(uint64_t seed, uint64_t i);

/* The element at (row, col) of a batch of rows rows. */
double data_element(const data_spec *spec, int64_t rows, int64_t row, int64_t col);

/* Fill a rows x cols matrix; elements between cols and ld are left alone. */
void data_fill(const data_spec *spec, bnorm_dtype dtype, bnorm_matrix matrix, int64_t rows,
               int64_t cols);

/* Fill a vector of n elements of dtype with mean + sigma * z. */
void data_vector(bnorm_dtype dtype, void *vector, int64_t n, double mean, double sigma,
                 uint64_t seed);

/* Element i of a vector of dtype, read and written. */
double data_get(bnorm_dtype dtype, const void *vector, int64_t i);
void data_set(bnorm_dtype dtype, void *vector, int64_t i, double value);

size_t data_size(bnorm_dtype dtype);

#endif
