/* SPDX-License-Identifier: BSD-3-Clause */
/* Statuses and the text of the last error, one per thread. */
#ifndef BNORM_BASE_STATUS_H
#define BNORM_BASE_STATUS_H

#include "bnorm.h"

/* Remember the text for bnorm_last_error() and return status.  The text names
 * the argument, its value and what was expected. */
bnorm_status bnorm_fail(bnorm_status status, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

/* Fail when the struct_size of a user's struct is not the one this version knows. */
bnorm_status bnorm_check_size(const char *name, size_t size, size_t expected);

/* Pass a failure up. */
#define BNORM_TRY(call)                                                                            \
    do {                                                                                           \
        bnorm_status try_status = (call);                                                          \
        if (try_status != BNORM_OK)                                                                \
            return try_status;                                                                     \
    } while (0)

#endif
