/* SPDX-License-Identifier: BSD-3-Clause */
/* The floating-point environment: nearest, no flush to zero, no traps while the
 * library computes; the caller's, with its flags, afterwards. */
#ifndef BNORM_BASE_ENVIRONMENT_H
#define BNORM_BASE_ENVIRONMENT_H

#include <fenv.h>

static inline void bnorm_environment_enter(fenv_t *own)
{
    fegetenv(own);
    fesetenv(FE_DFL_ENV);
}

static inline void bnorm_environment_leave(const fenv_t *own)
{
    fesetenv(own);
}

#endif
