/* SPDX-License-Identifier: BSD-3-Clause */
#include "kernels/vec_avx512.h"
#define BARE_REGISTER "v"
#include "kernels/vec_bare.h"
