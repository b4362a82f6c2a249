/* SPDX-License-Identifier: BSD-3-Clause */
/* A two-dimensional dataset of an HDF5 file; without HDF5 at build time, a
 * complaint that says so. */
#ifndef BENCH_HDF5_INPUT_H
#define BENCH_HDF5_INPUT_H

#include "dataset.h"

outcome hdf5_input_read(dataset *data, const dataset_source *source);

#endif
