/* SPDX-License-Identifier: BSD-3-Clause */
#include "loops.h"

#include <string.h>

extern const loops loops_generic;
#if defined(__x86_64__)
extern const loops loops_avx2;
extern const loops loops_avx512;
#endif

/* On aarch64 NEON is the baseline, so the generic loops are the NEON loops. */
const loops *loops_for(const char *isa)
{
#if defined(__x86_64__)
    if (strcmp(isa, "avx2") == 0)
        return &loops_avx2;
    if (strcmp(isa, "avx512") == 0)
        return &loops_avx512;
#endif
    (void)isa;
    return &loops_generic;
}
