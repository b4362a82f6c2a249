/* SPDX-License-Identifier: BSD-3-Clause */
#include "tune/wisdom_file.h"

#include "base/status.h"

static bnorm_status check(const bnorm_context *context, const char *path)
{
    if (!context || !path)
        return bnorm_fail(BNORM_ERR_ARGUMENT, "%s is NULL", context ? "path" : "context");
    return BNORM_OK;
}

bnorm_status bnorm_wisdom_save(const bnorm_context *context, const char *path)
{
    BNORM_TRY(check(context, path));
    return bnorm_wisdom_write(context, path);
}

bnorm_status bnorm_wisdom_load(bnorm_context *context, const char *path)
{
    BNORM_TRY(check(context, path));
    return bnorm_wisdom_read(context, path);
}
