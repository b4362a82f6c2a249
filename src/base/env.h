/* SPDX-License-Identifier: BSD-3-Clause */
/* The environment variables the library listens to; the only user of getenv. */
#ifndef BNORM_BASE_ENV_H
#define BNORM_BASE_ENV_H

/* BNORM_ISA, or NULL when unset or empty. */
const char *bnorm_env_isa(void);

/* Whether OMP_NUM_THREADS is set. */
int bnorm_env_has_threads(void);

#endif
