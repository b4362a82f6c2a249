/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernels/vec_avx2.h"
#define BARE_REGISTER "x"
#include "kernels/vec_bare.h"
