/* SPDX-License-Identifier: BSD-3-Clause */
/* The environment variables that the library listens to; empty is unset. */
#include "base/env.h"

#include <stdlib.h>

#include "support/harness.h"

static void isa(void)
{
    setenv("BNORM_ISA", "generic", 1);
    CU_ASSERT_STRING_EQUAL(bnorm_env_isa(), "generic");
    setenv("BNORM_ISA", "", 1);
    CU_ASSERT_PTR_NULL(bnorm_env_isa());
    unsetenv("BNORM_ISA");
    CU_ASSERT_PTR_NULL(bnorm_env_isa());
}

static void threads(void)
{
    setenv("OMP_NUM_THREADS", "3", 1);
    CU_ASSERT_TRUE(bnorm_env_has_threads());
    setenv("OMP_NUM_THREADS", "", 1);
    CU_ASSERT_FALSE(bnorm_env_has_threads());
    unsetenv("OMP_NUM_THREADS");
    CU_ASSERT_FALSE(bnorm_env_has_threads());
}

int main(int argc, char **argv)
{
    static const harness_case cases[] = {{"BNORM_ISA", isa}, {"OMP_NUM_THREADS", threads}};
    return harness_main(argc, argv, "base/env", cases, HARNESS_COUNT(cases));
}
