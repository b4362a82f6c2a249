/* SPDX-License-Identifier: BSD-3-Clause */
#include "base/env.h"

#include <stdlib.h>

static const char *value(const char *name)
{
    const char *text = getenv(name);
    return text && *text ? text : NULL;
}

const char *bnorm_env_isa(void)
{
    return value("BNORM_ISA");
}

int bnorm_env_has_threads(void)
{
    return value("OMP_NUM_THREADS") != NULL;
}
