/* SPDX-License-Identifier: BSD-3-Clause */
/* Comma-separated numbers, one row a line; the first line may name the columns. */
#ifndef BENCH_CSV_H
#define BENCH_CSV_H

#include "dataset.h"

outcome csv_read(dataset *data, const dataset_source *source);

#endif
