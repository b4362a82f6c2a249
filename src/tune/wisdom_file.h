/* SPDX-License-Identifier: BSD-3-Clause */
/* Wisdom in files: a version, the machine, an entry a line.
 *
 *   bnorm-wisdom 6
 *   AMD EPYC 7763 64-Core Processor; 8 CPUs, 1 NUMA node, ..., 8 threads, avx2 kernels
 *   forward 65536 x 1024 f32 ...
 */
#ifndef BNORM_TUNE_WISDOM_FILE_H
#define BNORM_TUNE_WISDOM_FILE_H

#include "plan/plan.h"

/* As bnorm_wisdom_save and bnorm_wisdom_load. */
bnorm_status bnorm_wisdom_write(const bnorm_context *context, const char *path);
bnorm_status bnorm_wisdom_read(const bnorm_context *context, const char *path);

#endif
