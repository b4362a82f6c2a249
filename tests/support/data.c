/* SPDX-License-Identifier: BSD-3-Clause */
#include "support/data.h"

#include <math.h>

/* Odd constants of splitmix64; the first is 2^64 / golden ratio. */
static uint64_t mix(uint64_t z)
{
    z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
    return z ^ (z >> 31);
}

uint64_t data_bits(uint64_t seed, uint64_t i)
{
    return mix(mix(seed) + (i + 1) * UINT64_C(0x9e3779b97f4a7c15));
}

double data_uniform(uint64_t seed, uint64_t i)
{
    return (double)(data_bits(seed, i) >> 11) * 0x1p-53;
}

double data_normal(uint64_t seed, uint64_t i)
{
    /* Twelve 21-bit uniforms from four words: their sum has variance 12/12 and
     * is exact in integers, so that no rounding depends on the machine. */
    int64_t sum = 0;
    for (uint64_t word = 0; word < 4; word++) {
        uint64_t bits = data_bits(seed, 4 * i + word);
        sum += (int64_t)(bits & 0x1fffff) + (int64_t)(bits >> 21 & 0x1fffff) +
               (int64_t)(bits >> 42 & 0x1fffff);
    }
    return (double)(sum - 6 * INT64_C(0x1fffff)) * 0x1p-21;
}

const char *data_name(data_kind kind)
{
    static const char *const names[DATA_KINDS] = {
        "normal", "constant", "sorted", "drifting", "outlier", "zeros then data", "nan"};
    return names[kind];
}

double data_element(const data_spec *spec, int64_t rows, int64_t row, int64_t col)
{
    uint64_t seed = spec->seed + (uint64_t)col * UINT64_C(0xd1342543de82ef95);
    double z = data_normal(seed, (uint64_t)row);
    double half = (double)(rows > 1 ? rows - 1 : 1) / 2;
    switch (spec->kind) {
    case DATA_CONSTANT:
        return spec->mean + spec->sigma * data_normal(seed, 0);
    case DATA_SORTED:
        return spec->mean + spec->sigma * ((double)row * 0.001 + (double)(col % 7));
    case DATA_DRIFTING:
        return spec->mean + spec->sigma * (z + 100 * ((double)row / half - 1));
    case DATA_OUTLIER:
        return spec->mean + spec->sigma * (row == 0 ? 1e6 : z);
    case DATA_ZEROS_THEN_DATA:
        return row < rows / 2 ? 0 : spec->mean + spec->sigma * z;
    case DATA_NAN:
        if (col % 3 == 1 && row == (rows / 2 + col) % rows)
            return col % 2 ? (double)NAN : (double)INFINITY;
        if (col % 9 == 4 && row == 0)
            return -(double)INFINITY;
        break;
    default:
        break;
    }
    return spec->mean + spec->sigma * z;
}

size_t data_size(bnorm_dtype dtype)
{
    return dtype == BNORM_F64 ? sizeof(double) : sizeof(float);
}

double data_get(bnorm_dtype dtype, const void *vector, int64_t i)
{
    return dtype == BNORM_F64 ? ((const double *)vector)[i] : (double)((const float *)vector)[i];
}

void data_set(bnorm_dtype dtype, void *vector, int64_t i, double value)
{
    if (dtype == BNORM_F64)
        ((double *)vector)[i] = value;
    else
        ((float *)vector)[i] = (float)value;
}

void data_fill(const data_spec *spec, bnorm_dtype dtype, bnorm_matrix matrix, int64_t rows,
               int64_t cols)
{
    int64_t ld = matrix.ld ? matrix.ld : cols;
    /* Small work is faster alone, above all where cores are busy. */
#pragma omp parallel for schedule(static) if (rows * cols > 100000)
    for (int64_t row = 0; row < rows; row++)
        for (int64_t col = 0; col < cols; col++)
            data_set(dtype, matrix.data, row * ld + col, data_element(spec, rows, row, col));
}

void data_vector(bnorm_dtype dtype, void *vector, int64_t n, double mean, double sigma,
                 uint64_t seed)
{
    for (int64_t i = 0; i < n; i++)
        data_set(dtype, vector, i, mean + sigma * data_normal(seed, (uint64_t)i));
}
