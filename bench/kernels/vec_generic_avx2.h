/* SPDX-License-Identifier: BSD-3-Clause */
/* The verbs in portable C under another name, for a table that is compiled with the
 * flags of the AVX2 kernels: what these gain over it is what was written for AVX2, and
 * not what any source gets from the flags.  Not every compiler says that fmaf is fast
 * then. */
#ifndef FP_FAST_FMAF
#define FP_FAST_FMAF 1
#endif
#include "kernels/vec_generic.h"
