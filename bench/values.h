/* SPDX-License-Identifier: BSD-3-Clause */
/* The values of options, read from their words; complaints name the option. */
#ifndef BENCH_VALUES_H
#define BENCH_VALUES_H

#include "operation.h"
#include "outcome.h"

/* A whole number from least to most. */
outcome values_integer(const char *option, const char *text, long long least, long long most,
                       long long *value);

/* "8G", "512M", "1e9": powers of 1024. */
outcome values_bytes(const char *option, const char *text, double *bytes);

/* Seconds, from 0 up. */
outcome values_seconds(const char *option, const char *text, double *seconds);

/* Names by enumerator, then NULL. */
extern const char *const dtype_names[], *const strategy_names[], *const binding_names[];

/* The index of text among the names, or -1 after a complaint. */
int values_choice(const char *option, const char *text, const char *const *names);

/* Numbers of threads separated by commas, each above the one before it, at most `most`,
 * at least one. */
outcome values_counts(const char *option, const char *text, int most, int *counts, int *count);

/* "12,100" or "12,100,50": GB/s to bytes/s; *link is left alone where there are two. */
outcome values_bandwidth(const char *option, const char *text, double *core, double *node,
                         double *link);

/* A file that is to be written at the end: complains where its folder does not let it, or it
 * is a folder itself. */
outcome values_output(const char *option, const char *path);

/* Operations separated by commas, at most `most`, at least one. */
outcome values_operations(const char *option, const char *text, int most,
                          const operation **operations, int *count);

#endif
