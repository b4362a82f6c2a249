/* SPDX-License-Identifier: BSD-3-Clause */
#ifndef BNORM_PLATFORM_MODEL_H
#define BNORM_PLATFORM_MODEL_H

#include <stddef.h>

/* The name of this machine's processor as the system gives it, in printable
 * characters, cut to size; "unknown" where it gives none. */
void bnorm_model_name(char *name, size_t size);

#endif
